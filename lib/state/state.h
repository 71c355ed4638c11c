/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/state: the readers and what they share. */
#ifndef AMI_STATE_PRIVATE_H
#define AMI_STATE_PRIVATE_H

#include <amdiommu/state.h>

/* No machine has more; a damaged list stops here. */
#define MAX_IOMMUS	256u
#define MAX_SEGMENTS	256u
#define MAX_DEVICES	262144u
#define MAX_DOMAINS	65536u
#define MAX_UNITY	4096u

/**
 * fetch() - ami_get() that turns a failed read into a finding
 * @where: the object, for the finding
 *
 * A member this kernel lacks is no finding: variants are chosen by presence.
 * Returns false, with *value 0, when there is no value.
 */
bool fetch(struct ami_state *s, const char *where, uint64_t va,
	   enum ami_field f, uint64_t *value);

/**
 * fetch_vital() - fetch() of what decides who could write what
 *
 * Where the kernel has the member and the dump has not, the state is incomplete.
 */
bool fetch_vital(struct ami_state *s, const char *where, uint64_t va,
		 enum ami_field f, uint64_t *value);

/** fetch_symbol() - read a global variable of @size bytes (1, 4 or 8). */
bool fetch_symbol(struct ami_state *s, enum ami_symbol y, size_t size,
		  uint64_t *value);

/** fetch_late() - of 4 bytes, one that rests LATER: no finding in extracts */
bool fetch_late(struct ami_state *s, enum ami_symbol y, uint64_t *value);

/** is_extract() - does the file hold only what an analysis asked for? */
bool is_extract(const struct ami_state *s);

/** read_moment() - had the machine crashed? */
void read_moment(struct ami_state *s);

/** report_unread_symbols() - findings for those of unknown address */
void report_unread_symbols(struct ami_state *s);

/** list_report() - a finding if the walk that @it ended was cut short. */
void list_report(struct ami_state *s, const struct ami_list_iter *it,
		 const char *what);

/**
 * of_capture_kernel() - could the capture kernel have put something there?
 *
 * In its reserved memory, or where until the panic only programs were.
 */
bool of_capture_kernel(const struct ami_state *s, uint64_t pfn);

/** grow() - room for one more element; false when out of memory or @max. */
bool grow(void **array, size_t count, size_t size, size_t max);

/* The readers, in the order in which state.c calls them. */

/** read_ram() - learn of RAM that the file does not list. -1: no memory. */
int read_ram(struct ami_state *s);
int read_segments(struct ami_state *s);
int read_iommus(struct ami_state *s);
int read_devices(struct ami_state *s);
int read_domains(struct ami_state *s);
int read_dtes(struct ami_state *s);

/** find_bypass() - virtio devices that leave the IOMMU alone */
void find_bypass(struct ami_state *s);
void link_domains(struct ami_state *s);

struct cpus;

int read_flushqs(struct ami_state *s, struct cpus *cpus);
int read_allocators(struct ami_state *s, struct cpus *cpus);

void read_ring(struct ami_state *s, struct ami_iommu *iommu);
int read_logs(struct ami_state *s, struct ami_iommu *iommu);

/** mark_foreign() - entries of the ring that the capture kernel wrote. */
void mark_foreign(struct ami_state *s, struct ami_iommu *iommu);

/**
 * restarted_entries() - the same by their numbers, which SNP leaves as the
 * only sign: how many entries from 0 on the capture kernel wrote.
 */
uint32_t restarted_entries(const struct ami_ring *ring);

/** mark_foreign_events() - entries of the event log, when the DTEs are judged */
void mark_foreign_events(struct ami_state *s, struct ami_iommu *iommu);

/** grade_ring() - decide each entry's state from tail, semaphore and data. */
void grade_ring(struct ami_state *s, struct ami_iommu *iommu);

/** find_unclaimed() - DTEs whose page table no domain has; -1: no memory */
int find_unclaimed(struct ami_state *s);

#define DOMAIN_TEXT	32

/** name_domain() - by its ID, or else by its address, for findings */
void name_domain(const struct ami_domain *d, char where[DOMAIN_TEXT]);

/** report_untranslated() - the page tables that @va needs are not in the dump */
void report_untranslated(struct ami_state *s, const char *where, uint64_t va,
			 enum ami_mem mem);

/** guest_levels() - of v2 tables as this kernel makes them; 0: unknown */
unsigned int guest_levels(struct ami_state *s);

/** find_gcr3() - of a device, by its DTE or else by the driver's books */
void find_gcr3(struct ami_state *s, struct ami_device *d);

/** compare_gcr3() - of DTE and driver; what differs goes to disagreement */
void compare_gcr3(struct ami_state *s, struct ami_device *d);

/** first_guest_table() - of PASID 0, by the DTE, 0: none; false: unreadable */
bool first_guest_table(const struct ami_state *s, const struct ami_device *d,
		       uint64_t *root);

/** device_at() - find or add the device with this BDF; NULL: no memory. */
struct ami_device *device_at(struct ami_state *s, struct ami_bdf bdf);

/** sort_devices() - by BDF, once all are known. */
void sort_devices(struct ami_state *s);

/** is_iommu() - is there an IOMMU itself? */
bool is_iommu(const struct ami_state *s, struct ami_bdf bdf);

/** dte_address() - virtual address of a DTE, 0 when beyond the table. */
uint64_t dte_address(const struct ami_segment *seg, uint16_t devid);

#endif
