// SPDX-License-Identifier: GPL-2.0-or-later
/* Kinds of owners. */
#include "owner.h"

const char *ami_owner_name(enum ami_owner owner)
{
	static const char *const name[AMI_OWNERS] = {
		[AMI_OWNER_UNKNOWN] = "unknown",
		[AMI_OWNER_TEXT] = "kernel text",
		[AMI_OWNER_RODATA] = "kernel rodata",
		[AMI_OWNER_DATA] = "kernel data",
		[AMI_OWNER_PAGE_TABLE] = "page table",
		[AMI_OWNER_IOMMU_TABLE] = "I/O page table",
		[AMI_OWNER_IOMMU] = "IOMMU structures",
		[AMI_OWNER_MEMMAP] = "struct page array",
		[AMI_OWNER_STACK] = "stack",
		[AMI_OWNER_PERCPU] = "per-CPU data",
		[AMI_OWNER_MODULE] = "module",
		[AMI_OWNER_SLAB] = "slab",
		[AMI_OWNER_OBJECT] = "kernel objects",
		[AMI_OWNER_VMALLOC] = "vmalloc",
		[AMI_OWNER_COHERENT] = "coherent DMA",
		[AMI_OWNER_NETWORK] = "network",
		[AMI_OWNER_REQUEST] = "disk requests",
		[AMI_OWNER_FILE] = "page cache",
		[AMI_OWNER_ANON] = "anonymous",
		[AMI_OWNER_HUGETLB] = "hugetlb",
		[AMI_OWNER_KERNEL] = "kernel",
		[AMI_OWNER_RESERVED] = "reserved",
		[AMI_OWNER_FREE] = "free",
		[AMI_OWNER_CRASHKERNEL] = "crashkernel",
	};

	return name[owner];
}

bool ami_owner_never_buffer(enum ami_owner owner)
{
	switch (owner) {
	case AMI_OWNER_TEXT:
	case AMI_OWNER_RODATA:
	case AMI_OWNER_PAGE_TABLE:
	case AMI_OWNER_IOMMU_TABLE:
	case AMI_OWNER_IOMMU:
	case AMI_OWNER_MEMMAP:
	case AMI_OWNER_STACK:
	case AMI_OWNER_PERCPU:
	case AMI_OWNER_MODULE:
	case AMI_OWNER_OBJECT:
	case AMI_OWNER_FREE:
		return true;
	default:
		return false;
	}
}

bool ami_owner_in_slab(enum ami_owner owner)
{
	return owner == AMI_OWNER_SLAB || owner == AMI_OWNER_OBJECT;
}
