// SPDX-License-Identifier: GPL-2.0-or-later
/* A finding for each incident. lib/verdict explains refused accesses. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "incidents.h"

#define TOLD	160

/* "event log and kernel log, 12 times, last at 3.250000 s" */
static void describe_witnesses(const struct ami_incident *in, char buf[TOLD])
{
	uint64_t times = ami_incident_times(in);
	size_t used;

	ami_incident_witnesses(in, buf, TOLD);
	used = strlen(buf);
	if (times > 1)
		used += snprintf(buf + used, TOLD - used, ", %" PRIu64 " times",
				 times);
	if (in->witnesses & 1u << AMI_WITNESS_KERNEL_LOG)
		used += snprintf(buf + used, TOLD - used, ", %sat %.6f s",
				 times > 1 ? "last " : "",
				 in->last_nsec / 1e9);
	if (in->suppressed)
		snprintf(buf + used, TOLD - used, ", %" PRIu64
			 " more not printed", in->suppressed);
}

static bool outstanding(const struct ami_state *s,
			const struct ami_incident *in)
{
	size_t i;

	for (i = 0; i < s->nr_iommus; i++)
		if ((in->iommu < 0 || (size_t)in->iommu == i) &&
		    s->iommus[i].ring.outstanding)
			return true;
	return false;
}

static void recovered(struct ami_state *s, const struct ami_incident *in,
		      const char *where, const char *how)
{
	const char *what = in->has_device ?
			   "a later flush of its whole TLB" :
			   "a later completion wait";

	if (in->by >= 0)
		ami_finding_add(s->findings, AMI_FIND_INVALIDATION_RECOVERED,
			 where, "An invalidation failed (%s), but %s is proven done (ring entry %d): no old translation is in use for it.",
			 how, what, in->by);
	else
		ami_finding_add(s->findings, AMI_FIND_INVALIDATION_RECOVERED,
			 where, "An invalidation failed (%s), but %s is proven done: no old translation is in use for it.",
			 how, what);
}

static void lost(struct ami_state *s, const struct ami_incident *in,
		 const char *where, const char *how)
{
	static const char *const text[AMI_INCIDENT_KINDS] = {
		[AMI_INCIDENT_INVALIDATION_TIMEOUT] =
			"The device did not answer an invalidation of its own TLB",
		[AMI_INCIDENT_WAIT_LOST] =
			"A completion wait never came",
		[AMI_INCIDENT_COMMAND_LOST] =
			"The driver gave up on a command that found no room in the ring",
	};
	const char *rest = in->settled ?
		"the ring shows which invalidations are not proven" :
		"translations that were removed before may still be in use";

	if (in->settled && (in->has_device || !outstanding(s, in)))
		recovered(s, in, where, how);
	else
		ami_finding_add(s->findings, AMI_FIND_INVALIDATION_LOST, where,
			 "%s (%s): %s.", text[in->kind], how, rest);
}

static void stopped(struct ami_state *s, const struct ami_incident *in,
		    const char *where, const char *how)
{
	const struct ami_occurrence *o = &in->list[0];
	char at[64] = "";

	if (in->kept && o->event.code)
		snprintf(at, sizeof(at), " (%s at physical %#" PRIx64 ")",
			 amdvi_event_name(o->event.code), o->event.address);
	ami_finding_add(s->findings, AMI_FIND_COMMANDS_STOPPED, where,
		 "The IOMMU stopped executing commands%s; %s: %s.", at, how,
		 in->settled ?
		 "the ring shows which invalidations it did not do" :
		 "invalidations after that were not done");
}

static void described(struct ami_state *s, const struct ami_incident *in,
		      enum ami_finding_code code, const char *where,
		      const char *how)
{
	const struct ami_occurrence *o = &in->list[in->kept ? in->kept - 1 : 0];
	uint16_t segment = in->has_device ? in->bdf.segment :
			   in->iommu >= 0 ? s->iommus[in->iommu].bdf.segment :
			   0;
	char text[256];

	if (in->kept && o->event.code)
		amdvi_event_describe(&o->event, segment, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%s", ami_incident_text(in->kind));
	ami_finding_add(s->findings, code, where, "%s (%s).", text, how);
}

static void report_one(struct ami_state *s, const struct ami_incident *in)
{
	char where[AMI_BDF_TEXT], how[TOLD];

	ami_incident_where(s, in, where);
	describe_witnesses(in, how);
	switch (in->kind) {
	case AMI_INCIDENT_INVALIDATION_TIMEOUT:
	case AMI_INCIDENT_WAIT_LOST:
	case AMI_INCIDENT_COMMAND_LOST:
		lost(s, in, where, how);
		break;
	case AMI_INCIDENT_COMMANDS_STOPPED:
		stopped(s, in, where, how);
		break;
	case AMI_INCIDENT_EVENTS_LOST:
		ami_finding_add(s->findings, AMI_FIND_EVENTS_LOST, where,
			 "Events were lost, or not printed (%s): the list of faults is incomplete.",
			 how);
		break;
	case AMI_INCIDENT_PAGE_FAULT:
		ami_finding_add(s->findings, AMI_FIND_PAGE_FAULTS_LOGGED, where,
			 "The IOMMU refused accesses of this device (%s). Those in the event log may be old: the driver leaves them in place.",
			 how);
		break;
	case AMI_INCIDENT_TABLE_ERROR:
		described(s, in, AMI_FIND_TABLE_HARDWARE_ERROR, where, how);
		break;
	case AMI_INCIDENT_REQUEST_REFUSED:
		described(s, in, AMI_FIND_REQUEST_REFUSED, where, how);
		break;
	case AMI_INCIDENT_RMP_REFUSED:
		described(s, in, AMI_FIND_RMP_REFUSED, where, how);
		break;
	case AMI_INCIDENT_EVENT:
		described(s, in, AMI_FIND_EVENT_LOGGED, where, how);
		break;
	default:
		break;
	}
}

void incidents_report(struct ami_state *state,
		      const struct ami_incidents *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		report_one(state, &list->list[i]);
}
