// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"

#define RAM_PAGES	(1u << 18)
#define LAST_BDF	0xffu
#define VMEMMAP		0xffd4000000000000ull	/* 5 levels, no KASLR */

/* Small objects share a page, so that machines may have many of them. */
uint64_t machine_object(struct machine *m, size_t size)
{
	uint64_t at;

	if (m->apart || size > AMI_PAGE_SIZE)
		return image_va(image_alloc(m->img, 1 + size / AMI_PAGE_SIZE));
	size = (size + 63) & ~63ull;
	if (m->used % AMI_PAGE_SIZE == 0 ||
	    m->used % AMI_PAGE_SIZE + size > AMI_PAGE_SIZE)
		m->used = image_alloc(m->img, 1);
	at = m->used;
	m->used += size;
	return image_va(at);
}

static uint64_t structure(struct machine *m, enum ami_type t)
{
	return machine_object(m, image_layout(m->img)->type_size[t]);
}

static uint64_t to_phys(uint64_t va)
{
	return va >= IMAGE_MAP ? va - IMAGE_MAP + IMAGE_PHYS_BASE :
	       va - IMAGE_DIRECT_MAP;
}

bool machine_has(const struct machine *m, enum ami_field f)
{
	return image_layout(m->img)->field[f].present;
}

void machine_set(struct machine *m, uint64_t object, enum ami_field f,
		 uint64_t value)
{
	const struct ami_member *member = &image_layout(m->img)->field[f];

	if (member->bit_size)
		value <<= member->bit_offset;
	if (member->present)
		image_write(m->img, to_phys(object + member->offset),
			    &value, member->size);
}

static uint64_t member_at(struct machine *m, uint64_t object,
			  enum ami_field f)
{
	return object + image_layout(m->img)->field[f].offset;
}

/* Symbols lie in the kernel image map; lists need the same address. */
uint64_t machine_variable(struct machine *m, enum ami_symbol y,
			  uint64_t value)
{
	uint64_t at = to_phys(machine_object(m, 16));

	image_layout(m->img)->symbol[y] = image_text_va(at);
	image_write64(m->img, at, value);
	return image_text_va(at);
}

uint64_t machine_get(struct machine *m, uint64_t object, enum ami_field f)
{
	uint64_t value;

	image_read(m->img, to_phys(member_at(m, object, f)), &value,
		   sizeof(value));
	return value;
}

static void link(struct machine *m, uint64_t from, uint64_t to)
{
	image_write64(m->img, to_phys(from), to);
	image_write64(m->img, to_phys(to) + 8, from);
}

void machine_write(struct machine *m, uint64_t va, const void *bytes,
		   size_t len)
{
	image_write(m->img, to_phys(va), bytes, len);
}

void machine_list_init(struct machine *m, uint64_t head)
{
	link(m, head, head);
}

void machine_list_add(struct machine *m, uint64_t head, uint64_t node)
{
	uint64_t first;

	image_read(m->img, to_phys(head), &first, sizeof(first));
	link(m, node, first);
	link(m, head, node);
}

/* The only one, whose per-CPU memory is at the addresses that others add to. */
static void make_cpu(struct machine *m)
{
	machine_variable(m, AMI_SYM___per_cpu_offset, 0);
	machine_variable(m, AMI_SYM_nr_cpu_ids, 1);
	machine_variable(m, AMI_SYM___cpu_possible_mask, 1);
}

static bool global_tables(const struct machine *m)
{
	return !machine_has(m, AMI_F_seg_dev_table);
}

/* In the kernel image, where symbols lie. */
static uint64_t image_structure(struct machine *m, enum ami_type t,
				enum ami_symbol y)
{
	uint64_t at = structure(m, t);

	image_layout(m->img)->symbol[y] = image_text_va(to_phys(at));
	return at;
}

void machine_crashkernel(struct machine *m, uint64_t first, uint64_t last)
{
	uint64_t res = image_structure(m, AMI_T_resource, AMI_SYM_crashk_res);

	machine_set(m, res, AMI_F_resource_start, first);
	machine_set(m, res, AMI_F_resource_end, last);
}

