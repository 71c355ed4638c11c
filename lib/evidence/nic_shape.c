// SPDX-License-Identifier: GPL-2.0-or-later
/* Network cards of the usual shape, each a row of nics.c. */
#include <stdio.h>
#include <string.h>

#include "nic.h"

#define MAX_DESC	64u
#define MAX_QUEUES	512u

/**
 * struct shaped - one card, being read
 * @owner: structure that has the rings
 * @size: bytes of a buffer; 0: it ends with its page
 */
struct shaped {
	struct reading *r;
	const struct nic_shape *shape;
	uint64_t owner;
	uint32_t size;
};

static uint32_t length_at(const struct shaped *s, uint64_t addr)
{
	uint64_t left = AMI_PAGE_SIZE - addr % AMI_PAGE_SIZE;

	if (s->size)
		return s->size;
	return left < s->shape->largest ? left : s->shape->largest;
}

/* A member that the driver may not have: 0 then. */
static bool get_optional(const struct shaped *s, uint64_t va, enum ami_field f,
			 uint64_t *value)
{
	*value = 0;
	return f == NO_FIELD ||
	       ami_get(s->r->kernel, va, f, value) == AMI_MEM_OK;
}

static void books_of(const struct shaped *s, uint64_t buffer,
		     struct rx_slot *slot)
{
	const struct nic_buffers *b = &s->shape->buffers;
	uint64_t dma, page, skb, offset, phys;

	if (ami_get(s->r->kernel, buffer, b->dma, &dma) != AMI_MEM_OK ||
	    !get_optional(s, buffer, b->page, &page) ||
	    !get_optional(s, buffer, b->skb, &skb) ||
	    !get_optional(s, buffer, b->offset, &offset))
		return;
	slot->booked = true;
	if (!page && !skb)
		return;
	slot->dma = dma + offset;
	phys = page ? reading_phys_of_page(s->r, page) :
		      reading_phys_of_skb(s->r, skb);
	if (phys)
		slot->phys = phys + offset;
}

static void add_descriptor(const struct shaped *s, const struct ring *ring,
			   uint64_t books, uint32_t n, struct rx_slots *slots)
{
	uint64_t size = ami_type_size(s->r->kernel, s->shape->buffers.type);
	uint32_t index = ring_slot(ring, n);
	struct rx_slot slot = { .held = false };
	uint8_t raw[MAX_DESC];
	uint16_t done;

	slot.seen = nic_ring_desc(s->r, ring, index, raw);
	if (slot.seen) {
		memcpy(&slot.addr, raw, sizeof(slot.addr));
		memcpy(&done, raw + s->shape->desc.done_at, sizeof(done));
		slot.done = done & s->shape->desc.done;
	}
	if (size)
		books_of(s, books + index * size, &slot);
	slot.len = length_at(s, slot.seen && !slot.done ? slot.addr : slot.dma);
	nic_add_slot(s->r, slots, &slot);
}

static bool receive_ring(const struct shaped *s, uint64_t va,
			 unsigned int number)
{
	struct rx_slots slots = { .list = NULL };
	struct ring ring;
	char label[40];
	uint64_t books;
	uint32_t n;
	enum ring_state state = nic_ring_read(s->r, va, &s->shape->rx.ring,
					      s->shape->desc.stride, &ring);

	if (state != RING_READY)
		return state == RING_NONE;
	if (!reading_get(s->r, va, s->shape->buffers.list, &books))
		return false;
	snprintf(label, sizeof(label), "receive ring %u", number);
	for (n = 0; n < ring.owned; n++)
		add_descriptor(s, &ring, books, n, &slots);
	nic_post_slots(s->r, &slots, label);
	snprintf(label, sizeof(label), "receive descriptor ring %u", number);
	nic_post_ring(s->r, &ring, label);
	return true;
}

/* Send descriptors are written back, too. */
static bool transmit_ring(const struct shaped *s, uint64_t va,
			  unsigned int number)
{
	struct ring ring;
	char label[40];
	enum ring_state state = nic_ring_read(s->r, va, &s->shape->tx.ring,
					      s->shape->tx_stride, &ring);

	if (state == RING_READY) {
		snprintf(label, sizeof(label), "transmit descriptor ring %u",
			 number);
		nic_post_ring(s->r, &ring, label);
	}
	return state != RING_BAD;
}

typedef bool (*each_fn)(const struct shaped *s, uint64_t va,
			unsigned int number);

static bool each_pointer(const struct shaped *s, uint64_t list, uint64_t count,
			 each_fn fn)
{
	bool complete = true;
	enum ami_mem mem;
	uint64_t i, va;

	for (i = 0; i < count; i++) {
		mem = ami_read_u64(s->r->kernel, list + 8 * i, &va);
		if (mem != AMI_MEM_OK)
			reading_unread(s->r, "pointer to a ring", list + 8 * i,
				       mem);
		else if (va)
			complete &= fn(s, va, i);
	}
	return complete;
}

static bool each_element(const struct shaped *s, const struct nic_rings *rings,
			 uint64_t list, uint64_t count, each_fn fn)
{
	uint64_t i, size = ami_type_size(s->r->kernel, rings->type);
	bool complete = size;

	for (i = 0; i < count && size; i++)
		complete &= fn(s, list + i * size, i);
	return complete;
}

static bool each_ring(const struct shaped *s, const struct nic_rings *rings,
		      each_fn fn)
{
	uint64_t list = ami_addr(s->r->kernel, s->owner, rings->list);
	uint64_t count = 1;

	if (!list || (rings->held != RINGS_ONE &&
		      !reading_get(s->r, s->owner, rings->count, &count)))
		return false;
	if (count > MAX_QUEUES) {
		reading_damaged(s->r, "number of queues", s->owner);
		return false;
	}
	if (rings->held != RINGS_INSIDE && rings->held != RINGS_ONE &&
	    !reading_get(s->r, s->owner, rings->list, &list))
		return false;
	if (!list || !count)
		return true;	/* the interface is down */
	if (rings->held == RINGS_ARRAY)
		return each_element(s, rings, list, count, fn);
	return each_pointer(s, list, count, fn);
}

bool nic_read_shape(struct reading *r)
{
	struct shaped s = {
		.r = r, .shape = r->reader->nic, .owner = r->priv,
	};
	uint64_t size;
	bool received;

	if (s.shape->owner != NO_FIELD &&
	    !reading_get(r, r->priv, s.shape->owner, &s.owner))
		return false;
	if (s.shape->buffer_size != NO_FIELD) {
		if (!reading_get(r, s.owner, s.shape->buffer_size, &size))
			return false;
		s.size = nic_buffer_size(r, size);
	}
	received = each_ring(&s, &s.shape->rx, receive_ring);
	return each_ring(&s, &s.shape->tx, transmit_ring) && received;
}
