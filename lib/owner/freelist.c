// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Free pages that CPUs keep for themselves. Nothing in struct page marks them.
 * Only the lists of each zone name them (include/linux/mmzone.h,
 * per_cpu_pages).
 */
#include "owner.h"

#define MAX_NODES	1024u
#define MAX_CPUS	8192u
#define MAX_LISTS	64u
#define MAX_WORK	(1ull << 22)	/* lists, besides one for each page */
#define HUGE_ORDER	9	/* pageblock_order of x86-64 */
#define MAX_SMALL_ORDER	3	/* PAGE_ALLOC_COSTLY_ORDER */

/*
 * Lists are grouped by order, one for each migrate type. Huge pages come last.
 */
static unsigned int order_of(unsigned int list, unsigned int types)
{
	unsigned int order = list / types;

	return order > MAX_SMALL_ORDER ? HUGE_ORDER : order;
}

/* A page is on one list. Lists that all lead to the same pages are damage. */
static bool take_list(struct ami_owners *o, uint64_t head, unsigned int order,
		      uint64_t *left)
{
	struct ami_list_iter it;
	uint64_t node, pfn;

	if (!*left)
		return false;
	ami_busy_list_start(&it, o->kernel, head, --*left);
	while (ami_list_next(&it, &node))
		if (ami_page_to_pfn(o->kernel,
				    ami_container(o->kernel, node,
						  AMI_F_page_lru), &pfn))
			ami_pfnset_add(o->pcp_free, pfn, 1ull << order);
	*left -= it.steps < *left ? it.steps : *left;
	return !it.broken && it.mem == AMI_MEM_OK;
}

/* @pages: a struct per_cpu_pages */
static bool take_cpu(struct ami_owners *o, uint64_t pages, uint64_t *left)
{
	const struct ami_member *lists =
		&ami_kernel_layout(o->kernel)->field[AMI_F_pcp_lists];
	unsigned int types = ami_enumerator(o->kernel,
					    AMI_E_MIGRATE_PCPTYPES, 3);
	unsigned int i, count = lists->size / 16;
	bool whole = true;

	if (!types || count > MAX_LISTS)
		return false;
	for (i = 0; i < count; i++)
		whole &= take_list(o, pages + lists->offset + i * 16,
				   order_of(i, types), left);
	return whole;
}

static bool take_zone(struct ami_owners *o, uint64_t zone, uint32_t cpus,
		      uint64_t *left)
{
	bool direct = ami_has(o->kernel, AMI_F_zone_per_cpu_pageset);
	uint64_t base = ami_symbol(o->kernel, AMI_SYM___per_cpu_offset);
	uint64_t pageset, offset;
	bool whole = true;
	uint32_t cpu;

	if (ami_get(o->kernel, zone, direct ? AMI_F_zone_per_cpu_pageset :
		    AMI_F_zone_pageset, &pageset) != AMI_MEM_OK)
		return false;
	if (!pageset)
		return true;
	if (!direct)
		pageset = ami_addr(o->kernel, pageset, AMI_F_pageset_pcp);
	for (cpu = 0; cpu < cpus; cpu++) {
		if (ami_read_u64(o->kernel, base + cpu * 8ull, &offset) !=
		    AMI_MEM_OK)
			return false;
		whole &= take_cpu(o, pageset + offset, left);
	}
	return whole;
}

static bool take_node(struct ami_owners *o, uint64_t node, uint32_t cpus,
		      uint64_t *left)
{
	const struct ami_member *zones =
		&ami_kernel_layout(o->kernel)->field[AMI_F_pgdat_node_zones];
	uint64_t size = ami_type_size(o->kernel, AMI_T_zone), at;
	bool whole = true;

	for (at = 0; at + size <= zones->size; at += size)
		whole &= take_zone(o, node + zones->offset + at, cpus,
				   left);
	return whole;
}

/* node_data is an array of pointers. */
static bool take_node_data(struct ami_owners *o, uint32_t cpus, uint64_t *left)
{
	uint64_t at = ami_symbol(o->kernel, AMI_SYM_node_data), node;
	bool whole = true;
	uint32_t i;

	for (i = 0; i < MAX_NODES; i++) {
		if (ami_read_u64(o->kernel, at + i * 8ull, &node) !=
		    AMI_MEM_OK)
			return false;
		if (!ami_kernel_address(node))
			break;
		whole &= take_node(o, node, cpus, left);
	}
	return whole && i;
}

/* A kernel without NUMA has one node, contig_page_data. */
static bool take_nodes(struct ami_owners *o)
{
	uint64_t only = ami_symbol(o->kernel, AMI_SYM_contig_page_data);
	uint64_t left = ami_dump_ram_pages(ami_kernel_dump(o->kernel)) +
			MAX_WORK;
	uint32_t cpus;

	if (!ami_has(o->kernel, AMI_F_pcp_lists) ||
	    !ami_has(o->kernel, AMI_F_pgdat_node_zones) ||
	    !ami_has(o->kernel, AMI_F_page_lru) ||
	    !ami_type_size(o->kernel, AMI_T_zone) ||
	    ami_read_u32(o->kernel, ami_symbol(o->kernel, AMI_SYM_nr_cpu_ids),
			 &cpus) != AMI_MEM_OK || cpus > MAX_CPUS)
		return false;
	if (ami_symbol(o->kernel, AMI_SYM_node_data))
		return take_node_data(o, cpus, &left);
	return only && take_node(o, only, cpus, &left);
}

void owner_freelists_collect(struct ami_owners *o)
{
	if (!take_nodes(o))
		ami_finding_add(o->state->findings, AMI_FIND_FREE_LISTS_UNREAD,
				"free pages", "The lists of free pages that CPUs keep cannot all be read: some free pages count as the kernel's.");
}
