/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the readers of network drivers: what they share. */
#ifndef AMI_NIC_H
#define AMI_NIC_H

#include "evidence.h"

/**
 * struct nic - a network interface and the device behind it
 * @provider: name of the driver
 * @netdev: address of its struct net_device, @priv: of the driver's own part
 * @lost: some of what the device was to write is not known
 */
struct nic {
	struct ami_evidence *ev;
	struct ami_kernel *kernel;
	const struct ami_device *device;
	const char *provider;
	uint64_t netdev, priv;
	bool lost;
	char name[17];
	char where[AMI_BDF_TEXT];
};

/**
 * struct nic_driver - how the receive state of one driver is read
 * @name: of the driver and of the provider
 * @needs: a member of the module's types that everything depends on
 * @read: collect what the device may write; false when that is not all
 * @guess: the same without types, by shape: what it finds is possible
 */
struct nic_driver {
	const char *name;
	enum ami_field needs;
	bool (*read)(struct nic *nic);
	bool (*guess)(struct nic *nic);
};

/** nic_read_all() - all interfaces of one driver. */
void nic_read_all(struct ami_evidence *ev, const struct nic_driver *driver);

/** nic_get() - ami_get() that turns what cannot be read into a finding. */
bool nic_get(struct nic *nic, uint64_t va, enum ami_field f, uint64_t *value);

/** nic_damaged() - report a structure that cannot be as it is. */
void nic_damaged(struct nic *nic, const char *what, uint64_t va);

/** nic_unread() - report a structure that cannot be read. */
void nic_unread(struct nic *nic, const char *what, uint64_t va,
		enum ami_mem mem);

/** nic_buffer_size() - @size if a receive buffer can be so large, else 2 KiB. */
uint32_t nic_buffer_size(struct nic *nic, uint64_t size);

/**
 * struct ring_members - members of a driver's descriptor ring
 *
 * The driver fills at to_use and takes back at to_clean: what lies between
 * belongs to the device.
 */
struct ring_members {
	enum ami_field desc, dma, count, to_use, to_clean, buffers;
};

/**
 * struct ring - a descriptor ring
 * @desc: virtual address of the descriptors, @dma: what the device calls it
 * @buffers: virtual address of the driver's own array, one per descriptor
 * @stride: bytes per descriptor
 * @owned: descriptors that belong to the device
 */
struct ring {
	uint64_t desc, dma, buffers;
	uint32_t count, to_use, to_clean, owned;
	uint32_t stride;
};

enum ring_state {
	RING_NONE,	/* the interface is down */
	RING_READY,
	RING_BAD,	/* reported */
};

/** nic_ring_read() - read and check the ring at @va. */
enum ring_state nic_ring_read(struct nic *nic, uint64_t va,
			      const struct ring_members *m, uint32_t stride,
			      struct ring *ring);

/** nic_ring_check() - the same for a ring whose members are filled in. */
enum ring_state nic_ring_check(struct nic *nic, uint64_t va, struct ring *ring);

/** ring_slot() - index of the @n-th descriptor that belongs to the device. */
static inline uint32_t ring_slot(const struct ring *ring, uint32_t n)
{
	return (ring->to_clean + (uint64_t)n) % ring->count;
}

/** nic_ring_desc() - copy a descriptor; false when the dump lacks it. */
bool nic_ring_desc(const struct nic *nic, const struct ring *ring, uint32_t index,
		   void *desc);

/**
 * struct rx_slot - one receive buffer, from both sides
 * @seen: the descriptor could be read: @addr is its address unless @done
 * @done: the device wrote the descriptor back: the buffer is filled
 * @booked: the driver's state could be read: @dma is the address that it
 *	mapped, 0 when it has no buffer here
 * @phys: where the buffer lies by the driver's state, 0 when unknown
 * @held: prepared, but the device was not told yet
 */
struct rx_slot {
	bool seen, done, booked, held;
	uint64_t addr, dma, phys;
	uint32_t len;
};

/** struct rx_slots - the receive buffers of one ring, zeroed at the start. */
struct rx_slots {
	struct rx_slot *list;
	size_t count;
};

/** nic_add_slot() - remember one. */
void nic_add_slot(struct nic *nic, struct rx_slots *slots,
		  const struct rx_slot *slot);

/**
 * nic_post_slots() - make transfers of the buffers and free the list
 * @label: which ring: "receive ring 0"
 */
void nic_post_slots(struct nic *nic, struct rx_slots *slots, const char *label);

/** evidence_post_dma() - memory that the device writes whenever something happens. */
void evidence_post_dma(struct nic *nic, enum ami_certainty certainty, uint64_t dma,
		       uint64_t len, const char *what);

/** nic_post_ring() - the ring itself: the device writes descriptors back. */
void nic_post_ring(struct nic *nic, const struct ring *ring, const char *label);

/** evidence_phys_of() - physical address of a kernel pointer, 0 when it has none. */
uint64_t evidence_phys_of(struct nic *nic, uint64_t va);

/** evidence_phys_of_page() - physical address of the page of a struct page, or 0. */
uint64_t evidence_phys_of_page(struct nic *nic, uint64_t page);

/** evidence_phys_of_skb() - physical address of the data of a struct sk_buff, or 0. */
uint64_t evidence_phys_of_skb(struct nic *nic, uint64_t skb);

#endif
