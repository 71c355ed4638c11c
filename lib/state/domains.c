// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Protection domains. Where a domain keeps its page table has changed four
 * times. Each variant has its own reader, chosen by the members it needs.
 * Kernel: drivers/iommu/amd/amd_iommu_types.h, struct protection_domain.
 */
#include <stdio.h>
#include <stdlib.h>

#include <common/index.h>

#include "needs.h"

/* enum protection_domain_mode, and the io_pgtable_fmt in 6.12's pd_mode. */
#define PD_MODE_V2_DEFAULT	2
#define TOP_LEVEL_MASK		7ull

/* include/linux/iommu.h, __IOMMU_DOMAIN_* */
enum ami_domain_kind state_domain_kind(uint32_t type)
{
	switch (type) {
	case 0x0:
		return AMI_DOMAIN_BLOCKED;
	case 0x1:
		return AMI_DOMAIN_UNMANAGED;
	case 0x3:
		return AMI_DOMAIN_DMA;
	case 0x4:
		return AMI_DOMAIN_IDENTITY;
	case 0xb:
		return AMI_DOMAIN_DMA_FQ;
	case 0x10:
		return AMI_DOMAIN_SVA;
	case 0x40:
		return AMI_DOMAIN_NESTED;
	default:
		return AMI_DOMAIN_UNKNOWN;
	}
}

unsigned int state_guest_levels(struct ami_state *s)
{
	uint64_t v;

	if (!ami_symbol(s->kernel, AMI_SYM_amd_iommu_gpt_level))
		return ami_symbol_unread(s->kernel,
					 AMI_SYM_amd_iommu_gpt_level) ? 0 : 4;
	if (!state_fetch_symbol(s, AMI_SYM_amd_iommu_gpt_level, 4, &v))
		return 0;
	return v == 5 ? 5 : 4;
}

/* The driver then sets HAD in the DTEs (iommufd, to migrate guests). */
static bool dirty_tracking(struct ami_state *s, const struct ami_domain *d,
			   const char *where)
{
	uint64_t v;

	return state_fetch(s, where, d->va, AMI_F_pdom_dirty_tracking, &v) && v;
}

static void set_table(struct ami_state *s, struct ami_domain *d,
		      enum ami_format format, uint64_t root_va,
		      unsigned int levels, const char *where)
{
	enum ami_mem mem;

	if (!root_va || !levels)
		return;
	mem = ami_virt_to_phys(s->kernel, root_va, &d->table.root);
	if (mem != AMI_MEM_OK && !ami_mem_wild(mem)) {
		state_report_untranslated(s, where, root_va, mem);
		d->readable = false;
		return;
	}
	if (mem != AMI_MEM_OK) {
		ami_finding_add_with(s->findings, AMI_FIND_DOMAIN_ROOT_INVALID,
				where,
				AMI_FACTS(AMI_SAYS(ADDRESS, root_va),
					  AMI_NAMES(READ, ami_mem_text(mem))),
				"The address of its page table, %#llx, is %s.",
				(unsigned long long)root_va, ami_mem_text(mem));
		d->readable = false;
		return;
	}
	d->table.format = format;
	d->table.levels = levels;
	d->table.sme_mask = ami_kernel_sme(s->kernel);
	d->table.ad_bits = format == AMI_FORMAT_V2 ||
			   dirty_tracking(s, d, where);
}

/* 5.10: one word, virtual root with the level count in its low bits. */
static void read_pt_root(struct ami_state *s, struct ami_domain *d,
			 const char *where)
{
	uint64_t v;

	if (!state_fetch(s, where, d->va, AMI_F_pdom_pt_root, &v))
		d->readable = false;
	else
		set_table(s, d, AMI_FORMAT_V1, v & ~(AMI_PAGE_SIZE - 1ull),
			  v & TOP_LEVEL_MASK, where);
}

