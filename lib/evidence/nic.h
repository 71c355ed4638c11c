/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the readers of network drivers: what they share. */
#ifndef AMI_NIC_H
#define AMI_NIC_H

#include "reading.h"

#define NIC_MAX_RING	65536u	/* descriptors; drivers stop at 8192 */

/** nic_buffer_size() - @size if a receive buffer can be so large, else 2 KiB */
uint32_t nic_buffer_size(struct reading *r, uint64_t size);

/**
 * struct ring_members - members of a driver's descriptor ring
 *
 * The driver fills at to_use and takes back at to_clean. The descriptors
 * between them belong to the device.
 */
struct ring_members {
	enum ami_field desc, dma, count, to_use, to_clean;
};

/**
 * struct ring - a descriptor ring
 * @desc: virtual address of the descriptors, @dma: what the device calls it
 * @stride: bytes per descriptor
 * @owned: descriptors that belong to the device
 */
struct ring {
	uint64_t desc, dma;
	uint32_t count, to_use, to_clean, owned;
	uint32_t stride;
};

enum ring_state {
	RING_NONE,	/* the interface is down */
	RING_READY,
	RING_BAD,	/* reported */
};

/** nic_ring_read() - read and check the ring at @va */
enum ring_state nic_ring_read(struct reading *r, uint64_t va,
			      const struct ring_members *m, uint32_t stride,
			      struct ring *ring);

/** nic_ring_check() - the same for a ring whose members are filled in */
enum ring_state nic_ring_check(struct reading *r, uint64_t va,
			       struct ring *ring);

/** ring_slot() - index of the @n-th descriptor that belongs to the device */
static inline uint32_t ring_slot(const struct ring *ring, uint32_t n)
{
	return (ring->to_clean + (uint64_t)n) % ring->count;
}

/** nic_ring_desc() - copy a descriptor; false when it cannot be read */
bool nic_ring_desc(const struct reading *r, const struct ring *ring,
		   uint32_t index, void *desc);

/**
 * struct rx_slot - one receive buffer, from both sides
 * @seen: the descriptor was read: @addr is its address unless @done
 * @done: the device wrote the descriptor back: the buffer is filled
 * @known: the driver's state was read: @dma is the address that it
 * 	mapped, 0 if it has no buffer here
 * @phys: where the buffer lies by the driver's state, 0 if unknown
 * @held: prepared, but the device was not notified yet
 * @alone: no descriptor has its address: the driver's state alone speaks
 * @used: of a larger buffer that the device has begun to fill, past this one
 */
struct rx_slot {
	bool seen, done, known, held, alone, used;
	uint64_t addr, dma, phys;
	uint32_t len;
};

/**
 * struct rx_slots - the receive buffers of one ring, zeroed at the start
 * @each: of one descriptor; 0: one
 * @optional: there need not be any, even if the interface is at work
 */
struct rx_slots {
	struct rx_slot *list;
	size_t count;
	uint32_t each;
	bool optional;
};

/** nic_add_slot() - remember one */
void nic_add_slot(struct reading *r, struct rx_slots *slots,
		  const struct rx_slot *slot);

/**
 * nic_post_slots() - make transfers of the buffers and free the list
 * @label: which ring: "receive ring 0"
 */
void nic_post_slots(struct reading *r, struct rx_slots *slots,
		    const char *label);

/** nic_post_ring() - the ring itself: the device writes descriptors back */
void nic_post_ring(struct reading *r, const struct ring *ring,
		   const char *label);

/** enum rings_held - how a driver holds its rings */
enum rings_held {
	RINGS_INSIDE,	/* an array of pointers to them, in the structure */
	RINGS_APART,	/* a pointer to an array of pointers */
	RINGS_ARRAY,	/* a pointer to an array of rings */
	RINGS_ONE,	/* a pointer to the only one */
};

/**
 * struct nic_rings - the rings of one direction
 * @held: how; @count: member that has their number (not of RINGS_ONE)
 * @list: member with the pointer or the array
 * @type: of a ring in a RINGS_ARRAY
 */
struct nic_rings {
	enum rings_held held;
	enum ami_field count, list;
	enum ami_type type;
	struct ring_members ring;
};

