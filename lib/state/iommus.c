// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PCI segments with their device tables, and the IOMMUs.
 * Kernel: drivers/iommu/amd/amd_iommu_types.h, init.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "needs.h"
#include "record.h"

static int add_segment(struct ami_state *s, const struct ami_segment *seg)
{
	/* As long as the list may be, at most. */
	return vec_push(s->segments, s->nr_segments, MAX_SEGMENTS, *seg) ? -1 : 0;
}

/* Head of a list in a segment. 0: this kernel does not have the member. */
static uint64_t head_in(const struct ami_state *s,
			const struct ami_segment *seg, enum ami_field f)
{
	return ami_has(s->kernel, f) ? ami_addr(s->kernel, seg->va, f) : 0;
}

static void fetch_segment(struct ami_state *s, struct ami_segment *seg)
{
	uint64_t v;
	char where[32];

	state_fetch_vital(s, "PCI segment", seg->va, AMI_F_seg_id, &v);
	seg->id = v;
	snprintf(where, sizeof(where), "segment %04x", seg->id);
	seg->last_bdf_known = state_fetch(s, where, seg->va, AMI_F_seg_last_bdf, &v);
	seg->last_bdf = v;
	if (state_fetch(s, where, seg->va, AMI_F_seg_dev_table_size, &v))
		seg->dev_table_size = v;
	seg->dev_table_read = state_fetch_vital(s, where, seg->va,
						AMI_F_seg_dev_table,
						&seg->dev_table);
	state_fetch_vital(s, where, seg->va, AMI_F_seg_rlookup_table,
			  &seg->rlookup_table);
	state_fetch_vital(s, where, seg->va, AMI_F_seg_alias_table,
			  &seg->alias_table);
	state_fetch(s, where, seg->va, AMI_F_seg_irq_lookup_table,
		    &seg->irq_lookup_table);
	seg->dev_data_head = head_in(s, seg, AMI_F_seg_dev_data_list);
	seg->unity_head = head_in(s, seg, AMI_F_seg_unity_map);
}

/* Up to 5.19 one set of global tables serves every segment. */
static void fetch_globals(struct ami_state *s, struct ami_segment *seg)
{
	uint64_t v;

	seg->last_bdf_known = state_fetch_symbol(s, AMI_SYM_amd_iommu_last_bdf, 2, &v);
	seg->last_bdf = v;
	if (state_fetch_symbol(s, AMI_SYM_dev_table_size, 4, &v))
		seg->dev_table_size = v;
	seg->dev_table_read = state_fetch_symbol(s, AMI_SYM_amd_iommu_dev_table, 8,
						 &seg->dev_table);
	state_fetch_symbol(s, AMI_SYM_amd_iommu_rlookup_table, 8,
			   &seg->rlookup_table);
	state_fetch_symbol(s, AMI_SYM_amd_iommu_alias_table, 8, &seg->alias_table);
	state_fetch_symbol(s, AMI_SYM_irq_lookup_table, 8, &seg->irq_lookup_table);
	seg->dev_data_head = ami_symbol(s->kernel, AMI_SYM_dev_data_list);
	seg->unity_head = ami_symbol(s->kernel, AMI_SYM_amd_iommu_unity_map);
}

static int read_unity(struct ami_state *s, struct ami_segment *seg)
{
	struct ami_list_iter it;
	uint64_t node, v;

	if (!seg->unity_head || state_misses_member(s, NEED_UNITY))
		return 0;
	ami_list_start(&it, s->kernel, seg->unity_head, MAX_UNITY);
	while (ami_list_next(&it, &node)) {
		uint64_t va = ami_container(s->kernel, node, AMI_F_unity_list);
		struct ami_unity u = { .first.segment = seg->id };

		if (!state_fetch(s, "unity map", va, AMI_F_unity_devid_start, &v))
			continue;
		u.first.devid = v;
		if (!state_fetch(s, "unity map", va, AMI_F_unity_devid_end, &v))
			continue;
		u.last = v;
		state_fetch(s, "unity map", va, AMI_F_unity_address_start, &u.start);
		state_fetch(s, "unity map", va, AMI_F_unity_address_end, &u.end);
		state_fetch(s, "unity map", va, AMI_F_unity_prot, &v);
		u.read = v & 1;
		u.write = v & 2;
		if (vec_push(seg->unity, seg->nr_unity, MAX_UNITY, u))
			return -1;
	}
	state_list_report(s, &it, "unity map");
	return 0;
}

