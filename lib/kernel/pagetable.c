// SPDX-License-Identifier: GPL-2.0-or-later
/* All of the dead kernel's own page tables (AMD64 vol. 2, 5.3). */
#include <kernel/page.h>
#include <amdiommu/pfnset.h>

#include "kernel.h"

#define PTE_PRESENT	0x001ull
#define PTE_PSE		0x080ull
#define PTE_ADDR	0x000ffffffffff000ull
#define ENTRIES		512u

/* Documentation/arch/x86/x86_64/mm.rst */
#define VMALLOC_4	0xffffc90000000000ull
#define VMALLOC_5	0xffa0000000000000ull
#define VMALLOC_SIZE_4	(32ull << 40)
#define VMALLOC_SIZE_5	(12800ull << 40)
#define MODULES_END	0xffffffffff000000ull

struct walk {
	struct ami_kernel *k;
	const struct ami_kernel_map *map;
	void *ctx;
	struct ami_pfnseen seen;
	uint64_t unread;
};

static uint64_t entry_at(const struct ami_kernel *k, const uint8_t *page,
			 unsigned int i)
{
	uint64_t entry;

	__builtin_memcpy(&entry, page + i * sizeof(entry), sizeof(entry));
	return entry & ~k->sme_mask;
}

static unsigned int shift_of(int level)
{
	return AMI_PAGE_SHIFT + 9 * (level - 1);
}

static bool is_leaf(uint64_t entry, int level)
{
	return level == 1 || (level <= 3 && (entry & PTE_PSE));
}

static void walk_table(struct walk *w, uint64_t table, int level, uint64_t va,
		       unsigned int first)
{
	uint64_t pfn = table >> AMI_PAGE_SHIFT;
	const uint8_t *page;
	enum ami_mem mem;
	unsigned int i;

	switch (ami_pfnseen_add(&w->seen, 0, pfn)) {
	case 0:
		return;
	case -1:
		w->unread++;
		return;
	}
	page = ami_dump_page(w->k->dump, pfn, &mem);
	if (!page) {
		w->unread++;
		return;
	}
	w->map->table(w->ctx, pfn);
	for (i = first; i < ENTRIES; i++) {
		uint64_t entry = entry_at(w->k, page, i);
		uint64_t at = va | (uint64_t)i << shift_of(level);

		if (!(entry & PTE_PRESENT))
			continue;
		if (is_leaf(entry, level))
			w->map->leaf(w->ctx, at, entry & PTE_ADDR &
				     ~((1ull << shift_of(level)) - 1),
				     1ull << shift_of(level));
		else
			walk_table(w, entry & PTE_ADDR, level - 1, at, 0);
	}
	ami_dump_unpage(w->k->dump, page);
}

uint64_t ami_kernel_map_each(struct ami_kernel *k,
			     const struct ami_kernel_map *map, void *ctx)
{
	struct walk w = { .k = k, .map = map, .ctx = ctx };
	int levels = k->five_levels ? 5 : 4;
	uint64_t sign = UINT64_MAX << (shift_of(levels) + 9);

	if (!k->pgd)
		return 1;
	/* The kernel's half of the top table. */
	walk_table(&w, k->pgd, levels, sign, ENTRIES / 2);
	ami_pfnseen_free(&w.seen);
	return w.unread;
}

/*
 * arch/x86/include/asm/pgtable_types.h: _PAGE_TABLE, with nothing else but the
 * address and NX. Data that was written over a table rarely looks like that.
 */
#define TABLE_FLAGS	0x067ull
#define NO_EXECUTE	(1ull << 63)

struct user_walk {
	struct ami_kernel *k;
	struct ami_pfnseen *seen;
	void (*fn)(void *ctx, uint64_t pfn);
	void *ctx;
	uint64_t unread;
};

