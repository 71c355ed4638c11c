// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rings of xHCI controllers (xHCI 1.2, 4.9): segments of 256 TRBs. The controller
 * reads transfer and command rings and writes event rings. Driver:
 * drivers/usb/host/xhci-ring.c.
 */
#include <stdlib.h>
#include <string.h>

#include "xhci.h"

#define MAX_SEGMENTS	256u
#define CYCLE		1u
#define TOGGLE		2u	/* of a link TRB */
#define COMPLETION(status)	((status) >> 24)
#define STOPPED		26u	/* to 28: the transfer did not end */
#define STOPPED_SHORT	28u

static bool read_segment(struct reading *r, uint64_t va,
			 struct xhci_segment *seg, uint64_t *next)
{
	return reading_get(r, va, AMI_F_xhci_seg_trbs, &seg->trbs) &&
	       reading_get(r, va, AMI_F_xhci_seg_dma, &seg->dma) &&
	       reading_get(r, va, AMI_F_xhci_seg_bounce, &seg->bounce) &&
	       reading_get(r, va, AMI_F_xhci_seg_next, next);
}

/* They form a circle. */
bool xhci_ring_open(struct reading *r, uint64_t va, const char *what,
		    struct xhci_ring *ring)
{
	uint64_t first, at;
	enum vec_room room;

	*ring = (struct xhci_ring){ .va = va };
	if (!reading_get(r, va, AMI_F_xhci_first_seg, &first))
		return false;
	at = first;
	do {
		struct xhci_segment seg = { .va = at };

		if (!evidence_spend(r->ev, AMI_COST_BLOCK) ||
		    !read_segment(r, at, &seg, &at))
			return false;
		room = vec_push(ring->segs, ring->nr_segs, MAX_SEGMENTS, seg);
		if (room == VEC_FULL || seg.dma % XHCI_TRB) {
			reading_damaged(r, what, va);
			return false;
		}
		if (!evidence_grown(r->ev, room))
			return false;
	} while (at != first);
	return true;
}

void xhci_ring_close(struct xhci_ring *ring)
{
	free(ring->segs);
	free(ring->trbs);
	*ring = (struct xhci_ring){ .segs = NULL };
}

/* A place on the ring, as the driver has it: number of the TRB, from the first. */
static bool find_place(const struct xhci_ring *ring, uint64_t trb, size_t *place)
{
	size_t i;

	for (i = 0; i < ring->nr_segs; i++) {
		uint64_t into = trb - ring->segs[i].trbs;

		if (into < XHCI_SEGMENT && into % XHCI_TRB == 0) {
			*place = i * XHCI_TRBS + into / XHCI_TRB;
			return true;
		}
	}
	return false;
}

static bool read_place(struct reading *r, uint64_t ring, enum ami_field f,
		       const struct xhci_ring *on, const char *what,
		       size_t *place)
{
	uint64_t trb;

	if (!reading_get(r, ring, f, &trb))
		return false;
	if (find_place(on, trb, place))
		return true;
	reading_damaged(r, what, ring);
	return false;
}

/* TRBs, one segment at a time as it is in the dump. */
struct trbs {
	struct reading *r;
	const struct xhci_ring *ring;
	const char *what;
	size_t held;		/* segment in @raw; nr_segs: none */
	uint32_t raw[XHCI_TRBS][4];
};

static struct trbs *new_trbs(struct reading *r, const struct xhci_ring *ring,
			     const char *what)
{
	struct trbs *t = malloc(sizeof(*t));

	if (!t) {
		r->ev->collector->no_memory = true;
		return NULL;
	}
	t->r = r;
	t->ring = ring;
	t->what = what;
	t->held = ring->nr_segs;
	return t;
}

static bool read_trb(struct trbs *t, size_t place, struct xhci_trb *trb)
{
	size_t seg = place / XHCI_TRBS, i = place % XHCI_TRBS;
	const struct xhci_segment *s = &t->ring->segs[seg];
	enum ami_mem mem;

	if (seg != t->held) {
		t->held = t->ring->nr_segs;
		if (!evidence_spend(t->r->ev, AMI_COST_BLOCK))
			return false;
		mem = ami_read(t->r->kernel, s->trbs, t->raw, sizeof(t->raw));
		if (mem != AMI_MEM_OK) {
			reading_unread(t->r, t->what, s->trbs, mem);
			return false;
		}
		t->held = seg;
	}
	*trb = (struct xhci_trb){
		.at = s->dma + i * XHCI_TRB,
		.pointer = (uint64_t)t->raw[i][1] << 32 | t->raw[i][0],
		.status = t->raw[i][2], .control = t->raw[i][3],
	};
	return true;
}

