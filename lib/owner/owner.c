// SPDX-License-Identifier: GPL-2.0-or-later
/* Who owns a page frame? Layout decides first, struct page next. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "owner.h"

#define MAX_ORDER	18
#define MAPPING_ANON	1ull
/*
 * include/linux/mm.h: PP_SIGNATURE, with POISON_POINTER_DELTA of x86-64. From
 * 6.16 on (and 6.12.y), a page that is mapped for DMA has its index in bits 7
 * to 38.
 */
#define PP_SIGNATURE	0xdead000000000040ull
#define PP_MASK		(~(0x7fffffff80ull | 3))

static void add_image(struct ami_owners *o, int part, enum ami_owner owner,
		      enum ami_symbol first, enum ami_symbol end)
{
	uint64_t from, to;

	if (ami_virt_to_phys(o->kernel, ami_symbol(o->kernel, first), &from) !=
	    AMI_MEM_OK ||
	    ami_virt_to_phys(o->kernel, ami_symbol(o->kernel, end), &to) !=
	    AMI_MEM_OK)
		return;
	o->image[part] = (struct image_part){
		owner, (from + AMI_PAGE_SIZE - 1) >> AMI_PAGE_SHIFT,
		to >> AMI_PAGE_SHIFT,
	};
}

static void find_image(struct ami_owners *o)
{
	add_image(o, 0, AMI_OWNER_TEXT, AMI_SYM__text, AMI_SYM__etext);
	add_image(o, 1, AMI_OWNER_RODATA, AMI_SYM___start_rodata,
		  AMI_SYM___end_rodata);
	add_image(o, 2, AMI_OWNER_DATA, AMI_SYM__sdata, AMI_SYM__end);
}

/** struct gathering - page frames in the kernel's page tables, in any order */
struct gathering {
	const struct ami_owners *o;
	struct ami_pfnbatch tables, vmalloc, modules, memmap;
	struct stack_run run;
};

static void on_table(void *ctx, uint64_t pfn)
{
	struct gathering *g = ctx;

	ami_pfnbatch_add(&g->tables, pfn, 1);
}

static bool within(uint64_t va, uint64_t first, uint64_t end)
{
	return va >= first && va < end;
}

static void on_leaf(void *ctx, uint64_t va, uint64_t phys, uint64_t size)
{
	struct gathering *g = ctx;
	const struct ami_regions *r = &g->o->regions;
	struct ami_pfnbatch *to = NULL;

	if (within(va, r->vmalloc, r->vmalloc_end)) {
		to = &g->vmalloc;
		owner_stack_run_add(&g->run, va, phys, size);
	} else if (within(va, r->modules, r->modules_end)) {
		to = &g->modules;
	} else if (within(va, r->vmemmap, r->vmemmap_end)) {
		to = &g->memmap;
	}
	/* What is not RAM (devices, firmware) may be mapped in huge pieces. */
	if (to && ami_dump_ram(ami_kernel_dump(g->o->kernel),
			       phys >> AMI_PAGE_SHIFT))
		ami_pfnbatch_add(to, phys >> AMI_PAGE_SHIFT,
				 size >> AMI_PAGE_SHIFT);
}

static bool make_sets(struct ami_owners *o)
{
	bool ok = true;
	int i;

	o->tables = ami_pfnset_new();
	o->memmap = ami_pfnset_new();
	o->coherent = ami_pfnset_new();
	o->stacks = ami_pfnset_new();
	o->stack_ends = ami_pfnset_new();
	o->stack_like = ami_pfnset_new();
	o->io_tables = ami_pfnset_new();
	o->pcp_free = ami_pfnset_new();
	for (i = 0; i < HINTS; i++) {
		o->hint[i] = ami_pfnset_new();
		ok &= !!o->hint[i];
	}
	return ok && o->tables && o->memmap && o->coherent && o->stacks &&
	       o->stack_ends && o->stack_like && o->io_tables && o->pcp_free;
}

static uint64_t walk_kernel(struct ami_owners *o)
{
	static const struct ami_kernel_map map = { on_table, on_leaf };
	struct gathering g = {
		.o = o, .tables.set = o->tables, .memmap.set = o->memmap,
		.vmalloc.set = o->hint[HINT_VMALLOC],
		.modules.set = o->hint[HINT_MODULE],
		.run.o = o,
	};
	uint64_t unread = ami_kernel_map_each(o->kernel, &map, &g);

	ami_pfnbatch_flush(&g.tables);
	ami_pfnbatch_flush(&g.vmalloc);
	ami_pfnbatch_flush(&g.modules);
	ami_pfnbatch_flush(&g.memmap);
	owner_stack_run_end(&g.run);
	return unread;
}

static bool lost_frames(const struct ami_owners *o)
{
	bool lost = ami_pfnset_failed(o->tables) ||
		    ami_pfnset_failed(o->memmap) ||
		    ami_pfnset_failed(o->coherent) ||
		    ami_pfnset_failed(o->stacks) ||
		    ami_pfnset_failed(o->stack_ends) ||
		    ami_pfnset_failed(o->stack_like) ||
		    ami_pfnset_failed(o->pcp_free);
	int i;

	for (i = 0; i < HINTS; i++)
		lost |= ami_pfnset_failed(o->hint[i]);
	return lost;
}

