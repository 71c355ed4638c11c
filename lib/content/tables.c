// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page tables of CPUs: what was written over one leads to addresses that the
 * machine does not have.
 */
#include <string.h>

#include "scan.h"

#define ENTRIES		512u
#define PRESENT		1ull
#define ADDRESS		0x000ffffffffff000ull
#define MAX_BITS	46u	/* of physical memory; MMIO is below as well */
#define LOST_ENTRIES	4u

static bool has_struct_page(struct scan *s, uint64_t pfn)
{
	uint64_t page = ami_pfn_to_page(s->kernel, pfn), phys;

	return page && ami_virt_to_phys(s->kernel, page, &phys) == AMI_MEM_OK;
}

/* Where devices have their memory, entries follow each other. */
static bool follows(uint64_t entry, uint64_t before)
{
	return (entry & ADDRESS) == (before & ADDRESS) + AMI_PAGE_SIZE;
}

static bool leads_nowhere(struct scan *s, uint64_t entry, uint64_t before,
			  uint64_t behind)
{
	uint64_t at = entry & ADDRESS;

	if (at >> MAX_BITS)
		return true;
	return at >> 32 && at >> AMI_PAGE_SHIFT >=
	       ami_dump_info(s->dump)->max_pfn &&
	       !has_struct_page(s, at >> AMI_PAGE_SHIFT) &&
	       !follows(entry, before) && !follows(behind, entry);
}

void content_check_table(struct scan *s, uint64_t pfn)
{
	uint64_t sme = ami_kernel_sme(s->kernel), entry[ENTRIES];
	uint32_t i, lost = 0, first = 0, wild = 0;

	memcpy(entry, s->page, sizeof(entry));
	for (i = 0; i < ENTRIES; i++)
		entry[i] &= ~sme;
	for (i = 0; i < ENTRIES; i++) {
		if (!(entry[i] & PRESENT) ||
		    !leads_nowhere(s, entry[i], i ? entry[i - 1] : 0,
				   i + 1 < ENTRIES ? entry[i + 1] : 0))
			continue;
		if (!lost++)
			first = i;
		wild += !!((entry[i] & ADDRESS) >> MAX_BITS);
	}
	if (wild || lost >= LOST_ENTRIES)
		content_sign(s, (pfn << AMI_PAGE_SHIFT) + first * 8,
			     AMI_OWNER_PAGE_TABLE, AMI_SIGN_ENTRIES, lost);
}
