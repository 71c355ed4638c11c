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
#define MEMBER_BYTES	16u	/* room of a member, whatever it is */
#define DEVICE_BYTES	0x200u
#define LAST_BDF	0xffu

/* Members that only some shapes have; all others every shape has. */
static const struct {
	enum ami_field field;
	unsigned int shapes;	/* bit per enum shape */
} variant[] = {
#define S(n)	(1u << SHAPE_##n)
	{ AMI_F_seg_dev_table, S(6_1) | S(6_12) | S(7) },
	{ AMI_F_seg_dev_data_list, S(6_1) | S(6_12) | S(7) },
	{ AMI_F_amd_iommu_features2, S(6_1) | S(6_12) | S(7) },
	{ AMI_F_amd_iommu_cmd_sem_paddr, S(7) },
	{ AMI_F_dev_data_pdev, S(5_10) | S(5_15) },
	{ AMI_F_dev_data_dev, S(6_1) | S(6_12) | S(7) },
	{ AMI_F_dev_data_ats_510, S(5_10) | S(5_15) | S(6_1) },
	{ AMI_F_dev_data_ats_enabled, S(6_12) | S(7) },
	{ AMI_F_dev_data_gcr3_tbl, S(6_12) | S(7) },
	{ AMI_F_dev_data_gcr3_glx, S(6_12) | S(7) },
	{ AMI_F_dev_data_gcr3_domid, S(6_12) | S(7) },
	{ AMI_F_pdom_pt_root, S(5_10) },
	{ AMI_F_pdom_iop_mode, S(5_15) | S(6_1) | S(6_12) },
	{ AMI_F_pdom_iop_root, S(5_15) | S(6_1) | S(6_12) },
	{ AMI_F_pdom_iop_pgd, S(5_15) | S(6_1) | S(6_12) },
	{ AMI_F_pdom_amdv1_top, S(7) },
	{ AMI_F_pdom_amdv2_top, S(7) },
	{ AMI_F_pdom_pd_mode, S(6_12) | S(7) },
	{ AMI_F_pdom_gcr3_tbl, S(5_10) | S(5_15) | S(6_1) },
	{ AMI_F_pdom_glx, S(5_10) | S(5_15) | S(6_1) },
	{ AMI_F_iommu_domain_cookie_type, S(7) },
	{ AMI_F_cookie_type, S(5_10) | S(5_15) | S(6_1) | S(6_12) },
	{ AMI_F_cookie_fq, S(6_1) },
	{ AMI_F_cookie_single_fq, S(6_12) | S(7) },
	{ AMI_F_cookie_percpu_fq, S(6_12) | S(7) },
	{ AMI_F_cookie_qt, S(6_12) | S(7) },
	{ AMI_F_cookie_start_cnt, S(6_1) | S(6_12) | S(7) },
	{ AMI_F_cookie_finish_cnt, S(6_1) | S(6_12) | S(7) },
	{ AMI_F_iovad_fq, S(5_10) | S(5_15) },
	{ AMI_F_iovad_start_cnt, S(5_10) | S(5_15) },
	{ AMI_F_iovad_finish_cnt, S(5_10) | S(5_15) },
	{ AMI_F_fq_mod_mask, S(6_12) | S(7) },
#undef S
};

static bool has(enum shape shape, enum ami_field f)
{
	size_t i;

	for (i = 0; i < sizeof(variant) / sizeof(variant[0]); i++)
		if (variant[i].field == f)
			return variant[i].shapes >> shape & 1;
	return true;
}

static uint32_t member_size(enum ami_field f)
{
	switch (f) {
	case AMI_F_pci_dev_dev:
		return DEVICE_BYTES;
	case AMI_F_cookie_iovad:
		return 0x100;
	case AMI_F_pdom_domain:
		return 0x80;
	case AMI_F_fq_entries:
		return 0x800;
	default:
		return 8;
	}
}

/* Members of a structure follow each other in the order of fields.h. */
static void lay_out(struct machine *m)
{
	struct ami_layout *l = image_layout(m->img);
	const char *type = "";
	uint32_t at = 0;
	int i, t;

	for (i = 0; i < AMI_NR_FIELDS; i++) {
		uint32_t size = member_size(i);

		if (strcmp(type, ami_field_wants[i].type)) {
			type = ami_field_wants[i].type;
			at = 0;
			for (t = 0; t < i; t++)
				if (!strcmp(type, ami_field_wants[t].type))
					at = l->field[t].offset + MEMBER_BYTES;
		}
		if (!has(m->shape, i))
			continue;
		l->field[i] = (struct ami_member){ true, at, size, 0, 0 };
		at += size < MEMBER_BYTES ? MEMBER_BYTES : size;
		for (t = 0; t < AMI_NR_TYPES; t++)
			if (!strcmp(type, ami_type_wants[t].name))
				l->type_size[t] = at;
	}
}

