/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_STATE_H
#define AMDIOMMU_STATE_H

#include <amdiommu/bdf.h>
#include <amdiommu/finding.h>
#include <amdiommu/pfnset.h>
#include <amdvi/command.h>
#include <amdvi/dte.h>
#include <amdvi/irte.h>
#include <amdvi/log.h>
#include <kernel/kernel.h>
#include <state/table.h>

/** enum ami_seen - does memory show a hardware entry as it was at the panic? */
enum ami_seen {
	AMI_SEEN_INTACT,	/* agrees with the driver's state */
	AMI_SEEN_OVERWRITTEN,	/* the capture kernel wrote here */
	AMI_SEEN_INCONSISTENT,	/* disagrees with the driver's state */
	AMI_SEEN_UNREAD,	/* cannot be read from the dump */
	AMI_SEEN_NONE,		/* there is none: no AMD IOMMU was at work */
};

/** ami_seen_name() - "intact", "overwritten", "inconsistent", "unread" */
const char *ami_seen_name(enum ami_seen seen);

/*
 * Command ring: 8 KiB in every kernel from 5.10 to 7.3 (CMD_BUFFER_SIZE).
 */
#define AMI_RING_ENTRIES	512u

enum ami_entry_state {
	AMI_ENTRY_UNUSED,	/* all zero: never written */
	AMI_ENTRY_DONE,		/* a later completion wait proves it */
	AMI_ENTRY_UNPROVEN,	/* issued, completion not proven */
	AMI_ENTRY_NOT_EXECUTED,	/* the IOMMU stopped before it */
	AMI_ENTRY_OVERWRITTEN,	/* written by the capture kernel */
	AMI_ENTRY_UNREAD,	/* its page is not in the dump */
	AMI_ENTRY_STATES
};

/** ami_entry_state_name() - "done", "unproven", ... */
const char *ami_entry_state_name(enum ami_entry_state state);

/**
 * struct ami_ring - command ring at the panic
 * @replaced: number of entries that the capture kernel overwrote or the dump
 *	does not have, and that were recorded at the crash
 * @tail: index of the next free entry
 * @last_issued: sequence number of the newest completion wait
 * @semaphore: sequence number that the hardware stored last
 * @proven: index of the newest completion wait proven done, -1 if there is none
 * @oldest: index of the oldest unproven entry
 * @outstanding: number of unproven entries from @oldest on, wrapping; they end
 *	before @tail
 * @sme_mask: bits that may be set where the hardware names a ring address
 * @unordered: numbers are given out before the lock is taken (6.16 to 6.18)
 * @low_half: the driver stores the low 32 bits of a number, and so is
 *	@last_issued; found out once the numbers do not fit in 32 bits
 * @blind: entries that may be outstanding were overwritten or cannot be read,
 *	and the driver's state does not prove that nothing was outstanding
 */
struct ami_ring {
	uint64_t va, phys;
	bool located, tail_known, semaphore_known, issued_known, sync_known;
	uint32_t tail;
	uint64_t semaphore_phys;
	uint64_t last_issued;
	uint64_t semaphore;
	bool need_sync;
	bool lock_held;
	bool unordered;
	bool low_half;
	uint64_t sme_mask;
	int proven;
	uint32_t oldest, outstanding;
	uint32_t replaced;
	bool blind;
	struct amdvi_command entry[AMI_RING_ENTRIES];
	enum ami_entry_state state[AMI_RING_ENTRIES];
	uint32_t count[AMI_ENTRY_STATES];
};

/**
 * ami_wait_ahead() - how far number @a of a completion wait is ahead of @b
 *
 * Negative if it is behind.
 */
int64_t ami_wait_ahead(const struct ami_ring *ring, uint64_t a, uint64_t b);

/**
 * ami_ring_stopped() - note that an error stopped the IOMMU at @entry
 *
 * Entries from there on that are not proven done become NOT_EXECUTED.
 */
void ami_ring_stopped(struct ami_ring *ring, uint32_t entry);

enum ami_log_kind { AMI_LOG_EVENT, AMI_LOG_PPR, AMI_LOG_GA, AMI_LOGS };

/** ami_log_name() - the name of a log in words */
const char *ami_log_name(enum ami_log_kind kind);

