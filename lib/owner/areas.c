// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmalloc areas: those of dma_alloc_coherent() have their own flag, and those of
 * per-CPU memory name the function that made them. They are in one list (up to
 * 6.8), or in one for each node of address space (6.9 and later).
 */
#include "owner.h"

#define MAX_AREAS	(1u << 20)
#define MAX_NODES	1024u
#define MAX_AREA	(1ull << 32)
#define VM_DMA_COHERENT	0x10u	/* include/linux/vmalloc.h */

/*
 * How many areas, and pages of them, may still be read. Areas that overlap, or
 * lists that share theirs, would never end.
 */
struct left {
	uint64_t areas, pages;
	owner_area_fn *fn;
	void *ctx;
};

/*
 * Where the frames of an area go; NULL: nothing more is known of it. Per-CPU
 * memory is allocated by one function (mm/percpu.c), which is noted as the caller.
 */
static struct ami_pfnset *set_for(struct ami_owners *o, uint64_t vm,
				  uint64_t flags)
{
	uint64_t caller;

	if (flags & VM_DMA_COHERENT)
		return o->coherent;
	if (ami_symbol(o->kernel, AMI_SYM_pcpu_get_vm_areas) &&
	    ami_get(o->kernel, vm, AMI_F_vm_struct_caller, &caller) ==
		    AMI_MEM_OK &&
	    caller == ami_symbol(o->kernel, AMI_SYM_pcpu_get_vm_areas))
		return o->hint[HINT_CHUNK];
	return NULL;
}

/* False: whether it is a coherent buffer, or where, is not in the dump. */
static bool take_area(struct ami_owners *o, uint64_t area, void *ctx)
{
	struct left *left = ctx;
	uint64_t start, end, vm, flags, phys;
	struct ami_pfnset *to;
	enum ami_mem mem = ami_get(o->kernel, area, AMI_F_vmap_area_vm, &vm);

	if (mem == AMI_MEM_OK && !vm)
		return true;
	if (mem == AMI_MEM_OK)
		mem = ami_get(o->kernel, vm, AMI_F_vm_struct_flags, &flags);
	/* In some kernels, a union holds a size in place of the pointer. */
	if (mem != AMI_MEM_OK)
		return ami_mem_wild(mem);
	to = set_for(o, vm, flags);
	if (!to)
		return true;
	if (ami_get(o->kernel, area, AMI_F_vmap_area_start, &start) !=
	    AMI_MEM_OK ||
	    ami_get(o->kernel, area, AMI_F_vmap_area_end, &end) !=
	    AMI_MEM_OK || end < start || end - start > MAX_AREA)
		return false;
	for (; start < end && left->pages;
	     start += AMI_PAGE_SIZE, left->pages--)
		if (ami_virt_to_phys(o->kernel, start, &phys) == AMI_MEM_OK)
			ami_pfnset_add(to, phys >> AMI_PAGE_SHIFT, 1);
	return true;
}

static bool take_list(struct ami_owners *o, uint64_t head, struct left *left)
{
	struct ami_list_iter it;
	bool whole = true;
	uint64_t node;

	ami_busy_list_start(&it, o->kernel, head, left->areas);
	while (ami_list_next(&it, &node))
		whole &= left->fn(o, ami_container(o->kernel, node,
						   AMI_F_vmap_area_list),
				  left->ctx);
	left->areas -= it.steps < left->areas ? it.steps : left->areas;
	return whole && !it.broken && it.mem == AMI_MEM_OK;
}

static bool take_nodes(struct ami_owners *o, struct left *left)
{
	uint64_t size = ami_type_size(o->kernel, AMI_T_vmap_node), nodes;
	uint32_t count = 0, i;
	bool whole = true;

	if (!size || !ami_has(o->kernel, AMI_F_vmap_node_busy) ||
	    ami_read_u64(o->kernel, ami_symbol(o->kernel, AMI_SYM_vmap_nodes),
			 &nodes) != AMI_MEM_OK ||
	    ami_read_u32(o->kernel, ami_symbol(o->kernel, AMI_SYM_nr_vmap_nodes),
			 &count) != AMI_MEM_OK || count > MAX_NODES)
		return false;
	for (i = 0; i < count; i++)
		whole &= take_list(o, ami_addr(o->kernel, nodes + i * size,
					       AMI_F_vmap_node_busy), left);
	return whole;
}

static bool walk_areas(struct ami_owners *o, struct left *left)
{
	uint64_t list = ami_symbol(o->kernel, AMI_SYM_vmap_area_list);

	if (ami_has(o->kernel, AMI_F_vmap_area_list) && list)
		return take_list(o, list, left);
	return ami_has(o->kernel, AMI_F_vmap_area_list) &&
	       ami_symbol(o->kernel, AMI_SYM_vmap_nodes) && take_nodes(o, left);
}

void owner_areas_each(struct ami_owners *o, owner_area_fn *fn, void *ctx)
{
	struct left left = { .areas = MAX_AREAS, .fn = fn, .ctx = ctx };

	walk_areas(o, &left);
}

void owner_areas_collect(struct ami_owners *o)
{
	struct left left = {
		MAX_AREAS, ami_dump_ram_pages(ami_kernel_dump(o->kernel)),
		take_area, &left,
	};
	bool whole = walk_areas(o, &left);

	if (!whole || !left.pages)
		ami_finding_add(o->state->findings, AMI_FIND_VMALLOC_UNREAD,
				"vmalloc areas", "They cannot all be read: some coherent DMA buffers count as vmalloc.");
}
