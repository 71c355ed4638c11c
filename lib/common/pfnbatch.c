// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames in no order, sorted before they join a set. */
#include <stdlib.h>
#include <string.h>

#include <amdiommu/pfnset.h>

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

static void add_sorted(struct ami_pfnbatch *b)
{
	size_t i, run;

	for (i = 0; i < b->count; i += run) {
		for (run = 1; i + run < b->count &&
		     b->low[i + run] == b->low[i] + run; run++)
			;
		ami_pfnset_add(b->set, b->chunk << 32 | b->low[i], run);
	}
}

/* Without memory to sort in, what is there goes in as it is: only slower. */
static void take_over(struct ami_pfnbatch *b)
{
	uint32_t *other = NULL;
	struct ami_pfnset *part;

	if (!is_sorted(b->low, b->count))
		other = malloc(b->count * sizeof(*other));
	if (other) {
		sort_pass(b->low, other, b->count, 0);
		sort_pass(other, b->low, b->count, DIGIT);
		sort_pass(b->low, other, b->count, 2 * DIGIT);
		memcpy(b->low, other, b->count * sizeof(*other));
		free(other);
	}
	part = ami_pfnset_of(b->chunk, b->low, b->count);
	if (part)
		ami_pfnset_union(b->set, part);
	else
		add_sorted(b);
	ami_pfnset_free(part);
	b->count = 0;
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

void ami_pfnbatch_flush(struct ami_pfnbatch *b)
{
	if (b->count)
		take_over(b);
	free(b->low);
	b->low = NULL;
	b->room = 0;
}
