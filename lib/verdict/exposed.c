// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What every healthy machine of this configuration shows: `exposed` where
 * devices could write memory, `trusted` where none could.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "verdict.h"

static const struct ami_device *device_of(const struct ami_exposures *ex,
					  const struct ami_exposure *e)
{
	return e->requester.is_iommu ? NULL :
	       ami_state_device(ex->state, e->requester.bdf);
}

static bool is_active(const struct ami_exposures *ex,
		      const struct ami_exposure *e)
{
	const struct ami_device *d = device_of(ex, e);

	return d && ami_device_active(d);
}

/* Nearly all devices with ATS keep to their tables. */
bool verdict_only_by_ats(const struct ami_exposures *ex,
			 const struct ami_exposure *e)
{
	const struct ami_device *d = device_of(ex, e);

	return d && d->bypass == AMI_BYPASS_ATS;
}

/* Kinds of reach that a reason names, strongest first. */
enum reach { UNTRANSLATED, OTHER_TABLES, STRIPPED, UNNAMED, ATS, IDLE, KINDS };

static bool everywhere(const struct ami_exposure *e)
{
	return e->class == AMI_CLASS_PASSTHROUGH && e->all_ram;
}

static bool has_reach(const struct ami_exposures *ex,
		      const struct ami_exposure *e, enum reach kind)
{
	const struct ami_device *d = device_of(ex, e);
	bool ats = verdict_only_by_ats(ex, e);

	if (e->class >= AMI_CLASS_HARDWARE)
		return false;
	switch (kind) {
	case UNTRANSLATED:
		return everywhere(e) && is_active(ex, e) && !ats &&
		       !ami_device_elsewhere(d);
	case OTHER_TABLES:
		return everywhere(e) && is_active(ex, e) &&
		       ami_device_elsewhere(d);
	case STRIPPED:
		return e->class == AMI_CLASS_PASSTHROUGH && !e->all_ram &&
		       e->count && is_active(ex, e);
	case UNNAMED:
		return !e->complete;
	case ATS:
		return everywhere(e) && ats && !d->is_bridge;
	default:
		return everywhere(e) && d && !ats && !d->is_bridge &&
		       !is_active(ex, e);
	}
}

/* Another exposure of the device has brought it in already. */
static bool is_named_before(const struct ami_exposures *ex, const struct ami_exposure *e,
			    enum reach kind)
{
	const struct ami_exposure *x = NULL;

	while ((x = ami_exposure_next(ex, e->requester.bdf, x)) && x != e)
		if (has_reach(ex, x, kind))
			return true;
	return false;
}

/* Returns the pages of the first. */
static uint64_t find_reach(const struct ami_exposures *ex, enum reach kind,
			   struct verdict_devices *d)
{
	uint64_t pages = 0;
	size_t i;

	memset(d, 0, sizeof(*d));
	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (!has_reach(ex, e, kind) || is_named_before(ex, e, kind))
			continue;
		if (!d->count)
			pages = e->count;
		verdict_name_device(d, ex->state, e->requester.bdf);
	}
	return pages;
}

static int add_elsewhere(struct ami_exposures *ex,
			 const struct verdict_devices *d)
{
	return verdict_because(&ex->reasons, OTHER_TABLES, d,
			       AMI_FACTS(AMI_SAYS(COUNT, d->count)),
			       "%s%s %s active and may be bounded by the tables of %s, which are not read: if not, %s could write any page",
			       d->names, verdict_more_devices(d),
			       d->count == 1 ? "is" : "are",
			       ami_other_text(ex->state),
			       d->count == 1 ? "it" : "they");
}

