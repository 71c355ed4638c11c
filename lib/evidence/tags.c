// SPDX-License-Identifier: GPL-2.0-or-later
/* blk-mq tags: who holds one. include/linux/sbitmap.h, block/blk-mq-tag.c. */
#include "block.h"

#define MAX_QUEUES	4096u
#define WORD_BITS_SHIFT	6

/** struct tag_walk - @mem: the first reason why some of it was not read */
struct tag_walk {
	struct ami_kernel *k;
	struct budget *budget;
	enum ami_mem mem;
	uint64_t rqs;
	void (*fn)(void *ctx, uint32_t tag, uint64_t request);
	void *ctx;
};

static bool went_well(struct tag_walk *w, enum ami_mem mem)
{
	if (w->mem == AMI_MEM_OK)
		w->mem = mem;
	return mem == AMI_MEM_OK;
}

static void busy_tags(struct tag_walk *w, uint64_t busy, uint32_t first,
		      uint32_t end)
{
	for (; busy; busy &= busy - 1) {
		uint32_t tag = first + __builtin_ctzll(busy);
		uint64_t request;

		if (tag >= end || !spend(w->budget))
			return;
		/* NULL: the tag was taken, the request is not linked yet. */
		if (went_well(w, ami_read_u64(w->k, w->rqs + tag * 8ull,
					      &request)) &&
		    ami_kernel_address(request))
			w->fn(w->ctx, tag, request);
	}
}

/* Tags freed in @cleared still have their bit in @word. */
static void sbitmap_each(struct tag_walk *w, uint64_t sb, uint32_t first,
			 uint32_t end)
{
	uint64_t step = ami_type_size(w->k, AMI_T_sbitmap_word);
	uint64_t shift, nr, map, word, cleared, i;

	if (!went_well(w, ami_get(w->k, sb, AMI_F_sbitmap_shift, &shift)) ||
	    !went_well(w, ami_get(w->k, sb, AMI_F_sbitmap_map_nr, &nr)) ||
	    !went_well(w, ami_get(w->k, sb, AMI_F_sbitmap_map, &map)))
		return;
	if (shift > WORD_BITS_SHIFT || !step) {
		went_well(w, AMI_MEM_DAMAGED);
		return;
	}
	for (i = 0; i < nr && first + (i << shift) < end; i++) {
		uint64_t at = map + i * step;
		uint64_t bits = UINT64_MAX >> (64 - (1u << shift));

		if (went_well(w, ami_get(w->k, at, AMI_F_sbitmap_word,
					 &word)) &&
		    went_well(w, ami_get(w->k, at, AMI_F_sbitmap_cleared,
					 &cleared)))
			busy_tags(w, word & ~cleared & bits,
				  first + (i << shift), end);
		else if (ami_mem_wild(w->mem))
			return;
	}
}

/* Embedded, or behind a pointer (5.10). */
static void queue_each(struct tag_walk *w, uint64_t tags, enum ami_field f,
		       uint32_t first, uint32_t end)
{
	const struct ami_member *m = &ami_kernel_layout(w->k)->field[f];
	uint64_t queue = ami_addr(w->k, tags, f);

	if (!m->present)
		went_well(w, AMI_MEM_NO_FIELD);
	else if (first != end &&
		 (m->size != sizeof(queue) ||
		  went_well(w, ami_read_u64(w->k, queue, &queue))))
		sbitmap_each(w, ami_addr(w->k, queue, AMI_F_sbq_sb), first,
			     end);
}

enum ami_mem evidence_tags_each(struct ami_kernel *k, uint64_t tags,
				struct budget *budget,
				void (*fn)(void *ctx, uint32_t tag, uint64_t request),
				void *ctx)
{
	struct tag_walk w = {
		.k = k, .budget = budget, .fn = fn, .ctx = ctx,
	};
	uint64_t nr, reserved;

	if (!went_well(&w, ami_get(k, tags, AMI_F_tags_nr_tags, &nr)) ||
	    !went_well(&w, ami_get(k, tags, AMI_F_tags_nr_reserved,
				   &reserved)) ||
	    !went_well(&w, ami_get(k, tags, AMI_F_tags_rqs, &w.rqs)))
		return w.mem;
	if (nr > MAX_TAGS || reserved > nr)
		return AMI_MEM_DAMAGED;
	queue_each(&w, tags, AMI_F_tags_reserved_bitmap, 0, reserved);
	queue_each(&w, tags, AMI_F_tags_bitmap, reserved, nr);
	return w.mem;
}

enum ami_mem evidence_tag_set_each(struct ami_kernel *k, uint64_t set,
				   void (*fn)(void *ctx, uint32_t queue, uint64_t tags),
				   void *ctx)
{
	uint64_t queues, array, first = 0, tags, i;
	enum ami_mem mem = ami_get(k, set, AMI_F_tag_set_nr_hw_queues, &queues);
	enum ami_mem unread = AMI_MEM_OK;

	if (mem == AMI_MEM_OK)
		mem = ami_get(k, set, AMI_F_tag_set_tags, &array);
	if (mem != AMI_MEM_OK)
		return mem;
	if (queues > MAX_QUEUES)
		return AMI_MEM_DAMAGED;
	for (i = 0; i < queues; i++) {
		mem = ami_read_u64(k, array + 8 * i, &tags);
		if (ami_mem_wild(mem))
			return mem;
		if (mem != AMI_MEM_OK) {
			unread = mem;
			continue;
		}
		/* NULL: this queue serves no CPU. */
		if (tags && tags != first)
			fn(ctx, i, tags);
		if (!i)
			first = tags;
	}
	return unread;
}
