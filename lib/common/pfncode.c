// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs of page frames as bytes, and blocks of them. */
#include <stdlib.h>
#include <string.h>

#include "pfncode.h"

#define FIRST_ROOM	16u

static bool load_block(struct pfn_reader *r, size_t i)
{
	const struct pfn_block *b = &r->set->block[i];

	r->next = i + 1;
	r->at = r->end = NULL;
	if (r->set->spill && !pfn_fetch(r->set->spill, b, r->fetched))
		return false;
	r->at = r->set->spill ? r->fetched : b->code;
	r->end = r->at + b->len;
	r->after = b->first;
	return true;
}

static void release(struct pfn_reader *r)
{
	struct pfn_block *b = &r->set->block[r->next - 1];

	free(b->code);
	b->code = NULL;
}

bool pfn_load(struct pfn_reader *r)
{
	if (r->release && r->next)
		release(r);
	if (r->next >= r->set->nr)
		return false;
	return load_block(r, r->next);
}

size_t pfn_block_of(const struct ami_pfnset *set, uint64_t pfn)
{
	size_t lo = 0, hi = set->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (set->block[mid].first < pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? lo - 1 : 0;
}

bool pfn_seek(struct pfn_reader *r, struct pfn_run *run, uint64_t pfn)
{
	const struct ami_pfnset *set = r->set;

	if (r->next < set->nr && set->block[r->next].first <= pfn)
		if (!load_block(r, pfn_block_of(set, pfn + 1)))
			return false;
	while (pfn_next(r, run))
		if (run->end > pfn)
			return true;
	return false;
}

static bool reserve(struct pfn_block *b, size_t len)
{
	size_t room = b->room ? b->room : FIRST_ROOM;

	while (room < len)
		room *= 2;
	if (room == b->room)
		return true;
	if (!vec_resize(b->code, room))
		return false;
	b->room = room;
	return true;
}

static bool reserve_blocks(struct ami_pfnset *set, size_t nr)
{
	size_t room = set->room ? set->room : 1;

	while (room < nr)
		room += room / 2 + 1;
	if (room == set->room)
		return true;
	if (!vec_resize(set->block, room))
		return false;
	set->room = room;
	return true;
}

static bool new_block(struct ami_pfnset *set, uint64_t first)
{
	if (!reserve_blocks(set, set->nr + 1))
		return false;
	set->block[set->nr++] = (struct pfn_block){ .first = first };
	return true;
}

/* Write the last run, which begins at @last_at. */
static bool put_last(struct ami_pfnset *set)
{
	struct pfn_block *b = &set->block[set->nr - 1];

	if (!reserve(b, set->last_at + RUN_BYTES))
		return false;
	b->len = pfn_put_run(b->code + set->last_at,
			 set->last.first - set->last_after,
			 set->last.end - set->last.first) - b->code;
	return true;
}

static bool begin_run(struct ami_pfnset *set, uint64_t first, uint64_t end)
{
	struct pfn_block *b = set->nr ? &set->block[set->nr - 1] : NULL;

	set->last_after = set->last.end;
	if (!b || b->len + RUN_BYTES > set->fill) {
		if (!new_block(set, first))
			return false;
		b = &set->block[set->nr - 1];
		set->last_after = first;
	}
	set->last_at = b->len;
	set->last = (struct pfn_run){ first, end };
	return put_last(set);
}

void pfn_append(struct ami_pfnset *set, uint64_t first, uint64_t end)
{
	uint64_t more = end - first;
	bool ok;

	if (set->failed)
		return;
	if (set->nr && first == set->last.end) {
		set->last.end = end;
		ok = put_last(set);
	} else {
		ok = begin_run(set, first, end);
	}
	if (!ok) {
		set->failed = true;
		return;
	}
	set->block[set->nr - 1].frames += more;
	set->count += more;
}

/* Find the last run again after the last block changed. */
static void find_last(struct ami_pfnset *set)
{
	struct pfn_reader r = pfn_read(set);
	struct pfn_block *b;

	set->last = (struct pfn_run){ 0, 0 };
	if (!set->nr)
		return;
	b = &set->block[set->nr - 1];
	load_block(&r, set->nr - 1);
	while (r.at != r.end) {
		set->last_at = r.at - b->code;
		set->last_after = r.after;
		pfn_next(&r, &set->last);
	}
}

void pfn_flush(struct pfn_writer *w)
{
	struct ami_pfnset *set = w->set;
	size_t len = w->at ? w->at - w->code : 0;
	struct pfn_block *b;

	w->at = NULL;
	if (!len || set->failed)
		return;
	set->failed = !new_block(set, w->first);
	if (set->failed)
		return;
	b = &set->block[set->nr - 1];
	b->code = malloc(len);
	if (!b->code) {
		set->nr--;
		set->failed = true;
		return;
	}
	memcpy(b->code, w->code, len);
	b->len = b->room = len;
	b->frames = w->frames;
	set->count += w->frames;
	w->frames = 0;
}

void pfn_finish(struct pfn_writer *w)
{
	pfn_flush(w);
	find_last(w->set);
}

void pfn_splice(struct ami_pfnset *set, size_t from, size_t to,
		struct ami_pfnset *part)
{
	size_t nr = set->nr - (to - from) + part->nr, i;

	set->failed |= part->failed || !reserve_blocks(set, nr);
	if (set->failed) {
		pfn_clear(part);
		return;
	}
	for (i = from; i < to; i++) {
		set->count -= set->block[i].frames;
		free(set->block[i].code);
	}
	memmove(set->block + from + part->nr, set->block + to,
		(set->nr - to) * sizeof(*set->block));
	if (part->nr)
		memcpy(set->block + from, part->block,
		       part->nr * sizeof(*set->block));
	set->count += part->count;
	set->nr = nr;
	if (from + part->nr == nr)
		find_last(set);
	part->nr = 0;
	pfn_clear(part);
}

void pfn_clear(struct ami_pfnset *set)
{
	size_t i;

	for (i = 0; i < set->nr && !set->spill; i++)
		free(set->block[i].code);
	free(set->block);
	set->spill = NULL;
	set->block = NULL;
	set->nr = set->room = 0;
	set->count = 0;
	set->last = (struct pfn_run){ 0, 0 };
}

void pfn_replace(struct ami_pfnset *set, struct ami_pfnset *by)
{
	uint32_t users = set->users;
	bool failed = set->failed || by->failed;

	pfn_clear(set);
	*set = *by;
	set->users = users;
	set->failed = failed;
	by->block = NULL;
	by->nr = by->room = 0;
	pfn_clear(by);
}
