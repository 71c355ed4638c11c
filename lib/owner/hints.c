// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known of a frame from elsewhere. It counts only where struct page does
 * not know better: a pointer may outlive the page that it leads to.
 */
#include "owner.h"

#define BIT(owner)	(1u << (owner))

enum ami_owner owner_hint_apply(const struct ami_owners *o, uint64_t pfn,
				enum ami_owner by_page)
{
	/*
	 * @of: what struct page says of such frames. Those of the first chunk are
	 * reserved from the boot on; what the kernel did not need of them it gave
	 * away.
	 */
	static const struct {
		enum ami_owner owner;
		uint32_t of;
	} means[HINTS] = {
		[HINT_VMALLOC] = { AMI_OWNER_VMALLOC, BIT(AMI_OWNER_KERNEL) |
				   BIT(AMI_OWNER_UNKNOWN) },
		[HINT_MODULE] = { AMI_OWNER_MODULE, BIT(AMI_OWNER_KERNEL) |
				  BIT(AMI_OWNER_UNKNOWN) },
		[HINT_CHUNK] = { AMI_OWNER_PERCPU, BIT(AMI_OWNER_KERNEL) |
				 BIT(AMI_OWNER_UNKNOWN) },
		[HINT_FIRST_CHUNK] = { AMI_OWNER_PERCPU,
				       BIT(AMI_OWNER_RESERVED) },
		[HINT_IRQ_STACK] = { AMI_OWNER_STACK,
				     BIT(AMI_OWNER_RESERVED) },
		[HINT_USER_TABLE] = { AMI_OWNER_PAGE_TABLE,
				      BIT(AMI_OWNER_KERNEL) },
		[HINT_IOMMU] = { AMI_OWNER_IOMMU, BIT(AMI_OWNER_KERNEL) |
				 BIT(AMI_OWNER_UNKNOWN) },
		[HINT_REQUEST] = { AMI_OWNER_REQUEST, BIT(AMI_OWNER_KERNEL) },
		[HINT_NETWORK] = { AMI_OWNER_NETWORK, BIT(AMI_OWNER_KERNEL) },
	};
	int i;

	if (by_page != AMI_OWNER_KERNEL && by_page != AMI_OWNER_UNKNOWN &&
	    by_page != AMI_OWNER_RESERVED)
		return by_page;
	for (i = HINTS - 1; i >= 0; i--)
		if (means[i].of & BIT(by_page) &&
		    ami_pfnset_has(o->hint[i], pfn))
			return means[i].owner;
	return by_page;
}

void ami_owners_known(struct ami_owners *o, enum ami_owner owner,
		      const struct ami_pfnset *frames)
{
	ami_pfnset_union(o->hint[owner == AMI_OWNER_NETWORK ? HINT_NETWORK :
				 HINT_REQUEST], frames);
}

void owner_add_virtual(struct ami_owners *o, struct ami_pfnset *set,
		       uint64_t va, uint64_t size)
{
	uint64_t at = va & ~(uint64_t)(AMI_PAGE_SIZE - 1), end = va + size;
	uint64_t phys;

	for (; at < end; at += AMI_PAGE_SIZE)
		if (ami_virt_to_phys(o->kernel, at, &phys) == AMI_MEM_OK)
			ami_pfnset_add(set, phys >> AMI_PAGE_SHIFT, 1);
}
