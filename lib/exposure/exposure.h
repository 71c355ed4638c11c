/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/exposure. */
#ifndef AMI_EXPOSURE_PRIVATE_H
#define AMI_EXPOSURE_PRIVATE_H

#include <common/vec.h>
#include <exposure/exposure.h>
#include <incidents/incident.h>

#define MAX_IOVA_RANGES	65536u

/**
 * struct exposure_step - a producer of exposures, or an annotator of them
 *
 * Returns -1 if memory runs out. A new one is a file of its own and a line
 * in exposure.c.
 */
struct exposure_step {
	const char *name;
	int (*run)(struct ami_exposures *ex);
};

int exposure_find_mapped(struct ami_exposures *ex);
int exposure_find_passthrough(struct ami_exposures *ex);
int exposure_find_stripped(struct ami_exposures *ex);
int exposure_find_hardware(struct ami_exposures *ex);
int exposure_find_stale(struct ami_exposures *ex);
int exposure_find_evidence(struct ami_exposures *ex);
int exposure_find_marked(struct ami_exposures *ex);

/*
 * The annotators. Those of tables must look before their pages are known to be
 * the IOMMU's.
 */
int exposure_start_owners(struct ami_exposures *ex);
int exposure_look_at_tables(struct ami_exposures *ex);
int exposure_count_owners(struct ami_exposures *ex);

/**
 * exposure_add_ram() - add the part of a run of page frames that is RAM
 *
 * Returns how many of them are not RAM of the dump.
 */
uint64_t exposure_add_ram(struct ami_pfnset *set, const struct ami_dump *dump,
			  uint64_t first, uint64_t count);

/** exposure_batch_ram() - the same with a batch, for very many short runs */
uint64_t exposure_batch_ram(struct ami_pfnbatch *batch, const struct ami_dump *dump,
			    uint64_t first, uint64_t count);

/** exposure_add() - append one; valid until the next call. NULL: no memory */
struct ami_exposure *exposure_add(struct ami_exposures *ex,
				  struct ami_requester requester,
				  enum ami_class class,
				  enum ami_certainty certainty);

/**
 * exposure_add_iovas() - append a range; beyond MAX_IOVA_RANGES the last one
 * grows
 */
int exposure_add_iovas(struct ami_iova_range **list, size_t *count, uint64_t first,
		       uint64_t last);

/** exposure_add_holes() - list the IOVAs of what @t has lost of its table */
int exposure_add_holes(const struct ami_exposures *ex, struct ami_exposure *e,
		       const struct ami_tree *t);

/** exposure_add_lost() - list the IOVAs that the table of @d's domain lost */
int exposure_add_lost(const struct ami_exposures *ex, struct ami_exposure *e,
		      const struct ami_device *d);

/** exposure_merge_iovas() - sort, and join ranges that touch */
void exposure_merge_iovas(struct ami_iova_range *list, size_t *count);

/**
 * exposure_tree_get() - walk a table, or return the earlier walk. NULL: no
 * memory
 */
struct ami_tree *exposure_tree_get(struct ami_exposures *ex,
				   const struct ami_table *table);

/** exposure_all_iovas_unknown() - @e may have more pages; -1: no memory */
int exposure_all_iovas_unknown(struct ami_exposure *e);

/** met_before() - a device's routes may lead to one table several times */
static inline bool met_before(struct ami_pfnseen *met,
			      const struct ami_table *t)
{
	bool v2 = t->format == AMI_FORMAT_V2;

	return !ami_pfnseen_add(met, v2 << 3 | (t->levels & 7),
				t->root >> AMI_PAGE_SHIFT);
}

static inline struct ami_requester device_requester(const struct ami_device *d)
{
	return (struct ami_requester){ .bdf = d->bdf };
}

#endif
