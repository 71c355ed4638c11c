// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's log: the lines that concern IOMMUs, DMA and devices. */
#include <inttypes.h>
#include <string.h>

#include "identity.h"
#include "view.h"

#define MESSAGE_COLUMN	37

static bool line_shown(const struct view *v, const struct ami_line *line)
{
	const struct ami_state *s = v->a->state;

	return !v->r->has_bdf ||
	       (line->device >= 0 &&
		!memcmp(&v->r->bdf, &s->devices[line->device].bdf,
			sizeof(v->r->bdf)));
}

/* Lines are numbered from 0. Those before the oldest one are gone. */
static void lines_text(const struct ami_dmesg *d, char *buf, size_t size)
{
	int used = snprintf(buf, size, "%" PRIu64 " line%s", d->stats.records,
			    d->stats.records == 1 ? "" : "s");

	if (d->gone && used > 0 && (size_t)used < size)
		snprintf(buf + used, size - used,
			 " (the log wrapped: %" PRIu64 " older line%s overwritten)",
			 d->gone, d->gone == 1 ? " was" : "s were");
}

/* The log in words, or why there is none. */
void report_dmesg_state_text(const struct view *v, char *buf, size_t size)
{
	const struct ami_dmesg *d = v->a->dmesg;

	if (d->mem == AMI_MEM_FILTERED && ami_dump_is_extract(v->a->dump))
		snprintf(buf, size, "left out of extracts, it may hold user data%s",
			 v->a->incidents->carried ?
			 "; its incidents are kept" : "");
	else if (d->mem == AMI_MEM_NO_FIELD)
		snprintf(buf, size, "this kernel's log has an unknown form");
	else if (d->mem == AMI_MEM_ERROR)
		snprintf(buf, size, "the log is damaged");
	else if (d->mem != AMI_MEM_OK)
		snprintf(buf, size, "the log is %s", ami_mem_text(d->mem));
	else
		lines_text(d, buf, size);
}

static const char *state_name(const struct ami_dmesg *d)
{
	if (d->mem == AMI_MEM_NO_FIELD)
		return "absent";
	if (d->mem == AMI_MEM_ERROR)
		return "damaged";
	if (d->mem != AMI_MEM_OK)
		return "unread";
	return d->stats.unread || d->stats.damaged ? "partial" : "read";
}

static void line_json(struct view *v, const struct ami_line *line)
{
	const struct ami_state *s = v->a->state;
	char bdf[AMI_BDF_TEXT], meaning[256];

	json_object_line(&v->j, NULL);
	json_number(&v->j, "seq", line->seq);
	json_number(&v->j, "time_us", line->ts_nsec / 1000);
	json_number(&v->j, "level", line->level);
	json_string(&v->j, "kind", ami_line_kind_name(line->kind));
	if (line->incident == AMI_INCIDENT_NONE)
		json_null(&v->j, "incident");
	else
		json_string(&v->j, "incident",
			    ami_incident_name(line->incident));
	if (line->device >= 0)
		json_string(&v->j, "device",
			    ami_bdf_text(s->devices[line->device].bdf, bdf));
	else
		json_null(&v->j, "device");
	json_bool(&v->j, "user", line->user);
	json_text(&v->j, "text", line->text_mem == AMI_MEM_OK ?
		  report_line_text(v, line) : NULL);
	ami_line_meaning(s, line, meaning, sizeof(meaning));
	if (*meaning)
		json_string(&v->j, "meaning", meaning);
	else
		json_null(&v->j, "meaning");
	json_close_object(&v->j);
}

static bool each_json(void *ctx, const struct ami_line *line)
{
	struct view *v = ctx;

	if (line_shown(v, line))
		line_json(v, line);
	return !ferror(v->out);
}

void report_dmesg_json(struct view *v)
{
	const struct ami_dmesg *d = v->a->dmesg;
	size_t i;

	json_object_line(&v->j, "log_buffer");
	json_string(&v->j, "state", state_name(d));
	json_known(&v->j, "records", d->mem == AMI_MEM_OK, d->stats.records);
	json_number(&v->j, "unread", d->stats.unread);
	json_number(&v->j, "damaged", d->stats.damaged);
	json_number(&v->j, "overwritten", d->gone);
	json_known(&v->j, "first_us", d->any, d->first_nsec / 1000);
	json_known(&v->j, "last_us", d->any, d->last_nsec / 1000);
	json_number(&v->j, "dropped", d->dropped);
	json_close_object(&v->j);
	json_array(&v->j, "dmesg");
	if (v->r->all)
		ami_dmesg_each(v->a->state, each_json, v);
	else
		for (i = 0; i < d->count; i++)
			each_json(v, &d->list[i]);
	json_close_array(&v->j);
}