uint64_t machine_resource(struct machine *m, uint64_t first, uint64_t last,
			  uint32_t flags)
{
	bool top = !m->last_resource;
	uint64_t r = structure(m, AMI_T_resource);

	if (top)
		m->last_resource = image_structure(m, AMI_T_resource,
						   AMI_SYM_iomem_resource);
	if (top)
		machine_set(m, m->last_resource, AMI_F_resource_end,
			    (1ull << 52) - 1);
	machine_set(m, r, AMI_F_resource_start, first);
	machine_set(m, r, AMI_F_resource_end, last);
	machine_set(m, r, AMI_F_resource_flags, flags);
	machine_set(m, m->last_resource, top ? AMI_F_resource_child :
		    AMI_F_resource_sibling, r);
	m->last_resource = r;
	return r;
}

static uint32_t pages_for(uint32_t entries, uint32_t size)
{
	return (entries * size + AMI_PAGE_SIZE - 1) / AMI_PAGE_SIZE;
}

static void make_tables(struct machine *m)
{
	struct amdvi_dte blocked = { .v = true, .tv = true };
	uint32_t i, entries = m->seg->last_bdf + 1u;

	m->seg->dev_table = image_alloc(m->img, pages_for(entries, 32));
	m->seg->rlookup = image_alloc(m->img, pages_for(entries, 8));
	m->seg->alias = image_alloc(m->img, pages_for(entries, 2));
	m->seg->irq_lookup = image_alloc(m->img, pages_for(entries, 8));
	for (i = 0; i < entries; i++) {
		uint16_t self = i;

		machine_dte(m, i, &blocked);
		image_write(m->img, m->seg->alias + 2 * i, &self, 2);
	}
}

static void set_globals(struct machine *m, uint32_t table_size)
{
	const struct machine_segment *seg = m->seg;

	machine_variable(m, AMI_SYM_amd_iommu_dev_table,
			 image_va(seg->dev_table));
	machine_variable(m, AMI_SYM_amd_iommu_rlookup_table,
			 image_va(seg->rlookup));
	machine_variable(m, AMI_SYM_amd_iommu_alias_table, image_va(seg->alias));
	machine_variable(m, AMI_SYM_irq_lookup_table,
			 image_va(seg->irq_lookup));
	machine_variable(m, AMI_SYM_amd_iommu_last_bdf, seg->last_bdf);
	machine_variable(m, AMI_SYM_dev_table_size, table_size);
	machine_variable(m, AMI_SYM_dev_data_list, 0);
	machine_list_init(m, machine_variable(m, AMI_SYM_amd_iommu_unity_map, 0));
}

void machine_segment(struct machine *m, uint16_t id, uint16_t last_bdf)
{
	uint32_t table_size;
	uint64_t seg;

	assert_true(m->nr_segments < MACHINE_SEGMENTS);
	m->seg = &m->segments[m->nr_segments++];
	m->seg->id = id;
	m->seg->last_bdf = last_bdf;
	make_tables(m);
	table_size = pages_for(last_bdf + 1u, 32) * AMI_PAGE_SIZE;
	if (global_tables(m)) {
		assert_int_equal(m->nr_segments, 1);
		set_globals(m, table_size);
		return;
	}
	seg = structure(m, AMI_T_amd_iommu_pci_seg);
	machine_list_add(m, image_layout(m->img)->symbol[AMI_SYM_amd_iommu_pci_seg_list],
		 member_at(m, seg, AMI_F_seg_list));
	m->seg->va = seg;
	machine_set(m, seg, AMI_F_seg_id, id);
	machine_set(m, seg, AMI_F_seg_last_bdf, last_bdf);
	machine_set(m, seg, AMI_F_seg_dev_table_size, table_size);
	machine_set(m, seg, AMI_F_seg_dev_table, image_va(m->seg->dev_table));
	machine_set(m, seg, AMI_F_seg_rlookup_table,
		    image_va(m->seg->rlookup));
	machine_set(m, seg, AMI_F_seg_alias_table, image_va(m->seg->alias));
	machine_set(m, seg, AMI_F_seg_irq_lookup_table,
		    image_va(m->seg->irq_lookup));
	machine_list_init(m, member_at(m, seg, AMI_F_seg_unity_map));
}

