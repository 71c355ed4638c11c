// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What USB drivers had asked for (URBs), on one transfer ring: TRBs from dequeue to
 * enqueue say where the controller writes. The driver's list of transfers (td_list)
 * leads to the URBs, which say what was mapped for it.
 */
#include <stdlib.h>

#include "xhci.h"

#define MAX_TDS		65536u
#define MAX_SEGMENTS	65536u	/* of the memory of one URB */
#define URB_DIR_IN	0x200u
#define TRB_CHAIN	(1u << 4)
#define TRB_IMMEDIATE	(1u << 6)	/* the pointer is the data */
#define TRB_DIR_IN	(1u << 16)
#define TRB_LENGTH	0x1ffffu
#define RING_INTERRUPT	3u	/* enum xhci_ring_type; since 3.0 */
#define SG_CHAIN	1u
#define SG_END		2u

/**
 * struct urbs - memory that URBs on a ring had mapped for input
 * @list: ascending by address; @seen: bytes that TRBs name of it
 * @mem: why some of it is not known
 */
struct urbs {
	const struct xhci_queue *q;
	struct range {
		uint64_t dma, len, seen;
	} *list;
	size_t count;
	bool lost;
};

/**
 * struct request - TRBs of one transfer
 * @bytes: that the controller is to write
 */
struct request {
	const struct xhci_trb *trbs;
	size_t count;
	uint64_t bytes;
	bool answered, held, unknown;
};

static void keep_range(struct urbs *u, uint64_t dma, uint64_t len)
{
	if (len)
		evidence_grown(u->q->r->ev,
			       vec_push(u->list, u->count, SIZE_MAX,
					(struct range){ dma, len, 0 }));
}

static enum ami_mem read_segment(struct ami_kernel *k, uint64_t sg,
				 uint64_t *dma, uint64_t *len)
{
	enum ami_mem mem = ami_get(k, sg, AMI_F_sg_dma, dma);

	if (mem != AMI_MEM_OK)
		return mem;
	return ami_get(k, sg, ami_has(k, AMI_F_sg_dma_length) ?
		       AMI_F_sg_dma_length : AMI_F_sg_length, len);
}

static enum ami_mem read_list(struct urbs *u, uint64_t sg, uint64_t count)
{
	struct ami_kernel *k = u->q->r->kernel;
	uint64_t size = ami_type_size(k, AMI_T_scatterlist), link, dma, len, i;
	enum ami_mem mem = size ? AMI_MEM_OK : AMI_MEM_NO_FIELD;

	if (count > MAX_SEGMENTS)
		return AMI_MEM_DAMAGED;
	for (i = 0; i < count && mem == AMI_MEM_OK; i++, sg += size) {
		if (!evidence_spend(u->q->r->ev, AMI_COST_ENTRY))
			return AMI_MEM_LEFT_OUT;
		mem = ami_get(k, sg, AMI_F_sg_page_link, &link);
		if (mem == AMI_MEM_OK && link & SG_CHAIN) {
			sg = link & ~(uint64_t)(SG_CHAIN | SG_END);
			mem = ami_get(k, sg, AMI_F_sg_page_link, &link);
		}
		if (mem == AMI_MEM_OK)
			mem = read_segment(k, sg, &dma, &len);
		if (mem == AMI_MEM_OK)
			keep_range(u, dma, len);
	}
	return mem;
}

static enum ami_mem read_urb(struct urbs *u, uint64_t urb)
{
	struct ami_kernel *k = u->q->r->kernel;
	uint64_t flags, sgs, sg, dma, len;
	enum ami_mem mem = ami_get(k, urb, AMI_F_xhci_urb_flags, &flags);

	if (mem != AMI_MEM_OK || !(flags & URB_DIR_IN))
		return mem;
	mem = ami_get(k, urb, AMI_F_xhci_urb_nr_sgs, &sgs);
	if (mem == AMI_MEM_OK && sgs) {
		mem = ami_get(k, urb, AMI_F_xhci_urb_sg, &sg);
		return mem == AMI_MEM_OK ? read_list(u, sg, sgs) : mem;
	}
	if (mem == AMI_MEM_OK)
		mem = ami_get(k, urb, AMI_F_xhci_urb_dma, &dma);
	if (mem == AMI_MEM_OK)
		mem = ami_get(k, urb, AMI_F_xhci_urb_len, &len);
	if (mem == AMI_MEM_OK)
		keep_range(u, dma, len);
	return mem;
}

