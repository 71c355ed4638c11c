// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "marks.h"

struct writer {
	struct out out;
	const struct ami_marks *marks;
	size_t section;		/* where its header starts */
	uint32_t sections;
};

static void put_at(uint8_t *at, uint64_t value, unsigned int size)
{
	for (; size; size--, value >>= 8)
		*at++ = value;
}

static void begin_section(struct writer *w, enum section type)
{
	w->section = w->out.len;
	marks_out_number(&w->out, type, 4);
	marks_out_number(&w->out, 0, 4);
	marks_out_number(&w->out, 0, 8);
	w->sections++;
}

/* The length excludes the padding. The CRC covers all but itself. */
static void end_section(struct writer *w)
{
	struct out *o = &w->out;
	uint64_t len = o->len - w->section - SECTION_HEADER;
	uint8_t *head;
	uint32_t crc;

	marks_out_align(o);
	if (o->failed)
		return;
	head = o->data + w->section;
	put_at(head + 8, len, 8);
	crc = marks_crc32c(0, head, 4);
	crc = marks_crc32c(crc, head + 8, o->len - w->section - 8);
	put_at(head + 4, crc, 4);
}

static void put_identity(struct writer *w)
{
	const struct ami_dump_id *id = &w->marks->id;

	begin_section(w, SECTION_IDENTITY);
	marks_out_number(&w->out, id->crash_time, 8);
	marks_out_number(&w->out, id->kernel_offset, 8);
	marks_out_number(&w->out, id->phys_base, 8);
	marks_out_number(&w->out, id->max_pfn, 8);
	marks_out_string(&w->out, id->release);
	marks_out_string(&w->out, id->build_id);
	end_section(w);
}

static void put_origin(struct writer *w)
{
	const struct ami_marks *m = w->marks;

	begin_section(w, SECTION_ORIGIN);
	marks_out_number(&w->out, m->made, 8);
	marks_out_number(&w->out, m->in_capture ? ORIGIN_CAPTURE : 0, 4);
	marks_out_number(&w->out, m->capture, 4);
	marks_out_string(&w->out, m->kernel);
	marks_out_string(&w->out, m->tool);
	end_section(w);
}

static void put_pages(struct writer *w, const struct ami_pfnset *set)
{
	begin_section(w, SECTION_PAGES);
	marks_runs_write(&w->out, set);
	end_section(w);
}

static void put_mark(struct out *o, const struct ami_mark *mark)
{
	const struct ami_requester *r = &mark->requester;
	size_t i;

	marks_out_number(o, (r->is_iommu ? MARK_IS_IOMMU : 0) |
		      (mark->all_ram ? MARK_ALL_RAM : 0) |
		      (mark->complete ? 0 : MARK_INCOMPLETE), 1);
	marks_out_number(o, mark->class, 1);
	marks_out_number(o, mark->certainty, 1);
	marks_out_number(o, 0, 1);
	marks_out_number(o, r->is_iommu ? r->index :
		      (uint32_t)r->bdf.segment << 16 | r->bdf.devid, 4);
	marks_out_number(o, mark->count, 8);
	marks_out_number(o, mark->outside, 8);
	marks_out_number(o, mark->set < 0 ? NO_SET : (uint32_t)mark->set, 4);
	marks_out_number(o, mark->nr_iovas, 4);
	for (i = 0; i < mark->nr_iovas; i++) {
		marks_out_number(o, mark->iovas[i].first, 8);
		marks_out_number(o, mark->iovas[i].last, 8);
	}
}

static void put_exposures(struct writer *w)
{
	size_t i;

	begin_section(w, SECTION_EXPOSURES);
	for (i = 0; i < w->marks->count; i++)
		put_mark(&w->out, &w->marks->list[i]);
	end_section(w);
}