uint64_t machine_ring_of(struct machine *m, uint64_t iommu)
{
	uint64_t ring;

	image_read(m->img, to_phys(member_at(m, iommu,
					     AMI_F_amd_iommu_cmd_buf)),
		   &ring, sizeof(ring));
	return to_phys(ring);
}

void machine_command(struct machine *m, uint32_t index,
		     struct amdvi_command command)
{
	uint32_t w[4];

	amdvi_command_encode(&command, m->sme, w);
	image_write(m->img, m->ring + sizeof(w) * index, w, sizeof(w));
}

uint64_t machine_iommu(struct machine *m, uint16_t devid, uint16_t first,
		       uint16_t last)
{
	uint64_t list = image_layout(m->img)->symbol[AMI_SYM_amd_iommu_list];
	uint64_t iommu = structure(m, AMI_T_amd_iommu);
	uint64_t ring = image_alloc(m->img, 2), sem = image_alloc(m->img, 1);
	uint64_t node = member_at(m, iommu, AMI_F_amd_iommu_list);
	uint32_t id;

	machine_list_add(m, m->last_iommu ? m->last_iommu : list, node);
	m->last_iommu = node;
	machine_set(m, iommu, AMI_F_amd_iommu_index, m->nr_iommus++);
	machine_set(m, iommu, AMI_F_amd_iommu_devid, devid);
	machine_set(m, iommu, AMI_F_amd_iommu_cmd_buf, image_va(ring));
	machine_set(m, iommu, AMI_F_amd_iommu_cmd_sem, image_va(sem));
	machine_set(m, iommu, AMI_F_amd_iommu_cmd_sem_paddr, sem | m->sme);
	machine_set(m, iommu, AMI_F_amd_iommu_evt_buf,
		    image_va(image_alloc(m->img, 2)));
	machine_set(m, iommu, AMI_F_amd_iommu_pci_seg, m->seg->va);
	for (id = first; id <= last; id++)
		image_write64(m->img, m->seg->rlookup + 8 * id,
			      id == devid ? 0 : iommu);
	if (!m->iommu) {
		m->iommu = iommu;
		m->ring = ring;
		m->semaphore = sem;
	}
	return iommu;
}

static void set_vmcoreinfo(struct machine *m)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "OSRELEASE=made-by-hand\nNUMBER(phys_base)=%llu\n"
		 "NUMBER(pgtable_l5_enabled)=1\nNUMBER(sme_mask)=%llu\n"
		 "SYMBOL(_stext)=%llx\n",
		 (unsigned long long)IMAGE_PHYS_BASE,
		 (unsigned long long)m->sme, (unsigned long long)IMAGE_TEXT);
	image_vmcoreinfo(m->img, text);
}

static struct machine *make(enum shape shape, uint64_t sme_mask,
			    uint16_t last_bdf, uint64_t ram_pages, bool apart)
{
	struct machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->img = image_new(ram_pages);
	m->shape = shape;
	m->sme = sme_mask;
	m->apart = apart;
	set_vmcoreinfo(m);
	shape_layout(shape, image_layout(m->img));
	machine_list_init(m, machine_variable(m, AMI_SYM_amd_iommu_list, 0));
	machine_list_init(m, machine_variable(m, AMI_SYM_amd_iommu_pci_seg_list, 0));
	machine_list_init(m, machine_variable(m, AMI_SYM_pci_root_buses, 0));
	machine_segment(m, 0, last_bdf);
	machine_iommu(m, 2, 0, last_bdf);
	machine_variable(m, AMI_SYM_max_pfn, ram_pages);
	machine_resource(m, 0, ram_pages * AMI_PAGE_SIZE - 1, MACHINE_RAM);
	return m;
}

