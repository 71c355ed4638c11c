// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Network cards of the usual shape, a row each. A card that is not (descriptors
 * of several kinds, rings of rings) is a file of its own, and a line in drivers.h.
 */
#include "intel_admin.h"
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
/* A program's buffers (AF_XDP) in the same array. */
#define XSK_BUFFERS(driver) {						\
	.pool = AMI_F_##driver##_xsk, .list = AMI_F_##driver##_buffers,	\
	.xdp = AMI_F_##driver##_buf_xdp,				\
}

/*
 * Advanced receive descriptors (82576 data sheet 7.1.5, 82599 7.1.6): two
 * addresses, overwritten by status and length when the device writes them back.
 * The drivers reuse a descriptor by clearing its length only.
 */
#define ADVANCED	{ .stride = 16, .done_at = 12, .done = 0xffff }

static const struct nic_shape nic_shape_igb = {
	.rx = RX_POINTERS(igb), .tx = TX_POINTERS(igb),
	.buffers = PAGE_BUFFERS(igb), .desc = ADVANCED,
	.largest = 3072, .tx_stride = 16,
};

static const struct nic_shape nic_shape_igc = {
	.rx = RX_POINTERS(igc), .tx = TX_POINTERS(igc),
	.buffers = PAGE_BUFFERS(igc), .xsk = XSK_BUFFERS(igc),
	.desc = ADVANCED, .largest = 3072, .tx_stride = 16,
};

static const struct nic_shape nic_shape_ixgbe = {
	.rx = RX_POINTERS(ixgbe), .tx = TX_POINTERS(ixgbe),
	.buffers = PAGE_BUFFERS(ixgbe), .xsk = XSK_BUFFERS(ixgbe),
	.desc = ADVANCED, .largest = 3072, .tx_stride = 16,
};

/*
 * Legacy receive descriptors (8254x manual 3.2.3): the address stays when the
 * device writes back; bit 0 of the status is DD.
 */
static const struct nic_shape nic_shape_e1000 = {
	.rx = {
		.held = RINGS_ARRAY, .count = AMI_F_e1000_nr_rx,
		.list = AMI_F_e1000_rx_ring, .type = AMI_T_e1000_rx_ring,
		.ring = RING(e1000_rx),
	},
	.tx = {
		.held = RINGS_ARRAY, .count = AMI_F_e1000_nr_tx,
		.list = AMI_F_e1000_tx_ring, .type = AMI_T_e1000_tx_ring,
		.ring = RING(e1000_tx),
	},
	.buffers = {
		.list = AMI_F_e1000_buffers, .type = AMI_T_e1000_buf,
		.dma = AMI_F_e1000_buf_dma, .data = AMI_F_e1000_buf_data,
	},
	.desc = { .stride = 16, .done_at = 12, .done = 1, .withheld = 1 },
	.buffer_size = AMI_F_e1000_rx_buffer_len, .tx_stride = 16,
};

/*
 * XL710 data sheet 8.3.2: 16 bytes (the driver's choice), two addresses; written
 * back, bit 0 of the second is DD.
 */
const struct nic_shape nic_shape_i40e = {
	.owner = AMI_F_i40e_vsi,
	.rx = {
		.held = RINGS_APART, .count = AMI_F_i40e_queues,
		.list = AMI_F_i40e_rx_rings, .ring = RING(i40e),
	},
	.tx = {
		.held = RINGS_APART, .count = AMI_F_i40e_queues,
		.list = AMI_F_i40e_tx_rings, .ring = RING(i40e),
	},
	.buffers = PAGE_BUFFERS(i40e),
	.xsk = { .pool = AMI_F_i40e_xsk, .list = AMI_F_i40e_buffers },
	.desc = { .stride = 16, .done_at = 8, .done = 1 },
	.ring_buffer_size = AMI_F_i40e_buffer_len,
	/* The head is written after the last descriptor. */
	.tx_stride = 16, .tx_behind = 4,
};

/* The same with 32 bytes. */
static const struct nic_shape nic_shape_iavf = {
	.rx = {
		.held = RINGS_ARRAY, .count = AMI_F_iavf_queues,
		.list = AMI_F_iavf_rx_rings, .type = AMI_T_iavf_ring,
		.ring = RING(iavf),
	},
	.tx = {
		.held = RINGS_ARRAY, .count = AMI_F_iavf_queues,
		.list = AMI_F_iavf_tx_rings, .type = AMI_T_iavf_ring,
		.ring = RING(iavf),
	},
	.buffers = PAGE_BUFFERS(iavf),
	.fqes = {
		.list = AMI_F_iavf_fqes, .type = AMI_T_iavf_fqe,
		.page = AMI_F_iavf_fqe_page, .netmem = AMI_F_iavf_fqe_netmem,
		.offset = AMI_F_iavf_fqe_offset, .pool = AMI_F_iavf_pool,
	},
	.desc = { .stride = 32, .done_at = 8, .done = 1 },
	.ring_buffer_size = AMI_F_iavf_buffer_len, .tx_stride = 16,
	.also = evidence_iavf_admin,
};

/* E810 data sheet, flexible descriptors: DD is bit 0 of the status at byte 8. */
const struct nic_shape nic_shape_ice = {
	.owner = AMI_F_ice_vsi,
	.rx = {
		.held = RINGS_APART, .count = AMI_F_ice_nr_rx,
		.list = AMI_F_ice_rx_rings, .ring = RING(ice_rx),
	},
	.tx = {
		.held = RINGS_APART, .count = AMI_F_ice_nr_tx,
		.list = AMI_F_ice_tx_rings, .ring = RING(ice_tx),
	},
	.buffers = PAGE_BUFFERS(ice),
	.fqes = {
		.list = AMI_F_ice_fqes, .type = AMI_T_ice_fqe,
		.page = AMI_F_ice_fqe_netmem, .netmem = AMI_F_ice_fqe_netmem,
		.offset = AMI_F_ice_fqe_offset, .pool = AMI_F_ice_pool,
	},
	.headers = {
		.list = AMI_F_ice_header_fqes, .type = AMI_T_ice_fqe,
		.page = AMI_F_ice_fqe_netmem, .netmem = AMI_F_ice_fqe_netmem,
		.offset = AMI_F_ice_fqe_offset,
		.pool = AMI_F_ice_header_pool,
	},
	.xsk = { .pool = AMI_F_ice_xsk, .list = AMI_F_ice_xdp },
	.desc = { .stride = 32, .done_at = 8, .done = 1 },
	.ring_buffer_size = AMI_F_ice_buffer_len,
	.header_size = AMI_F_ice_header_len, .tx_stride = 16,
};

#define NIC(name, needed, by_shape) {					\
	.driver = #name, .of = READ_INTERFACE, .needs = needed,		\
	.read = nic_read_shape, .guess = by_shape, .nic = &nic_shape_##name,	\
}

const struct reader nic_readers[] = {
	NIC(e1000, AMI_F_e1000_rx_ring, NULL),
	NIC(i40e, AMI_F_i40e_vsi, NULL),
	NIC(iavf, AMI_F_iavf_rx_rings, NULL),
	NIC(ice, AMI_F_ice_vsi, NULL),
	NIC(igb, AMI_F_igb_rx_ring, nic_guess_rings),
	NIC(igc, AMI_F_igc_rx_ring, NULL),
	NIC(ixgbe, AMI_F_ixgbe_rx_ring, nic_guess_rings),
	{ .driver = NULL },
};
