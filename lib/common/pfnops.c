// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets of page frames: two of them at a time. */
#include <string.h>

#include "pfncode.h"

/* Changing a block costs as much as reading this many. */
#define EDIT_COST	64u

static bool much_smaller(const struct ami_pfnset *a, const struct ami_pfnset *b)
{
	return a->nr * EDIT_COST < b->nr;
}

static struct ami_pfnset empty(void)
{
	return (struct ami_pfnset){ .fill = BLOCK_BYTES };
}

/* Merge the runs of both, ascending. They may touch or overlap. */
static void merge_runs(struct pfn_writer *to, struct pfn_reader *a,
		       struct pfn_reader *b)
{
	const struct pfn_run none = { UINT64_MAX, UINT64_MAX };
	struct pfn_run x, y, run;

	if (!pfn_next(a, &x))
		x = none;
	if (!pfn_next(b, &y))
		y = none;
	run.first = run.end = x.first < y.first ? x.first : y.first;
	while (run.first != UINT64_MAX) {
		if (x.first <= run.end) {
			if (x.end > run.end)
				run.end = x.end;
			if (!pfn_next(a, &x))
				x = none;
		} else if (y.first <= run.end) {
			if (y.end > run.end)
				run.end = y.end;
			if (!pfn_next(b, &y))
				y = none;
		} else {
			pfn_write(to, run.first, run.end);
			run.first = run.end = x.first < y.first ? x.first :
								  y.first;
		}
	}
}

/* Copy whole blocks: much faster than run by run. */
static void copy(struct ami_pfnset *to, const struct ami_pfnset *from)
{
	struct pfn_writer w = { .set = to };
	struct pfn_reader r = pfn_read(from);

	while (pfn_load(&r)) {
		w.at = w.code + (r.end - r.at);
		memcpy(w.code, r.at, r.end - r.at);
		w.first = from->block[r.next - 1].first;
		w.frames = from->block[r.next - 1].frames;
		pfn_flush(&w);
	}
	pfn_finish(&w);
}

void ami_pfnset_union(struct ami_pfnset *set, const struct ami_pfnset *other)
{
	struct pfn_reader old = pfn_read(set), add = pfn_read(other);
	struct ami_pfnset both = empty();
	struct pfn_writer w = { .set = &both };
	struct pfn_run run;

	set->failed |= other->failed;
	if (set == other || !other->nr)
		return;
	if (!set->nr) {
		copy(set, other);
		return;
	}
	if (other->block[0].first >= set->last.end ||
	    much_smaller(other, set)) {
		while (pfn_next(&add, &run))
			ami_pfnset_add(set, run.first, run.end - run.first);
		return;
	}
	old.release = true;
	merge_runs(&w, &old, &add);
	pfn_finish(&w);
	pfn_replace(set, &both);
}

void pfn_take(struct ami_pfnset *set, struct ami_pfnset *other)
{
	if (!much_smaller(set, other)) {
		ami_pfnset_union(set, other);
		return;
	}
	ami_pfnset_union(other, set);
	pfn_replace(set, other);
}

void ami_pfnset_subtract(struct ami_pfnset *set,
			 const struct ami_pfnset *other)
{
	struct pfn_reader old = pfn_read(set), out = pfn_read(other);
	struct ami_pfnset left = empty();
	struct pfn_writer w = { .set = &left };
	struct pfn_run run, hole;
	bool more;

	set->failed |= other->failed;
	if (much_smaller(other, set)) {
		while (pfn_next(&out, &run))
			ami_pfnset_remove(set, run.first, run.end - run.first);
		return;
	}
	more = pfn_next(&out, &hole);
	old.release = set != other;
	while (pfn_next(&old, &run)) {
		while (more && hole.first < run.end) {
			if (hole.first > run.first)
				pfn_write(&w, run.first, hole.first);
			if (hole.end > run.first)
				run.first = hole.end;
			if (hole.end >= run.end)
				break;
			more = pfn_seek(&out, &hole, run.first);
		}
		if (run.first < run.end)
			pfn_write(&w, run.first, run.end);
	}
	pfn_finish(&w);
	pfn_replace(set, &left);
}

/* Returns how many frames are in both. They go to @to, if it is set. */
static uint64_t intersect(const struct ami_pfnset *a,
			  const struct ami_pfnset *b, struct ami_pfnset *to)
{
	struct pfn_reader ra = pfn_read(a), rb = pfn_read(b);
	struct pfn_run x, y;
	bool more = pfn_next(&ra, &x) && pfn_next(&rb, &y);
	uint64_t count = 0;

	while (more) {
		uint64_t first = x.first > y.first ? x.first : y.first;
		uint64_t end = x.end < y.end ? x.end : y.end;

		if (first < end) {
			count += end - first;
			if (to)
				pfn_append(to, first, end);
		}
		if (x.end <= y.end)
			more = pfn_seek(&ra, &x, x.end > y.first ? x.end :
							     y.first);
		else
			more = pfn_seek(&rb, &y, y.end > x.first ? y.end :
							     x.first);
	}
	return count;
}

struct ami_pfnset *ami_pfnset_and(const struct ami_pfnset *a,
				  const struct ami_pfnset *b)
{
	struct ami_pfnset *both = ami_pfnset_new();

	if (!both)
		return NULL;
	intersect(a, b, both);
	if (both->failed || a->failed || b->failed) {
		ami_pfnset_free(both);
		return NULL;
	}
	return both;
}

uint64_t ami_pfnset_common(const struct ami_pfnset *a,
			   const struct ami_pfnset *b)
{
	return intersect(a, b, NULL);
}