/**
 * struct nic_buffers - what the driver keeps of each buffer, an array
 * @list: member of the ring: a pointer to the array; @type: of an entry
 * @dma: address for the device; @offset: what is added to it, or NO_FIELD
 * @page, @skb, @data: what holds the buffer, each may be NO_FIELD: a struct page; a
 *	packet; memory of the kernel, or a struct page for large frames
 */
struct nic_buffers {
	enum ami_field list;
	enum ami_type type;
	enum ami_field dma, offset, page, skb, data;
};

/**
 * struct nic_fqes - the same where buffers come from a page pool (libeth)
 * @list: as above; @type: struct libeth_fqe
 * @page, @netmem: where the page is, in older and newer kernels
 * @offset: of the buffer in it; @pool: member of the ring
 *
 * The page has its own address for the device. @list NO_FIELD: the driver has none.
 */
struct nic_fqes {
	enum ami_field list;
	enum ami_type type;
	enum ami_field page, netmem, offset, pool;
};

/**
 * struct nic_xsk - the same for a ring that a program's memory fills (AF_XDP)
 * @pool: member of the ring, 0 for others; NO_FIELD: the driver cannot
 * @list: as above; @xdp: member of an entry: the buffer. NO_FIELD: entries are
 *	pointers to buffers.
 */
struct nic_xsk {
	enum ami_field pool, list, xdp;
};

/**
 * struct nic_desc - format of receive descriptors, little-endian
 * @stride: bytes of each; the address is in the first 8
 * @done_at: byte of a word of 16 bits: has the device written it back?
 * @done: its bits; one that is set says yes
 * @withheld: the tail register excludes the newest ones, this many
 */
struct nic_desc {
	uint32_t stride;
	uint32_t done_at;
	uint16_t done;
	uint32_t withheld;
};

/**
 * struct nic_shape - a network card of the usual shape
 *
 * Rings that are filled at one index and taken back at another, and beside each
 * an array of what the driver knows of the buffers.
 *
 * @owner: member of the driver's own part: a pointer to the structure that has
 *	the rings; NO_FIELD: it has them itself
 * @buffer_size, @ring_buffer_size: member with the bytes of a buffer, of the
 *	structure with the rings, or of each ring
 * @largest: bytes of the largest buffer, if no member has them; it ends with its page
 * @header_size: member of each ring with the bytes of a buffer for headers
 * @tx_stride: bytes of a transmit descriptor; @tx_behind: bytes that the device
 *	writes behind the last one
 * @also: reads what else belongs to the interface; NULL: nothing does
 */
struct nic_shape {
	enum ami_field owner;
	struct nic_rings rx, tx;
	struct nic_buffers buffers;
	struct nic_fqes fqes, headers;
	struct nic_xsk xsk;
	struct nic_desc desc;
	enum ami_field buffer_size, ring_buffer_size, header_size;
	uint32_t largest, tx_stride, tx_behind;
	bool (*also)(struct reading *r);
};

/**
 * struct nic_known - what the driver knows of the buffers of one ring
 * @list: address of the array, @entry: bytes of one; 0: nothing is known
 * @headroom: bytes before each buffer of a page pool
 */
struct nic_known {
	enum nic_known_kind { KNOWN_OWN, KNOWN_FQE, KNOWN_XSK } kind;
	const struct nic_shape *shape;
	const struct nic_fqes *fqes;
	uint64_t list, entry, headroom;
};

/** nic_known_open() - those of the ring at @ring; false: reported */
bool nic_known_open(struct reading *r, const struct nic_shape *shape,
		    uint64_t ring, struct nic_known *known);

/** nic_headers_open() - those of its buffers for headers, none: @entry is 0 */
bool nic_headers_open(struct reading *r, const struct nic_shape *shape,
		      uint64_t ring, struct nic_known *known);

/** nic_known_read() - the driver's side of @slot */
void nic_known_read(struct reading *r, const struct nic_known *known,
		    uint32_t index, struct rx_slot *slot);

/** nic_read_shape() - read a card of the usual shape; for struct reader */
bool nic_read_shape(struct reading *r);

/** nic_read_rings() - the rings of @owner, of a card of the usual shape */
bool nic_read_rings(struct reading *r, const struct nic_shape *shape,
		    uint64_t owner);

/** nic_shape_i40e, nic_shape_ice - those of stations without an interface */
extern const struct nic_shape nic_shape_i40e, nic_shape_ice;

/** nic_readers - cards of the usual shape; ends with one without a driver */
extern const struct reader nic_readers[];

#endif
