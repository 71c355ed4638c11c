// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers.h"

#define DOMAIN_DMA	3
#define DOMAIN_IDENTITY	4
#define ALIGN		16u
#define DEVICE_ENTRY	0x180u	/* of the list of devices: behind all else */
#define CHILD		0x200u
#define VMEMMAP		0xffd4000000000000ull	/* 5 levels, no KASLR */
#define LAST_BDF	0xffu
#define RAM_PAGES	(1u << 18)

static struct ami_layout *layout(struct rig *rig)
{
	return image_layout(rig->m->img);
}

static bool same_type(int i, int k)
{
	return !strcmp(ami_field_wants[i].type, ami_field_wants[k].type) &&
	       !strcmp(ami_field_wants[i].module, ami_field_wants[k].module);
}

/* The member before this one in its structure, or itself. */
static int member_before(int i)
{
	int k;

	for (k = i - 1; k >= AMI_NR_CORE_FIELDS && !same_type(i, k); k--)
		;
	return k < AMI_NR_CORE_FIELDS ? i : k;
}

static int type_of(int field)
{
	int t;

	for (t = AMI_NR_CORE_TYPES; t < AMI_NR_TYPES; t++)
		if (!strcmp(ami_field_wants[field].type, ami_type_wants[t].name) &&
		    !strcmp(ami_field_wants[field].module,
			    ami_type_wants[t].module))
			return t;
	return 0;
}

/*
 * Sizes of a type and its members; later members move out of the way. Which
 * belong together is found once: rigs are made by the hundred.
 */
static void place_modules(struct ami_layout *l)
{
	static int before[AMI_NR_FIELDS], type[AMI_NR_FIELDS];
	static bool known;
	uint32_t end[AMI_NR_FIELDS];
	int i, t;

	for (i = AMI_NR_CORE_FIELDS; i < AMI_NR_FIELDS && !known; i++) {
		before[i] = member_before(i);
		type[i] = type_of(i);
	}
	known = true;
	for (t = AMI_NR_CORE_TYPES; t < AMI_NR_TYPES; t++)
		l->type_size[t] = 0;
	for (i = AMI_NR_CORE_FIELDS; i < AMI_NR_FIELDS; i++) {
		uint32_t size = l->field[i].size ? l->field[i].size : 8;
		uint32_t at = before[i] == i ? 0 : end[before[i]];

		l->field[i] = (struct ami_member){
			.present = true, .offset = at, .size = size,
		};
		end[i] = (at + size + ALIGN - 1) / ALIGN * ALIGN;
		if (type[i])
			l->type_size[type[i]] = end[i];
	}
}

struct rig *rig_new(const char *driver)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 4,
	};
	uint64_t kset;

	assert_non_null(rig);
	rig->m = machine_new_apart(SHAPE_6_1, 0, LAST_BDF, RAM_PAGES);
	place_modules(layout(rig));
	layout(rig)->field[AMI_F_kobject_entry].offset = DEVICE_ENTRY;
	kset = machine_object(rig->m, CHILD);
	machine_list_init(rig->m, rig_member(rig, kset, AMI_F_kset_list));
	machine_variable(rig->m, AMI_SYM_devices_kset, kset);
	machine_variable(rig->m, AMI_SYM_block_class, 0);
	machine_variable(rig->m, AMI_SYM_net_class, 0);
	dte.host_root = machine_v1(rig->m, RIG_BUFFER, RIG_PAGES);
	rig->data = machine_device(rig->m, RIG_DEVICE, driver,
				   machine_domain(rig->m, 4, DOMAIN_DMA,
						  AMI_FORMAT_V1, dte.host_root,
						  2));
	machine_dte(rig->m, RIG_DEVICE, &dte);
	image_read(rig->m->img, rig_member(rig, rig->data, AMI_F_dev_data_dev) -
		   IMAGE_DIRECT_MAP, &rig->dev, sizeof(rig->dev));
	machine_list_init(rig->m, rig_member(rig, rig->dev,
					     AMI_F_device_devres));
	machine_list_init(rig->m, rig_member(rig, rig->dev,
					     AMI_F_device_dma_pools));
	return rig;
}

void rig_free(struct rig *rig)
{
	machine_free(rig->m);
	free(rig);
}

