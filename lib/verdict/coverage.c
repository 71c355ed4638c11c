// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Coverage: can every page be named that an active device could have written?
 * A device is bounded by its table, or by what its driver had asked it to write
 * if a reader came to the end of that.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <incidents/incident.h>

#include <common/vec.h>

#include "verdict.h"

/* Not taken from an exposure, or nothing is missing. */
#define NO_CAUSE	AMI_NR_REASONS

static const struct ami_device *device_of(const struct ami_exposures *ex,
					  struct ami_requester r)
{
	return r.is_iommu ? NULL : ami_state_device(ex->state, r.bdf);
}

static bool is_considered(const struct ami_exposures *ex, struct ami_requester r)
{
	const struct ami_device *d = device_of(ex, r);

	return r.is_iommu || (d && ami_device_active(d));
}

static bool keep_lazy(void *ctx, const struct ami_stale *stale)
{
	bool *only = ctx;

	*only &= stale->by == AMI_STALE_QUEUED;
	return *only;
}

/* Unmapped lazily, and nothing else: what every such machine shows. */
static bool only_lazy(const struct ami_exposures *ex,
		      const struct ami_device *d)
{
	bool only = true;
	size_t u;

	for (u = 0; u < ex->state->nr_iommus; u++)
		if (ami_serves(ex->state, u, d) &&
		    ami_incidents_keep(ex->state, d, u))
			return false;
	ami_stale_each(ex->state, d, keep_lazy, &only);
	return only;
}

static enum ami_reason_code cause_of(const struct ami_exposures *ex,
				     const struct ami_exposure *e)
{
	const struct ami_device *d = device_of(ex, e->requester);

	if (!is_considered(ex, e->requester))
		return NO_CAUSE;
	if (d && ami_device_elsewhere(d) && e->all_ram)
		return AMI_REASON_OTHER_TABLES;
	if (e->class == AMI_CLASS_PASSTHROUGH && e->all_ram)
		return ami_evidence_finished(ex->evidence, e->requester.bdf) ?
		       NO_CAUSE : AMI_REASON_UNREAD;
	if (e->complete)
		return NO_CAUSE;
	switch (e->class) {
	case AMI_CLASS_STALE:
		return d && only_lazy(ex, d) ? AMI_REASON_LAZY :
					       AMI_REASON_STALE;
	case AMI_CLASS_PASSTHROUGH:
		return AMI_REASON_STRIPPED;
	default:
		return AMI_REASON_HOLES;
	}
}

static int add_uncovered(struct ami_exposures *ex, struct ami_uncovered one)
{
	return vec_push(ex->uncovered, ex->nr_uncovered, SIZE_MAX, one) ? -1 : 0;
}

/* Pages that IOVA ranges can lead to; false: there is no bound. */
static bool count_iovas(const struct ami_exposure *e, uint64_t *pages)
{
	size_t i;

	*pages = 0;
	for (i = 0; i < e->nr_iovas; i++) {
		uint64_t first = e->iovas[i].first >> AMI_PAGE_SHIFT;
		uint64_t last = e->iovas[i].last >> AMI_PAGE_SHIFT;

		if (e->iovas[i].last == UINT64_MAX)
			return false;
		*pages += last - first + 1;
	}
	return e->nr_iovas;
}

static int look_at_exposure(struct ami_exposures *ex,
			    const struct ami_exposure *e)
{
	struct ami_uncovered one = { .requester = e->requester };

	one.why = cause_of(ex, e);
	if (one.why == NO_CAUSE)
		return 0;
	if (!e->all_ram)
		one.bounded = count_iovas(e, &one.pages);
	one.all_ram = !one.bounded;
	return add_uncovered(ex, one);
}

static int find_uncovered(struct ami_exposures *ex)
{
	size_t i;

	for (i = 0; i < ex->state->nr_devices; i++) {
		const struct ami_device *d = &ex->state->devices[i];

		if (ami_device_undecided(d) && ami_device_active(d) &&
		    add_uncovered(ex, (struct ami_uncovered){
				.requester.bdf = d->bdf, .all_ram = true,
				.why = AMI_REASON_UNDECIDED }))
			return -1;
	}
	for (i = 0; i < ex->count; i++)
		if (look_at_exposure(ex, &ex->list[i]))
			return -1;
	return 0;
}

/**
 * struct gap - all of one cause
 * @pages: at most, of domains that devices share once
 */
struct gap {
	struct verdict_devices devices;
	bool bounded;
	uint64_t pages;
};

static int sum_gap(const struct ami_exposures *ex, enum ami_reason_code why,
		   struct gap *gap)
{
	const struct ami_state *s = ex->state;
	bool *seen = calloc(s->nr_domains + 1, sizeof(*seen));
	size_t i, at;

	*gap = (struct gap){ .bounded = true };
	for (i = 0; seen && i < ex->nr_uncovered; i++) {
		const struct ami_uncovered *u = &ex->uncovered[i];
		const struct ami_device *d = device_of(ex, u->requester);
		const struct ami_domain *dom = d ? ami_stale_domain(s, d) : NULL;

		if (u->why != why)
			continue;
		if (d)
			verdict_name_device(&gap->devices, s, d->bdf);
		gap->bounded &= u->bounded;
		at = dom ? (size_t)(dom - s->domains) : s->nr_domains;
		if (!seen[at])
			gap->pages += u->pages;
		seen[at] = dom;
	}
	free(seen);
	return seen && !gap->devices.failed ? 0 : -1;
}

