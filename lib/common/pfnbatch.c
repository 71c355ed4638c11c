// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames in any order, sorted before they join a set. */
#include <stdlib.h>
#include <string.h>

#include "pfncode.h"

#define MAX_BATCH	(1u << 20)	/* 4 MiB, and the same to sort */
#define FIRST_BATCH	1024u
#define LONG_RUN	64u		/* goes straight to the set */
#define SHORT_RUN	8u	/* frames for each byte of code */
#define FOLDED		8u	/* how many sets merge at once, or more */
#define DIGIT		11u
#define DIGITS		(1u << DIGIT)

/* One pass of a stable radix sort, by the digit at @shift. */
static void sort_pass(const uint32_t *from, uint32_t *to, size_t n,
		      unsigned int shift, uint32_t mask)
{
	uint32_t start[DIGITS] = { 0 }, sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		start[from[i] >> shift & mask]++;
	for (i = 0; i <= mask; i++) {
		uint32_t here = start[i];

		start[i] = sum;
		sum += here;
	}
	for (i = 0; i < n; i++)
		to[start[from[i] >> shift & mask]++] = from[i];
}

/* How many low bits differ. 0 also if all are in order. */
static unsigned int bits_to_sort(const uint32_t *low, size_t n)
{
	uint32_t differ = 0;
	bool sorted = true;
	size_t i;

	for (i = 1; i < n; i++) {
		sorted &= low[i] >= low[i - 1];
		differ |= low[i] ^ low[i - 1];
	}
	return sorted ? 0 : 32 - __builtin_clz(differ);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void sort(struct ami_pfnbatch *b)
{
	unsigned int bits = bits_to_sort(b->low, b->count), digit, shift;
	uint32_t *from = b->low, *other;

	if (!bits)
		return;
	other = malloc(b->room * sizeof(*other));
	if (!other) {
		qsort(b->low, b->count, sizeof(*b->low), by_number);
		return;
	}
	/* As few passes as possible, with digits as small as possible. */
	digit = (bits + DIGIT - 1) / DIGIT;
	digit = (bits + digit - 1) / digit;
	for (shift = 0; shift < bits; shift += digit) {
		sort_pass(from, other, b->count, shift, (1u << digit) - 1);
		b->low = other;
		other = from;
		from = b->low;
	}
	free(other);
}

/* Are the runs so short that a bitmap sorts them faster? */
static bool short_runs(struct ami_pfnset *const *set, size_t n)
{
	uint64_t frames = 0, blocks = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		frames += set[i]->count;
		blocks += set[i]->nr;
	}
	return frames < blocks * BLOCK_BYTES * SHORT_RUN;
}

/* The sets in the stack from @from on become one set. */
static void fold(struct ami_pfnbatch *b, size_t from)
{
	struct ami_pfnset **set = b->stack + from, *all;
	size_t n = b->depth - from;

	if (n < 2)
		return;
	all = ami_pfnset_new();
	if (!all || (n > 2 && short_runs(set, n) && !pfn_merge(all, set, n)))
		b->set->failed = true;
	while (b->depth > from) {
		if (all)
			pfn_take(all, b->stack[b->depth - 1]);
		ami_pfnset_free(b->stack[--b->depth]);
	}
	if (all)
		b->stack[b->depth++] = all;
}

/* Large sets stay as they are until enough small ones lie above them. */
static void stack_up(struct ami_pfnbatch *b, struct ami_pfnset *part)
{
	size_t from = AMI_PFNBATCH_DEPTH, sum = 0;

	if (b->depth == AMI_PFNBATCH_DEPTH) {
		while (from && (from > AMI_PFNBATCH_DEPTH - FOLDED ||
				b->stack[from - 1]->nr <= 2 * sum))
			sum += b->stack[--from]->nr;
		fold(b, from);
	}
	b->stack[b->depth++] = part;
}

static void write_sorted(struct ami_pfnset *set, uint64_t chunk,
			 const uint32_t *low, size_t count)
{
	struct pfn_writer w = { .set = set };
	size_t i, n;

	for (i = 0; i < count; i = n) {
		uint32_t last = low[i];

		for (n = i + 1; n < count && low[n] - last <= 1; n++)
			last = low[n];
		pfn_write(&w, chunk | low[i], (chunk | last) + 1);
	}
	pfn_finish(&w);
}

/* The collected frames become a set, and join the earlier ones. */
static void take_over(struct ami_pfnbatch *b)
{
	struct ami_pfnset *part = ami_pfnset_new();
	uint64_t chunk = b->chunk << 32;
	bool sorted = bits_to_sort(b->low, b->count) == 0;

	if (part && (sorted || !pfn_sort_in(part, chunk, b->low, b->count))) {
		sort(b);
		write_sorted(part, chunk, b->low, b->count);
	}
	b->count = 0;
	if (part)
		stack_up(b, part);
	else
		b->set->failed = true;
}

/* Make room for one more. False: it must go in directly. */
static bool grow_batch(struct ami_pfnbatch *b)
{
	size_t room = b->room ? 4 * b->room : FIRST_BATCH;

	if (b->count < b->room)
		return true;
	if (b->room < MAX_BATCH && vec_resize(b->low, room)) {
		b->room = room;
		return true;
	}
	if (b->count)
		take_over(b);
	return b->room;
}

void ami_pfnbatch_add(struct ami_pfnbatch *b, uint64_t first, uint64_t count)
{
	if (count > LONG_RUN || first >= AMI_PFN_LIMIT) {
		ami_pfnset_add(b->set, first, count);
		return;
	}
	for (; count--; first++) {
		if (b->count && b->chunk != first >> 32)
			take_over(b);
		b->chunk = first >> 32;
		if (grow_batch(b))
			b->low[b->count++] = first;
		else
			ami_pfnset_add(b->set, first, 1);
	}
}

void ami_pfnbatch_join(struct ami_pfnbatch *b, const struct ami_pfnset *other)
{
	struct ami_pfnset *part = ami_pfnset_new();

	if (!part) {
		b->set->failed = true;
		return;
	}
	ami_pfnset_union(part, other);
	stack_up(b, part);
}

void ami_pfnbatch_flush(struct ami_pfnbatch *b)
{
	if (b->count)
		take_over(b);
	fold(b, 0);
	if (b->depth) {
		pfn_take(b->set, b->stack[--b->depth]);
		ami_pfnset_free(b->stack[0]);
	}
	free(b->low);
	b->low = NULL;
	b->room = 0;
}
