// SPDX-License-Identifier: GPL-2.0-or-later
/* A machine: its objects, PCI segments and IOMMUs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parts.h"
#include "sentences.h"

#define RAM_PAGES	(1u << 18)
#define LAST_BDF	0xffu

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

uint64_t machine_structure(struct machine *m, enum ami_type t)
{
	return machine_object(m, image_layout(m->img)->type_size[t]);
}

uint64_t machine_phys(uint64_t va)
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
		image_write(m->img, machine_phys(object + member->offset),
			    &value, member->size);
}

uint64_t machine_member(struct machine *m, uint64_t object,
			enum ami_field f)
{
	return object + image_layout(m->img)->field[f].offset;
}

/* Symbols lie in the kernel image map; lists need the same address. */
uint64_t machine_variable(struct machine *m, enum ami_symbol y,
			  uint64_t value)
{
	uint64_t at = machine_phys(machine_object(m, 16));

	image_layout(m->img)->symbol[y] = image_text_va(at);
	image_write64(m->img, at, value);
	return image_text_va(at);
}

uint64_t machine_get(struct machine *m, uint64_t object, enum ami_field f)
{
	uint64_t value;

	image_read(m->img, machine_phys(machine_member(m, object, f)), &value,
		   sizeof(value));
	return value;
}

void machine_link(struct machine *m, uint64_t from, uint64_t to)
{
	image_write64(m->img, machine_phys(from), to);
	image_write64(m->img, machine_phys(to) + 8, from);
}

void machine_write(struct machine *m, uint64_t va, const void *bytes,
		   size_t len)
{
	image_write(m->img, machine_phys(va), bytes, len);
}

void machine_list_init(struct machine *m, uint64_t head)
{
	machine_link(m, head, head);
}

void machine_list_add(struct machine *m, uint64_t head, uint64_t node)
{
	uint64_t first;

	image_read(m->img, machine_phys(head), &first, sizeof(first));
	machine_link(m, node, first);
	machine_link(m, head, node);
}

bool machine_global_tables(const struct machine *m)
{
	return !machine_has(m, AMI_F_seg_dev_table);
}

/* In the kernel image, where symbols lie. */
static uint64_t image_structure(struct machine *m, enum ami_type t,
				enum ami_symbol y)
{
	uint64_t at = machine_structure(m, t);

	image_layout(m->img)->symbol[y] = image_text_va(machine_phys(at));
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
	uint64_t r = machine_structure(m, AMI_T_resource);

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
	if (machine_global_tables(m)) {
		assert_int_equal(m->nr_segments, 1);
		set_globals(m, table_size);
		return;
	}
	seg = machine_structure(m, AMI_T_amd_iommu_pci_seg);
	machine_list_add(m, image_layout(m->img)->symbol[AMI_SYM_amd_iommu_pci_seg_list],
		 machine_member(m, seg, AMI_F_seg_list));
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
	machine_list_init(m, machine_member(m, seg, AMI_F_seg_unity_map));
}

uint64_t machine_ring_of(struct machine *m, uint64_t iommu)
{
	uint64_t ring;

	image_read(m->img, machine_phys(machine_member(m, iommu,
						       AMI_F_amd_iommu_cmd_buf)),
		   &ring, sizeof(ring));
	return machine_phys(ring);
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
	uint64_t iommu = machine_structure(m, AMI_T_amd_iommu);
	uint64_t ring = image_alloc(m->img, 2), sem = image_alloc(m->img, 1);
	uint64_t node = machine_member(m, iommu, AMI_F_amd_iommu_list);
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

static struct machine *make_machine(enum shape shape, uint64_t sme_mask,
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
	return make_machine(shape, sme_mask, last_bdf, ram_pages, false);
}

struct machine *machine_new_apart(enum shape shape, uint64_t sme_mask,
				  uint16_t last_bdf, uint64_t ram_pages)
{
	return make_machine(shape, sme_mask, last_bdf, ram_pages, true);
}

struct machine *machine_new(enum shape shape, uint64_t sme_mask)
{
	return machine_new_sized(shape, sme_mask, LAST_BDF, RAM_PAGES);
}

void machine_free(struct machine *m)
{
	sentences_check(&m->findings, m->ex);
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

void machine_over_shapes_with(uint64_t sme_mask, uint64_t ram_pages,
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

void machine_over_shapes(void (*test)(struct machine *m))
{
	machine_over_shapes_with(MACHINE_SME, MACHINE_PAGES, test);
}

uint64_t machine_string(struct machine *m, const char *text)
{
	uint64_t at = machine_object(m, strlen(text) + 1);

	image_write(m->img, machine_phys(at), text, strlen(text) + 1);
	return at;
}
