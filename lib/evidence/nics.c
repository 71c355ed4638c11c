// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Network cards of the usual shape, a row each. A card that is not (descriptors
 * of several kinds, rings of rings) is a file of its own, and a line in drivers.h.
 */
#include "nic.h"
#include "shape.h"

#define RING(driver) {							\
	AMI_F_##driver##_desc, AMI_F_##driver##_dma,			\
	AMI_F_##driver##_count, AMI_F_##driver##_to_use,		\
	AMI_F_##driver##_to_clean,					\
}

/* Pointers to all rings in the adapter, descriptors and buffers of one kind. */
#define RX_POINTERS(driver) {						\
	.held = RINGS_INSIDE, .count = AMI_F_##driver##_nr_rx,		\
	.list = AMI_F_##driver##_rx_ring, .ring = RING(driver),		\
}
#define TX_POINTERS(driver) {						\
	.held = RINGS_INSIDE, .count = AMI_F_##driver##_nr_tx,		\
	.list = AMI_F_##driver##_tx_ring, .ring = RING(driver),		\
}
#define PAGE_BUFFERS(driver) {						\
	.list = AMI_F_##driver##_buffers, .type = AMI_T_##driver##_buf,	\
	.dma = AMI_F_##driver##_buf_dma,				\
	.offset = AMI_F_##driver##_buf_offset,				\
	.page = AMI_F_##driver##_buf_page,				\
}

/*
 * Advanced receive descriptors (82576 data sheet 7.1.5, 82599 7.1.6): two
 * addresses, overwritten by status and length when the device writes them back.
 * The drivers reuse a descriptor by clearing its length only.
 */
#define ADVANCED	{ .stride = 16, .done_at = 12, .done = 0xffff }

static const struct nic_shape igb = {
	.rx = RX_POINTERS(igb), .tx = TX_POINTERS(igb),
	.buffers = PAGE_BUFFERS(igb), .desc = ADVANCED,
	.largest = 3072, .tx_stride = 16,
};

static const struct nic_shape ixgbe = {
	.rx = RX_POINTERS(ixgbe), .tx = TX_POINTERS(ixgbe),
	.buffers = PAGE_BUFFERS(ixgbe), .desc = ADVANCED,
	.largest = 3072, .tx_stride = 16,
};

#define NIC(name, needed, by_shape) {					\
	.driver = #name, .of = READ_INTERFACE, .needs = needed,		\
	.read = nic_read_shape, .guess = by_shape, .nic = &(name),	\
}

const struct reader nic_readers[] = {
	NIC(igb, AMI_F_igb_rx_ring, nic_guess_rings),
	NIC(ixgbe, AMI_F_ixgbe_rx_ring, nic_guess_rings),
	{ .driver = NULL },
};
