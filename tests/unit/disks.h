/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine with one disk that reads three pages: of a driver that only the block
 * layer speaks for, or of an NVMe device with its queues.
 */
#ifndef DISKS_H
#define DISKS_H

#include "drivers.h"
#include "nvme.h"

#define DISK_TAGS	8u
#define DISK_SET_SIZE	0x100u
#define DISK_IN_FLIGHT	1
#define DISK_COMPLETE	2
#define DISK_OP_READ	0
#define DISK_OP_WRITE	1
#define DISK_SECTOR	1000u
#define DISK_BYTES	0x3000u	/* of the request: three pages */
#define DISK_TAG	5u
#define DISK_DEPTH	16u
#define DISK_SLOT	3u	/* of the command in its queue */
#define DISK_LIST	(RIG_BUFFER + 40 * AMI_PAGE_SIZE)	/* PRPs, SGLs */
#define IOVA(phys)	((phys) - RIG_BUFFER)

/** struct disk_places - where things are in the latest machine */
struct disk_places {
	uint64_t disk, queue, set, tags, bitmap, words, rqs, request, bio, vec;
	uint64_t dev, nvme_queue, sq, cq;
};

extern struct disk_places disk;

struct rig *disk_rig(void);
struct rig *disk_nvme(void);

/** disk_read_command() - page 0 by PRP 1, pages 1 and 2 by a list */
struct nvme_command disk_read_command(struct rig *rig);

/** disk_command() - write it to its slot of the queue */
void disk_command(struct rig *rig, const struct nvme_command *c);

/** disk_inflight() - is this page named as of a command in flight? */
bool disk_inflight(const struct rig *rig, enum ami_certainty certainty,
		   unsigned int page);

#endif
