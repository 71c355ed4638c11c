// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include <amdiommu/pfnset.h>
#include <roaring/roaring.h>

/* These names are of 4.x, where the older ones are deprecated. */
#ifndef CROARING_DEPRECATED
#define roaring_iterator_init		roaring_init_iterator
#define roaring_uint32_iterator_read	roaring_read_uint32_iterator
#endif

#define CHUNKS	AMI_PFN_CHUNKS

struct ami_pfnset {
	roaring_bitmap_t *chunk[CHUNKS];
};

struct ami_pfnset *ami_pfnset_new(void)
{
	return calloc(1, sizeof(struct ami_pfnset));
}

void ami_pfnset_free(struct ami_pfnset *set)
{
	unsigned int i;

	if (!set)
		return;
	for (i = 0; i < CHUNKS; i++)
		if (set->chunk[i])
			roaring_bitmap_free(set->chunk[i]);
	free(set);
}

static roaring_bitmap_t *chunk_of(struct ami_pfnset *set, uint64_t pfn)
{
	roaring_bitmap_t **chunk = &set->chunk[pfn >> 32];

	if (!*chunk) {
		*chunk = roaring_bitmap_create();
		if (!*chunk)
			abort();
	}
	return *chunk;
}

/* Split [first, first + count) at multiples of 2^32. */
static bool next_piece(uint64_t *first, uint64_t *count, uint64_t *from,
		       uint64_t *n)
{
	if (!*count || *first >= AMI_PFN_LIMIT)
		return false;
	*from = *first;
	*n = (1ull << 32) - (uint32_t)*first;
	if (*n > *count)
		*n = *count;
	*first += *n;
	*count -= *n;
	return true;
}

void ami_pfnset_add(struct ami_pfnset *set, uint64_t first, uint64_t count)
{
	uint64_t from, n;

	while (next_piece(&first, &count, &from, &n)) {
		/* Much faster than a range of one. */
		if (n == 1)
			roaring_bitmap_add(chunk_of(set, from),
					   (uint32_t)from);
		else
			roaring_bitmap_add_range_closed(chunk_of(set, from),
							(uint32_t)from,
							(uint32_t)(from + n -
								   1));
	}
}

struct ami_pfnset *ami_pfnset_of(uint64_t chunk, const uint32_t *low, size_t n)
{
	struct ami_pfnset *set = ami_pfnset_new();

	if (!set || chunk >= CHUNKS)
		return set;
	set->chunk[chunk] = roaring_bitmap_of_ptr(n, low);
	if (!set->chunk[chunk])
		abort();
	return set;
}

bool ami_pfnset_test_add(struct ami_pfnset *set, uint64_t pfn)
{
	if (pfn >= AMI_PFN_LIMIT)
		return true;
	return !roaring_bitmap_add_checked(chunk_of(set, pfn), (uint32_t)pfn);
}

void ami_pfnset_remove(struct ami_pfnset *set, uint64_t first, uint64_t count)
{
	uint64_t from, n;

	while (next_piece(&first, &count, &from, &n))
		if (set->chunk[from >> 32])
			roaring_bitmap_remove_range_closed(
				set->chunk[from >> 32], (uint32_t)from,
				(uint32_t)(from + n - 1));
}

void ami_pfnset_union(struct ami_pfnset *set, const struct ami_pfnset *other)
{
	unsigned int i;

	for (i = 0; i < CHUNKS; i++)
		if (other->chunk[i])
			roaring_bitmap_or_inplace(
				chunk_of(set, (uint64_t)i << 32),
				other->chunk[i]);
}

void ami_pfnset_subtract(struct ami_pfnset *set,
			 const struct ami_pfnset *other)
{
	unsigned int i;

	for (i = 0; i < CHUNKS; i++)
		if (set->chunk[i] && other->chunk[i])
			roaring_bitmap_andnot_inplace(set->chunk[i],
						      other->chunk[i]);
}