static void collect_layout(struct ami_owners *o)
{
	uint64_t unread;

	find_image(o);
	owner_page_marks_learn(o);
	ami_kernel_regions(o->kernel, &o->regions);
	owner_stack_size_learn(o);
	unread = walk_kernel(o);
	if (unread)
		ami_finding_add_with(o->state->findings,
				AMI_FIND_KERNEL_TABLES_UNREAD,
				"page tables",
				AMI_FACTS(AMI_SAYS(PAGES, unread)),
				"%llu pages of the kernel's own page tables cannot be read: some owners are not known.",
				(unsigned long long)unread);
	owner_tasks_collect(o);
	owner_areas_collect(o);
	owner_freelists_collect(o);
	owner_user_tables_collect(o);
	owner_percpu_collect(o);
	owner_iommu_collect(o);
	owner_aliases_collect(o);
	o->no_memory |= lost_frames(o);
}

struct ami_owners *ami_owners_new(const struct ami_state *state)
{
	struct ami_owners *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->state = state;
	o->kernel = state->kernel;
	o->layout = ami_kernel_layout(state->kernel);
	o->page_size = ami_type_size(state->kernel, AMI_T_page);
	if (make_sets(o))
		collect_layout(o);
	else
		o->no_memory = true;
	if (o->no_memory) {
		ami_owners_free(o);
		return NULL;
	}
	return o;
}

void ami_owners_free(struct ami_owners *o)
{
	int i;

	if (!o)
		return;
	owner_lines_free(o);
	for (i = 0; i < HINTS; i++)
		ami_pfnset_free(o->hint[i]);
	ami_pfnset_free(o->tables);
	ami_pfnset_free(o->memmap);
	ami_pfnset_free(o->coherent);
	ami_pfnset_free(o->stacks);
	ami_pfnset_free(o->stack_ends);
	ami_pfnset_free(o->stack_like);
	ami_pfnset_free(o->io_tables);
	ami_pfnset_free(o->pcp_free);
	free(o->task);
	ami_index_free(&o->by_mm);
	ami_index_free(&o->caches);
	ami_index_free(&o->by_directory);
	free(o->names);
	free(o);
}

struct ami_owner_gaps ami_owners_gaps(const struct ami_owners *o)
{
	return (struct ami_owner_gaps){ o->unread_caches, o->marks_unread,
					o->structs_unread };
}

bool ami_owners_stack_end(const struct ami_owners *o, uint64_t pfn)
{
	return ami_pfnset_has(o->stack_ends, pfn);
}

void ami_owners_io_table(struct ami_owners *o, uint64_t pfn)
{
	ami_pfnset_add(o->io_tables, pfn, 1);
}

/*
 * Most memory of an idle machine is in large free blocks. If their frames are asked
 * for in ascending order, nothing before a frame has to be read again.
 */
static bool is_in_free_run(struct ami_owners *o, uint64_t pfn,
			   const struct page_view *v)
{
	struct free_run *r = &o->free_run;

	if (!v->tail && owner_page_is(v, o->buddy_type)) {
		r->next = r->end = pfn + 1;
		if (v->private <= MAX_ORDER &&
		    !(pfn & ((1ull << v->private) - 1)))
			r->end = pfn + (1ull << v->private);
		return true;
	}
	if (pfn != r->next || pfn >= r->end)
		return false;
	/* As in block_of(): a used page ends a block that began before it. */
	if (v->refcount || v->tail)
		r->end = 0;
	else
		r->next++;
	return r->end;
}

enum block { BLOCK_USED, BLOCK_FREE, BLOCK_UNREAD };

/* Only the first page of a free block has the mark and the block's order. */
static enum block block_of(struct ami_owners *o, uint64_t pfn)
{
	struct page_view v;
	unsigned int order;
	enum ami_mem mem;

	for (order = 0; order <= MAX_ORDER; order++) {
		uint64_t head = pfn >> order << order;

		mem = owner_page_view_read(o, head, &v);
		if (mem != AMI_MEM_OK)
			return ami_mem_wild(mem) ? BLOCK_USED : BLOCK_UNREAD;
		if (owner_page_is(&v, o->buddy_type) &&
		    (order == 0 || (v.private >= order &&
				    v.private <= MAX_ORDER)))
			return BLOCK_FREE;
		/*
		 * A used page in between ends any block that began before it.
		 */
		if (v.refcount > 0 && !v.tail && head != pfn)
			return BLOCK_USED;
	}
	return BLOCK_USED;
}