/**
 * struct ami_log_entry - a non-zero entry; the kind of log says which member
 * @seen: intact, unless a capture kernel reused the log. Then overwritten up to
 *	the last entry that names the capture kernel's domain, and inconsistent
 *	where the entry could be from either kernel's time
 */
struct ami_log_entry {
	uint32_t index;
	enum ami_seen seen;
	union {
		struct amdvi_event event;
		struct amdvi_ppr ppr;
		struct amdvi_ga ga;
	};
};

/**
 * struct ami_log - one of the rings the IOMMU writes
 * @entries: capacity in entries
 * @entry_size: bytes of an entry
 * @unread_pages: number of its pages that are missing from the dump
 * @recorded: the entries are those that were recorded at the crash
 * @list: entries that are not zero, in ring order. Heads and tails are only in
 *	registers. The driver zeroes what it handled, except page faults.
 */
struct ami_log {
	uint64_t va, phys;
	bool located, recorded;
	uint32_t entries;
	uint32_t entry_size;
	uint32_t unread_pages;
	struct ami_log_entry *list;
	size_t count;
};

/** enum ami_registers_use - is there a record of an IOMMU's registers? */
enum ami_registers_use {
	AMI_REGISTERS_NONE,
	AMI_REGISTERS_KNOWN,
	AMI_REGISTERS_DAMAGED,		/* a page of the record is not as written */
	AMI_REGISTERS_UNREAD,		/* reads failed at the crash */
	AMI_REGISTERS_CONTRADICTED,	/* they are not those of this IOMMU */
};

/** ami_registers_use_name() - "known", ...; for programs */
const char *ami_registers_use_name(enum ami_registers_use use);

/**
 * struct ami_registers - registers of an IOMMU at the crash, as recorded
 *
 * Nothing is known unless @use says so.
 *
 * @head, @tail: indexes of entries of the command ring
 * @event_head, @event_tail: byte offsets in the event log
 * @on: it translated (Control.IommuEn)
 * @stopped: it executed commands no more (CmdBufEn or CmdBufRun clear)
 * @moved: the head moved while it was recorded
 * @pending: commands from the head up to the driver's tail: not fetched then
 * @final: nor executed later, because it had stopped
 */
struct ami_registers {
	enum ami_registers_use use;
	uint64_t control, status;
	uint64_t device_table, ring, event_log;
	uint32_t head, tail;
	uint32_t event_head, event_tail;
	uint64_t semaphore;
	bool on, stopped, moved, final;
	uint32_t pending;
};

/**
 * struct ami_recording - the record that amdiommu-record made at the crash
 * @found: it was loaded, and its memory is in the dump
 * @crashed: it ran at the crash
 * @alone: all other CPUs had been stopped by then
 * @damaged: its first page is not as it was written
 * @va, @id, @pages: address of page 0; what is the same in all pages
 * @iommus: number of IOMMUs in it
 * @others: number of other CPUs that it saw stop
 * @loaded_ns, @begun_ns, @ended_ns: nanoseconds since boot
 */
struct ami_recording {
	bool found, crashed, alone, damaged;
	uint64_t va, id;
	uint32_t pages, iommus;
	uint32_t cpu, others;
	uint64_t loaded_ns, begun_ns, ended_ns;
};

struct ami_iommu {
	uint64_t va;
	uint32_t index;
	struct ami_bdf bdf;
	int segment;			/* index into ami_state.segments, -1 */
	uint32_t cap;
	uint64_t features, features2;
	uint8_t acpi_flags;
	uint64_t mmio_phys;
	bool pre_enabled;
	struct ami_registers registers;
	struct ami_ring ring;
	struct ami_log log[AMI_LOGS];
	uint64_t ga_tail_phys;		/* 0: there is no GA log */
};

struct ami_unity {
	struct ami_bdf first;
	uint16_t last;			/* devid, inclusive */
	uint64_t start, end;		/* physical = IOVA; end exclusive */
	bool read, write;
};

/**
 * struct ami_segment - a PCI segment and its device table
 * @dev_table_read: the pointer to the device table is in the dump; if not,
 *	@dev_table is 0
 */
struct ami_segment {
	uint64_t va;			/* 0: tables are globals (5.10) */
	uint16_t id;
	uint16_t last_bdf;
	bool last_bdf_known;
	bool dev_table_read;
	uint64_t dev_table, dev_table_phys;
	uint32_t dev_table_size;	/* bytes */
	uint64_t rlookup_table, alias_table, irq_lookup_table;
	uint64_t dev_data_head, unity_head;
	struct ami_unity *unity;
	size_t nr_unity;
};

