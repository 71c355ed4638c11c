// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "jsonlint.h"
#include "judge.h"

const char *const outcome_name[OUTCOMES] = {
	[NO_CHANGE] = "same",
	[OTHER_PAGES] = "moved",
	[FEWER_PAGES] = "fewer",
	[NEW_FINDING] = "found",
	[WORSE] = "worse",
	[BETTER_FOUND] = "better*",
	[REFUSED] = "refused",
	[FALSE_TRUST] = "FALSE",
	[HIDDEN] = "HIDDEN",
	[BAD_JSON] = "JSON",
	[TOO_MUCH_WORK] = "WORK",
	[TOO_MUCH_MEMORY] = "MEMORY",
	[NO_REASON] = "SILENT",
	[CRASHED] = "CRASH",
};

/* Both enumerations go from good to bad. Either of the two answers counts. */
static bool better(const struct facts *a, const struct facts *b)
{
	return a->verdict < b->verdict || a->covered < b->covered;
}

struct facts facts_of(struct ami_analysis *a)
{
	const struct ami_exposures *ex = a->exposures;
	struct facts f = {
		.verdict = ex->verdict, .covered = ex->covered, .analysis = a,
	};
	size_t i;

	f.findings = a->findings;
	f.pages = ami_pfnset_new();
	if (!f.pages)
		abort();
	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (e->class == AMI_CLASS_HARDWARE)
			continue;
		if (e->pages)
			ami_pfnset_union(f.pages, e->pages);
		f.sum = f.sum * 31 + e->count + 7 * e->class +
			1000 * e->certainty + e->requester.bdf.devid +
			e->complete;
	}
	return f;
}

void facts_free(struct facts *f)
{
	ami_pfnset_free(f->pages);
	ami_analysis_free(f->analysis);
}

/* How often a warning or an error of this kind was kept. */
static unsigned int count(const struct ami_findings *f,
			  enum ami_finding_code code)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < f->count; i++)
		n += f->list[i].severity != AMI_INFO &&
		     f->list[i].code == code;
	return n;
}

static bool new_finding(const struct ami_findings *before,
			const struct ami_findings *now)
{
	size_t i;

	for (i = 0; i < now->count; i++)
		if (count(now, now->list[i].code) >
		    count(before, now->list[i].code))
			return true;
	return false;
}

static bool valid_json(const struct ami_analysis *a, enum ami_view view)
{
	struct ami_request r = {
		.view = view, .json = true, .pages = true, .iommu = -1,
		.address = 0x1234567,
	};
	bool valid = true;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (ami_views[view].min_args && view != AMI_VIEW_WHO) {
		if (!a->state->nr_devices)
			return true;
		r.bdf = a->state->devices[a->state->nr_devices / 2].bdf;
		r.has_bdf = true;
	}
	out = open_memstream(&text, &size);
	if (!out)
		return true;		/* out of memory is found elsewhere */
	if (!ami_render(a, &r, out, NULL))
		valid = !fclose(out) && jsonlint(text);
	else
		fclose(out);
	free(text);
	return valid;
}

static bool active(const struct facts *f, const struct ami_exposure *e)
{
	const struct ami_device *d = ami_state_device(f->analysis->state,
						      e->requester.bdf);

	return d && ami_device_active(d);
}

/* By this exposure, does the device still reach what it did by @before? */
static bool reaches(const struct ami_exposure *before,
		    const struct ami_exposure *now)
{
	if (now->class >= AMI_CLASS_HARDWARE)
		return false;
	if (now->all_ram || !now->complete)
		return true;
	if (before->all_ram || !before->complete)
		return false;
	return now->pages && before->pages &&
	       ami_pfnset_common(before->pages, now->pages) == before->count;
}

/*
 * What the IOMMU let a device write, as a whole: a driver's evidence may be
 * overwritten and nothing else know of it, but is about pages counted here.
 */
static bool lost_reach(const struct facts *intact, const struct facts *now)
{
	const struct ami_exposures *before = intact->analysis->exposures;
	size_t i;

	for (i = 0; i < before->count; i++) {
		const struct ami_exposure *e = &before->list[i], *x = NULL;

		if (e->requester.is_iommu || e->class > AMI_CLASS_STALE ||
		    (!e->count && e->complete))
			continue;
		do
			x = ami_exposure_next(now->analysis->exposures,
					      e->requester.bdf, x);
		while (x && !reaches(e, x));
		if (!x || (e->class == AMI_CLASS_PASSTHROUGH &&
			   active(intact, e) && !active(now, e)))
			return true;
	}
	return false;
}

static bool is_uncovered(const struct ami_exposures *ex,
			 struct ami_requester r)
{
	size_t i;

	for (i = 0; i < ex->nr_uncovered; i++)
		if (!memcmp(&ex->uncovered[i].requester.bdf, &r.bdf,
			    sizeof(r.bdf)) &&
		    ex->uncovered[i].requester.is_iommu == r.is_iommu)
			return true;
	return false;
}

/* A device of which pages could not be named, and now it seems they can. */
static bool lost_doubt(const struct facts *intact, const struct facts *now)
{
	const struct ami_exposures *before = intact->analysis->exposures;
	size_t i;

	for (i = 0; i < before->nr_uncovered; i++)
		if (!is_uncovered(now->analysis->exposures,
				  before->uncovered[i].requester))
			return true;
	return false;
}

static enum outcome compare(const struct facts *intact,
			    const struct facts *now, bool tables_hit)
{
	bool found = new_finding(&intact->findings, &now->findings);

	if (better(now, intact))
		return found ? BETTER_FOUND : FALSE_TRUST;
	if (!found && !tables_hit &&
	    (lost_reach(intact, now) || lost_doubt(intact, now)))
		return HIDDEN;
	if (better(intact, now))
		return WORSE;
	if (found)
		return NEW_FINDING;
	if (ami_pfnset_common(intact->pages, now->pages) <
	    ami_pfnset_count(intact->pages))
		return FEWER_PAGES;
	return now->sum == intact->sum ? NO_CHANGE : OTHER_PAGES;
}

enum outcome outcome_of(const struct facts *intact, struct ami_analysis *a,
			const struct ami_error *err, enum ami_view also,
			bool tables_hit)
{
	enum outcome outcome;
	struct facts now;

	if (!a && err->status == AMI_ERR_INTERRUPTED)
		return TOO_MUCH_WORK;
	if (!a && err->status == AMI_ERR_MEMORY)
		return TOO_MUCH_MEMORY;
	if (!a)
		return err->status == AMI_ERR_DATA && err->text[0] ? REFUSED :
								     NO_REASON;
	now = facts_of(a);
	outcome = compare(intact, &now, tables_hit);
	if (!valid_json(a, AMI_VIEW_REPORT) || !valid_json(a, also))
		outcome = BAD_JSON;
	facts_free(&now);
	return outcome;
}
