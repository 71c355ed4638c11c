// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames in no order, sorted before they join a set. */
#include <stdlib.h>
#include <string.h>

#include "pfncode.h"

#define MAX_BATCH	(1u << 20)	/* 4 MiB, and as much to sort in */
#define FIRST_BATCH	1024u
#define LONG_RUN	64u		/* goes straight to the set */
#define DIGIT		11u
#define DIGITS		(1u << DIGIT)

/* One pass of a radix sort: by the digit at @shift, stable. */
static void sort_pass(const uint32_t *from, uint32_t *to, size_t n,
		      unsigned int shift)
{
	size_t start[DIGITS] = { 0 }, sum = 0, i;

	for (i = 0; i < n; i++)
		start[from[i] >> shift & (DIGITS - 1)]++;
	for (i = 0; i < DIGITS; i++) {
		size_t here = start[i];

		start[i] = sum;
		sum += here;
	}
	for (i = 0; i < n; i++)
		to[start[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

static bool is_sorted(const uint32_t *low, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (low[i] < low[i - 1])
			return false;
	return true;
}

static void sort(struct ami_pfnbatch *b)
{
	uint32_t *other;

	if (is_sorted(b->low, b->count))
		return;
	other = malloc(b->count * sizeof(*other));
	if (!other)
		return;		/* goes in as it is: only slower */
	sort_pass(b->low, other, b->count, 0);
	sort_pass(other, b->low, b->count, DIGIT);
	sort_pass(b->low, other, b->count, 2 * DIGIT);
	memcpy(b->low, other, b->count * sizeof(*other));
	free(other);
}

/* Each frame is merged only with about as many others as it came with. */
static void stack_up(struct ami_pfnbatch *b, struct ami_pfnset *part)
{
	struct ami_pfnset **top = b->stack + b->depth;

	while (b->depth && top[-1]->nr <= 2 * part->nr) {
		ami_pfnset_union(part, *--top);
		ami_pfnset_free(*top);
		b->depth--;
	}
	if (b->depth < AMI_PFNBATCH_DEPTH) {
		*top = part;
		b->depth++;
		return;
	}
	ami_pfnset_union(b->set, part);
	ami_pfnset_free(part);
}

/* All that were collected become a set, and join what came before. */
static void take_over(struct ami_pfnbatch *b)
{
	struct ami_pfnset *part = ami_pfnset_new();
	uint64_t chunk = b->chunk << 32;
	size_t i, run;

	sort(b);
	for (i = 0; part && i < b->count; i += run) {
		for (run = 1; i + run < b->count &&
		     b->low[i + run] == b->low[i] + run; run++)
			;
		ami_pfnset_add(part, chunk | b->low[i], run);
	}
	b->count = 0;
	if (part)
		stack_up(b, part);
	else
		b->set->failed = true;
}

/* Room for one more; false: it must go in directly. */
static bool grow(struct ami_pfnbatch *b)
{
	size_t room = b->room ? 4 * b->room : FIRST_BATCH;
	uint32_t *more;

	if (b->count < b->room)
		return true;
	if (b->room < MAX_BATCH) {
		more = realloc(b->low, room * sizeof(*more));
		if (more) {
			b->low = more;
			b->room = room;
			return true;
		}
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
		if (grow(b))
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
	while (b->depth) {
		ami_pfnset_union(b->set, b->stack[--b->depth]);
		ami_pfnset_free(b->stack[b->depth]);
	}
	free(b->low);
	b->low = NULL;
	b->room = 0;
}