enum ami_domain_kind {
	AMI_DOMAIN_BLOCKED,
	AMI_DOMAIN_UNMANAGED,
	AMI_DOMAIN_DMA,
	AMI_DOMAIN_DMA_FQ,
	AMI_DOMAIN_IDENTITY,
	AMI_DOMAIN_SVA,
	AMI_DOMAIN_NESTED,
	AMI_DOMAIN_UNKNOWN,
};

/** ami_domain_kind_name() - the type of a domain in words */
const char *ami_domain_kind_name(enum ami_domain_kind kind);

/** struct ami_lazy - lazily unmapped IOVAs in a flush queue */
struct ami_lazy {
	uint64_t iova, size;
	uint64_t counter;	/* flushed, if below the finish counter */
	uint32_t cpu;
	bool flushed;
};

/**
 * struct ami_freed_table - page-table page that an unmap removed
 * @size: bytes of IOVA that were unmapped with it, at least what it covered
 *
 * It stays allocated until the flush, because the IOMMU may still walk it.
 */
struct ami_freed_table {
	uint64_t phys;
	uint64_t size;
};

/**
 * struct ami_flushq - flush queue of a domain
 * @active: the domain unmaps lazily
 * @start_count, @finish_count: flushes begun and finished
 * @list: the entries, on all CPUs
 * @tables: page-table pages that wait for the flush
 * @unread: number of queues, entries or lists in them that cannot be read
 */
struct ami_flushq {
	bool active;
	uint64_t start_count, finish_count;
	struct ami_lazy *list;
	size_t count;
	size_t pending;		/* of those, not proven flushed */
	struct ami_freed_table *tables;
	size_t nr_tables;
	uint32_t unread;
};

/**
 * struct ami_domain - a protection domain as the driver has it
 * @table: format NONE if it has no page table
 * @readable: false if its root could not be read; the table is then unknown
 * @overwritten: its type contradicts its other members
 * @iovad: its IOVA allocator (DMA API); 0: none, or not known
 * @lost: IOVAs that are allocated there and whose mapping was overwritten
 */
struct ami_domain {
	uint64_t va;
	uint16_t id;
	bool id_known;
	uint32_t type;			/* iommu_domain.type */
	enum ami_domain_kind kind;
	struct ami_table table;
	bool readable, overwritten;
	bool type_known;		/* @type is in the dump */
	size_t nr_devices;
	int first_device;		/* index into ami_state.devices, -1 */
	struct ami_flushq flushq;
	uint64_t iovad;
	struct ami_iova_range *lost;
	size_t nr_lost;
};

/** enum ami_translation - what becomes of a device's DMA */
enum ami_translation {
	AMI_TRANSLATION_PAGING,
	AMI_TRANSLATION_PASSTHROUGH,
	AMI_TRANSLATION_BLOCKED,
	AMI_TRANSLATION_NONE,		/* no IOMMU in the way, or V=0 */
	AMI_TRANSLATION_UNKNOWN,
	AMI_TRANSLATION_OTHER,		/* tables of another IOMMU, not read */
};

/** ami_translation_name() - "paging", "passthrough", ... */
const char *ami_translation_name(enum ami_translation t);

/**
 * enum ami_bypass - why a device that an IOMMU covers is not bounded by the
 * table that the IOMMU holds for it
 */
enum ami_bypass {
	AMI_BYPASS_NO,
	AMI_BYPASS_VIRTIO,	/* virtio without VIRTIO_F_ACCESS_PLATFORM */
	AMI_BYPASS_UNKNOWN,	/* virtio, and the feature cannot be read */
	AMI_BYPASS_EXCLUSION,	/* DTE.EX: addresses that a register names */
	AMI_BYPASS_ATS,		/* translated requests pass unchecked */
};

/** ami_bypass_name() - "virtio", ...; NULL for AMI_BYPASS_NO */
const char *ami_bypass_name(enum ami_bypass bypass);

/** ami_bypass_text() - the same in words; NULL for AMI_BYPASS_NO */
const char *ami_bypass_text(enum ami_bypass bypass);