static bool leads_to_table(struct ami_kernel *k, uint64_t entry)
{
	return (entry & ~(PTE_ADDR | NO_EXECUTE)) == TABLE_FLAGS &&
	       ami_dump_ram(k->dump, (entry & PTE_ADDR) >> AMI_PAGE_SHIFT);
}

static void walk_user_table(struct user_walk *w, uint64_t pfn, int level,
			    unsigned int entries)
{
	const uint8_t *page;
	enum ami_mem mem;
	unsigned int i;
	int met = level > 1 ? ami_pfnseen_add(w->seen, level, pfn) : 1;

	if (met == 1)
		w->fn(w->ctx, pfn);
	if (met != 1 || level == 1) {
		w->unread += met < 0;
		return;
	}
	page = ami_dump_page(w->k->dump, pfn, &mem);
	if (!page) {
		w->unread++;
		return;
	}
	for (i = 0; i < entries; i++) {
		uint64_t entry = entry_at(w->k, page, i);

		if (leads_to_table(w->k, entry))
			walk_user_table(w, (entry & PTE_ADDR) >>
					AMI_PAGE_SHIFT, level - 1, ENTRIES);
	}
	ami_dump_unpage(w->k->dump, page);
}

uint64_t ami_user_tables_each(struct ami_kernel *k, uint64_t pgd,
			      struct ami_pfnseen *seen,
			      void (*fn)(void *ctx, uint64_t pfn), void *ctx)
{
	struct user_walk w = { k, seen, fn, ctx, 0 };
	uint64_t table;

	if (ami_virt_to_phys(k, pgd, &table) != AMI_MEM_OK)
		return 1;
	/* The process's half of the top table. */
	walk_user_table(&w, table >> AMI_PAGE_SHIFT, k->five_levels ? 5 : 4,
			ENTRIES / 2);
	return w.unread;
}

/*
 * The first table of the next level down that the lower half of @table leads
 * to.
 */
static bool first_table(struct ami_kernel *k, uint64_t table,
			unsigned int entries, int level, uint64_t *next)
{
	enum ami_mem mem;
	const uint8_t *page = ami_dump_page(k->dump, table >> AMI_PAGE_SHIFT,
					    &mem);
	unsigned int i;

	for (i = 0; page && i < entries; i++) {
		*next = entry_at(k, page, i);
		if ((*next & PTE_PRESENT) && !is_leaf(*next, level))
			break;
	}
	if (page)
		ami_dump_unpage(k->dump, page);
	*next &= PTE_ADDR;
	return page && i < entries;
}

bool ami_user_table(struct ami_kernel *k, uint64_t pgd, uint64_t *pfn)
{
	int level = k->five_levels ? 5 : 4;
	uint64_t table;

	if (ami_virt_to_phys(k, pgd, &table) != AMI_MEM_OK ||
	    !first_table(k, table, ENTRIES / 2, level, &table))
		return false;
	for (level--; level > 1; level--)
		if (!first_table(k, table, ENTRIES, level, &table))
			return false;
	*pfn = table >> AMI_PAGE_SHIFT;
	return true;
}

void ami_kernel_regions(struct ami_kernel *k, struct ami_regions *r)
{
	uint64_t at = ami_symbol(k, AMI_SYM_vmalloc_base), base = 0;
	uint64_t pages = ami_dump_info(k->dump)->max_pfn;

	r->vmalloc = k->five_levels ? VMALLOC_5 : VMALLOC_4;
	if (at && ami_read_u64(k, at, &base) == AMI_MEM_OK &&
	    ami_kernel_address(base))
		r->vmalloc = base;
	r->vmalloc_end = r->vmalloc + (k->five_levels ? VMALLOC_SIZE_5 :
				       VMALLOC_SIZE_4);
	r->vmemmap = k->vmemmap;
	r->vmemmap_end = k->vmemmap + pages * k->layout.type_size[AMI_T_page];
	r->modules = START_KERNEL_MAP + k->image_size;
	r->modules_end = MODULES_END;
}