/* 5.12 to 6.18: struct amd_io_pgtable inside the domain. */
static void read_io_pgtable(struct ami_state *s, struct ami_domain *d,
			    const char *where)
{
	uint64_t mode = 0, root = 0, pgd = 0;

	if (!state_fetch(s, where, d->va, AMI_F_pdom_iop_mode, &mode) ||
	    !state_fetch(s, where, d->va, AMI_F_pdom_iop_root, &root) ||
	    (!state_fetch(s, where, d->va, AMI_F_pdom_iop_pgd, &pgd) &&
	     ami_has(s->kernel, AMI_F_pdom_iop_pgd))) {
		d->readable = false;
		return;
	}
	if (mode > AMDVI_V1_MAX_LEVEL) {
		ami_finding_add_with(s->findings, AMI_FIND_DOMAIN_MODE_INVALID,
				where,
				AMI_FACTS(AMI_SAYS(LEVELS, mode)),
				"Its page table claims %llu levels.",
				(unsigned long long)mode);
		d->readable = false;
		return;
	}
	if (mode)
		set_table(s, d, AMI_FORMAT_V1, root, mode, where);
	else if (pgd && !state_guest_levels(s))
		d->readable = false;
	else
		set_table(s, d, AMI_FORMAT_V2, pgd, state_guest_levels(s), where);
}

/* From 6.19 on: generic_pt, virtual top with level - 1 in its low bits. */
static void read_generic_pt(struct ami_state *s, struct ami_domain *d,
			    const char *where)
{
	uint64_t mode, top;
	bool v2, known;

	known = state_fetch(s, where, d->va, AMI_F_pdom_pd_mode, &mode);
	v2 = (int64_t)mode == ami_enumerator(s->kernel, AMI_E_PD_MODE_V2,
					     PD_MODE_V2_DEFAULT);
	if (!known || !state_fetch(s, where, d->va, v2 ? AMI_F_pdom_amdv2_top :
				   AMI_F_pdom_amdv1_top, &top)) {
		d->readable = false;
		return;
	}
	set_table(s, d, v2 ? AMI_FORMAT_V2 : AMI_FORMAT_V1,
		  top & ~(AMI_PAGE_SIZE - 1ull), (top & TOP_LEVEL_MASK) + 1,
		  where);
}

/*
 * A protection domain that blocks has an empty table (VFIO's, up to 6.9). Later
 * kernels block with a bare iommu_domain, which is not a protection domain.
 */
static bool has_table(enum ami_domain_kind kind)
{
	return kind == AMI_DOMAIN_UNMANAGED || kind == AMI_DOMAIN_DMA ||
	       kind == AMI_DOMAIN_DMA_FQ || kind == AMI_DOMAIN_UNKNOWN ||
	       kind == AMI_DOMAIN_BLOCKED;
}

static void read_table(struct ami_state *s, struct ami_domain *d,
		       const char *where)
{
	if (!has_table(d->kind))
		return;
	if (ami_has(s->kernel, AMI_F_pdom_pt_root)) {
		read_pt_root(s, d, where);
	} else if (ami_has(s->kernel, AMI_F_pdom_iop_root)) {
		read_io_pgtable(s, d, where);
	} else if (ami_has(s->kernel, AMI_F_pdom_amdv1_top)) {
		read_generic_pt(s, d, where);
	} else {
		d->readable = false;	/* only the device table shows it */
	}
}

/*
 * Up to 6.6, iommu_v2 made domains without a table, for PASIDs alone. If the
 * member is not in the dump, this may be one.
 */
static bool only_for_pasids(struct ami_state *s, const struct ami_domain *d,
			    const char *where)
{
	uint64_t gcr3;

	if (d->kind != AMI_DOMAIN_UNMANAGED ||
	    !ami_has(s->kernel, AMI_F_pdom_gcr3_tbl))
		return false;
	return !state_fetch_vital(s, where, d->va, AMI_F_pdom_gcr3_tbl, &gcr3) ||
	       gcr3;
}

/* Does the first page of its table lead anywhere? */
static bool maps_something(struct ami_state *s, const struct ami_table *t)
{
	struct ami_dump *dump = ami_kernel_dump(s->kernel);
	enum ami_mem mem;
	const uint8_t *page = ami_dump_page(dump, t->root >> AMI_PAGE_SHIFT,
					    &mem);
	bool found = false;
	size_t i;

	if (!page)
		return false;
	for (i = 0; i < AMI_PAGE_SIZE && !found; i += 8)
		found = page[i] & 1;	/* present, in both formats */
	ami_dump_unpage(dump, page);
	return found;
}