/**
 * struct ami_gcr3 - GCR3 table of a device: maps PASID to guest page table
 * @root: physical address, 0 if there is no table
 * @glx: levels of the table minus 1
 * @levels: of the guest page tables behind it
 * @user_only: as in struct ami_table
 * @has_domain: the driver gave it a domain ID of its own, @domain_id
 */
struct ami_gcr3 {
	uint64_t root;
	unsigned int glx;
	unsigned int levels;
	bool user_only;
	bool has_domain;
	uint16_t domain_id;
};

/**
 * struct ami_group_domain - the domain that a device's IOMMU group is attached to
 *
 * A second witness: it is in another object than the driver's data of a device.
 *
 * @va: the struct iommu_domain, 0: none, or not in the dump
 * @kind: unknown where the type cannot be read
 * @id: of the domain, if @id_known
 */
struct ami_group_domain {
	uint64_t va;
	enum ami_domain_kind kind;
	bool id_known;
	uint16_t id;
};

/**
 * enum ami_policy_by - who decided what becomes of a device's DMA
 *
 * DEFAULT: it follows the policy for all devices. GROUP: the type of its group
 * was set (sysfs), or its driver asked for it. OWNER: VFIO or iommufd claimed
 * its group. HARDWARE: the IOMMU makes lazy unmapping useless (NpCache). SNP: it
 * can use PASIDs and is translated, because SNP forbids identity.
 */
enum ami_policy_by {
	AMI_POLICY_UNKNOWN,
	AMI_POLICY_DEFAULT,
	AMI_POLICY_COMMAND_LINE,
	AMI_POLICY_BUILD,
	AMI_POLICY_HARDWARE,
	AMI_POLICY_PASID,
	AMI_POLICY_UNTRUSTED,
	AMI_POLICY_GROUP,
	AMI_POLICY_OWNER,
	AMI_POLICY_SNP
};

/** ami_policy_by_name() - for programs; NULL: not known */
const char *ami_policy_by_name(enum ami_policy_by by);

/** AMI_DIFFERS - most facts of a disagreement; their texts are constant */
#define AMI_DIFFERS	5u

/**
 * struct ami_policy - what the kernel does with devices by default
 * @type: of the domains that it gives them, if @known
 * @strict: it flushes each unmapping at once, if @strict_known
 * @words: those of the command line that concern IOMMUs; not in extracts
 */
struct ami_policy {
	bool known;
	enum ami_domain_kind type;
	enum ami_policy_by by;
	bool strict, strict_known;
	enum ami_policy_by strict_by;
	char words[96];
};

struct ami_device {
	struct ami_bdf bdf;
	struct ami_bdf alias;		/* equals bdf without an alias */
	bool is_pci;			/* found on a PCI bus */
	bool is_bridge;
	bool busmaster;			/* the kernel enabled bus mastering */
	bool busmaster_known;
	bool ats;			/* the driver enabled ATS */
	bool deferred;			/* capture kernel: attach postponed */
	uint16_t vendor, device;
	uint32_t class;
	char name[40];
	char driver[32];		/* "" if unbound */
	int group;			/* IOMMU group, -1 */
	struct ami_group_domain group_domain;
	enum ami_policy_by policy_by;	/* who chose the type of that domain */
	int iommu;			/* index into ami_state.iommus, -1 */
	bool uncovered;			/* the driver has no IOMMU for it */
	int segment;			/* index into ami_state.segments, -1 */
	int domain;			/* index into ami_state.domains, -1 */
	int next_in_domain;		/* index into ami_state.devices, -1 */
	uint64_t dev_data, dev, pci_dev;	/* addresses; 0: none */
	struct amdvi_dte dte;
	enum ami_mem dte_mem;
	enum ami_seen dte_seen;
	char disagreement[96];		/* DTE against driver, "" if none */
	struct ami_fact differs[AMI_DIFFERS + 1];	/* the same as facts */
	struct ami_table table;		/* what its DMA goes through */
	struct ami_gcr3 gcr3;		/* with PASID, or GIoV without */
	struct ami_gcr3 gcr3_driver;	/* the driver's, if the DTE's differs */
	uint64_t virtio;		/* its struct virtio_device, 0: none */
	enum ami_bypass bypass;
	enum ami_translation translation;
	bool may_read, may_write;	/* by the DTE, before any table */
};

/**
 * enum ami_guard - what stood between the devices and memory
 *
 * NONE: nothing. Each device reaches all of memory. OTHER: an IOMMU of another
 * make, whose tables are not read. They may bound the devices that it covers.
 */
