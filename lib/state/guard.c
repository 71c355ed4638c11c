// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What stood between the devices and memory: AMD IOMMUs, an IOMMU of another
 * make, or nothing. Without an AMD IOMMU the lists of its driver are empty; so
 * they are where damage emptied them, and then other variables of the driver
 * say that it had been at work.
 */
#include <string.h>

#include "state.h"

#define PCI_CLASS_HOST_BRIDGE	0x0600u
#define PCI_CLASS_IOMMU		0x0806u
#define XEN_PV_DOMAIN	1	/* enum xen_domain_type, include/xen/xen.h */

const char *ami_guard_name(enum ami_guard guard)
{
	static const char *const name[] = { "amd", "none", "other" };

	return name[guard];
}

const char *ami_no_amd_name(enum ami_no_amd why)
{
	static const char *const name[] = {
		NULL, "not-built", "amd_iommu=off", "not-found", "not-asked",
		"failed",
	};

	return name[why];
}

const char *ami_no_amd_text(enum ami_no_amd why)
{
	static const char *const text[] = {
		"the driver has no IOMMU",
		"the kernel was built without the driver",
		"amd_iommu=off",
		"the driver found none",
		"the driver was not asked to look for one",
		"the driver's initialisation failed",
	};

	return text[why];
}

const char *ami_other_text(const struct ami_state *s)
{
	return !strcmp(s->other, "Intel") ? "an Intel IOMMU" :
	       !strcmp(s->other, "Xen") ? "Xen below this kernel" :
	       "an IOMMU of another make";
}

/* A list that has nothing but its head. */
static bool is_empty_list(const struct ami_state *s, enum ami_symbol y)
{
	uint64_t at = ami_symbol(s->kernel, y), next;

	return at && ami_read_u64(s->kernel, at, &next) == AMI_MEM_OK &&
	       next == at;
}

static bool is_state(const struct ami_state *s, uint64_t v,
		     enum ami_enumerator e)
{
	return (int64_t)v == ami_enumerator(s->kernel, e, -1);
}

static enum ami_no_amd why_empty(const struct ami_state *s, uint64_t v)
{
	static const struct {
		enum ami_enumerator state;
		enum ami_no_amd why;
	} row[] = {
		{ AMI_E_IOMMU_CMDLINE_DISABLED, AMI_NO_AMD_OFF },
		{ AMI_E_IOMMU_NOT_FOUND, AMI_NO_AMD_NOT_FOUND },
		{ AMI_E_IOMMU_START_STATE, AMI_NO_AMD_NOT_ASKED },
		{ AMI_E_IOMMU_INIT_ERROR, AMI_NO_AMD_FAILED },
	};
	size_t i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (is_state(s, v, row[i].state))
			return row[i].why;
	return AMI_NO_AMD_UNKNOWN;
}

/* Does anything but the list of IOMMUs show that there were some? */
static bool was_at_work(const struct ami_state *s, bool known, uint64_t v)
{
	uint64_t list = ami_symbol(s->kernel, AMI_SYM_amd_iommu_pci_seg_list);
	uint64_t table = ami_symbol(s->kernel, AMI_SYM_amd_iommu_dev_table);

	if (known && is_state(s, v, AMI_E_IOMMU_INITIALIZED))
		return true;
	if (list && !is_empty_list(s, AMI_SYM_amd_iommu_pci_seg_list))
		return true;
	return table && ami_read_u64(s->kernel, table, &v) == AMI_MEM_OK && v;
}

/* The kernel's table of symbols may have lost one name, hardly all of them. */
static bool has_other_symbols(const struct ami_state *s)
{
	static const enum ami_symbol driver[] = {
		AMI_SYM_amd_iommu_pci_seg_list, AMI_SYM_amd_iommu_dev_table,
		AMI_SYM_amd_iommu_guest_ir, AMI_SYM_dev_data_list,
		AMI_SYM_amd_iommu_pgtable, AMI_SYM_amd_iommu_snp_en,
	};
	size_t i;

	for (i = 0; i < sizeof(driver) / sizeof(driver[0]); i++)
		if (ami_kernel_layout(s->kernel)->symbol[driver[i]])
			return true;
	return false;
}

