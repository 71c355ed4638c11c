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

/**
 * struct receiver - one receive ring of it
 * @known: of its buffers, @headers: of those for headers, if it has any
 * @size: bytes of a buffer, as above; @header_size: of one for a header
 */
struct receiver {
	const struct shaped *s;
	struct ring ring;
	struct nic_known known, headers;
	uint32_t size, header_size;
};

static uint32_t length_at(const struct receiver *rx, uint64_t addr)
{
	uint64_t left = AMI_PAGE_SIZE - addr % AMI_PAGE_SIZE;
	uint32_t largest = rx->s->shape->largest;

	if (rx->size)
		return rx->size;
	return left < largest ? left : largest;
}

/* The second address, of the header: bit 0 is the device's. */
static void add_header(const struct receiver *rx, uint32_t index,
		       const uint8_t *raw, struct rx_slot slot,
		       struct rx_slots *slots)
{
	if (slot.seen) {
		memcpy(&slot.addr, raw + sizeof(slot.addr), sizeof(slot.addr));
		slot.addr &= ~1ull;
	}
	nic_known_read(rx->s->r, &rx->headers, index, &slot);
	slot.len = rx->header_size;
	nic_add_slot(rx->s->r, slots, &slot);
}

static void add_descriptor(const struct receiver *rx, uint32_t n,
			   struct rx_slots *slots)
{
	const struct nic_desc *desc = &rx->s->shape->desc;
	uint32_t index = ring_slot(&rx->ring, n);
	struct rx_slot slot = {
		.held = n + desc->withheld >= rx->ring.owned,
	};
	uint8_t raw[MAX_DESC];
	uint16_t done;

	slot.seen = nic_ring_desc(rx->s->r, &rx->ring, index, raw);
	if (slot.seen) {
		memcpy(&slot.addr, raw, sizeof(slot.addr));
		memcpy(&done, raw + desc->done_at, sizeof(done));
		slot.done = done & desc->done;
	}
	nic_known_read(rx->s->r, &rx->known, index, &slot);
	slot.len = length_at(rx, slot.seen && !slot.done ? slot.addr : slot.dma);
	nic_add_slot(rx->s->r, slots, &slot);
	if (rx->headers.entry)
		add_header(rx, index, raw, slot, slots);
}

/* @size: as it is where the shape has no such member */
static bool size_in_ring(struct reading *r, uint64_t va, enum ami_field f,
			 uint32_t *size)
{
	uint64_t found;

	if (f == NO_FIELD || !ami_has(r->kernel, f))
		return true;
	if (!reading_get(r, va, f, &found))
		return false;
	*size = nic_buffer_size(r, found);
	return true;
}

static bool open_ring(struct receiver *rx, uint64_t va)
{
	const struct nic_shape *shape = rx->s->shape;
	struct reading *r = rx->s->r;

	return nic_known_open(r, shape, va, &rx->known) &&
	       size_in_ring(r, va, shape->ring_buffer_size, &rx->size) &&
	       nic_headers_open(r, shape, va, &rx->headers) &&
	       (!rx->headers.entry ||
		size_in_ring(r, va, shape->header_size, &rx->header_size));
}

static bool receive_ring(const struct shaped *s, uint64_t va,
			 unsigned int number)
{
	struct receiver rx = { .s = s, .size = s->size };
	struct rx_slots slots = { .list = NULL };
	char label[40];
	uint32_t n;
	enum ring_state state = nic_ring_read(s->r, va, &s->shape->rx.ring,
					      s->shape->desc.stride, &rx.ring);

	if (state != RING_READY)
		return state == RING_NONE;
	if (!open_ring(&rx, va))
		return false;
	snprintf(label, sizeof(label), "receive ring %u", number);
	slots.each = rx.headers.entry ? 2 : 1;
	slots.optional = rx.known.kind == KNOWN_XSK;	/* a program gives them */
	for (n = 0; n < rx.ring.owned; n++)
		add_descriptor(&rx, n, &slots);
	nic_post_slots(s->r, &slots, label);
	snprintf(label, sizeof(label), "receive descriptor ring %u", number);
	nic_post_ring(s->r, &rx.ring, label);
	return true;
}

/* Transmit descriptors are written back, too. */
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
		if (s->shape->tx_behind)
			reading_post_dma(s->r, AMI_LIKELY, ring.dma +
					 (uint64_t)ring.count * ring.stride,
					 s->shape->tx_behind,
					 "transmit head write-back");
	}
	return state != RING_BAD;
}

typedef bool (*each_fn)(const struct shaped *s, uint64_t va,
			unsigned int number);

static bool each_pointer(const struct shaped *s, uint64_t list, uint64_t count,
			 each_fn fn)
{
	bool complete = true, any = false;
	enum ami_mem mem;
	uint64_t i, va;

	for (i = 0; i < count; i++) {
		mem = ami_read_u64(s->r->kernel, list + 8 * i, &va);
		if (mem != AMI_MEM_OK)
			reading_unread(s->r, "pointer to a ring", list + 8 * i,
				       mem);
		else if (va)
			complete &= fn(s, va, i);
		any |= mem != AMI_MEM_OK || va;
	}
	return (any || reading_none(s->r, "ring")) && complete;
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
		return reading_none(s->r, "list of rings");
	if (rings->held == RINGS_ARRAY)
		return each_element(s, rings, list, count, fn);
	return each_pointer(s, list, count, fn);
}

bool nic_read_rings(struct reading *r, const struct nic_shape *shape,
		    uint64_t owner)
{
	struct shaped s = { .r = r, .shape = shape, .owner = owner };
	uint64_t size;
	bool received;

	if (shape->buffer_size != NO_FIELD) {
		if (!reading_get(r, owner, shape->buffer_size, &size))
			return false;
		s.size = nic_buffer_size(r, size);
	}
	received = each_ring(&s, &shape->rx, receive_ring);
	return each_ring(&s, &shape->tx, transmit_ring) && received;
}

bool nic_read_shape(struct reading *r)
{
	const struct nic_shape *shape = r->reader->nic;
	uint64_t owner = r->priv;
	bool complete = !shape->also || shape->also(r);

	if (shape->owner != NO_FIELD &&
	    !reading_get(r, r->priv, shape->owner, &owner))
		return false;
	/* One may only stand for a port of a switch. */
	return (!owner || nic_read_rings(r, shape, owner)) && complete;
}
