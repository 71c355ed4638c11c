// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * struct page: how it marks what a page is used for. The marks moved often, so
 * each kernel is asked: VMCOREINFO, enumerators, and a page of a known kind.
 */
#include <string.h>

#include "owner.h"

#define MAX_TASKS_TRIED	64u
#define MAX_PAGE_STRUCT	256u
#define TAIL		1u
#define LOWEST_MASK	0xffffffff00000000ull

static struct struct_place place_of(const struct ami_owners *o,
				    const struct ami_member *m)
{
	struct struct_place place = { .offset = m->offset };

	if (!m->present || !m->size || m->size > sizeof(place.mask) ||
	    m->offset + m->size > o->page_size ||
	    o->page_size > MAX_PAGE_STRUCT)
		return (struct struct_place){ .offset = 0 };
	/* The eight bytes may not go on behind the structure. */
	if (m->offset + sizeof(place.mask) > o->page_size)
		place.offset = o->page_size - sizeof(place.mask);
	place.shift = (m->offset - place.offset) * 8;
	place.mask = UINT64_MAX >> (64 - m->size * 8);
	return place;
}

/* Struct pages are read by the million, so their members are found once. */
static void find_places(struct ami_owners *o)
{
	const enum ami_field member[STRUCT_MEMBERS] = {
		[MEMBER_FLAGS] = AMI_F_page_flags,
		[MEMBER_MAPPING] = AMI_F_page_mapping,
		[MEMBER_PRIVATE] = AMI_F_page_private,
		[MEMBER_PP_MAGIC] = AMI_F_page_pp_magic,
		/* Since 5.17 struct slab overlays struct page. */
		[MEMBER_CACHE] = ami_has(o->kernel, AMI_F_slab_slab_cache) ?
				 AMI_F_slab_slab_cache : AMI_F_page_slab_cache,
		[MEMBER_TYPE] = AMI_F_page_type,
		[MEMBER_REFCOUNT] = AMI_F_page_refcount,
		[MEMBER_HEAD] = AMI_F_page_compound_head,
		[MEMBER_INFO] = AMI_F_page_compound_info,
	};
	int i;

	for (i = 0; i < STRUCT_MEMBERS; i++)
		o->place[i] = place_of(o, &o->layout->field[member[i]]);
}

/* A member that is absent reads as zero. */
static inline uint64_t pick_member(const struct ami_owners *o,
				   const uint8_t *raw, enum struct_member i)
{
	const struct struct_place *at = &o->place[i];
	uint64_t value;

	memcpy(&value, raw + at->offset, sizeof(value));
	return value >> at->shift & at->mask;
}

/*
 * A tail page points to its head, plus one. In later kernels it holds a mask
 * that leads there instead (include/linux/page-flags.h,
 * compound_info_has_mask()). No struct page has an address that high.
 */
static uint64_t head_of(uint64_t page, uint64_t info)
{
	if (!(info & TAIL))
		return page;
	return info >= LOWEST_MASK ? page & info : info - TAIL;
}

/* What cannot be borrowed is read the other way, which counts why. */
static void read_line(struct ami_owners *o, struct struct_line *l, uint64_t va)
{
	struct ami_dump *dump = ami_kernel_dump(o->kernel);
	uint8_t page[AMI_PAGE_SIZE];
	uint64_t phys;

	ami_dump_unpage(dump, l->page);
	l->page = NULL;
	l->va = va;
	l->recorded = ami_dump_recording(dump);
	l->mem = ami_virt_to_phys(o->kernel, va, &phys);
	if (l->mem != AMI_MEM_OK)
		return;
	l->page = ami_dump_page(dump, phys >> AMI_PAGE_SHIFT, &l->mem);
	if (!l->page)
		l->mem = ami_read(o->kernel, va, page, sizeof(page));
	if (!l->page && l->mem == AMI_MEM_OK)
		l->mem = AMI_MEM_ERROR;
	/* The next phase may have work left. */
	if (l->mem == AMI_MEM_LEFT_OUT)
		l->va = 0;
}

static const struct struct_line *find_line(struct ami_owners *o, uint64_t va)
{
	struct struct_line *l = &o->line[(va / AMI_PAGE_SIZE) % STRUCT_LINES];

	if (l->va != va || (!l->recorded &&
			    ami_dump_recording(ami_kernel_dump(o->kernel))))
		read_line(o, l, va);
	return l;
}

void owner_lines_free(struct ami_owners *o)
{
	unsigned int i;

	for (i = 0; i < STRUCT_LINES; i++)
		ami_dump_unpage(ami_kernel_dump(o->kernel), o->line[i].page);
}

/* @apart takes one that crosses a page boundary. */
static const uint8_t *find_page(struct ami_owners *o, uint64_t va,
				uint8_t *apart, enum ami_mem *mem)
{
	uint64_t at = va % AMI_PAGE_SIZE;
	const struct struct_line *l;

	if (at + o->page_size > AMI_PAGE_SIZE) {
		*mem = ami_read(o->kernel, va, apart, o->page_size);
		return apart;
	}
	l = find_line(o, va - at);
	*mem = l->mem;
	return l->page ? l->page + at : NULL;
}

