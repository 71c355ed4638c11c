// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel virtual memory of the dead machine. */
#include <string.h>

#include <amdiommu/display.h>
#include <amdiommu/fileio.h>

#include "kernel.h"

#define PTE_PRESENT	0x001ull
#define PTE_PSE		0x080ull
#define PTE_PROT_NONE	0x100ull
#define PTE_ADDR	0x000ffffffffff000ull

/* One step of the dead kernel's own page tables. */
static enum ami_mem read_entry(struct ami_kernel *k, uint64_t table,
			       unsigned int index, uint64_t *entry)
{
	enum ami_mem mem = ami_dump_read(k->dump, table + index * 8ull, entry,
					 sizeof(*entry));

	if (mem != AMI_MEM_OK)
		return mem;
	if (!(*entry & PTE_PRESENT))
		return AMI_MEM_UNMAPPED;
	*entry &= ~k->sme_mask;
	return AMI_MEM_OK;
}

#define BIG_SIZE	(1ull << 21)

static struct ami_tlb_entry *big_slot(struct ami_kernel *k, uint64_t va)
{
	return &k->big[va / BIG_SIZE % BIG_SLOTS];
}

static bool is_leaf(int level, uint64_t entry)
{
	return level == 1 || (level <= 3 && (entry & PTE_PSE));
}

/*
 * PROT_NONE, also of NUMA balancing: not present, and yet memory. Its frame is
 * stored inverted (arch/x86/include/asm/pgtable-invert.h).
 */
static enum ami_mem read_no_access(struct ami_kernel *k, uint64_t table,
				   unsigned int index, uint64_t *entry)
{
	enum ami_mem mem = ami_dump_read(k->dump, table + index * 8ull, entry,
					 sizeof(*entry));

	if (mem != AMI_MEM_OK)
		return mem;
	if ((*entry & (PTE_PRESENT | PTE_PROT_NONE)) != PTE_PROT_NONE)
		return AMI_MEM_UNMAPPED;
	*entry ^= PTE_ADDR;
	*entry &= ~k->sme_mask;
	return AMI_MEM_OK;
}

/* @user: of a process */
static enum ami_mem walk_tables(struct ami_kernel *k, uint64_t table,
				uint64_t va, bool user, uint64_t *paddr)
{
	int level = k->five_levels ? 5 : 4;
	uint64_t entry;

	if (!table)
		return AMI_MEM_UNMAPPED;
	for (; level >= 1; level--) {
		unsigned int shift = 12 + 9 * (level - 1);
		unsigned int index = (va >> shift) & 0x1ff;
		enum ami_mem mem = read_entry(k, table, index, &entry);

		if (mem == AMI_MEM_UNMAPPED && user && level <= 2)
			mem = read_no_access(k, table, index, &entry);
		if (mem != AMI_MEM_OK)
			return mem;
		if (is_leaf(level, entry)) {
			uint64_t mask = (1ull << shift) - 1;

			*paddr = (entry & PTE_ADDR & ~mask) | (va & mask);
			if (level > 1 && !user)
				*big_slot(k, va) = (struct ami_tlb_entry){
					va & ~(BIG_SIZE - 1),
					*paddr & ~(BIG_SIZE - 1) };
			return AMI_MEM_OK;
		}
		table = entry & PTE_ADDR;
	}
	return AMI_MEM_UNMAPPED;
}

static enum ami_mem find_page(struct ami_kernel *k, uint64_t va,
			      uint64_t *paddr)
{
	const struct ami_tlb_entry *big = big_slot(k, va);

	if (big->va != (va & ~(BIG_SIZE - 1)))
		return walk_tables(k, k->pgd, va, false, paddr);
	*paddr = big->pa + va % BIG_SIZE;
	return AMI_MEM_OK;
}

/*
 * Around the image, addresses are reserved but not mapped. Until its symbols
 * are known, it may be anywhere there.
 */
static bool in_image(const struct ami_kernel *k, uint64_t va)
{
	uint64_t first = ami_symbol(k, AMI_SYM__text);
	uint64_t end = ami_symbol(k, AMI_SYM__end);

	return va >= START_KERNEL_MAP &&
	       va - START_KERNEL_MAP < k->image_size &&
	       (first >= end || (va >= first && va < end));
}

/* Two mappings are plain arithmetic and need no page tables. */
static bool linear(const struct ami_kernel *k, uint64_t va, uint64_t *paddr)
{
	uint64_t pa;

	if (in_image(k, va))
		pa = va - START_KERNEL_MAP + k->phys_base;
	else if (va < START_KERNEL_MAP && k->direct_map && va >= k->direct_map)
		pa = va - k->direct_map;
	else
		return false;
	if (!ami_dump_ram(k->dump, pa >> AMI_PAGE_SHIFT))
		return false;
	*paddr = pa;
	return true;
}

