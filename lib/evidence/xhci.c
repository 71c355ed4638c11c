// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xHCI controllers (xHCI 1.2). The controller writes event rings, the contexts of
 * devices (not those that commands bring: input contexts), those of streams,
 * scratchpads, and what transfers bring in. It only reads the lists of contexts, of
 * scratchpads and of event segments, transfer rings and its command ring. Driver:
 * drivers/usb/host/xhci.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers.h"
#include "xhci.h"

#define ENDPOINTS	31u
#define MAX_SLOTS	255u
#define MAX_STREAMS	65536u
#define STREAM_CONTEXT	16u
#define MAX_INTERRUPTERS	1024u
#define MAX_CONTEXT	4096u	/* 32 contexts of 64 bytes are 2048 */
#define BANDWIDTH	4096u	/* a byte for each port, 255 at most */
#define MIN_PAGE	4096u
#define MAX_PAGE	65536u
#define STATES_OFF	3u	/* XHCI_STATE_DYING, XHCI_STATE_HALTED */
#define ACCESSIBLE	1u	/* HCD_FLAG_HW_ACCESSIBLE; not while suspended */
#define EP_OFF		7u	/* SET_DEQ_PENDING, EP_HALTED, EP_STOP_CMD_PENDING */

/**
 * struct host - a controller
 * @xhci: its struct xhci_hcd
 * @asleep: it is halted or suspended
 * @given: where the controller looks up its contexts and, in entry 0, scratchpads;
 *	0: unknown; @blind: because it cannot be read
 * @events: its event rings that were found
 * @certainty: that it writes its own areas
 */
struct host {
	struct reading *r;
	uint64_t xhci, given;
	bool asleep, blind;
	unsigned int events;
	enum ami_certainty certainty;
	struct xhci_answers answers;
};

static bool event_ring(struct host *h, uint64_t va, const char *what)
{
	struct xhci_ring ring;
	bool done = xhci_ring_open(h->r, va, what, &ring);
	size_t i;

	h->events++;
	evidence_begin_transfer(h->r->ev, h->r->device, AMI_TRANSFER_POSTED,
				h->certainty, h->r->reader->driver, "%s %s",
				h->r->name, what);
	for (i = 0; i < ring.nr_segs; i++)
		evidence_add_dma(h->r->ev, h->r->device, ring.segs[i].dma,
				 XHCI_SEGMENT);
	evidence_end_transfer(h->r->ev);
	done = done && xhci_ring_answers(h->r, &ring, &h->answers);
	xhci_ring_close(&ring);
	return done;
}

static bool interrupter(struct host *h, uint64_t va, uint64_t number)
{
	uint64_t ring;
	char what[40];

	snprintf(what, sizeof(what), "event ring %u", (unsigned int)number);
	return reading_get(h->r, va, AMI_F_xhci_ir_ring, &ring) &&
	       (!ring || event_ring(h, ring, what));
}

static bool interrupters(struct host *h)
{
	struct reading *r = h->r;
	uint64_t list, count, va, i;
	bool complete = true;

	if (!reading_get(r, h->xhci, AMI_F_xhci_interrupters, &list) ||
	    !reading_get(r, h->xhci, AMI_F_xhci_max_interrupters, &count))
		return false;
	if (count > MAX_INTERRUPTERS) {
		reading_damaged(r, "number of interrupters", h->xhci);
		return false;
	}
	for (i = 0; list && i < count; i++) {
		enum ami_mem mem = ami_read_u64(r->kernel, list + 8 * i, &va);

		if (mem != AMI_MEM_OK) {
			reading_unread(r, "list of interrupters", list, mem);
			return false;
		}
		complete &= !va || interrupter(h, va, i);
	}
	return complete;
}

/* One ring, one interrupter, or pointers to several: as this kernel has it. */
static bool event_rings(struct host *h)
{
	uint64_t va;

	if (ami_has(h->r->kernel, AMI_F_xhci_event_ring))
		return reading_get(h->r, h->xhci, AMI_F_xhci_event_ring, &va) &&
		       (!va || event_ring(h, va, "event ring"));
	if (ami_has(h->r->kernel, AMI_F_xhci_interrupter))
		return reading_get(h->r, h->xhci, AMI_F_xhci_interrupter, &va) &&
		       (!va || interrupter(h, va, 0));
	return interrupters(h);
}