static void put_verdict(struct writer *w)
{
	const struct ami_marks *m = w->marks;
	size_t i;

	begin_section(w, SECTION_VERDICT);
	marks_out_number(&w->out, m->verdict, 4);
	marks_out_number(&w->out, m->nr_reasons, 4);
	for (i = 0; i < m->nr_reasons; i++)
		marks_out_string(&w->out, m->reason[i]);
	end_section(w);
	begin_section(w, SECTION_FINDINGS);
	for (i = 0; i < m->nr_findings; i++) {
		marks_out_number(&w->out, m->findings[i].severity, 1);
		marks_out_string(&w->out, m->findings[i].code);
		marks_out_string(&w->out, m->findings[i].where);
		marks_out_string(&w->out, m->findings[i].text);
	}
	end_section(w);
}

static void put_observed(struct writer *w)
{
	const struct ami_marks *m = w->marks;
	size_t i;

	begin_section(w, SECTION_OBSERVED);
	for (i = 0; i < m->nr_observed; i++) {
		const struct ami_observation *o = &m->observed[i];

		marks_out_number(&w->out, o->first[0], 8);
		marks_out_number(&w->out, o->first[1], 8);
		marks_out_number(&w->out, o->second[0], 8);
		marks_out_number(&w->out, o->second[1], 8);
		marks_out_number(&w->out, o->watched, 8);
		marks_out_number(&w->out, o->beyond, 8);
		marks_out_number(&w->out, o->set, 4);
		marks_out_number(&w->out, 0, 4);
	}
	end_section(w);
}

static void put_saved(struct writer *w)
{
	const struct ami_marks *m = w->marks;
	size_t i;

	begin_section(w, SECTION_SAVED);
	for (i = 0; i < m->nr_saved; i++) {
		marks_out_number(&w->out, m->saved[i].pfn, 8);
		marks_out_number(&w->out, m->saved[i].time, 8);
		marks_out_number(&w->out, m->saved[i].size, 4);
		marks_out_bytes(&w->out, m->saved[i].data, m->saved[i].size);
	}
	end_section(w);
}

static void put_coverage(struct writer *w)
{
	const struct ami_marks *m = w->marks;
	size_t i;

	begin_section(w, SECTION_COVERAGE);
	marks_out_number(&w->out, m->covered, 4);
	marks_out_number(&w->out, m->nr_gaps, 4);
	for (i = 0; i < m->nr_gaps; i++)
		marks_out_string(&w->out, m->gap[i]);
	end_section(w);
}

static void put_header(struct writer *w)
{
	uint8_t *head = w->out.data;

	memcpy(head, MARKS_MAGIC, 8);
	put_at(head + 8, MARKS_VERSION, 4);
	put_at(head + 12, w->sections, 4);
	put_at(head + 16, w->out.len, 8);
	put_at(head + 24, 0, 4);
	put_at(head + 28, marks_crc32c(0, head, 28), 4);
}

/* A set in a temporary file that fails ends early, and names too few pages. */
static bool lost_pages(const struct ami_marks *marks)
{
	size_t i;

	for (i = 0; i < marks->nr_sets; i++)
		if (ami_pfnset_failed(marks->sets[i]))
			return true;
	return false;
}

int ami_marks_write(const struct ami_marks *marks, uint8_t **bytes,
		    size_t *len, struct ami_error *err)
{
	struct writer w = { .marks = marks };
	size_t i;

	marks_out_space(&w.out, MARKS_HEADER);
	put_identity(&w);
	put_origin(&w);
	/* Stop just past the limit: there may be much more. */
	for (i = 0; i < marks->nr_sets && w.out.len <= AMI_MARKS_MAX_BYTES; i++)
		put_pages(&w, marks->sets[i]);
	put_exposures(&w);
	put_verdict(&w);
	put_observed(&w);
	put_saved(&w);
	if (marks->has_coverage)
		put_coverage(&w);
	if (w.out.failed || w.out.len > AMI_MARKS_MAX_BYTES) {
		free(w.out.data);
		return ami_error_set(err, AMI_ERR_MEMORY, w.out.failed ?
				     "out of memory" :
				     "the marks would be too large");
	}
	if (lost_pages(marks)) {
		free(w.out.data);
		return ami_error_set(err, AMI_ERR_OUTPUT,
				     "sets of pages are incomplete: out of memory, or their temporary file (TMPDIR) cannot be read");
	}
	put_header(&w);
	*bytes = w.out.data;
	*len = w.out.len;
	return 0;
}
