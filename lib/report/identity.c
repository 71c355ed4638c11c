// SPDX-License-Identifier: GPL-2.0-or-later
/* Which machine and crash it was: host, build, panic, taint, and why not. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <incidents/dmesg.h>

#include "view.h"
#include "identity.h"

#define TAINT_BITS	64u

static const char *gap_name(enum identity_gap gap)
{
	static const char *const name[] = {
		NULL, "absent", "not-in-dump", "unreadable", "withheld",
		"extract",
	};

	return name[gap];
}

static enum identity_gap gap_of(enum ami_mem mem)
{
	switch (mem) {
	case AMI_MEM_OK:
		return IDENTITY_KNOWN;
	case AMI_MEM_NO_FIELD:
		return IDENTITY_ABSENT;
	case AMI_MEM_FILTERED:
	case AMI_MEM_ABSENT:
		return IDENTITY_NOT_IN_DUMP;
	default:
		return IDENTITY_UNREADABLE;
	}
}

static bool is_extract(const struct view *v)
{
	return ami_dump_is_extract(v->a->dump);
}

/* Why the kernel's log does not say something. */
static enum identity_gap gap_of_log(const struct view *v)
{
	const struct ami_dmesg *d = v->a->dmesg;

	if (is_extract(v))
		return IDENTITY_EXTRACT;
	if (d->mem != AMI_MEM_OK)
		return gap_of(d->mem);
	return d->stats.unread ? IDENTITY_NOT_IN_DUMP :
	       d->stats.damaged ? IDENTITY_UNREADABLE : IDENTITY_ABSENT;
}

static void identify_panic(const struct view *v, struct identity *id)
{
	const struct ami_line *panic = ami_dmesg_panic(v->a->dmesg);

	id->no_panic = panic ? IDENTITY_KNOWN : gap_of_log(v);
	if (panic)
		snprintf(id->panic, sizeof(id->panic), "%.*s",
			 (int)strcspn(panic->text, "\n"), panic->text);
}

/* Extracts carry the time, unless an older version made them. */
static void identify_uptime(const struct view *v, struct identity *id)
{
	id->no_uptime = ami_uptime(v->a->state, v->a->dmesg, &id->uptime_us) ?
			IDENTITY_KNOWN : gap_of_log(v);
}

void report_identify(const struct view *v, struct identity *id)
{
	struct ami_kernel *k = v->a->kernel;

	memset(id, 0, sizeof(*id));
	id->no_host = gap_of(ami_kernel_host(k, id->host));
	if (id->no_host != IDENTITY_KNOWN && is_extract(v))
		id->no_host = IDENTITY_EXTRACT;
	if (!ami_vmcoreinfo_get(v->a->dump, "BUILD-ID", id->build_id,
				sizeof(id->build_id)) || !*id->build_id)
		id->no_build_id = IDENTITY_ABSENT;
	id->no_taint = gap_of(ami_kernel_taint_mask(k, &id->taint));
	identify_panic(v, id);
	identify_uptime(v, id);
	if (!v->r->no_identity)
		return;
	*id->host = *id->panic = '\0';
	id->no_host = id->no_panic = IDENTITY_WITHHELD;
}

static void taint_json(struct view *v, const struct identity *id)
{
	unsigned int bit;

	if (id->no_taint) {
		json_null(&v->j, "taint");
		return;
	}
	json_object(&v->j, "taint");
	json_hex(&v->j, "mask", id->taint);
	json_array_line(&v->j, "bits");
	for (bit = 0; bit < TAINT_BITS; bit++)
		if (id->taint >> bit & 1)
			json_number(&v->j, NULL, bit);
	json_close_array(&v->j);
	json_array_line(&v->j, "words");
	for (bit = 0; bit < TAINT_BITS; bit++)
		if (id->taint >> bit & 1)
			json_text(&v->j, NULL, ami_taint_word(bit));
	json_close_array(&v->j);
	json_close_object(&v->j);
}

static void gap_json(struct view *v, const char *key, enum identity_gap gap)
{
	if (gap)
		json_string(&v->j, key, gap_name(gap));
}

void report_identity_json(struct view *v)
{
	struct identity id;

	report_identify(v, &id);
	json_object(&v->j, "identity");
	json_string(&v->j, "tool", "amdiommu " AMI_VERSION);
	json_text(&v->j, "host", id.no_host ? NULL : id.host);
	json_text(&v->j, "build_id", id.no_build_id ? NULL : id.build_id);
	json_known(&v->j, "uptime_us", !id.no_uptime, id.uptime_us);
	json_text(&v->j, "panic", id.no_panic ? NULL : id.panic);
	taint_json(v, &id);
	json_object_line(&v->j, "missing");
	gap_json(v, "host", id.no_host);
	gap_json(v, "build_id", id.no_build_id);
	gap_json(v, "uptime_us", id.no_uptime);
	gap_json(v, "panic", id.no_panic);
	gap_json(v, "taint", id.no_taint);
	json_close_object(&v->j);
	json_close_object(&v->j);
}

void report_identity_text(struct view *v)
{
	struct identity id;
	char up[48] = "";

	report_identify(v, &id);
	if (id.no_host && id.no_panic)
		return;
	if (!id.no_uptime)
		snprintf(up, sizeof(up), "%sup %" PRIu64 ".%06" PRIu64 " s",
			 id.no_host ? "" : ", ", id.uptime_us / 1000000,
			 id.uptime_us % 1000000);
	fputs("         ", v->out);
	report_wrapped(v, 9, 9, "%s%s%s%s%s", id.no_host ? "" : "host ",
		       id.host, up, (id.no_host && !*up) || id.no_panic ? "" :
		       ": ", id.panic);
}

const char *report_line_text(struct view *v, const struct ami_line *line)
{
	char host[AMI_HOST];

	if (!v->r->no_identity)
		return line->text;
	if (line->kind == AMI_LINE_CRASH)
		return NULL;
	return ami_kernel_host(v->a->kernel, host) == AMI_MEM_OK &&
	       strstr(line->text, host) ? NULL : line->text;
}