/* xHCI 1.2, 5.3.4: their number, in two parts. */
static uint64_t scratchpads(uint64_t params)
{
	return (params >> 16 & 0x3e0) | (params >> 27 & 0x1f);
}

/*
 * The address that the controller was given, 0: none. The list lies elsewhere than
 * the driver's own structures; zeros over one of these look like nothing in use.
 */
static uint64_t address_given(struct host *h, uint64_t entry)
{
	uint64_t dma = 0;
	enum ami_mem mem;

	if (!h->given)
		return 0;
	mem = ami_read_u64(h->r->kernel, h->given + 8 * entry, &dma);
	if (mem == AMI_MEM_OK)
		return dma;
	/* Said once; without it, nothing in use is not proved. */
	reading_unread(h->r, "list of contexts", h->given, mem);
	h->given = 0;
	h->blind = true;
	return 0;
}

static bool scratchpad(struct host *h)
{
	struct reading *r = h->r;
	uint64_t pad, params, size, list, dma, i;
	enum ami_mem mem = AMI_MEM_OK;

	if (!reading_get(r, h->xhci, AMI_F_xhci_scratchpad, &pad))
		return false;
	if (!pad && address_given(h, 0))
		reading_missing(r, "scratchpads");
	if (!pad)
		return true;
	if (!reading_get(r, h->xhci, AMI_F_xhci_hcs_params2, &params) ||
	    !reading_get(r, h->xhci, AMI_F_xhci_page_size, &size) ||
	    !reading_get(r, pad, AMI_F_xhci_sp_array, &list))
		return false;
	if (size < MIN_PAGE || size > MAX_PAGE || size & (size - 1)) {
		reading_damaged(r, "page size", h->xhci);
		return false;
	}
	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED,
				h->certainty, r->reader->driver,
				"%u scratchpad buffers",
				(unsigned int)scratchpads(params));
	for (i = 0; i < scratchpads(params) && mem == AMI_MEM_OK; i++) {
		mem = ami_read_u64(r->kernel, list + 8 * i, &dma);
		if (mem == AMI_MEM_OK)
			evidence_add_dma(r->ev, r->device, dma, size);
	}
	evidence_end_transfer(r->ev);
	if (mem != AMI_MEM_OK)
		reading_unread(r, "list of scratchpads", list, mem);
	return mem == AMI_MEM_OK;
}

/* struct xhci_container_ctx: contexts of a device and its endpoints */
static bool contexts(struct host *h, uint64_t ctx, const char *what)
{
	struct reading *r = h->r;
	uint64_t size, dma;

	if (!reading_get(r, ctx, AMI_F_xhci_ctx_size, &size) ||
	    !reading_get(r, ctx, AMI_F_xhci_ctx_dma, &dma))
		return false;
	if (size > MAX_CONTEXT || dma % STREAM_CONTEXT) {
		reading_damaged(r, what, ctx);
		return false;
	}
	reading_post_dma(r, h->certainty, dma, size, what);
	return true;
}

static const char *asleep(const struct host *h, uint64_t ep_state)
{
	if (h->asleep)
		return ", controller halted";
	return ep_state & EP_OFF ? ", endpoint stopped" : NULL;
}

static bool stream_rings(struct host *h, uint64_t rings, uint64_t count,
			 struct xhci_queue *q)
{
	size_t label = strlen(q->label);
	bool complete = true;
	uint64_t i;

	for (i = 1; i < count; i++) {
		enum ami_mem mem = ami_read_u64(h->r->kernel, rings + 8 * i,
						&q->ring);

		if (mem != AMI_MEM_OK) {
			reading_unread(h->r, "list of stream rings", rings, mem);
			return false;
		}
		snprintf(q->label + label, sizeof(q->label) - label,
			 " stream %u", (unsigned int)i);
		if (!evidence_spend(h->r->ev, AMI_COST_BLOCK))
			return false;
		complete &= !q->ring || xhci_queue_read(q);
	}
	return complete;
}

