// SPDX-License-Identifier: GPL-2.0-or-later
/* A NetXtreme card of Broadcom: buffers of two sizes, memory for its firmware. */
#include <string.h>

#include "cards.h"

ROWS(bnxt)
#include "layouts/bnxt_en.inc"
END

/*
 * Broadcom's struct rx_bd: length and type, a number, address. Buffers begin 16
 * bytes into memory of the kernel. Of those for large frames, 7 has a descriptor
 * and 9 has none.
 */
static void put_bnxt(struct rig *rig, uint64_t ring, unsigned int i,
		     uint32_t number, uint64_t addr)
{
	uint8_t d[16] = { 4, 0, 0, 6 };

	memcpy(d + 4, &number, sizeof(number));
	memcpy(d + 8, &addr, sizeof(addr));
	machine_write(rig->m, ring + i * 16, d, sizeof(d));
}

static void bnxt_large(struct rig *rig)
{
	uint64_t ring = image_va(image_alloc(rig->m->img, 1));
	uint64_t used = machine_object(rig->m, 8);
	uint64_t buffers = image_va(image_alloc(rig->m->img, 1));
	unsigned int i;

	rig_set(rig, card.priv, AMI_F_bnxt_agg_mask, 15);
	card_element(rig, card.ring, AMI_F_bnxt_agg_desc, 0, ring);
	rig_set(rig, card.ring, AMI_F_bnxt_agg_used, used);
	rig_set(rig, card.ring, AMI_F_bnxt_agg_buffers, buffers);
	rig_set(rig, card.ring, AMI_F_bnxt_agg_size, 4096);
	rig_set64(rig, used, 1u << 7 | 1u << 9);
	put_bnxt(rig, ring, 3, 7, IOVA(8));
	put_bnxt(rig, ring, 4, 9, IOVA(20));	/* before it was used again */
	for (i = 7; i <= 9; i++) {
		uint64_t b = buffers + i * image_layout(rig->m->img)->
					 type_size[AMI_T_bnxt_agg];

		rig_set(rig, b, AMI_F_bnxt_agg_page, card_page(i + 1));
		rig_set(rig, b, AMI_F_bnxt_agg_netmem, card_page(i + 1));
		rig_set(rig, b, AMI_F_bnxt_agg_dma, IOVA(i + 1));
	}
}

static uint64_t bnxt_page(struct rig *rig, uint64_t mem, unsigned int page)
{
	uint64_t list = machine_object(rig->m, 8);

	rig_set64(rig, list, IOVA(page));
	rig_set(rig, mem, AMI_F_bnxt_mem_pages, 1);
	rig_set(rig, mem, AMI_F_bnxt_mem_size, 4096);
	rig_set(rig, mem, AMI_F_bnxt_mem_dma, list);
	return mem;
}

static void bnxt_memory(struct rig *rig)
{
	uint64_t ctx = machine_object(rig->m, 0x10000), pg = ctx, card_cp, napi;
	uint64_t napis = machine_object(rig->m, 8);

	napi = machine_object(rig->m, 0x1000);
	rig_set64(rig, napis, napi);
	rig_set(rig, card.priv, AMI_F_bnxt_napis, napis);
	rig_set(rig, card.priv, AMI_F_bnxt_nr_cp, 1);
	card_cp = rig_member(rig, napi, AMI_F_bnxt_cp);
	bnxt_page(rig, rig_member(rig, card_cp, AMI_F_bnxt_cp_mem), CARD_DESC);
	rig_set(rig, card.priv, AMI_F_bnxt_ctx, ctx);
	if (card_has(rig, AMI_F_bnxt_ctx_types)) {
		pg = rig_object(rig, AMI_T_bnxt_pg);
		rig_set(rig, rig_member(rig, ctx, AMI_F_bnxt_ctx_types),
			AMI_F_bnxt_type_pages, pg);
	} else {
		pg = rig_member(rig, ctx, AMI_F_bnxt_ctx_stat);
	}
	bnxt_page(rig, rig_member(rig, pg, AMI_F_bnxt_pg_mem), CARD_CONTEXT);
}

struct rig *card_bnxt(void)
{
	struct rig *rig = CARD_OPEN("bnxt_en", bnxt, 0x3000);
	uint64_t tpa = machine_object(rig->m, 0x100), pool, page;
	unsigned int i;

	card.ring = rig_object(rig, AMI_T_bnxt_rx);
	rig_set(rig, card.priv, AMI_F_bnxt_rx, card.ring);
	rig_set(rig, card.priv, AMI_F_bnxt_nr_rx, 1);
	rig_set(rig, card.priv, AMI_F_bnxt_rx_mask, CARD_COUNT - 1);
	rig_set(rig, card.priv, AMI_F_bnxt_buf_size, 1536);
	rig_set(rig, card.priv, AMI_F_bnxt_dma_offset, 16);
	rig_set(rig, card.priv, AMI_F_bnxt_max_tpa, 1);
	card_element(rig, card.ring, AMI_F_bnxt_desc, 0, card.desc);
	rig_set(rig, card.ring, AMI_F_bnxt_buffers, card.slots);
	rig_set(rig, card.ring, AMI_F_bnxt_cons, CARD_CLEAN);
	/* In newer kernels it runs on. */
	rig_set(rig, card.ring, AMI_F_bnxt_prod, CARD_USE +
		(card.kernel == REAL_6_1 ? 0 : 3 * CARD_COUNT));
	rig_set(rig, card.ring, AMI_F_bnxt_tpa, tpa);
	rig_set(rig, tpa, AMI_F_bnxt_tpa_data, image_va(RIG_BUFFER + IOVA(11)));
	rig_set(rig, tpa, AMI_F_bnxt_tpa_dma, IOVA(11));
	for (i = CARD_CLEAN; i < CARD_USE; i++) {
		uint64_t b = card_slot(rig, AMI_T_bnxt_buf, i);

		put_bnxt(rig, card.desc, i, i, IOVA(i) + 16);
		rig_set(rig, b, AMI_F_bnxt_buf_data,
			image_va(RIG_BUFFER + IOVA(i)));
		rig_set(rig, b, AMI_F_bnxt_buf_dma, IOVA(i) + 16);
	}
	bnxt_large(rig);
	bnxt_memory(rig);
	pool = machine_object(rig->m, 0x100);
	page = machine_object(rig->m, 0x100);
	machine_list_init(rig->m, rig_member(rig, pool, AMI_F_dma_pool_pages));
	rig_set(rig, pool, AMI_F_dma_pool_allocation, 4096);
	rig_set(rig, page, AMI_F_dma_page_dma, IOVA(CARD_ADMIN));
	machine_list_add(rig->m, rig_member(rig, pool, AMI_F_dma_pool_pages),
			 rig_member(rig, page, AMI_F_dma_page_list));
	rig_set(rig, card.priv, AMI_F_bnxt_answers, pool);
	return rig;
}