uint64_t machine_object(struct machine *m, size_t size)
{
	return image_va(image_alloc(m->img, 1 + size / AMI_PAGE_SIZE));
}

static void store(struct machine *m, uint64_t va, uint64_t value)
{
	image_write64(m->img, va - IMAGE_DIRECT_MAP, value);
}

void machine_set(struct machine *m, uint64_t object, enum ami_field f,
		 uint64_t value)
{
	const struct ami_member *member = &image_layout(m->img)->field[f];

	if (member->present)
		store(m, object + member->offset, value);
}

static uint64_t member_at(struct machine *m, uint64_t object,
			  enum ami_field f)
{
	return object + image_layout(m->img)->field[f].offset;
}

/* A global variable of 16 bytes. */
static uint64_t variable(struct machine *m, enum ami_symbol y, uint64_t value)
{
	uint64_t va = machine_object(m, 16);

	image_layout(m->img)->symbol[y] = va;
	store(m, va, value);
	return va;
}

/* A list with one element, or an empty one. */
static void list_of(struct machine *m, uint64_t head, uint64_t node)
{
	store(m, head, node ? node : head);
	store(m, head + 8, node ? node : head);
	if (node) {
		store(m, node, head);
		store(m, node + 8, head);
	}
}

static bool global_tables(const struct machine *m)
{
	return m->shape == SHAPE_5_10 || m->shape == SHAPE_5_15;
}

static void make_tables(struct machine *m)
{
	struct amdvi_dte blocked = { .v = true, .tv = true };
	int i;

	m->dev_table = image_alloc(m->img, 2);
	m->rlookup = image_alloc(m->img, 1);
	m->alias = image_alloc(m->img, 1);
	m->irq_lookup = image_alloc(m->img, 1);
	for (i = 0; i <= (int)LAST_BDF; i++) {
		uint16_t self = i;

		machine_dte(m, i, &blocked);
		image_write(m->img, m->alias + 2 * i, &self, 2);
		image_write64(m->img, m->rlookup + 8 * i, m->iommu);
	}
	image_write64(m->img, m->rlookup + 8 * 2, 0);
}

static void make_segment(struct machine *m)
{
	uint64_t list = variable(m, AMI_Y_amd_iommu_pci_seg_list, 0), seg;

	seg = machine_object(m, 0x200);
	list_of(m, list, member_at(m, seg, AMI_F_seg_list));
	if (global_tables(m)) {
		variable(m, AMI_Y_amd_iommu_dev_table,
			 image_va(m->dev_table));
		variable(m, AMI_Y_amd_iommu_rlookup_table,
			 image_va(m->rlookup));
		variable(m, AMI_Y_amd_iommu_alias_table, image_va(m->alias));
		variable(m, AMI_Y_irq_lookup_table, image_va(m->irq_lookup));
		variable(m, AMI_Y_amd_iommu_last_bdf, LAST_BDF);
		variable(m, AMI_Y_dev_table_size, 2 * AMI_PAGE_SIZE);
		variable(m, AMI_Y_dev_data_list, 0);
		list_of(m, variable(m, AMI_Y_amd_iommu_unity_map, 0), 0);
		return;
	}
	m->segment = seg;
	machine_set(m, seg, AMI_F_seg_last_bdf, LAST_BDF);
	machine_set(m, seg, AMI_F_seg_dev_table_size, 2 * AMI_PAGE_SIZE);
	machine_set(m, seg, AMI_F_seg_dev_table, image_va(m->dev_table));
	machine_set(m, seg, AMI_F_seg_rlookup_table, image_va(m->rlookup));
	machine_set(m, seg, AMI_F_seg_alias_table, image_va(m->alias));
	machine_set(m, seg, AMI_F_seg_irq_lookup_table,
		    image_va(m->irq_lookup));
	list_of(m, member_at(m, seg, AMI_F_seg_unity_map), 0);
}

static void make_iommu(struct machine *m)
{
	uint64_t list = variable(m, AMI_Y_amd_iommu_list, 0);

	m->iommu = machine_object(m, 0x400);
	m->ring = image_alloc(m->img, 2);
	m->semaphore = image_alloc(m->img, 1);
	list_of(m, list, member_at(m, m->iommu, AMI_F_amd_iommu_list));
	machine_set(m, m->iommu, AMI_F_amd_iommu_devid, 2);
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_buf,
		    image_va(m->ring));
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_sem,
		    image_va(m->semaphore));
	machine_set(m, m->iommu, AMI_F_amd_iommu_evt_buf,
		    image_va(image_alloc(m->img, 2)));
}

