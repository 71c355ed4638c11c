// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that may be the stack of a task that is not in the dump. With
 * CONFIG_VMAP_STACK a stack is a vmalloc area of its own: THREAD_SIZE bytes,
 * aligned to that, with an unmapped page after it (kernel/fork.c,
 * alloc_thread_stack_node()). So the page tables show each place where one may
 * lie, and no other page of the kernel can be one.
 */
#include "owner.h"

static void end_run(struct stack_run *r)
{
	unsigned int i, pages = r->o->stack_pages;

	if (r->pages == pages && !(r->va % (pages * AMI_PAGE_SIZE)))
		for (i = 0; i < pages; i++)
			ami_pfnset_add(r->o->stack_like, r->frame[i], 1);
	r->pages = 0;
}

void owner_stack_run_add(struct stack_run *r, uint64_t va, uint64_t phys,
			 uint64_t size)
{
	if (r->pages && va != r->va + r->pages * AMI_PAGE_SIZE)
		end_run(r);
	if (!r->pages)
		r->va = va;
	if (size == AMI_PAGE_SIZE && r->pages < MAX_STACK_PAGES)
		r->frame[r->pages] = phys >> AMI_PAGE_SHIFT;
	r->pages += size >> AMI_PAGE_SHIFT;
}

void owner_stack_run_end(struct stack_run *r)
{
	end_run(r);
}

/*
 * All tasks get their stacks in one way, which is chosen when the kernel is
 * built. Only the first task has its own in the kernel image.
 */
static bool stacks_are_areas(const struct ami_owners *o)
{
	uint64_t init = ami_symbol(o->kernel, AMI_SYM_init_task);
	size_t areas = 0, others = 0, i;

	for (i = 0; i < o->nr_tasks; i++)
		if (o->task[i].va >= o->regions.vmalloc &&
		    o->task[i].va < o->regions.vmalloc_end)
			areas++;
		else if (o->task[i].task != init)
			others++;
	return areas && !others;
}

const struct ami_pfnset *ami_owners_stack_like(struct ami_owners *o)
{
	if (!stacks_are_areas(o))
		return NULL;
	ami_pfnset_subtract(o->stack_like, o->stacks);
	ami_pfnset_subtract(o->stack_like, o->coherent);
	return o->stack_like;
}
