/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_EXPOSURE_H
#define AMDIOMMU_EXPOSURE_H

#include <amdiommu/verdict.h>
#include <common/index.h>
#include <evidence/evidence.h>
#include <owner/owner.h>
#include <exposure/reason.h>

/** enum ami_class - why a requester could write a page (docs/architecture.md) */
enum ami_class {
	AMI_CLASS_MAPPED,	/* a writable translation was in force */
	AMI_CLASS_PASSTHROUGH,	/* untranslated: all memory, or some IOVAs */
	AMI_CLASS_STALE,	/* translation removed, not proven flushed */
	AMI_CLASS_POSTED,	/* handed to the device to fill when data comes */
	AMI_CLASS_INFLIGHT,	/* a transfer issued and not completed */
	AMI_CLASS_HARDWARE,	/* the IOMMU itself writes here */
	AMI_CLASS_OBSERVED,	/* seen to change while the dump was saved */
	AMI_CLASSES
};

/** ami_class_name() - "mapped", "passthrough", ... */
const char *ami_class_name(enum ami_class c);

/** struct ami_requester - a device, or an IOMMU writing on its own behalf. */
struct ami_requester {
	bool is_iommu;
	uint32_t index;		/* of the IOMMU */
	struct ami_bdf bdf;	/* of the device */
};

#define AMI_REQUESTER_TEXT	AMI_BDF_TEXT

/** ami_requester_text() - a BDF, or "iommuN"; returns @buf. */
char *ami_requester_text(struct ami_requester r, char buf[AMI_REQUESTER_TEXT]);

/**
 * struct ami_exposure - pages that one requester could write, for one reason
 * @pages: RAM pages; NULL with @all_ram, or when no page can be named
 * @borrowed: @pages belongs to a tree: many devices may share a domain
 * @count: number of @pages
 * @outside: mapped page frames that are not RAM of the dump (MMIO, reserved)
 * @complete: false where there are pages that cannot be named; @iovas then has
 *	the addresses that lead to them
 * @owners: number of @pages by owner
 * @first: lowest page frame of each owner; AMI_PFN_LIMIT if it has none
 */
struct ami_exposure {
	struct ami_requester requester;
	enum ami_class class;
	enum ami_certainty certainty;
	struct ami_pfnset *pages;
	bool borrowed;
	bool all_ram;
	uint64_t count;
	uint64_t outside;
	bool complete;
	struct ami_iova_range *iovas;
	size_t nr_iovas;
	uint64_t owners[AMI_OWNERS], first[AMI_OWNERS];
	size_t next;		/* same device: position + 1, 0 at the end */
};

/** struct ami_tree - a page table, walked once whoever uses it. */
struct ami_tree {
	struct ami_table table;
	struct ami_pfnset *writable;	/* RAM only */
	struct ami_pfnset *updated;	/* table pages with bits A, D to be set */
	struct ami_pfnset *iovas_in_ram;	/* v2: RAM at its writable IOVAs */
	uint64_t mapped;	/* pages, RAM or not, by IOVA */
	uint64_t writable_iovas;	/* of those, writable */
	uint64_t outside;	/* writable page frames that are not RAM */
	struct ami_iova_range *holes;	/* IOVAs behind unreadable tables */
	size_t nr_holes;
	struct ami_walk_stats stats;
};

/**
 * struct ami_uncovered - a requester with pages that cannot be named
 * @why: code of the reason
 * @all_ram: they may be any pages
 * @bounded: they are @pages at most; else their number is not known
 */
struct ami_uncovered {
	struct ami_requester requester;
	enum ami_reason_code why;
	bool all_ram, bounded;
	uint64_t pages;
};

struct ami_marks;
struct ami_spill;
struct ami_contents;

/**
 * struct ami_basis - what exposures follow from; all of it outlives them
 * @evidence: what drivers had asked their devices to write
 * @marks: what came with the dump, NULL: none
 * @spill: where sets of pages go that are complete, NULL: they stay in memory
 * @state_pages, @evidence_pages: page frames that both were read from; NULL:
 *	not known
 */
struct ami_basis {
	const struct ami_state *state;
	const struct ami_evidence *evidence;
	const struct ami_marks *marks;
	struct ami_spill *spill;
	const struct ami_pfnset *state_pages, *evidence_pages;
};

/**
 * struct ami_exposures - who could write what, and what follows
 * @state, @evidence: of the basis
 * @io_tables: page frames of I/O page tables
 * @stranger_tables: of those, by another owner: how many, and the first
 * @contents: pages whose content may contradict their owner
 * @free_contents: those of @contents that are free
 * @found: what pages hold that their owners did not put there; NULL: not looked at
 * @observed: pages that changed while the dump was saved, NULL without marks
 * @unexplained: number of @observed that no device is known to reach
 * @marks_common: pages that marks and this analysis both have
 * @marks_without: pages that only this analysis has
 * @marks_only: pages that only the marks have, summed over requesters and
 *	classes
 * @class_owners: pages by class and owner, each page once
 * @verdict, @reasons: filled in by ami_judge()
 * @covered, @gaps: the same of coverage: what it rests on, or what it misses
 * @uncovered: devices with pages that cannot be named, one entry a cause
 */
