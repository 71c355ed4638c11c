// SPDX-License-Identifier: GPL-2.0-or-later
/* Network cards of Realtek, Broadcom (tg3), VMware and Amazon. */
#include <string.h>

#include "cards.h"

ROWS(cp)
#include "layouts/8139cp.inc"
END
ROWS(rtl8139)
#include "layouts/8139too.inc"
END
ROWS(ena)
#include "layouts/ena.inc"
END
ROWS(r8169)
#include "layouts/r8169.inc"
END
ROWS(tg3)
#include "layouts/tg3.inc"
END
ROWS(vmxnet3)
#include "layouts/vmxnet3.inc"
END

/* 256 pages of order 2; only four are the device's, others have no buffer. */
struct rig *card_r8169(void)
{
	struct rig *rig = CARD_OPEN("r8169", r8169, 0x2000);
	unsigned int i;

	rig_set(rig, card.priv, AMI_F_r8169_rx_desc, card.desc);
	rig_set(rig, card.priv, AMI_F_r8169_rx_dma, IOVA(CARD_DESC));
	rig_set(rig, card.priv, AMI_F_r8169_tx_dma, IOVA(CARD_DESC + 2));
	rig_set(rig, card.priv, AMI_F_r8169_tally, IOVA(CARD_DESC + 3));
	for (i = 0; i < 256; i++) {
		unsigned int page = i < 256 - 4 ? 100 : 2 + i - 252;

		card_put_realtek(rig, i, i >= 252, 16383, IOVA(page));
		card_element(rig, card.priv, AMI_F_r8169_pages, i,
			     card_page(page));
	}
	return rig;
}

struct rig *card_cp(void)
{
	struct rig *rig = CARD_OPEN("8139cp", cp, 0x1000);
	unsigned int i;

	rig_set(rig, card.priv, AMI_F_cp_rx_ring, card.desc);
	rig_set(rig, card.priv, AMI_F_cp_ring_dma, IOVA(CARD_DESC));
	rig_set(rig, card.priv, AMI_F_cp_buffer_len, 1536);
	for (i = 0; i < 64; i++) {
		unsigned int page = i < 4 ? 2 + i : 100;

		card_put_realtek(rig, i, i < 4, 1536, IOVA(page));
		card_element(rig, card.priv, AMI_F_cp_rx_skb, i,
			     card_packet(rig, page));
	}
	return rig;
}

/* Its 32 KiB and what may run past the end: 8 pages and a half. */
struct rig *card_rtl8139(void)
{
	struct rig *rig = CARD_OPEN("8139too", rtl8139, 0x1000);

	rig_set(rig, card.priv, AMI_F_rtl8139_rx_ring, card.desc);
	rig_set(rig, card.priv, AMI_F_rtl8139_rx_dma, IOVA(2));
	rig_set(rig, card.priv, AMI_F_rtl8139_rx_config, 2u << 11);
	return rig;
}

/* Broadcom's programmer's guide: host address as two words, the higher first. */
static void put_tg3(struct rig *rig, unsigned int i, uint64_t addr)
{
	const uint32_t d[8] = { addr >> 32, (uint32_t)addr, 1600 };

	card_put(rig, 32, i, d, sizeof(d));
}

struct rig *card_tg3(void)
{
	struct rig *rig = CARD_OPEN("tg3", tg3, 0x2000);
	uint64_t napi;
	unsigned int i;

	napi = rig_member(rig, card.priv, AMI_F_tg3_napi);
	card.ring = napi;
	rig_set(rig, card.priv, AMI_F_tg3_irq_cnt, 2);
	rig_set(rig, card.priv, AMI_F_tg3_std_mask, CARD_COUNT - 1);
	rig_set(rig, card.priv, AMI_F_tg3_ret_mask, 63);
	rig_set(rig, card.priv, AMI_F_tg3_map_size, 1600);
	rig_set(rig, card.priv, AMI_F_tg3_stats, IOVA(CARD_DESC + 3));
	rig_set(rig, napi, AMI_F_tg3_std, card.desc);
	rig_set(rig, napi, AMI_F_tg3_std_buffers, card.slots);
	rig_set(rig, napi, AMI_F_tg3_status, IOVA(CARD_DESC + 1));
	rig_set(rig, napi, AMI_F_tg3_return, IOVA(CARD_DESC));
	for (i = CARD_CLEAN; i < CARD_USE; i++) {
		uint64_t b = card_slot(rig, AMI_T_tg3_buffer, i);

		put_tg3(rig, i, IOVA(i) + 64);
		rig_set(rig, b, AMI_F_tg3_buffer_dma, IOVA(i) + 64);
		rig_set(rig, b, AMI_F_tg3_buffer_data,
			image_va(RIG_BUFFER + IOVA(i)));
	}
	return rig;
}

