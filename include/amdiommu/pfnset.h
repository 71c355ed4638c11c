/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_PFNSET_H
#define AMDIOMMU_PFNSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct ami_pfnset - a set of page frame numbers below 2^40
 *
 * Compressed bitmaps (CRoaring), one per 2^32 page frames; memory grows with
 * the fragments of the set, not with its size. Operations that run out of
 * memory abort in CRoaring's allocator.
 */
struct ami_pfnset;

#define AMI_PFN_LIMIT	(1ull << 40)

struct ami_pfnset *ami_pfnset_new(void);
void ami_pfnset_free(struct ami_pfnset *set);

/** ami_pfnset_add() - add @count frames from @first; those above 2^40 are cut. */
void ami_pfnset_add(struct ami_pfnset *set, uint64_t first, uint64_t count);

/**
 * ami_pfnset_of() - a set of @n frames, ascending, in one chunk of 2^32
 *
 * @low: their lower 32 bits, @chunk: the others. NULL: no memory.
 */
struct ami_pfnset *ami_pfnset_of(uint64_t chunk, const uint32_t *low,
				 size_t n);

/**
 * struct ami_pfnbatch - many frames in no order, on their way into a set
 *
 * Adding them one by one moves half a container for each; here they are
 * sorted first. Zero it, set @set, call ami_pfnbatch_flush() at the end.
 */
struct ami_pfnbatch {
	struct ami_pfnset *set;
	uint32_t *low;		/* of frames in the chunk of 2^32 at @chunk */
	size_t count, room;
	uint64_t chunk;
};

/** ami_pfnbatch_add() - add @count frames from @first, now or later. */
void ami_pfnbatch_add(struct ami_pfnbatch *batch, uint64_t first,
		      uint64_t count);

/** ami_pfnbatch_flush() - all are in the set; the batch is empty again. */
void ami_pfnbatch_flush(struct ami_pfnbatch *batch);

/** ami_pfnset_test_add() - add one frame; was it there already? */
bool ami_pfnset_test_add(struct ami_pfnset *set, uint64_t pfn);

void ami_pfnset_remove(struct ami_pfnset *set, uint64_t first, uint64_t count);
void ami_pfnset_union(struct ami_pfnset *set, const struct ami_pfnset *other);

/** ami_pfnset_subtract() - take out what is in @other. */
void ami_pfnset_subtract(struct ami_pfnset *set,
			 const struct ami_pfnset *other);

/** ami_pfnset_and() - what is in both; the caller frees it. NULL: no memory. */
struct ami_pfnset *ami_pfnset_and(const struct ami_pfnset *a,
				  const struct ami_pfnset *b);

/** ami_pfnset_common() - how many frames are in both */
uint64_t ami_pfnset_common(const struct ami_pfnset *a,
			   const struct ami_pfnset *b);

/** ami_pfnset_first() - the lowest frame, AMI_PFN_LIMIT when there is none */
uint64_t ami_pfnset_first(const struct ami_pfnset *set);

bool ami_pfnset_has(const struct ami_pfnset *set, uint64_t pfn);
uint64_t ami_pfnset_count(const struct ami_pfnset *set);

/** ami_pfnset_compact() - re-encode runs once a set is complete. */
void ami_pfnset_compact(struct ami_pfnset *set);

#define AMI_PFN_CHUNKS	256u	/* of 2^32 frames each */

/**
 * ami_pfnset_chunk() - one chunk in the portable Roaring format
 * @buf: gets it, NULL: only to ask for the size
 *
 * Returns its size in bytes, 0 when the chunk is empty.
 */
size_t ami_pfnset_chunk(const struct ami_pfnset *set, unsigned int chunk,
			void *buf);

/**
 * ami_pfnset_ranges() - call @fn for each run of frames, ascending
 *
 * Stops early when @fn returns false.
 */
void ami_pfnset_ranges(const struct ami_pfnset *set,
		       bool (*fn)(void *ctx, uint64_t first, uint64_t count),
		       void *ctx);

#endif