struct ami_exposures {
	struct ami_basis on;
	const struct ami_state *state;
	const struct ami_evidence *evidence;
	struct ami_owners *owners;
	struct ami_pfnset *io_tables;
	struct {
		uint64_t count, first;
	} stranger_tables[AMI_OWNERS];
	struct ami_exposure *list;
	size_t count;
	struct ami_index by_device;
	struct ami_tree *trees;
	size_t nr_trees;
	struct ami_index tree_index;
	struct ami_pfnset *contents, *free_contents;
	const struct ami_contents *found;
	struct ami_pfnset *observed;
	uint64_t unexplained;
	uint64_t marks_common, marks_only, marks_without;
	uint64_t class_owners[AMI_CLASSES][AMI_OWNERS];
	enum ami_verdict verdict;
	struct ami_reasons reasons;
	enum ami_covered covered;
	struct ami_reasons gaps;
	struct ami_uncovered *uncovered;
	size_t nr_uncovered;
};

/**
 * ami_exposures_find() - find all exposures, and the owners of their pages
 *
 * Findings go to those of the state. Returns NULL with @err filled when memory
 * runs out or the user interrupts.
 */
struct ami_exposures *ami_exposures_find(const struct ami_basis *on,
					 struct ami_error *err);

/** ami_exposures_free() - free @ex, its evidence and owners; NULL is allowed */
void ami_exposures_free(struct ami_exposures *ex);

/** ami_tree_of() - what a walk of @table found, NULL if it was not walked. */
const struct ami_tree *ami_tree_of(const struct ami_exposures *ex,
				   const struct ami_table *table);

/**
 * ami_exposure_next() - the next exposure of one device, NULL at the end
 * @after: the exposure before it, NULL for the first
 */
const struct ami_exposure *ami_exposure_next(const struct ami_exposures *ex,
					     struct ami_bdf bdf,
					     const struct ami_exposure *after);

/**
 * ami_stale_iovas() - addresses that devices of a domain may still use, though
 * nothing or something else is mapped there now
 * @count: set to the number of ranges
 *
 * Returns the ranges, ascending; no two touch. The caller frees them. NULL when
 * there are none or memory runs out.
 */
struct ami_iova_range *ami_stale_iovas(const struct ami_exposures *ex,
				       const struct ami_domain *dom,
				       size_t *count);

/** ami_exposure_has() - does the exposure cover this page frame? */
bool ami_exposure_has(const struct ami_exposures *ex,
		      const struct ami_exposure *e, uint64_t pfn);

/** struct ami_writer - one way in which a page could be written. */
struct ami_writer {
	const struct ami_exposure *exposure;
	bool has_iova;
	uint64_t iova;		/* of the byte that was asked for */
};

/** ami_exposures_outside() - does any lead to page frames outside known RAM? */
bool ami_exposures_outside(const struct ami_exposures *ex);

/**
 * ami_exposures_pages() - all pages that exposures name, in one set
 *
 * The caller frees it. NULL when out of memory. Exposures to all RAM name no
 * pages.
 */
struct ami_pfnset *ami_exposures_pages(const struct ami_exposures *ex);

/**
 * ami_transfer_owner() - whose memory a request was to fill, in words
 *
 * By its first page; for a bounce buffer, the owner of the original. "" if it
 * was not asked for.
 */
void ami_transfer_owner(const struct ami_exposures *ex,
			const struct ami_transfer *t,
			char text[AMI_OWNER_TEXT_SIZE]);

/**
 * ami_writers() - go through everything that could write the byte at @paddr
 *
 * @fn is called for each exposure and IOVA; false stops. A class that is not
 * mapped has no IOVA: of one device and class only the most certain is given.
 */
void ami_writers(const struct ami_exposures *ex, uint64_t paddr,
		 bool (*fn)(void *ctx, const struct ami_writer *writer),
		 void *ctx);

/** ami_first_writer() - the first way of one exposure to @paddr; false: none */
bool ami_first_writer(const struct ami_exposures *ex,
		      const struct ami_exposure *e, uint64_t paddr,
		      struct ami_writer *writer);

/** ami_exposures_spend() - account for work; false: there was too much of it */
static inline bool ami_exposures_spend(const struct ami_exposures *ex, uint64_t units)
{
	return ami_budget_spend(ami_dump_budget(
			ami_kernel_dump(ex->state->kernel)), units);
}

/** ami_exposures_spend_sets() - the same for going through both sets */
static inline bool ami_exposures_spend_sets(const struct ami_exposures *ex,
			      const struct ami_pfnset *a,
			      const struct ami_pfnset *b)
{
	return ami_exposures_spend(ex, AMI_COST_BLOCK * (ami_pfnset_blocks(a) +
					   ami_pfnset_blocks(b)));
}

#endif