static void report_contradiction(struct ami_state *s, const char *what)
{
	s->incomplete = true;
	ami_finding_add_with(s->findings, AMI_FIND_IOMMU_LIST_CONTRADICTION, "kernel",
			AMI_FACTS(AMI_NAMES(CAUSE, what)),
			"%s, but other variables of the driver show that it had been at work. What its IOMMUs let devices reach is unknown.",
			what);
}

static bool amd_at_work(struct ami_state *s)
{
	uint64_t v = 0;
	bool known;

	if (!ami_symbol(s->kernel, AMI_SYM_amd_iommu_list)) {
		s->no_amd = AMI_NO_AMD_NOT_BUILT;
		if (!has_other_symbols(s))
			return false;
		report_contradiction(s, "The kernel has no variable amd_iommu_list");
		return true;
	}
	if (!is_empty_list(s, AMI_SYM_amd_iommu_list))
		return true;
	known = state_fetch_late(s, AMI_SYM_init_state, &v);
	if (known)
		s->no_amd = why_empty(s, v);
	if (!was_at_work(s, known, v))
		return false;
	report_contradiction(s, "The driver's list of IOMMUs is empty");
	return true;
}

void state_find_guard(struct ami_state *s)
{
	uint64_t v;

	if (amd_at_work(s))
		return;
	s->guard = AMI_GUARD_NONE;
	if (state_fetch_symbol(s, AMI_SYM_intel_iommu_enabled, 4, &v) && v)
		s->other = "Intel";
	else if (state_fetch_late(s, AMI_SYM_xen_domain_type, &v) &&
		 v == XEN_PV_DOMAIN)
		s->other = "Xen";
	if (s->other)
		s->guard = AMI_GUARD_OTHER;
}

/*
 * A group with a domain shows an IOMMU that no variable names, such as
 * virtio-iommu. VFIO makes groups without one where there is no IOMMU.
 */
static void find_others_groups(struct ami_state *s)
{
	size_t i;

	for (i = 0; i < s->nr_devices && !s->other; i++)
		if (s->devices[i].group_domain.va)
			s->other = "another";
	if (s->other)
		s->guard = AMI_GUARD_OTHER;
}

void state_report_guard(struct ami_state *s)
{
	const char *why = ami_no_amd_text(s->no_amd);

	if (s->guard == AMI_GUARD_AMD)
		return;
	find_others_groups(s);
	if (s->guard == AMI_GUARD_NONE)
		ami_finding_add_with(s->findings, AMI_FIND_NO_IOMMU, "kernel",
				AMI_FACTS(AMI_NAMES(CAUSE, why)),
				"No IOMMU was at work (%s): nothing restrained the devices, and each of them reaches all of memory.",
				why);
	else if (!strcmp(s->other, "Xen"))
		ami_finding_add(s->findings, AMI_FIND_OTHER_IOMMU, "kernel",
				"This kernel ran under Xen (PV). Its devices use machine addresses, and only the hypervisor's tables say which physical addresses those are. amdiommu does not read these tables: they may have bounded the devices, or not.");
	else
		ami_finding_add_with(s->findings, AMI_FIND_OTHER_IOMMU, "kernel",
				AMI_FACTS(AMI_NAMES(CAUSE, why)),
				"No AMD IOMMU was at work (%s), but %s was. amdiommu does not read its tables: they may have bounded the devices that it covers, or not.",
				why, ami_other_text(s));
}

/* The root complex, bridges and an IOMMU in nobody's use write nothing. */
static bool is_passive(const struct ami_device *d)
{
	return d->is_bridge ||
	       ((d->class >> 8 == PCI_CLASS_HOST_BRIDGE ||
		 d->class >> 8 == PCI_CLASS_IOMMU) &&
		!d->driver[0] && !ami_device_active(d));
}

void state_settle_unguarded(struct ami_state *s, struct ami_device *d)
{
	d->translation = AMI_TRANSLATION_NONE;
	if (s->guard == AMI_GUARD_OTHER && !strcmp(s->other, "Xen"))
		d->translation = AMI_TRANSLATION_OTHER;
	else if (s->guard == AMI_GUARD_OTHER && d->group_domain.va)
		d->translation = d->group_domain.kind == AMI_DOMAIN_IDENTITY ?
				 AMI_TRANSLATION_PASSTHROUGH :
				 AMI_TRANSLATION_OTHER;
	d->may_read = d->may_write = !is_passive(d);
	d->dte_seen = AMI_SEEN_NONE;
}
