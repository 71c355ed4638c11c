// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of incidents: each witness fills it, one entry for one fact. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <common/vec.h>

#include "incidents.h"

const char *ami_incident_name(enum ami_incident_kind kind)
{
	static const char *const name[AMI_INCIDENT_KINDS] = {
		"none", "invalidation-timeout", "completion-wait-lost",
		"command-lost", "commands-stopped", "events-lost",
		"page-fault", "dte-refused", "table-error", "request-refused",
		"rmp-refused", "tables-reused", "tables-copied", "event",
	};

	return name[kind];
}

const char *ami_incident_text(enum ami_incident_kind kind)
{
	static const char *const text[AMI_INCIDENT_KINDS] = {
		"nothing", "did not answer an invalidation",
		"completion wait never came", "command found no room",
		"commands stopped", "events lost or not printed",
		"page fault", "illegal device table entry",
		"hardware error reading a table", "invalid request",
		"refused by the RMP", "tables reused by a capture kernel",
		"tables copied by a capture kernel", "event",
	};

	return text[kind];
}

const char *ami_witness_name(enum ami_witness witness)
{
	static const char *const name[AMI_WITNESSES] = {
		"event log", "kernel log", "command ring",
		"recorded registers",
	};

	return name[witness];
}

uint64_t ami_incident_times(const struct ami_incident *in)
{
	uint64_t most = 1;
	int i;

	for (i = 0; i < AMI_WITNESSES; i++)
		if (in->count[i] > most)
			most = in->count[i];
	return most;
}

char *ami_incident_where(const struct ami_state *s,
			 const struct ami_incident *in,
			 char buf[AMI_BDF_TEXT])
{
	if (in->has_device || in->names_iommu)
		return ami_bdf_text(in->bdf, buf);
	if (in->iommu < 0)
		snprintf(buf, AMI_BDF_TEXT, "any IOMMU");
	else
		snprintf(buf, AMI_BDF_TEXT, "iommu%u",
			 s->iommus[in->iommu].index);
	return buf;
}

void ami_incident_witnesses(const struct ami_incident *in, char *buf,
			    size_t size)
{
	size_t used = 0;
	int i;

	*buf = '\0';
	for (i = 0; i < AMI_WITNESSES && used < size; i++)
		if (in->witnesses & 1u << i)
			used += snprintf(buf + used, size - used, "%s%s",
					 used ? " and " : "",
					 ami_witness_name(i));
}

static bool same(const struct ami_incident *in, const struct sighting *s)
{
	if (in->kind != s->kind || in->has_device != s->has_device ||
	    in->names_iommu != s->names_iommu)
		return false;
	if (in->has_device || in->names_iommu)
		return !memcmp(&in->bdf, &s->bdf, sizeof(in->bdf));
	return in->iommu == s->iommu;
}

/*
 * Too many to keep: merge those of all devices and IOMMUs, so that none is
 * lost.
 */
static void forget_who(struct ami_incidents *list, struct sighting *s)
{
	list->dropped++;
	s->has_device = s->names_iommu = false;
	s->iommu = -1;
}

static struct ami_incident *find_or_add(struct ami_incidents *list,
					struct sighting *s)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (same(&list->list[i], s))
			return &list->list[i];
	if (list->count >= AMI_MAX_INCIDENTS &&
	    (s->has_device || s->names_iommu || s->iommu >= 0)) {
		forget_who(list, s);
		return find_or_add(list, s);
	}
	if (vec_push(list->list, list->count, SIZE_MAX, (struct ami_incident){
			.kind = s->kind, .has_device = s->has_device,
			.names_iommu = s->names_iommu, .bdf = s->bdf,
			.iommu = s->iommu, .by = -1 })) {
		list->failed = true;
		return NULL;
	}
	return &list->list[list->count - 1];
}

/*
 * The same event in two logs is one event. A log that has it twice saw it
 * twice: the second one joins only an entry that the other log has and this one
 * has not yet.
 */
