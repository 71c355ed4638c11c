/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_PAGE_H
#define AMDIOMMU_PAGE_H

#include <amdiommu/kernel.h>

/*
 * struct page: one for each page frame, in one array in virtual memory
 * (CONFIG_SPARSEMEM_VMEMMAP, as every x86-64 distribution has it).
 */

/** ami_pfn_to_page() - address of the struct page, 0 when it is unknown. */
uint64_t ami_pfn_to_page(const struct ami_kernel *kernel, uint64_t pfn);

/** ami_page_to_pfn() - false when @page is no address of a struct page. */
bool ami_page_to_pfn(const struct ami_kernel *kernel, uint64_t page,
		     uint64_t *pfn);

#endif