void rig_untranslated(struct rig *rig)
{
	const struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .domain_id = 4,
	};

	machine_dte(rig->m, RIG_DEVICE, &dte);
	rig_set(rig, rig->data, AMI_F_dev_data_domain,
		machine_domain(rig->m, 4, DOMAIN_IDENTITY, AMI_FORMAT_NONE, 0,
			       0));
}

/* Domain 5 has a guest table; the DTE leads there, or elsewhere. */
void rig_tables(struct rig *rig, enum rig_tables tables)
{
	unsigned int levels = tables == RIG_GUEST_5 ? 5 : 4;
	uint64_t root = machine_v2(rig->m, RIG_BUFFER, RIG_PAGES, levels);
	uint64_t gcr3 = machine_gcr3(rig->m, 1, 0, root);
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .gv = true,
		.giov = true, .glx = 1, .gcr3_root = gcr3, .domain_id = 5,
		.guest_paging_mode = levels - 4,
	};
	uint64_t dom;

	if (tables == RIG_HOST)
		return;
	machine_variable(rig->m, AMI_SYM_amd_iommu_gpt_level, levels);
	dom = machine_domain(rig->m, 5, DOMAIN_DMA, AMI_FORMAT_V2, root,
			     levels);
	rig_set(rig, dom, AMI_F_pdom_gcr3_tbl, image_va(gcr3));
	rig_set(rig, dom, AMI_F_pdom_glx, 1);
	rig_set(rig, rig->data, AMI_F_dev_data_domain, dom);
	if (tables == RIG_EMPTY_GCR3)
		dte.gcr3_root = image_alloc(rig->m->img, 1);
	if (tables == RIG_DTE_HOST || tables == RIG_DTE_IDENTITY)
		dte.gv = dte.giov = false;
	if (tables == RIG_DTE_HOST) {
		dte.mode = 2;
		dte.host_root = machine_v1(rig->m, RIG_OTHER, RIG_PAGES);
	}
	machine_dte(rig->m, RIG_DEVICE, &dte);
	if (tables == RIG_DTE_UNREAD)
		image_hide(rig->m->img, rig->m->seg->dev_table >>
			   AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
}

void rig_nested(struct rig *rig)
{
	const struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .gv = true,
		.giov = true, .gcr3_root = 0x5000, .domain_id = 4, .mode = 2,
		.host_root = machine_v1(rig->m, RIG_BUFFER, RIG_PAGES),
	};

	rig_set(rig, rig->data, AMI_F_dev_data_domain, 0);
	machine_dte(rig->m, RIG_DEVICE, &dte);
}

void rig_unmapped(struct rig *rig, uint64_t iova, unsigned int waits,
		  bool proven)
{
	struct machine *m = rig->m;
	unsigned int i;

	machine_command(m, 0, (struct amdvi_command){
		.opcode = AMDVI_CMD_INVALIDATE_IOMMU_PAGES,
		.domain_id = 4, .address = iova,
	});
	for (i = 1; i <= waits; i++)
		machine_command(m, i, (struct amdvi_command){
			.opcode = AMDVI_CMD_COMPLETION_WAIT, .store = true,
			.store_addr = m->semaphore, .data = i,
		});
	image_write64(m->img, m->semaphore, proven ? waits : 0);
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_sem_val, waits);
	machine_set(m, m->iommu, AMI_F_amd_iommu_need_sync, !proven);
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_buf_tail, i * 16);
}

void rig_resize(struct rig *rig, enum ami_field f, uint32_t size)
{
	layout(rig)->field[f].size = size;
	place_modules(layout(rig));
}

uint64_t rig_object(struct rig *rig, enum ami_type t)
{
	return machine_object(rig->m, layout(rig)->type_size[t]);
}

uint64_t rig_member(struct rig *rig, uint64_t object, enum ami_field f)
{
	return object + layout(rig)->field[f].offset;
}

void rig_set(struct rig *rig, uint64_t object, enum ami_field f,
	     uint64_t value)
{
	machine_set(rig->m, object, f, value);
}

void rig_set64(struct rig *rig, uint64_t va, uint64_t value)
{
	machine_write(rig->m, va, &value, sizeof(value));
}

