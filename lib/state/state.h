/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/state: the readers and what they share. */
#ifndef AMI_STATE_PRIVATE_H
#define AMI_STATE_PRIVATE_H

#include <common/vec.h>
#include <state/state.h>

/* No machine has more. A damaged list stops here. */
#define MAX_IOMMUS	256u
#define MAX_SEGMENTS	256u
#define MAX_DEVICES	262144u
#define MAX_DOMAINS	65536u
#define MAX_UNITY	4096u

/**
 * state_fetch() - ami_get() that turns a failed read into a finding
 * @where: the object, for the finding
 *
 * A member that this kernel does not have is not a finding: variants are
 * chosen by presence. Returns false, with *value 0, if there is no value.
 */
bool state_fetch(struct ami_state *s, const char *where, uint64_t va,
		 enum ami_field f, uint64_t *value);

/**
 * state_fetch_vital() - state_fetch() of what decides who could write what
 *
 * If the kernel has the member and the dump does not, the state is incomplete.
 */
bool state_fetch_vital(struct ami_state *s, const char *where, uint64_t va,
		       enum ami_field f, uint64_t *value);

/** state_fetch_symbol() - read a global variable of @size bytes (1, 4 or 8) */
bool state_fetch_symbol(struct ami_state *s, enum ami_symbol y, size_t size,
			uint64_t *value);

/**
 * state_fetch_late() - 4 bytes of a symbol that rests LATER; silent in extracts
 */
bool state_fetch_late(struct ami_state *s, enum ami_symbol y, uint64_t *value);

/** state_is_extract() - does the file hold only what an analysis read? */
bool state_is_extract(const struct ami_state *s);

/** state_read_crashkernel() - the memory that was reserved for the capture kernel */
void state_read_crashkernel(struct ami_state *s);

/** state_read_moment() - had the machine crashed? */
void state_read_moment(struct ami_state *s);

/** state_report_unread_symbols() - report symbols whose address is unknown */
void state_report_unread_symbols(struct ami_state *s);

/** state_list_report() - report a walk with @it that was cut short */
void state_list_report(struct ami_state *s, const struct ami_list_iter *it,
		       const char *what);

/**
 * state_of_capture_kernel() - can the capture kernel have written there?
 *
 * True in its reserved memory, and where only programs were until the panic.
 */
bool state_of_capture_kernel(const struct ami_state *s, uint64_t pfn);

/**
 * state_report_full() - a list has @max elements, and there would be more
 * @reported: of this list, to report it once
 * @what: what it holds
 */
void state_report_full(struct ami_state *s, bool *reported, const char *what,
		       size_t max);

/* The readers, in the order in which state.c calls them. */

/**
 * state_read_ram() - learn of RAM that the file does not list; -1: no memory
 */
int state_read_ram(struct ami_state *s);
int state_read_segments(struct ami_state *s);
int state_read_iommus(struct ami_state *s);
int state_read_devices(struct ami_state *s);
int state_read_domains(struct ami_state *s);
int state_read_dtes(struct ami_state *s);

/** state_find_guard() - AMD IOMMUs, another make or none; before all else */
void state_find_guard(struct ami_state *s);

/** state_is_on_bus() - is the struct device at @dev on the bus of this name? */
bool state_is_on_bus(struct ami_kernel *k, uint64_t dev, const char *name);

/** state_find_off_pci() - report devices that write memory and are not on PCI */
void state_find_off_pci(struct ami_state *s);

/** state_read_policy() - the default for all devices */
void state_read_policy(struct ami_state *s);

/** state_apply_policy() - who decided for each device, and whether it holds */
void state_apply_policy(struct ami_state *s);

/** state_report_guard() - when the devices are known */
void state_report_guard(struct ami_state *s);

/** state_settle_unguarded() - what becomes of a device's DMA without AMD IOMMUs */
void state_settle_unguarded(struct ami_state *s, struct ami_device *d);

/** state_find_bypass() - find virtio devices that bypass the IOMMU */
void state_find_bypass(struct ami_state *s);
void state_link_domains(struct ami_state *s);

