// SPDX-License-Identifier: GPL-2.0-or-later
/* A finding for each incident. lib/verdict explains refused accesses. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "incidents.h"

#define TOLD	160
#define FACTS	(AMI_EVENT_FACTS + 8u)

/**
 * struct telling - an incident that becomes a finding
 * @how: "event log and kernel log, 12 times, last at 3.250000 s"
 * @facts: what that says, and more; their texts are @witnesses, @device, or constant
 */
struct telling {
	struct ami_state *s;
	const struct ami_incident *in;
	char where[AMI_BDF_TEXT], device[AMI_BDF_TEXT];
	char how[TOLD], witnesses[96];
	struct ami_fact facts[FACTS + 1];
	size_t count;
};

static void add_fact(struct telling *t, struct ami_fact fact)
{
	if (t->count == FACTS)
		return;
	t->facts[t->count++] = fact;
	t->facts[t->count].key = AMI_FACT_END;
}

#define ADD(t, key, value) \
	add_fact(t, (struct ami_fact)AMI_SAYS(key, value))

static void describe_witnesses(struct telling *t)
{
	const struct ami_incident *in = t->in;
	uint64_t times = ami_incident_times(in), us = in->last_nsec / 1000;
	size_t used;

	ami_incident_witnesses(in, t->witnesses, sizeof(t->witnesses));
	used = snprintf(t->how, TOLD, "%s", t->witnesses);
	add_fact(t, (struct ami_fact)AMI_NAMES(WITNESSES, t->witnesses));
	ADD(t, TIMES, times);
	if (times > 1)
		used += snprintf(t->how + used, TOLD - used, ", %" PRIu64
				 " times", times);
	if (in->witnesses & 1u << AMI_WITNESS_KERNEL_LOG) {
		used += snprintf(t->how + used, TOLD - used, ", %sat %" PRIu64
				 ".%06" PRIu64 " s", times > 1 ? "last " : "",
				 us / 1000000, us % 1000000);
		ADD(t, LAST_US, us);
	}
	if (in->suppressed) {
		snprintf(t->how + used, TOLD - used, ", %" PRIu64
			 " more not printed", in->suppressed);
		ADD(t, NOT_PRINTED, in->suppressed);
	}
}

