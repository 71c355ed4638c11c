// SPDX-License-Identifier: GPL-2.0-or-later
/* What lies at an address of vmalloc, or of modules. */
#include "owner.h"

#define MAX_MODULES	4096u
#define MAX_PARTS	16u	/* of a module: MOD_MEM_NUM_TYPES of Linux */
#define MAX_AREA	(1ull << 40)

static bool holds_address(uint64_t start, uint64_t size, uint64_t va)
{
	return ami_kernel_address(start) && size && size <= MAX_AREA &&
	       va >= start && va - start < size;
}

/* Text, data and constants of a module lie apart since 6.4. */
static bool has_part(struct ami_owners *o, uint64_t module, uint64_t va,
		     struct ami_area *area)
{
	uint64_t step = ami_type_size(o->kernel, AMI_T_module_memory), part;
	uint64_t at = ami_addr(o->kernel, module, AMI_F_module_mem);
	const struct ami_member *all = &o->layout->field[AMI_F_module_mem];
	unsigned int i;

	if (!all->present || !step)
		return ami_get(o->kernel, module, AMI_F_module_core_base,
			       &area->start) == AMI_MEM_OK &&
		       ami_get(o->kernel, module, AMI_F_module_core_size,
			       &area->size) == AMI_MEM_OK &&
		       holds_address(area->start, area->size, va);
	for (i = 0; i < all->size / step && i < MAX_PARTS; i++) {
		part = at + i * step;
		if (ami_get(o->kernel, part, AMI_F_module_memory_base,
			    &area->start) == AMI_MEM_OK &&
		    ami_get(o->kernel, part, AMI_F_module_memory_size,
			    &area->size) == AMI_MEM_OK &&
		    holds_address(area->start, area->size, va))
			return true;
	}
	return false;
}

static bool find_module(struct ami_owners *o, uint64_t modules, uint64_t va,
			struct ami_area *area)
{
	struct ami_list_iter it;
	uint64_t node, module;

	if (!modules || !ami_has(o->kernel, AMI_F_module_list))
		return false;
	ami_busy_list_start(&it, o->kernel, modules, MAX_MODULES);
	while (ami_list_next(&it, &node)) {
		module = ami_container(o->kernel, node, AMI_F_module_list);
		if (!has_part(o, module, va, area))
			continue;
		return ami_read_string(o->kernel, ami_addr(o->kernel, module,
							   AMI_F_module_name),
				       area->module, sizeof(area->module)) ==
		       AMI_MEM_OK;
	}
	return false;
}

struct wanted_area {
	uint64_t va;
	struct ami_area *area;
	bool found;
};

/* The vm_struct knows the size without the guard page; the area has both. */
static bool match_area(struct ami_owners *o, uint64_t at, void *ctx)
{
	struct wanted_area *w = ctx;
	uint64_t start, end, vm;

	if (w->found ||
	    ami_get(o->kernel, at, AMI_F_vmap_area_start, &start) !=
	    AMI_MEM_OK ||
	    ami_get(o->kernel, at, AMI_F_vmap_area_end, &end) != AMI_MEM_OK ||
	    end < start || !holds_address(start, end - start, w->va))
		return true;
	w->found = true;
	w->area->start = start;
	w->area->size = end - start;
	if (ami_get(o->kernel, at, AMI_F_vmap_area_vm, &vm) == AMI_MEM_OK && vm)
		ami_get(o->kernel, vm, AMI_F_vm_struct_caller,
			&w->area->caller);
	return true;
}

bool ami_owner_area(struct ami_owners *o, uint64_t modules, uint64_t va,
		    struct ami_area *area)
{
	struct wanted_area w = { .va = va, .area = area };

	*area = (struct ami_area){ .start = 0 };
	if (find_module(o, modules, va, area))
		return true;
	*area = (struct ami_area){ .start = 0 };
	owner_areas_each(o, match_area, &w);
	return w.found;
}

struct wanted_frame {
	const struct ami_regions *regions;
	uint64_t phys, va;
};

static void pass_table(void *ctx, uint64_t pfn)
{
	(void)ctx;
	(void)pfn;
}

static void match_frame(void *ctx, uint64_t va, uint64_t phys, uint64_t size)
{
	struct wanted_frame *w = ctx;
	const struct ami_regions *r = w->regions;

	if (w->va || w->phys < phys || w->phys - phys >= size)
		return;
	if ((va >= r->vmalloc && va < r->vmalloc_end) ||
	    (va >= r->modules && va < r->modules_end))
		w->va = va + (w->phys - phys);
}

uint64_t ami_owner_mapped_at(struct ami_owners *o, uint64_t pfn)
{
	static const struct ami_kernel_map map = {
		.table = pass_table, .leaf = match_frame,
	};
	struct wanted_frame w = {
		.regions = &o->regions, .phys = pfn << AMI_PAGE_SHIFT,
	};

	ami_kernel_map_each(o->kernel, &map, &w);
	return w.va;
}
