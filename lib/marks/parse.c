// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "marks.h"

#define VMCOREDD_NAME	44u	/* crash's dev -v may put it in front */

typedef bool section_reader(struct ami_marks *m, struct in *in);

static bool read_identity(struct ami_marks *m, struct in *in)
{
	struct ami_dump_id *id = &m->id;

	id->crash_time = marks_in_number(in, 8);
	id->kernel_offset = marks_in_number(in, 8);
	id->phys_base = marks_in_number(in, 8);
	id->max_pfn = marks_in_number(in, 8);
	marks_in_text(in, id->release, sizeof(id->release));
	marks_in_text(in, id->build_id, sizeof(id->build_id));
	return true;
}

static bool read_origin(struct ami_marks *m, struct in *in)
{
	m->made = marks_in_number(in, 8);
	m->in_capture = marks_in_number(in, 4) & ORIGIN_CAPTURE;
	m->capture = marks_in_below(in, 4, AMI_CAPTURE_REUSE + 1);
	marks_in_text(in, m->kernel, sizeof(m->kernel));
	marks_in_text(in, m->tool, sizeof(m->tool));
	return true;
}

/* A full list is damage: amdiommu never writes that many. */
static bool has_room(struct in *in, enum vec_room room)
{
	in->no_memory |= room == VEC_NO_MEMORY;
	return room == VEC_OK;
}

static bool read_pages(struct ami_marks *m, struct in *in)
{
	size_t len = in->left;
	struct ami_pfnset *set;
	bool whole;

	if (!has_room(in, marks_add_set(m)))
		return false;
	set = m->sets[m->nr_sets - 1];
	whole = marks_runs_read(set, marks_in_bytes(in, len), len);
	ami_pfnset_compact(set);
	in->no_memory |= ami_pfnset_failed(set);
	return whole && !in->no_memory;
}

static int read_set(const struct ami_marks *m, struct in *in)
{
	uint32_t set = marks_in_number(in, 4);

	if (set == NO_SET)
		return -1;
	if (set >= m->nr_sets)
		in->bad = true;
	return set;
}

static bool read_iovas(struct ami_mark *mark, struct in *in)
{
	uint64_t count = marks_in_number(in, 4), i;

	if (in->bad || count > in->left / 16)
		return false;
	mark->iovas = count ? calloc(count, sizeof(*mark->iovas)) : NULL;
	in->no_memory |= count && !mark->iovas;
	if (in->no_memory)
		return false;
	mark->nr_iovas = count;
	for (i = 0; i < count; i++) {
		mark->iovas[i].first = marks_in_number(in, 8);
		mark->iovas[i].last = marks_in_number(in, 8);
		if (mark->iovas[i].last < mark->iovas[i].first)
			return false;
	}
	return true;
}

static bool read_mark(struct ami_marks *m, struct in *in)
{
	uint32_t flags = marks_in_number(in, 1), who;
	struct ami_mark *mark;

	if (!has_room(in, vec_push(m->list, m->count, MARKS_MAX_LIST,
				   (struct ami_mark){ .set = -1 })))
		return false;
	mark = &m->list[m->count - 1];
	mark->requester.is_iommu = flags & MARK_IS_IOMMU;
	mark->all_ram = flags & MARK_ALL_RAM;
	mark->complete = !(flags & MARK_INCOMPLETE);
	mark->class = marks_in_below(in, 1, AMI_CLASS_OBSERVED);
	mark->certainty = marks_in_below(in, 1, AMI_POSSIBLE + 1);
	marks_in_number(in, 1);
	who = marks_in_number(in, 4);
	if (mark->requester.is_iommu)
		mark->requester.index = who;
	else
		mark->requester.bdf = (struct ami_bdf){ who >> 16, who };
	mark->count = marks_in_number(in, 8);
	mark->outside = marks_in_number(in, 8);
	mark->set = read_set(m, in);
	return read_iovas(mark, in);
}

static bool read_exposures(struct ami_marks *m, struct in *in)
{
	while (in->left)
		if (!read_mark(m, in) || in->bad)
			return false;
	return true;
}

