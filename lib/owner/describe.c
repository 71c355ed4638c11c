// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be said of an address beyond the kind of its owner. */
#include <stdio.h>

#include "owner.h"

enum ami_owner ami_owner_describe(struct ami_owners *o, uint64_t phys,
				  char *text, size_t size)
{
	struct page_view v = { 0 };
	enum ami_owner owner = owner_classify(o, phys >> AMI_PAGE_SHIFT, &v);

	snprintf(text, size, "%s%s", ami_owner_name(owner),
		 owner == AMI_OWNER_KERNEL ?
		 " (purpose unknown)" : "");
	if (ami_owner_in_slab(owner))
		owner_describe_slab(o, phys, text, size);
	else if (owner == AMI_OWNER_FILE)
		owner_describe_file(o, &v, text, size);
	else if (owner == AMI_OWNER_ANON &&
		 (v.mapping & MAPPING_KIND) == MAPPING_KIND)
		snprintf(text, size, "anonymous, shared by KSM");
	else if (owner == AMI_OWNER_ANON)
		owner_describe_anon(o, phys >> AMI_PAGE_SHIFT, &v, text, size);
	else if (owner == AMI_OWNER_STACK)
		owner_describe_stack(o, phys, text, size);
	return owner;
}