static const struct {
	enum ami_reason_code why;
	const char *bounded, *text;
} gap_text[] = {
	{ AMI_REASON_UNDECIDED, "",
	  "what they could write is not known" },
	{ AMI_REASON_UNREAD, "",
	  "no table bounds these, and what drivers had asked them to write was not read to its end: any page" },
	{ AMI_REASON_OTHER_TABLES, "",
	  "only tables that amdiommu does not read may bound these: at worst any page" },
	{ AMI_REASON_HOLES, "some page tables cannot be read, and map at most",
	  "some page tables cannot be read, and what they map is not known" },
	{ AMI_REASON_STALE,
	  "invalidations are not proven done, and old translations may still be in use: at most",
	  "invalidations are not proven done, and any old translation may still be in use" },
	{ AMI_REASON_STRIPPED, "some guest tables cannot be read, and map at most",
	  "some guest tables cannot be read, and what they map is not known" },
	{ AMI_REASON_LAZY,
	  "pages were unmapped lazily and not yet flushed, and no table names them: at most",
	  "what was unmapped lazily is not known" },
};

static int add_gap(struct ami_exposures *ex, size_t i, const struct gap *gap)
{
	const struct verdict_devices *d = &gap->devices;
	const char *who = d->count ? d->names : "the IOMMU";
	char pages[40] = "";

	if (gap->bounded)
		snprintf(pages, sizeof(pages), " %" PRIu64 " page%s",
			 gap->pages, gap->pages == 1 ? "" : "s");
	return ami_reasons_add(&ex->gaps, ami_reason_name(gap_text[i].why),
			       ami_reason_kind(gap_text[i].why), d->list,
			       d->count, AMI_FACTS(
				       AMI_SAYS(COUNT, d->count),
				       AMI_SAYS_IF(gap->bounded, PAGES,
						   gap->pages)),
			       "%s%s: %s%s", who, verdict_more_devices(d),
			       gap->bounded ? gap_text[i].bounded :
			       gap_text[i].text, pages);
}

static bool any_of(const struct ami_exposures *ex, enum ami_reason_code why)
{
	size_t i;

	for (i = 0; i < ex->nr_uncovered; i++)
		if (ex->uncovered[i].why == why)
			return true;
	return false;
}

static int name_gaps(struct ami_exposures *ex)
{
	struct gap gap;
	size_t i;
	int ret;

	for (i = 0; i < sizeof(gap_text) / sizeof(gap_text[0]); i++) {
		if (!any_of(ex, gap_text[i].why))
			continue;
		ret = sum_gap(ex, gap_text[i].why, &gap);
		if (!ret)
			ret = add_gap(ex, i, &gap);
		verdict_free_devices(&gap.devices);
		if (ret)
			return -1;
	}
	return 0;
}

static bool leaves_part(const struct ami_exposures *ex,
			enum ami_finding_code code)
{
	(void)ex;
	return ami_finding_class(code)->covers == AMI_COVERS_PART;
}

static int name_rest(struct ami_exposures *ex, bool *part)
{
	bool cut = ami_dump_cut_reads(ami_kernel_dump(ex->state->kernel));

	if (verdict_because_of(ex, &ex->gaps, leaves_part, part))
		return -1;
	if (cut && verdict_because(&ex->gaps, CUT, &verdict_no_devices, NULL,
				   "the file is not whole"))
		return -1;
	*part |= cut || ex->state->incomplete;
	return ex->state->incomplete ?
	       verdict_because(&ex->gaps, STATE, &verdict_no_devices, NULL,
			       "parts of the IOMMU driver's state are missing: there may be more devices, or more that they reach") :
	       0;
}

/* Nothing is missing: what that rests on. */
static int name_whole(struct ami_exposures *ex)
{
	const struct ami_state *s = ex->state;
	struct verdict_devices d = { 0 };
	size_t active = 0, read = 0, i;
	int ret;

	for (i = 0; i < s->nr_devices; i++)
		active += ami_device_active(&s->devices[i]) &&
			  s->devices[i].is_pci;
	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (e->class != AMI_CLASS_PASSTHROUGH || !e->all_ram ||
		    !is_considered(ex, e->requester))
			continue;
		verdict_name_device(&d, s, e->requester.bdf);
		read++;
	}
	ret = d.failed ? -1 : read ?
	      verdict_because(&ex->gaps, ALL_NAMED, &d,
			      AMI_FACTS(AMI_SAYS(COUNT, read), AMI_SAYS(OF, active)),
			      "no table bounds %zu of %zu active devices, and all that their drivers had asked them to write was read",
			      read, active) :
	      verdict_because(&ex->gaps, ALL_NAMED, &d,
			      AMI_FACTS(AMI_SAYS(COUNT, read), AMI_SAYS(OF, active)),
			      !active ? "no device is active" : active == 1 ?
			      "a page table bounds the only active device" :
			      "page tables bound all %zu active devices", active);
	verdict_free_devices(&d);
	return ret;
}

int verdict_judge_coverage(struct ami_exposures *ex)
{
	bool part = false;

	if (find_uncovered(ex) || name_gaps(ex) || name_rest(ex, &part))
		return -1;
	ex->covered = part || ex->nr_uncovered ? AMI_COVERED_PARTIAL :
						 AMI_COVERED_COMPLETE;
	return ex->covered == AMI_COVERED_COMPLETE ? name_whole(ex) : 0;
}
