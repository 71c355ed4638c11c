// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the readers need of a kernel's structures. Variants are chosen by the
 * members that exist. If a kernel has none of the members that could hold a
 * fact, the fact is missing from the report, and a finding names the member.
 */
#include <stdio.h>

#include "needs.h"

#define NO_FIELD	AMI_NR_FIELDS
#define NO_SYMBOL	AMI_NR_SYMBOLS
#define MAX_ALTERNATIVES	3
#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* What a report is worth without the fact. */
enum weight {
	NOTE,		/* nothing follows from it */
	PART,		/* the report says less, and errs on the safe side */
	VITAL,		/* who could write what is no longer known */
};

/**
 * struct need - a fact, and the members that hold it in one kernel or another
 * @given: only kernels with this member are expected to have it
 * @variable: what holds it in kernels that have none of the members
 */
struct need {
	enum need_part part;
	enum weight weight;
	enum ami_field field[MAX_ALTERNATIVES];
	enum ami_field given;
	enum ami_symbol variable;
	const char *what;
};

#define ROW(part, weight, given, variable, what, a, b, c)		\
	{ NEED_##part, weight, { a, b, c }, given, variable, what }
#define ONE(part, weight, f, what)					\
	ROW(part, weight, NO_FIELD, NO_SYMBOL, what, AMI_F_##f, NO_FIELD, \
	    NO_FIELD)
#define GIVEN(part, weight, g, f, what)					\
	ROW(part, weight, AMI_F_##g, NO_SYMBOL, what, AMI_F_##f, NO_FIELD, \
	    NO_FIELD)
#define TWO(part, weight, f, g, what)					\
	ROW(part, weight, NO_FIELD, NO_SYMBOL, what, AMI_F_##f, AMI_F_##g, \
	    NO_FIELD)
#define THREE(part, weight, f, g, h, what)				\
	ROW(part, weight, NO_FIELD, NO_SYMBOL, what, AMI_F_##f, AMI_F_##g, \
	    AMI_F_##h)
#define OR_VARIABLE(part, weight, f, y, what)				\
	ROW(part, weight, NO_FIELD, AMI_SYM_##y, what, AMI_F_##f, NO_FIELD, \
	    NO_FIELD)

static const struct need needs[] = {
	ONE(OTHER, NOTE, amd_iommu_index, "the numbers of IOMMUs"),
	ONE(OTHER, NOTE, amd_iommu_devid, "the addresses of IOMMUs"),
	ONE(OTHER, NOTE, amd_iommu_mmio_phys, "where registers are"),
	ONE(OTHER, NOTE, amd_iommu_cap, "the capability header"),
	ONE(OTHER, NOTE, amd_iommu_acpi_flags, "the flags from ACPI"),
	ONE(OTHER, NOTE, amd_iommu_features, "the features of IOMMUs"),
	ONE(OTHER, NOTE, amd_iommu_flags, "whether translation was on at boot"),
	ONE(OTHER, NOTE, amd_iommu_ppr_log, "the PPR log"),
	ONE(OTHER, NOTE, amd_iommu_ga_log, "the GA log"),
	ONE(OTHER, NOTE, amd_iommu_ga_log_tail, "where the GA log's tail is written"),
	ONE(OTHER, VITAL, amd_iommu_evt_buf, "the event log"),
	ONE(OTHER, VITAL, amd_iommu_cmd_buf, "the command ring"),
	ONE(OTHER, VITAL, amd_iommu_cmd_buf_tail, "the ring's tail"),
	ONE(OTHER, VITAL, amd_iommu_cmd_sem, "the completion semaphore"),
	ONE(OTHER, VITAL, amd_iommu_cmd_sem_val, "how many completion waits were issued"),
	ONE(OTHER, PART, amd_iommu_need_sync, "whether commands were queued after the last completion wait"),
	ONE(OTHER, PART, amd_iommu_lock, "whether a command was being queued"),

	GIVEN(SEGMENTS, VITAL, seg_dev_data_list, seg_list, "the PCI segments"),
	GIVEN(OTHER, VITAL, seg_dev_data_list, seg_id, "the numbers of PCI segments"),
	GIVEN(OTHER, VITAL, seg_dev_data_list, amd_iommu_pci_seg, "the PCI segment of an IOMMU"),
	OR_VARIABLE(OTHER, VITAL, seg_dev_table, amd_iommu_dev_table, "the device tables"),
	OR_VARIABLE(OTHER, VITAL, seg_dev_data_list, dev_data_list, "the driver's devices"),
	OR_VARIABLE(OTHER, PART, seg_last_bdf, amd_iommu_last_bdf, "the last device ID"),
	OR_VARIABLE(OTHER, PART, seg_dev_table_size, dev_table_size, "the size of device tables"),
	OR_VARIABLE(OTHER, PART, seg_rlookup_table, amd_iommu_rlookup_table, "which IOMMU is in charge of a device"),
	OR_VARIABLE(OTHER, PART, seg_alias_table, amd_iommu_alias_table, "which requester ID a device uses"),
	OR_VARIABLE(OTHER, NOTE, seg_irq_lookup_table, irq_lookup_table, "the driver's interrupt remapping tables"),
	OR_VARIABLE(OTHER, NOTE, seg_unity_map, amd_iommu_unity_map, "unity maps"),
	ONE(UNITY, NOTE, unity_list, "unity maps"),
	ONE(OTHER, NOTE, unity_devid_start, "unity maps"),
	ONE(OTHER, NOTE, unity_devid_end, "unity maps"),
	ONE(OTHER, NOTE, unity_address_start, "unity maps"),
	ONE(OTHER, NOTE, unity_address_end, "unity maps"),
	ONE(OTHER, NOTE, unity_prot, "unity maps"),
	ONE(OTHER, NOTE, irt_table, "the driver's interrupt remapping tables"),

	ONE(DEV_DATA, VITAL, dev_data_node, "the driver's devices"),
	ONE(DEV_DATA, VITAL, dev_data_devid, "the driver's devices"),
	ONE(OTHER, VITAL, dev_data_domain, "which domain a device has"),
	TWO(OTHER, PART, dev_data_dev, dev_data_pdev, "which device the driver's data belongs to"),
	TWO(OTHER, NOTE, dev_data_ats_enabled, dev_data_ats_510, "whether a device uses ATS"),
	ONE(OTHER, NOTE, dev_data_defer_attach, "whether an attachment was deferred"),
	TWO(GCR3, PART, dev_data_gcr3_tbl, pdom_gcr3_tbl, "PASIDs as the driver knows them"),
	TWO(GCR3, PART, dev_data_gcr3_glx, pdom_glx, "PASIDs as the driver knows them"),
	GIVEN(GCR3, PART, dev_data_gcr3_tbl, dev_data_gcr3_domid, "the domain ID of a device with guest tables"),

	ONE(OTHER, VITAL, pdom_domain, "domains"),
	ONE(OTHER, VITAL, pdom_id, "the IDs of domains"),
	ONE(OTHER, VITAL, iommu_domain_type, "the types of domains"),
	THREE(TABLE, VITAL, pdom_pt_root, pdom_iop_root, pdom_amdv1_top, "page tables as the driver knows them"),
	GIVEN(TABLE, VITAL, pdom_iop_root, pdom_iop_mode, "page tables as the driver knows them"),
	GIVEN(TABLE, VITAL, pdom_amdv1_top, pdom_pd_mode, "the format of a domain's page table"),
	ROW(OTHER, PART, AMI_F_pdom_pd_mode, NO_SYMBOL, "v2 page tables as the driver knows them",
	    AMI_F_pdom_iop_pgd, AMI_F_pdom_amdv2_top, NO_FIELD),

	ONE(FLUSHQ, PART, iommu_domain_cookie, "flush queues"),
	TWO(FLUSHQ, PART, cookie_type, iommu_domain_cookie_type, "flush queues"),
	ONE(FLUSHQ, PART, cookie_iovad, "flush queues"),
	ONE(FLUSHQ, PART, cookie_fq_domain, "flush queues"),
	THREE(FLUSHQ, PART, iovad_fq, cookie_fq, cookie_percpu_fq, "flush queues"),
	GIVEN(FLUSHQ, PART, cookie_percpu_fq, cookie_single_fq, "flush queues"),
	GIVEN(FLUSHQ, PART, cookie_percpu_fq, cookie_qt, "the kind of a flush queue"),
	GIVEN(FLUSHQ, PART, cookie_percpu_fq, fq_mod_mask, "the size of flush queues"),
	TWO(FLUSHQ, PART, iovad_start_cnt, cookie_start_cnt, "which unmaps were flushed"),
	TWO(FLUSHQ, PART, iovad_finish_cnt, cookie_finish_cnt, "which unmaps were flushed"),
	TWO(FLUSHQ, PART, iovad_fq_timer_on, cookie_fq_timer_on, "whether unmaps wait to be flushed"),
	ONE(FLUSHQ, PART, iovad_granule, "the IOVAs in flush queues"),
	ONE(FLUSHQ, PART, fq_entries, "flush queues"),
	ONE(FLUSHQ, PART, fq_head, "flush queues"),
	ONE(FLUSHQ, PART, fq_tail, "flush queues"),
	ONE(FLUSHQ, PART, fq_entry_iova_pfn, "flush queues"),
	ONE(FLUSHQ, PART, fq_entry_pages, "flush queues"),
	ONE(FLUSHQ, PART, fq_entry_counter, "which unmaps were flushed"),
	GIVEN(OTHER, PART, cookie_percpu_fq, fq_entry_freelist, "page tables that were freed and not flushed"),

	TWO(OTHER, PART, iovad_lock, iovad_lock_owner, "whether the IOVA allocator was at work"),
	ONE(IOVA, PART, iovad_rbroot, "the allocated IOVA ranges"),
	ONE(IOVA, PART, iovad_anchor, "the allocated IOVA ranges"),
	ONE(IOVA, PART, iovad_rcaches, "IOVA ranges kept for reuse"),
	ONE(IOVA, PART, iova_node, "the allocated IOVA ranges"),
	ONE(IOVA, PART, iova_pfn_hi, "the allocated IOVA ranges"),
	ONE(IOVA, PART, iova_pfn_lo, "the allocated IOVA ranges"),
	TWO(IOVA, PART, rcache_depot_size, magazine_next, "IOVA ranges kept for reuse"),
	ONE(IOVA, PART, rcache_depot, "IOVA ranges kept for reuse"),
	ONE(IOVA, PART, rcache_cpus, "IOVA ranges kept for reuse"),
	ONE(IOVA, PART, magazine_size, "IOVA ranges kept for reuse"),
	ONE(IOVA, PART, magazine_pfns, "IOVA ranges kept for reuse"),
	ONE(IOVA, PART, cpu_rcache_loaded, "IOVA ranges kept for reuse"),
	ONE(IOVA, PART, cpu_rcache_prev, "IOVA ranges kept for reuse"),

	TWO(DEVICES, NOTE, device_kobj_name, device_init_name, "the names of devices"),
	ONE(DEVICES, PART, device_driver, "whether a device has a driver"),
	ONE(DEVICES, NOTE, device_driver_name, "the names of drivers"),
	ONE(DEVICES, NOTE, device_group, "IOMMU groups"),
	ONE(DEVICES, NOTE, group_id, "the numbers of IOMMU groups"),
	ONE(OTHER, NOTE, pdom_devices, "whether a domain is where its devices say"),
	ONE(DEVICES, NOTE, group_domain, "which domain a group's devices were attached to"),
	ONE(DEVICES, NOTE, group_default_domain, "which domain is a group's default"),
	ONE(PCI, VITAL, pci_dev_dev, "the devices on PCI buses"),
	ONE(PCI, VITAL, pci_dev_bus_list, "the devices on PCI buses"),
	ONE(PCI, VITAL, pci_dev_devfn, "the devices on PCI buses"),
	ONE(PCI, VITAL, pci_bus_node, "the devices on PCI buses"),
	ONE(PCI, VITAL, pci_bus_children, "the devices on PCI buses"),
	ONE(PCI, VITAL, pci_bus_devices, "the devices on PCI buses"),
	ONE(PCI, VITAL, pci_bus_number, "the devices on PCI buses"),
	ONE(PCI, VITAL, pci_bus_sysdata, "the PCI segment of a bus"),
	ONE(PCI, VITAL, pci_sysdata_domain, "the PCI segment of a bus"),
	ONE(DEVICES, NOTE, pci_dev_vendor, "the IDs of PCI devices"),
	ONE(DEVICES, NOTE, pci_dev_device, "the IDs of PCI devices"),
	ONE(DEVICES, NOTE, pci_dev_class, "the classes of PCI devices"),
	ONE(DEVICES, PART, pci_dev_hdr_type, "which PCI device is a bridge"),
	ONE(DEVICES, PART, pci_dev_is_busmaster, "which PCI devices are bus masters"),
	ONE(DEVICES, NOTE, pci_dev_msi_enabled, "which PCI devices have MSI"),
	ONE(DEVICES, NOTE, pci_dev_msix_enabled, "which PCI devices have MSI-X"),
	ONE(DEVICES, NOTE, pci_bus_self, "behind which bridge a bus is"),
};

static bool met(const struct ami_state *s, const struct need *need)
{
	size_t i;

	if (need->given != NO_FIELD && !ami_has(s->kernel, need->given))
		return true;
	/* Its address is unknown: it exists, and has its own finding. */
	if (need->variable != NO_SYMBOL &&
	    ami_kernel_layout(s->kernel)->symbol[need->variable])
		return true;
	for (i = 0; i < MAX_ALTERNATIVES; i++)
		if (need->field[i] != NO_FIELD &&
		    ami_has(s->kernel, need->field[i]))
			return true;
	return false;
}

bool state_misses_member(const struct ami_state *s, enum need_part part)
{
	size_t i;

	for (i = 0; i < COUNT(needs); i++)
		if (needs[i].part == part && !met(s, &needs[i]))
			return true;
	return false;
}

/* "a.b, c.d or the variable e" */
static void name(const struct need *need, char *text, size_t size)
{
	size_t i, used = 0;

	for (i = 0; i < MAX_ALTERNATIVES && used < size; i++) {
		const struct ami_field_want *want;

		if (need->field[i] == NO_FIELD)
			break;
		want = &ami_field_wants[need->field[i]];
		used += snprintf(text + used, size - used, "%s%s.%s",
				 i ? " or " : "", want->type, want->path);
	}
	if (need->variable != NO_SYMBOL && used < size)
		snprintf(text + used, size - used, " or variable %s",
			 ami_symbol_wants[need->variable].name);
}

/* Does the kernel have it, at an unknown place? */
static bool is_doubted(const struct ami_state *s, const struct need *need)
{
	size_t i;

	for (i = 0; i < MAX_ALTERNATIVES; i++)
		if (need->field[i] != NO_FIELD && ami_kernel_layout(s->kernel)
						   ->field[need->field[i]].doubt)
			return true;
	return false;
}

/* Without AMD IOMMUs nothing is read but the devices. */
static bool applies(const struct ami_state *s, const struct need *need)
{
	return s->guard == AMI_GUARD_AMD || need->part == NEED_DEVICES ||
	       need->part == NEED_PCI;
}

void state_check_needs(struct ami_state *s)
{
	size_t i;

	for (i = 0; i < COUNT(needs); i++) {
		char text[160];

		if (met(s, &needs[i]) || !applies(s, &needs[i]))
			continue;
		s->incomplete |= needs[i].weight == VITAL;
		if (is_doubted(s, &needs[i]))
			continue;
		name(&needs[i], text, sizeof(text));
		(needs[i].weight == NOTE ? ami_finding_note_with :
					   ami_finding_add_with)(
			s->findings, AMI_FIND_FIELD_MISSING, "kernel",
			AMI_FACTS(AMI_NAMES(MEMBER, text),
				  AMI_NAMES(MISSING, needs[i].what)),
			"This kernel has no member %s. What rests on it is missing from the report: %s.",
			text, needs[i].what);
	}
}
