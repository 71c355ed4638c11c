// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests and their memory: include/linux/{bio,bvec}.h. */
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

/* An address that leads nowhere is damage. What was left out is not. */
static bool went_well(struct bios *b, enum ami_mem mem)
{
	if (mem != AMI_MEM_OK)
		b->damage = ami_mem_wild(mem) ? BIO_NOWHERE : BIO_UNREAD;
	return mem == AMI_MEM_OK;
}

/* The start of the array of struct pages may not be in the dump. */
static bool find_page(struct bios *b, uint64_t page, uint64_t *pfn)
{
	if (ami_page_to_pfn(b->k, page, pfn))
		return true;
	b->damage = ami_pfn_to_page(b->k, 0) ? BIO_BAD_PAGE : BIO_UNREAD;
	return false;
}

/* A segment may be many pages long. They are contiguous. */
static bool add_segment(struct bios *b, uint64_t bvec, uint64_t done,
			uint64_t *size)
{
	uint64_t page, len, offset, pfn;

	if (!went_well(b, ami_get(b->k, bvec, AMI_F_bvec_page, &page)) ||
	    !went_well(b, ami_get(b->k, bvec, AMI_F_bvec_len, &len)) ||
	    !went_well(b, ami_get(b->k, bvec, AMI_F_bvec_offset, &offset)))
		return false;
	if (done > len) {
		b->damage = BIO_BAD_ITER;
		return false;
	}
	if (!find_page(b, page, &pfn))
		return false;
	len -= done;
	if (len > *size)
		len = *size;
	evidence_add_memory(b->ev, (pfn << AMI_PAGE_SHIFT) + offset + done, len);
	*size -= len;
	return true;
}

/* What @iter, a struct bvec_iter, leaves of the segments at @vec. */
static uint64_t add_segments(struct bios *b, uint64_t vec, uint64_t iter)
{
	enum ami_field part = ami_has(b->k, AMI_F_bvec_iter_done) ?
			      AMI_F_bvec_iter_done : AMI_F_bvec_iter_offset;
	uint64_t step = ami_type_size(b->k, AMI_T_bio_vec);
	uint64_t size, left, idx, done;

	if (!went_well(b, ami_get(b->k, iter, AMI_F_bvec_iter_size, &size)) ||
	    !went_well(b, ami_get(b->k, iter, AMI_F_bvec_iter_idx, &idx)) ||
	    !went_well(b, ami_get(b->k, iter, part, &done)) ||
	    !went_well(b, step ? AMI_MEM_OK : AMI_MEM_NO_FIELD))
		return 0;
	for (left = size; left && spend(b->budget); idx++, done = 0)
		if (!add_segment(b, vec + idx * step, done, &left))
			break;
	return size - left;
}

/* Protection information (T10 PI) has its own list of segments. */
static void add_integrity(struct bios *b, uint64_t bio)
{
	int64_t bit = ami_enumerator(b->k, AMI_E___REQ_INTEGRITY,
				     INTEGRITY_BIT);
	uint64_t opf, bip, vec;

	if (!ami_has(b->k, AMI_F_bio_opf) || bit < 0 || bit > 31 ||
	    !went_well(b, ami_get(b->k, bio, AMI_F_bio_opf, &opf)) ||
	    !(opf >> bit & 1) || !ami_has(b->k, AMI_F_bip_iter) ||
	    !ami_has(b->k, AMI_F_bio_integrity) ||
	    !went_well(b, ami_get(b->k, bio, AMI_F_bio_integrity, &bip)) ||
	    !went_well(b, ami_get(b->k, bip, AMI_F_bip_vec, &vec)))
		return;
	add_segments(b, vec, ami_addr(b->k, bip, AMI_F_bip_iter));
}

enum bio_damage evidence_add_bios(struct ami_evidence *ev, uint64_t link,
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

		if (!went_well(&b, ami_get(b.k, bio, AMI_F_bio_io_vec, &vec)))
			break;
		*bytes += add_segments(&b, vec,
				       ami_addr(b.k, bio, AMI_F_bio_iter));
		add_integrity(&b, bio);
	}
	if (it.broken)
		return BIO_LOOP;
	if (b.damage == BIO_FINE)
		went_well(&b, it.mem);
	return b.damage;
}

enum ami_mem evidence_request_read(struct ami_kernel *k, uint64_t va,
				   struct request *rq)
{
	enum ami_mem mem;

	rq->va = va;
	if (ami_get(k, va, AMI_F_request_start_time, &rq->start) != AMI_MEM_OK)
		rq->start = 0;
	mem = ami_get(k, va, AMI_F_request_state, &rq->state);
	if (mem == AMI_MEM_OK)
		mem = ami_get(k, va, AMI_F_request_cmd_flags, &rq->flags);
	if (mem == AMI_MEM_OK)
		mem = ami_get(k, va, AMI_F_request_data_len, &rq->data_len);
	if (mem == AMI_MEM_OK)
		mem = ami_get(k, va, AMI_F_request_sector, &rq->sector);
	return mem;
}

bool evidence_request_issued(const struct ami_kernel *k, const struct request *rq)
{
	return (int64_t)rq->state ==
	       ami_enumerator(k, AMI_E_MQ_RQ_IN_FLIGHT, 1);
}

bool evidence_request_completed(const struct ami_kernel *k, const struct request *rq)
{
	return (int64_t)rq->state == ami_enumerator(k, AMI_E_MQ_RQ_COMPLETE, 2);
}

/* Operations that bring data have even numbers: op_is_write(). */
bool evidence_request_reads(const struct request *rq)
{
	return !(rq->flags & OP_MASK & 1);
}