struct cpus;

int state_read_flushqs(struct ami_state *s, struct cpus *cpus);
int state_read_allocators(struct ami_state *s, struct cpus *cpus);

void state_read_ring(struct ami_state *s, struct ami_iommu *iommu);
int state_read_logs(struct ami_state *s, struct ami_iommu *iommu);

/** state_report_logs() - report what is missing from its logs */
void state_report_logs(struct ami_state *s, const struct ami_iommu *iommu);

/** state_mark_foreign() - mark ring entries that the capture kernel wrote */
void state_mark_foreign(struct ami_state *s, struct ami_iommu *iommu);

/**
 * state_restarted_entries() - how many entries from 0 on the capture kernel
 * wrote, by their sequence numbers: the only sign that SNP leaves
 */
uint32_t state_restarted_entries(const struct ami_ring *ring);

/**
 * state_mark_foreign_events() - mark event log entries, once DTEs are judged
 */
void state_mark_foreign_events(struct ami_state *s, struct ami_iommu *iommu);

/**
 * state_grade_ring() - decide each entry's state from tail, semaphore and data
 */
void state_grade_ring(struct ami_state *s, struct ami_iommu *iommu);

/** state_report_outstanding() - report commands that may have run or not */
void state_report_outstanding(struct ami_state *s, const struct ami_iommu *iommu);

/**
 * state_find_unclaimed() - find DTEs whose page table no domain has; -1: no
 * memory
 */
int state_find_unclaimed(struct ami_state *s);

#define DOMAIN_TEXT	32

/** state_read_group() - its IOMMU group's number and domain, by struct device */
void state_read_group(struct ami_state *s, struct ami_device *d);

/** state_hold_against_group() - a device without a domain, when its DTE is settled */
void state_hold_against_group(struct ami_state *s, struct ami_device *d);

/** state_domain_kind() - of iommu_domain.type */
enum ami_domain_kind state_domain_kind(uint32_t type);

/**
 * state_name_domain() - name it by its ID, or else its address, for findings
 */
void state_name_domain(const struct ami_domain *d, char where[DOMAIN_TEXT]);

/**
 * state_report_untranslated() - report that the page tables for @va are not in
 * the dump
 */
void state_report_untranslated(struct ami_state *s, const char *where, uint64_t va,
			       enum ami_mem mem);

/** state_guest_levels() - levels of v2 tables of this kernel; 0: unknown */
unsigned int state_guest_levels(struct ami_state *s);

/**
 * state_find_gcr3() - a device's GCR3 table, by its DTE or else by driver state
 */
void state_find_gcr3(struct ami_state *s, struct ami_device *d);

/**
 * state_compare_gcr3() - compare DTE and driver; differences go to disagreement
 */
void state_compare_gcr3(struct ami_state *s, struct ami_device *d);

/**
 * state_first_guest_table() - table of PASID 0 by the DTE, 0: none; false:
 * unreadable
 */
bool state_first_guest_table(const struct ami_state *s, const struct ami_device *d,
			     uint64_t *root);

/**
 * state_device_at() - find or add the device with this BDF
 * @d: set to it; NULL where there are too many to add it, which is reported
 *
 * Returns -1 when out of memory.
 */
int state_device_at(struct ami_state *s, struct ami_bdf bdf,
		    struct ami_device **d);

/** state_sort_devices() - sort by BDF, once all are known */
void state_sort_devices(struct ami_state *s);

/** state_is_iommu() - is this device an IOMMU itself? */
bool state_is_iommu(const struct ami_state *s, struct ami_bdf bdf);

/** state_differ() - its DTE and the driver's state are not the same */
void state_differ(struct ami_device *d, const struct ami_fact *facts,
		  const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** state_compare_dte() - where its DTE and the driver's state disagree */
void state_compare_dte(struct ami_state *s, struct ami_device *d);

/** state_dte_address() - virtual address of a DTE; 0: beyond the table */
uint64_t state_dte_address(const struct ami_segment *seg, uint16_t devid);

#endif