static int add_reach(struct ami_exposures *ex, enum reach kind,
		     const struct verdict_devices *d, uint64_t pages)
{
	const char *more = verdict_more_devices(d);
	const char *are = d->count == 1 ? "is" : "are";

	switch (kind) {
	case UNTRANSLATED:
		return verdict_because(&ex->reasons, UNTRANSLATED, d,
				       AMI_FACTS(AMI_SAYS(COUNT, d->count)),
				       "%s%s %s active and DMA is not translated: %s could write any page",
				       d->names, more, are,
				       d->count == 1 ? "it" : "they");
	case OTHER_TABLES:
		return add_elsewhere(ex, d);
	case STRIPPED:
		return verdict_because(&ex->reasons, STRIPPED, d,
				       AMI_FACTS(AMI_SAYS(COUNT, d->count),
						 AMI_SAYS(PAGES, pages)),
				       "%s%s %s active behind guest tables, which a copying capture kernel clears: then pages at physical addresses equal to the IOVAs could be written (%" PRIu64 " by the first)",
				       d->names, more, are, pages);
	case UNNAMED:
		return 0;	/* what cannot be named, coverage says */
	case ATS:
		return verdict_because(&ex->reasons, ATS, d,
				       AMI_FACTS(AMI_SAYS(COUNT, d->count)),
				       "%s%s may use ATS: addresses that a device translated itself are not checked, so its tables bound it only if it works as it should",
				       d->names, more);
	default:
		return verdict_because(&ex->reasons, IDLE, d,
				       AMI_FACTS(AMI_SAYS(COUNT, d->count)),
				       "%s%s could write any page%s, and only a flag in memory says that %s idle",
				       d->names, more,
				       ex->state->guard == AMI_GUARD_OTHER ?
				       " that no table forbids" : "",
				       d->count == 1 ? "it is" : "they are");
	}
}

static int because_reach(struct ami_exposures *ex, bool *found)
{
	struct verdict_devices d;
	uint64_t pages;
	int kind, ret;

	for (kind = 0; kind < KINDS; kind++) {
		pages = find_reach(ex, kind, &d);
		ret = d.failed || (d.count && add_reach(ex, kind, &d, pages)) ?
		      -1 : 0;
		*found |= d.count;
		verdict_free_devices(&d);
		if (ret)
			return -1;
	}
	return 0;
}

/*
 * A device at work maps something, as a rule. One page says that its table maps
 * nothing, and zeros over that page say the same.
 */
static int because_empty(struct ami_exposures *ex, bool *found)
{
	struct verdict_devices d = { 0 };
	int ret = 0;
	size_t i;

	for (i = 0; i < ex->state->nr_devices; i++) {
		const struct ami_device *one = &ex->state->devices[i];

		if (one->translation == AMI_TRANSLATION_PAGING &&
		    one->may_write && one->is_pci && one->driver[0] &&
		    ami_device_active(one))
			verdict_name_device(&d, ex->state, one->bdf);
	}
	if (d.count)
		ret = verdict_because(&ex->reasons, EMPTY_TABLES, &d,
				      AMI_FACTS(AMI_SAYS(COUNT, d.count)),
				      "%s%s %s active behind tables that map nothing, and nothing else in memory says that there was nothing to map",
				      d.names, verdict_more_devices(&d),
				      d.count == 1 ? "is" : "are");
	*found |= d.count;
	verdict_free_devices(&d);
	return ret;
}

/* Devices of one domain, and domains that share a page, count it once. */
static uint64_t mapped_pages(const struct ami_exposures *ex)
{
	uint64_t pages = 0;
	int owner;

	for (owner = 0; owner < AMI_OWNERS; owner++)
		pages += ex->class_owners[AMI_CLASS_MAPPED][owner];
	return pages;
}

static int because_mapped(struct ami_exposures *ex, uint64_t pages)
{
	struct verdict_devices d = { 0 };
	size_t i;
	int ret;

	for (i = 0; i < ex->count; i++)
		if (ex->list[i].class == AMI_CLASS_MAPPED && ex->list[i].count)
			verdict_name_device(&d, ex->state,
					    ex->list[i].requester.bdf);
	ret = verdict_because(&ex->reasons, MAPPED, &d,
			      AMI_FACTS(AMI_SAYS(COUNT, d.count),
					AMI_SAYS(PAGES, pages)),
			      "%zu device%s could write %" PRIu64 " mapped pages; do not trust the content of those",
			      d.count, d.count == 1 ? "" : "s", pages);
	verdict_free_devices(&d);
	return ret;
}

