/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pages hold that their owners did not put there. */
#ifndef AMDIOMMU_CONTENT_H
#define AMDIOMMU_CONTENT_H

#include <exposure/exposure.h>

#define AMI_MAC_SIZE	6u

/**
 * struct ami_interface - a network interface
 * @has_device: what is for it comes from one of the state's devices, @bdf
 * @direct: it is on that device itself; bridges and VLANs are on other interfaces
 */
struct ami_interface {
	char name[16];
	bool has_device, direct;
	struct ami_bdf bdf;
};

/** struct ami_mac - an address that frames to an interface have */
struct ami_mac {
	uint8_t byte[AMI_MAC_SIZE];
	size_t interface;
};

/** enum ami_frame_strength - how sure it is that bytes are an Ethernet frame */
enum ami_frame_strength {
	AMI_FRAME_NONE,
	AMI_FRAME_WEAK,		/* addresses and type only: not reported */
	AMI_FRAME_HEADER,	/* the network header is valid */
	AMI_FRAME_WHOLE,	/* so is the checksum over all of it */
};

/** ami_frame_strength_name() - "header", "whole" */
const char *ami_frame_strength_name(enum ami_frame_strength strength);

/**
 * struct ami_frame - an Ethernet frame in memory
 * @len: bytes that it says it has
 * @interface: index of its destination, -1: none of this machine, or more than one
 */
struct ami_frame {
	uint64_t phys;
	uint32_t len;
	enum ami_frame_strength strength;
	int interface;
};

/** enum ami_sign - what shows that a page was overwritten; bits */
enum ami_sign {
	AMI_SIGN_FRAME = 1 << 0,	/* a frame lies in it */
	AMI_SIGN_ENTRIES = 1 << 1,	/* entries of a page table lead nowhere */
	AMI_SIGN_STACK_RUN = 1 << 2,	/* words that no stack has, in a row */
	AMI_SIGN_FREE_LIST = 1 << 3,	/* the list of free objects is broken */
	AMI_SIGN_POINTERS = 1 << 4,	/* pointers of objects are destroyed */
	AMI_SIGN_FRAME_PART = 1 << 5,	/* a frame in a page before goes on in it */
	AMI_SIGN_STACK_END = 1 << 6,	/* the number at a stack's end is gone */
	AMI_SIGN_CODE = 1 << 7,		/* it is not the code of the kernel's file */
};

/** ami_sign_name() - a key for it: "frame", "entries", ... */
const char *ami_sign_name(enum ami_sign sign);

/** ami_sign_text() - one sign in words */
const char *ami_sign_text(enum ami_sign sign);

#define AMI_SIGNS	8u

/**
 * struct ami_overwritten - a page whose content its owner did not write
 * @phys: the first place that shows it
 * @signs: enum ami_sign, or'ed
 * @frame: the first one in it, or that goes on in it, if that is a sign
 * @count: of frames, entries, words, by sign
 * @has_read, @read: a disk's command to fill it that is still in a queue
 */
struct ami_overwritten {
	uint64_t pfn, phys;
	enum ami_owner owner;
	uint32_t signs;
	struct ami_frame frame;
	uint32_t count[AMI_SIGNS];
	bool has_read;
	struct ami_past_read read;
};

/**
 * struct ami_overwriting - overwritten pages next to each other: one cause
 * @first, @count: which of the list of struct ami_contents
 * @step: bytes from each to the next, 0: not the same for all
 * @offset: where in each page the first sign is, -1: not the same for all
 * @pages: of them with each sign
 * @bytes: length of all frames, 0: not the same for all, or there is none
 */
struct ami_overwriting {
	size_t first, count;
	uint64_t step;
	int32_t offset;
	uint32_t bytes;
	size_t pages[AMI_SIGNS];
};

/**
 * struct ami_contents - the result
 * @list: pages that were overwritten, ascending
 * @events: the same pages, those next to each other together
 * @whole: all pages that are never a buffer were looked at
 * @checked: number of pages looked at
 * @unread: of those that are never a buffer, pages that are not in the dump
 * @residue: pages of slabs with a frame, and nothing of the objects destroyed:
 *	it was there before them
 */
struct ami_contents {
	struct ami_interface *interfaces;
	size_t nr_interfaces;
	struct ami_mac *macs;
	size_t nr_macs;
	struct ami_overwritten *list;
	size_t count;
	struct ami_overwriting *events;
	size_t nr_events;
	bool whole;
	uint64_t checked, unread, residue;
};

/**
 * ami_contents_find() - look into the pages that are never a buffer
 *
 * @large: also in machines whose pages have too many owners to find quickly
 *
 * In an extract it gives what was found when that was made: such pages are not
 * in it. Returns NULL with @err filled when memory runs out.
 */
struct ami_contents *ami_contents_find(const struct ami_exposures *ex,
				       bool large, struct ami_error *err);

/** ami_contents_free() - free @c, which may be NULL */
void ami_contents_free(struct ami_contents *c);

/** ami_overwritten_at() - what is known of a page, NULL: nothing */
const struct ami_overwritten *ami_overwritten_at(const struct ami_contents *c,
						 uint64_t pfn);

#endif
