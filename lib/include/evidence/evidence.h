/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_EVIDENCE_H
#define AMDIOMMU_EVIDENCE_H

#include <amdiommu/pfnset.h>
#include <state/state.h>

/** enum ami_certainty - how sure it is that a page could be written */
enum ami_certainty { AMI_PROVEN, AMI_LIKELY, AMI_POSSIBLE };

/** ami_certainty_name() - "proven", "likely", "possible" */
const char *ami_certainty_name(enum ami_certainty c);

/** enum ami_transfer_kind - what a driver had asked its device to write */
enum ami_transfer_kind {
	AMI_TRANSFER_INFLIGHT,	/* a transfer was issued and not completed */
	AMI_TRANSFER_POSTED,	/* buffers to fill whenever data comes */
	AMI_TRANSFER_KINDS
};

/** struct ami_span - bytes of physical memory */
struct ami_span {
	uint64_t phys;
	uint64_t len;
};

#define AMI_TRANSFER_TEXT	128

/**
 * struct ami_transfer - one thing that a device was to write
 * @provider: the reader that found it: "block", "e1000e", ...
 * @what: in words: "nvme0n1 tag 17: read of 128 KiB at sector 2048"
 * @age_ms: milliseconds since it was issued; -1 when unknown
 * @bytes: number of bytes that the device may write
 * @spans: where those are. Beyond AMI_MAX_SPANS of all transfers they are only
 *	in the sets, and counted in @more
 * @unnamed: bytes at addresses that lead to no page any more
 */
struct ami_transfer {
	struct ami_bdf device;
	enum ami_transfer_kind kind;
	enum ami_certainty certainty;
	const char *provider;
	char what[AMI_TRANSFER_TEXT];
	int64_t age_ms;
	uint64_t bytes;
	struct ami_span *spans;
	size_t nr_spans;
	uint64_t more;
	uint64_t unnamed;
};

#define AMI_MAX_TRANSFERS	(1u << 18)
#define AMI_MAX_SPANS		(1u << 20)

/** enum ami_dma_end - where an address that a device was given leads */
enum ami_dma_end {
	AMI_DMA_NAMED,		/* to memory that it may write */
	AMI_DMA_READ_ONLY,
	AMI_DMA_UNREAD,		/* through tables that cannot be read */
	AMI_DMA_UNMAPPED,	/* nowhere */
	AMI_DMA_UNMAPPING,	/* nowhere: it was unmapped just before */
	AMI_DMA_ENDS
};

/** struct ami_unnamed - addresses, @last inclusive, that name no memory */
struct ami_unnamed {
	uint64_t first, last;
	enum ami_dma_end end;
};

/** struct ami_evidence_set - all pages of one device, kind and certainty */
struct ami_evidence_set {
	struct ami_bdf device;
	enum ami_transfer_kind kind;
	enum ami_certainty certainty;
	struct ami_pfnset *pages;
	struct ami_unnamed *unnamed;
	size_t nr_unnamed;
};

/**
 * struct ami_coverage - a reader knows what this device had to do
 * @partial: some of it; the rest is not in the dump, or damaged
 * @guessed: the structures were recognised by their shape
 */
struct ami_coverage {
	struct ami_bdf device;
	const char *provider;
	bool partial, guessed;
};

/** struct ami_bounce - a bounce buffer in use, and the memory it stands for */
struct ami_bounce {
	uint64_t origin, slot;	/* physical */
};

/**
 * struct ami_past_read - a command that is still in a disk's queue
 * @phys: where the device was to begin
 * @block, @blocks: where on the disk's namespace @nsid, in its blocks
 *
 * It may have been completed long ago.
 */
struct ami_past_read {
	struct ami_bdf bdf;
	uint64_t phys, block;
	uint32_t blocks, nsid;
};

#define AMI_MAX_PAST_READS	(1u << 16)

#define AMI_BOUNCE_SLOT	2048u	/* IO_TLB_SIZE */

/**
 * struct ami_evidence - what drivers had handed to their devices
 * @dropped: transfers beyond AMI_MAX_TRANSFERS; the sets have them all the same
 * @coverage: ascending by device
 * @request_pages: where requests of disks lie, those in use and others
 * @past: commands whose addresses are physical ones, done or not
 * @by_origin, @by_slot: the same bounce buffers, in two ascending orders
 */
struct ami_evidence {
	const struct ami_state *state;
	struct ami_transfer *list;
	size_t count;
	uint64_t dropped;
	struct ami_evidence_set *sets;
	size_t nr_sets;
	struct ami_coverage *coverage;
	size_t nr_coverage;
	size_t nr_spans;		/* of all transfers */
	struct ami_pfnset *request_pages;
	struct ami_past_read *past;
	size_t nr_past;
	struct ami_bounce *by_origin, *by_slot;
	size_t nr_bounces;
	bool deep;
	struct ami_collector *collector;	/* private to lib/evidence */
};

/**
 * ami_evidence_find() - run all readers
 * @deep: also what takes a search of all struct pages
 *
 * Findings go to @state, which must outlive the result. Returns NULL with @err
 * filled when memory runs out or the user interrupts.
 */
struct ami_evidence *ami_evidence_find(const struct ami_state *state, bool deep,
				       struct ami_error *err);

/** ami_evidence_free() - free @ev, which may be NULL */
void ami_evidence_free(struct ami_evidence *ev);

/** ami_evidence_covers() - did a reader read all of this device's state? */
bool ami_evidence_covers(const struct ami_evidence *ev, struct ami_bdf device);

/**
 * ami_evidence_finished() - did a reader of the device's own driver come to the
 * end of its state? What the block layer alone shows of a disk is not all, and
 * what looks like a ring by its shape may not be.
 */
bool ami_evidence_finished(const struct ami_evidence *ev,
			   struct ami_bdf device);

/**
 * ami_bounce_of() - the bounce buffer in use at @phys, NULL if there is none
 *
 * Its content goes to its origin, or came from there. The kernel does not
 * record where in the slot the content begins.
 */
const struct ami_bounce *ami_bounce_of(const struct ami_evidence *ev,
				       uint64_t phys);

/** ami_bounce_for() - the bounce buffer for the byte at @phys, or NULL */
const struct ami_bounce *ami_bounce_for(const struct ami_evidence *ev,
					uint64_t phys);

#endif
