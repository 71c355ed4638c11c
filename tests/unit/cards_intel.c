// SPDX-License-Identifier: GPL-2.0-or-later
/* Network cards of Intel, with descriptors as its data sheets have them. */
#include <string.h>

#include "cards.h"

ROWS(e1000)
#include "layouts/e1000.inc"
END
ROWS(i40e)
#include "layouts/i40e.inc"
END
ROWS(iavf)
#include "layouts/iavf.inc"
END
ROWS(ice)
#include "layouts/ice.inc"
END
ROWS(igb)
#include "layouts/igb.inc"
END
ROWS(igbvf)
#include "layouts/igbvf.inc"
END
ROWS(igc)
#include "layouts/igc.inc"
END
ROWS(ixgbe)
#include "layouts/ixgbe.inc"
END

/* 8254x manual 3.2.3: address, length, checksum, status, errors, special. */
static void put_legacy(struct rig *rig, unsigned int i, uint64_t addr,
		       uint8_t status)
{
	uint8_t d[16] = { 0 };

	memcpy(d, &addr, sizeof(addr));
	d[12] = status;
	card_put(rig, 16, i, d, sizeof(d));
}

#define CARD_SLOT(rig, d, i, into) do {					\
	uint64_t slot_ = card_slot(rig, AMI_T_##d##_buf, i);		\
									\
	rig_set(rig, slot_, AMI_F_##d##_buf_dma, IOVA(i));		\
	rig_set(rig, slot_, AMI_F_##d##_buf_page, card_page(i));	\
	rig_set(rig, slot_, AMI_F_##d##_buf_offset, into);		\
} while (0)

/* Upper halves of the pages. Both rings lie in one place. */
#define INTEL(d, size)							\
struct rig *card_##d(void)						\
{									\
	struct rig *rig = CARD_OPEN(#d, d, size);			\
	uint64_t sends = machine_object(rig->m, 0x400);			\
	unsigned int i;							\
									\
	card.ring = machine_object(rig->m, 0x400);			\
	rig_set(rig, card.priv, AMI_F_##d##_nr_rx, 1);			\
	card_element(rig, card.priv, AMI_F_##d##_rx_ring, 0, card.ring);	\
	CARD_RING(rig, card.ring, d);					\
	rig_set(rig, card.priv, AMI_F_##d##_nr_tx, 1);			\
	card_element(rig, card.priv, AMI_F_##d##_tx_ring, 0, sends);	\
	CARD_RING(rig, sends, d);					\
	rig_set(rig, card.ring, AMI_F_##d##_buffers, card.slots);	\
	for (i = CARD_CLEAN; i < CARD_USE; i++) {			\
		card_put_advanced(rig, i, IOVA(i) + 2048, 0);		\
		CARD_SLOT(rig, d, i, 2048);				\
	}								\
	return rig;							\
}

INTEL(igb, 0x4000)
INTEL(igc, 0x4000)
INTEL(ixgbe, 0x8000)

struct rig *card_e1000(void)
{
	struct rig *rig = CARD_OPEN("e1000", e1000, 0x2000);
	uint64_t sends;
	unsigned int i;

	card.ring = rig_object(rig, AMI_T_e1000_rx_ring);
	sends = rig_object(rig, AMI_T_e1000_tx_ring);
	rig_set(rig, card.priv, AMI_F_e1000_nr_tx, 1);
	rig_set(rig, card.priv, AMI_F_e1000_tx_ring, sends);
	CARD_RING(rig, sends, e1000_tx);
	rig_set(rig, card.priv, AMI_F_e1000_nr_rx, 1);
	rig_set(rig, card.priv, AMI_F_e1000_rx_ring, card.ring);
	rig_set(rig, card.priv, AMI_F_e1000_rx_buffer_len, 1522);
	CARD_RING(rig, card.ring, e1000_rx);
	rig_set(rig, card.ring, AMI_F_e1000_buffers, card.slots);
	rig_set(rig, card.ring, AMI_F_e1000_rx_to_use, CARD_USE + 1);
	for (i = CARD_CLEAN; i <= CARD_USE; i++) {
		uint64_t b = card_slot(rig, AMI_T_e1000_buf, i);

		put_legacy(rig, i, IOVA(i), 0);
		rig_set(rig, b, AMI_F_e1000_buf_dma, IOVA(i));
		rig_set(rig, b, AMI_F_e1000_buf_data,
			image_va(RIG_BUFFER + IOVA(i)));
	}
	return rig;
}

struct rig *card_igbvf_split(uint32_t header)
{
	struct rig *rig = CARD_OPEN("igbvf", igbvf, 0x1000);
	uint64_t sends = machine_object(rig->m, 0x400);
	unsigned int i;

	card.ring = machine_object(rig->m, 0x400);
	rig_set(rig, card.priv, AMI_F_igbvf_rx_ring, card.ring);
	rig_set(rig, card.priv, AMI_F_igbvf_tx_ring, sends);
	CARD_RING(rig, sends, igbvf);
	rig_set(rig, card.priv, AMI_F_igbvf_rx_buffer_len, 1522);
	rig_set(rig, card.priv, AMI_F_igbvf_ps_hdr_size, header);
	CARD_RING(rig, card.ring, igbvf);
	rig_set(rig, card.ring, AMI_F_igbvf_buffers, card.slots);
	rig_set(rig, card.ring, AMI_F_igbvf_to_use, CARD_USE + 1);
	for (i = CARD_CLEAN; i <= CARD_USE; i++) {
		uint64_t b = card_slot(rig, AMI_T_igbvf_buf, i);

		if (header)
			card_put_advanced(rig, i, IOVA(i) + 2048, IOVA(i + 10));
		else
			card_put_advanced(rig, i, IOVA(i), 0);
		rig_set(rig, b, AMI_F_igbvf_buf_dma, IOVA(header ? i + 10 : i));
		rig_set(rig, b, AMI_F_igbvf_buf_skb,
			card_packet(rig, header ? i + 10 : i));
		rig_set(rig, b, AMI_F_igbvf_buf_page_dma, IOVA(i) + 2048);
		rig_set(rig, b, AMI_F_igbvf_buf_page, card_page(i));
		rig_set(rig, b, AMI_F_igbvf_buf_offset, 2048);
	}
	return rig;
}

struct rig *card_igbvf(void)
{
	return card_igbvf_split(0);
}

/* A pointer to pointers to the rings, as a virtual station has them. */
static uint64_t ring_apart(struct rig *rig, uint64_t vsi, enum ami_field list)
{
	uint64_t rings = machine_object(rig->m, 64);

	rig_set(rig, vsi, list, rings);
	rig_set64(rig, rings, card.ring);
	return rings;
}

/* Two events wait in it; each has its own buffer. */
#define PUT_ADMIN(rig, driver, queue) do {				\
	uint64_t ring_ = rig_member(rig, queue,				\
				    AMI_F_##driver##_aq_receive);	\
	uint64_t bufs_ = machine_object(rig->m, 64);			\
	unsigned int i_;						\
									\
	rig_set(rig, ring_, AMI_F_##driver##_aq_count, 2);		\
	rig_set(rig, ring_, AMI_F_##driver##_aq_buffers, bufs_);	\
	for (i_ = 0; i_ < 2; i_++, bufs_ += image_layout(rig->m->img)->	\
	     type_size[AMI_T_##driver##_mem]) {				\
		rig_set(rig, bufs_, AMI_F_##driver##_mem_dma,		\
			IOVA(CARD_ADMIN) + i_ * 2048);			\
		rig_set(rig, bufs_, AMI_F_##driver##_mem_size, 2048);	\
	}								\
} while (0)

/* What belongs to the PCI function; segment 1 of its own memory is direct. */
static void i40e_function(struct rig *rig)
{
	uint64_t segments = machine_object(rig->m, 256), hw, segment;

	card.function = machine_object(rig->m, 0x4000);
	rig_set(rig, rig->dev, AMI_F_device_driver_data, card.function);
	hw = rig_member(rig, card.function, AMI_F_i40e_hw);
	PUT_ADMIN(rig, i40e, rig_member(rig, hw, AMI_F_i40e_aq));
	segment = segments + image_layout(rig->m->img)->type_size[AMI_T_i40e_sd];
	rig_set(rig, hw, AMI_F_i40e_hmc, segments);
	rig_set(rig, hw, AMI_F_i40e_nr_hmc, 2);
	rig_set(rig, segment, AMI_F_i40e_sd_valid, 1);
	rig_set(rig, segment, AMI_F_i40e_sd_type, 2);
	segment = rig_member(rig, segment, AMI_F_i40e_sd_direct);
	rig_set(rig, segment, AMI_F_i40e_mem_dma, IOVA(CARD_CONTEXT));
	rig_set(rig, segment, AMI_F_i40e_mem_size, 4096);
}

/* XL710 data sheet 8.3.2, 16 bytes. */
struct rig *card_i40e(void)
{
	struct rig *rig = CARD_OPEN("i40e", i40e, 64);
	uint64_t vsi = machine_object(rig->m, 0x2000);
	unsigned int i;

	card.ring = machine_object(rig->m, 0x400);
	rig_set(rig, card.priv, AMI_F_i40e_vsi, vsi);
	rig_set(rig, vsi, AMI_F_i40e_queues, 1);
	rig_set(rig, vsi, AMI_F_i40e_tx_rings,
		ring_apart(rig, vsi, AMI_F_i40e_rx_rings));
	CARD_RING(rig, card.ring, i40e);
	rig_set(rig, card.ring, AMI_F_i40e_buffers, card.slots);
	rig_set(rig, card.ring, AMI_F_i40e_buffer_len, 2048);
	for (i = CARD_CLEAN; i < CARD_USE; i++) {
		card_put_advanced(rig, i, IOVA(i) + 256, 0);
		CARD_SLOT(rig, i40e, i, 256);
	}
	i40e_function(rig);
	return rig;
}

static uint64_t pool_of(struct rig *rig)
{
	uint64_t pool = machine_object(rig->m, 0x100);
	struct ami_layout *l = image_layout(rig->m->img);

	l->field[AMI_F_page_pool_offset] = (struct ami_member){
		.present = true, .offset = 40, .size = 4,
	};
	rig_set(rig, pool, AMI_F_page_pool_offset, CARD_HEADROOM);
	rig_pool_pages(rig, 30);
	return pool;
}

/* Buffers 1 KiB into the pages. */
#define LIBETH(d, ring_members)						\
static void d##_buffers(struct rig *rig)				\
{									\
	uint64_t pool = 0, into = 1024;					\
	unsigned int i;							\
									\
	if (card_has(rig, AMI_F_##d##_fqes)) {				\
		pool = pool_of(rig);					\
		rig_set(rig, card.ring, AMI_F_##d##_pool, pool);	\
		rig_set(rig, card.ring, AMI_F_##d##_fqes, card.slots);	\
		into += CARD_HEADROOM;					\
	} else {							\
		rig_set(rig, card.ring, AMI_F_##d##_buffers, card.slots);	\
	}								\
	rig_set(rig, card.ring, AMI_F_##d##_buffer_len, 2048);		\
	CARD_RING(rig, card.ring, ring_members);			\
	for (i = CARD_CLEAN; i < CARD_USE; i++) {			\
		uint64_t b = card_slot(rig, AMI_T_##d##_fqe, i);	\
									\
		card_put_32(rig, i, IOVA(i) + into, 0);			\
		if (!pool) {						\
			CARD_SLOT(rig, d, i, 1024);			\
			continue;					\
		}							\
		card_##d##_page(rig, b, card_page(i));			\
		rig_set(rig, b, AMI_F_##d##_fqe_offset, 1024);		\
	}								\
}

static void card_iavf_page(struct rig *rig, uint64_t fqe, uint64_t page)
{
	rig_set(rig, fqe, AMI_F_iavf_fqe_page, page);
	rig_set(rig, fqe, AMI_F_iavf_fqe_netmem, page);
}

void card_ice_page(struct rig *rig, uint64_t fqe, uint64_t page)
{
	rig_set(rig, fqe, AMI_F_ice_fqe_netmem, page);
}

LIBETH(iavf, iavf)
LIBETH(ice, ice_rx)

struct rig *card_iavf(void)
{
	struct rig *rig = CARD_OPEN("iavf", iavf, 0x2000);

	card.ring = rig_object(rig, AMI_T_iavf_ring);
	rig_set(rig, card.priv, AMI_F_iavf_queues, 1);
	rig_set(rig, card.priv, AMI_F_iavf_rx_rings, card.ring);
	rig_set(rig, card.priv, AMI_F_iavf_tx_rings, card.ring);
	iavf_buffers(rig);
	PUT_ADMIN(rig, iavf, rig_member(rig, rig_member(rig, card.priv,
							AMI_F_iavf_hw),
					AMI_F_iavf_aq));
	return rig;
}

struct rig *card_ice(void)
{
	struct rig *rig = CARD_OPEN("ice", ice, 64);
	uint64_t vsi = machine_object(rig->m, 0x1000);

	card.ring = machine_object(rig->m, 0x400);
	CARD_RING(rig, card.ring, ice_tx);
	rig_set(rig, vsi, AMI_F_ice_nr_tx, 1);
	ring_apart(rig, vsi, AMI_F_ice_tx_rings);
	card.ring = machine_object(rig->m, 0x400);
	rig_set(rig, card.priv, AMI_F_ice_vsi, vsi);
	rig_set(rig, vsi, AMI_F_ice_nr_rx, 1);
	ring_apart(rig, vsi, AMI_F_ice_rx_rings);
	ice_buffers(rig);
	card.function = machine_object(rig->m, 0x8000);
	rig_set(rig, rig->dev, AMI_F_device_driver_data, card.function);
	PUT_ADMIN(rig, ice, rig_member(rig, rig_member(rig, card.function,
						       AMI_F_ice_hw),
				       AMI_F_ice_mailbox));
	return rig;
}