enum ami_guard { AMI_GUARD_AMD, AMI_GUARD_NONE, AMI_GUARD_OTHER };

/** enum ami_no_amd - why no AMD IOMMU was at work */
enum ami_no_amd {
	AMI_NO_AMD_UNKNOWN,
	AMI_NO_AMD_NOT_BUILT,	/* the kernel does not have the driver */
	AMI_NO_AMD_OFF,		/* amd_iommu=off */
	AMI_NO_AMD_NOT_FOUND,	/* the firmware names no AMD IOMMU */
	AMI_NO_AMD_NOT_ASKED,	/* iommu=off, or another IOMMU came first */
	AMI_NO_AMD_FAILED	/* its initialisation ended in an error */
};

/** ami_guard_name() - for programs: "amd", "none", "other" */
const char *ami_guard_name(enum ami_guard guard);

/** ami_no_amd_name() - for programs; NULL: not known */
const char *ami_no_amd_name(enum ami_no_amd why);

/** ami_no_amd_text() - why no AMD IOMMU was at work, in words */
const char *ami_no_amd_text(enum ami_no_amd why);

/** enum ami_capture - what the capture kernel did to the dead one's tables */
enum ami_capture {
	AMI_CAPTURE_UNKNOWN,
	AMI_CAPTURE_NONE,	/* no sign of one */
	AMI_CAPTURE_REUSE,	/* wrote into ring, log or device table */
};

/** struct ami_device_map - maps devid to 1 + position in ami_state.devices */
struct ami_device_map {
	uint16_t segment;
	uint32_t *position;
};

struct ami_incidents;

#define AMI_CRASH_CMA	4	/* ranges of crashkernel=SIZE,cma */

/**
 * enum ami_crash - had the machine crashed when the dump was taken?
 *
 * A hypervisor dumps running machines, too.
 */
enum ami_crash {
	AMI_CRASH_UNKNOWN,
	AMI_CRASH_YES,
	AMI_CRASH_NO
};

/**
 * struct ami_state - the AMD IOMMUs of the dead machine, at the panic
 * @guard: whether there were any at work. If not, only the devices are known
 * @no_amd, @other: then why, and whose IOMMU was instead ("Intel"); NULL: none
 * @crash_cma: further memory of the capture kernel. Until the panic programs
 *	used it, never the kernel itself
 * @incidents: set by ami_incidents_read(); not owned
 * @unlisted: RAM of the kernel that the file does not list; NULL: none
 * @ram_unknown: there may be more such RAM, because its records cannot be read
 * @findings: of all rooms; not owned
 */
struct ami_state {
	struct ami_kernel *kernel;
	enum ami_guard guard;
	enum ami_no_amd no_amd;
	const char *other;
	struct ami_policy policy;
	struct ami_recording recording;
	struct ami_iommu *iommus;
	size_t nr_iommus;
	struct ami_segment *segments;
	size_t nr_segments;
	struct ami_device *devices;	/* ascending by BDF */
	size_t nr_devices;
	struct ami_device_map *maps;		/* one per PCI segment */
	size_t nr_maps;
	struct ami_domain *domains;
	size_t nr_domains;
	struct ami_range crashkernel[2];	/* in page frames */
	struct ami_range crash_cma[AMI_CRASH_CMA];
	struct ami_pfnset *unlisted;
	bool ram_unknown;
	enum ami_capture capture;
	enum ami_crash crash;
	unsigned int irte_size;		/* 4 or 16 bytes */
	bool posts_interrupts;		/* to guests' vAPIC pages */
	bool snp;
	bool untranslated;		/* the driver left DMA alone */
	bool crashkernel_unread;	/* where it lies is not in the dump */
	bool segments_whole;		/* the list of them is in the dump */
	bool iommus_whole;		/* and that of IOMMUs */
	bool devices_whole;		/* the driver's, and their domains */
	bool incomplete;		/* something essential is unknown */
	const struct ami_incidents *incidents;
	size_t limits_named;		/* phases that were cut short */
	uint64_t unread_object;		/* reported last, not to repeat it */
	bool devices_full, domains_full;	/* reported as too many */
	struct ami_findings *findings;
};