struct machine *machine_new_sized(enum shape shape, uint64_t sme_mask,
				  uint16_t last_bdf, uint64_t ram_pages)
{
	return make(shape, sme_mask, last_bdf, ram_pages, false);
}

struct machine *machine_new_apart(enum shape shape, uint64_t sme_mask,
				  uint16_t last_bdf, uint64_t ram_pages)
{
	return make(shape, sme_mask, last_bdf, ram_pages, true);
}

struct machine *machine_new(enum shape shape, uint64_t sme_mask)
{
	return machine_new_sized(shape, sme_mask, LAST_BDF, RAM_PAGES);
}

void machine_free(struct machine *m)
{
	ami_contents_free(m->contents);
	ami_exposures_free(m->ex);
	ami_evidence_free(m->evidence);
	ami_pfnset_free(m->evidence_pages);
	ami_pfnset_free(m->state_pages);
	ami_incidents_free(m->incidents);
	ami_state_free(m->state);
	ami_findings_free(&m->findings);
	ami_kernel_close(m->kernel);
	ami_dump_close(m->dump);
	image_free(m->img);
	free(m);
}

uint64_t machine_iovad(struct machine *m)
{
	return member_at(m, m->cookie, AMI_F_cookie_iovad);
}

/* The anchor is above all ranges, and the root until others are inserted. */
static void make_tree(struct machine *m, uint64_t iovad)
{
	uint64_t anchor = member_at(m, iovad, AMI_F_iovad_anchor);

	machine_set(m, anchor, AMI_F_iova_pfn_lo, UINT64_MAX);
	machine_set(m, anchor, AMI_F_iova_pfn_hi, UINT64_MAX);
	machine_set(m, iovad, AMI_F_iovad_rbroot,
		    member_at(m, anchor, AMI_F_iova_node));
}

static uint64_t iova_of(struct machine *m, uint64_t node)
{
	return node - image_layout(m->img)->field[AMI_F_iova_node].offset;
}

