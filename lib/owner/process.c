// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Anonymous memory: whose, and where in it. A page leads to the areas of all
 * processes that may map it: an interval tree of page offsets. Kernel:
 * mm/rmap.c, rmap_walk_anon(); include/linux/rmap.h.
 */
#include <inttypes.h>
#include <stdio.h>

#include "owner.h"

#define MAX_AREAS	256u
#define MAX_BRANCHES	64u

/** struct search - areas of a tree that hold the page at @index */
struct search {
	struct ami_kernel *kernel;
	uint64_t index;
	uint64_t node[MAX_BRANCHES];
	unsigned int nodes;
	uint64_t mm, address;		/* of the first */
	unsigned int found;
	bool all;			/* no limit ended the search */
};

static void push(struct search *s, uint64_t from, enum ami_field side)
{
	uint64_t node;

	if (s->nodes < MAX_BRANCHES &&
	    ami_get(s->kernel, from, side, &node) == AMI_MEM_OK && node)
		s->node[s->nodes++] = node;
}

static void look_at(struct search *s, uint64_t chain)
{
	uint64_t area, start, end, offset, mm;

	if (ami_get(s->kernel, chain, AMI_F_anon_vma_chain_vma, &area) !=
	    AMI_MEM_OK ||
	    ami_get(s->kernel, area, AMI_F_vma_start, &start) != AMI_MEM_OK ||
	    ami_get(s->kernel, area, AMI_F_vma_end, &end) != AMI_MEM_OK ||
	    ami_get(s->kernel, area, AMI_F_vma_pgoff, &offset) != AMI_MEM_OK ||
	    ami_get(s->kernel, area, AMI_F_vma_mm, &mm) != AMI_MEM_OK ||
	    end <= start || s->index < offset ||
	    s->index - offset >= (end - start) >> AMI_PAGE_SHIFT)
		return;
	if (!s->found++) {
		s->mm = mm;
		s->address = start + ((s->index - offset) << AMI_PAGE_SHIFT);
	}
}

static void search_areas(struct search *s, uint64_t anon_vma)
{
	unsigned int left = MAX_AREAS;

	push(s, anon_vma, AMI_F_anon_vma_areas);
	while (s->nodes && left--) {
		uint64_t node = s->node[--s->nodes];

		look_at(s, ami_container(s->kernel, node,
					 AMI_F_anon_vma_chain_rb));
		push(s, node, AMI_F_rb_left);
		push(s, node, AMI_F_rb_right);
	}
	s->all = !s->nodes;
}

/* Threads that share memory all count as the first one. */
static bool leads(struct ami_owners *o, uint64_t task)
{
	uint64_t pid, tgid;

	return ami_get(o->kernel, task, AMI_F_task_pid, &pid) == AMI_MEM_OK &&
	       ami_get(o->kernel, task, AMI_F_task_tgid, &tgid) ==
	       AMI_MEM_OK && pid == tgid;
}

static void index_processes(struct ami_owners *o)
{
	uint64_t mm;
	size_t i, old;

	o->processes_known = true;
	for (i = 0; i < o->nr_tasks; i++)
		if (leads(o, o->task[i].task) &&
		    ami_get(o->kernel, o->task[i].task, AMI_F_task_mm, &mm) ==
		    AMI_MEM_OK && mm && !ami_index_find(&o->by_mm, mm, &old) &&
		    !ami_index_add(&o->by_mm, mm, i))
			return;	/* no memory: no names */
}

/* If the block is larger, @v is its first page. */
static bool index_of(struct ami_owners *o, uint64_t pfn,
		     const struct page_view *v, uint64_t *index)
{
	enum ami_field f = ami_has(o->kernel, AMI_F_page_folio_index) ?
			   AMI_F_page_folio_index : AMI_F_page_index;
	uint64_t head;

	if (ami_get(o->kernel, v->address, f, index) != AMI_MEM_OK ||
	    !ami_page_to_pfn(o->kernel, v->address, &head) || head > pfn)
		return false;
	*index += pfn - head;
	return true;
}

void owner_describe_anon(struct ami_owners *o, uint64_t pfn,
			 const struct page_view *v, char *text, size_t size)
{
	struct search s = { .kernel = o->kernel };
	char name[AMI_TASK_TEXT];
	size_t task;
	int used;

	if (!ami_has(o->kernel, AMI_F_anon_vma_chain_rb) ||
	    !index_of(o, pfn, v, &s.index))
		return;
	if (!o->processes_known)
		index_processes(o);
	search_areas(&s, v->mapping & ~MAPPING_KIND);
	if (!s.found || !ami_index_find(&o->by_mm, s.mm, &task))
		return;
	owner_task_text(o, o->task[task].task, name);
	used = snprintf(text, size, "anonymous memory of %s at %#" PRIx64,
			name, s.address);
	if (used > 0 && (size_t)used < size && (s.found > 1 || !s.all))
		snprintf(text + used, size - used, s.all ?
			 ", and in %u areas more" : ", perhaps in others too",
			 s.found - 1);
}