/**
 * ami_state_read() - rebuild the state of the AMD IOMMUs
 * @findings: where findings go, those of rooms that read the state as well;
 *	must outlive it
 *
 * What cannot be read or makes no sense becomes a finding. @kernel must outlive
 * the result. Returns NULL with @err filled only if AMD IOMMUs were at work and
 * their types are missing, memory runs out or the user interrupts.
 */
struct ami_state *ami_state_read(struct ami_kernel *kernel,
				 struct ami_findings *findings,
				 struct ami_error *err);

/** ami_policy_text() - who decided so, in words: "iommu=pt" */
void ami_policy_text(const struct ami_state *state, enum ami_policy_by by,
		     char *buf, size_t size);

/** ami_state_free() - free @state, which may be NULL; the kernel stays open */
void ami_state_free(struct ami_state *state);

/**
 * ami_name_limits() - report phases of the run that the work limit ended
 *
 * Reports each phase once, however often this is called. The state is then
 * incomplete.
 */
void ami_name_limits(struct ami_state *state);

/**
 * ami_moment() - when the state was so: "at the panic"
 *
 * "when the dump was taken" of a machine that is known not to have crashed.
 */
const char *ami_moment(const struct ami_state *state);

/** ami_cpus() - CPUs that the kernel may have had (nr_cpu_ids); 0: unknown */
uint32_t ami_cpus(const struct ami_state *state);

/**
 * ami_ring_lost_wait() - did the IOMMU not do a completion wait that was queued?
 *
 * The IOMMU goes on when the CPUs have stopped, so that it did all that were
 * queued. False for a wait that a CPU may not have queued yet.
 */
bool ami_ring_lost_wait(const struct ami_state *state,
			const struct ami_ring *ring);

/** ami_state_device() - the device with this BDF, or NULL. */
const struct ami_device *ami_state_device(const struct ami_state *state,
					  struct ami_bdf bdf);

/** ami_believes_dte() - is the DTE in the dump what the IOMMU used? */
bool ami_believes_dte(const struct ami_device *device);

/** ami_in_crashkernel() - does the page frame belong to the capture kernel? */
bool ami_in_crashkernel(const struct ami_state *state, uint64_t pfn);

/**
 * struct ami_irt - interrupt remapping table of one device
 * @entries: number of entries that the DTE declares
 * @entry_size: bytes of an entry, 4 or 16
 * @unread: number of entries that cannot be read
 * @list, @index, @count: the valid entries, and their indexes in the table
 */
struct ami_irt {
	uint64_t phys;
	uint32_t entries;
	unsigned int entry_size;
	uint32_t unread;
	struct amdvi_irte *list;	/* valid ones */
	uint32_t *index;
	size_t count;
};

/**
 * ami_irt_read() - read the interrupt remapping table of a device
 *
 * That is the table that the DTE points to, or the driver's where the capture
 * kernel overwrote the DTE. Returns false if the device has no table, the table
 * is unknown or memory runs out. The caller calls ami_irt_free().
 */
bool ami_irt_read(const struct ami_state *state,
		  const struct ami_device *device, struct ami_irt *irt);

/** ami_irt_free() - free what ami_irt_read() allocated */
void ami_irt_free(struct ami_irt *irt);

/** ami_device_active() - may it do DMA? True when in doubt. */
bool ami_device_active(const struct ami_device *device);

/** ami_device_undecided() - is it unknown what the device could reach? */
bool ami_device_undecided(const struct ami_device *device);

/** ami_device_direct() - are its addresses physical addresses? */
bool ami_device_direct(const struct ami_device *device);

/** ami_other_text() - whose tables were in the way, "an Intel IOMMU" */
const char *ami_other_text(const struct ami_state *state);

/** ami_device_elsewhere() - does it go through tables of another IOMMU? */
static inline bool ami_device_elsewhere(const struct ami_device *device)
{
	return device->translation == AMI_TRANSLATION_OTHER;
}

/**
 * ami_irt_posted() - find the vAPIC pages that the device's interrupts go to
 * @fn: called with the physical address of each, more than once if shared
 *
 * Returns true if entries could not be read.
 */
bool ami_irt_posted(const struct ami_state *state,
		    const struct ami_device *device,
		    void (*fn)(void *ctx, uint64_t phys), void *ctx);

/**
 * ami_gcr3_tables() - go through the guest tables behind a GCR3 table
 * @fn: called with each valid PASID and its table; false stops
 *
 * Returns the number of GCR3 pages that could not be read, or that several
 * entries lead to.
 */
