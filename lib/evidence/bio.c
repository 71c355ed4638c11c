// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests and the memory they are about: include/linux/{bio,bvec}.h. */
#include "block.h"
#include "bounce.h"

#define MAX_BIOS	65536u
#define INTEGRITY_BIT	16

struct bios {
	struct ami_evidence *ev;
	struct ami_kernel *k;
	struct budget *budget;
	enum bio_damage damage;
};

/* A segment may be many pages long; they are contiguous. */
static bool add_segment(struct bios *b, uint64_t bvec, uint64_t done,
			uint64_t *size)
{
	uint64_t page, len, offset, pfn;

	if (ami_get(b->k, bvec, AMI_F_bvec_page, &page) != AMI_MEM_OK ||
	    ami_get(b->k, bvec, AMI_F_bvec_len, &len) != AMI_MEM_OK ||
	    ami_get(b->k, bvec, AMI_F_bvec_offset, &offset) != AMI_MEM_OK) {
		b->damage = BIO_UNREAD;
	} else if (done > len) {
		b->damage = BIO_BAD_ITER;
	} else if (!ami_page_to_pfn(b->k, page, &pfn)) {
		b->damage = BIO_BAD_PAGE;
	} else {
		len -= done;
		if (len > *size)
			len = *size;
		add_memory(b->ev, (pfn << AMI_PAGE_SHIFT) + offset + done,
			   len);
		*size -= len;
		return true;
	}
	return false;
}

/* What @iter, a struct bvec_iter, leaves of the segments at @vec. */
static uint64_t add_segments(struct bios *b, uint64_t vec, uint64_t iter)
{
	enum ami_field part = ami_has(b->k, AMI_F_bvec_iter_done) ?
			      AMI_F_bvec_iter_done : AMI_F_bvec_iter_offset;
	uint64_t step = ami_type_size(b->k, AMI_T_bio_vec);
	uint64_t size, left, idx, done;

	if (ami_get(b->k, iter, AMI_F_bvec_iter_size, &size) != AMI_MEM_OK ||
	    ami_get(b->k, iter, AMI_F_bvec_iter_idx, &idx) != AMI_MEM_OK ||
	    ami_get(b->k, iter, part, &done) != AMI_MEM_OK || !step) {
		b->damage = BIO_UNREAD;
		return 0;
	}
	for (left = size; left && spend(b->budget); idx++, done = 0)
		if (!add_segment(b, vec + idx * step, done, &left))
			break;
	return size - left;
}

/* Protection information (T10 PI) has a list of segments of its own. */
static void add_integrity(struct bios *b, uint64_t bio)
{
	int64_t bit = ami_enumerator(b->k, AMI_E___REQ_INTEGRITY,
				     INTEGRITY_BIT);
	uint64_t opf, bip, vec;

	if (ami_get(b->k, bio, AMI_F_bio_opf, &opf) != AMI_MEM_OK ||
	    bit < 0 || bit > 31 || !(opf >> bit & 1) ||
	    !ami_has(b->k, AMI_F_bip_iter) ||
	    ami_get(b->k, bio, AMI_F_bio_integrity, &bip) != AMI_MEM_OK)
		return;
	if (ami_get(b->k, bip, AMI_F_bip_vec, &vec) != AMI_MEM_OK)
		b->damage = BIO_UNREAD;
	else
		add_segments(b, vec, ami_addr(b->k, bip, AMI_F_bip_iter));
}

enum bio_damage add_bios(struct ami_evidence *ev, uint64_t link,
			 struct budget *budget, uint64_t *bytes)
{
	struct bios b = { .ev = ev, .budget = budget };
	struct ami_list_iter it;
	uint64_t node, vec;

	b.k = ev->state->kernel;
	*bytes = 0;
	/* bi_next comes first in every kernel: a list without a head. */
	ami_llist_start(&it, b.k, link, MAX_BIOS);
	while (ami_list_next(&it, &node) && spend(budget)) {
		uint64_t bio = ami_container(b.k, node, AMI_F_bio_next);

		if (ami_get(b.k, bio, AMI_F_bio_io_vec, &vec) != AMI_MEM_OK) {
			b.damage = BIO_UNREAD;
			break;
		}
		*bytes += add_segments(&b, vec,
				       ami_addr(b.k, bio, AMI_F_bio_iter));
		add_integrity(&b, bio);
	}
	if (it.broken)
		return BIO_LOOP;
	return b.damage == BIO_FINE && it.mem != AMI_MEM_OK ? BIO_UNREAD :
							       b.damage;
}

bool request_read(struct ami_kernel *k, uint64_t va, struct request *rq)
{
	rq->va = va;
	if (ami_get(k, va, AMI_F_request_start_time, &rq->start) != AMI_MEM_OK)
		rq->start = 0;
	return ami_get(k, va, AMI_F_request_state, &rq->state) == AMI_MEM_OK &&
	       ami_get(k, va, AMI_F_request_cmd_flags, &rq->flags) ==
	       AMI_MEM_OK &&
	       ami_get(k, va, AMI_F_request_data_len, &rq->data_len) ==
	       AMI_MEM_OK &&
	       ami_get(k, va, AMI_F_request_sector, &rq->sector) == AMI_MEM_OK;
}

bool request_issued(const struct ami_kernel *k, const struct request *rq)
{
	return (int64_t)rq->state ==
	       ami_enumerator(k, AMI_E_MQ_RQ_IN_FLIGHT, 1);
}

bool request_completed(const struct ami_kernel *k, const struct request *rq)
{
	return (int64_t)rq->state == ami_enumerator(k, AMI_E_MQ_RQ_COMPLETE, 2);
}

/* Operations that bring data have even numbers: op_is_write(). */
bool request_reads(const struct request *rq)
{
	return !(rq->flags & OP_MASK & 1);
}