void rig_child(struct rig *rig, uint64_t va, enum ami_symbol class)
{
	uint64_t kset;

	image_read(rig->m->img, layout(rig)->symbol[AMI_SYM_devices_kset] -
		   IMAGE_MAP + IMAGE_PHYS_BASE, &kset, sizeof(kset));
	rig_set(rig, va, AMI_F_device_parent, rig->dev);
	rig_set(rig, va, AMI_F_device_class, layout(rig)->symbol[class]);
	machine_list_add(rig->m, rig_member(rig, kset, AMI_F_kset_list),
			 rig_member(rig, rig_member(rig, va,
						    AMI_F_device_kobj),
				    AMI_F_kobject_entry));
}

/* A struct vring_virtqueue begins with a struct virtqueue. */
static void lay_out_virtio(struct ami_layout *l)
{
	int i;

	l->field[AMI_F_virtio_device_dev].offset = 0x100;
	for (i = AMI_NR_CORE_FIELDS; i < AMI_NR_FIELDS; i++)
		if (!strcmp(ami_field_wants[i].type, "vring_virtqueue"))
			l->field[i].offset += 0x100;
}

struct rig *rig_virtio(uint64_t id, uint64_t features, struct rig_virtio *at)
{
	struct rig *rig = rig_new("virtio-pci");
	uint64_t bus = machine_object(rig->m, 64), vqs;

	lay_out_virtio(image_layout(rig->m->img));
	at->device = image_va(image_alloc(rig->m->img, 1));
	at->dev = rig_member(rig, at->device, AMI_F_virtio_device_dev);
	rig_set(rig, bus, AMI_F_bus_type_name,
		machine_string(rig->m, "virtio"));
	rig_set(rig, at->dev, AMI_F_device_bus, bus);
	rig_child(rig, at->dev, AMI_SYM_net_class);
	rig_set(rig, at->device, AMI_F_virtio_device_id, id);
	rig_set(rig, at->device, AMI_F_virtio_device_features, features);
	at->queue = machine_object(rig->m, 0x400);
	vqs = rig_member(rig, at->device, AMI_F_virtio_device_vqs);
	machine_list_init(rig->m, vqs);
	machine_list_add(rig->m, vqs, rig_member(rig, at->queue,
						 AMI_F_virtqueue_list));
	rig_set(rig, at->queue, AMI_F_vvq_use_dma_api,
		features >> 33 & 1);
	return rig;
}

void rig_class(struct rig *rig, uint32_t class)
{
	uint64_t pci = rig->dev - rig_member(rig, 0, AMI_F_pci_dev_dev);

	machine_pci(rig->m, RIG_DEVICE + 8, 0x020000);
	rig_set(rig, pci, AMI_F_pci_dev_devfn, RIG_DEVICE);
	rig_set(rig, pci, AMI_F_pci_dev_class, class);
	rig_set(rig, pci, AMI_F_pci_dev_is_busmaster, 1);
	machine_list_add(rig->m, rig_member(rig, rig->m->bus,
					    AMI_F_pci_bus_devices),
			 rig_member(rig, pci, AMI_F_pci_dev_bus_list));
}

uint64_t rig_page(uint64_t phys)
{
	return VMEMMAP + (phys >> AMI_PAGE_SHIFT) * 64;
}

static bool of_device(const struct ami_exposure *e, enum ami_class class)
{
	return !e->requester.is_iommu && e->class == class &&
	       e->requester.bdf.devid == RIG_DEVICE;
}

uint64_t rig_pages(const struct rig *rig, enum ami_class class)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < rig->m->ex->count; i++)
		if (of_device(&rig->m->ex->list[i], class))
			pages += rig->m->ex->list[i].count;
	return pages;
}

bool rig_names(const struct rig *rig, enum ami_class class,
	       enum ami_certainty certainty, uint64_t phys)
{
	size_t i;

	for (i = 0; i < rig->m->ex->count; i++) {
		const struct ami_exposure *e = &rig->m->ex->list[i];

		if (of_device(e, class) && e->certainty == certainty &&
		    ami_pfnset_has(e->pages, phys >> AMI_PAGE_SHIFT))
			return true;
	}
	return false;
}

bool rig_covered(const struct rig *rig, const char *provider)
{
	const struct ami_evidence *ev = rig->m->ex->evidence;
	size_t i;

	for (i = 0; i < ev->nr_coverage; i++)
		if (ev->coverage[i].device.devid == RIG_DEVICE &&
		    !strcmp(ev->coverage[i].provider, provider))
			return !ev->coverage[i].partial;
	return false;
}

