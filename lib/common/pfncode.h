/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a set of page frames lies in memory. Private to lib/common.
 *
 *	pfncode		the bytes of runs, and blocks of them (here)
 *	pfnset		a set: one frame or run at a time
 *	pfnops		two sets: union, intersection, comparison
 *	pfnbatch	frames in any order, sorted before they join a set
 *	pfnmerge	many frames or many sets at once, as bits of a window
 *	pfnseen		not a set: frames met so far, for walks
 *	spill		blocks in a file (--low-memory)
 */
#ifndef AMI_PFNCODE_H
#define AMI_PFNCODE_H

#include <amdiommu/pfnset.h>
#include <common/vec.h>

/*
 * A set is an ascending list of blocks. A block is the code of runs that do
 * not touch each other. A run is one or two numbers of 7-bit groups, lowest
 * group first. The first number is twice the gap to the end of the run before,
 * plus 1 if the run has more than one frame. Then the second number follows:
 * its frames less 2. The first run of a block has gap 0 from @first. So a lone
 * frame takes one byte if its neighbours are near, and three if they are a
 * hundred thousand frames away.
 */
#define BLOCK_BYTES	512u
#define RUN_BYTES	12u	/* at most for a run: two numbers below 2^41 */

struct pfn_run {
	uint64_t first, end;
};

/**
 * struct pfn_block - @frames in as many runs as @len bytes of code hold
 * @offset: where they are in the file, if the set was spilled
 */
struct pfn_block {
	uint64_t first, frames;
	union {
		uint8_t *code;
		uint64_t offset;
	};
	uint16_t len, room;
};

/**
 * struct ami_pfnset
 * @last: the last run; its code begins at @last_at in the last block, and
 * 	the run before it ends at @last_after
 * @fill: bytes of code after which append begins another block
 * @users: who shares the set
 * @spill: where the code of the blocks is; NULL: in memory
 * @failed: memory ran out, frames are missing
 */
struct ami_pfnset {
	struct pfn_block *block;
	size_t nr, room;
	uint64_t count;
	struct pfn_run last;
	uint64_t last_after;
	uint16_t last_at, fill;
	uint32_t users;
	struct ami_spill *spill;
	bool failed;
};

/**
 * struct pfn_reader - reads the runs of a set one after the other
 * @release: the set is given up: free each block once it is read
 */
struct pfn_reader {
	const struct ami_pfnset *set;
	size_t next;		/* block */
	const uint8_t *at, *end;
	uint64_t after;		/* end of the run before */
	bool release;
	uint8_t fetched[BLOCK_BYTES];	/* block of a spilled set */
};

/* Not an initializer: it would clear the half kilobyte at the end. */
static inline struct pfn_reader pfn_read(const struct ami_pfnset *set)
{
	struct pfn_reader r;

	r.set = set;
	r.next = 0;
	r.at = r.end = NULL;
	r.after = 0;
	r.release = false;
	return r;
}

/** pfn_fetch() - the code of a spilled block; false: unreadable */
bool pfn_fetch(struct ami_spill *spill, const struct pfn_block *b,
	       uint8_t code[BLOCK_BYTES]);

/** pfn_load() - go on with the next block; false: there is none */
bool pfn_load(struct pfn_reader *r);

static inline uint64_t pfn_get(const uint8_t **at)
{
	const uint8_t *p = *at;
	uint64_t value = *p & 0x7f;
	unsigned int shift = 7;

	for (; *p++ & 0x80; shift += 7)
		value |= (uint64_t)(*p & 0x7f) << shift;
	*at = p;
	return value;
}

static inline uint8_t *pfn_put(uint8_t *to, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		*to++ = value | 0x80;
	*to++ = value;
	return to;
}

static inline uint8_t *pfn_put_run(uint8_t *to, uint64_t gap, uint64_t count)
{
	to = pfn_put(to, gap << 1 | (count > 1));
	return count > 1 ? pfn_put(to, count - 2) : to;
}

/** pfn_next() - false at the end */
static inline bool pfn_next(struct pfn_reader *r, struct pfn_run *run)
{
	uint64_t gap;

	if (r->at == r->end && !pfn_load(r))
		return false;
	gap = pfn_get(&r->at);
	run->first = r->after + (gap >> 1);
	run->end = run->first + (gap & 1 ? pfn_get(&r->at) + 2 : 1);
	r->after = run->end;
	return true;
}

/**
 * pfn_seek() - @run becomes the first run that ends after @pfn. Forward only.
 */
bool pfn_seek(struct pfn_reader *r, struct pfn_run *run, uint64_t pfn);

/** pfn_block_of() - the last block that begins below @pfn; 0 if none does */
size_t pfn_block_of(const struct ami_pfnset *set, uint64_t pfn);

/** pfn_append() - add a run that does not begin before the last run's end */
void pfn_append(struct ami_pfnset *set, uint64_t first, uint64_t end);

/**
 * pfn_splice() - blocks of @part replace blocks [@from, @to)
 *
 * @part is empty afterwards.
 */
void pfn_splice(struct ami_pfnset *set, size_t from, size_t to,
		struct ami_pfnset *part);

/** pfn_clear() - free the blocks, not the set */
void pfn_clear(struct ami_pfnset *set);

/**
 * pfn_replace() - move the content of @by into @set; @by's old content is freed
 */
void pfn_replace(struct ami_pfnset *set, struct ami_pfnset *by);

/**
 * struct pfn_writer - writes final, ascending runs to a set
 *
 * Several times as fast as pfn_append(), which can still extend the last
 * run. Zero it, set @set to an empty set, call pfn_finish() at the end.
 */
struct pfn_writer {
	struct ami_pfnset *set;
	uint8_t *at;
	uint64_t first, after, frames;
	uint8_t code[BLOCK_BYTES];
};

/** pfn_flush() - the runs written so far become a block */
void pfn_flush(struct pfn_writer *w);

static inline void pfn_write(struct pfn_writer *w, uint64_t first,
			     uint64_t end)
{
	if (w->at && w->at > w->code + BLOCK_BYTES - RUN_BYTES)
		pfn_flush(w);
	if (!w->at) {
		w->at = w->code;
		w->first = w->after = first;
	}
	w->at = pfn_put_run(w->at, first - w->after, end - first);
	w->after = end;
	w->frames += end - first;
}

/** pfn_finish() - complete the set; pfn_append() may follow */
void pfn_finish(struct pfn_writer *w);

/**
 * pfn_merge() - merge @n sets of short runs into the empty set @to
 *
 * The sets are used up, and need ami_pfnset_free(). False: out of memory.
 */
bool pfn_merge(struct ami_pfnset *to, struct ami_pfnset *const *set, size_t n);

/**
 * pfn_sort_in() - sort @n frames into the empty set @to
 * @low: their lower 32 bits, @chunk: the upper ones
 *
 * False: too few frames to pay off, or out of memory. Then nothing is done.
 */
bool pfn_sort_in(struct ami_pfnset *to, uint64_t chunk, const uint32_t *low,
		 size_t n);

/** pfn_take() - add @other, which is used up and needs ami_pfnset_free() */
void pfn_take(struct ami_pfnset *set, struct ami_pfnset *other);

#endif
