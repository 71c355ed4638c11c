// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's log, read once: lines that matter, and the incidents in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kinds.h"

struct each {
	const struct ami_state *s;
	bool (*fn)(void *ctx, const struct ami_line *line);
	void *ctx;
	struct ami_incidents *incidents;	/* NULL: not asked for */
	struct names names;
};

static uint64_t subject(const struct sighting *s)
{
	if (s->has_device || s->names_iommu)
		return 1ull << 32 | (uint64_t)s->bdf.segment << 16 |
		       s->bdf.devid;
	return s->iommu + 1;
}

static void classify_line(struct each *each, const struct ami_printk_record *r,
			  struct ami_line *line)
{
	struct sighting sight;

	line->seq = r->seq;
	line->ts_nsec = r->ts_nsec;
	line->level = r->level;
	line->user = r->facility;
	line->text_mem = r->text_mem;
	line->text = (char *)r->text;
	line->incident = AMI_INCIDENT_NONE;
	line->device = incidents_names_device(&each->names, r);
	line->subject = 0;
	if (incidents_of_line(each->s, r, &sight)) {
		line->incident = sight.kind;
		line->subject = subject(&sight);
		if (each->incidents)
			incidents_add(each->incidents, &sight);
	}
	line->kind = incidents_line_kind(r, line->incident);
	if (line->kind == AMI_LINE_OTHER &&
	    incidents_names_driver(&each->names, r, line->device))
		line->kind = AMI_LINE_DEVICE;
}

static bool pass_on(void *ctx, const struct ami_printk_record *r)
{
	struct each *each = ctx;
	struct ami_line line;

	classify_line(each, r, &line);
	return each->fn(each->ctx, &line);
}

static enum ami_mem walk(struct each *each, struct ami_printk_stats *stats)
{
	struct ami_dump *dump = ami_kernel_dump(each->s->kernel);
	enum ami_mem mem;

	incidents_names_start(&each->names, each->s);
	ami_dump_record_pause(dump, true);
	mem = ami_printk_each(each->s->kernel, pass_on, each, stats);
	ami_dump_record_pause(dump, false);
	return mem;
}

void ami_dmesg_each(const struct ami_state *state,
		    bool (*fn)(void *ctx, const struct ami_line *line),
		    void *ctx)
{
	struct each *each = calloc(1, sizeof(*each));
	struct ami_printk_stats stats;

	if (!each)
		return;
	each->s = state;
	each->fn = fn;
	each->ctx = ctx;
	walk(each, &stats);
	free(each);
}

struct collect {
	struct ami_dmesg *dmesg;
	size_t oldest;		/* of a full list, used as a ring */
	bool failed;
};

/* The cause of death stays, however many lines follow it. */
static struct ami_line *oldest_slot(struct collect *c)
{
	struct ami_dmesg *d = c->dmesg;
	size_t i;

	for (i = 0; i < AMI_MAX_LINES; i++) {
		struct ami_line *slot = &d->list[c->oldest];

		c->oldest = (c->oldest + 1) % AMI_MAX_LINES;
		if (slot->kind != AMI_LINE_CRASH)
			return slot;
	}
	return &d->list[c->oldest];
}

static void note_frame(struct ami_dmesg *d, const struct ami_line *line)
{
	if (!d->any) {
		d->first_nsec = line->ts_nsec;
		d->gone = line->seq;
	}
	d->any = true;
	d->last_nsec = line->ts_nsec;
	if (!line->user && !d->hardware[0] && !strncmp(line->text, "DMI: ", 5))
		snprintf(d->hardware, sizeof(d->hardware), "%s",
			 line->text + 5);
}

static bool keep_line(void *ctx, const struct ami_line *line)
{
	struct collect *c = ctx;
	struct ami_dmesg *d = c->dmesg;
	struct ami_line *slot;

	note_frame(d, line);
	if (line->kind == AMI_LINE_OTHER)
		return true;
	d->kinds[line->kind]++;
	if (d->count < AMI_MAX_LINES) {
		slot = &d->list[d->count++];
	} else {
		slot = oldest_slot(c);
		d->dropped++;
		free(slot->text);
	}
	*slot = *line;
	slot->text = strdup(line->text);
	c->failed |= !slot->text;
	return !c->failed;
}

static int by_seq(const void *a, const void *b)
{
	const struct ami_line *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

static void read_lines(struct each *each, struct collect *c)
{
	struct ami_dmesg *d = c->dmesg;

	d->mem = walk(each, &d->stats);
	/* Nor does an extract have the types of the log. */
	if (d->mem == AMI_MEM_NO_FIELD &&
	    ami_dump_is_extract(ami_kernel_dump(each->s->kernel)))
		d->mem = AMI_MEM_FILTERED;
	qsort(d->list, d->count, sizeof(*d->list), by_seq);
}

int incidents_dmesg_read(const struct ami_state *state, struct ami_incidents *list,
			 struct ami_error *err)
{
	struct ami_dmesg *d = list->dmesg = calloc(1, sizeof(*d));
	struct each *each = calloc(1, sizeof(*each));
	struct collect c = { .dmesg = d };

	if (d)
		d->list = calloc(AMI_MAX_LINES, sizeof(*d->list));
	if (d && d->list && each) {
		*each = (struct each){ .s = state, .fn = keep_line, .ctx = &c,
				       .incidents = list };
		read_lines(each, &c);
	}
	c.failed |= !d || !d->list || !each;
	free(each);
	if (c.failed)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	if (ami_dump_interrupted(ami_kernel_dump(state->kernel)))
		return ami_error_set(err, AMI_ERR_INTERRUPTED, "interrupted");
	return 0;
}

void ami_dmesg_free(struct ami_dmesg *dmesg)
{
	size_t i;

	if (!dmesg)
		return;
	for (i = 0; i < dmesg->count; i++)
		free(dmesg->list[i].text);
	free(dmesg->list);
	free(dmesg);
}