size_t rig_found(const struct rig *rig, const char *code)
{
	return ami_findings_total(rig->m->state->findings,
				  machine_code(code));
}

/* What was said instead. */
void rig_print(const struct rig *rig)
{
	const struct ami_findings *f = rig->m->state->findings;
	size_t i;

	for (i = 0; i < f->count; i++)
		print_message("# %s: %s\n",
			      ami_finding_class(f->list[i].code)->name,
			      f->list[i].text);
}

void rig_survives(struct rig *(*make)(void), const struct rig_damage *list,
		  size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct rig *rig = make();

		print_message("# %s\n", list[i].name);
		list[i].make(rig);
		machine_analyse(rig->m);
		if (list[i].code && !rig_found(rig, list[i].code))
			rig_print(rig);
		if (list[i].code)
			assert_true(rig_found(rig, list[i].code) > 0);
		else
			assert_int_equal(rig_pages(rig, AMI_CLASS_INFLIGHT) +
					 rig_pages(rig, AMI_CLASS_POSTED), 0);
		rig_free(rig);
	}
}

/* Worse the later; what is not known may be worst. */
static int rank_of(enum ami_verdict verdict)
{
	static const enum ami_verdict order[] = {
		AMI_VERDICT_TRUSTED, AMI_VERDICT_EXPOSED, AMI_VERDICT_SUSPECT,
		AMI_VERDICT_UNKNOWN,
	};
	int i;

	for (i = 0; i < 4 && order[i] != verdict; i++)
		;
	return i;
}

/* Transfers of the device that the other one does not name. */
static bool loses(const struct rig *rig, const struct rig *whole)
{
	struct ami_pfnset *left = ami_pfnset_new();
	bool lost;
	size_t i;

	assert_non_null(left);
	for (i = 0; i < whole->m->ex->evidence->nr_sets; i++)
		ami_pfnset_union(left, whole->m->ex->evidence->sets[i].pages);
	for (i = 0; i < rig->m->ex->evidence->nr_sets; i++)
		ami_pfnset_subtract(left, rig->m->ex->evidence->sets[i].pages);
	lost = ami_pfnset_count(left);
	ami_pfnset_free(left);
	return lost;
}

/* More findings of this kind; those on devices without a reader do not count. */
static bool has_more(const struct rig *rig, const struct rig *whole,
		     enum ami_finding_kind kind)
{
	int code;

	for (code = 0; code < AMI_NR_FINDINGS; code++)
		if (code != AMI_FIND_NO_EVIDENCE_PROVIDER &&
		    code != AMI_FIND_BLOCK_LAYER_ONLY &&
		    ami_finding_class(code)->kind == kind &&
		    ami_findings_total(rig->m->state->findings, code) >
		    ami_findings_total(whole->m->state->findings, code))
			return true;
	return false;
}

static void check_gap(const struct rig *rig, const struct rig *whole,
		      uint64_t pfn)
{
	const struct ami_bdf device = { .devid = RIG_DEVICE };
	const char *wrong = NULL;
	bool lost = loses(rig, whole);

	if (rig->m->ex->verdict == AMI_VERDICT_CORRUPT)
		wrong = "corrupt";
	else if (rank_of(rig->m->ex->verdict) < rank_of(whole->m->ex->verdict))
		wrong = "a better verdict";
	else if (has_more(rig, whole, AMI_KIND_DAMAGE))
		wrong = "damage";
	else if (lost && !has_more(rig, whole, AMI_KIND_MISSING))
		wrong = "transfers lost without a finding";
	else if (lost && ami_evidence_covers(rig->m->ex->evidence, device))
		wrong = "transfers lost of a device that is spoken for";
	if (!wrong)
		return;
	rig_print(rig);
	fail_msg("without page %#llx: %s", (unsigned long long)pfn, wrong);
}

void rig_survives_gaps(struct rig *(*make)(void))
{
	struct rig *whole = make(), *rig;
	uint64_t pfn;

	machine_analyse(whole->m);
	for (pfn = 0; pfn < RAM_PAGES; pfn++) {
		if (!image_reads(whole->m->img, pfn))
			continue;
		rig = make();
		image_hide(rig->m->img, pfn, AMI_MEM_FILTERED);
		machine_analyse(rig->m);
		check_gap(rig, whole, pfn);
		rig_free(rig);
	}
	rig_free(whole);
}
