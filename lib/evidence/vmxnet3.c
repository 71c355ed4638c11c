// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receive buffers of vmxnet3: drivers/net/vmxnet3. Each queue has two rings of
 * descriptors (vmxnet3_defs.h: address, length) that the device only reads; it
 * writes to a ring of completions, and small frames to a ring of data.
 */
#include <stdio.h>
#include <string.h>

#include "drivers.h"
#include "nic.h"

#define MAX_QUEUES	32u	/* VMXNET3_DEVICE_MAX_RX_QUEUES */
#define RINGS		2u
#define DESC		16u
#define COMPLETION	16u
#define LENGTH_MASK	0x3fffu	/* of word 2 */
#define PACKET		1u	/* VMXNET3_RX_BUF_SKB */
#define PAGE		2u	/* VMXNET3_RX_BUF_PAGE */

/* One of the two rings of a queue. */
struct commands {
	struct reading *r;
	struct ring ring;
	uint64_t buffers;
};

static void read_buffer(const struct commands *c, uint32_t index,
			struct rx_slot *slot)
{
	uint64_t size = ami_type_size(c->r->kernel, AMI_T_vmxnet3_rx_buf);
	uint64_t at = c->buffers + index * size, kind, holder, len;

	slot->known = ami_get(c->r->kernel, at, AMI_F_vmxnet3_buf_dma,
			      &slot->dma) == AMI_MEM_OK &&
		       ami_get(c->r->kernel, at, AMI_F_vmxnet3_buf_type,
			       &kind) == AMI_MEM_OK &&
		       ami_get(c->r->kernel, at, AMI_F_vmxnet3_buf_skb,
			       &holder) == AMI_MEM_OK &&
		       ami_get(c->r->kernel, at, AMI_F_vmxnet3_buf_len,
			       &len) == AMI_MEM_OK;
	if (!slot->known)
		return;
	if (!holder)
		slot->dma = 0;
	if (slot->len < len)
		slot->len = len;
	if (kind == PACKET)
		slot->phys = reading_phys_of_skb(c->r, holder);
	else if (kind == PAGE)
		slot->phys = reading_phys_of_page(c->r, holder);
}

static void add_descriptor(const struct commands *c, uint32_t n,
			   struct rx_slots *slots)
{
	uint32_t index = ring_slot(&c->ring, n), word;
	struct rx_slot slot = { .held = false };
	uint8_t raw[DESC];

	slot.seen = nic_ring_desc(c->r, &c->ring, index, raw);
	if (slot.seen) {
		memcpy(&slot.addr, raw, sizeof(slot.addr));
		memcpy(&word, raw + 8, sizeof(word));
		slot.len = word & LENGTH_MASK;
	}
	read_buffer(c, index, &slot);
	nic_add_slot(c->r, slots, &slot);
}

static bool read_commands(struct commands *c, uint64_t va, bool second,
			  const char *label)
{
	struct rx_slots slots = { .list = NULL };
	uint64_t count, fill, comp;
	enum ring_state state;
	uint32_t n;

	if (!reading_get(c->r, va, AMI_F_vmxnet3_ring_base, &c->ring.desc) ||
	    !reading_get(c->r, va, AMI_F_vmxnet3_ring_size, &count) ||
	    !reading_get(c->r, va, AMI_F_vmxnet3_ring_fill, &fill) ||
	    !reading_get(c->r, va, AMI_F_vmxnet3_ring_comp, &comp))
		return false;
	if (!count)
		return second || reading_none(c->r, label);
	c->ring.count = count;
	c->ring.to_use = fill;
	c->ring.to_clean = comp;
	c->ring.stride = DESC;
	state = nic_ring_check(c->r, va, &c->ring);
	if (state != RING_READY)
		return state == RING_NONE;
	for (n = 0; n < c->ring.owned; n++)
		add_descriptor(c, n, &slots);
	nic_post_slots(c->r, &slots, label);
	return true;
}

static bool both_rings(struct reading *r, uint64_t queue, unsigned int number)
{
	uint64_t rings = ami_addr(r->kernel, queue, AMI_F_vmxnet3_rx_rings);
	uint64_t buffers = ami_addr(r->kernel, queue, AMI_F_vmxnet3_buf_info);
	uint64_t size = ami_type_size(r->kernel, AMI_T_vmxnet3_cmd_ring);
	bool complete = true;
	unsigned int i;
	char label[40];

	for (i = 0; i < RINGS; i++) {
		struct commands c = { .r = r };
		enum ami_mem mem = ami_read_u64(r->kernel, buffers + 8 * i,
						&c.buffers);

		if (mem != AMI_MEM_OK)
			reading_unread(r, "list of buffers", buffers + 8 * i, mem);
		snprintf(label, sizeof(label), "receive queue %u ring %u",
			 number, i);
		complete &= read_commands(&c, rings + i * size, i, label);
	}
	return complete;
}

