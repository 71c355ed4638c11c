// SPDX-License-Identifier: GPL-2.0-or-later
/* A line of the kernel's log as a sighting: which device, which IOMMU. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "incidents.h"

static int iommu_at(const struct ami_state *s, struct ami_bdf bdf)
{
	size_t i;

	for (i = 0; i < s->nr_iommus; i++)
		if (!memcmp(&s->iommus[i].bdf, &bdf, sizeof(bdf)))
			return i;
	return -1;
}

/* "ivhd0", "iommu0": by the number that the driver gave it */
static int iommu_numbered(const struct ami_state *s, const char *text)
{
	static const char *const name[] = { "ivhd", "iommu" };
	size_t i, k;

	for (k = 0; k < sizeof(name) / sizeof(name[0]); k++) {
		const char *at = strcasestr(text, name[k]);
		unsigned int index;

		if (!at || sscanf(at + strlen(name[k]), "%4u", &index) != 1 ||
		    !isdigit((unsigned char)at[strlen(name[k])]))
			continue;
		for (i = 0; i < s->nr_iommus; i++)
			if (s->iommus[i].index == index)
				return i;
	}
	return -1;
}

/* The next PCI address in the text; @end: after it. */
static bool next_bdf(const char *text, struct ami_bdf *bdf, const char **end)
{
	static const char parts[] = "0123456789abcdefABCDEF:.";
	char word[AMI_BDF_TEXT];

	while (*(text += strcspn(text, parts))) {
		size_t len = strspn(text, parts), used = len;

		while (used && (text[used - 1] == ':' || text[used - 1] == '.'))
			used--;
		snprintf(word, sizeof(word), "%.*s", (int)used, text);
		text += len;
		if (used >= 7 && used < sizeof(word) &&
		    ami_bdf_parse(word, bdf)) {
			*end = text;
			return true;
		}
	}
	return false;
}

/* "IOMMU 0000:c0:00.2: ...": names an IOMMU that the driver does not have. */
static bool follows_iommu(const char *text, const char *end)
{
	const char *at = strstr(text, "IOMMU ");

	return at && at < end &&
	       at + 6 + strspn(at + 6, "0123456789abcdefABCDEF:.") == end;
}

static void take_bdf(const struct ami_state *s, struct sighting *sight,
		     struct ami_bdf bdf, bool named_iommu)
{
	int iommu = iommu_at(s, bdf);

	if (iommu >= 0) {
		sight->iommu = iommu;
	} else if (named_iommu) {
		sight->names_iommu = true;
		sight->bdf = bdf;
	} else if (!sight->has_device) {
		sight->has_device = true;
		sight->bdf = bdf;
	}
}

/* dev_printk() stores the device, or the IOMMU that reports it. */
static void take_names(const struct ami_state *s,
		       const struct ami_printk_record *r,
		       struct sighting *sight)
{
	const char *device = strcasestr(r->text, "device="), *end;
	const char *at = device ? device : r->text;
	struct ami_bdf bdf;

	if (!strncmp(r->device, "+pci:", 5) &&
	    ami_bdf_parse(r->device + 5, &bdf) && !device)
		take_bdf(s, sight, bdf, false);
	while (next_bdf(at, &bdf, &end)) {
		take_bdf(s, sight, bdf, !device && follows_iommu(r->text, end));
		at = end;
	}
	if (sight->iommu < 0)
		sight->iommu = iommu_numbered(s, r->text);
}

/* Only events have a device. A wait or a command is the IOMMU's. */
static bool of_device(enum ami_incident_kind kind)
{
	switch (kind) {
	case AMI_INCIDENT_WAIT_LOST:
	case AMI_INCIDENT_COMMAND_LOST:
	case AMI_INCIDENT_COMMANDS_STOPPED:
	case AMI_INCIDENT_EVENTS_LOST:
	case AMI_INCIDENT_TABLES_REUSED:
	case AMI_INCIDENT_TABLES_COPIED:
		return false;
	default:
		return true;
	}
}

/* "96 callbacks suppressed" */
static uint64_t suppressed(const char *text)
{
	const char *at = strcasestr(text, " callbacks suppressed");

	while (at && at > text && isdigit((unsigned char)at[-1]))
		at--;
	return at ? strtoull(at, NULL, 10) : 0;
}

bool incidents_of_line(const struct ami_state *state,
		       const struct ami_printk_record *r, struct sighting *s)
{
	const struct ami_device *d;

	*s = (struct sighting){
		.witness = AMI_WITNESS_KERNEL_LOG, .iommu = -1,
		.nsec = r->ts_nsec,
	};
	if (r->facility)
		return false;
	s->kind = incidents_wording(r->text, &s->event);
	if (s->kind == AMI_INCIDENT_NONE)
		return false;
	take_names(state, r, s);
	if (s->has_device && !of_device(s->kind))
		s->has_device = false;
	if (s->kind == AMI_INCIDENT_EVENTS_LOST)
		s->suppressed = suppressed(r->text);
	if (s->has_device) {
		s->event.devid = s->bdf.devid;
		s->event.w[0] |= s->bdf.devid;
	}
	d = s->has_device ? ami_state_device(state, s->bdf) : NULL;
	if (d && s->iommu < 0)
		s->iommu = d->iommu;
	if (s->iommu < 0 && state->nr_iommus == 1 && !s->names_iommu)
		s->iommu = 0;
	return true;
}

void ami_line_meaning(const struct ami_state *state,
		      const struct ami_line *line, char *buf, size_t size)
{
	struct ami_printk_record r = { .facility = line->user };
	struct sighting s;

	*buf = '\0';
	if (line->incident == AMI_INCIDENT_NONE)
		return;
	snprintf(r.text, sizeof(r.text), "%s", line->text);
	if (incidents_of_line(state, &r, &s) && s.event.code) {
		if (!s.has_device && line->device >= 0)
			s.event.devid = state->devices[line->device].bdf.devid;
		amdvi_event_describe(&s.event, s.bdf.segment, buf, size);
	}
}