/* What devices were asked to write, whatever they could. */
static uint64_t asked_pages(const struct ami_exposures *ex)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < ex->count; i++)
		if (ex->list[i].class == AMI_CLASS_INFLIGHT ||
		    ex->list[i].class == AMI_CLASS_POSTED)
			pages += ex->list[i].count;
	return pages;
}

static int because_asked(struct ami_exposures *ex, uint64_t pages)
{
	return verdict_because(&ex->reasons, ASKED, &verdict_no_devices,
			       AMI_FACTS(AMI_SAYS(PAGES, pages)),
			       "devices had been asked to write %" PRIu64 " pages (classes inflight and posted), though none is known to be active",
			       pages);
}

static int because_observed(struct ami_exposures *ex, uint64_t pages)
{
	return verdict_because(&ex->reasons, OBSERVED, &verdict_no_devices,
			       AMI_FACTS(AMI_SAYS(PAGES, pages)),
			       "%" PRIu64 " page%s changed while the dump was saved",
			       pages, pages == 1 ? "" : "s");
}

/*
 * No page of memory is known to be in reach of an active device. Behind what
 * could not be read there may be a device that nothing names; and what nothing
 * names may not have been translated.
 */
static int judge_nothing(struct ami_exposures *ex)
{
	if (ami_findings_have(ex->state->findings, AMI_EFFECT_GAP)) {
		ex->verdict = AMI_VERDICT_UNKNOWN;
		return verdict_because(&ex->reasons, STATE,
				       &verdict_no_devices, NULL,
				       "no device is known to reach memory, but parts of the state could not be read, see the findings");
	}
	ex->verdict = AMI_VERDICT_TRUSTED;
	return verdict_because(&ex->reasons, NOTHING, &verdict_no_devices, NULL,
			       "no active device could write to memory");
}

/* An idle device, or one with ATS, is reported beside other reasons or alone. */
static bool any_reach(const struct ami_exposures *ex)
{
	size_t i;
	int kind;

	for (i = 0; i < ex->count; i++)
		for (kind = UNTRANSLATED; kind <= UNNAMED; kind++)
			if (has_reach(ex, &ex->list[i], kind))
				return true;
	return false;
}

int verdict_because_reach(struct ami_exposures *ex)
{
	uint64_t observed = ex->observed ? ami_pfnset_count(ex->observed) : 0;
	uint64_t pages = mapped_pages(ex);
	bool found = false;

	return (observed && because_observed(ex, observed)) ||
	       (pages && because_mapped(ex, pages)) ||
	       because_reach(ex, &found) ? -1 : 0;
}

int verdict_judge_reach(struct ami_exposures *ex)
{
	uint64_t pages = mapped_pages(ex), asked = asked_pages(ex);
	uint64_t observed = ex->observed ? ami_pfnset_count(ex->observed) : 0;
	bool reach = any_reach(ex), found = pages || asked || observed;

	ex->verdict = AMI_VERDICT_EXPOSED;
	if (!found && !reach &&
	    ami_findings_have(ex->state->findings, AMI_EFFECT_GAP))
		return judge_nothing(ex);
	if ((observed && because_observed(ex, observed)) ||
	    (pages && because_mapped(ex, pages)) ||
	    (!pages && asked && !reach && because_asked(ex, asked)) ||
	    because_reach(ex, &found))
		return -1;
	if (!pages && !asked && !observed && !reach &&
	    because_empty(ex, &found))
		return -1;
	return found ? 0 : judge_nothing(ex);
}
