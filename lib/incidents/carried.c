// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's log stays out of extracts. What it says of incidents goes with
 * them, so that an extract never looks safer than its dump. These are lines of
 * its VMCOREINFO, only numbers and names of kinds:
 *
 * AMDIOMMU_INCIDENTS=<incidents that follow> <dropped>
 * AMDIOMMU_INCIDENT=<kind> <device> <IOMMU> <index of the IOMMU, -1: unknown>
 * 	<times> <not printed> <first, last: ns since boot>
 * 	<IOVAs: lowest, highest>
 * AMDIOMMU_EVENT=<ns since boot> <four words as in the event log>
 *
 * "-" stands for an unknown device or IOMMU; 1 and 0 mean no IOVAs. Events
 * belong to the incident before them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "incidents.h"

#define HEAD		"AMDIOMMU_INCIDENTS="
#define INCIDENT	"AMDIOMMU_INCIDENT="
#define EVENT		"AMDIOMMU_EVENT="
#define KERNEL_LOG	(1u << AMI_WITNESS_KERNEL_LOG)
/* Incidents of each kind that concern an unknown device may come on top. */
#define MAX_CARRIED	(AMI_MAX_INCIDENTS + AMI_INCIDENT_KINDS)
#define MAX_EVENTS	8192u
/* What a count or a time can be. */
#define LIMIT		(1ull << 62)
#define MAX_TIMES	(1ull << 48)

static void put_incident(FILE *out, const struct ami_incident *in)
{
	char bdf[AMI_BDF_TEXT];

	ami_bdf_text(in->bdf, bdf);
	fprintf(out, INCIDENT "%s %s %s %d %" PRIu64 " %" PRIu64 " %" PRIu64
		" %" PRIu64 " %#" PRIx64 " %#" PRIx64 "\n",
		ami_incident_name(in->kind), in->has_device ? bdf : "-",
		in->names_iommu ? bdf : "-", in->iommu,
		in->count[AMI_WITNESS_KERNEL_LOG], in->suppressed,
		in->first_nsec, in->last_nsec, in->has_iova ? in->first_iova : 1,
		in->has_iova ? in->last_iova : 0);
}

static size_t put_events(FILE *out, const struct ami_incident *in, size_t room)
{
	size_t i, n = 0;

	for (i = 0; i < in->kept && n < room; i++) {
		const struct ami_occurrence *o = &in->list[i];

		if (!(o->witnesses & KERNEL_LOG))
			continue;
		fprintf(out, EVENT "%" PRIu64 " %#x %#x %#x %#x\n", o->nsec,
			o->event.w[0], o->event.w[1], o->event.w[2],
			o->event.w[3]);
		n++;
	}
	return n;
}

static void put_list(FILE *out, const struct ami_incidents *list,
		     const struct ami_state *s)
{
	size_t i, n = 0, events = 0;
	uint64_t uptime;

	for (i = 0; i < list->count; i++)
		n += !!(list->list[i].witnesses & KERNEL_LOG);
	fprintf(out, HEAD "%zu %" PRIu64 "\n", n, list->dropped);
	if (ami_uptime(s, list->dmesg, &uptime))
		fprintf(out, INCIDENTS_UPTIME "=%" PRIu64 "\n", uptime);
	for (i = 0; i < list->count; i++) {
		if (!(list->list[i].witnesses & KERNEL_LOG))
			continue;
		put_incident(out, &list->list[i]);
		events += put_events(out, &list->list[i], MAX_EVENTS - events);
	}
}

void incidents_carry(struct ami_incidents *list, const struct ami_state *s)
{
	struct ami_dump *dump = ami_kernel_dump(s->kernel);
	char *text = NULL;
	FILE *out;
	size_t size;

	/* An extract of an older version's extract carries the same. */
	if (!ami_dump_recording(dump) ||
	    (ami_dump_is_extract(dump) && !list->carried))
		return;
	out = open_memstream(&text, &size);
	if (out)
		put_list(out, list, s);
	if (!out || fclose(out)) {
		free(text);
		list->failed = true;
		return;
	}
	ami_dump_carry(dump, text);
}

/**
 * struct reader - the lines of an extract
 * @in: the incident that events belong to; an index, as the list may move
 * @times: of that incident; @seen: events of it so far
 */
struct reader {
	struct ami_incidents *list;
	const struct ami_state *s;
	size_t in;
	bool any;
	struct sighting sight;
	uint64_t times, seen;
	uint64_t promised, incidents, events, bad;
};

static bool take_head(struct reader *r, const char *line)
{
	uint64_t dropped;

	if (r->list->carried ||
	    sscanf(line, "%" SCNu64 " %" SCNu64, &r->promised, &dropped) != 2 ||
	    dropped > LIMIT)
		return false;
	r->list->carried = true;
	r->list->dropped += dropped;
	return true;
}

static enum ami_incident_kind kind_named(const char *name)
{
	int kind;

