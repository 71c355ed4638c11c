// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receive buffers of bnxt_en: drivers/net/ethernet/broadcom/bnxt. The device only
 * reads the descriptors (struct rx_bd: length and type, a number of the driver's,
 * address). Those of the ring are taken back in order; those for the rest of large
 * frames are not, and the driver keeps a bit for each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bnxt.h"
#include "drivers.h"
#include "nic.h"

#define MAX_RINGS	1024u
#define DESC		16u	/* bytes of a descriptor */
#define DESC_KEY	4u	/* where the number is, */
#define FRAGMENTS	17u	/* MAX_SKB_FRAGS: of one large frame */
#define DESC_ADDR	8u	/* and the address */
#define PER_PAGE	256u	/* descriptors */
#define MAX_TPA		4096u
#define MAX_AGG		65536u

/* @dma_offset: of a frame in its buffer */
struct bnxt {
	struct reading *r;
	uint64_t mask, agg_mask, size, dma_offset, max_tpa;
};

/* @ring: member with the addresses of its pages */
static bool read_desc(struct reading *r, uint64_t va, enum ami_field ring,
		      uint32_t index, uint8_t raw[DESC])
{
	uint64_t page;

	return ami_read_u64(r->kernel, ami_addr(r->kernel, va, ring) +
			    8ull * (index / PER_PAGE), &page) == AMI_MEM_OK &&
	       ami_read(r->kernel, page + index % PER_PAGE * DESC, raw, DESC) ==
	       AMI_MEM_OK;
}

/* A struct page in page mode, else memory of the kernel. */
static uint64_t where_is(const struct bnxt *b, uint64_t data, uint64_t offset)
{
	uint64_t page = reading_phys_of_page(b->r, data);

	if (page)
		return page + offset + b->dma_offset;
	return reading_phys(b->r, data + b->dma_offset);
}

static void read_buffer(const struct bnxt *b, uint64_t at, struct rx_slot *slot)
{
	struct ami_kernel *k = b->r->kernel;
	uint64_t data, offset;

	slot->known = ami_get(k, at, AMI_F_bnxt_buf_data, &data) ==
		       AMI_MEM_OK &&
		       ami_get(k, at, AMI_F_bnxt_buf_offset, &offset) ==
		       AMI_MEM_OK &&
		       ami_get(k, at, AMI_F_bnxt_buf_dma, &slot->dma) ==
		       AMI_MEM_OK;
	if (!slot->known || !data)
		slot->dma = 0;
	else
		slot->phys = where_is(b, data, offset);
}

static bool post_frames(const struct bnxt *b, uint64_t va, const char *label)
{
	uint64_t entry = ami_type_size(b->r->kernel, AMI_T_bnxt_buf);
	struct rx_slots slots = { .list = NULL };
	uint64_t buffers, cons, prod, i;
	uint8_t raw[DESC];

	if (!reading_get(b->r, va, AMI_F_bnxt_buffers, &buffers) ||
	    !reading_get(b->r, va, AMI_F_bnxt_cons, &cons) ||
	    !reading_get(b->r, va, AMI_F_bnxt_prod, &prod))
		return false;
	if (!buffers)
		return reading_none(b->r, label);
	/* Newer kernels let the index run on. */
	for (i = cons & b->mask; i != (prod & b->mask) && !reading_stopped(b->r);
	     i = (i + 1) & b->mask) {
		struct rx_slot slot = { .len = b->size };

		slot.seen = read_desc(b->r, va, AMI_F_bnxt_desc, i, raw);
		if (slot.seen)
			memcpy(&slot.addr, raw + DESC_ADDR, sizeof(slot.addr));
		read_buffer(b, buffers + i * entry, &slot);
		nic_add_slot(b->r, &slots, &slot);
	}
	nic_post_slots(b->r, &slots, label);
	return true;
}

/**
 * struct rest - buffers for the rest of large frames, by the driver's number
 * @used: a bit for each that the device has; @desc: is a descriptor about it?
 */
