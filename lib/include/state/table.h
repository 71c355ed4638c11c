/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_TABLE_H
#define AMDIOMMU_TABLE_H

#include <amdvi/pte.h>
#include <dump/dump.h>

enum ami_format {
	AMI_FORMAT_NONE,	/* no table: identity, blocked */
	AMI_FORMAT_V1,		/* host tables, AMD format */
	AMI_FORMAT_V2,		/* guest tables, x86 format */
};

/** ami_format_name() - "v1", "v2", "none". */
const char *ami_format_name(enum ami_format format);

/**
 * struct ami_table - an I/O page table
 * @root: physical address of the top page, SME mask removed
 * @levels: 1..6 (v1), 4..5 (v2)
 * @ad_bits: the IOMMU sets bits A and D in its entries
 * @user_only: v2: requests have user privilege, and the IOMMU heeds the bit US
 */
struct ami_table {
	enum ami_format format;
	uint64_t root;
	unsigned int levels;
	uint64_t sme_mask;
	bool user_only;
	bool ad_bits;
};

/**
 * struct ami_mapping - @size bytes at @iova that translate to @phys
 *
 * Permissions are those along the whole path; the DTE's are not applied.
 */
struct ami_mapping {
	uint64_t iova;
	uint64_t phys;
	uint64_t size;
	bool read;
	bool write;
};

/** struct ami_iova_range - IOVAs, @last inclusive. */
struct ami_iova_range {
	uint64_t first, last;
};

enum ami_walk_fault {
	AMI_WALK_MISSING,	/* a table page that can't be read */
	AMI_WALK_BAD_ENTRY,	/* an entry with a reserved encoding */
	AMI_WALK_REVISITED,	/* a table page met twice: loop or damage */
	AMI_WALK_FORBIDS,	/* a v1 directory entry that forbids reads or
				   writes; Linux never writes one */
	AMI_WALK_FAULTS
};

/**
 * struct ami_walk_problem - where the first problem of a kind was met
 * @table: physical address of the table page
 * @level: of that table
 * @iova: first IOVA that the table or entry translates
 * @mem: why the page could not be read (AMI_WALK_MISSING)
 */
struct ami_walk_problem {
	uint64_t count;
	uint64_t table;
	unsigned int level;
	uint64_t iova;
	enum ami_mem mem;
};

/** struct ami_walk_stats - what a walk met. */
struct ami_walk_stats {
	uint64_t table_pages;
	uint64_t entries;	/* present leaf entries, replicas counted */
	struct ami_walk_problem problem[AMI_WALK_FAULTS];
	bool interrupted;
	bool no_memory;
};

/**
 * struct ami_walk_ops - callbacks of a walk
 * @mapping: called for each maximal run of contiguous IOVA, physical address
 *	and equal permissions; returns false to stop
 * @table: optional; called with page frame and level of each table page
 * @problem: optional; called for each problem with the IOVAs it hides,
 *	@last inclusive
 */
struct ami_walk_ops {
	bool (*mapping)(void *ctx, const struct ami_mapping *run);
	void (*problem)(void *ctx, enum ami_walk_fault fault, uint64_t first,
			uint64_t last);
	void (*table)(void *ctx, uint64_t pfn, unsigned int level);
};

/**
 * ami_walk() - go through all mappings of a table, ascending by IOVA
 *
 * Every table page is entered at most once per level and write permission, so
 * a damaged table that points back into itself costs no more than its pages.
 * Replicas of a large page count on their own: a CPU that was stopped in the
 * middle of mapping or unmapping leaves a partial set.
 */
void ami_walk(struct ami_dump *dump, const struct ami_table *table,
	      const struct ami_walk_ops *ops, void *ctx,
	      struct ami_walk_stats *stats);

/** struct ami_step - one level of a translation. */
struct ami_step {
	unsigned int level;
	uint64_t table;		/* physical address of the table page */
	unsigned int index;
	uint64_t raw;
	struct amdvi_pte pte;
	enum ami_mem mem;	/* not OK: @raw could not be read */
};

#define AMI_MAX_STEPS	6

/**
 * ami_translate() - follow one IOVA through a table
 * @steps: AMI_MAX_STEPS entries, filled from the top
 *
 * Returns the number of steps. Sets @mapped, and fills @mapping if the IOVA is
 * mapped. @mapping->size is then the number of bytes from @iova to the end of
 * the page. If the IOVA is not mapped, it is the number of bytes for which the
 * same holds as for @iova.
 */
size_t ami_translate(struct ami_dump *dump, const struct ami_table *table,
		     uint64_t iova, struct ami_step *steps,
		     struct ami_mapping *mapping, bool *mapped);

#endif
