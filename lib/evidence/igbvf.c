// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receive buffers of igbvf: drivers/net/ethernet/intel/igbvf. Advanced descriptors
 * (82576 data sheet 7.1.5): one buffer at the first address; or, for larger frames,
 * headers at the second address and data in half a page at the first.
 */
#include <string.h>

#include "drivers.h"
#include "nic.h"

#define DESC		16u
#define STATUS_OFFSET	8u	/* of the written-back status, DD is bit 0 */
#define DD		1u
#define HALF_PAGE	(AMI_PAGE_SIZE / 2)

static const struct ring_members members = {
	.desc = AMI_F_igbvf_desc, .dma = AMI_F_igbvf_dma,
	.count = AMI_F_igbvf_count, .to_use = AMI_F_igbvf_to_use,
	.to_clean = AMI_F_igbvf_to_clean,
};

/* @header: bytes of a buffer for headers; 0: frames are not split */
struct vf {
	struct reading *r;
	struct ring ring;
	uint64_t buffers;
	uint32_t header, len;
};

/* The page is mapped at its offset. */
static void read_half_page(const struct vf *vf, uint64_t buffer,
			   struct rx_slot *slot)
{
	uint64_t page, offset, phys;

	slot->known = ami_get(vf->r->kernel, buffer, AMI_F_igbvf_buf_page_dma,
			      &slot->dma) == AMI_MEM_OK &&
		       ami_get(vf->r->kernel, buffer, AMI_F_igbvf_buf_page,
			       &page) == AMI_MEM_OK &&
		       ami_get(vf->r->kernel, buffer, AMI_F_igbvf_buf_offset,
			       &offset) == AMI_MEM_OK;
	phys = slot->known ? reading_phys_of_page(vf->r, page) : 0;
	slot->phys = phys ? phys + offset : 0;
}

static void read_packet(const struct vf *vf, uint64_t buffer,
			struct rx_slot *slot)
{
	uint64_t skb;

	slot->known = ami_get(vf->r->kernel, buffer, AMI_F_igbvf_buf_dma,
			      &slot->dma) == AMI_MEM_OK &&
		       ami_get(vf->r->kernel, buffer, AMI_F_igbvf_buf_skb,
			       &skb) == AMI_MEM_OK;
	slot->phys = slot->known ? reading_phys_of_skb(vf->r, skb) : 0;
}

static void add_descriptor(const struct vf *vf, uint32_t n,
			   struct rx_slots *slots)
{
	uint64_t size = ami_type_size(vf->r->kernel, AMI_T_igbvf_buf);
	uint32_t index = ring_slot(&vf->ring, n);
	uint64_t buffer = vf->buffers + index * size, raw[2] = { 0 };
	struct rx_slot slot = {
		/* The tail register excludes the newest one. */
		.held = n + 1 == vf->ring.owned, .len = vf->len,
	};

	slot.seen = nic_ring_desc(vf->r, &vf->ring, index, raw);
	slot.done = slot.seen && raw[STATUS_OFFSET / 8] & DD;
	slot.addr = raw[0];
	if (vf->header)
		read_half_page(vf, buffer, &slot);
	else
		read_packet(vf, buffer, &slot);
	nic_add_slot(vf->r, slots, &slot);
	if (!vf->header)
		return;
	slot.addr = raw[1];
	slot.len = vf->header;
	read_packet(vf, buffer, &slot);
	nic_add_slot(vf->r, slots, &slot);
}

static bool read_sizes(struct vf *vf)
{
	uint64_t len, header;

	if (!reading_get(vf->r, vf->r->priv, AMI_F_igbvf_rx_buffer_len, &len) ||
	    !reading_get(vf->r, vf->r->priv, AMI_F_igbvf_ps_hdr_size, &header))
		return false;
	vf->header = header ? nic_buffer_size(vf->r, header) : 0;
	vf->len = header ? HALF_PAGE : nic_buffer_size(vf->r, len);
	return true;
}

static bool read_receive(struct vf *vf, uint64_t va)
{
	struct rx_slots slots = { .each = vf->header ? 2 : 1 };
	enum ring_state state = nic_ring_read(vf->r, va, &members, DESC,
					      &vf->ring);
	uint32_t n;

	if (state != RING_READY)
		return state == RING_NONE;
	if (!reading_get(vf->r, va, AMI_F_igbvf_buffers, &vf->buffers))
		return false;
	for (n = 0; n < vf->ring.owned; n++)
		add_descriptor(vf, n, &slots);
	nic_post_slots(vf->r, &slots, "receive ring");
	nic_post_ring(vf->r, &vf->ring, "receive descriptor ring");
	return true;
}

static bool read_igbvf(struct reading *r)
{
	struct vf vf = { .r = r };
	struct ring sent;
	uint64_t rx, tx;
	enum ring_state state;

	if (!read_sizes(&vf) ||
	    !reading_get(r, r->priv, AMI_F_igbvf_rx_ring, &rx) ||
	    !reading_get(r, r->priv, AMI_F_igbvf_tx_ring, &tx) ||
	    !read_receive(&vf, rx))
		return false;
	state = nic_ring_read(r, tx, &members, DESC, &sent);
	if (state == RING_READY)
		nic_post_ring(r, &sent, "transmit descriptor ring");
	return state != RING_BAD;
}

const struct reader reader_igbvf = {
	.driver = "igbvf", .of = READ_INTERFACE, .needs = AMI_F_igbvf_rx_ring,
	.read = read_igbvf,
};