/*
 * The first of its devices leads back to the domain's list of them. What was moved
 * here from another domain, as when two are swapped, leads back to that one.
 */
static bool is_of_another(struct ami_state *s, const struct ami_domain *d)
{
	uint64_t first, back;

	return ami_get(s->kernel, d->va, AMI_F_pdom_devices, &first) ==
	       AMI_MEM_OK && ami_kernel_address(first) &&
	       ami_read_u64(s->kernel, first + sizeof(first), &back) ==
	       AMI_MEM_OK &&
	       back != ami_addr(s->kernel, d->va, AMI_F_pdom_devices);
}

/* Zeros over a domain must not look like a domain that blocks. */
static void check_domain(struct ami_state *s, struct ami_domain *d,
			 const char *where)
{
	const char *wrong = NULL;

	if (d->id_known && !d->id)
		wrong = "has the ID 0, which the driver never assigns";
	else if (has_table(d->kind) && d->table.format == AMI_FORMAT_NONE &&
		 !only_for_pasids(s, d, where))
		wrong = "has no page table";
	else if (is_of_another(s, d))
		wrong = "has a list of devices that does not lead back to it";
	if (!d->readable || !wrong)
		return;
	d->readable = false;
	s->incomplete = true;
	ami_finding_add_with(s->findings, AMI_FIND_DOMAIN_CONTRADICTION, where,
			AMI_FACTS(
				AMI_NAMES(DOMAIN_TYPE,
					  ami_domain_kind_name(d->kind)),
				AMI_NAMES(FAULT, wrong)),
			"A domain of type %s %s: it was overwritten. What its devices could reach is unknown.",
			ami_domain_kind_name(d->kind), wrong);
}

void state_name_domain(const struct ami_domain *d, char where[DOMAIN_TEXT])
{
	if (d->id_known)
		snprintf(where, DOMAIN_TEXT, "domain %u", d->id);
	else
		snprintf(where, DOMAIN_TEXT, "domain at %#llx",
			 (unsigned long long)d->va);
}

static void read_domain(struct ami_state *s, struct ami_domain *d)
{
	char where[DOMAIN_TEXT];
	uint64_t v;

	d->readable = true;
	state_name_domain(d, where);
	d->id_known = state_fetch(s, where, d->va, AMI_F_pdom_id, &v);
	d->id = v;
	state_name_domain(d, where);
	if (ami_has(s->kernel, AMI_F_pdom_domain) &&
	    state_fetch(s, where, ami_addr(s->kernel, d->va, AMI_F_pdom_domain),
			AMI_F_iommu_domain_type, &v)) {
		d->type = v;
		d->type_known = true;
		d->kind = state_domain_kind(v);
	} else {
		d->kind = AMI_DOMAIN_UNKNOWN;
		d->readable = false;
	}
	/* It may be a bare iommu_domain, followed by anything. */
	if (d->kind == AMI_DOMAIN_BLOCKED &&
	    ami_symbol_unread(s->kernel, AMI_SYM_blocked_domain)) {
		d->readable = false;
		return;
	}
	read_table(s, d, where);
	check_domain(s, d, where);
}

/*
 * Is it the default domain of the device's group? The group is another object.
 */
static bool is_default(struct ami_state *s, const struct ami_device *device,
		       const struct ami_domain *d)
{
	uint64_t group = 0, domain = 0;

	return device->dev && ami_has(s->kernel, AMI_F_pdom_domain) &&
	       ami_get(s->kernel, device->dev, AMI_F_device_group, &group) ==
	       AMI_MEM_OK && group &&
	       ami_get(s->kernel, group, AMI_F_group_default_domain,
		       &domain) == AMI_MEM_OK &&
	       domain == ami_addr(s->kernel, d->va, AMI_F_pdom_domain);
}

/*
 * Type, cookie and flush queue are in one object, and zeros may cover it. The
 * page table and the group are other objects: a domain that blocks maps
 * nothing, and a group's default domain is of the DMA API, or identity.
 */
static void check_type(struct ami_state *s, const struct ami_device *device,
		       struct ami_domain *d)
{
	bool maps = d->kind == AMI_DOMAIN_BLOCKED &&
		    d->table.format != AMI_FORMAT_NONE &&
		    maps_something(s, &d->table);
	char where[DOMAIN_TEXT];

