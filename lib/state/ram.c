// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RAM as the dumped kernel knew it, compared with what the file lists. Memory
 * that is added after the capture kernel is loaded is in no header of a dump,
 * and devices write there all the same.
 *
 * The tree of resources (/proc/iomem) lists RAM to the page. If it is
 * unreadable, the sections of the struct page array list it in blocks of
 * 128 MiB.
 */
#include "state.h"

#define RESOURCE_RAM	(0x200u | 0x1000000u)	/* MEM, SYSRAM */
#define MAX_RESOURCES	65536u
#define MAX_DEPTH	32
#define MAX_PFN		(1ull << 34)		/* 64 TiB */
#define SECTION_SHIFT	(27 - AMI_PAGE_SHIFT)	/* x86-64 */
#define SECTION_PAGES	(1ull << SECTION_SHIFT)
#define SECTION_ONLINE	4u

struct known_ram {
	struct ami_state *s;
	struct ami_pfnset *listed, *found;
	uint64_t end;		/* the kernel's max_pfn, MAX_PFN: unknown */
	unsigned int left;	/* resources that may still be read */
	bool end_known, broken;
};

struct resource {
	uint64_t start, end, flags, child, sibling;
};

static bool read_resource(struct ami_kernel *k, uint64_t at,
			  struct resource *r)
{
	return ami_get(k, at, AMI_F_resource_start, &r->start) == AMI_MEM_OK &&
	       ami_get(k, at, AMI_F_resource_end, &r->end) == AMI_MEM_OK &&
	       ami_get(k, at, AMI_F_resource_flags, &r->flags) == AMI_MEM_OK &&
	       ami_get(k, at, AMI_F_resource_child, &r->child) == AMI_MEM_OK &&
	       ami_get(k, at, AMI_F_resource_sibling, &r->sibling) ==
	       AMI_MEM_OK;
}

static void add_pages(struct known_ram *ram, uint64_t first, uint64_t end)
{
	if (end > ram->end)
		end = ram->end;
	if (first < end)
		ami_pfnset_add(ram->found, first, end - first);
}

/* Siblings ascend, and lie within their parent. */
static void read_resources(struct known_ram *ram, uint64_t at,
			   uint64_t lowest, uint64_t last, int depth)
{
	struct resource r;

	for (; at; at = r.sibling) {
		if (!ram->left || depth > MAX_DEPTH ||
		    !read_resource(ram->s->kernel, at, &r) ||
		    r.start < lowest || r.end < r.start || r.end > last) {
			ram->broken = true;
			return;
		}
		ram->left--;
		if ((r.flags & RESOURCE_RAM) == RESOURCE_RAM)
			add_pages(ram, (r.start + AMI_PAGE_SIZE - 1) >>
				  AMI_PAGE_SHIFT, (r.end + 1) >> AMI_PAGE_SHIFT);
		else
			read_resources(ram, r.child, r.start, r.end, depth + 1);
		lowest = r.end;
	}
}

static void read_tree(struct known_ram *ram)
{
	uint64_t root = ami_symbol(ram->s->kernel, AMI_SYM_iomem_resource);
	struct resource r;

	ram->left = MAX_RESOURCES;
	if (root && read_resource(ram->s->kernel, root, &r))
		read_resources(ram, r.child, r.start, r.end, 0);
	else
		ram->broken = true;
}

/* Only where the file lists nothing. Otherwise the tree is more exact. */
static void add_section(struct known_ram *ram, uint64_t number)
{
	uint64_t first = number << SECTION_SHIFT, end = first + SECTION_PAGES;
	uint64_t pfn;

	if (ami_pfnset_next(ram->listed, first) < end ||
	    ami_pfnset_next(ram->found, first) < end)
		return;
	for (pfn = first; pfn < end; pfn++)
		if (!ami_in_crashkernel(ram->s, pfn))
			add_pages(ram, pfn, pfn + 1);
}