static void set_vmcoreinfo(struct machine *m)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "OSRELEASE=made-by-hand\nNUMBER(phys_base)=%llu\n"
		 "NUMBER(pgtable_l5_enabled)=1\nNUMBER(sme_mask)=%llu\n",
		 (unsigned long long)IMAGE_PHYS_BASE,
		 (unsigned long long)m->sme);
	image_vmcoreinfo(m->img, text);
}

struct machine *machine_new(enum shape shape, uint64_t sme_mask)
{
	struct machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->img = image_new(RAM_PAGES);
	m->shape = shape;
	m->sme = sme_mask;
	set_vmcoreinfo(m);
	lay_out(m);
	make_iommu(m);
	make_tables(m);
	make_segment(m);
	machine_set(m, m->iommu, AMI_F_amd_iommu_pci_seg, m->segment);
	list_of(m, variable(m, AMI_Y_pci_root_buses, 0), 0);
	return m;
}

void machine_free(struct machine *m)
{
	ami_exposures_free(m->ex);
	ami_state_free(m->state);
	ami_kernel_close(m->kernel);
	ami_dump_close(m->dump);
	image_free(m->img);
	free(m);
}

uint64_t machine_domain(struct machine *m, uint16_t id, uint32_t type,
			enum ami_format format, uint64_t root,
			unsigned int levels)
{
	uint64_t d = machine_object(m, 0x400);
	uint64_t va = root ? image_va(root) : 0;
	bool v2 = format == AMI_FORMAT_V2;

	machine_set(m, d, AMI_F_pdom_id, id);
	machine_set(m, member_at(m, d, AMI_F_pdom_domain),
		    AMI_F_iommu_domain_type, type);
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

static uint64_t string(struct machine *m, const char *text)
{
	uint64_t at = image_alloc(m->img, 1);

	image_write(m->img, at, text, strlen(text) + 1);
	return image_va(at);
}

uint64_t machine_device(struct machine *m, uint16_t devid, const char *driver,
			uint64_t domain)
{
	uint64_t data = machine_object(m, 0x400);
	uint64_t pci = machine_object(m, 0x800);
	uint64_t dev = member_at(m, pci, AMI_F_pci_dev_dev);
	uint64_t head = global_tables(m) ?
			image_layout(m->img)->symbol[AMI_Y_dev_data_list] :
			member_at(m, m->segment, AMI_F_seg_dev_data_list);

	machine_set(m, data, AMI_F_dev_data_devid, devid);
	machine_set(m, data, AMI_F_dev_data_domain, domain);
	machine_set(m, data, AMI_F_dev_data_dev, dev);
	machine_set(m, data, AMI_F_dev_data_pdev, pci);
	machine_set(m, data, AMI_F_dev_data_node, m->last_dev_data);
	m->last_dev_data = member_at(m, data, AMI_F_dev_data_node);
	store(m, head, m->last_dev_data);
	machine_set(m, dev, AMI_F_device_kobj_name, string(m, "device"));
	if (driver) {
		uint64_t drv = machine_object(m, 0x100);

		machine_set(m, drv, AMI_F_device_driver_name,
			    string(m, driver));
		machine_set(m, dev, AMI_F_device_driver, drv);
	}
	return data;
}

void machine_dte(struct machine *m, uint16_t devid,
		 const struct amdvi_dte *dte)
{
	uint64_t raw[4];

	amdvi_dte_encode(dte, m->sme, raw);
	image_write(m->img, m->dev_table + 32ull * devid, raw, sizeof(raw));
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

void machine_analyse(struct machine *m)
{
	struct ami_error err = { AMI_OK, "" };
	size_t i;

	m->dump = image_dump(m->img);
	m->kernel = image_kernel(m->img, m->dump);
	m->state = ami_state_read(m->kernel, &err);
	if (m->state)
		m->ex = ami_exposures_find(m->state, &err);
	if (!m->ex)
		print_error("%s\n", err.text);
	assert_non_null(m->ex);
	for (i = 0; i < m->ex->nr_reasons; i++)
		print_message("# %s: %s\n", ami_verdict_name(m->ex->verdict),
			      m->ex->reason[i]);
}

const struct ami_exposure *machine_exposure(const struct machine *m,
					    uint16_t devid,
					    enum ami_class class)
{
	size_t i;

	for (i = 0; i < m->ex->count; i++)
		if (!m->ex->list[i].requester.is_iommu &&
		    m->ex->list[i].requester.bdf.devid == devid &&
		    m->ex->list[i].class == class)
			return &m->ex->list[i];
	return NULL;
}

bool machine_found(const struct machine *m, const char *code)
{
	return ami_findings_total(&m->state->findings, code) > 0;
}
