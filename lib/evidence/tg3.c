// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receive buffers of tg3: drivers/net/ethernet/broadcom. The device takes buffers
 * from a ring that it only reads (struct tg3_rx_buffer_desc: address as two words,
 * the higher first) and returns them through rings of its own. Each place of the
 * ring that has a buffer waits for a frame, or holds one that the driver has not
 * taken.
 */
#include <stdio.h>
#include <string.h>

#include "drivers.h"
#include "nic.h"

#define MAX_VECTORS	17u	/* TG3_IRQ_MAX_VECS is 5 */
#define STANDARD	32u	/* bytes of a descriptor */
#define EXTENDED	64u	/* the same behind three more addresses */
#define BEHIND		32u
#define JUMBO_BYTES	9110u	/* TG3_RX_JMB_MAP_SZ */
#define NET_SKB_PAD	64u
#define RETURNED	32u	/* bytes of a descriptor of a return ring */

/*
 * A ring of buffers: its descriptors, and what the driver keeps of each. There
 * must be some in the first one of small frames.
 */
struct producer {
	struct reading *r;
	struct ring ring;
	uint64_t buffers;
	uint32_t len, word;	/* bytes of a buffer; where the address is */
	uint64_t headroom;
	bool must;
};

static void read_buffer(const struct producer *p, uint32_t index,
			struct rx_slot *slot)
{
	uint64_t at = p->buffers + index *
		      ami_type_size(p->r->kernel, AMI_T_tg3_buffer), data;

	slot->known = ami_get(p->r->kernel, at, AMI_F_tg3_buffer_dma,
			      &slot->dma) == AMI_MEM_OK &&
		       ami_get(p->r->kernel, at, AMI_F_tg3_buffer_data, &data) ==
		       AMI_MEM_OK;
	if (slot->known && !data)
		slot->dma = 0;
	else if (slot->known)
		slot->phys = reading_phys(p->r, data + p->headroom);
}

static void post_buffers(const struct producer *p, const char *label)
{
	struct rx_slots slots = { .optional = !p->must };
	uint8_t raw[EXTENDED];
	uint32_t i, words[2];

	for (i = 0; i < p->ring.count; i++) {
		struct rx_slot slot = { .len = p->len };

		slot.seen = nic_ring_desc(p->r, &p->ring, i, raw);
		if (slot.seen) {
			memcpy(words, raw + p->word, sizeof(words));
			slot.addr = (uint64_t)words[0] << 32 | words[1];
		}
		read_buffer(p, i, &slot);
		/* A place that was never used */
		if (!slot.known || slot.dma || slot.phys)
			nic_add_slot(p->r, &slots, &slot);
	}
	nic_post_slots(p->r, &slots, label);
}

static bool read_producer(struct producer *p, uint64_t napi,
			  enum ami_field desc, enum ami_field buffers,
			  enum ami_field mask, const char *label)
{
	uint64_t last;

	if (!reading_get(p->r, napi, desc, &p->ring.desc) ||
	    !reading_get(p->r, napi, buffers, &p->buffers) ||
	    !reading_get(p->r, p->r->priv, mask, &last))
		return false;
	if (!p->ring.desc)
		return !p->must || reading_none(p->r, label);
	p->ring.count = last + 1;
	if (nic_ring_check(p->r, napi, &p->ring) != RING_READY)
		return false;
	post_buffers(p, label);
	return true;
}

/* With several queues, the others' buffers wait for the first one's ring. */
static bool read_buffers(struct reading *r, uint64_t napi, unsigned int number)
{
	struct producer p = { .r = r, .ring = { .stride = STANDARD } };
	uint64_t len, offset;
	bool complete;
	char label[40];

	if (!reading_get(r, r->priv, AMI_F_tg3_map_size, &len) ||
	    !reading_get(r, r->priv, AMI_F_tg3_rx_offset, &offset))
		return false;
	p.must = !number;
	p.len = nic_buffer_size(r, len);
	p.headroom = offset + NET_SKB_PAD;
	snprintf(label, sizeof(label), "receive ring %u", number);
	complete = read_producer(&p, napi, AMI_F_tg3_std, AMI_F_tg3_std_buffers,
				 AMI_F_tg3_std_mask, label);
	p.ring = (struct ring){ .stride = EXTENDED };
	p.must = false;
	p.word = BEHIND;
	p.len = JUMBO_BYTES;
	snprintf(label, sizeof(label), "jumbo receive ring %u", number);
	return read_producer(&p, napi, AMI_F_tg3_jmb, AMI_F_tg3_jmb_buffers,
			     AMI_F_tg3_jmb_mask, label) && complete;
}

static bool read_vector(struct reading *r, uint64_t napi, unsigned int number,
			uint64_t returns)
{
	bool complete = read_buffers(r, napi, number);
	char label[40];

	snprintf(label, sizeof(label), "status block %u", number);
	complete &= reading_post_entries(r, napi, AMI_F_tg3_status, 1,
					 ami_type_size(r->kernel,
						       AMI_T_tg3_hw_status),
					 label);
	snprintf(label, sizeof(label), "return ring %u", number);
	return reading_post_entries(r, napi, AMI_F_tg3_return, returns,
				    RETURNED, label) && complete;
}

static bool read_tg3(struct reading *r)
{
	uint64_t size = ami_type_size(r->kernel, AMI_T_tg3_napi), count, last, i;
	uint64_t napi = ami_addr(r->kernel, r->priv, AMI_F_tg3_napi);
	bool complete = size;

	if (!reading_get(r, r->priv, AMI_F_tg3_irq_cnt, &count) ||
	    !reading_get(r, r->priv, AMI_F_tg3_ret_mask, &last))
		return false;
	if (count > MAX_VECTORS || last >= NIC_MAX_RING) {
		reading_damaged(r, "number of queues", r->priv);
		return false;
	}
	for (i = 0; i < count && size; i++)
		complete &= read_vector(r, napi + i * size, i, last + 1);
	return reading_post_entries(r, r->priv, AMI_F_tg3_stats, 1,
				    ami_type_size(r->kernel, AMI_T_tg3_hw_stats),
				    "statistics") && complete;
}

const struct reader reader_tg3 = {
	.driver = "tg3", .of = READ_INTERFACE, .needs = AMI_F_tg3_napi,
	.read = read_tg3,
};
