// SPDX-License-Identifier: GPL-2.0-or-later
/* Slab pages: which cache, which object. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "owner.h"

#define MAX_OBJECT	(1u << 23)

uint64_t ami_owner_cache(struct ami_owners *o, uint64_t pfn, uint64_t *base)
{
	struct page_view v;
	uint64_t head;

	if (!ami_owner_in_slab(ami_owner_of(o, pfn)) ||
	    page_view_read(o, pfn, &v) != AMI_MEM_OK ||
	    !ami_page_to_pfn(o->kernel, v.head, &head) || head > pfn ||
	    page_view_read(o, head, &v) != AMI_MEM_OK ||
	    !ami_kernel_address(v.cache))
		return 0;
	*base = head << AMI_PAGE_SHIFT;
	return v.cache;
}

/* Of objects that have a name of their own: the task that lies there. */
static void add_task(struct ami_owners *o, uint64_t first, uint64_t last,
		     char *text, size_t size)
{
	char name[AMI_TASK_TEXT];
	uint64_t at;
	size_t i, used = strlen(text);

	for (i = 0; i < o->nr_tasks; i++) {
		if (ami_virt_to_phys(o->kernel, o->task[i].task, &at) !=
		    AMI_MEM_OK || at < first || at > last)
			continue;
		task_text(o, o->task[i].task, name);
		snprintf(text + used, size - used, ", %s", name);
		return;
	}
}

void describe_slab(struct ami_owners *o, uint64_t phys, char *text,
		   size_t size)
{
	uint64_t base = 0, object_size = 0, name, left = 0, in;
	uint64_t cache = ami_owner_cache(o, phys >> AMI_PAGE_SHIFT, &base);
	char label[48] = "?";

	if (!cache)
		return;
	if (ami_get(o->kernel, cache, AMI_F_kmem_cache_name, &name) ==
	    AMI_MEM_OK)
		ami_read_string(o->kernel, name, label, sizeof(label));
	ami_get(o->kernel, cache, AMI_F_kmem_cache_size, &object_size);
	ami_get(o->kernel, cache, AMI_F_kmem_cache_red_left_pad, &left);
	if (!object_size || object_size > MAX_OBJECT) {
		snprintf(text, size, "slab %s", label);
		return;
	}
	in = (phys - base) % object_size;
	snprintf(text, size, "slab %s, byte %" PRIu64 " of the object at %#" PRIx64,
		 label, in >= left ? in - left : in, phys - in + left);
	if (!strcmp(label, "task_struct"))
		add_task(o, phys - in, phys - in + object_size - 1, text, size);
}