/* Is each TRB's cycle bit what the driver writes there to hand it over? */
static void judge_cycles(struct xhci_ring *ring, uint32_t at_enqueue)
{
	uint32_t cycle = at_enqueue & CYCLE;
	size_t i;

	for (i = ring->nr_trbs; i--; ) {
		struct xhci_trb *t = &ring->trbs[i];

		if (xhci_trb_type(t) == XHCI_LINK && t->control & TOGGLE)
			cycle ^= CYCLE;
		t->given = (t->control & CYCLE) == cycle;
	}
}

static bool read_queued(struct trbs *t, struct xhci_ring *ring, size_t from,
			size_t to)
{
	size_t all = ring->nr_segs * XHCI_TRBS, at = from;
	struct xhci_trb trb;

	while (at != to) {
		if (!evidence_spend(t->r->ev, AMI_COST_ENTRY) ||
		    !read_trb(t, at, &trb) ||
		    !evidence_grown(t->r->ev, vec_push(ring->trbs, ring->nr_trbs,
						       all, trb)))
			return false;
		/* The rest of a segment, from its link on, is not used. */
		if (xhci_trb_type(&trb) == XHCI_LINK && at / XHCI_TRBS !=
		    to / XHCI_TRBS)
			at |= XHCI_TRBS - 1;
		at = (at + 1) % all;
	}
	return true;
}

bool xhci_ring_queued(struct reading *r, struct xhci_ring *ring, const char *what)
{
	struct trbs *t;
	uint64_t cycle;
	size_t from, to;
	bool done;

	if (!read_place(r, ring->va, AMI_F_xhci_dequeue, ring, what, &from) ||
	    !read_place(r, ring->va, AMI_F_xhci_enqueue, ring, what, &to) ||
	    !reading_get(r, ring->va, AMI_F_xhci_cycle, &cycle))
		return false;
	t = new_trbs(r, ring, what);
	if (!t)
		return false;
	done = read_queued(t, ring, from, to);
	free(t);
	judge_cycles(ring, cycle);
	return done;
}

static void keep_answer(struct trbs *t, const struct xhci_trb *event,
			struct xhci_answers *answers)
{
	uint32_t code = COMPLETION(event->status);

	if (xhci_trb_type(event) == XHCI_TRANSFER && event->pointer &&
	    (code < STOPPED || code > STOPPED_SHORT))
		evidence_grown(t->r->ev, vec_push(answers->list, answers->count,
						  SIZE_MAX, event->pointer));
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Events that the driver has not taken have the cycle bit that it expects. */
bool xhci_ring_answers(struct reading *r, struct xhci_ring *ring,
		       struct xhci_answers *answers)
{
	size_t all = ring->nr_segs * XHCI_TRBS, at, n;
	struct trbs *t;
	struct xhci_trb event;
	uint64_t cycle;
	bool done = true;

	if (!read_place(r, ring->va, AMI_F_xhci_dequeue, ring, "event ring",
			&at) ||
	    !reading_get(r, ring->va, AMI_F_xhci_cycle, &cycle))
		return false;
	t = new_trbs(r, ring, "event ring");
	if (!t)
		return false;
	for (n = 0; n < all; n++) {
		done = read_trb(t, at, &event);
		if (!done || (event.control ^ cycle) & CYCLE)
			break;
		keep_answer(t, &event, answers);
		at = (at + 1) % all;
		cycle ^= !at;
	}
	free(t);
	if (answers->count)
		qsort(answers->list, answers->count, sizeof(*answers->list),
		      by_value);
	return done;
}

bool xhci_answered(const struct xhci_answers *answers, uint64_t at)
{
	return answers->count &&
	       bsearch(&at, answers->list, answers->count,
		       sizeof(*answers->list), by_value);
}