static bool read_verdict(struct ami_marks *m, struct in *in)
{
	uint64_t n;

	if (m->nr_reasons)
		return false;
	m->verdict = marks_in_below(in, 4, AMI_VERDICT_UNKNOWN + 1);
	n = marks_in_below(in, 4, AMI_MAX_REASONS + 1);
	while (n-- && !in->bad) {
		m->reason[m->nr_reasons] = marks_in_string(in);
		m->nr_reasons += !in->bad;
	}
	return true;
}

static bool read_coverage(struct ami_marks *m, struct in *in)
{
	uint64_t n;

	m->has_coverage = true;
	m->covered = marks_in_below(in, 4, AMI_COVERED_PARTIAL + 1);
	n = marks_in_below(in, 4, AMI_MAX_REASONS + 1);
	while (n-- && !in->bad) {
		m->gap[m->nr_gaps] = marks_in_string(in);
		m->nr_gaps += !in->bad;
	}
	return true;
}

static bool read_findings(struct ami_marks *m, struct in *in)
{
	while (in->left) {
		struct ami_marks_finding *f;

		if (!has_room(in, vec_push(m->findings, m->nr_findings,
					   MARKS_MAX_FINDINGS,
					   (struct ami_marks_finding){ 0 })))
			return false;
		f = &m->findings[m->nr_findings - 1];
		f->severity = marks_in_below(in, 1, AMI_ERROR + 1);
		f->code = marks_in_string(in);
		f->where = marks_in_string(in);
		f->text = marks_in_string(in);
		if (in->bad)
			return false;
	}
	return true;
}

static bool read_observed(struct ami_marks *m, struct in *in)
{
	while (in->left) {
		struct ami_observation *o;

		if (!has_room(in, vec_push(m->observed, m->nr_observed,
					   MARKS_MAX_OBSERVED,
					   (struct ami_observation){ .set = -1 })))
			return false;
		o = &m->observed[m->nr_observed - 1];
		o->first[0] = marks_in_number(in, 8);
		o->first[1] = marks_in_number(in, 8);
		o->second[0] = marks_in_number(in, 8);
		o->second[1] = marks_in_number(in, 8);
		o->watched = marks_in_number(in, 8);
		o->beyond = marks_in_number(in, 8);
		o->set = read_set(m, in);
		marks_in_number(in, 4);
		if (in->bad || o->set < 0)
			return false;
	}
	return true;
}

static bool read_saved_page(struct ami_marks *m, struct in *in, uint64_t least)
{
	uint8_t page[AMI_PAGE_SIZE];
	const uint8_t *data;
	struct ami_saved *s;

	if (!has_room(in, vec_push(m->saved, m->nr_saved, AMI_MARKS_MAX_SAVED,
				   (struct ami_saved){ .data = NULL })))
		return false;
	s = &m->saved[m->nr_saved - 1];
	s->pfn = marks_in_below(in, 8, AMI_PFN_LIMIT);
	s->time = marks_in_number(in, 8);
	s->size = marks_in_number(in, 4);
	data = marks_in_bytes(in, s->size);
	if (!data || !s->size || s->pfn < least)
		return false;
	s->data = malloc(s->size);
	in->no_memory |= !s->data;
	if (!s->data)
		return false;
	memcpy(s->data, data, s->size);
	return !marks_saved_unpack(s, page);
}

static bool read_saved(struct ami_marks *m, struct in *in)
{
	uint64_t least = 0;

	while (in->left) {
		if (!read_saved_page(m, in, least))
			return false;
		least = m->saved[m->nr_saved - 1].pfn + 1;
	}
	return true;
}

static section_reader *const readers[] = {
	[SECTION_IDENTITY] = read_identity,
	[SECTION_ORIGIN] = read_origin,
	[SECTION_PAGES] = read_pages,
	[SECTION_EXPOSURES] = read_exposures,
	[SECTION_VERDICT] = read_verdict,
	[SECTION_FINDINGS] = read_findings,
	[SECTION_OBSERVED] = read_observed,
	[SECTION_SAVED] = read_saved,
	[SECTION_COVERAGE] = read_coverage,
};

