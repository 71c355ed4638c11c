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
	    owner_page_view_read(o, pfn, &v) != AMI_MEM_OK ||
	    !ami_page_to_pfn(o->kernel, v.head, &head) || head > pfn ||
	    owner_page_view_read(o, head, &v) != AMI_MEM_OK ||
	    !ami_kernel_address(v.cache))
		return 0;
	*base = head << AMI_PAGE_SHIFT;
	return v.cache;
}

/* For objects with a name of their own: the task that lies there. */
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
		owner_task_text(o, o->task[i].task, name);
		snprintf(text + used, size - used, ", %s", name);
		return;
	}
}

/**
 * struct grid - where the objects of a slab lie
 * @first: physical address of the first slot
 * @count: number of slots; 0: unknown
 * @left: bytes of a slot before its object
 */
struct grid {
	uint64_t first, size, count, left;
};

/*
 * SLAB (mm/slab.c, up to 6.7): a colour, and often the list of free objects,
 * come before the first object, which s_mem points to. Its caches say how many
 * there are.
 */
static bool find_slab_grid(struct ami_owners *o, uint64_t cache, uint64_t base,
			   struct grid *g)
{
	uint64_t page = ami_pfn_to_page(o->kernel, base >> AMI_PAGE_SHIFT);
	enum ami_field first = ami_has(o->kernel, AMI_F_slab_s_mem) ?
			       AMI_F_slab_s_mem : AMI_F_page_s_mem;
	uint64_t va;

	return ami_get(o->kernel, cache, AMI_F_kmem_cache_num, &g->count) ==
		       AMI_MEM_OK &&
	       g->count && ami_get(o->kernel, page, first, &va) == AMI_MEM_OK &&
	       ami_virt_to_phys(o->kernel, va, &g->first) == AMI_MEM_OK &&
	       g->first >= base && g->first - base < MAX_OBJECT;
}

/* SLUB: objects from the first byte on, each after its left red zone. */
static bool find_slub_grid(struct ami_owners *o, uint64_t cache, uint64_t base,
			   struct grid *g)
{
	uint64_t page = ami_pfn_to_page(o->kernel, base >> AMI_PAGE_SHIFT);

	g->first = base;
	ami_get(o->kernel, page, ami_has(o->kernel, AMI_F_slab_objects) ?
		AMI_F_slab_objects : AMI_F_page_objects, &g->count);
	return !ami_has(o->kernel, AMI_F_kmem_cache_red_left_pad) ||
	       ami_get(o->kernel, cache, AMI_F_kmem_cache_red_left_pad,
		       &g->left) == AMI_MEM_OK;
}

/* The caches show which allocator it is. SLOB has no objects of one size. */
static bool find_grid(struct ami_owners *o, uint64_t cache, uint64_t base,
		      struct grid *g)
{
	memset(g, 0, sizeof(*g));
	if (ami_get(o->kernel, cache, AMI_F_kmem_cache_size, &g->size) !=
	    AMI_MEM_OK || !g->size || g->size > MAX_OBJECT)
		return false;
	if (ami_has(o->kernel, AMI_F_kmem_cache_num))
		return find_slab_grid(o, cache, base, g);
	return ami_has(o->kernel, AMI_F_kmem_cache_inuse) &&
	       find_slub_grid(o, cache, base, g);
}

static bool find_object(struct ami_owners *o, uint64_t phys, uint64_t cache,
			uint64_t base, struct ami_object *object)
{
	struct grid g;
	uint64_t in;

	if (!find_grid(o, cache, base, &g))
		return false;
	object->gridded = true;
	if (phys < g.first ||
	    (g.count && (phys - g.first) / g.size >= g.count))
		return true;
	in = (phys - g.first) % g.size;
	object->found = true;
	object->slot = phys - in;
	object->size = g.size;
	object->phys = object->slot + g.left;
	object->va = ami_phys_to_virt(o->kernel, object->phys);
	object->offset = in >= g.left ? in - g.left : in;
	return true;
}

bool ami_owner_object(struct ami_owners *o, uint64_t phys,
		      struct ami_object *object)
{
	uint64_t base = 0, name;
	uint64_t cache = ami_owner_cache(o, phys >> AMI_PAGE_SHIFT, &base);

	*object = (struct ami_object){ .cache = cache, .base = base };
	if (!cache)
		return false;
	strcpy(object->name, "?");
	if (ami_get(o->kernel, cache, AMI_F_kmem_cache_name, &name) ==
	    AMI_MEM_OK)
		ami_read_string(o->kernel, name, object->name,
				sizeof(object->name));
	find_object(o, phys, cache, base, object);
	return true;
}

void owner_describe_slab(struct ami_owners *o, uint64_t phys, char *text,
			 size_t size)
{
	struct ami_object object;

	if (!ami_owner_object(o, phys, &object))
		return;
	if (!object.gridded) {
		snprintf(text, size, "slab %s", object.name);
		return;
	}
	if (!object.found) {
		snprintf(text, size, "slab %s, none of its objects", object.name);
		return;
	}
	snprintf(text, size, "slab %s, byte %" PRIu64 " of the object at %s%#" PRIx64,
		 object.name, object.offset, object.va ? "" : "physical ",
		 object.va ? object.va : object.phys);
	if (!strcmp(object.name, "task_struct"))
		add_task(o, object.slot, object.slot + object.size - 1, text,
			 size);
}
