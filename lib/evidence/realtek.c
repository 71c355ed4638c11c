// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receive buffers of Realtek's cards: drivers/net/ethernet/realtek. r8169 and
 * 8139cp have one ring and one format of descriptors: two words of options, an
 * address of 8 bytes, which stays when the device writes back. Bit 31 of the first
 * word gives a descriptor to the device. The drivers keep no DMA address.
 */
#include <string.h>

#include "drivers.h"
#include "nic.h"

#define DESC		16u
#define OWN		(1u << 31)
#define LARGE_BUFFER	16383u	/* R8169_RX_BUF_SIZE; its page is of order 2 */
#define CP_STATS	64u	/* CP_STATS_SIZE, behind both rings */
#define RX_CONFIG_SHIFT	11	/* 8139 data sheet, RCR: bits 11 and 12 */
#define SMALLEST	8192u
#define RX_PAD		16u	/* RX_BUF_PAD */
#define RX_WRAP_PAD	2048u	/* RX_BUF_WRAP_PAD: frames run past the end */

/* How many pointers the array has that is this member */
static uint32_t pointers_in(struct reading *r, enum ami_field f)
{
	return ami_kernel_layout(r->kernel)->field[f].size / sizeof(uint64_t);
}

/* What holds the buffer of descriptor @index: a page, or a packet */
static uint64_t phys_of_holder(struct reading *r, enum ami_field holders,
			       uint32_t index, bool pages)
{
	uint64_t at = ami_addr(r->kernel, r->priv, holders) +
		      index * sizeof(uint64_t), holder;

	if (ami_read_u64(r->kernel, at, &holder) != AMI_MEM_OK)
		return 0;
	return pages ? reading_phys_of_page(r, holder) :
		       reading_phys_of_skb(r, holder);
}

static void add_descriptor(struct reading *r, const struct ring *ring,
			   uint32_t index, struct rx_slot slot,
			   struct rx_slots *slots)
{
	uint8_t raw[DESC];
	uint32_t options;

	slot.seen = nic_ring_desc(r, ring, index, raw);
	if (slot.seen) {
		memcpy(&options, raw, sizeof(options));
		memcpy(&slot.addr, raw + 8, sizeof(slot.addr));
		slot.done = !(options & OWN);
		slot.known = true;
		slot.dma = slot.addr;
	}
	nic_add_slot(r, slots, &slot);
}

static void post_all(struct reading *r, const struct ring *ring,
		     enum ami_field holders, bool pages, uint32_t len)
{
	struct rx_slots slots = { .list = NULL };
	struct rx_slot slot = { .len = len };
	uint32_t i;

	for (i = 0; i < ring->count; i++) {
		slot.phys = phys_of_holder(r, holders, i, pages);
		add_descriptor(r, ring, i, slot, &slots);
	}
	nic_post_slots(r, &slots, "receive ring");
}

static bool read_r8169(struct reading *r)
{
	struct ring ring = {
		.stride = DESC, .count = pointers_in(r, AMI_F_r8169_pages),
	};
	uint64_t tx, tally;

	if (!reading_get(r, r->priv, AMI_F_r8169_rx_desc, &ring.desc) ||
	    !reading_get(r, r->priv, AMI_F_r8169_rx_dma, &ring.dma) ||
	    !reading_get(r, r->priv, AMI_F_r8169_tx_dma, &tx) ||
	    !reading_get(r, r->priv, AMI_F_r8169_tally, &tally))
		return false;
	if (!ring.desc)
		return reading_none(r, "descriptor ring");
	if (nic_ring_check(r, r->priv, &ring) != RING_READY)
		return false;
	post_all(r, &ring, AMI_F_r8169_pages, true, LARGE_BUFFER);
	reading_post_dma(r, AMI_PROVEN, ring.dma, ring.count * DESC,
			 "receive descriptor ring");
	reading_post_dma(r, AMI_PROVEN, tx, ring.count * DESC,
			 "transmit descriptor ring");
	/* It is written when the driver asks for it. */
	if (tally)
		reading_post_dma(r, AMI_POSSIBLE, tally,
				 ami_type_size(r->kernel, AMI_T_r8169_tally),
				 "tally counters");
	return true;
}

static bool read_8139cp(struct reading *r)
{
	struct ring ring = {
		.stride = DESC, .count = pointers_in(r, AMI_F_cp_rx_skb),
	};
	uint64_t size;

	if (!reading_get(r, r->priv, AMI_F_cp_rx_ring, &ring.desc) ||
	    !reading_get(r, r->priv, AMI_F_cp_ring_dma, &ring.dma) ||
	    !reading_get(r, r->priv, AMI_F_cp_buffer_len, &size))
		return false;
	if (!ring.desc)
		return reading_none(r, "descriptor ring");
	if (nic_ring_check(r, r->priv, &ring) != RING_READY)
		return false;
	post_all(r, &ring, AMI_F_cp_rx_skb, false, nic_buffer_size(r, size));
	reading_post_dma(r, AMI_PROVEN, ring.dma, CP_STATS + DESC *
			 (ring.count + pointers_in(r, AMI_F_cp_tx_skb)),
			 "descriptor rings");
	return true;
}

/* All frames go into one buffer, from which the driver copies them. */
static bool read_8139too(struct reading *r)
{
	uint64_t va, dma, config, size;

	if (!reading_get(r, r->priv, AMI_F_rtl8139_rx_ring, &va) ||
	    !reading_get(r, r->priv, AMI_F_rtl8139_rx_dma, &dma) ||
	    !reading_get(r, r->priv, AMI_F_rtl8139_rx_config, &config))
		return false;
	if (!va)
		return reading_none(r, "receive buffer");
	size = SMALLEST << (config >> RX_CONFIG_SHIFT & 3);
	reading_post_dma(r, AMI_PROVEN, dma, size + RX_PAD + RX_WRAP_PAD,
			 "receive buffer");
	return true;
}

const struct reader reader_r8169 = {
	.driver = "r8169", .of = READ_INTERFACE, .needs = AMI_F_r8169_pages,
	.read = read_r8169,
};

const struct reader reader_8139cp = {
	.driver = "8139cp", .of = READ_INTERFACE, .needs = AMI_F_cp_rx_skb,
	.read = read_8139cp,
};

const struct reader reader_8139too = {
	.driver = "8139too", .of = READ_INTERFACE,
	.needs = AMI_F_rtl8139_rx_ring, .read = read_8139too,
};