static void check_device_table(struct ami_state *s, struct ami_segment *seg)
{
	enum ami_mem mem;
	char where[32];

	snprintf(where, sizeof(where), "segment %04x", seg->id);
	if (!ami_has(s->kernel, AMI_F_seg_dev_table) &&
	    !ami_symbol(s->kernel, AMI_SYM_amd_iommu_dev_table))
		return;
	mem = seg->dev_table_read ?
	      ami_virt_to_phys(s->kernel, seg->dev_table,
			       &seg->dev_table_phys) : AMI_MEM_FILTERED;
	if (ami_mem_wild(mem)) {
		ami_finding_add_with(s->findings, AMI_FIND_DEVICE_TABLE_UNKNOWN,
				where,
				AMI_FACTS(AMI_SAYS(ADDRESS, seg->dev_table)),
				"The device table's address %#llx does not translate. What each device could reach is unknown.",
				(unsigned long long)seg->dev_table);
		seg->dev_table = 0;
		s->incomplete = true;
	}
	if (seg->dev_table_size > 65536 * AMDVI_DTE_SIZE)
		seg->dev_table_size = 65536 * AMDVI_DTE_SIZE;
	if (!seg->dev_table_size && seg->last_bdf_known)
		seg->dev_table_size = (seg->last_bdf + 1u) * AMDVI_DTE_SIZE;
	/* One gives the other: all tables are for a power of two of IDs. */
	if (!seg->last_bdf_known && seg->dev_table_size >= AMDVI_DTE_SIZE)
		seg->last_bdf = seg->dev_table_size / AMDVI_DTE_SIZE - 1;
	s->incomplete |= !seg->dev_table_size;
}

/* Any of these: a missing member does not make it another variant. */
static bool per_segment(const struct ami_state *s)
{
	return ami_has(s->kernel, AMI_F_seg_dev_table) ||
	       ami_has(s->kernel, AMI_F_seg_dev_data_list);
}

int state_read_segments(struct ami_state *s)
{
	struct ami_list_iter it;
	uint64_t node;
	size_t i;

	if (!per_segment(s)) {
		struct ami_segment seg = { .id = 0 };

		fetch_globals(s, &seg);
		if (add_segment(s, &seg))
			return -1;
	} else if (!state_misses_member(s, NEED_SEGMENTS)) {
		ami_list_start(&it, s->kernel,
			       ami_symbol(s->kernel,
					  AMI_SYM_amd_iommu_pci_seg_list),
			       MAX_SEGMENTS);
		while (ami_list_next(&it, &node)) {
			struct ami_segment seg = {
				.va = ami_container(s->kernel, node,
						    AMI_F_seg_list),
			};

			fetch_segment(s, &seg);
			if (add_segment(s, &seg))
				return -1;
		}
		state_list_report(s, &it, "list of PCI segments");
		s->segments_whole = it.mem == AMI_MEM_OK;
	} else {
		s->segments_whole = false;
	}
	for (i = 0; i < s->nr_segments; i++) {
		check_device_table(s, &s->segments[i]);
		if (read_unity(s, &s->segments[i]))
			return -1;
	}
	return 0;
}

static int segment_of(const struct ami_state *s, uint64_t va)
{
	size_t i;

	if (s->nr_segments == 1 &&
	    (!s->segments[0].va || !ami_has(s->kernel,
					    AMI_F_amd_iommu_pci_seg)))
		return 0;
	for (i = 0; i < s->nr_segments; i++)
		if (s->segments[i].va == va)
			return i;
	return -1;
}

