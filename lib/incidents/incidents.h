/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/incidents. */
#ifndef AMI_INCIDENTS_PRIVATE_H
#define AMI_INCIDENTS_PRIVATE_H

#include <incidents/dmesg.h>
#include <incidents/incident.h>

/**
 * struct sighting - what one witness says once
 * @event: code 0: none
 * @iommu: index; -1: unknown
 */
struct sighting {
	enum ami_incident_kind kind;
	enum ami_witness witness;
	bool has_device, names_iommu;
	struct ami_bdf bdf;
	int iommu;
	struct amdvi_event event;
	enum ami_seen seen;
	uint32_t index;
	uint64_t nsec, suppressed;
};

/** incidents_add() - add one sighting; joins others of the same */
void incidents_add(struct ami_incidents *list, const struct sighting *s);

/** incidents_join() - make one of two that turn out to be one */
void incidents_join(struct ami_incident *to, const struct ami_incident *from);

/**
 * struct incidents_seen - what one witness says of all times together
 *
 * No IOVA: @first_iova is above @last_iova.
 */
struct incidents_seen {
	uint64_t times, suppressed;
	uint64_t first_nsec, last_nsec;
	uint64_t first_iova, last_iova;
};

/**
 * incidents_add_seen() - add many sightings of the kernel's log at once
 * @index: of their incident in @list
 *
 * incidents_keep_one() follows for each event. False: out of memory.
 */
bool incidents_add_seen(struct ami_incidents *list, const struct sighting *s,
			const struct incidents_seen *seen, size_t *index);

/** incidents_keep_one() - the event of a sighting that is counted already */
void incidents_keep_one(struct ami_incident *in, const struct sighting *s);

/* The key of the time of the panic in an extract's VMCOREINFO. */
#define INCIDENTS_UPTIME	"AMDIOMMU_UPTIME_US"

/** incidents_carry() - put what the kernel's log says into an extract */
void incidents_carry(struct ami_incidents *list, const struct ami_state *s);

/** incidents_carried() - what an extract has of the kernel's log */
void incidents_carried(struct ami_incidents *list, struct ami_state *s);

/** incidents_of_line() - what a line of the kernel's log says, by its meaning */
bool incidents_of_line(const struct ami_state *state,
		       const struct ami_printk_record *record,
		       struct sighting *s);

/** incidents_kind() - kind of an event */
enum ami_incident_kind incidents_kind(const struct amdvi_event *event);

/** incidents_wording() - what a text says; AMI_INCIDENT_NONE: nothing */
enum ami_incident_kind incidents_wording(const char *text,
					 struct amdvi_event *event);

/** incidents_number() - "key=0x12" in a text */
bool incidents_number(const char *text, const char *key, uint64_t *value);

/** incidents_settle() - decide whom it concerns, and what a ring proves */
void incidents_settle(struct ami_state *state, struct ami_incidents *list);

/** incidents_report() - add a finding for each */
void incidents_report(struct ami_state *state,
		      const struct ami_incidents *list);

/** incidents_dmesg_read() - read the log once, into @list and list->dmesg */
int incidents_dmesg_read(const struct ami_state *state, struct ami_incidents *list,
			 struct ami_error *err);

#endif