uint64_t machine_iova(struct machine *m, uint64_t first, uint64_t last)
{
	uint64_t iova = machine_object(m, 128), at, next;
	uint64_t node = member_at(m, iova, AMI_F_iova_node);
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
	m->rcaches = member_at(m, iovad, AMI_F_iovad_rcaches);
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
	machine_write(m, member_at(m, va, AMI_F_magazine_pfns), pfn,
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
	machine_write(m, member_at(m, rcache, AMI_F_rcache_depot), &magazine,
		      8);
}

/* What the DMA API keeps of its domains; types 3 and 0xb are such. */
static void make_cookie(struct machine *m, uint64_t domain)
{
	uint64_t cookie = structure(m, AMI_T_iommu_dma_cookie);

	machine_set(m, domain, AMI_F_iommu_domain_cookie, cookie);
	machine_set(m, domain, AMI_F_iommu_domain_cookie_type, 1);
	machine_set(m, member_at(m, cookie, AMI_F_cookie_iovad),
		    AMI_F_iovad_granule, AMI_PAGE_SIZE);
	m->cookie = cookie;
	m->dma_domain = domain;
	m->rcaches = 0;
	make_tree(m, machine_iovad(m));
}

void machine_over_shapes(uint64_t sme_mask, uint64_t ram_pages,
			 void (*test)(struct machine *m))
{
	int shape, sme;

	for (shape = 0; shape < SHAPES; shape++)
		for (sme = 0; sme < 2; sme++) {
			struct machine *m;

			print_message("# %s, SME %d\n", shapes[shape].name,
				      sme);
			m = machine_new_sized(shape, sme ? sme_mask : 0,
					      LAST_BDF, ram_pages);
			test(m);
			machine_free(m);
		}
}

uint64_t machine_domain(struct machine *m, uint16_t id, uint32_t type,
			enum ami_format format, uint64_t root,
			unsigned int levels)
{
	uint64_t d = structure(m, AMI_T_protection_domain);
	uint64_t inner = member_at(m, d, AMI_F_pdom_domain);
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
		    member_at(m, domain, AMI_F_pdom_domain));
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

/* The kernel's own top table; what is mapped there goes through it. */
static uint64_t top_table(struct machine *m)
{
	char line[64];

	if (m->pgd)
		return m->pgd;
	m->pgd = image_alloc(m->img, 1);
	snprintf(line, sizeof(line), "SYMBOL(swapper_pg_dir)=%llx\n",
		 (unsigned long long)image_text_va(m->pgd));
	image_vmcoreinfo_add(m->img, line);
	return m->pgd;
}

/* Where the entry of @va lies in the table of @level; tables are made. */
static uint64_t entry_of(struct machine *m, uint64_t va, int level)
{
	uint64_t table = top_table(m), at, next;
	int i;

	for (i = 5; ; i--) {
		at = table + 8 * (va >> (12 + 9 * (i - 1)) & 0x1ff);
		if (i == level)
			return at;
		image_read(m->img, at, &next, sizeof(next));
		if (!next) {
			next = image_alloc(m->img, 1) | 3;
			image_write64(m->img, at, next);
		}
		table = next & ~0xfffull;
	}
}

void machine_map(struct machine *m, uint64_t va, uint64_t phys)
{
	image_write64(m->img, entry_of(m, va, 1), phys | 3);
}

void machine_vmemmap(struct machine *m)
{
	int i;

	m->vmemmap = image_alloc(m->img, 1536) & ~0x1fffffull;
	m->vmemmap += 0x200000;
	for (i = 0; i < 2; i++)
		image_write64(m->img,
			      entry_of(m, VMEMMAP + i * 0x200000ull, 2),
			      (m->vmemmap + i * 0x200000ull) | 0x83);
}

uint64_t machine_page(const struct machine *m, uint64_t phys)
{
	uint64_t page = (phys >> AMI_PAGE_SHIFT) * 64;

	assert_true(m->vmemmap && page < 0x400000);
	return IMAGE_DIRECT_MAP + m->vmemmap + page;
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
		node = VMEMMAP + page + offset;
		at = IMAGE_DIRECT_MAP + m->vmemmap + page + offset;
		image_write64(m->img, to_phys(prev_at), node);
		image_write64(m->img, to_phys(at) + 8, prev);
		prev = node;
		prev_at = at;
	}
	image_write64(m->img, to_phys(prev_at), head);
	image_write64(m->img, to_phys(head) + 8, prev);
}