static bool streams(struct host *h, uint64_t info, struct xhci_queue *q)
{
	uint64_t contexts, dma, rings, count;
	struct reading *r = h->r;
	char what[96];

	if (!reading_get(r, info, AMI_F_xhci_nr_stream_ctxs, &contexts) ||
	    !reading_get(r, info, AMI_F_xhci_stream_ctxs, &dma) ||
	    !reading_get(r, info, AMI_F_xhci_nr_streams, &count) ||
	    !reading_get(r, info, AMI_F_xhci_stream_rings, &rings))
		return false;
	if (count > MAX_STREAMS || contexts > MAX_STREAMS) {
		reading_damaged(r, "number of streams", info);
		return false;
	}
	snprintf(what, sizeof(what), "%s stream contexts", q->label);
	reading_post_dma(r, h->certainty, dma, contexts * STREAM_CONTEXT, what);
	return !q->in || stream_rings(h, rings, count, q);
}

/* Number 0 is the control endpoint; then out and in of each, from 1 on. */
static bool endpoint(struct host *h, uint64_t ep, unsigned int slot,
		     unsigned int number)
{
	struct xhci_queue q = {
		.r = h->r, .answers = &h->answers, .in = number && !(number & 1),
	};
	uint64_t info, state;
	bool complete;

	if (!reading_get(h->r, ep, AMI_F_xhci_ep_ring, &q.ring) ||
	    !reading_get(h->r, ep, AMI_F_xhci_ep_streams, &info) ||
	    !reading_get(h->r, ep, AMI_F_xhci_ep_state, &state))
		return false;
	q.asleep = asleep(h, state);
	snprintf(q.label, sizeof(q.label), "slot %u endpoint %u%s", slot,
		 (number + 1) / 2, !number ? "" : q.in ? " IN" : " OUT");
	complete = (number && !q.in) || !q.ring || xhci_queue_read(&q);
	return (!info || streams(h, info, &q)) && complete;
}

static bool one_slot(struct host *h, uint64_t dev, unsigned int slot)
{
	struct reading *r = h->r;
	uint64_t size = ami_type_size(r->kernel, AMI_T_xhci_virt_ep), ctx;
	uint64_t eps = ami_addr(r->kernel, dev, AMI_F_xhci_slot_eps);
	bool complete = size;
	char what[40];
	unsigned int i;

	snprintf(what, sizeof(what), "contexts of slot %u", slot);
	complete &= reading_get(r, dev, AMI_F_xhci_slot_out, &ctx) &&
		    (!ctx || contexts(h, ctx, what));
	for (i = 0; i < ENDPOINTS && size &&
	     evidence_spend(r->ev, AMI_COST_BLOCK); i++)
		complete &= endpoint(h, eps + i * size, slot, i);
	return complete;
}

/* Empty, though the controller was given contexts for it? */
static void empty_slot(struct host *h, uint64_t slot)
{
	char what[40];

	if (!address_given(h, slot))
		return;
	snprintf(what, sizeof(what), "contexts of slot %u", (unsigned int)slot);
	reading_missing(h->r, what);
}

/* An array in the structure, or a pointer to one (7.x). */
static bool slots(struct host *h)
{
	struct reading *r = h->r;
	uint64_t list = ami_addr(r->kernel, h->xhci, AMI_F_xhci_devs), dev, i;
	uint64_t last = MAX_SLOTS;
	bool complete = true;

	if (ami_kernel_layout(r->kernel)->field[AMI_F_xhci_devs].size ==
	    sizeof(list) &&
	    (!reading_get(r, h->xhci, AMI_F_xhci_devs, &list) ||
	     !reading_get(r, h->xhci, AMI_F_xhci_max_slots, &last)))
		return false;
	for (i = 1; i <= MAX_SLOTS; i++) {
		enum ami_mem mem = AMI_MEM_OK;

		dev = 0;
		if (list && i <= last)
			mem = ami_read_u64(r->kernel, list + 8 * i, &dev);
		if (mem != AMI_MEM_OK) {
			reading_unread(r, "list of slots", list, mem);
			return false;
		}
		if (dev)
			complete &= one_slot(h, dev, i);
		else
			empty_slot(h, i);
	}
	return complete;
}