/* The event that its text is taken from. */
static void describe_event(struct telling *t, const struct amdvi_event *event,
		       uint16_t segment)
{
	struct ami_fact facts[AMI_EVENT_FACTS + 1];
	size_t i;

	ami_event_facts(event, facts);
	for (i = 0; facts[i].key != AMI_FACT_END; i++)
		add_fact(t, facts[i]);
	if (!t->in->has_device && event->devid) {
		ami_bdf_text((struct ami_bdf){ segment, event->devid },
			     t->device);
		add_fact(t, (struct ami_fact)AMI_NAMES(DEVICE, t->device));
	}
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

static void recovered(struct telling *t)
{
	const struct ami_incident *in = t->in;
	const char *what = in->has_device ?
			   "a later flush of its whole TLB" :
			   "a later completion wait";

	if (in->by >= 0)
		ADD(t, ENTRY, in->by);
	if (in->by >= 0)
		ami_finding_add_with(t->s->findings,
			 AMI_FIND_INVALIDATION_RECOVERED, t->where, t->facts,
			 "An invalidation failed (%s), but %s is proven done (ring entry %d): no old translation is in use for it.",
			 t->how, what, in->by);
	else
		ami_finding_add_with(t->s->findings,
			 AMI_FIND_INVALIDATION_RECOVERED, t->where, t->facts,
			 "An invalidation failed (%s), but %s is proven done: no old translation is in use for it.",
			 t->how, what);
}

static void lost(struct telling *t)
{
	static const char *const text[AMI_INCIDENT_KINDS] = {
		[AMI_INCIDENT_INVALIDATION_TIMEOUT] =
			"The device did not answer an invalidation of its own TLB",
		[AMI_INCIDENT_WAIT_LOST] =
			"A completion wait never came",
		[AMI_INCIDENT_COMMAND_LOST] =
			"The driver gave up on a command that found no room in the ring",
	};
	const struct ami_incident *in = t->in;
	const char *rest = in->settled ?
		"the ring shows which invalidations are not proven" :
		"translations that were removed before may still be in use";

	if (in->settled && (in->has_device || !outstanding(t->s, in)))
		recovered(t);
	else
		ami_finding_add_with(t->s->findings, AMI_FIND_INVALIDATION_LOST,
			 t->where, t->facts, "%s (%s): %s.", text[in->kind],
			 t->how, rest);
}

static void stopped(struct telling *t)
{
	const struct ami_occurrence *o = &t->in->list[0];
	char at[64] = "";

	if (t->in->kept && o->event.code) {
		snprintf(at, sizeof(at), " (%s at physical %#" PRIx64 ")",
			 amdvi_event_name(o->event.code), o->event.address);
		describe_event(t, &o->event, 0);
	}
	ami_finding_add_with(t->s->findings, AMI_FIND_COMMANDS_STOPPED,
		 t->where,
		 t->facts, "The IOMMU stopped executing commands%s; %s: %s.", at,
		 t->how, t->in->settled ?
		 "the ring shows which invalidations it did not do" :
		 "invalidations after that were not done");
}

static void described(struct telling *t, enum ami_finding_code code)
{
	const struct ami_incident *in = t->in;
	const struct ami_occurrence *o = &in->list[in->kept ? in->kept - 1 : 0];
	uint16_t segment = in->has_device ? in->bdf.segment :
			   in->iommu < 0 ? 0 :
			   t->s->iommus[in->iommu].bdf.segment;
	char text[256];

	if (in->kept && o->event.code) {
		amdvi_event_describe(&o->event, segment, text, sizeof(text));
		describe_event(t, &o->event, segment);
	} else {
		snprintf(text, sizeof(text), "%s", ami_incident_text(in->kind));
	}
	ami_finding_add_with(t->s->findings, code, t->where, t->facts,
			     "%s (%s).", text, t->how);
}

static void report_one(struct ami_state *s, const struct ami_incident *in)
{
	struct telling t = { .s = s, .in = in };

	ami_incident_where(s, in, t.where);
	describe_witnesses(&t);
	switch (in->kind) {
	case AMI_INCIDENT_INVALIDATION_TIMEOUT:
	case AMI_INCIDENT_WAIT_LOST:
	case AMI_INCIDENT_COMMAND_LOST:
		lost(&t);
		break;
	case AMI_INCIDENT_COMMANDS_STOPPED:
		stopped(&t);
		break;
	case AMI_INCIDENT_EVENTS_LOST:
		ami_finding_add_with(s->findings, AMI_FIND_EVENTS_LOST, t.where,
			 t.facts, "Events were lost, or not printed (%s): the list of faults is incomplete.",
			 t.how);
		break;
	case AMI_INCIDENT_PAGE_FAULT:
		ami_finding_add_with(s->findings, AMI_FIND_PAGE_FAULTS_LOGGED,
			 t.where, t.facts, "The IOMMU refused accesses of this device (%s). Those in the event log may be old: the driver leaves them in place.",
			 t.how);
		break;
	case AMI_INCIDENT_TABLE_ERROR:
		described(&t, AMI_FIND_TABLE_HARDWARE_ERROR);
		break;
	case AMI_INCIDENT_REQUEST_REFUSED:
		described(&t, AMI_FIND_REQUEST_REFUSED);
		break;
	case AMI_INCIDENT_RMP_REFUSED:
		described(&t, AMI_FIND_RMP_REFUSED);
		break;
	case AMI_INCIDENT_EVENT:
		described(&t, AMI_FIND_EVENT_LOGGED);
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
