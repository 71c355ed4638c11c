/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_PFNSET_H
#define AMDIOMMU_PFNSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct ami_pfnset - a set of page frame numbers below 2^40
 *
 * The set is stored as compressed runs. Memory grows with the fragments of the
 * set, not with its size, by one to four bytes for each. If memory runs out,
 * frames are lost; ami_pfnset_failed() then returns true.
 */
struct ami_pfnset;

#define AMI_PFN_LIMIT	(1ull << 40)

/** ami_pfnset_new() - an empty set; NULL when out of memory */
struct ami_pfnset *ami_pfnset_new(void);

/** ami_pfnset_free() - give up one owner's part; the last one frees the set */
void ami_pfnset_free(struct ami_pfnset *set);

/** ami_pfnset_share() - add an owner, who also frees it; no more changes. */
struct ami_pfnset *ami_pfnset_share(struct ami_pfnset *set);

/**
 * ami_pfnset_failed() - did the set, or a set it was made from, lose frames?
 *
 * True also once anything in the set's temporary file could not be read.
 */
bool ami_pfnset_failed(const struct ami_pfnset *set);

/** ami_pfnset_add() - add @count frames from @first; drops those above 2^40. */
void ami_pfnset_add(struct ami_pfnset *set, uint64_t first, uint64_t count);

/**
 * struct ami_pfnbatch - many frames without order that go into a set
 *
 * Adding them one by one changes half a kilobyte for each. A batch sorts them
 * first. Zero it, set @set, and call ami_pfnbatch_flush() at the end.
 */
#define AMI_PFNBATCH_DEPTH	16u

struct ami_pfnbatch {
	struct ami_pfnset *set;
	uint32_t *low;		/* of frames in the chunk of 2^32 at @chunk */
	size_t count, room;
	uint64_t chunk;
	struct ami_pfnset *stack[AMI_PFNBATCH_DEPTH];	/* smaller and smaller */
	size_t depth;
};

/** ami_pfnbatch_add() - add @count frames from @first, now or later. */
void ami_pfnbatch_add(struct ami_pfnbatch *batch, uint64_t first,
		      uint64_t count);

/** ami_pfnbatch_join() - add all of @other; fast for any number of frames. */
void ami_pfnbatch_join(struct ami_pfnbatch *batch,
		       const struct ami_pfnset *other);

/** ami_pfnbatch_flush() - put all frames into the set, and empty the batch. */
void ami_pfnbatch_flush(struct ami_pfnbatch *batch);

/** ami_pfnset_test_add() - add one frame; true if it was there already. */
bool ami_pfnset_test_add(struct ami_pfnset *set, uint64_t pfn);

/** ami_pfnset_remove() - remove @count frames from @first on */
void ami_pfnset_remove(struct ami_pfnset *set, uint64_t first, uint64_t count);

/** ami_pfnset_union() - add all frames of @other */
void ami_pfnset_union(struct ami_pfnset *set, const struct ami_pfnset *other);

/** ami_pfnset_subtract() - remove the frames that are in @other. */
void ami_pfnset_subtract(struct ami_pfnset *set,
			 const struct ami_pfnset *other);

/**
 * ami_pfnset_and() - make a set of the frames that are in both
 *
 * The caller frees it. NULL when out of memory, or if @a or @b has lost frames.
 */
struct ami_pfnset *ami_pfnset_and(const struct ami_pfnset *a,
				  const struct ami_pfnset *b);

/** ami_pfnset_common() - number of frames that are in both */
uint64_t ami_pfnset_common(const struct ami_pfnset *a,
			   const struct ami_pfnset *b);

/** ami_pfnset_first() - the lowest frame, AMI_PFN_LIMIT if the set is empty */
uint64_t ami_pfnset_first(const struct ami_pfnset *set);

/** ami_pfnset_next() - the lowest frame from @pfn on; AMI_PFN_LIMIT: none */
uint64_t ami_pfnset_next(const struct ami_pfnset *set, uint64_t pfn);

/** ami_pfnset_has() - is @pfn in the set? */
bool ami_pfnset_has(const struct ami_pfnset *set, uint64_t pfn);

/** ami_pfnset_count() - number of frames in the set */
uint64_t ami_pfnset_count(const struct ami_pfnset *set);

/** ami_pfnset_blocks() - number of blocks, the cost of a pass over the set */
uint64_t ami_pfnset_blocks(const struct ami_pfnset *set);

/** ami_pfnset_compact() - re-encode runs once a set is complete. */
void ami_pfnset_compact(struct ami_pfnset *set);

/**
 * struct ami_spill - a file for complete sets, used where memory is short
 * @keep: bytes of small sets that may still stay in memory
 * @failed: something in the file could not be read, so a set misses frames
 */
struct ami_spill {
	int fd;
	uint64_t size;
	size_t keep;
	bool failed;
};

/** ami_spill_open() - make a nameless file in @folder; -1: errno says why */
int ami_spill_open(struct ami_spill *spill, const char *folder);

/** ami_spill_close() - close the file, after the sets in it are freed */
void ami_spill_close(struct ami_spill *spill);

/**
 * ami_pfnset_spill() - move the set to the file, which must outlive it
 *
 * A twentieth of the set stays in memory. All of it stays if the file cannot
 * grow, or while the first sets together are small. The set must not change any
 * more.
 */
void ami_pfnset_spill(struct ami_pfnset *set, struct ami_spill *spill);

/**
 * ami_pfnset_ranges() - call @fn for each run of frames, ascending
 *
 * Stops early when @fn returns false.
 */
void ami_pfnset_ranges(const struct ami_pfnset *set,
		       bool (*fn)(void *ctx, uint64_t first, uint64_t count),
		       void *ctx);

/** ami_pfnset_ranges_in() - the same, only for @count frames from @from on */
void ami_pfnset_ranges_in(const struct ami_pfnset *set, uint64_t from,
			  uint64_t count,
			  bool (*fn)(void *ctx, uint64_t first,
				     uint64_t count),
			  void *ctx);

/**
 * struct ami_pfnseen - page frames that were met, for several kinds of meeting
 *
 * Faster and larger than a set; it cannot list its frames. Starts as zeros.
 */
struct ami_pfnseen {
	struct ami_pfnword {
		uint64_t key, bits;
	} *word;
	size_t used, room;
};

#define AMI_PFNSEEN_KIND_BITS	4u

/** ami_pfnseen_add() - 1: new, 0: met before, -1: out of memory */
int ami_pfnseen_add(struct ami_pfnseen *seen, unsigned int kind, uint64_t pfn);

/** ami_pfnseen_free() - forget all; @seen may be used again */
void ami_pfnseen_free(struct ami_pfnseen *seen);

#endif