	if (d->overwritten || !d->type_known || d->kind == AMI_DOMAIN_DMA ||
	    d->kind == AMI_DOMAIN_DMA_FQ || d->kind == AMI_DOMAIN_IDENTITY ||
	    (!maps && !is_default(s, device, d)))
		return;
	d->overwritten = true;
	state_name_domain(d, where);
	ami_finding_add_with(s->findings, AMI_FIND_DOMAIN_CONTRADICTION, where,
			AMI_FACTS(
				AMI_NAMES(DOMAIN_TYPE,
					  ami_domain_kind_name(d->kind))),
			"A domain of type %s %s: it was overwritten. What it had queued for flushing is unknown.",
			ami_domain_kind_name(d->kind), maps ?
			"has a page table that maps memory" :
			"is the default domain of an IOMMU group");
}

/* @domain: where it is in the list, -1 where that is full. */
static int domain_at(struct ami_state *s, struct ami_index *known,
		     uint64_t va, int *domain)
{
	size_t at;

	*domain = -1;
	if (ami_index_find(known, va, &at)) {
		*domain = at;
		return 0;
	}
	switch (vec_push(s->domains, s->nr_domains, MAX_DOMAINS,
			 (struct ami_domain){ .va = va, .first_device = -1 })) {
	case VEC_OK:
		break;
	case VEC_FULL:
		state_report_full(s, &s->domains_full, "domains", MAX_DOMAINS);
		return 0;
	default:
		return -1;
	}
	*domain = s->nr_domains - 1;
	if (!ami_index_add(known, va, *domain))
		return -1;
	read_domain(s, &s->domains[*domain]);
	return 0;
}

static int read_domain_of(struct ami_state *s, struct ami_index *known,
			  struct ami_device *d)
{
	uint64_t blocked = ami_symbol(s->kernel, AMI_SYM_blocked_domain);
	char where[AMI_BDF_TEXT];
	uint64_t va = 0;

	ami_bdf_text(d->bdf, where);
	if (!d->dev_data)
		return 0;
	if (!state_fetch_vital(s, where, d->dev_data, AMI_F_dev_data_domain, &va))
		s->devices_whole = false;
	if (!va)
		return 0;
	/* A bare iommu_domain, not a protection_domain. */
	if (blocked && va == ami_container(s->kernel, blocked,
					   AMI_F_pdom_domain))
		return 0;
	if (domain_at(s, known, va, &d->domain))
		return -1;
	if (d->domain < 0)
		return 0;
	s->domains[d->domain].nr_devices++;
	check_type(s, d, &s->domains[d->domain]);
	return 0;
}

/* An alias without a device of its own uses its origin's domain. */
static int lend_domain(struct ami_state *s, const struct ami_device *origin)
{
	struct ami_bdf bdf = origin->bdf;
	int domain = origin->domain;
	struct ami_device *alias;

	if (domain < 0 || origin->alias.devid == bdf.devid)
		return 0;
	if (state_device_at(s, origin->alias, &alias))
		return -1;
	if (!alias || alias->dev_data || alias->domain >= 0)
		return 0;
	alias->domain = domain;
	s->domains[domain].nr_devices++;
	if (!alias->name[0]) {
		char text[AMI_BDF_TEXT];

		snprintf(alias->name, sizeof(alias->name), "alias of %s",
			 ami_bdf_text(bdf, text));
	}
	return 0;
}

int state_read_domains(struct ami_state *s)
{
	struct ami_index known = { .room = 0 };
	int ret = 0;
	size_t i;

	for (i = 0; i < s->nr_devices && !ret; i++)
		ret = read_domain_of(s, &known, &s->devices[i]);
	for (i = 0; i < s->nr_devices && !ret; i++)
		ret = lend_domain(s, &s->devices[i]);
	ami_index_free(&known);
	return ret;
}

/*
 * Once devices have their final places: link each domain's, in ascending order.
 */
void state_link_domains(struct ami_state *s)
{
	size_t i;

	for (i = s->nr_devices; i-- > 0;) {
		struct ami_device *d = &s->devices[i];

		d->next_in_domain = -1;
		if (d->domain < 0)
			continue;
		d->next_in_domain = s->domains[d->domain].first_device;
		s->domains[d->domain].first_device = i;
	}
}