/* Its entries are as many as those of the first ring. */
static bool read_data_ring(struct reading *r, uint64_t queue,
			   enum ami_field size, enum ami_field dma,
			   const char *what)
{
	uint64_t rings = ami_addr(r->kernel, queue, AMI_F_vmxnet3_rx_rings);
	uint64_t count, bytes;

	if (!ami_has(r->kernel, size) || !ami_has(r->kernel, dma))
		return true;
	return reading_get(r, rings, AMI_F_vmxnet3_ring_size, &count) &&
	       reading_get(r, queue, size, &bytes) &&
	       reading_post_entries(r, queue, dma, count, bytes, what);
}

static bool receive_queue(struct reading *r, uint64_t queue, unsigned int number)
{
	bool complete = both_rings(r, queue, number);
	uint64_t count;

	if (!reading_get(r, queue, AMI_F_vmxnet3_rx_comp_size, &count))
		return false;
	complete &= reading_post_entries(r, queue, AMI_F_vmxnet3_rx_comp_pa, count,
				 COMPLETION, "receive completion ring");
	complete &= read_data_ring(r, queue, AMI_F_vmxnet3_data_size,
				   AMI_F_vmxnet3_data_pa, "receive data ring");
	return read_data_ring(r, queue, AMI_F_vmxnet3_ts_size,
			      AMI_F_vmxnet3_ts_pa, "receive time stamps") &&
	       complete;
}

static bool transmit_queue(struct reading *r, uint64_t queue,
			   unsigned int number)
{
	uint64_t count;

	(void)number;
	return reading_get(r, queue, AMI_F_vmxnet3_tx_comp_size, &count) &&
	       reading_post_entries(r, queue, AMI_F_vmxnet3_tx_comp_pa, count,
			    COMPLETION, "transmit completion ring");
}

static bool each_queue(struct reading *r, enum ami_field number,
		       enum ami_field list, enum ami_type type, uint64_t *count,
		       bool (*fn)(struct reading *r, uint64_t queue,
				  unsigned int number))
{
	uint64_t queue = ami_addr(r->kernel, r->priv, list);
	uint64_t size = ami_type_size(r->kernel, type), i;
	bool complete = size;

	if (!reading_get(r, r->priv, number, count))
		return false;
	if (*count > MAX_QUEUES) {
		reading_damaged(r, "number of queues", r->priv);
		*count = 0;
		return false;
	}
	for (i = 0; i < *count && size; i++)
		complete &= fn(r, queue + i * size, i);
	return (*count || reading_none(r, "queue")) && complete;
}

/* State of the queues and of the device, which it keeps up to date. */
static bool read_shared(struct reading *r, uint64_t rx, uint64_t tx)
{
	uint64_t queues = rx * ami_type_size(r->kernel, AMI_T_vmxnet3_rx_desc) +
			  tx * ami_type_size(r->kernel, AMI_T_vmxnet3_tx_desc);
	uint64_t shared = ami_type_size(r->kernel, AMI_T_vmxnet3_shared);

	return reading_post_entries(r, r->priv, AMI_F_vmxnet3_shared_pa, 1, shared,
			    "shared state") &&
	       reading_post_entries(r, r->priv, AMI_F_vmxnet3_queue_desc_pa, 1, queues,
			    "state of queues");
}

static bool read_vmxnet3(struct reading *r)
{
	uint64_t rx = 0, tx = 0;
	bool complete = each_queue(r, AMI_F_vmxnet3_nr_rx,
				   AMI_F_vmxnet3_rx_queue,
				   AMI_T_vmxnet3_rx_queue, &rx, receive_queue);

	complete &= each_queue(r, AMI_F_vmxnet3_nr_tx, AMI_F_vmxnet3_tx_queue,
			       AMI_T_vmxnet3_tx_queue, &tx, transmit_queue);
	return read_shared(r, rx, tx) && complete;
}

const struct reader reader_vmxnet3 = {
	.driver = "vmxnet3", .of = READ_INTERFACE,
	.needs = AMI_F_vmxnet3_rx_queue, .read = read_vmxnet3,
};
