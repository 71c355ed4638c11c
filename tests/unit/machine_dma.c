// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the DMA API keeps of a domain: ranges of IOVAs, caches of them, and
 * the queue of unmaps that wait for a flush.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parts.h"

/* The only one, whose per-CPU memory is at the addresses that others add to. */
static void make_cpu(struct machine *m)
{
	machine_variable(m, AMI_SYM___per_cpu_offset, 0);
	machine_variable(m, AMI_SYM_nr_cpu_ids, 1);
	machine_variable(m, AMI_SYM___cpu_possible_mask, 1);
}

uint64_t machine_iovad(struct machine *m)
{
	return machine_member(m, m->cookie, AMI_F_cookie_iovad);
}

/* The anchor is above all ranges, and the root until others are inserted. */
static void make_tree(struct machine *m, uint64_t iovad)
{
	uint64_t anchor = machine_member(m, iovad, AMI_F_iovad_anchor);

	machine_set(m, anchor, AMI_F_iova_pfn_lo, UINT64_MAX);
	machine_set(m, anchor, AMI_F_iova_pfn_hi, UINT64_MAX);
	machine_set(m, iovad, AMI_F_iovad_rbroot,
		    machine_member(m, anchor, AMI_F_iova_node));
}

static uint64_t iova_of(struct machine *m, uint64_t node)
{
	return node - image_layout(m->img)->field[AMI_F_iova_node].offset;
}

uint64_t machine_iova(struct machine *m, uint64_t first, uint64_t last)
{
	uint64_t iova = machine_object(m, 128), at, next;
	uint64_t node = machine_member(m, iova, AMI_F_iova_node);
	enum ami_field side = AMI_F_rb_left;

	next = machine_get(m, machine_iovad(m), AMI_F_iovad_rbroot);
	do {
		at = next;
		side = first < machine_get(m, iova_of(m, at),
					   AMI_F_iova_pfn_lo) ?
		       AMI_F_rb_left : AMI_F_rb_right;
		next = machine_get(m, at, side);
	} while (next);
	machine_set(m, iova, AMI_F_iova_pfn_lo, first);
	machine_set(m, iova, AMI_F_iova_pfn_hi, last);
	machine_set(m, node, AMI_F_rb_parent, at | (first & 1));
	machine_set(m, at, side, node);
	return node;
}

/* Of six sizes, for one CPU. */
static void make_caches(struct machine *m)
{
	uint64_t iovad = machine_iovad(m), each;
	int i;

	if (m->rcaches)
		return;
	m->rcaches = machine_member(m, iovad, AMI_F_iovad_rcaches);
	each = image_layout(m->img)->type_size[AMI_T_iova_rcache];
	if (image_layout(m->img)->field[AMI_F_iovad_rcaches].size == 8) {
		m->rcaches = machine_object(m, 6 * each);
		machine_set(m, iovad, AMI_F_iovad_rcaches, m->rcaches);
	}
	for (i = 0; i < 6; i++)
		machine_set(m, m->rcaches + i * each, AMI_F_rcache_cpus,
			    machine_object(m, 64));
	make_cpu(m);
}

uint64_t machine_magazine(struct machine *m, const uint64_t *pfn,
			  unsigned int count)
{
	uint64_t va = machine_object(m, 32 + 8 * SHAPE_MAGAZINE);

	machine_set(m, va, AMI_F_magazine_size, count);
	machine_write(m, machine_member(m, va, AMI_F_magazine_pfns), pfn,
		      8 * count);
	return va;
}

void machine_cached(struct machine *m, unsigned int order,
		    enum ami_field where, uint64_t magazine)
{
	uint64_t each = image_layout(m->img)->type_size[AMI_T_iova_rcache];
	uint64_t rcache;

	make_caches(m);
	rcache = m->rcaches + order * each;
	if (where != AMI_F_rcache_depot) {
		machine_set(m, machine_get(m, rcache, AMI_F_rcache_cpus),
			    where, magazine);
		return;
	}
	machine_set(m, rcache, AMI_F_rcache_depot_size, 1);
	/* What was in the depot comes behind it. */
	machine_set(m, magazine, AMI_F_magazine_next,
		    machine_get(m, rcache, AMI_F_rcache_depot));
	machine_write(m, machine_member(m, rcache, AMI_F_rcache_depot), &magazine,
		      8);
}

/* What the DMA API keeps of its domains; types 3 and 0xb are such. */
static void make_cookie(struct machine *m, uint64_t domain)
{
	uint64_t cookie = machine_structure(m, AMI_T_iommu_dma_cookie);

	machine_set(m, domain, AMI_F_iommu_domain_cookie, cookie);
	machine_set(m, domain, AMI_F_iommu_domain_cookie_type, 1);
	machine_set(m, machine_member(m, cookie, AMI_F_cookie_iovad),
		    AMI_F_iovad_granule, AMI_PAGE_SIZE);
	m->cookie = cookie;
	m->dma_domain = domain;
	m->rcaches = 0;
	make_tree(m, machine_iovad(m));
}

