/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/exposure. */
#ifndef AMI_EXPOSURE_PRIVATE_H
#define AMI_EXPOSURE_PRIVATE_H

#include <amdiommu/exposure.h>
#include <amdiommu/incident.h>

#define MAX_IOVA_RANGES	65536u

/**
 * struct provider - a source of evidence
 *
 * Adds exposures and findings; returns -1 when memory runs out. A new one is
 * a file of its own and a line in exposure.c.
 */
struct provider {
	const char *name;
	int (*find)(struct ami_exposures *ex);
};

int find_mapped(struct ami_exposures *ex);
int find_passthrough(struct ami_exposures *ex);
int find_stripped(struct ami_exposures *ex);
int find_hardware(struct ami_exposures *ex);
int find_stale(struct ami_exposures *ex);
int find_evidence(struct ami_exposures *ex);
int find_marked(struct ami_exposures *ex);
int find_differing(struct ami_exposures *ex);
int find_unlisted(struct ami_exposures *ex);
int find_owners(struct ami_exposures *ex);

/** check_io_tables() - findings on table pages in use that are not tables' */
int check_io_tables(struct ami_exposures *ex);
int find_faults(struct ami_exposures *ex);
int find_taint(struct ami_exposures *ex);
int find_dropped(struct ami_exposures *ex);

/**
 * check_content() - does what pages hold contradict their owners?
 * @pages: of @e; those not in @free are of slabs
 */
void check_content(struct ami_exposures *ex, const struct ami_exposure *e,
		   const struct ami_pfnset *pages,
		   const struct ami_pfnset *free);

/** free_pages_tell() - does this kernel fill free pages with a pattern? */
bool free_pages_tell(const struct ami_exposures *ex);

/**
 * add_ram() - add that part of a run of page frames which is RAM of the dump
 *
 * Returns how many of them are not.
 */
uint64_t add_ram(struct ami_pfnset *set, const struct ami_dump *dump,
		 uint64_t first, uint64_t count);

/** batch_ram() - the same by way of a batch, for very many short runs. */
uint64_t batch_ram(struct ami_pfnbatch *batch, const struct ami_dump *dump,
		   uint64_t first, uint64_t count);

/** add_exposure() - append; valid until the next call. NULL: no memory. */
struct ami_exposure *add_exposure(struct ami_exposures *ex,
				  struct ami_requester requester,
				  enum ami_class class,
				  enum ami_certainty certainty);

/** add_iovas() - append a range; beyond MAX_IOVA_RANGES the last one grows. */
int add_iovas(struct ami_iova_range **list, size_t *count, uint64_t first,
	      uint64_t last);

/** add_holes() - what @t has lost of its table cannot be named. */
int add_holes(struct ami_exposure *e, const struct ami_tree *t);

/** merge_iovas() - sort, join what touches. */
void merge_iovas(struct ami_iova_range *list, size_t *count);

/** tree_get() - walk a table, or find it walked already. NULL: no memory. */
struct ami_tree *tree_get(struct ami_exposures *ex,
			  const struct ami_table *table);

/** judge() - verdict and reasons. */
int judge(struct ami_exposures *ex);

static inline struct ami_requester device_requester(const struct ami_device *d)
{
	return (struct ami_requester){ .bdf = d->bdf };
}

#endif
