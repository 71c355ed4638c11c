/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Incidents: what happened to the hardware or the driver. One fact may have
 * several witnesses; exposures, verdict and reports read this list, never its
 * sources.
 */
#ifndef AMDIOMMU_INCIDENT_H
#define AMDIOMMU_INCIDENT_H

#include <state/state.h>

/** enum ami_incident_kind - what happened */
enum ami_incident_kind {
	AMI_INCIDENT_NONE,
	AMI_INCIDENT_INVALIDATION_TIMEOUT, /* a device did not answer one */
	AMI_INCIDENT_WAIT_LOST,		/* a completion wait never came */
	AMI_INCIDENT_COMMAND_LOST,	/* no room in the ring: not queued */
	AMI_INCIDENT_COMMANDS_STOPPED,	/* an error at a command */
	AMI_INCIDENT_EVENTS_LOST,	/* not logged, or not printed */
	AMI_INCIDENT_PAGE_FAULT,
	AMI_INCIDENT_DTE_REFUSED,	/* illegal device table entry */
	AMI_INCIDENT_TABLE_ERROR,	/* hardware error reading a table */
	AMI_INCIDENT_REQUEST_REFUSED,	/* invalid request of a device */
	AMI_INCIDENT_RMP_REFUSED,	/* by SNP's table, or an error of it */
	AMI_INCIDENT_TABLES_REUSED,	/* by a capture kernel */
	AMI_INCIDENT_TABLES_COPIED,	/* the same */
	AMI_INCIDENT_EVENT,		/* any other event */
	AMI_INCIDENT_KINDS
};

/** ami_incident_name() - "invalidation-timeout", ...; for programs */
const char *ami_incident_name(enum ami_incident_kind kind);

/** ami_incident_text() - the same in words, for people */
const char *ami_incident_text(enum ami_incident_kind kind);

/** enum ami_witness - a place that shows an incident */
enum ami_witness {
	AMI_WITNESS_EVENT_LOG,
	AMI_WITNESS_KERNEL_LOG,
	AMI_WITNESS_RING,
	AMI_WITNESS_REGISTERS,		/* recorded at the crash */
	AMI_WITNESSES
};

/** ami_witness_name() - "event log", "kernel log", "command ring", "recorded registers" */
const char *ami_witness_name(enum ami_witness witness);

/**
 * struct ami_occurrence - one time that an incident happened
 * @event: the event; code 0 if no witness has it
 * @seen: state of the entry in the event log; intact if only others saw it
 * @witnesses: a bit for each witness
 * @index: index of the entry, if the event log is a witness
 * @nsec: nanoseconds since boot, if the kernel's log is a witness
 */
struct ami_occurrence {
	struct amdvi_event event;
	enum ami_seen seen;
	unsigned int witnesses;
	uint32_t index;
	uint64_t nsec;
};

/* The first occurrences of an incident are kept, the rest are counted. */
#define AMI_OCCURRENCES	32u
#define AMI_MAX_INCIDENTS	4096u

/**
 * struct ami_incident - what happened once, or again and again
 * @has_device: it happened to device @bdf; else to an IOMMU
 * @names_iommu: the kernel's log gives @bdf as the IOMMU, and the driver has no
 *	IOMMU there
 * @iommu: index into ami_state.iommus; -1: it may be any IOMMU
 * @witnesses: a bit for each witness
 * @count: how often each witness saw it
 * @suppressed: number of times that the kernel did not print
 * @first_nsec, @last_nsec: nanoseconds since boot, if the kernel's log is a
 *	witness
 * @first_iova, @last_iova: lowest and highest address, if @has_iova
 * @more: it happened more often than @list shows
 * @settled: nothing follows from it any more
 * @by: the ring entry that settled it, -1 if there is no such entry
 */
struct ami_incident {
	enum ami_incident_kind kind;
	bool has_device, names_iommu;
	struct ami_bdf bdf;
	int iommu;
	unsigned int witnesses;
	uint64_t count[AMI_WITNESSES];
	uint64_t suppressed;
	uint64_t first_nsec, last_nsec;
	bool has_iova;
	uint64_t first_iova, last_iova;
	bool more;
	bool settled;
	int by;
	struct ami_occurrence list[AMI_OCCURRENCES];
	size_t kept;
};

struct ami_dmesg;

/**
 * struct ami_incidents - all incidents, in the order in which they were found
 * @dropped: number of incidents that were not kept
 * @carried: incidents of the kernel's log come from the extract's VMCOREINFO
 * @failed: memory ran out
 * @dmesg: the kernel's log, as it was read for them; owned
 */
struct ami_incidents {
	struct ami_incident *list;
	size_t count;
	uint64_t dropped;
	bool carried;
	bool failed;
	struct ami_dmesg *dmesg;
};

/**
 * ami_incidents_read() - read event logs, the kernel's log and command rings
 *
 * Reports each incident as a finding, enters into a ring what an event says of
 * it, and sets ami_state.incidents. @state must outlive the result. Returns
 * NULL with @err filled when memory runs out or the user interrupts.
 */
struct ami_incidents *ami_incidents_read(struct ami_state *state,
					 struct ami_error *err);

/** ami_incidents_free() - free the list and its dmesg; NULL is allowed */
void ami_incidents_free(struct ami_incidents *incidents);

/** ami_incident_times() - the highest count of any witness */
uint64_t ami_incident_times(const struct ami_incident *in);

/** ami_incident_where() - "0000:41:00.0", "iommu0", "any IOMMU"; in @buf */
char *ami_incident_where(const struct ami_state *state,
			 const struct ami_incident *in,
			 char buf[AMI_BDF_TEXT]);

/** ami_incident_witnesses() - "event log and kernel log"; snprintf() semantics */
void ami_incident_witnesses(const struct ami_incident *in, char *buf,
			    size_t size);

#define AMI_EVENT_FACTS	7u	/* at most */

/**
 * ami_event_facts() - what amdvi_event_describe() says, but for the device
 * @facts: filled up to AMI_FACT_END; texts are constant
 */
void ami_event_facts(const struct amdvi_event *event,
		     struct ami_fact facts[AMI_EVENT_FACTS + 1]);

/**
 * ami_incidents_keep() - may the device still use any old translation of an
 * IOMMU, because an invalidation is known to have failed?
 */
bool ami_incidents_keep(const struct ami_state *state,
			const struct ami_device *device, size_t iommu);

#endif
