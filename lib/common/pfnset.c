// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets of page frames: one frame or run at a time. */
#include <stdlib.h>

#include "pfncode.h"

struct ami_pfnset *ami_pfnset_new(void)
{
	struct ami_pfnset *set = calloc(1, sizeof(*set));

	if (set) {
		set->users = 1;
		set->fill = BLOCK_BYTES;
	}
	return set;
}

struct ami_pfnset *ami_pfnset_share(struct ami_pfnset *set)
{
	set->users++;
	return set;
}

void ami_pfnset_free(struct ami_pfnset *set)
{
	if (!set || --set->users)
		return;
	pfn_clear(set);
	free(set);
}

bool ami_pfnset_failed(const struct ami_pfnset *set)
{
	return set->failed || (set->spill && set->spill->failed);
}

/* Cut off what lies above the limit. False: nothing remains. */
static bool cut(uint64_t first, uint64_t count, struct pfn_run *run)
{
	if (!count || first >= AMI_PFN_LIMIT)
		return false;
	*run = (struct pfn_run){ first, AMI_PFN_LIMIT };
	if (count < AMI_PFN_LIMIT - first)
		run->end = first + count;
	return true;
}

/**
 * struct edit - blocks [@from, @to) are rebuilt as @part
 * @run: is inserted if @add, else removed
 */
struct edit {
	struct ami_pfnset part;
	struct pfn_run run;
	size_t from, to;
	bool add, put;
};

static void keep_run(struct edit *e, uint64_t first, uint64_t end)
{
	if (first < end)
		pfn_append(&e->part, first, end);
}

/* Insert the run before anything that begins after it. */
static void put_run(struct edit *e)
{
	if (e->add && !e->put)
		pfn_append(&e->part, e->run.first, e->run.end);
	e->put = true;
}

static void edit_run(struct edit *e, const struct pfn_run *old)
{
	struct pfn_run *run = &e->run;

	if (old->end < run->first) {
		keep_run(e, old->first, old->end);
	} else if (old->first > run->end) {
		put_run(e);
		keep_run(e, old->first, old->end);
	} else if (e->add) {
		if (old->first < run->first)
			run->first = old->first;
		if (old->end > run->end)
			run->end = old->end;
	} else {
		keep_run(e, old->first, old->end < run->first ? old->end :
							    run->first);
		keep_run(e, old->first > run->end ? old->first : run->end,
			 old->end);
	}
}

static void edit_block(struct edit *e, const struct ami_pfnset *set, size_t i)
{
	/* A set of this one block, for a reader. */
	const struct ami_pfnset one = { .block = &set->block[i], .nr = 1 };
	struct pfn_reader r = pfn_read(&one);
	struct pfn_run old;

	while (pfn_next(&r, &old))
		edit_run(e, &old);
}

/*
 * Only the first and the last block that the run touches are read. All blocks
 * between them lie inside the run.
 */
static void edit(struct ami_pfnset *set, const struct pfn_run *run, bool add)
{
	struct edit e = { .run = *run, .add = add };
	size_t len;

	e.from = pfn_block_of(set, run->first);
	e.to = pfn_block_of(set, run->end + 1) + 1;
	if (e.to > set->nr)
		e.to = set->nr;
	len = e.from < e.to ? set->block[e.from].len : 0;
	if (e.to > e.from + 1)
		len += set->block[e.to - 1].len;
	/* Split the block, so that both halves have room to grow. */
	e.part.fill = len + 2 * RUN_BYTES > BLOCK_BYTES ?
		      len / 2 + 2 * RUN_BYTES : BLOCK_BYTES;
	if (e.part.fill > BLOCK_BYTES)
		e.part.fill = BLOCK_BYTES;
	if (e.from < e.to)
		edit_block(&e, set, e.from);
	if (e.to > e.from + 1)
		edit_block(&e, set, e.to - 1);
	put_run(&e);
	pfn_splice(set, e.from, e.to, &e.part);
}

void ami_pfnset_add(struct ami_pfnset *set, uint64_t first, uint64_t count)
{
	struct pfn_run run;

	if (!cut(first, count, &run))
		return;
	if (run.first >= set->last.end)
		pfn_append(set, run.first, run.end);
	else
		edit(set, &run, true);
}

void ami_pfnset_remove(struct ami_pfnset *set, uint64_t first, uint64_t count)
{
	struct pfn_run run;

	if (set->nr && cut(first, count, &run) && run.first < set->last.end)
		edit(set, &run, false);
}

bool ami_pfnset_test_add(struct ami_pfnset *set, uint64_t pfn)
{
	if (pfn >= AMI_PFN_LIMIT || ami_pfnset_has(set, pfn))
		return true;
	ami_pfnset_add(set, pfn, 1);
	return false;
}

bool ami_pfnset_has(const struct ami_pfnset *set, uint64_t pfn)
{
	struct pfn_reader r = pfn_read(set);
	struct pfn_run run;

	return pfn < set->last.end && pfn_seek(&r, &run, pfn) &&
	       run.first <= pfn;
}

uint64_t ami_pfnset_first(const struct ami_pfnset *set)
{
	return set->nr ? set->block[0].first : AMI_PFN_LIMIT;
}

uint64_t ami_pfnset_next(const struct ami_pfnset *set, uint64_t pfn)
{
	struct pfn_reader r = pfn_read(set);
	struct pfn_run run;

	if (pfn >= set->last.end || !pfn_seek(&r, &run, pfn))
		return AMI_PFN_LIMIT;
	return run.first > pfn ? run.first : pfn;
}

uint64_t ami_pfnset_count(const struct ami_pfnset *set)
{
	return set->count;
}

uint64_t ami_pfnset_blocks(const struct ami_pfnset *set)
{
	return set->nr + 1;
}

void ami_pfnset_compact(struct ami_pfnset *set)
{
	struct pfn_block *b;
	size_t i;

	for (i = 0; i < set->nr && !set->spill; i++) {
		b = &set->block[i];
		if (b->room > b->len && vec_resize(b->code, b->len))
			b->room = b->len;
	}
	if (set->nr && set->nr < set->room && vec_resize(set->block, set->nr))
		set->room = set->nr;
}

void ami_pfnset_ranges(const struct ami_pfnset *set,
		       bool (*fn)(void *ctx, uint64_t first, uint64_t count),
		       void *ctx)
{
	struct pfn_reader r = pfn_read(set);
	struct pfn_run run;

	while (pfn_next(&r, &run))
		if (!fn(ctx, run.first, run.end - run.first))
			return;
}

void ami_pfnset_ranges_in(const struct ami_pfnset *set, uint64_t from,
			  uint64_t count,
			  bool (*fn)(void *ctx, uint64_t first,
				     uint64_t count),
			  void *ctx)
{
	struct pfn_reader r = pfn_read(set);
	uint64_t end = from + count;
	struct pfn_run run;
	bool more = pfn_seek(&r, &run, from);

	for (; more && run.first < end; more = pfn_next(&r, &run)) {
		if (run.first < from)
			run.first = from;
		if (run.end > end)
			run.end = end;
		if (!fn(ctx, run.first, run.end - run.first))
			return;
	}
}