/* The sections of one page of struct mem_section. False: some are unread. */
static bool read_root(struct known_ram *ram, uint64_t root, uint64_t first,
		      uint64_t count, uint64_t size)
{
	uint64_t i, map;

	for (i = 0; i < count; i++) {
		if (ami_get(ram->s->kernel, root + i * size,
			    AMI_F_section_mem_map, &map) != AMI_MEM_OK)
			return false;
		if (map & SECTION_ONLINE)
			add_section(ram, first + i);
	}
	return true;
}

static bool read_sections(struct known_ram *ram)
{
	struct ami_kernel *k = ram->s->kernel;
	uint64_t size = ami_type_size(k, AMI_T_mem_section), roots, root;
	uint64_t at = ami_symbol(k, AMI_SYM_mem_section), i, per_root;
	bool whole = true;

	if (!at || !size || size > AMI_PAGE_SIZE || !ram->end_known ||
	    ami_read_u64(k, at, &at) != AMI_MEM_OK)
		return false;
	per_root = AMI_PAGE_SIZE / size;
	roots = (ram->end + SECTION_PAGES * per_root - 1) /
		(SECTION_PAGES * per_root);
	for (i = 0; i < roots; i++) {
		if (ami_read_u64(k, at + 8 * i, &root) != AMI_MEM_OK)
			return false;
		if (root)
			whole &= read_root(ram, root, i * per_root, per_root,
					   size);
	}
	return whole;
}

static void read_end(struct known_ram *ram)
{
	uint64_t at = ami_symbol(ram->s->kernel, AMI_SYM_max_pfn);

	ram->end_known = at && ami_read_u64(ram->s->kernel, at, &ram->end) ==
			       AMI_MEM_OK && ram->end <= MAX_PFN;
	if (!ram->end_known)
		ram->end = MAX_PFN;
}

/* Is there known RAM up to the kernel's own end of RAM? */
static bool reaches_end(const struct known_ram *ram)
{
	uint64_t last = ram->end - 1;

	return !ram->end_known || !ram->end ||
	       ami_pfnset_has(ram->listed, last) ||
	       ami_pfnset_has(ram->found, last) ||
	       ami_in_crashkernel(ram->s, last);
}

static int keep_unlisted(struct known_ram *ram)
{
	struct ami_state *s = ram->s;
	int i;

	ami_pfnset_subtract(ram->found, ram->listed);
	for (i = 0; i < 2; i++)
		ami_pfnset_remove(ram->found, s->crashkernel[i].first,
				  s->crashkernel[i].count);
	if (ami_pfnset_failed(ram->found))
		return -1;
	if (!ami_pfnset_count(ram->found))
		return 0;
	s->unlisted = ram->found;
	ram->found = NULL;
	return ami_dump_add_ram(ami_kernel_dump(s->kernel), s->unlisted);
}

static struct ami_pfnset *listed_pages(const struct ami_dump_info *info)
{
	struct ami_pfnset *set = ami_pfnset_new();
	size_t i;

	for (i = 0; set && i < info->nr_listed; i++)
		ami_pfnset_add(set, info->listed[i].first,
			       info->listed[i].count);
	return set;
}

/* Extracts made before this file existed do not hold its data. */
static bool is_looked_at(const struct ami_state *s)
{
	return !ami_symbol_unread(s->kernel, AMI_SYM_iomem_resource) &&
	       ami_has(s->kernel, AMI_F_resource_sibling);
}

int state_read_ram(struct ami_state *s)
{
	struct known_ram ram = { .s = s };
	int ret = -1;

	if (ami_dump_info(ami_kernel_dump(s->kernel))->ram_merged)
		ami_finding_add(s->findings, AMI_FIND_TOO_MANY, "RAM",
				"The dump lists RAM in more pieces than any machine has. The report counts what is between the last of them as RAM.");
	ram.listed = listed_pages(ami_dump_info(ami_kernel_dump(s->kernel)));
	ram.found = ami_pfnset_new();
	if (ram.listed && ram.found) {
		read_end(&ram);
		read_tree(&ram);
		s->ram_unknown = !read_sections(&ram) && ram.broken;
		s->ram_unknown |= !reaches_end(&ram);
		s->ram_unknown &= is_looked_at(s);
		ret = keep_unlisted(&ram);
	}
	ami_pfnset_free(ram.listed);
	ami_pfnset_free(ram.found);
	return ret;
}