/* One command has the controller write memory. */
static bool commands(struct host *h)
{
	struct reading *r = h->r;
	struct xhci_ring ring;
	uint64_t va;
	bool done;
	size_t i;

	if (!reading_get(r, h->xhci, AMI_F_xhci_cmd_ring, &va))
		return false;
	if (!va)
		return true;
	done = xhci_ring_open(r, va, "command ring", &ring) &&
	       xhci_ring_queued(r, &ring, "command ring");
	for (i = 0; i < ring.nr_trbs; i++)
		if (xhci_trb_type(&ring.trbs[i]) == XHCI_BANDWIDTH)
			reading_post_dma(r, AMI_LIKELY, ring.trbs[i].pointer,
					 BANDWIDTH, "bandwidth of ports");
	xhci_ring_close(&ring);
	return done;
}

/* The debug capability has rings and contexts of its own, once it is enabled. */
static bool debug(struct host *h)
{
	struct reading *r = h->r;
	uint64_t dbc, ring, ctx;
	struct xhci_queue q = {
		.r = r, .answers = &h->answers, .in = true, .no_urbs = true,
		.label = "debug capability",
		.asleep = h->asleep ? ", controller halted" : NULL,
	};
	bool complete;

	if (!reading_get(r, h->xhci, AMI_F_xhci_dbc, &dbc))
		return false;
	if (!dbc)
		return true;
	if (!reading_get(r, dbc, AMI_F_xhci_dbc_events, &ring) ||
	    !reading_get(r, dbc, AMI_F_xhci_dbc_out, &q.ring) ||
	    !reading_get(r, dbc, AMI_F_xhci_dbc_ctx, &ctx))
		return false;
	complete = !ctx || contexts(h, ctx, "debug contexts");
	complete &= !ring || event_ring(h, ring, "debug event ring");
	return (!q.ring || xhci_queue_read(&q)) && complete;
}

static bool read_host(struct host *h)
{
	bool complete = event_rings(h);

	if (!h->events && !h->asleep)
		reading_missing(h->r, "event ring");
	h->answers.unread = !complete;
	complete &= debug(h);
	complete &= scratchpad(h);
	complete &= commands(h);
	return slots(h) && complete;
}

/* A pointer to a structure with the list, or a structure with a pointer to it. */
static bool find_contexts(struct host *h)
{
	struct ami_kernel *k = h->r->kernel;

	if (ami_has(k, AMI_F_xhci_context_list))
		return reading_get(h->r, h->xhci, AMI_F_xhci_context_list,
				   &h->given);
	if (!reading_get(h->r, h->xhci, AMI_F_xhci_dcbaa, &h->given))
		return false;
	if (h->given)
		h->given = ami_addr(k, h->given, AMI_F_xhci_context_ptrs);
	return true;
}

static bool read_xhci(struct reading *r)
{
	struct host h = {
		.r = r, .xhci = ami_addr(r->kernel, r->priv, AMI_F_xhci_priv),
	};
	uint64_t hcd, state, flags;
	bool complete;

	if (!reading_get(r, r->priv, AMI_F_xhci_hcd_flags, &flags) ||
	    !reading_get(r, h.xhci, AMI_F_xhci_main, &hcd) ||
	    !reading_get(r, h.xhci, AMI_F_xhci_state, &state))
		return false;
	if (hcd != r->priv) {
		reading_damaged(r, "driver data", r->priv);
		return false;
	}
	h.asleep = state & STATES_OFF || !(flags & ACCESSIBLE);
	if (!find_contexts(&h)) {
		h.given = 0;
		h.blind = true;
	}
	if (!h.given && !h.asleep && !h.blind)
		reading_missing(r, "list of contexts");
	h.certainty = h.asleep ? AMI_POSSIBLE : AMI_PROVEN;
	complete = read_host(&h);
	free(h.answers.list);
	return complete && !h.blind;
}

#define XHCI_READER(id, name)						\
const struct reader reader_##id = {					\
	.driver = name, .of = READ_DEVICE, .needs = AMI_F_xhci_slot_out,	\
	.read = read_xhci,						\
}

/* Drivers of their own: one loads firmware, one is for chipsets of AMD (7.x). */
XHCI_READER(xhci, "xhci_hcd");
XHCI_READER(xhci_renesas, "xhci-pci-renesas");
XHCI_READER(xhci_prom21, "xhci-pci-prom21");
