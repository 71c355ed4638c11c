/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/evidence: the block layer (block/, include/linux/blk-mq.h). */
#ifndef AMI_EVIDENCE_BLOCK_H
#define AMI_EVIDENCE_BLOCK_H

#include "evidence.h"

#define OP_MASK		0xffu	/* of cmd_flags: REQ_OP_BITS */

/* No driver asks for more: BLK_MQ_MAX_DEPTH is 10240. */
#define MAX_TAGS	65536u

/**
 * struct budget - how much work a damaged dump may still cause
 * @left: tags, bios and segments that may still be read
 * @spent: something was left out because none was left
 */
struct budget {
	uint64_t left;
	bool spent;
};

#define BLOCK_BUDGET	(1u << 23)

/** spend() - one more piece of work; false: the limit is reached */
static inline bool spend(struct budget *b)
{
	if (!b->left) {
		b->spent = true;
		return false;
	}
	b->left--;
	return true;
}

/**
 * evidence_tags_each() - the requests that hold a tag
 * @tags: address of a struct blk_mq_tags
 * @fn: called with each tag and the address of its struct request
 *
 * Returns why some tags were not read; AMI_MEM_DAMAGED if they are
 * impossible.
 */
enum ami_mem evidence_tags_each(struct ami_kernel *kernel, uint64_t tags,
				struct budget *budget,
				void (*fn)(void *ctx, uint32_t tag, uint64_t request),
				void *ctx);

/**
 * evidence_tag_set_each() - each struct blk_mq_tags of a set (a hardware queue)
 * @set: address of a struct blk_mq_tag_set
 *
 * Tags that all queues share come once, as those of queue 0.
 */
enum ami_mem evidence_tag_set_each(struct ami_kernel *kernel, uint64_t set,
				   void (*fn)(void *ctx, uint32_t queue, uint64_t tags),
				   void *ctx);

/** enum bio_damage - why memory of a request could not be named */
enum bio_damage {
	BIO_FINE,
	BIO_UNREAD,	/* a bio or segment is not in the dump */
	BIO_NOWHERE,	/* a bio or segment has an impossible address */
	BIO_LOOP,	/* the chain of bios does not end */
	BIO_BAD_PAGE,	/* a segment's page is not a page */
	BIO_BAD_ITER,	/* it begins past the end of its segment */
};

/**
 * evidence_add_bios() - add the rest of a chain of bios to the open transfer
 * @link: address of the pointer to the first one
 * @bytes: of data, without protection information
 */
enum bio_damage evidence_add_bios(struct ami_evidence *ev, uint64_t link,
				  struct budget *budget, uint64_t *bytes);

/** struct request - what a request says about itself */
struct request {
	uint64_t va;
	uint32_t tag;
	uint64_t state, flags, data_len, sector, start;
};

/** evidence_request_read() - read a request, or return why it is unreadable */
enum ami_mem evidence_request_read(struct ami_kernel *kernel, uint64_t va,
				   struct request *rq);

/** evidence_request_issued(), evidence_request_completed() - by its state */
bool evidence_request_issued(const struct ami_kernel *kernel, const struct request *rq);
bool evidence_request_completed(const struct ami_kernel *kernel,
				const struct request *rq);

/** evidence_request_reads() - does it bring data from the device? */
bool evidence_request_reads(const struct request *rq);

/**
 * evidence_find_tag_set() - transfers of a tag set that no disk leads to
 * @label: name of their queue
 */
void evidence_find_tag_set(struct ami_evidence *ev, const struct ami_device *device,
			   uint64_t set, const char *label);

void evidence_find_block(struct ami_evidence *ev);

/** evidence_note_requests() - note the pages that a queue's requests lie in. */
void evidence_note_requests(struct ami_evidence *ev, uint64_t tags);

#endif