struct rest {
	const struct bnxt *b;
	uint64_t va, buffers, entry;
	uint32_t len;
	uint8_t *used, *desc;
};

static uint64_t dma_of(const struct rest *rest, uint64_t n)
{
	uint64_t dma;

	return ami_get(rest->b->r->kernel, rest->buffers + n * rest->entry,
		       AMI_F_bnxt_agg_dma, &dma) == AMI_MEM_OK ? dma : 0;
}

/* Old descriptors stay: one counts if it has the address that the driver mapped. */
static void match_descriptors(struct rest *rest)
{
	const struct bnxt *b = rest->b;
	uint8_t raw[DESC];
	uint64_t i, addr;
	uint32_t key;

	for (i = 0; i <= b->agg_mask && !reading_stopped(b->r); i++) {
		if (!read_desc(b->r, rest->va, AMI_F_bnxt_agg_desc, i, raw))
			continue;
		memcpy(&key, raw + DESC_KEY, sizeof(key));
		memcpy(&addr, raw + DESC_ADDR, sizeof(addr));
		if (key <= b->agg_mask && addr && addr == dma_of(rest, key))
			rest->desc[key] = 1;
	}
}

static void add_rest(struct rest *rest, uint64_t n, struct rx_slots *slots)
{
	struct ami_kernel *k = rest->b->r->kernel;
	uint64_t at = rest->buffers + n * rest->entry, page, offset, phys;
	enum ami_field holder = ami_has(k, AMI_F_bnxt_agg_netmem) ?
				AMI_F_bnxt_agg_netmem : AMI_F_bnxt_agg_page;
	struct rx_slot slot = { .len = rest->len, .alone = true };

	slot.known = ami_get(k, at, holder, &page) == AMI_MEM_OK &&
		      ami_get(k, at, AMI_F_bnxt_agg_offset, &offset) ==
		      AMI_MEM_OK &&
		      ami_get(k, at, AMI_F_bnxt_agg_dma, &slot.dma) ==
		      AMI_MEM_OK;
	if (slot.known) {
		phys = reading_phys_of_page(rest->b->r, page);
		slot.phys = phys ? phys + offset : 0;
	}
	if (rest->desc[n]) {
		slot.seen = true;
		slot.addr = slot.dma;
	}
	nic_add_slot(rest->b->r, slots, &slot);
}

static bool open_rest(struct rest *rest)
{
	struct reading *r = rest->b->r;
	uint64_t used, len = AMI_PAGE_SIZE;
	enum ami_mem mem;

	if (!reading_get(r, rest->va, AMI_F_bnxt_agg_used, &used) ||
	    (ami_has(r->kernel, AMI_F_bnxt_agg_size) &&
	     !reading_get(r, rest->va, AMI_F_bnxt_agg_size, &len)))
		return false;
	rest->len = nic_buffer_size(r, len);
	mem = ami_read(r->kernel, used, rest->used, (rest->b->agg_mask + 8) / 8);
	if (mem != AMI_MEM_OK) {
		reading_unread(r, "map of buffers for large frames", used, mem);
		return false;
	}
	return true;
}

static bool post_rest(struct rest *rest, const char *label)
{
	struct rx_slots slots = { .each = FRAGMENTS };
	uint64_t i;

	if (!open_rest(rest))
		return false;
	match_descriptors(rest);
	for (i = 0; i <= rest->b->agg_mask && !reading_stopped(rest->b->r); i++)
		if (rest->used[i / 8] & 1u << i % 8)
			add_rest(rest, i, &slots);
	nic_post_slots(rest->b->r, &slots, label);
	return true;
}

static bool post_large(const struct bnxt *b, uint64_t va, const char *label)
{
	struct rest rest = {
		.b = b, .va = va,
		.entry = ami_type_size(b->r->kernel, AMI_T_bnxt_agg),
	};
	bool complete = false;

	if (!reading_get(b->r, va, AMI_F_bnxt_agg_buffers, &rest.buffers))
		return false;
	if (!rest.buffers || !b->agg_mask)
		return true;
	rest.used = calloc(b->agg_mask / 8 + 1, 1);
	rest.desc = calloc(b->agg_mask + 1, 1);
	if (rest.used && rest.desc)
		complete = post_rest(&rest, label);
	else
		b->r->ev->collector->no_memory = true;
	free(rest.used);
	free(rest.desc);
	return complete;
}

