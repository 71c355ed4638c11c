// SPDX-License-Identifier: GPL-2.0-or-later
#include <kernel/page.h>

#include "kernel.h"

/* Documentation/arch/x86/x86_64/mm.rst: without KASLR of regions. */
#define VMEMMAP_4	0xffffea0000000000ull
#define VMEMMAP_5	0xffd4000000000000ull
#define PUD_MASK	((1ull << 30) - 1)

/*
 * DMA may have damaged vmemmap_base. Believe it only if it is possible. If it
 * is not in the dump, no address is right: another region may lie at the
 * default.
 */
void kernel_find_vmemmap(struct ami_kernel *k)
{
	uint64_t at = ami_symbol(k, AMI_SYM_vmemmap_base), base = 0;

	if (ami_symbol_unread(k, AMI_SYM_vmemmap_base) ||
	    (at && ami_read_u64(k, at, &base) != AMI_MEM_OK))
		return;
	k->vmemmap = k->five_levels ? VMEMMAP_5 : VMEMMAP_4;
	if (ami_kernel_address(base) && !(base & PUD_MASK) &&
	    base > k->direct_map)
		k->vmemmap = base;
}

uint64_t ami_pfn_to_page(const struct ami_kernel *k, uint64_t pfn)
{
	uint64_t size = k->layout.type_size[AMI_T_page];

	if (!size || !k->vmemmap || pfn >= ami_dump_info(k->dump)->max_pfn)
		return 0;
	return k->vmemmap + pfn * size;
}

bool ami_page_to_pfn(const struct ami_kernel *k, uint64_t page, uint64_t *pfn)
{
	uint64_t size = k->layout.type_size[AMI_T_page];

	if (!size || !k->vmemmap || page < k->vmemmap || (page - k->vmemmap) % size)
		return false;
	*pfn = (page - k->vmemmap) / size;
	return *pfn < ami_dump_info(k->dump)->max_pfn;
}
