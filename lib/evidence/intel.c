// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receive buffers of igb and ixgbe: drivers/net/ethernet/intel/{igb,ixgbe}. Both
 * have advanced receive descriptors (82576 data sheet 7.1.5, 82599 7.1.6): two
 * addresses, overwritten by status and length when the device writes them back.
 * The drivers reuse a descriptor by clearing its length only.
 */
#include <stdio.h>
#include <string.h>

#include "nic.h"
#include "shape.h"

#define DESC		16u
#define LENGTH_OFFSET	12u	/* of the written-back length */
#define MAX_QUEUES	128u
#define LARGEST		3072u	/* IGB_RXBUFFER_3072, IXGBE_RXBUFFER_3K */

/**
 * struct intel - where one of these drivers keeps its receive state
 * @nr_rx, @rx_ring: members of the adapter: how many, and pointers to them
 * @buffer: the driver's own structure for a buffer
 */
struct intel {
	enum ami_field nr_rx, rx_ring, nr_tx, tx_ring;
	struct ring_members ring;
	enum ami_type buffer;
	enum ami_field dma, page, offset;
};

static const struct intel igb = {
	AMI_F_igb_nr_rx, AMI_F_igb_rx_ring, AMI_F_igb_nr_tx, AMI_F_igb_tx_ring,
	{ AMI_F_igb_desc, AMI_F_igb_dma, AMI_F_igb_count, AMI_F_igb_to_use,
	  AMI_F_igb_to_clean, AMI_F_igb_buffers },
	AMI_T_igb_buf, AMI_F_igb_buf_dma, AMI_F_igb_buf_page,
	AMI_F_igb_buf_offset,
};

static const struct intel ixgbe = {
	AMI_F_ixgbe_nr_rx, AMI_F_ixgbe_rx_ring, AMI_F_ixgbe_nr_tx,
	AMI_F_ixgbe_tx_ring,
	{ AMI_F_ixgbe_desc, AMI_F_ixgbe_dma, AMI_F_ixgbe_count,
	  AMI_F_ixgbe_to_use, AMI_F_ixgbe_to_clean, AMI_F_ixgbe_buffers },
	AMI_T_ixgbe_buf, AMI_F_ixgbe_buf_dma, AMI_F_ixgbe_buf_page,
	AMI_F_ixgbe_buf_offset,
};

/* A buffer is half a page or what fits in one; it never leaves its page. */
static uint32_t length_at(uint64_t addr)
{
	uint64_t left = AMI_PAGE_SIZE - addr % AMI_PAGE_SIZE;

	return left < LARGEST ? left : LARGEST;
}

static void books_of(struct nic *nic, const struct intel *in, uint64_t buffer,
		     struct rx_slot *slot)
{
	uint64_t dma, page, offset, phys;

	if (ami_get(nic->kernel, buffer, in->dma, &dma) != AMI_MEM_OK ||
	    ami_get(nic->kernel, buffer, in->page, &page) != AMI_MEM_OK ||
	    ami_get(nic->kernel, buffer, in->offset, &offset) != AMI_MEM_OK)
		return;
	slot->booked = true;
	if (!page)
		return;
	slot->dma = dma + offset;
	phys = evidence_phys_of_page(nic, page);
	if (phys)
		slot->phys = phys + offset;
}

static void add_descriptor(struct nic *nic, const struct intel *in,
			   const struct ring *ring, uint32_t n,
			   struct rx_slots *slots)
{
	uint64_t size = ami_type_size(nic->kernel, in->buffer);
	uint32_t index = ring_slot(ring, n);
	struct rx_slot slot = { .held = false };
	uint8_t raw[DESC];
	uint16_t length;

	slot.seen = nic_ring_desc(nic, ring, index, raw);
	if (slot.seen) {
		memcpy(&slot.addr, raw, sizeof(slot.addr));
		memcpy(&length, raw + LENGTH_OFFSET, sizeof(length));
		slot.done = length;
	}
	if (size)
		books_of(nic, in, ring->buffers + index * size, &slot);
	slot.len = length_at(slot.seen && !slot.done ? slot.addr : slot.dma);
	nic_add_slot(nic, slots, &slot);
}

static bool read_queue(struct nic *nic, const struct intel *in, uint64_t va,
		       unsigned int number)
{
	struct rx_slots slots = { .list = NULL };
	struct ring ring;
	char label[40];
	uint32_t n;
	enum ring_state state = nic_ring_read(nic, va, &in->ring, DESC, &ring);

	if (state != RING_READY)
		return state == RING_NONE;
	snprintf(label, sizeof(label), "receive ring %u", number);
	for (n = 0; n < ring.owned; n++)
		add_descriptor(nic, in, &ring, n, &slots);
	nic_post_slots(nic, &slots, label);
	snprintf(label, sizeof(label), "receive descriptor ring %u", number);
	nic_post_ring(nic, &ring, label);
	return true;
}

/* Sent descriptors are written back, too. */
static bool send_queue(struct nic *nic, const struct intel *in, uint64_t va,
		       unsigned int number)
{
	struct ring ring;
	char label[40];
	enum ring_state state = nic_ring_read(nic, va, &in->ring, DESC, &ring);

	if (state == RING_READY) {
		snprintf(label, sizeof(label), "transmit descriptor ring %u",
			 number);
		nic_post_ring(nic, &ring, label);
	}
	return state != RING_BAD;
}

static bool each_ring(struct nic *nic, const struct intel *in,
		      enum ami_field count, enum ami_field pointers,
		      bool (*fn)(struct nic *nic, const struct intel *in,
				 uint64_t va, unsigned int number))
{
	uint64_t n, i, va, list = ami_addr(nic->kernel, nic->priv, pointers);
	bool complete = true;
	enum ami_mem mem;

	if (!list || !nic_get(nic, nic->priv, count, &n))
		return false;
	if (n > MAX_QUEUES) {
		nic_damaged(nic, "number of queues", nic->priv);
		return false;
	}
	for (i = 0; i < n; i++) {
		mem = ami_read_u64(nic->kernel, list + 8 * i, &va);
		if (mem != AMI_MEM_OK)
			nic_unread(nic, "pointer to a ring", list + 8 * i, mem);
		else if (va)
			complete &= fn(nic, in, va, i);
	}
	return complete;
}

static bool read_adapter(struct nic *nic, const struct intel *in)
{
	bool received = each_ring(nic, in, in->nr_rx, in->rx_ring, read_queue);

	return each_ring(nic, in, in->nr_tx, in->tx_ring, send_queue) &&
	       received;
}

static bool read_igb(struct nic *nic)
{
	return read_adapter(nic, &igb);
}

static bool read_ixgbe(struct nic *nic)
{
	return read_adapter(nic, &ixgbe);
}

void evidence_find_igb(struct ami_evidence *ev)
{
	static const struct nic_driver driver = {
		.name = "igb", .needs = AMI_F_igb_rx_ring, .read = read_igb,
		.guess = nic_guess_rings,
	};

	nic_read_all(ev, &driver);
}

void evidence_find_ixgbe(struct ami_evidence *ev)
{
	static const struct nic_driver driver = {
		.name = "ixgbe", .needs = AMI_F_ixgbe_rx_ring,
		.read = read_ixgbe, .guess = nic_guess_rings,
	};

	nic_read_all(ev, &driver);
}
