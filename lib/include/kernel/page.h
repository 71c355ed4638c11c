/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_PAGE_H
#define AMDIOMMU_PAGE_H

#include <amdiommu/pfnset.h>
#include <kernel/kernel.h>

/*
 * struct page: one for each page frame, in one array in virtual memory
 * (CONFIG_SPARSEMEM_VMEMMAP, as every x86-64 distribution has it).
 */

/** ami_pfn_to_page() - address of the struct page, 0 if unknown. */
uint64_t ami_pfn_to_page(const struct ami_kernel *kernel, uint64_t pfn);

/** ami_page_to_pfn() - false if @page is not the address of a struct page. */
bool ami_page_to_pfn(const struct ami_kernel *kernel, uint64_t page,
		     uint64_t *pfn);

/**
 * struct ami_kernel_map - callbacks for a walk of the kernel's own page tables
 * @table: called with the page frame of each table page, once
 * @leaf: called with each mapping, ascending by @va
 */
struct ami_kernel_map {
	void (*table)(void *ctx, uint64_t pfn);
	void (*leaf)(void *ctx, uint64_t va, uint64_t phys, uint64_t size);
};

/**
 * ami_kernel_map_each() - walk what the dead kernel had mapped for itself
 *
 * Each table page is entered once, so damage cannot make the walk endless.
 * Returns the number of table pages that could not be read.
 */
uint64_t ami_kernel_map_each(struct ami_kernel *kernel,
			     const struct ami_kernel_map *map, void *ctx);

/**
 * ami_user_table() - page frame of any last-level table of a process
 * @pgd: address of its top table (mm_struct.pgd)
 *
 * Returns false if no such table can be read.
 */
bool ami_user_table(struct ami_kernel *kernel, uint64_t pgd, uint64_t *pfn);

/**
 * ami_user_tables_each() - go through the page tables of a process
 * @pgd: address of its top table (mm_struct.pgd)
 * @seen: tables that were met before, of any process, are not entered again
 * @fn: called with the page frame of each table
 *
 * Follows only entries as the kernel writes them. Last-level tables are not
 * read. Returns the number of tables that could not be read.
 */
uint64_t ami_user_tables_each(struct ami_kernel *kernel, uint64_t pgd,
			      struct ami_pfnseen *seen,
			      void (*fn)(void *ctx, uint64_t pfn), void *ctx);

/** struct ami_regions - where regions of virtual memory begin and end */
struct ami_regions {
	uint64_t vmalloc, vmalloc_end;	/* exclusive */
	uint64_t vmemmap, vmemmap_end;
	uint64_t modules, modules_end;
};

/** ami_kernel_regions() - find the regions that hold more than plain memory. */
void ami_kernel_regions(struct ami_kernel *kernel, struct ami_regions *r);

#endif