#define READERS	(sizeof(readers) / sizeof(readers[0]))

/* 0, or -1 with @what filled in. */
static int read_section(struct ami_marks *m, struct in *all, uint32_t *type,
			const char **what)
{
	const uint8_t *head = marks_in_bytes(all, SECTION_HEADER), *payload;
	struct in h = { .at = head, .left = SECTION_HEADER }, in;
	uint32_t crc;

	*what = "a section is cut off";
	if (!head)
		return -1;
	*type = marks_in_number(&h, 4);
	crc = marks_in_number(&h, 4);
	in = (struct in){ .left = marks_in_number(&h, 8) };
	if (in.left > all->left)
		return -1;
	payload = marks_in_bytes(all, (in.left + 7) & ~UINT64_C(7));
	if (!payload)
		return -1;
	*what = "a checksum is wrong";
	if (marks_crc32c(marks_crc32c(marks_crc32c(0, head, 4), head + 8, 8), payload,
			 (in.left + 7) & ~UINT64_C(7)) != crc)
		return -1;
	*what = "a section is impossible";
	in.at = payload;
	if (*type >= READERS || !readers[*type] ||
	    (readers[*type](m, &in) && !in.bad && !in.left))
		return 0;
	all->no_memory = in.no_memory;
	return -1;
}

static int set_damaged(struct ami_error *err, const char *what)
{
	return ami_error_set(err, AMI_ERR_DATA, "they are damaged: %s", what);
}

static int read_all(struct ami_marks *m, struct in *in, uint32_t sections,
		    struct ami_error *err)
{
	uint32_t type, before = 0;
	const char *what;

	for (; sections; sections--, before = type) {
		if (read_section(m, in, &type, &what))
			return in->no_memory ?
			       ami_error_set(err, AMI_ERR_MEMORY,
					     "out of memory") :
			       set_damaged(err, what);
		if (type < before ||
		    (type == before && type != SECTION_PAGES) ||
		    (!before && type != SECTION_IDENTITY))
			return set_damaged(err, "a section is out of place");
	}
	if (!before || in->left)
		return set_damaged(err, "sections are missing");
	return 0;
}

static int read_header(struct in *in, uint32_t *sections,
		       struct ami_error *err)
{
	const uint8_t *head = marks_in_bytes(in, MARKS_HEADER);
	struct in h = { .at = head, .left = MARKS_HEADER };
	uint32_t version;
	uint64_t size;

	if (!head || memcmp(marks_in_bytes(&h, 8), MARKS_MAGIC, 8))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "they are not amdiommu marks");
	version = marks_in_number(&h, 4);
	*sections = marks_in_number(&h, 4);
	size = marks_in_number(&h, 8);
	marks_in_number(&h, 4);
	if (marks_in_number(&h, 4) != marks_crc32c(0, head, MARKS_HEADER - 4))
		return set_damaged(err, "the checksum of the header is wrong");
	if (version != MARKS_VERSION)
		return ami_error_set(err, AMI_ERR_DATA,
				     "they have version %u; this amdiommu knows version %u",
				     version, MARKS_VERSION);
	if (size < MARKS_HEADER || size - MARKS_HEADER > in->left ||
	    size > AMI_MARKS_MAX_BYTES)
		return set_damaged(err, "they are cut off");
	in->left = size - MARKS_HEADER;
	return 0;
}

struct ami_marks *ami_marks_parse(const uint8_t *bytes, size_t len,
				  struct ami_error *err)
{
	struct in in = { .at = bytes, .left = len };
	struct ami_marks *m = calloc(1, sizeof(*m));
	uint32_t sections = 0;

	if (!m) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		return NULL;
	}
	if (len >= VMCOREDD_NAME + 8 && memcmp(bytes, MARKS_MAGIC, 8) &&
	    !memcmp(bytes + VMCOREDD_NAME, MARKS_MAGIC, 8))
		marks_in_bytes(&in, VMCOREDD_NAME);
	if (read_header(&in, &sections, err) ||
	    read_all(m, &in, sections, err)) {
		ami_marks_free(m);
		return NULL;
	}
	return m;
}
