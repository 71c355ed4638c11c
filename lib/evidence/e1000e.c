// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receive buffers of e1000e: drivers/net/ethernet/intel/e1000e. Descriptors are
 * in the extended format (union e1000_rx_desc_extended) or, for jumbo frames,
 * in the packet split format (union e1000_rx_desc_packet_split, 82574 data
 * sheet 7.1). The device overwrites both from their start.
 */
#include <string.h>

#include "drivers.h"
#include "nic.h"
#include "shape.h"

#define EXTENDED	16u
#define PACKET_SPLIT	32u
#define PS_BUFFERS	4u
#define STATUS_OFFSET	8u	/* offset of the status; DD is bit 0 */
#define DD		1u
#define TX_DESC		16u
#define ANNOUNCE	16u	/* E1000_RX_BUFFER_WRITE: step of the tail */

static const struct ring_members members = {
	.desc = AMI_F_e1000e_ring_desc, .dma = AMI_F_e1000e_ring_dma,
	.count = AMI_F_e1000e_ring_count,
	.to_use = AMI_F_e1000e_ring_next_to_use,
	.to_clean = AMI_F_e1000e_ring_next_to_clean,
};

/* What the adapter says about its receive buffers. */
struct shape {
	uint32_t len;		/* length of the (first) buffer */
	uint32_t ps_pages;	/* 0: extended descriptors */
};

/*
 * The tail register is written when a descriptor whose index is a multiple of
 * 16 was filled, and excludes it. The last ones wait for more.
 */
static bool is_held(const struct ring *ring, uint32_t n)
{
	uint32_t last = ring_slot(ring, ring->owned - 1);

	return ring->owned - 1 - n <= last % ANNOUNCE;
}

static void buffers_of(struct reading *r, uint64_t buffer, struct rx_slot *slot)
{
	uint64_t skb = 0, page = 0;

	slot->known = ami_get(r->kernel, buffer, AMI_F_e1000e_buffer_dma,
			      &slot->dma) == AMI_MEM_OK;
	ami_get(r->kernel, buffer, AMI_F_e1000e_buffer_skb, &skb);
	ami_get(r->kernel, buffer, AMI_F_e1000e_buffer_page, &page);
	slot->phys = reading_phys_of_skb(r, skb);
	/*
	 * Jumbo frames go into pages, and the skb is empty. @page is in a
	 * union.
	 */
	if (slot->len > AMI_PAGE_SIZE / 2 && reading_phys_of_page(r, page))
		slot->phys = reading_phys_of_page(r, page);
}

static void ps_buffers_of(struct reading *r, uint64_t buffer, unsigned int n,
			  struct rx_slot *slot)
{
	uint64_t size = ami_type_size(r->kernel, AMI_T_e1000e_ps_page);
	uint64_t pages, page;

	slot->known = false;
	if (ami_get(r->kernel, buffer, AMI_F_e1000e_buffer_ps_pages,
		    &pages) != AMI_MEM_OK || !size)
		return;
	pages += n * size;
	slot->known = ami_get(r->kernel, pages, AMI_F_e1000e_ps_dma,
			      &slot->dma) == AMI_MEM_OK;
	if (ami_get(r->kernel, pages, AMI_F_e1000e_ps_page, &page) ==
	    AMI_MEM_OK)
		slot->phys = reading_phys_of_page(r, page);
}

static void add_descriptor(struct reading *r, const struct ring *ring,
			   const struct shape *shape, uint64_t buffers,
			   uint32_t n, struct rx_slots *slots)
{
	uint64_t raw[PS_BUFFERS] = { 0 };
	uint64_t size = ami_type_size(r->kernel, AMI_T_e1000e_buffer);
	uint32_t index = ring_slot(ring, n);
	uint64_t buffer = buffers + index * size;
	struct rx_slot slot = { .held = is_held(ring, n) };
	unsigned int i;

	slot.seen = nic_ring_desc(r, ring, index, raw);
	slot.done = slot.seen && raw[STATUS_OFFSET / 8] & DD;
	for (i = 0; i <= shape->ps_pages; i++) {
		slot.addr = raw[i];
		slot.dma = slot.phys = 0;
		slot.len = i ? AMI_PAGE_SIZE : shape->len;
		if (size && !i)
			buffers_of(r, buffer, &slot);
		else if (size)
			ps_buffers_of(r, buffer, i - 1, &slot);
		nic_add_slot(r, slots, &slot);
	}
}

static void post_buffers(struct reading *r, const struct ring *ring,
			 const struct shape *shape, uint64_t buffers)
{
	struct rx_slots slots = { .each = 1 + shape->ps_pages };
	uint32_t n;

	for (n = 0; n < ring->owned; n++)
		add_descriptor(r, ring, shape, buffers, n, &slots);
	nic_post_slots(r, &slots, "receive ring");
	nic_post_ring(r, ring, "receive descriptor ring");
}

static bool read_shape(struct reading *r, struct shape *shape)
{
	uint64_t len, pages, first;

	if (!reading_get(r, r->priv, AMI_F_e1000e_rx_buffer_len, &len) ||
	    !reading_get(r, r->priv, AMI_F_e1000e_rx_ps_pages, &pages) ||
	    !reading_get(r, r->priv, AMI_F_e1000e_rx_ps_bsize0, &first))
		return false;
	if (pages >= PS_BUFFERS) {
		reading_damaged(r, "number of packet split pages", r->priv);
		return false;
	}
	shape->ps_pages = pages;
	shape->len = nic_buffer_size(r, pages ? first : len);
	return true;
}

static bool read_adapter(struct reading *r)
{
	uint64_t rx, tx, buffers;
	struct shape shape;
	struct ring ring;
	enum ring_state state, sends;

	if (!read_shape(r, &shape) ||
	    !reading_get(r, r->priv, AMI_F_e1000e_rx_ring, &rx) ||
	    !reading_get(r, r->priv, AMI_F_e1000e_tx_ring, &tx))
		return false;
	state = nic_ring_read(r, rx, &members,
			      shape.ps_pages ? PACKET_SPLIT : EXTENDED, &ring);
	if (state == RING_READY &&
	    !reading_get(r, rx, AMI_F_e1000e_ring_buffer_info, &buffers))
		state = RING_BAD;
	if (state == RING_READY)
		post_buffers(r, &ring, &shape, buffers);
	sends = nic_ring_read(r, tx, &members, TX_DESC, &ring);
	if (sends == RING_READY)
		nic_post_ring(r, &ring, "transmit descriptor ring");
	return state != RING_BAD && sends != RING_BAD;
}

const struct reader reader_e1000e = {
	.driver = "e1000e", .of = READ_INTERFACE, .needs = AMI_F_e1000e_rx_ring,
	.read = read_adapter, .guess = nic_guess_rings,
};