/* An isochronous URB has several transfers in a row. */
static enum ami_mem read_td(struct urbs *u, uint64_t td, uint64_t *last)
{
	uint64_t urb;
	enum ami_mem mem = ami_get(u->q->r->kernel, td, AMI_F_xhci_td_urb, &urb);

	if (mem != AMI_MEM_OK || !urb || urb == *last)
		return mem;
	*last = urb;
	return read_urb(u, urb);
}

static int by_dma(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->dma > y->dma) - (x->dma < y->dma);
}

static void read_urbs(struct urbs *u)
{
	struct reading *r = u->q->r;
	enum ami_mem mem = AMI_MEM_OK, one;
	struct ami_list_iter it;
	uint64_t node, last = 0;

	ami_busy_list_start(&it, r->kernel,
			    ami_addr(r->kernel, u->q->ring, AMI_F_xhci_ring_tds),
			    MAX_TDS);
	while (ami_list_next(&it, &node)) {
		one = read_td(u, ami_container(r->kernel, node,
					       AMI_F_xhci_td_list), &last);
		if (one != AMI_MEM_OK)
			mem = one;
	}
	if (mem == AMI_MEM_OK)
		mem = it.broken ? AMI_MEM_DAMAGED : it.mem;
	if (mem != AMI_MEM_OK) {
		u->lost = true;
		reading_unread(r, "list of transfers", u->q->ring, mem);
	}
	if (u->count)
		qsort(u->list, u->count, sizeof(*u->list), by_dma);
}

/* Is all of it in what URBs had mapped? That may be in several parts. */
static bool mapped_for(struct urbs *u, uint64_t dma, uint64_t len)
{
	size_t low = 0, high = u->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (u->list[mid].dma <= dma)
			low = mid + 1;
		else
			high = mid;
	}
	for (; len && low && low <= u->count; low++) {
		struct range *range = &u->list[low - 1];
		uint64_t into = dma - range->dma, part;

		if (into >= range->len)
			return false;
		part = range->len - into < len ? range->len - into : len;
		range->seen += part;
		dma += part;
		len -= part;
	}
	return !len;
}

static bool is_bounce(const struct xhci_ring *ring, uint64_t dma)
{
	size_t i;

	for (i = 0; dma && i < ring->nr_segs; i++)
		if (ring->segs[i].bounce == dma)
			return true;
	return false;
}

/* Bytes that the controller writes for this TRB. */
static uint64_t written(const struct xhci_queue *q, const struct xhci_trb *t)
{
	switch (xhci_trb_type(t)) {
	case XHCI_NORMAL:
	case XHCI_ISOCH:
		if (!q->in)
			return 0;
		break;
	case XHCI_DATA:
		if (!(t->control & TRB_DIR_IN))
			return 0;
		break;
	default:
		return 0;
	}
	return t->control & TRB_IMMEDIATE ? 0 : t->status & TRB_LENGTH;
}

static enum ami_certainty certainty_of(const struct xhci_queue *q,
				       const struct urbs *u,
				       const struct request *req,
				       const char **why)
{
	*why = q->asleep ? q->asleep : req->held ? ", not announced" :
	       req->answered ? ", answered" :
	       req->unknown && !u->lost ? ", of no URB" : "";
	if (q->asleep || req->held)
		return AMI_POSSIBLE;
	return req->answered || req->unknown || q->answers->unread ?
	       AMI_LIKELY : AMI_PROVEN;
}

