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

/* A member that is absent, or outside struct page, reads as zero. */
static uint64_t pick_member(const struct ami_owners *o, const uint8_t *raw,
			    enum ami_field f)
{
	const struct ami_member *m = &o->layout->field[f];
	uint32_t half;
	uint64_t value = 0;

	if (!m->present || m->offset + m->size > o->page_size)
		return 0;
	if (m->size == sizeof(value)) {
		memcpy(&value, raw + m->offset, sizeof(value));
		return value;
	}
	if (m->size == sizeof(half)) {
		memcpy(&half, raw + m->offset, sizeof(half));
		return half;
	}
	if (m->size < sizeof(value))
		memcpy(&value, raw + m->offset, m->size);
	return value;
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

static struct struct_line *find_line(struct ami_owners *o, uint64_t va)
{
	struct struct_line *l = &o->line[(va / AMI_PAGE_SIZE) % STRUCT_LINES];
	bool record = ami_dump_recording(ami_kernel_dump(o->kernel));

	if (l->va == va && (l->recorded || !record))
		return l;
	l->va = va;
	l->recorded = record;
	l->mem = ami_read(o->kernel, va, l->page, AMI_PAGE_SIZE);
	return l;
}

/* @apart takes one that crosses a page boundary. */
static const uint8_t *find_page(struct ami_owners *o, uint64_t va,
				uint8_t *apart, enum ami_mem *mem)
{
	uint64_t at = va % AMI_PAGE_SIZE;
	struct struct_line *l;

	if (at + o->page_size > AMI_PAGE_SIZE) {
		*mem = ami_read(o->kernel, va, apart, o->page_size);
		return apart;
	}
	l = find_line(o, va - at);
	*mem = l->mem;
	return l->page + at;
}

enum ami_mem owner_page_view_read(struct ami_owners *o, uint64_t pfn,
				  struct page_view *v)
{
	uint8_t apart[MAX_PAGE_STRUCT];
	const uint8_t *raw;
	enum ami_mem mem;
	uint64_t info;

	v->address = ami_pfn_to_page(o->kernel, pfn);
	if (!v->address || o->page_size > MAX_PAGE_STRUCT)
		return AMI_MEM_NO_FIELD;
	raw = find_page(o, v->address, apart, &mem);
	if (mem != AMI_MEM_OK)
		return mem;
	v->flags = pick_member(o, raw, AMI_F_page_flags);
	v->mapping = pick_member(o, raw, AMI_F_page_mapping);
	v->private = pick_member(o, raw, AMI_F_page_private);
	v->pp_magic = pick_member(o, raw, AMI_F_page_pp_magic);
	/* One of the two: since 5.17 struct slab overlays struct page. */
	v->cache = pick_member(o, raw, ami_has(o->kernel, AMI_F_slab_slab_cache) ?
			       AMI_F_slab_slab_cache : AMI_F_page_slab_cache);
	v->type = pick_member(o, raw, AMI_F_page_type);
	v->refcount = pick_member(o, raw, AMI_F_page_refcount);
	info = pick_member(o, raw, AMI_F_page_compound_head) |
	       pick_member(o, raw, AMI_F_page_compound_info);
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
