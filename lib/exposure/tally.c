// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who owns how many of the pages that each requester could write? It goes
 * window by window of page frames, so that memory does not grow with the pages.
 * Exposed frames are bits of the window. Each frame's owner is looked up once
 * and counted for each set.
 */
#include <stdlib.h>
#include <string.h>

#include "tally.h"

#define WINDOW		AMI_OWNER_WINDOW
#define BLOCK		4096u		/* frames that are counted together */
#define BLOCKS		(WINDOW / BLOCK)
#define BLOCK_WORDS	(BLOCK / 64)
#define WINDOW_BYTES	(WINDOW / 8)

/**
 * struct window - what is known of its frames
 * @class: frames of a class; NULL: none at all
 * @all: frames of any class
 * @owner: of each frame in @all
 * @sum: for each block, how many frames in @all each owner has
 */
struct window {
	uint64_t first;
	uint64_t *class[AMI_CLASSES], *all;
	uint8_t *owner;
	uint32_t (*sum)[AMI_OWNERS];
};

static bool is_empty(const uint64_t *word)
{
	unsigned int i;

	for (i = 0; i < BLOCK_WORDS; i++)
		if (word[i])
			return false;
	return true;
}

/* --- bits -------------------------------------------------------------------- */

struct bits {
	uint64_t *word;
	uint64_t first;
};

static bool set_bits(void *ctx, uint64_t first, uint64_t count)
{
	struct bits *b = ctx;
	uint64_t at = first - b->first, end = at + count;

	while (at < end) {
		uint64_t n = 64 - at % 64;

		if (n > end - at)
			n = end - at;
		b->word[at / 64] |= UINT64_MAX >> (64 - n) << at % 64;
		at += n;
	}
	return true;
}

/* False: nothing is exposed here. */
static bool find_exposed(const struct ami_exposures *ex,
			 const struct tallies *t, struct window *w)
{
	bool some = false;
	size_t i, k;
	int class;

	memset(w->all, 0, WINDOW_BYTES);
	for (class = 0; class < AMI_CLASSES; class++) {
		struct bits b = { w->class[class], w->first };

		if (!b.word)
			continue;
		ami_exposures_spend(ex, WINDOW / 64 * AMI_COST_ENTRY);
		memset(b.word, 0, WINDOW_BYTES);
		for (i = 0; i < t->nr; i++) {
			const struct tally *one = &t->list[i];

			if (!(one->classes >> class & 1) ||
			    one->next >= w->first + WINDOW)
				continue;
			ami_exposures_spend(ex, AMI_COST_SET);
			ami_pfnset_ranges_in(one->pages, w->first, WINDOW,
					     set_bits, &b);
			some = true;
		}
		for (k = 0; k < WINDOW / 64; k++)
			w->all[k] |= b.word[k];
	}
	return some;
}

/* --- counts ------------------------------------------------------------------ */

static void count_bits(const struct window *w, const uint64_t *word,
		       uint32_t block, uint32_t sum[AMI_OWNERS])
{
	const uint8_t *owner = w->owner + block * BLOCK;
	uint64_t bits;
	uint32_t i;

	memset(sum, 0, AMI_OWNERS * sizeof(*sum));
	for (i = 0; i < BLOCK_WORDS; i++, owner += 64) {
		if (word[i] == UINT64_MAX && !memcmp(owner, owner + 1, 63)) {
			sum[*owner] += 64;
			continue;
		}
		for (bits = word[i]; bits; bits &= bits - 1)
			sum[owner[__builtin_ctzll(bits)]]++;
	}
}

static void sum_blocks(struct ami_exposures *ex, struct window *w)
{
	uint32_t block, own[AMI_OWNERS], *sum;
	int class, owner;

	for (block = 0; block < BLOCKS; block++) {
		const uint64_t *all = w->all + block * BLOCK_WORDS;

		count_bits(w, all, block, w->sum[block]);
		for (class = 0; class < AMI_CLASSES; class++) {
			const uint64_t *word = w->class[class];

			if (!word || is_empty(word += block * BLOCK_WORDS))
				continue;
			sum = w->sum[block];
			if (memcmp(word, all, BLOCK / 8))
				count_bits(w, word, block, sum = own);
			for (owner = 0; owner < AMI_OWNERS; owner++)
				ex->class_owners[class][owner] += sum[owner];
		}
	}
}

struct counting {
	const struct window *w;
	struct tally *tally;
};

static void count_each(struct counting *c, uint64_t at, uint64_t end)
{
	struct tally *t = c->tally;

	for (; at < end; at++) {
		uint8_t owner = c->w->owner[at];

		if (!t->count[owner]++)
			t->first[owner] = c->w->first + at;
	}
}

/* The run covers the block, so all its frames are exposed. */
static void count_block(struct counting *c, uint64_t at)
{
	const uint32_t *sum = c->w->sum[at / BLOCK];
	struct tally *t = c->tally;
	int owner;

	for (owner = 0; owner < AMI_OWNERS; owner++) {
		if (sum[owner] && !t->count[owner])
			t->first[owner] = c->w->first +
				((uint8_t *)memchr(c->w->owner + at, owner,
						   BLOCK) - c->w->owner);
		t->count[owner] += sum[owner];
	}
}