/* vmxnet3_defs.h, Vmxnet3_RxDesc: address, length of 14 bits, generation. */
static void put_vmxnet3(struct rig *rig, unsigned int i, uint64_t addr)
{
	const uint64_t d[] = { addr, 1522u | 1ull << 31 };

	card_put(rig, 16, i, d, sizeof(d));
}

struct rig *card_vmxnet3(void)
{
	struct rig *rig = CARD_OPEN("vmxnet3", vmxnet3, 0xb000);
	uint64_t queue = rig_member(rig, card.priv, AMI_F_vmxnet3_rx_queue);
	unsigned int i;

	card.ring = rig_member(rig, queue, AMI_F_vmxnet3_rx_rings);
	rig_set(rig, card.priv, AMI_F_vmxnet3_nr_rx, 1);
	rig_set(rig, card.priv, AMI_F_vmxnet3_nr_tx, 1);
	card_element(rig, queue, AMI_F_vmxnet3_buf_info, 0, card.slots);
	rig_set(rig, queue, AMI_F_vmxnet3_rx_comp_pa, IOVA(CARD_DESC));
	rig_set(rig, queue, AMI_F_vmxnet3_rx_comp_size, CARD_COUNT);
	rig_set(rig, card.ring, AMI_F_vmxnet3_ring_base, card.desc);
	rig_set(rig, card.ring, AMI_F_vmxnet3_ring_size, CARD_COUNT);
	rig_set(rig, card.ring, AMI_F_vmxnet3_ring_fill, CARD_USE);
	rig_set(rig, card.ring, AMI_F_vmxnet3_ring_comp, CARD_CLEAN);
	for (i = CARD_CLEAN; i < CARD_USE; i++) {
		uint64_t b = card_slot(rig, AMI_T_vmxnet3_rx_buf, i);

		put_vmxnet3(rig, i, IOVA(i));
		rig_set(rig, b, AMI_F_vmxnet3_buf_type, 1);
		rig_set(rig, b, AMI_F_vmxnet3_buf_len, 1522);
		rig_set(rig, b, AMI_F_vmxnet3_buf_dma, IOVA(i));
		rig_set(rig, b, AMI_F_vmxnet3_buf_skb, card_packet(rig, i));
	}
	return rig;
}

/* The device has IDs 3 to 6 of places 2 to 5. */
struct rig *card_ena(void)
{
	struct rig *rig = CARD_OPEN("ena", ena, 0x5a000);
	uint64_t ids = machine_object(rig->m, 256);
	uint64_t cq = machine_object(rig->m, 256);
	uint16_t id[CARD_COUNT];
	unsigned int i;

	card.ring = rig_member(rig, card.priv, AMI_F_ena_rx_ring);
	rig_set(rig, card.priv, AMI_F_ena_queues, 1);
	rig_set(rig, card.priv, AMI_F_ena_dev, machine_object(rig->m, 0x2000));
	rig_set(rig, card.ring, AMI_F_ena_free_ids, ids);
	rig_set(rig, card.ring, AMI_F_ena_buffers, card.slots);
	rig_set(rig, card.ring, AMI_F_ena_ring_size, CARD_COUNT);
	/* Both run on, past the size of the ring. */
	rig_set(rig, card.ring, AMI_F_ena_to_clean, 3 * CARD_COUNT + CARD_CLEAN);
	rig_set(rig, card.ring, AMI_F_ena_to_use, 3 * CARD_COUNT + CARD_USE);
	rig_set(rig, card.ring, AMI_F_ena_cq, cq);
	rig_set(rig, cq, AMI_F_ena_cq_dma, IOVA(CARD_DESC));
	rig_set(rig, cq, AMI_F_ena_cq_depth, CARD_COUNT);
	rig_set(rig, cq, AMI_F_ena_cq_entry, 16);
	for (i = 0; i < CARD_COUNT; i++)
		id[i] = (i + 1) % CARD_COUNT;
	machine_write(rig->m, ids, id, sizeof(id));
	for (i = CARD_CLEAN; i < CARD_USE; i++) {
		uint64_t b = card_slot(rig, AMI_T_ena_buf, i + 1);

		rig_set(rig, b, AMI_F_ena_buf_dma, IOVA(i) + 128);
		rig_set(rig, b, AMI_F_ena_buf_len, 1920);
	}
	return rig;
}
