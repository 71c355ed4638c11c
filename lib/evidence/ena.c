// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receive buffers of ena: drivers/net/ethernet/amazon/ena. A ring of free IDs says
 * which buffers the device has: those between next_to_clean and next_to_use. The
 * device only reads its descriptors, and they are used again at once; so the
 * driver's state alone speaks for the buffers.
 */
#include <stdio.h>

#include "drivers.h"
#include "nic.h"

#define MAX_QUEUES	128u	/* ENA_MAX_NUM_IO_QUEUES */
#define MMIO_RESPONSE	8u	/* struct ena_admin_ena_mmio_req_read_less_resp */

/* @size: of a struct ena_rx_buffer; @last: ID in the place before */
struct ids {
	struct reading *r;
	uint64_t free, buffers, size;
	uint32_t count, last;
};

/* Its address may lie behind a headroom in the page that is mapped. */
static bool post_id(struct ids *ids, uint32_t place)
{
	uint64_t at, dma, len;
	uint16_t id;

	if (ami_read(ids->r->kernel, ids->free + place * sizeof(id), &id,
		     sizeof(id)) != AMI_MEM_OK || id >= ids->count ||
	    id == ids->last)
		return false;
	ids->last = id;
	at = ids->buffers + id * ids->size;
	if (ami_get(ids->r->kernel, at, AMI_F_ena_buf_dma, &dma) != AMI_MEM_OK ||
	    ami_get(ids->r->kernel, at, AMI_F_ena_buf_len, &len) !=
	    AMI_MEM_OK || !dma)
		return false;
	evidence_add_dma(ids->r->ev, ids->r->device, dma, len);
	return true;
}

static void report_lost(struct reading *r, uint64_t lost, unsigned int number)
{
	r->lost = true;
	ami_finding_add_with(r->ev->state->findings, AMI_FIND_BUFFERS_UNKNOWN,
			r->where,
			AMI_FACTS(READING_NAMES(r),
				  AMI_SAYS(QUEUE, number),
				  AMI_SAYS(COUNT, lost)),
			"%s receive ring %u: %llu buffers are in use, but nothing that can be read says where they are.",
			r->name, number, (unsigned long long)lost);
}

static void post_ids(struct ids *ids, uint32_t from, uint32_t count,
		     unsigned int number)
{
	struct reading *r = ids->r;
	uint64_t lost = 0;
	uint32_t i;

	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED,
				AMI_LIKELY, r->reader->driver,
				"%s receive ring %u: %u buffers posted or filled",
				r->name, number, count);
	for (i = 0; i < count; i++)
		lost += !post_id(ids, (from + i) % ids->count);
	evidence_end_transfer(r->ev);
	if (lost)
		report_lost(r, lost, number);
}

static bool receive_ring(struct reading *r, uint64_t va, unsigned int number)
{
	struct ids ids = {
		.r = r, .size = ami_type_size(r->kernel, AMI_T_ena_buf),
	};
	uint64_t use, clean, count;

	if (!reading_get(r, va, AMI_F_ena_free_ids, &ids.free) ||
	    !reading_get(r, va, AMI_F_ena_buffers, &ids.buffers) ||
	    !reading_get(r, va, AMI_F_ena_ring_size, &count) ||
	    !reading_get(r, va, AMI_F_ena_to_use, &use) ||
	    !reading_get(r, va, AMI_F_ena_to_clean, &clean))
		return false;
	if (!ids.buffers)
		return reading_none(r, "receive ring");
	/* A power of two; both indexes run on. */
	if (!count || count > NIC_MAX_RING || count & (count - 1)) {
		reading_damaged(r, "receive ring", va);
		return false;
	}
	ids.count = ids.last = count;
	if (!((use - clean) & (count - 1)))
		return reading_none(r, "buffer");
	post_ids(&ids, clean & (count - 1), (use - clean) & (count - 1), number);
	return true;
}

static bool post_queue(struct reading *r, uint64_t object, enum ami_field dma,
		       enum ami_field depth, uint64_t entry, const char *what)
{
	uint64_t count;

	return reading_get(r, object, depth, &count) &&
	       reading_post_entries(r, object, dma, count, entry, what);
}

static bool completions(struct reading *r, uint64_t va)
{
	uint64_t cq, entry;

	return reading_get(r, va, AMI_F_ena_cq, &cq) &&
	       (!cq || (reading_get(r, cq, AMI_F_ena_cq_entry, &entry) &&
			post_queue(r, cq, AMI_F_ena_cq_dma,
				   AMI_F_ena_cq_depth, entry,
				   "completion queue")));
}

static bool read_queue(struct reading *r, unsigned int number)
{
	uint64_t size = ami_type_size(r->kernel, AMI_T_ena_ring) * number;
	uint64_t rx = ami_addr(r->kernel, r->priv, AMI_F_ena_rx_ring) + size;
	uint64_t tx = ami_addr(r->kernel, r->priv, AMI_F_ena_tx_ring) + size;
	bool complete = receive_ring(r, rx, number);

	complete &= completions(r, rx);
	return completions(r, tx) && complete;
}

/* Answers to commands, events, answers to reads of registers. */
static bool read_admin(struct reading *r)
{
	uint64_t dev, mmio;
	bool complete;

	if (!reading_get(r, r->priv, AMI_F_ena_dev, &dev) ||
	    !reading_get(r, dev, AMI_F_ena_mmio, &mmio))
		return false;
	if (mmio)
		reading_post_dma(r, AMI_PROVEN, mmio, MMIO_RESPONSE,
				 "answers to reads of registers");
	complete = post_queue(r, dev, AMI_F_ena_admin_cq, AMI_F_ena_admin_depth,
			      ami_type_size(r->kernel, AMI_T_ena_admin_entry),
			      "admin completion queue");
	return post_queue(r, dev, AMI_F_ena_aenq, AMI_F_ena_aenq_depth,
			  ami_type_size(r->kernel, AMI_T_ena_aenq_entry),
			  "event queue") && complete;
}

static bool read_ena(struct reading *r)
{
	bool complete = ami_type_size(r->kernel, AMI_T_ena_ring);
	uint64_t count, i;

	if (!reading_get(r, r->priv, AMI_F_ena_queues, &count))
		return false;
	if (!count)
		return reading_none(r, "queue");
	if (count > MAX_QUEUES) {
		reading_damaged(r, "number of queues", r->priv);
		return false;
	}
	for (i = 0; i < count; i++)
		complete &= read_queue(r, i);
	return read_admin(r) && complete;
}

const struct reader reader_ena = {
	.driver = "ena", .of = READ_INTERFACE, .needs = AMI_F_ena_buffers,
	.read = read_ena,
};
