/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtqueues: the buffers that the device has and has not given back. Format:
 * Virtual I/O Device (VIRTIO) 1.2, 2.7 (split) and 2.8 (packed).
 */
#ifndef AMI_VRING_H
#define AMI_VRING_H

#include "evidence.h"

#define VRING_MAX	32768u		/* descriptors, VIRTIO 1.2, 2.7 */

/**
 * struct vring - one virtqueue
 * @va: address of its struct vring_virtqueue
 * @name: given by the driver: "input.0", "req.1"
 * @dma: descriptors hold the device's own addresses, not physical ones
 * @budget: descriptors that may still be read, in all queues
 * @bad: impossible descriptors, @unread: missing from the dump
 * @found, @wanted: of buffers or descriptors that are out, how many the driver's
 *	list has, and how many its indexes say; stopped in the middle of adding or
 *	taking back one, the driver is off by at most @slack
 * @mem: the last reason why something of the queue is unreadable
 */
struct vring {
	struct ami_kernel *kernel;
	struct ami_evidence *ev;
	const struct ami_device *device;
	uint64_t va;
	char name[32];
	uint32_t index;
	bool dma;
	uint64_t *budget;
	uint64_t bad, unread;
	uint32_t found, wanted, slack;
	enum ami_mem mem;
};

/**
 * struct vring_walk - what to do with each buffer
 * @begin: a buffer that the device has, by the ID of its first descriptor
 * @end: after its device-writable parts were added to the open transfer
 */
struct vring_walk {
	void (*begin)(void *ctx, uint32_t id);
	void (*end)(void *ctx);
	void *ctx;
};

/**
 * vring_split_each(), vring_packed_each() - all buffers that the device has
 *
 * The parts of the ring that the device writes come as the buffer with the
 * ID VRING_MAX. False: the ring is impossible or unreadable.
 */
bool vring_split_each(struct vring *r, const struct vring_walk *walk);
bool vring_packed_each(struct vring *r, const struct vring_walk *walk);

/** vring_add() - add a device-writable part to the open transfer */
void vring_add(struct vring *r, uint64_t addr, uint64_t len);

/** vring_add_virtual() - the same for a part of the ring itself */
void vring_add_virtual(struct vring *r, uint64_t va, uint64_t len);

/** vring_count_lost() - a descriptor cannot be followed, for this reason */
void vring_count_lost(struct vring *r, enum ami_mem mem);

/** vring_indirect() - the table of an indirect descriptor; free() it. */
void *vring_indirect(struct vring *r, uint64_t addr, uint64_t len);

/** vring_load() - a copy of @len bytes at @va; NULL: not all there */
void *vring_load(struct vring *r, uint64_t va, uint64_t len);

/** vring_get() - ami_get() for a member with a small value */
bool vring_get(struct vring *r, uint64_t va, enum ami_field f,
	       uint64_t *value);

/** vring_spend() - account for a descriptor; false: the limit is reached */
bool vring_spend(struct vring *r);

void evidence_find_virtio(struct ami_evidence *ev);

#endif
