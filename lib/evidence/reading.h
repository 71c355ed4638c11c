/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the readers of drivers: the driver state of one device, being read. */
#ifndef AMI_READING_H
#define AMI_READING_H

#include "evidence.h"

#define NO_FIELD	((enum ami_field)0)	/* the kernel's; no driver's */

/**
 * struct reading - driver state of a device, or of one of its network interfaces
 * @reader: who reads it; its driver is the name that transfers show
 * @priv: address of the driver's own structure: behind the struct net_device, or
 *	the device's driver data
 * @netdev: address of the struct net_device; 0: the device itself is read
 * @lost: some of what the device was to write is not known
 * @name: of the interface, or of the driver; @where: the device
 */
struct reading {
	struct ami_evidence *ev;
	struct ami_kernel *kernel;
	const struct ami_device *device;
	const struct reader *reader;
	uint64_t priv, netdev;
	bool lost;
	char name[17];
	char where[AMI_BDF_TEXT];
};

/* Whose state it is, as facts of a finding. */
#define READING_NAMES(r)						\
	AMI_NAMES_IF((r)->netdev, INTERFACE, (r)->name),		\
	AMI_NAMES(DRIVER, (r)->reader->driver)

/** reading_get() - ami_get() that turns what cannot be read into a finding */
bool reading_get(struct reading *r, uint64_t va, enum ami_field f,
		 uint64_t *value);

/** reading_damaged() - report a structure that cannot be as it is */
void reading_damaged(struct reading *r, const char *what, uint64_t va);

/** reading_unread() - report a structure that cannot be read */
void reading_unread(struct reading *r, const char *what, uint64_t va,
		    enum ami_mem mem);

/** reading_stopped() - must a loop end (ami_dump_stopped())? Then not all is known */
bool reading_stopped(struct reading *r);

/** reading_left_out() - report a part of the driver's state that no reader reads */
void reading_left_out(struct reading *r, const char *what);

/**
 * reading_at_work() - is the interface up, and does it have a link?
 *
 * By the kernel's own state of it, not the driver's. Its device then has buffers
 * to fill. False also where that cannot be read.
 */
bool reading_at_work(struct reading *r);

/**
 * reading_none() - the driver's state has nothing there; does that agree?
 * @what: "receive ring"
 *
 * An interface that is down has no rings. Returns false, with a finding, if the
 * interface is at work.
 */
bool reading_none(struct reading *r, const char *what);

/**
 * reading_missing() - report memory that a device at work must have, and has not
 * @what: "event ring"
 */
void reading_missing(struct reading *r, const char *what);

/**
 * reading_post_dma() - memory that the device writes whenever something happens
 * @what: "receive descriptor ring 0"
 */
void reading_post_dma(struct reading *r, enum ami_certainty certainty,
		      uint64_t dma, uint64_t len, const char *what);

/**
 * reading_post_entries() - a ring or an area that the device writes
 * @object, @dma: the member with its address; 0 in it: no such object
 * @count, @size: its entries, and bytes of each
 * @what: "completion queue"
 *
 * Returns false, with a finding, if it cannot be read or is too large to be one.
 */
bool reading_post_entries(struct reading *r, uint64_t object, enum ami_field dma,
			  uint64_t count, uint64_t size, const char *what);

/** reading_phys() - physical address of a kernel pointer, 0 when it has none */
uint64_t reading_phys(struct reading *r, uint64_t va);

/** reading_phys_of_page() - physical address of the page of a struct page, or 0 */
uint64_t reading_phys_of_page(struct reading *r, uint64_t page);

/** reading_phys_of_skb() - physical address of the data of a struct sk_buff, or 0 */
uint64_t reading_phys_of_skb(struct reading *r, uint64_t skb);

/**
 * reading_pool_dma() - the device's address of a page of a page pool
 * @page: struct page, or a netmem; 0 is returned for memory that is no page
 */
enum ami_mem reading_pool_dma(struct reading *r, uint64_t page, uint64_t *dma);

/**
 * enum reader_of - what a reader is called for
 *
 * READ_INTERFACE: each network interface of the driver's devices
 * READ_DEVICE: each device that the driver is bound to
 */
enum reader_of { READ_INTERFACE, READ_DEVICE };

/**
 * struct reader - how the state of one driver is read
 * @driver: its name
 * @of: what is read
 * @needs: a member of the driver's types that everything depends on
 * @read: collect what the device may write; false: that is not all
 * @guess: the same without types, by shape: what it finds is possible. NULL: the
 *	driver cannot be read without types
 * @nic: of a network card of the usual shape: where things are
 * @hba: the same of a disk controller
 */
struct reader {
	const char *driver;
	enum reader_of of;
	enum ami_field needs;
	bool (*read)(struct reading *r);
	bool (*guess)(struct reading *r);
	const struct nic_shape *nic;
	const struct hba *hba;
};

#endif