void machine_freed_tables(struct machine *m, unsigned int index,
			  const uint64_t *tables, unsigned int count)
{
	enum ami_field f = machine_has(m, AMI_F_ioptdesc_node) ?
			   AMI_F_ioptdesc_node : AMI_F_page_lru;
	uint32_t offset = image_layout(m->img)->field[f].offset;
	uint64_t head = member_at(m, machine_fq_entry(m, index),
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
		machine_list_init(m, member_at(m, entry, AMI_F_fq_entry_freelist));
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

uint64_t machine_string(struct machine *m, const char *text)
{
	uint64_t at = machine_object(m, strlen(text) + 1);

	image_write(m->img, to_phys(at), text, strlen(text) + 1);
	return at;
}

uint64_t machine_dev_data(struct machine *m, uint16_t devid, uint64_t domain)
{
	uint64_t data = structure(m, AMI_T_iommu_dev_data);
	uint64_t head = global_tables(m) ?
			image_layout(m->img)->symbol[AMI_SYM_dev_data_list] :
			member_at(m, m->seg->va, AMI_F_seg_dev_data_list);

	machine_set(m, data, AMI_F_dev_data_devid, devid);
	machine_set(m, data, AMI_F_dev_data_domain, domain);
	machine_set(m, data, AMI_F_dev_data_node, m->seg->last_dev_data);
	m->seg->last_dev_data = member_at(m, data, AMI_F_dev_data_node);
	image_write64(m->img, to_phys(head), m->seg->last_dev_data);
	return data;
}

uint64_t machine_device(struct machine *m, uint16_t devid, const char *driver,
			uint64_t domain)
{
	uint64_t data = machine_dev_data(m, devid, domain);
	uint64_t pci = structure(m, AMI_T_pci_dev);
	uint64_t dev = member_at(m, pci, AMI_F_pci_dev_dev);

	machine_set(m, data, AMI_F_dev_data_dev, dev);
	machine_set(m, data, AMI_F_dev_data_pdev, pci);
	machine_set(m, dev, AMI_F_device_kobj_name, machine_string(m, "device"));
	machine_list_init(m, member_at(m, dev, AMI_F_device_devres));
	machine_list_init(m, member_at(m, dev, AMI_F_device_dma_pools));
	if (driver) {
		uint64_t drv = structure(m, AMI_T_device_driver);

		machine_set(m, drv, AMI_F_device_driver_name,
			    machine_string(m, driver));
		machine_set(m, dev, AMI_F_device_driver, drv);
	}
	return data;
}

static void make_bus(struct machine *m)
{
	m->bus = structure(m, AMI_T_pci_bus);
	machine_list_init(m, member_at(m, m->bus, AMI_F_pci_bus_children));
	machine_list_init(m, member_at(m, m->bus, AMI_F_pci_bus_devices));
	machine_list_add(m, image_layout(m->img)->symbol[AMI_SYM_pci_root_buses],
			 member_at(m, m->bus, AMI_F_pci_bus_node));
}

uint64_t machine_pci(struct machine *m, uint16_t devid, uint32_t class)
{
	uint64_t pci = structure(m, AMI_T_pci_dev);

	if (!m->bus)
		make_bus(m);
	machine_set(m, pci, AMI_F_pci_dev_devfn, devid);
	machine_set(m, pci, AMI_F_pci_dev_class, class);
	machine_set(m, pci, AMI_F_pci_dev_is_busmaster, 1);
	machine_list_add(m, member_at(m, m->bus, AMI_F_pci_bus_devices),
			 member_at(m, pci, AMI_F_pci_dev_bus_list));
	return pci;
}

void machine_alias(struct machine *m, uint16_t devid, uint16_t alias)
{
	image_write(m->img, m->seg->alias + 2ull * devid, &alias, 2);
}

void machine_dte(struct machine *m, uint16_t devid,
		 const struct amdvi_dte *dte)
{
	uint64_t raw[4];

	amdvi_dte_encode(dte, m->sme, raw);
	image_write(m->img, m->seg->dev_table + 32ull * devid, raw, sizeof(raw));
}

uint64_t machine_v1(struct machine *m, uint64_t first_phys,
		    unsigned int pages)
{
	uint64_t root = image_alloc(m->img, 1), leaf = image_alloc(m->img, 1);
	unsigned int i;

	image_write64(m->img, root,
		      amdvi_v1_table(leaf, 1, true, true) | m->sme);
	for (i = 0; i < pages; i++)
		image_write64(m->img, leaf + 8 * i,
			      amdvi_v1_page(first_phys + i * 4096ull, 12, 1,
					    true, true) | m->sme);
	return root;
}

uint64_t machine_v2(struct machine *m, uint64_t first_phys,
		    unsigned int pages, unsigned int levels)
{
	uint64_t root = image_alloc(m->img, 1), table = root, next;
	unsigned int i;

	for (; levels > 1; levels--) {
		next = image_alloc(m->img, 1);
		image_write64(m->img, table,
			      amdvi_v2_table(next, true) | m->sme);
		table = next;
	}
	for (i = 0; i < pages; i++)
		image_write64(m->img, table + 8 * i,
			      amdvi_v2_page(first_phys + i * 4096ull, 12,
					    true) | m->sme);
	return root;
}

uint64_t machine_gcr3(struct machine *m, unsigned int glx, uint32_t pasid,
		      uint64_t guest_root)
{
	uint64_t root = image_alloc(m->img, 1), table = root, next;
	int level;

	for (level = glx; level > 0; level--) {
		next = image_alloc(m->img, 1);
		image_write64(m->img,
			      table + 8 * amdvi_gcr3_index(pasid, level),
			      next | m->sme | AMDVI_GCR3_V);
		table = next;
	}
	image_write64(m->img, table + 8 * amdvi_gcr3_index(pasid, 0),
		      guest_root | m->sme | AMDVI_GCR3_V);
	return root;
}

/* The analysis is asked for its halves; what they found stays the machine's. */
static struct ami_analysis machine_halves(const struct machine *m)
{
	return (struct ami_analysis){
		.dump = m->dump, .kernel = m->kernel, .state = m->state,
		.incidents = m->incidents, .marks = m->marks,
		.state_pages = m->state_pages, .spill.fd = -1,
		.deep = m->deep,
	};
}

void machine_judge(struct machine *m)
{
	struct ami_error err = { .status = AMI_OK };
	struct ami_analysis a = machine_halves(m);
	size_t i;

	ami_contents_free(m->contents);
	ami_exposures_free(m->ex);
	ami_evidence_free(m->evidence);
	ami_pfnset_free(m->evidence_pages);
	if (ami_analysis_judge(&a, &err))
		fail_msg("%s", err.text);
	m->evidence = a.evidence;
	m->evidence_pages = a.evidence_pages;
	m->ex = a.exposures;
	m->contents = a.contents;
	for (i = 0; i < m->ex->reasons.count; i++)
		print_message("# %s: %s\n", ami_verdict_name(m->ex->verdict),
			      m->ex->reasons.list[i].text);
}

void machine_analyse(struct machine *m)
{
	struct ami_error err = { .status = AMI_OK };
	struct ami_analysis a;

	m->dump = image_dump(m->img);
	ami_dump_run(m->dump);
	m->kernel = image_kernel(m->img, m->dump);
	a = machine_halves(m);
	if (ami_analysis_state(&a, &err))
		fail_msg("%s", err.text);
	m->findings = a.findings;
	m->state = a.state;
	m->state->findings = &m->findings;
	m->state_pages = a.state_pages;
	m->incidents = a.incidents;
	machine_judge(m);
}

const struct ami_exposure *machine_exposure_at(const struct machine *m,
					       struct ami_bdf bdf,
					       enum ami_class class)
{
	size_t i;

	for (i = 0; i < m->ex->count; i++) {
		const struct ami_requester *r = &m->ex->list[i].requester;

		if (!r->is_iommu && r->bdf.devid == bdf.devid &&
		    r->bdf.segment == bdf.segment &&
		    m->ex->list[i].class == class)
			return &m->ex->list[i];
	}
	return NULL;
}

const struct ami_exposure *machine_exposure(const struct machine *m,
					    uint16_t devid,
					    enum ami_class class)
{
	return machine_exposure_at(m, (struct ami_bdf){ 0, devid }, class);
}

enum ami_finding_code machine_code(const char *name)
{
	enum ami_finding_code code = ami_finding_code(name);

	if (code == AMI_NR_FINDINGS)
		fail_msg("there is no finding '%s'", name);
	return code;
}

bool machine_because(const struct machine *m, const char *code,
		     const char *text)
{
	size_t i;

	for (i = 0; i < m->ex->reasons.count; i++)
		if (!strcmp(m->ex->reasons.list[i].code, code) &&
		    strstr(m->ex->reasons.list[i].text, text))
			return true;
	return false;
}

bool machine_found(const struct machine *m, const char *code)
{
	return ami_findings_total(m->state->findings, machine_code(code)) > 0;
}

const char *machine_said_of(const struct machine *m, const char *code,
			    const char *where)
{
	const struct ami_findings *f = m->state->findings;
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->list[i].code == machine_code(code) &&
		    !strcmp(f->list[i].where, where))
			return f->list[i].text;
	return NULL;
}