static enum ami_owner by_head(struct ami_owners *o, const struct page_view *v)
{
	if ((o->slab_flag >= 0 && v->flags >> o->slab_flag & 1) ||
	    owner_page_is(v, o->slab_type))
		return owner_cache_never_buffer(o, v->cache) ? AMI_OWNER_OBJECT :
							 AMI_OWNER_SLAB;
	if (owner_page_is(v, o->table_type))
		return AMI_OWNER_PAGE_TABLE;
	if (owner_page_is(v, o->hugetlb_type))
		return AMI_OWNER_HUGETLB;
	if (owner_page_is(v, o->offline_type))
		return AMI_OWNER_RESERVED;
	if (owner_page_is(v, o->unaccepted_type))
		return AMI_OWNER_FREE;
	if ((v->pp_magic & PP_MASK) == PP_SIGNATURE)
		return AMI_OWNER_NETWORK;
	if (o->reserved_flag >= 0 && v->flags >> o->reserved_flag & 1)
		return AMI_OWNER_RESERVED;
	/* With both bits, KSM shares it. */
	if (v->mapping & MAPPING_ANON && v->mapping >> 56)
		return AMI_OWNER_ANON;
	if (!(v->mapping & MAPPING_KIND) && ami_kernel_address(v->mapping))
		return AMI_OWNER_FILE;
	return AMI_OWNER_KERNEL;
}

/* It may be any page, a never-buffer, too. */
static enum ami_owner miss_struct(struct ami_owners *o, enum ami_mem mem)
{
	o->structs_unread |= !ami_mem_wild(mem);
	return AMI_OWNER_UNKNOWN;
}

/* Tail pages of one head follow each other. An extract gets each head anew. */
static enum ami_mem read_head(struct ami_owners *o, struct page_view *v)
{
	struct page_view *last = &o->last_head;
	enum ami_mem mem;
	uint64_t head;

	if (last->address && v->head == last->address &&
	    !ami_dump_recording(ami_kernel_dump(o->kernel))) {
		*v = *last;
		return AMI_MEM_OK;
	}
	if (!ami_page_to_pfn(o->kernel, v->head, &head))
		return AMI_MEM_DAMAGED;
	mem = owner_page_view_read(o, head, v);
	if (mem == AMI_MEM_OK)
		*last = *v;
	return mem;
}

enum ami_owner owner_by_struct_page(struct ami_owners *o, uint64_t pfn,
				    struct page_view *v)
{
	enum ami_mem mem = owner_page_view_read(o, pfn, v);
	enum block block = BLOCK_USED;
	enum ami_owner owner;

	if (mem != AMI_MEM_OK)
		return miss_struct(o, mem);
	if (is_in_free_run(o, pfn, v) ||
	    (!v->refcount && ami_pfnset_has(o->pcp_free, pfn)))
		return AMI_OWNER_FREE;
	if (v->tail) {
		mem = read_head(o, v);
		if (mem != AMI_MEM_OK)
			return miss_struct(o, mem);
	} else if (!v->refcount) {
		block = block_of(o, pfn);
	}
	if (block == BLOCK_FREE)
		return AMI_OWNER_FREE;
	owner = by_head(o, v);
	/* Nothing else in its struct page marks a page of a free block. */
	return owner == AMI_OWNER_KERNEL && block == BLOCK_UNREAD ?
	       miss_struct(o, AMI_MEM_FILTERED) : owner;
}

/* Pages of the image stay reserved until the allocator gets them. */
static bool given_back(struct ami_owners *o, uint64_t pfn)
{
	struct page_view v;

	return o->reserved_flag >= 0 &&
	       owner_page_view_read(o, pfn, &v) == AMI_MEM_OK &&
	       !(v.flags >> o->reserved_flag & 1);
}

/* What the kernel's layout says; UNKNOWN: nothing. */
static enum ami_owner by_layout(struct ami_owners *o, uint64_t pfn)
{
	int i;

	if (ami_in_crashkernel(o->state, pfn))
		return AMI_OWNER_CRASHKERNEL;
	for (i = 0; i < (int)IMAGE_PARTS; i++)
		if (pfn >= o->image[i].first && pfn < o->image[i].end &&
		    !given_back(o, pfn))
			return o->image[i].owner;
	if (ami_pfnset_has(o->io_tables, pfn))
		return AMI_OWNER_IOMMU_TABLE;
	if (ami_pfnset_has(o->tables, pfn))
		return AMI_OWNER_PAGE_TABLE;
	if (ami_pfnset_has(o->stacks, pfn))
		return AMI_OWNER_STACK;
	if (ami_pfnset_has(o->coherent, pfn))
		return AMI_OWNER_COHERENT;
	if (ami_pfnset_has(o->memmap, pfn))
		return AMI_OWNER_MEMMAP;
	return AMI_OWNER_UNKNOWN;
}

enum ami_owner owner_classify(struct ami_owners *o, uint64_t pfn,
			      struct page_view *v)
{
	enum ami_owner owner = by_layout(o, pfn);

	if (owner != AMI_OWNER_UNKNOWN)
		return owner;
	return owner_hint_apply(o, pfn, owner_by_struct_page(o, pfn, v));
}

enum ami_owner ami_owner_of(struct ami_owners *o, uint64_t pfn)
{
	struct page_view v;

	return owner_classify(o, pfn, &v);
}