static void fetch_features(struct ami_state *s, struct ami_iommu *iommu,
			   const char *where)
{
	uint64_t v;

	state_fetch(s, where, iommu->va, AMI_F_amd_iommu_features, &iommu->features);
	state_fetch(s, where, iommu->va, AMI_F_amd_iommu_features2,
		    &iommu->features2);
	/* From 6.2 on the driver keeps one copy for all IOMMUs. */
	if (!iommu->features && state_fetch_symbol(s, AMI_SYM_amd_iommu_efr, 8, &v))
		iommu->features = v;
	if (!iommu->features2 && state_fetch_symbol(s, AMI_SYM_amd_iommu_efr2, 8, &v))
		iommu->features2 = v;
}

static void fetch_iommu(struct ami_state *s, struct ami_iommu *iommu)
{
	uint64_t v, seg = 0;
	char where[32];
	bool known;

	state_fetch_vital(s, "IOMMU", iommu->va, AMI_F_amd_iommu_index, &v);
	iommu->index = v;
	snprintf(where, sizeof(where), "iommu%u", iommu->index);
	state_fetch_vital(s, where, iommu->va, AMI_F_amd_iommu_devid, &v);
	iommu->bdf.devid = v;
	known = state_fetch_vital(s, where, iommu->va, AMI_F_amd_iommu_pci_seg, &seg);
	iommu->segment = segment_of(s, seg);
	if (iommu->segment >= 0)
		iommu->bdf.segment = s->segments[iommu->segment].id;
	else if (known && s->segments_whole)
		ami_finding_add_with(s->findings,
				AMI_FIND_IOMMU_WITHOUT_SEGMENT, where,
				AMI_FACTS(AMI_SAYS(ADDRESS, seg)),
				"Its PCI segment pointer %#llx is not one of the known segments.",
				(unsigned long long)seg);
	state_fetch(s, where, iommu->va, AMI_F_amd_iommu_cap, &v);
	iommu->cap = v;
	state_fetch(s, where, iommu->va, AMI_F_amd_iommu_acpi_flags, &v);
	iommu->acpi_flags = v;
	state_fetch(s, where, iommu->va, AMI_F_amd_iommu_flags, &v);
	iommu->pre_enabled = v & 1;
	state_fetch(s, where, iommu->va, AMI_F_amd_iommu_mmio_phys,
		    &iommu->mmio_phys);
	fetch_features(s, iommu, where);
}

int state_read_iommus(struct ami_state *s)
{
	struct ami_list_iter it;
	uint64_t node;

	state_find_record(s);
	ami_list_start(&it, s->kernel,
		       ami_symbol(s->kernel, AMI_SYM_amd_iommu_list), MAX_IOMMUS);
	while (ami_list_next(&it, &node)) {
		struct ami_iommu *iommu;

		if (vec_push(s->iommus, s->nr_iommus, MAX_IOMMUS,
			     (struct ami_iommu){
			.va = ami_container(s->kernel, node,
					    AMI_F_amd_iommu_list),
		}))
			return -1;
		iommu = &s->iommus[s->nr_iommus - 1];
		fetch_iommu(s, iommu);
		state_read_ring(s, iommu);
		if (state_read_logs(s, iommu))
			return -1;
		state_mark_foreign(s, iommu);
		state_read_registers(s, iommu);
		state_ring_as_recorded(s, iommu);
		if (state_log_as_recorded(s, iommu))
			return -1;
		state_report_logs(s, iommu);
		state_grade_ring(s, iommu);
		state_hold_registers(s, iommu);
		state_report_outstanding(s, iommu);
	}
	state_list_report(s, &it, "list of IOMMUs");
	s->iommus_whole = it.mem == AMI_MEM_OK && !it.broken;
	return 0;
}
