// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages that travel with the marks: stored, and served to readers. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "marks.h"

#define DTE_BYTES	32u

/* A page is its own window. Small tables clear faster for the next page. */
#define PACK_WINDOW	AMI_PAGE_SHIFT
#define PACK_MEMORY	6

int marks_saved_unpack(const struct ami_saved *saved, uint8_t *page)
{
	uLongf len = AMI_PAGE_SIZE;

	return uncompress(page, &len, saved->data, saved->size) == Z_OK &&
	       len == AMI_PAGE_SIZE ? 0 : -1;
}

static int by_pfn(const void *a, const void *b)
{
	const struct ami_saved *x = a, *y = b;

	return (x->pfn > y->pfn) - (x->pfn < y->pfn);
}

/* --- put in --------------------------------------------------------------------- */

struct saving {
	struct ami_marks *marks;
	struct ami_dump *dump;
	struct ami_pfnset *done;
	z_stream pack;
	uint8_t packed[AMI_PAGE_SIZE + AMI_PAGE_SIZE / 4];
	size_t most;
	bool failed;
};

/* @packed: a page, compressed */
static bool add_packed(struct ami_marks *m, uint64_t pfn, uint64_t time,
		       const uint8_t *packed, size_t len)
{
	struct ami_saved saved = {
		.pfn = pfn, .time = time, .size = len, .data = malloc(len),
	};

	if (!saved.data)
		return false;
	memcpy(saved.data, packed, len);
	if (!vec_push(m->saved, m->nr_saved, SIZE_MAX, saved))
		return true;
	free(saved.data);
	return false;
}

static bool add_page(struct saving *s, uint64_t pfn, uint8_t *page)
{
	z_stream *z = &s->pack;

	z->next_in = page;
	z->avail_in = AMI_PAGE_SIZE;
	z->next_out = s->packed;
	z->avail_out = sizeof(s->packed);
	return deflateReset(z) == Z_OK &&
	       deflate(z, Z_FINISH) == Z_STREAM_END &&
	       add_packed(s->marks, pfn, ami_marks_clock(), s->packed,
			  sizeof(s->packed) - z->avail_out);
}

int ami_marks_inherit(struct ami_marks *marks, const struct ami_marks *old)
{
	size_t i;

	for (i = 0; i < old->nr_observed; i++)
		if (ami_marks_observe(marks, old->sets[old->observed[i].set],
				      &old->observed[i]))
			return -1;
	for (i = 0; i < old->nr_saved; i++)
		if (!add_packed(marks, old->saved[i].pfn, old->saved[i].time,
				old->saved[i].data, old->saved[i].size))
			return -1;
	return 0;
}

static bool save_one(struct saving *s, uint64_t pfn)
{
	uint8_t page[AMI_PAGE_SIZE];

	if (s->marks->nr_saved >= s->most || s->failed)
		return false;
	if (ami_pfnset_test_add(s->done, pfn) ||
	    ami_dump_read(s->dump, pfn << AMI_PAGE_SHIFT, page,
			  sizeof(page)) != AMI_MEM_OK)
		return true;
	s->failed = !add_page(s, pfn, page);
	return !s->failed;
}

static bool save_run(void *ctx, uint64_t first, uint64_t count)
{
	while (count--)
		if (!save_one(ctx, first++))
			return false;
	return true;
}

static void save_bytes(struct saving *s, uint64_t phys, uint64_t len)
{
	uint64_t first = phys >> AMI_PAGE_SHIFT;

	if (phys && len)
		save_run(s, first, ((phys + len - 1) >> AMI_PAGE_SHIFT) -
				   first + 1);
}

static void save_iommu(struct saving *s, const struct ami_iommu *iommu)
{
	int kind;

	if (iommu->ring.located)
		save_bytes(s, iommu->ring.phys,
			   AMI_RING_ENTRIES * sizeof(uint64_t[2]));
	save_bytes(s, iommu->ring.semaphore_phys, 8);
	save_bytes(s, iommu->ga_tail_phys, 8);
	for (kind = 0; kind < AMI_LOGS; kind++) {
		const struct ami_log *log = &iommu->log[kind];

		if (log->located)
			save_bytes(s, log->phys, (uint64_t)log->entries *
						 log->entry_size);
	}
}

static void save_dtes(struct saving *s, const struct ami_state *state)
{
	size_t i;

	for (i = 0; i < state->nr_devices; i++) {
		const struct ami_device *d = &state->devices[i];
		const struct ami_segment *seg = d->segment < 0 ? NULL :
			&state->segments[d->segment];

		if (seg && seg->dev_table_phys &&
		    (d->bdf.devid + 1u) * DTE_BYTES <= seg->dev_table_size)
			save_bytes(s, seg->dev_table_phys +
				      d->bdf.devid * DTE_BYTES, DTE_BYTES);
	}
}

static void save_all(struct saving *s, const struct ami_exposures *ex)
{
	const struct ami_state *state = ex->state;
	size_t i;

	for (i = 0; i < s->marks->nr_saved; i++)
		ami_pfnset_add(s->done, s->marks->saved[i].pfn, 1);
	for (i = 0; i < state->nr_iommus; i++)
		save_iommu(s, &state->iommus[i]);
	save_dtes(s, state);
	if (ex->on.state_pages)
		ami_pfnset_ranges(ex->on.state_pages, save_run, s);
	if (ex->on.evidence_pages)
		ami_pfnset_ranges(ex->on.evidence_pages, save_run, s);
}

int ami_marks_save_state(struct ami_marks *marks,
			 const struct ami_exposures *ex, size_t most)
{
	struct saving s = {
		.marks = marks, .dump = ami_kernel_dump(ex->state->kernel),
		.done = ami_pfnset_new(),
		.most = most < AMI_MARKS_MAX_SAVED ? most : AMI_MARKS_MAX_SAVED,
	};

	s.failed = !s.done ||
		   deflateInit2(&s.pack, Z_BEST_SPEED, Z_DEFLATED, PACK_WINDOW,
				PACK_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK;
	ami_dump_copy(s.dump);
	if (!s.failed)
		save_all(&s, ex);
	deflateEnd(&s.pack);
	qsort(marks->saved, marks->nr_saved, sizeof(*marks->saved), by_pfn);
	ami_pfnset_free(s.done);
	return s.failed ? -1 : 0;
}

/* --- given out ------------------------------------------------------------------ */

/* The saved page was read before the dump's, and so closer to the panic. */
static bool serve(void *ctx, uint64_t pfn, enum ami_mem mem, uint8_t *page)
{
	const struct ami_marks *m = ctx;
	struct ami_saved key = { .pfn = pfn }, *saved;
	uint8_t content[AMI_PAGE_SIZE];

	saved = m->nr_saved ? bsearch(&key, m->saved, m->nr_saved,
				      sizeof(key), by_pfn) : NULL;
	if (!saved || marks_saved_unpack(saved, content))
		return false;
	saved->served = true;
	saved->missing = mem != AMI_MEM_OK;
	saved->differs = mem == AMI_MEM_OK &&
			 memcmp(page, content, sizeof(content));
	memcpy(page, content, sizeof(content));
	return true;
}

void ami_marks_serve(struct ami_marks *marks, struct ami_dump *dump)
{
	ami_dump_prefer(dump, serve, marks);
}