/* One call of printk() may hold several lines. */
static void line_text(struct view *v, const struct ami_line *line)
{
	const struct ami_state *s = v->a->state;
	char bdf[AMI_BDF_TEXT] = "-", meaning[256];
	const char *text = report_line_text(v, line);

	if (line->device >= 0)
		ami_bdf_text(s->devices[line->device].bdf, bdf);
	fprintf(v->out, "%13.6f  %-6s  %-12s  ", line->ts_nsec / 1e9,
		ami_line_kind_name(line->kind), bdf);
	if (line->text_mem != AMI_MEM_OK) {
		fputs("(text lost)\n", v->out);
		return;
	}
	if (!text) {
		fputs("(left out)\n", v->out);
		return;
	}
	for (;;) {
		size_t len = strcspn(text, "\n");

		report_wrapped(v, MESSAGE_COLUMN, MESSAGE_COLUMN, "%.*s", (int)len,
			       text);
		if (!text[len])
			break;
		text += len + 1;
		fprintf(v->out, "%*s", MESSAGE_COLUMN, "");
	}
	ami_line_meaning(s, line, meaning, sizeof(meaning));
	if (*meaning) {
		fprintf(v->out, "%*s= ", MESSAGE_COLUMN, "");
		report_wrapped(v, MESSAGE_COLUMN + 2, MESSAGE_COLUMN + 2, "%s",
			       meaning);
	}
}

static bool each_text(void *ctx, const struct ami_line *line)
{
	struct view *v = ctx;

	if (line_shown(v, line))
		line_text(v, line);
	return !ferror(v->out);
}

static void trouble_text(struct view *v)
{
	const struct ami_printk_stats *s = &v->a->dmesg->stats;

	if (v->a->dmesg->dropped && !v->r->all)
		report_wrapped(v, 0, 0, "(%" PRIu64 " older line%s that matter%s not shown)",
			       v->a->dmesg->dropped,
			       v->a->dmesg->dropped == 1 ? "" : "s",
			       v->a->dmesg->dropped == 1 ? "s is" : " are");
	if (s->unread)
		report_wrapped(v, 0, 0, "(%" PRIu64 " line%s not in the dump)",
			       s->unread, s->unread == 1 ? " is" : "s are");
	if (s->damaged)
		report_wrapped(v, 0, 0, "(%" PRIu64 " line%s overwritten or damaged)",
			       s->damaged, s->damaged == 1 ? " was" : "s were");
	if (s->unfinished)
		report_wrapped(v, 0, 0, "(%" PRIu64 " line%s being written when the CPUs stopped)",
			       s->unfinished, s->unfinished == 1 ? " was" : "s were");
}

static void dmesg_text(struct view *v)
{
	const struct ami_dmesg *d = v->a->dmesg;
	const char *whole = v->r->all ? NULL : v->r->whole;
	char state[160], kept[80] = "", hint[32];
	size_t i;

	report_dmesg_state_text(v, state, sizeof(state));
	if (d->mem == AMI_MEM_OK)
		snprintf(kept, sizeof(kept),
			 ", %zu on IOMMUs, DMA and devices%s", d->count,
			 report_hint(" (", whole, ": all)", hint));
	fputs("LOG      ", v->out);
	report_wrapped(v, 9, 9, "%s%s", state, kept);
	if (d->mem != AMI_MEM_OK)
		return;
	fprintf(v->out, "%13s  %-6s  %-12s  %s\n", "SECONDS", "KIND", "DEVICE",
		"MESSAGE");
	if (v->r->all)
		ami_dmesg_each(v->a->state, each_text, v);
	else
		for (i = 0; i < d->count; i++)
			each_text(v, &d->list[i]);
	trouble_text(v);
}

int view_dmesg(struct view *v)
{
	if (v->r->json)
		report_dmesg_json(v);
	else
		dmesg_text(v);
	return 0;
}