/* Exchanged against buffers of the ring when frames are aggregated. */
static bool post_spare(const struct bnxt *b, uint64_t va, const char *label)
{
	uint64_t entry = ami_type_size(b->r->kernel, AMI_T_bnxt_tpa);
	struct rx_slots slots = { .optional = true };
	uint64_t list, i, data;

	if (!reading_get(b->r, va, AMI_F_bnxt_tpa, &list))
		return false;
	for (i = 0; list && i < b->max_tpa; i++) {
		struct rx_slot slot = {
			.alone = true, .held = true, .len = b->size,
		};

		slot.known = ami_get(b->r->kernel, list + i * entry,
				     AMI_F_bnxt_tpa_data, &data) ==
			      AMI_MEM_OK &&
			      ami_get(b->r->kernel, list + i * entry,
				      AMI_F_bnxt_tpa_dma, &slot.dma) ==
			      AMI_MEM_OK;
		if (slot.known && !data)
			slot.dma = 0;
		nic_add_slot(b->r, &slots, &slot);
	}
	nic_post_slots(b->r, &slots, label);
	return true;
}

static bool read_ring(const struct bnxt *b, uint64_t va, unsigned int number)
{
	char label[48];
	bool complete;

	snprintf(label, sizeof(label), "receive ring %u", number);
	complete = post_frames(b, va, label);
	snprintf(label, sizeof(label), "receive ring %u for large frames", number);
	complete &= post_large(b, va, label);
	snprintf(label, sizeof(label), "receive ring %u for aggregation", number);
	return post_spare(b, va, label) && complete;
}

static bool check_sizes(struct bnxt *b, uint64_t count)
{
	if (count <= MAX_RINGS && b->mask < NIC_MAX_RING &&
	    !(b->mask & (b->mask + 1)) && b->agg_mask < MAX_AGG &&
	    !(b->agg_mask & (b->agg_mask + 1)) && b->max_tpa <= MAX_TPA)
		return true;
	reading_damaged(b->r, "size of receive rings", b->r->priv);
	return false;
}

static bool read_rings(struct reading *r)
{
	uint64_t entry = ami_type_size(r->kernel, AMI_T_bnxt_rx), list, count, i;
	struct bnxt b = { .r = r };
	bool complete = entry;

	if (!reading_get(r, r->priv, AMI_F_bnxt_rx, &list) ||
	    !reading_get(r, r->priv, AMI_F_bnxt_nr_rx, &count) ||
	    !reading_get(r, r->priv, AMI_F_bnxt_rx_mask, &b.mask) ||
	    !reading_get(r, r->priv, AMI_F_bnxt_agg_mask, &b.agg_mask) ||
	    !reading_get(r, r->priv, AMI_F_bnxt_buf_size, &b.size) ||
	    !reading_get(r, r->priv, AMI_F_bnxt_dma_offset, &b.dma_offset) ||
	    !reading_get(r, r->priv, AMI_F_bnxt_max_tpa, &b.max_tpa))
		return false;
	if (!list || !count)
		return reading_none(r, "receive ring");
	if (!check_sizes(&b, count))
		return false;
	b.size = nic_buffer_size(r, b.size);
	for (i = 0; i < count && entry && !reading_stopped(r); i++)
		complete &= read_ring(&b, list + i * entry, i);
	return complete;
}

static bool read_bnxt(struct reading *r)
{
	bool complete = read_rings(r);

	return evidence_bnxt_memory(r) && complete;
}

const struct reader reader_bnxt = {
	.driver = "bnxt_en", .of = READ_INTERFACE, .needs = AMI_F_bnxt_rx,
	.read = read_bnxt,
};
