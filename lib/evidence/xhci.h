/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the reader of xHCI controllers: rings, and what is asked for on them. */
#ifndef AMI_XHCI_H
#define AMI_XHCI_H

#include "reading.h"

#define XHCI_TRBS	256u	/* in a segment; all kernels have as many */
#define XHCI_TRB	16u	/* bytes */
#define XHCI_SEGMENT	(XHCI_TRBS * XHCI_TRB)

/* xHCI 1.2, table 6-91 */
#define XHCI_NORMAL	1u
#define XHCI_DATA	3u
#define XHCI_ISOCH	5u
#define XHCI_LINK	6u
#define XHCI_BANDWIDTH	21u	/* Get Port Bandwidth */
#define XHCI_TRANSFER	32u	/* event */

/**
 * struct xhci_trb - a transfer request block
 * @at: its address as the controller has it
 * @given: its cycle bit says that it belongs to the controller
 */
struct xhci_trb {
	uint64_t at, pointer;
	uint32_t status, control;
	bool given;
};

static inline uint32_t xhci_trb_type(const struct xhci_trb *t)
{
	return t->control >> 10 & 0x3f;
}

/**
 * struct xhci_ring - segments of a ring, and the TRBs that wait on it
 * @segs: in the driver's order; @bounce: what stands in for an odd end, or 0
 */
struct xhci_ring {
	uint64_t va;
	struct xhci_segment {
		uint64_t va, trbs, dma, bounce;
	} *segs;
	size_t nr_segs;
	struct xhci_trb *trbs;
	size_t nr_trbs;
};

/**
 * xhci_ring_open() - read its segments
 * @what: "event ring"
 *
 * False, with a finding, if they cannot be read or cannot be so. Close it anyway.
 */
bool xhci_ring_open(struct reading *r, uint64_t va, const char *what,
		    struct xhci_ring *ring);
void xhci_ring_close(struct xhci_ring *ring);

/** xhci_ring_queued() - fill in the TRBs from dequeue to enqueue */
bool xhci_ring_queued(struct reading *r, struct xhci_ring *ring, const char *what);

/**
 * struct xhci_answers - TRBs that events answer which the driver has not taken
 * @list: their addresses, ascending
 * @unread: some events could not be read: any TRB may be answered
 */
struct xhci_answers {
	uint64_t *list;
	size_t count;
	bool unread;
};

/** xhci_ring_answers() - collect them from an event ring */
bool xhci_ring_answers(struct reading *r, struct xhci_ring *ring,
		       struct xhci_answers *answers);

/** xhci_answers() - is the TRB at this address answered? */
bool xhci_answered(const struct xhci_answers *answers, uint64_t at);

/**
 * struct xhci_queue - a transfer ring, of an endpoint or of one of its streams
 * @in: data comes from the device; of a control endpoint each TRB says so
 * @no_urbs: its TRBs alone say what is asked for
 * @asleep: why the controller does not work on it, or NULL
 * @label: "slot 1 endpoint 1 IN"
 */
struct xhci_queue {
	struct reading *r;
	uint64_t ring;
	const struct xhci_answers *answers;
	bool in, no_urbs;
	const char *asleep;
	char label[64];
};

/** xhci_queue_read() - what is asked for on it; false: that is not all */
bool xhci_queue_read(const struct xhci_queue *q);

#endif