static bool same_event(const struct ami_occurrence *o,
		       const struct sighting *s)
{
	return !(o->witnesses & 1u << s->witness) && s->event.code &&
	       o->event.code == s->event.code &&
	       o->event.devid == s->event.devid &&
	       o->event.address == s->event.address &&
	       o->event.flags == s->event.flags &&
	       o->event.domain_id == s->event.domain_id;
}

void incidents_keep_one(struct ami_incident *in, const struct sighting *s)
{
	size_t i;

	for (i = 0; i < in->kept; i++)
		if (same_event(&in->list[i], s)) {
			in->list[i].witnesses |= 1u << s->witness;
			in->list[i].nsec = s->nsec;
			return;
		}
	if (in->kept == AMI_OCCURRENCES)
		in->more = true;
	else
		in->list[in->kept++] = (struct ami_occurrence){
			.event = s->event, .seen = s->seen,
			.witnesses = 1u << s->witness, .index = s->index,
			.nsec = s->nsec,
		};
}

/* Is the address an IOVA, and not that of a ring or a table? */
static bool has_iova(const struct amdvi_event *e)
{
	return e->code == AMDVI_EVENT_IO_PAGE_FAULT ||
	       e->code == AMDVI_EVENT_ILLEGAL_DEV_TABLE_ENTRY ||
	       e->code == AMDVI_EVENT_INVALID_DEVICE_REQUEST;
}

static void widen_iovas(struct ami_incident *in, uint64_t first, uint64_t last)
{
	if (first > last)
		return;
	if (!in->has_iova || first < in->first_iova)
		in->first_iova = first;
	if (!in->has_iova || last > in->last_iova)
		in->last_iova = last;
	in->has_iova = true;
}

/* Sightings of the kernel's log; the caller counts them. */
static void widen_times(struct ami_incident *in, uint64_t first, uint64_t last)
{
	bool any = in->count[AMI_WITNESS_KERNEL_LOG];

	if (!any || first < in->first_nsec)
		in->first_nsec = first;
	if (!any || last > in->last_nsec)
		in->last_nsec = last;
}

void incidents_join(struct ami_incident *to, const struct ami_incident *from)
{
	size_t i;

	if (from->count[AMI_WITNESS_KERNEL_LOG])
		widen_times(to, from->first_nsec, from->last_nsec);
	if (from->has_iova)
		widen_iovas(to, from->first_iova, from->last_iova);
	to->witnesses |= from->witnesses;
	for (i = 0; i < AMI_WITNESSES; i++)
		to->count[i] += from->count[i];
	to->suppressed += from->suppressed;
	to->more |= from->more;
	for (i = 0; i < from->kept && to->kept < AMI_OCCURRENCES; i++)
		to->list[to->kept++] = from->list[i];
	to->more |= i < from->kept;
}

void incidents_add(struct ami_incidents *list, const struct sighting *s)
{
	struct sighting who = *s;
	struct ami_incident *in = find_or_add(list, &who);

	if (!in)
		return;
	if (s->witness == AMI_WITNESS_KERNEL_LOG)
		widen_times(in, s->nsec, s->nsec);
	if (has_iova(&s->event))
		widen_iovas(in, s->event.address, s->event.address);
	if (in->iommu < 0 && !in->names_iommu)
		in->iommu = who.iommu;
	in->witnesses |= 1u << s->witness;
	in->count[s->witness]++;
	in->suppressed += s->suppressed;
	incidents_keep_one(in, s);
}

bool incidents_add_seen(struct ami_incidents *list, const struct sighting *s,
			const struct incidents_seen *seen, size_t *index)
{
	struct sighting who = *s;
	struct ami_incident *in = find_or_add(list, &who);

	if (!in)
		return false;
	widen_times(in, seen->first_nsec, seen->last_nsec);
	widen_iovas(in, seen->first_iova, seen->last_iova);
	if (in->iommu < 0 && !in->names_iommu)
		in->iommu = who.iommu;
	in->witnesses |= 1u << s->witness;
	in->count[s->witness] += seen->times;
	in->suppressed += seen->suppressed;
	*index = in - list->list;
	return true;
}