struct ami_pfnset *ami_pfnset_and(const struct ami_pfnset *a,
				  const struct ami_pfnset *b)
{
	struct ami_pfnset *both = ami_pfnset_new();
	unsigned int i;

	for (i = 0; both && i < CHUNKS; i++) {
		if (!a->chunk[i] || !b->chunk[i])
			continue;
		both->chunk[i] = roaring_bitmap_and(a->chunk[i], b->chunk[i]);
		if (!both->chunk[i])
			abort();
	}
	return both;
}

uint64_t ami_pfnset_common(const struct ami_pfnset *a,
			   const struct ami_pfnset *b)
{
	uint64_t count = 0;
	unsigned int i;

	for (i = 0; i < CHUNKS; i++)
		if (a->chunk[i] && b->chunk[i])
			count += roaring_bitmap_and_cardinality(a->chunk[i],
								b->chunk[i]);
	return count;
}

uint64_t ami_pfnset_first(const struct ami_pfnset *set)
{
	unsigned int i;

	for (i = 0; i < CHUNKS; i++)
		if (set->chunk[i] && !roaring_bitmap_is_empty(set->chunk[i]))
			return (uint64_t)i << 32 |
			       roaring_bitmap_minimum(set->chunk[i]);
	return AMI_PFN_LIMIT;
}

bool ami_pfnset_has(const struct ami_pfnset *set, uint64_t pfn)
{
	if (pfn >= AMI_PFN_LIMIT || !set->chunk[pfn >> 32])
		return false;
	return roaring_bitmap_contains(set->chunk[pfn >> 32], (uint32_t)pfn);
}

uint64_t ami_pfnset_count(const struct ami_pfnset *set)
{
	uint64_t count = 0;
	unsigned int i;

	for (i = 0; i < CHUNKS; i++)
		if (set->chunk[i])
			count += roaring_bitmap_get_cardinality(set->chunk[i]);
	return count;
}

void ami_pfnset_compact(struct ami_pfnset *set)
{
	unsigned int i;

	for (i = 0; i < CHUNKS; i++) {
		if (!set->chunk[i])
			continue;
		roaring_bitmap_run_optimize(set->chunk[i]);
		roaring_bitmap_shrink_to_fit(set->chunk[i]);
	}
}

size_t ami_pfnset_chunk(const struct ami_pfnset *set, unsigned int chunk,
			void *buf)
{
	const roaring_bitmap_t *r = set->chunk[chunk];

	if (!r || roaring_bitmap_is_empty(r))
		return 0;
	return buf ? roaring_bitmap_portable_serialize(r, buf) :
		     roaring_bitmap_portable_size_in_bytes(r);
}

struct runs {
	bool (*fn)(void *ctx, uint64_t first, uint64_t count);
	void *ctx;
	uint64_t first, count;
};

static bool run_step(struct runs *run, uint64_t pfn)
{
	if (run->count && run->first + run->count == pfn) {
		run->count++;
		return true;
	}
	if (run->count && !run->fn(run->ctx, run->first, run->count))
		return false;
	run->first = pfn;
	run->count = 1;
	return true;
}

void ami_pfnset_ranges(const struct ami_pfnset *set,
		       bool (*fn)(void *ctx, uint64_t first, uint64_t count),
		       void *ctx)
{
	struct runs run = { fn, ctx, 0, 0 };
	roaring_uint32_iterator_t it;
	uint32_t values[1024], n, j;
	unsigned int i;

	for (i = 0; i < CHUNKS; i++) {
		if (!set->chunk[i])
			continue;
		roaring_iterator_init(set->chunk[i], &it);
		while ((n = roaring_uint32_iterator_read(&it, values, 1024)))
			for (j = 0; j < n; j++)
				if (!run_step(&run, (uint64_t)i << 32 |
						    values[j]))
					return;
	}
	if (run.count)
		fn(ctx, run.first, run.count);
}