	for (kind = AMI_INCIDENT_NONE + 1; kind < AMI_INCIDENT_KINDS; kind++)
		if (!strcmp(name, ami_incident_name(kind)))
			return kind;
	return AMI_INCIDENT_NONE;
}

static bool take_who(struct sighting *s, const char *device, const char *iommu)
{
	s->has_device = strcmp(device, "-");
	s->names_iommu = strcmp(iommu, "-");
	if (s->has_device && s->names_iommu)
		return false;
	return (!s->has_device || ami_bdf_parse(device, &s->bdf)) &&
	       (!s->names_iommu || ami_bdf_parse(iommu, &s->bdf));
}

/*
 * Events that are not carried may be any events. So nothing settles the
 * incident.
 */
static void end_incident(struct reader *r)
{
	if (r->any && r->seen < r->times)
		r->list->list[r->in].more = true;
	r->any = false;
}

static bool take_incident(struct reader *r, const char *line)
{
	char kind[32], device[AMI_BDF_TEXT], iommu[AMI_BDF_TEXT];
	struct incidents_seen seen;
	int index;

	end_incident(r);
	r->sight = (struct sighting){ .witness = AMI_WITNESS_KERNEL_LOG };
	if (++r->incidents > MAX_CARRIED ||
	    sscanf(line, "%31s %15s %15s %d %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64 " %" SCNx64 " %" SCNx64, kind, device, iommu,
		   &index, &seen.times, &seen.suppressed, &seen.first_nsec,
		   &seen.last_nsec, &seen.first_iova, &seen.last_iova) != 10 ||
	    !seen.times || seen.times > MAX_TIMES ||
	    seen.suppressed > MAX_TIMES || seen.first_nsec > LIMIT ||
	    seen.last_nsec > LIMIT || !take_who(&r->sight, device, iommu))
		return false;
	r->sight.kind = kind_named(kind);
	r->sight.iommu = index >= 0 && (size_t)index < r->s->nr_iommus ?
			 index : -1;
	if (r->sight.kind == AMI_INCIDENT_NONE ||
	    !incidents_add_seen(r->list, &r->sight, &seen, &r->in))
		return false;
	r->any = true;
	r->times = seen.times;
	r->seen = 0;
	return true;
}

static bool take_event(struct reader *r, const char *line)
{
	uint32_t w[4];

	if (!r->any || ++r->events > MAX_EVENTS || r->seen == r->times ||
	    sscanf(line, "%" SCNu64 " %x %x %x %x", &r->sight.nsec, &w[0],
		   &w[1], &w[2], &w[3]) != 5 || r->sight.nsec > LIMIT)
		return false;
	amdvi_event_decode(w, &r->sight.event);
	incidents_keep_one(&r->list->list[r->in], &r->sight);
	r->seen++;
	return true;
}

static void take_line(struct reader *r, const char *line)
{
	static const struct {
		const char *key;
		bool (*take)(struct reader *r, const char *line);
	} keys[] = {
		{ HEAD, take_head }, { INCIDENT, take_incident },
		{ EVENT, take_event },
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t len = strlen(keys[i].key);

		if (!strncmp(line, keys[i].key, len))
			r->bad += !keys[i].take(r, line + len);
	}
}

static void read_lines(struct reader *r, const char *text)
{
	char line[256];

	while (text && *text && r->incidents <= MAX_CARRIED &&
	       r->events <= MAX_EVENTS) {
		size_t len = strcspn(text, "\n");

		if (!strncmp(text, "AMDIOMMU_", 9)) {
			snprintf(line, sizeof(line), "%.*s",
				 len < sizeof(line) ? (int)len : 0, text);
			take_line(r, line);
		}
		text += len + !!text[len];
	}
	end_incident(r);
}

static void report(struct ami_state *s, const struct reader *r)
{
	if (r->bad || r->promised != r->incidents)
		ami_finding_add_with(s->findings, AMI_FIND_INCIDENTS_UNREAD,
				"extract",
				AMI_FACTS(AMI_SAYS(COUNT, r->incidents),
					  AMI_SAYS(OF, r->promised),
					  AMI_SAYS(LINES, r->bad)),
				"Some of the incidents that the kernel's log reported cannot be read from this extract (%" PRIu64 " of %" PRIu64 " there, %" PRIu64 " line%s of no known form).",
				r->incidents, r->promised, r->bad,
				r->bad == 1 ? "" : "s");
	else if (!r->list->carried && ami_dump_is_extract(ami_kernel_dump(s->kernel)))
		ami_finding_add(s->findings, AMI_FIND_INCIDENTS_UNREAD,
				"extract",
				"This extract holds neither the kernel's log nor what it said of incidents: an invalidation that failed may be unknown here.");
}

void incidents_carried(struct ami_incidents *list, struct ami_state *s)
{
	struct reader r = { .list = list, .s = s };

	if (list->dmesg->mem == AMI_MEM_OK)
		return;
	read_lines(&r, ami_dump_vmcoreinfo(ami_kernel_dump(s->kernel)));
	report(s, &r);
}