enum ami_mem ami_virt_to_phys(struct ami_kernel *k, uint64_t va,
			      uint64_t *paddr)
{
	uint64_t page = va & ~(AMI_PAGE_SIZE - 1ull);
	struct ami_tlb_entry *tlb;
	enum ami_mem mem;
	uint64_t pa;

	if (!ami_kernel_address(va))
		return AMI_MEM_UNMAPPED;
	if (linear(k, va, paddr))
		return AMI_MEM_OK;
	tlb = &k->tlb[(va >> AMI_PAGE_SHIFT) % TLB_SLOTS];
	if (tlb->va != page) {
		mem = find_page(k, page, &pa);
		if (mem != AMI_MEM_OK)
			return mem;
		tlb->va = page;
		tlb->pa = pa;
	}
	*paddr = tlb->pa + (va - page);
	return AMI_MEM_OK;
}

enum ami_mem ami_user_to_phys(struct ami_kernel *k, uint64_t pgd, uint64_t va,
			      uint64_t *paddr)
{
	uint64_t table;
	enum ami_mem mem = ami_virt_to_phys(k, pgd, &table);

	return mem == AMI_MEM_OK ? walk_tables(k, table, va, true, paddr) : mem;
}

uint64_t ami_phys_to_virt(const struct ami_kernel *k, uint64_t paddr)
{
	return k->direct_map && ami_dump_ram(k->dump, paddr >> AMI_PAGE_SHIFT) ?
	       k->direct_map + paddr : 0;
}

/* How many of @len bytes at @va, found at @pa, are contiguous in memory. */
static size_t side_by_side(struct ami_kernel *k, uint64_t va, uint64_t pa,
			   size_t len)
{
	size_t run = AMI_PAGE_SIZE - va % AMI_PAGE_SIZE;
	uint64_t next;

	while (run < len && run < AMI_PREFETCH * AMI_PAGE_SIZE &&
	       ami_virt_to_phys(k, va + run, &next) == AMI_MEM_OK &&
	       next == pa + run)
		run += AMI_PAGE_SIZE;
	return run < len ? run : len;
}

enum ami_mem ami_read(struct ami_kernel *k, uint64_t va, void *buf, size_t len)
{
	uint8_t *p = buf;

	if (len && va > UINT64_MAX - (len - 1))
		return AMI_MEM_UNMAPPED;
	while (len) {
		enum ami_mem mem;
		size_t part;
		uint64_t pa;

		mem = ami_virt_to_phys(k, va, &pa);
		if (mem != AMI_MEM_OK)
			return mem;
		part = side_by_side(k, va, pa, len);
		mem = ami_dump_read(k->dump, pa, p, part);
		if (mem != AMI_MEM_OK)
			return mem;
		p += part;
		va += part;
		len -= part;
	}
	return AMI_MEM_OK;
}

enum ami_mem ami_read_u64(struct ami_kernel *k, uint64_t va, uint64_t *value)
{
	return ami_read(k, va, value, sizeof(*value));
}

enum ami_mem ami_read_u32(struct ami_kernel *k, uint64_t va, uint32_t *value)
{
	return ami_read(k, va, value, sizeof(*value));
}

enum ami_mem ami_read_string(struct ami_kernel *k, uint64_t va, char *buf,
			     size_t size)
{
	size_t n = 0;

	while (n + 1 < size) {
		size_t part = AMI_PAGE_SIZE - va % AMI_PAGE_SIZE;
		enum ami_mem mem;
		char *end;

		if (part > size - 1 - n)
			part = size - 1 - n;
		if (part > 16)
			part = 16;
		mem = ami_read(k, va, buf + n, part);
		if (mem != AMI_MEM_OK)
			return mem;
		end = memchr(buf + n, '\0', part);
		if (end) {
			n = end - buf;
			break;
		}
		n += part;
		va += part;
	}
	buf[n] = '\0';
	while (n--)
		if (!ami_plain(buf[n]))
			buf[n] = '?';
	return AMI_MEM_OK;
}

enum ami_mem ami_get(struct ami_kernel *k, uint64_t va, enum ami_field f,
		     uint64_t *value)
{
	const struct ami_member *m = &k->layout.field[f];
	enum ami_mem mem;
	uint64_t raw = 0;

	if (m->doubt)
		return AMI_MEM_NO_PLACE;
	if (!m->present || !m->size || m->size > sizeof(raw))
		return AMI_MEM_NO_FIELD;
	mem = ami_read(k, va + m->offset, &raw, m->size);
	if (mem != AMI_MEM_OK)
		return mem;
	if (m->bit_size)
		raw = (raw >> m->bit_offset) & (UINT64_MAX >> (64 - m->bit_size));
	*value = raw;
	return AMI_MEM_OK;
}

bool ami_kernel_text(struct ami_kernel *k, uint64_t phys, void *page)
{
	const struct kernel_text *t = &k->text;

	return t->size >= AMI_PAGE_SIZE && phys >= t->phys &&
	       phys - t->phys <= t->size - AMI_PAGE_SIZE &&
	       ami_file_read_at(t->fd, page, AMI_PAGE_SIZE,
				t->offset + (phys - t->phys));
}