uint64_t ami_gcr3_tables(struct ami_dump *dump, const struct ami_gcr3 *gcr3,
			 uint64_t sme_mask,
			 bool (*fn)(void *ctx, uint32_t pasid,
				    const struct ami_table *table),
			 void *ctx);

/**
 * ami_gcr3_table() - find the guest table of one PASID
 * @table: set to it; format NONE if the PASID has no table
 *
 * Returns false if that could not be read.
 */
bool ami_gcr3_table(struct ami_dump *dump, const struct ami_gcr3 *gcr3,
		    uint64_t sme_mask, uint32_t pasid,
		    struct ami_table *table);

/**
 * struct ami_route - one way that requests of a device may go
 * @table: the page table, unless @identity
 * @identity: requests are not translated: their address is physical
 * @by_driver: this follows from the driver's state; the DTE cannot be read or
 *	says something else
 * @untagged: requests without a PASID take this route
 * @has_pasid: requests with @pasid take this route
 * @nested: @table is the host's, behind tables of a guest. Those are not read;
 *	@table bounds what can be reached
 */
struct ami_route {
	struct ami_table table;
	bool identity, by_driver, untagged, has_pasid, nested;
	uint32_t pasid;
};

/**
 * ami_device_routes() - go through all routes of a device
 * @fn: called with each route; false stops
 *
 * Returns false if there are more routes, which are not known. Does not check
 * whether the DTE lets the device read or write at all.
 */
bool ami_device_routes(const struct ami_state *s, const struct ami_device *d,
		       bool (*fn)(void *ctx, const struct ami_route *route),
		       void *ctx);

/** ami_device_untagged() - the same, only for requests without PASID */
bool ami_device_untagged(const struct ami_state *s, const struct ami_device *d,
			 bool (*fn)(void *ctx, const struct ami_route *route),
			 void *ctx);

/** enum ami_stale_by - what shows that an IOVA was unmapped or changed */
enum ami_stale_by {
	AMI_STALE_COMMAND,	/* a command whose execution is not proven */
	AMI_STALE_QUEUED,	/* in a flush queue, not flushed */
	AMI_STALE_BLIND,	/* the ring cannot be read: any IOVA may be */
	AMI_STALE_QUEUE_UNREAD,	/* the same of the flush queue */
	AMI_STALE_EXECUTED,	/* a command that was executed: not stale */
};

/**
 * struct ami_stale - IOVAs that may be stale, and what shows it
 * @first, @last: the IOVAs, @last inclusive
 * @iommu, @entry: index of the IOMMU, and of the command in its ring
 * @cpu: the CPU of the flush queue
 */
struct ami_stale {
	uint64_t first, last;
	enum ami_stale_by by;
	uint32_t iommu, entry, cpu;
};

/**
 * ami_stale_each() - find IOVAs whose old translation the device may still use
 * @fn: called for each command, queue entry and doubt; false stops
 */
void ami_stale_each(const struct ami_state *s, const struct ami_device *d,
		    bool (*fn)(void *ctx, const struct ami_stale *stale),
		    void *ctx);

/**
 * ami_unmapped_by() - find what shows that the buffer at @iova was unmapped
 * @recent: accept an executed command only if a CPU may just have waited for it
 * @found: set to it
 *
 * Returns false if nothing shows it.
 */
bool ami_unmapped_by(const struct ami_state *s, const struct ami_device *d,
		     uint64_t iova, bool recent, struct ami_stale *found);

/** ami_stale_domain() - domain with the device's flush queue; NULL: unknown */
const struct ami_domain *ami_stale_domain(const struct ami_state *s,
					  const struct ami_device *d);

/** ami_serves() - do commands in this IOMMU's ring reach the device? */
bool ami_serves(const struct ami_state *s, size_t iommu,
		const struct ami_device *d);

/** ami_outstanding() - is it not proven that the IOMMU ran this entry? */
bool ami_outstanding(const struct ami_ring *ring, uint32_t entry);

/** ami_command_concerns() - does @c invalidate IOVAs of @d? Sets which ones. */
bool ami_command_concerns(const struct ami_state *s,
			  const struct ami_device *d,
			  const struct amdvi_command *c, uint64_t *first,
			  uint64_t *last);

#endif
