// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets of page frames: two of them at a time. */
#include <stdlib.h>

#include "pfncode.h"

/* Changing a block costs as much as reading so many of them. */
#define EDIT_COST	64u

static bool much_smaller(const struct ami_pfnset *a, const struct ami_pfnset *b)
{
	return a->nr * EDIT_COST < b->nr;
}

static struct ami_pfnset empty(void)
{
	return (struct ami_pfnset){ .fill = BLOCK_BYTES };
}

/* Runs of both, which may touch or overlap; ascending by where they begin. */
static void merge(struct ami_pfnset *to, struct pfn_reader *a,
		  struct pfn_reader *b)
{
	struct pfn_run x, y, run = { 0, 0 };
	bool more_x = pfn_next(a, &x), more_y = pfn_next(b, &y);

	while (more_x || more_y) {
		bool take_x = more_x && (!more_y || x.first <= y.first);
		struct pfn_run next = take_x ? x : y;

		if (take_x)
			more_x = pfn_next(a, &x);
		else
			more_y = pfn_next(b, &y);
		if (next.first > run.end) {
			if (run.end)
				pfn_append(to, run.first, run.end);
			run = next;
		} else if (!run.end) {
			run = next;
		} else if (next.end > run.end) {
			run.end = next.end;
		}
	}
	if (run.end)
		pfn_append(to, run.first, run.end);
}

void ami_pfnset_union(struct ami_pfnset *set, const struct ami_pfnset *other)
{
	struct pfn_reader old = pfn_read(set), add = pfn_read(other);
	struct ami_pfnset both = empty();
	struct pfn_run run;

	set->failed |= other->failed;
	if (set == other || !other->nr)
		return;
	if (other->block[0].first >= set->last.end ||
	    much_smaller(other, set)) {
		while (pfn_next(&add, &run))
			ami_pfnset_add(set, run.first, run.end - run.first);
		return;
	}
	old.release = true;
	merge(&both, &old, &add);
	pfn_replace(set, &both);
}

void ami_pfnset_subtract(struct ami_pfnset *set,
			 const struct ami_pfnset *other)
{
	struct pfn_reader old = pfn_read(set), out = pfn_read(other);
	struct ami_pfnset left = empty();
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
				pfn_append(&left, run.first, hole.first);
			if (hole.end > run.first)
				run.first = hole.end;
			if (hole.end >= run.end)
				break;
			more = pfn_seek(&out, &hole, run.first);
		}
		if (run.first < run.end)
			pfn_append(&left, run.first, run.end);
	}
	pfn_replace(set, &left);
}

/* What is in both goes to @to, if there is one; returns how many frames. */
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