enum ami_mem owner_page_view_read(struct ami_owners *o, uint64_t pfn,
				  struct page_view *v)
{
	uint8_t apart[MAX_PAGE_STRUCT];
	const uint8_t *raw;
	enum ami_mem mem;
	uint64_t info;

	v->address = ami_pfn_to_page(o->kernel, pfn);
	if (!v->address || o->page_size > MAX_PAGE_STRUCT ||
	    o->page_size < sizeof(uint64_t))
		return AMI_MEM_NO_FIELD;
	raw = find_page(o, v->address, apart, &mem);
	if (mem != AMI_MEM_OK)
		return mem;
	v->flags = pick_member(o, raw, MEMBER_FLAGS);
	v->mapping = pick_member(o, raw, MEMBER_MAPPING);
	v->private = pick_member(o, raw, MEMBER_PRIVATE);
	v->pp_magic = pick_member(o, raw, MEMBER_PP_MAGIC);
	v->cache = pick_member(o, raw, MEMBER_CACHE);
	v->type = pick_member(o, raw, MEMBER_TYPE);
	v->refcount = pick_member(o, raw, MEMBER_REFCOUNT);
	info = pick_member(o, raw, MEMBER_HEAD) |
	       pick_member(o, raw, MEMBER_INFO);
	v->tail = info & TAIL;
	v->head = head_of(v->address, info);
	return AMI_MEM_OK;
}

/*
 * Older kernels clear one of many bits. Newer ones keep a type in the top byte.
 */
bool owner_page_is(const struct page_view *v, uint32_t type)
{
	if (!type)
		return false;
	return type & 0xffffff ? v->type == type : v->type >> 24 == type >> 24;
}

static uint32_t type_by_vmcoreinfo(const struct ami_owners *o,
				   const char *key)
{
	uint64_t value = 0;

	/* A negative number of 32 bits. */
	ami_vmcoreinfo_number(ami_kernel_dump(o->kernel), key, 10, &value);
	return (uint32_t)value;
}

static uint32_t type_by_name(const struct ami_owners *o,
			     enum ami_enumerator e)
{
	return ami_enumerator(o->kernel, e, 0) << 24;
}

/* The struct page of a task's highest page table; a kernel thread has none. */
static enum ami_mem read_table_page(struct ami_owners *o, uint64_t task,
				    struct page_view *v)
{
	uint64_t mm, pgd, pfn;
	enum ami_mem mem;

	mem = ami_get(o->kernel, task, AMI_F_task_mm, &mm);
	if (mem == AMI_MEM_OK && !mm)
		return AMI_MEM_ABSENT;
	if (mem == AMI_MEM_OK)
		mem = ami_get(o->kernel, mm, AMI_F_mm_pgd, &pgd);
	if (mem != AMI_MEM_OK)
		return mem;
	return ami_user_table(o->kernel, pgd, &pfn) ?
	       owner_page_view_read(o, pfn, v) : AMI_MEM_ABSENT;
}

/*
 * Before 6.11 the mark of page tables is a macro: look at a known table page.
 */
static uint32_t learn_table_type(struct ami_owners *o)
{
	uint64_t init = ami_symbol(o->kernel, AMI_SYM_init_task), node;
	struct ami_list_iter it;
	struct page_view v;
	enum ami_mem mem;

	if (!init || !ami_has(o->kernel, AMI_F_task_tasks))
		return 0;
	ami_busy_list_start(&it, o->kernel,
		       ami_addr(o->kernel, init, AMI_F_task_tasks),
		       MAX_TASKS_TRIED);
	while (ami_list_next(&it, &node)) {
		mem = read_table_page(o, ami_container(o->kernel, node,
						       AMI_F_task_tasks), &v);
		if (mem == AMI_MEM_OK && v.type >> 28 == 0xf &&
		    v.type != UINT32_MAX && !owner_page_is(&v, o->buddy_type))
			return v.type;
		if (mem != AMI_MEM_OK && mem != AMI_MEM_NO_FIELD &&
		    !ami_mem_wild(mem))
			o->marks_unread = true;
	}
	if (it.mem != AMI_MEM_OK && !ami_mem_wild(it.mem))
		o->marks_unread = true;
	return 0;
}

void owner_page_marks_learn(struct ami_owners *o)
{
	struct ami_kernel *k = o->kernel;

	find_places(o);
	o->slab_flag = ami_enumerator(k, AMI_E_PG_slab, -1);
	o->reserved_flag = ami_enumerator(k, AMI_E_PG_reserved, -1);
	o->buddy_type = type_by_vmcoreinfo(o,
					   "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)");
	o->offline_type = type_by_vmcoreinfo(
		o, "NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)");
	o->slab_type = type_by_vmcoreinfo(o,
					  "NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)");
	o->hugetlb_type = type_by_vmcoreinfo(
		o, "NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)");
	o->unaccepted_type = type_by_name(o, AMI_E_PGTY_unaccepted);
	o->table_type = type_by_name(o, AMI_E_PGTY_table);
	if (!o->table_type)
		o->table_type = learn_table_type(o);
	o->marks_unread &= !o->table_type;
}
