// SPDX-License-Identifier: GPL-2.0-or-later
/* Why a line of the kernel's log matters: one table. */
#include <ctype.h>
#include <string.h>

#include "kinds.h"

const char *ami_line_kind_name(enum ami_line_kind kind)
{
	static const char *const name[AMI_LINE_KINDS] = {
		"fault", "iommu", "dma", "crash", "device", "other",
	};

	return name[kind];
}

/*
 * First match wins. The first entries keep out lines that repeat the command
 * line, which is user data. The entry after the kernel's causes of death keeps
 * out boot lines that only name the zones of memory.
 */
static const struct {
	const char *needle;
	bool at_start;
	enum ami_line_kind kind;
} rules[] = {
	{ "ommand line:", false, AMI_LINE_OTHER },
	{ "ommand line param", false, AMI_LINE_OTHER },
	{ "BOOT_IMAGE=", false, AMI_LINE_OTHER },
	{ "Kernel panic", false, AMI_LINE_CRASH },
	{ "BUG: ", false, AMI_LINE_CRASH },
	{ "BUG ", true, AMI_LINE_CRASH },		/* slub */
	{ "kernel BUG at", false, AMI_LINE_CRASH },
	{ "Oops: ", false, AMI_LINE_CRASH },
	{ "PANIC: ", false, AMI_LINE_CRASH },
	{ "general protection", false, AMI_LINE_CRASH },
	{ "double fault", false, AMI_LINE_CRASH },
	{ "stack segment", true, AMI_LINE_CRASH },
	{ "invalid opcode", true, AMI_LINE_CRASH },
	{ "divide error", true, AMI_LINE_CRASH },
	{ "Unable to handle kernel", false, AMI_LINE_CRASH },
	{ "Corrupted page table", false, AMI_LINE_CRASH },
	{ "Bad pagetable", false, AMI_LINE_CRASH },
	{ "stack-protector: ", false, AMI_LINE_CRASH },
	{ "stack guard page", false, AMI_LINE_CRASH },
	{ "hard LOCKUP", false, AMI_LINE_CRASH },
	{ "soft lockup", false, AMI_LINE_CRASH },
	{ "blocked for more than", false, AMI_LINE_CRASH },
	{ "detected stall", false, AMI_LINE_CRASH },
	{ "self-detected stall", false, AMI_LINE_CRASH },
	{ "expedited stall", false, AMI_LINE_CRASH },
	{ "sysrq: Trigger a crash", false, AMI_LINE_CRASH },
	{ "list_add ", true, AMI_LINE_CRASH },
	{ "list_del ", true, AMI_LINE_CRASH },
	{ "KASAN: ", false, AMI_LINE_CRASH },
	{ "KFENCE: ", false, AMI_LINE_CRASH },
	{ "KMSAN: ", false, AMI_LINE_CRASH },
	{ "KCSAN: ", false, AMI_LINE_CRASH },
	{ "UBSAN: ", false, AMI_LINE_CRASH },
	{ "refcount_t: ", false, AMI_LINE_CRASH },
	{ "usercopy: ", false, AMI_LINE_CRASH },
	{ "pagealloc: ", true, AMI_LINE_CRASH },
	{ "page_poison", true, AMI_LINE_CRASH },
	{ "Poison overwritten", false, AMI_LINE_CRASH },
	{ "edzone overwritten", false, AMI_LINE_CRASH },
	{ "adding overwritten", false, AMI_LINE_CRASH },
	{ "bject already free", false, AMI_LINE_CRASH },
	{ "reepointer corrupt", false, AMI_LINE_CRASH },
	{ "Slab corruption", false, AMI_LINE_CRASH },
	{ "slab error in ", false, AMI_LINE_CRASH },
	{ "Wrong slab cache", false, AMI_LINE_CRASH },
	{ "double free", false, AMI_LINE_CRASH },
	{ "FIX ", true, AMI_LINE_CRASH },		/* slub */
	{ "Bad page state", false, AMI_LINE_CRASH },
	{ "Bad page map", false, AMI_LINE_CRASH },
	{ "[Hardware Error]: CPU ", false, AMI_LINE_CRASH },
	{ "[Hardware Error]: Machine check: ", false, AMI_LINE_CRASH },
	{ "NMI: PCI system error", true, AMI_LINE_CRASH },
	{ "NMI: IOCK error", true, AMI_LINE_CRASH },
	{ "Uhhuh. NMI received", false, AMI_LINE_CRASH },
	{ " zone", false, AMI_LINE_OTHER },
	{ "Zone ", false, AMI_LINE_OTHER },
	{ "AMD-Vi", false, AMI_LINE_IOMMU },
	{ "AMD IOMMU", false, AMI_LINE_IOMMU },
	{ "IOTLB", false, AMI_LINE_IOMMU },
	{ "iommu", false, AMI_LINE_IOMMU },
	{ "IOMMU", false, AMI_LINE_IOMMU },
	{ "IVRS", false, AMI_LINE_IOMMU },
	{ "DMAR", false, AMI_LINE_IOMMU },
	{ "SEV-SNP: ", false, AMI_LINE_IOMMU },
	{ "RMP table", false, AMI_LINE_IOMMU },
	{ "RMPUPDATE", false, AMI_LINE_IOMMU },
	{ "DMA-API", false, AMI_LINE_DMA },
	{ "DMA: ", true, AMI_LINE_DMA },
	{ "DMA mapping", false, AMI_LINE_DMA },
	{ "dma_map", false, AMI_LINE_DMA },
	{ "dma_alloc", false, AMI_LINE_DMA },
	{ "swiotlb", false, AMI_LINE_DMA },
	{ "SWIOTLB", false, AMI_LINE_DMA },
	{ "software IO TLB", false, AMI_LINE_DMA },
};

/* "invalid opcode: 0000 [#1] SMP": how a kernel before 6.12 dies */
static bool dies(const char *text)
{
	const char *at = strstr(text, " [#");

	return at && isdigit((unsigned char)at[3]);
}

enum ami_line_kind incidents_line_kind(const struct ami_printk_record *r,
				       enum ami_incident_kind incident)
{
	size_t i;

	if (r->facility)
		return AMI_LINE_OTHER;
	if (incident != AMI_INCIDENT_NONE)
		return incident == AMI_INCIDENT_TABLES_REUSED ||
		       incident == AMI_INCIDENT_TABLES_COPIED ?
		       AMI_LINE_IOMMU : AMI_LINE_FAULT;
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const char *found = strstr(r->text, rules[i].needle);

		if (found && (!rules[i].at_start || found == r->text))
			return rules[i].kind;
	}
	return dies(r->text) ? AMI_LINE_CRASH : AMI_LINE_OTHER;
}