uint64_t machine_domain(struct machine *m, uint16_t id, uint32_t type,
			enum ami_format format, uint64_t root,
			unsigned int levels)
{
	uint64_t d = machine_structure(m, AMI_T_protection_domain);
	uint64_t inner = machine_member(m, d, AMI_F_pdom_domain);
	uint64_t va = root ? image_va(root) : 0;
	bool v2 = format == AMI_FORMAT_V2;

	machine_set(m, d, AMI_F_pdom_id, id);
	machine_set(m, inner, AMI_F_iommu_domain_type, type);
	if (type == 0x3 || type == 0xb)
		make_cookie(m, inner);
	machine_set(m, d, AMI_F_pdom_pt_root, va | levels);
	machine_set(m, d, AMI_F_pdom_iop_mode, v2 ? 0 : levels);
	machine_set(m, d, AMI_F_pdom_iop_root, v2 ? 0 : va);
	machine_set(m, d, AMI_F_pdom_iop_pgd, v2 ? va : 0);
	machine_set(m, d, AMI_F_pdom_pd_mode, v2 ? 2 : 1);
	if (root)
		machine_set(m, d, v2 ? AMI_F_pdom_amdv2_top :
			    AMI_F_pdom_amdv1_top, va | (levels - 1));
	return d;
}

/* Of the domain made last: 10 flushes are finished, one goes on. */
static void make_queue(struct machine *m, uint64_t domain)
{
	uint64_t iovad = machine_iovad(m);

	m->fq = machine_object(m, 8 * AMI_PAGE_SIZE);
	machine_set(m, m->cookie, AMI_F_cookie_fq_domain,
		    machine_member(m, domain, AMI_F_pdom_domain));
	machine_set(m, iovad, AMI_F_iovad_fq, m->fq);
	machine_set(m, iovad, AMI_F_iovad_start_cnt, 11);
	machine_set(m, iovad, AMI_F_iovad_finish_cnt, 10);
	machine_set(m, m->cookie, AMI_F_cookie_fq, m->fq);
	machine_set(m, m->cookie, AMI_F_cookie_percpu_fq, m->fq);
	machine_set(m, m->cookie, AMI_F_cookie_start_cnt, 11);
	machine_set(m, m->cookie, AMI_F_cookie_finish_cnt, 10);
	make_cpu(m);
}

uint64_t machine_fq_entry(struct machine *m, unsigned int index)
{
	const struct ami_layout *l = image_layout(m->img);

	return m->fq + l->field[AMI_F_fq_entries].offset +
	       index * l->type_size[AMI_T_iova_fq_entry];
}

/* Struct pages on a list, each at two addresses. */
static void link_pages(struct machine *m, uint64_t head,
		       const uint64_t *tables, unsigned int count,
		       uint32_t offset)
{
	uint64_t prev = head, prev_at = head, node, at, page;

	while (count--) {
		page = (tables[count] >> AMI_PAGE_SHIFT) * 64;
		assert_true(page < 0x200000);
		node = MACHINE_VMEMMAP + page + offset;
		at = IMAGE_DIRECT_MAP + m->vmemmap + page + offset;
		image_write64(m->img, machine_phys(prev_at), node);
		image_write64(m->img, machine_phys(at) + 8, prev);
		prev = node;
		prev_at = at;
	}
	image_write64(m->img, machine_phys(prev_at), head);
	image_write64(m->img, machine_phys(head) + 8, prev);
}

void machine_freed_tables(struct machine *m, unsigned int index,
			  const uint64_t *tables, unsigned int count)
{
	enum ami_field f = machine_has(m, AMI_F_ioptdesc_node) ?
			   AMI_F_ioptdesc_node : AMI_F_page_lru;
	uint32_t offset = image_layout(m->img)->field[f].offset;
	uint64_t head = machine_member(m, machine_fq_entry(m, index),
				       AMI_F_fq_entry_freelist);

	if (!machine_has(m, AMI_F_fq_entry_freelist))
		return;
	if (!m->vmemmap)
		machine_vmemmap(m);
	link_pages(m, head, tables, count, offset);
}

static void fill_entry(struct machine *m, unsigned int index,
		       uint64_t iova_pfn, uint64_t counter)
{
	uint64_t entry = machine_fq_entry(m, index);

	if (machine_has(m, AMI_F_fq_entry_freelist))
		machine_list_init(m, machine_member(m, entry, AMI_F_fq_entry_freelist));
	machine_set(m, entry, AMI_F_fq_entry_iova_pfn, iova_pfn);
	machine_set(m, entry, AMI_F_fq_entry_pages, 1);
	machine_set(m, entry, AMI_F_fq_entry_counter, counter);
}

void machine_lazy(struct machine *m, uint64_t domain, uint64_t iova_pfn,
		  unsigned int count)
{
	unsigned int i;

	make_queue(m, domain);
	machine_set(m, m->fq, AMI_F_fq_head, 3);
	machine_set(m, m->fq, AMI_F_fq_tail, 3 + count);
	machine_set(m, m->fq, AMI_F_fq_mod_mask, SHAPE_FQ_ENTRIES - 1);
	for (i = 0; i < SHAPE_FQ_ENTRIES; i++)
		fill_entry(m, i, 0xaa, 8);
	for (i = 0; i < count; i++)
		fill_entry(m, 3 + i, iova_pfn + i, i < 2 ? 9 + i : 11);
}

void machine_single_queue(struct machine *m)
{
	machine_set(m, m->cookie, AMI_F_cookie_single_fq, m->fq);
	machine_set(m, m->cookie, AMI_F_cookie_percpu_fq, 0);
	machine_set(m, m->cookie, AMI_F_cookie_qt, 1);
	machine_variable(m, AMI_SYM___per_cpu_offset, 1ull << 40);
}