static void post_request(const struct xhci_queue *q, const struct urbs *u,
			 const struct request *req, uint64_t type)
{
	struct reading *r = q->r;
	const char *why;
	enum ami_certainty certainty = certainty_of(q, u, req, &why);
	char size[24];
	size_t i;

	evidence_begin_transfer(r->ev, r->device,
				type == RING_INTERRUPT ? AMI_TRANSFER_POSTED :
				AMI_TRANSFER_INFLIGHT, certainty,
				r->reader->driver, "%s: read of %s%s", q->label,
				evidence_bytes_text(req->bytes, size), why);
	for (i = 0; i < req->count; i++)
		if (written(q, &req->trbs[i]))
			evidence_add_dma(r->ev, r->device, req->trbs[i].pointer,
					 written(q, &req->trbs[i]));
	evidence_end_transfer(r->ev);
}

/* One transfer: up to a TRB without the chain bit. Links are in between. */
static void read_request(const struct xhci_queue *q, const struct xhci_ring *ring,
			 size_t first, struct urbs *u, struct request *req)
{
	size_t i;

	*req = (struct request){ .trbs = &ring->trbs[first] };
	for (i = first; i < ring->nr_trbs; ) {
		const struct xhci_trb *t = &ring->trbs[i++];
		uint64_t len = written(q, t);

		req->count++;
		req->bytes += len;
		req->held |= !t->given;
		if (len && !q->no_urbs && !is_bounce(ring, t->pointer))
			req->unknown |= !mapped_for(u, t->pointer, len);
		if (xhci_trb_type(t) != XHCI_LINK && !(t->control & TRB_CHAIN))
			break;
	}
}

/* TRBs before this one were done before it: the place behind the last answer. */
static size_t answered_up_to(const struct xhci_queue *q,
			     const struct xhci_ring *ring)
{
	size_t i;

	for (i = ring->nr_trbs; i; i--)
		if (xhci_answered(q->answers, ring->trbs[i - 1].at))
			break;
	return i;
}

static void post_requests(const struct xhci_queue *q, const struct xhci_ring *ring,
			  struct urbs *u)
{
	size_t answered = answered_up_to(q, ring), unknown = 0, i;
	uint64_t type = 0;
	struct request req;

	ami_get(q->r->kernel, ring->va, AMI_F_xhci_ring_type, &type);
	for (i = 0; i < ring->nr_trbs; i += req.count) {
		read_request(q, ring, i, u, &req);
		req.answered = i < answered;
		unknown += req.unknown && !q->asleep;
		post_request(q, u, &req, type);
	}
	if (unknown && !u->lost)
		ami_finding_note_with(q->r->ev->state->findings,
				 AMI_FIND_DESCRIPTOR_DISAGREES, q->r->where,
				 AMI_FACTS(READING_NAMES(q->r), AMI_NAMES(RING, q->label),
					   AMI_SAYS(COUNT, unknown)),
				 "%s: %zu transfers name memory that no URB on the ring had mapped. What URBs had mapped and no transfer names counts as possible.",
				 q->label, unknown);
}

/* Memory of a URB that is done in part, was called off, or is being queued. */
static void post_rest(const struct urbs *u, enum ami_certainty certainty,
		      const char *why)
{
	const struct xhci_queue *q = u->q;
	size_t i;

	evidence_begin_transfer(q->r->ev, q->r->device, AMI_TRANSFER_INFLIGHT,
				certainty, q->r->reader->driver,
				"%s: memory of URBs, %s", q->label, why);
	for (i = 0; i < u->count; i++)
		if (u->list[i].seen < u->list[i].len)
			evidence_add_dma(q->r->ev, q->r->device, u->list[i].dma,
					 u->list[i].len);
	evidence_end_transfer(q->r->ev);
}

bool xhci_queue_read(const struct xhci_queue *q)
{
	struct urbs u = { .q = q };
	struct xhci_ring ring;
	bool done = xhci_ring_open(q->r, q->ring, q->label, &ring) &&
		    xhci_ring_queued(q->r, &ring, q->label);

	if (!q->no_urbs)
		read_urbs(&u);
	post_requests(q, &ring, &u);
	post_rest(&u, !done && !q->asleep ? AMI_LIKELY : AMI_POSSIBLE,
		  done ? "in no transfer that waits" :
		  "whose transfers cannot be read");
	xhci_ring_close(&ring);
	free(u.list);
	return done && !u.lost;
}