static bool count_run(void *ctx, uint64_t first, uint64_t count)
{
	struct counting *c = ctx;
	uint64_t at = first - c->w->first, end = at + count, stop;

	while (at < end) {
		stop = (at / BLOCK + 1) * BLOCK;
		if (at % BLOCK || end < stop)
			count_each(c, at, stop < end ? stop : end);
		else
			count_block(c, at);
		at = stop;
	}
	return true;
}

/* Frames whose content is checked later. Free ones are kept apart, too. */
static void keep_contents(struct tallies *t, const struct window *w,
			  bool free_ones)
{
	uint32_t block, i;

	for (block = 0; block < BLOCKS; block++) {
		const uint32_t *sum = w->sum[block];

		if (!sum[AMI_OWNER_SLAB] && !sum[AMI_OWNER_OBJECT] &&
		    !(free_ones && sum[AMI_OWNER_FREE]))
			continue;
		for (i = block * BLOCK; i < (block + 1) * BLOCK; i++) {
			if (!(w->all[i / 64] >> i % 64 & 1))
				continue;
			if (ami_owner_in_slab(w->owner[i]))
				ami_pfnset_add(t->contents, w->first + i, 1);
			if (free_ones && w->owner[i] == AMI_OWNER_FREE) {
				ami_pfnset_add(t->contents, w->first + i, 1);
				ami_pfnset_add(t->free, w->first + i, 1);
			}
		}
	}
}

static void count_window(struct ami_exposures *ex, struct tallies *t,
			 struct window *w)
{
	size_t i;

	if (!find_exposed(ex, t, w))
		return;
	ami_owners_fill(ex->owners, w->first, w->all, w->owner);
	if (ami_dump_stopped(ami_kernel_dump(ex->state->kernel)))
		return;
	sum_blocks(ex, w);
	keep_contents(t, w, ami_free_page_filling(ex->state->kernel) >= 0);
	for (i = 0; i < t->nr; i++) {
		struct tally *one = &t->list[i];
		struct counting c = { w, one };

		if (one->next >= w->first + WINDOW)
			continue;
		ami_pfnset_ranges_in(one->pages, w->first, WINDOW, count_run,
				     &c);
		one->next = ami_pfnset_next(one->pages, w->first + WINDOW);
	}
}

/* --- all of it ---------------------------------------------------------------- */

static bool add_tally(struct tallies *t, struct ami_index *known,
		      const struct ami_exposure *e, size_t *position)
{
	uint64_t key = (uintptr_t)e->pages;
	int owner;

	if (ami_index_find(known, key, position))
		return true;
	*position = t->nr++;
	t->list[*position] = (struct tally){
		.pages = e->pages, .next = ami_pfnset_first(e->pages),
	};
	for (owner = 0; owner < AMI_OWNERS; owner++)
		t->list[*position].first[owner] = AMI_PFN_LIMIT;
	return ami_index_add(known, key, *position);
}

/* Exposures with the same set are one. */
static int group(const struct ami_exposures *ex, struct tallies *t,
		 struct window *w)
{
	struct ami_index known = { .room = 0 };
	size_t i, n;
	bool ok;

	t->list = calloc(ex->count + 1, sizeof(*t->list));
	t->of = calloc(ex->count + 1, sizeof(*t->of));
	t->contents = ami_pfnset_new();
	t->free = ami_pfnset_new();
	ok = t->list && t->of && t->contents && t->free;
	for (i = 0; ok && i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (!e->pages)
			continue;
		ok = !ami_pfnset_failed(e->pages) &&
		     add_tally(t, &known, e, &n);
		if (!ok)
			break;
		t->list[n].classes |= 1u << e->class;
		t->of[i] = n + 1;
		if (!w->class[e->class])
			w->class[e->class] = malloc(WINDOW_BYTES);
		ok = w->class[e->class];
	}
	ami_index_free(&known);
	return ok ? 0 : -1;
}

static uint64_t lowest_next(const struct tallies *t)
{
	uint64_t next = AMI_PFN_LIMIT;
	size_t i;

	for (i = 0; i < t->nr; i++)
		if (t->list[i].next < next)
			next = t->list[i].next;
	return next;
}

int exposure_tally_owners(struct ami_exposures *ex, struct tallies *t)
{
	const struct ami_dump *dump = ami_kernel_dump(ex->state->kernel);
	struct window w = { .all = malloc(WINDOW_BYTES) };
	int ret = -1, class;
	uint64_t next;

	memset(t, 0, sizeof(*t));
	memset(ex->class_owners, 0, sizeof(ex->class_owners));
	w.owner = malloc(WINDOW);
	w.sum = malloc(BLOCKS * sizeof(*w.sum));
	if (w.all && w.owner && w.sum && !group(ex, t, &w)) {
		while ((next = lowest_next(t)) < AMI_PFN_LIMIT &&
		       !ami_dump_stopped(dump)) {
			w.first = next / WINDOW * WINDOW;
			count_window(ex, t, &w);
		}
		ret = ami_pfnset_failed(t->contents) ||
		      ami_pfnset_failed(t->free) ? -1 : 0;
	}
	for (class = 0; class < AMI_CLASSES; class++)
		free(w.class[class]);
	free(w.all);
	free(w.owner);
	free(w.sum);
	return ret;
}

void exposure_tallies_free(struct tallies *t)
{
	free(t->list);
	free(t->of);
	ami_pfnset_free(t->contents);
	ami_pfnset_free(t->free);
}
