// SPDX-License-Identifier: GPL-2.0-or-later
/* Can the dump be trusted? The rules are conservative; the first match wins. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "verdict.h"


static bool makes_corrupt(const struct ami_exposures *ex,
			  enum ami_finding_code code)
{
	(void)ex;
	return ami_finding_class(code)->effect == AMI_EFFECT_CORRUPT;
}

static bool makes_suspect(const struct ami_exposures *ex,
			  enum ami_finding_code code)
{
	(void)ex;
	return ami_finding_class(code)->effect == AMI_EFFECT_SUSPECT;
}

/* Among the pages that devices were given there are some of this owner. */
static bool gave(const struct ami_exposures *ex, enum ami_owner owner)
{
	size_t i;

	for (i = 0; i < ex->count; i++)
		if (verdict_was_given(&ex->list[i]) &&
		    ex->list[i].owners[owner])
			return true;
	return false;
}

/* Whatever else leads to a page: a ring may still hold one that was freed. */
static bool gave_any_of(const struct ami_exposures *ex,
			const struct ami_pfnset *pages)
{
	size_t i;

	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (verdict_was_given(e) && e->pages &&
		    (!ami_exposures_spend_sets(ex, e->pages, pages) ||
		     ami_pfnset_common(e->pages, pages)))
			return true;
	}
	return false;
}

/* Was a device given what may be the stack of a task that was not found? */
static bool gave_a_stack(const struct ami_exposures *ex)
{
	const struct ami_pfnset *like = ami_owners_stack_like(ex->owners);

	return like ? gave_any_of(ex, like) :
		      gave(ex, AMI_OWNER_KERNEL) || gave(ex, AMI_OWNER_VMALLOC);
}

/*
 * Was a device given a page that may be a never-buffer? Unread structures make it
 * count as a page of unknown owner, as any slab, or as the kernel's.
 */
static bool gave_an_unread(const struct ami_exposures *ex)
{
	struct ami_owner_gaps gaps = ami_owners_gaps(ex->owners);

	return (gaps.structs && gave(ex, AMI_OWNER_UNKNOWN)) ||
	       (gaps.caches && gave(ex, AMI_OWNER_SLAB)) ||
	       (gaps.tables && gave(ex, AMI_OWNER_KERNEL));
}

/*
 * A stack, a free page or a page table that is not recognised counts as the
 * kernel's or as vmalloc. Where devices were given no such page, the report
 * overlooks nothing.
 */
static bool makes_unknown(const struct ami_exposures *ex,
			  enum ami_finding_code code)
{
	switch (code) {
	case AMI_FIND_TASKS_UNREAD:
	case AMI_FIND_TASKS_UNKNOWN:
		return gave_a_stack(ex);
	case AMI_FIND_OWNERS_UNREAD:
		return gave_an_unread(ex);
	case AMI_FIND_FREE_LISTS_UNREAD:
	case AMI_FIND_KERNEL_TABLES_UNREAD:
		return gave(ex, AMI_OWNER_KERNEL);
	default:
		return ami_finding_class(code)->effect == AMI_EFFECT_UNKNOWN;
	}
}

static int because_undecided(struct ami_exposures *ex, bool *found)
{
	const struct ami_state *s = ex->state;
	struct verdict_devices d = { 0 };
	int ret = 0;
	size_t i;

	for (i = 0; i < s->nr_devices; i++)
		if (ami_device_undecided(&s->devices[i]))
			verdict_name_device(&d, s, s->devices[i].bdf);
	if (d.count)
		ret = verdict_because(&ex->reasons, UNDECIDED, &d,
				      AMI_FACTS(AMI_SAYS(COUNT, d.count)),
				      "this dump does not show what %s%s could write",
				      d.names, verdict_more_devices(&d));
	*found |= d.count;
	verdict_free_devices(&d);
	return ret;
}

/* Findings whose reason also says what to do, in few words. */
static int because_missing(struct ami_exposures *ex)
{
	static const struct {
		enum ami_finding_code code;
		const char *text;
	} cause[] = {
		{ AMI_FIND_KERNEL_PAGES_DROPPED,
		  "makedumpfile left out pages of the kernel's own structures; a newer one, or -d 0, keeps them" },
		{ AMI_FIND_WORK_LIMIT,
		  "reading ended at the work limit, see the findings: what it did not reach is not in the list" },
	};
	size_t i;

	for (i = 0; i < sizeof(cause) / sizeof(cause[0]); i++) {
		const struct ami_finding_class *c =
			ami_finding_class(cause[i].code);

		if (ami_findings_total(ex->state->findings, cause[i].code) &&
		    ami_reasons_add(&ex->reasons, c->name, c->kind, NULL, 0,
				    NULL, "%s", cause[i].text))
			return -1;
	}
	return ex->state->incomplete ?
	       verdict_because(&ex->reasons, STATE, &verdict_no_devices, NULL,
			       "parts of the IOMMU driver's state are missing, see the findings") :
	       0;
}

/*
 * What is missing or damaged decides before what is reachable; what is known to
 * be wrong is said all the same.
 */
static int judge_state(struct ami_exposures *ex, bool *done)
{
	bool unknown = ex->state->incomplete, suspect = false;

	if (verdict_because_of(ex, &ex->reasons, makes_corrupt, done))
		return -1;
	if (*done) {
		ex->verdict = AMI_VERDICT_CORRUPT;
		return 0;
	}
	if (because_undecided(ex, &unknown))
		return -1;
	if (!unknown)
		return 0;
	*done = true;
	ex->verdict = AMI_VERDICT_UNKNOWN;
	return because_missing(ex) ||
	       verdict_because_of(ex, &ex->reasons, makes_suspect, &suspect) ?
	       -1 : 0;
}

/* What a table maps that cannot be read may be what no driver maps. */
static int because_holes(struct ami_exposures *ex, bool *found)
{
	struct verdict_devices d = { 0 };
	int ret = 0;
	size_t i;

	for (i = 0; i < ex->count && !*found; i++) {
		const struct ami_exposure *e = &ex->list[i];
		const struct ami_device *one = e->requester.is_iommu ? NULL :
			ami_state_device(ex->state, e->requester.bdf);

		if (e->class == AMI_CLASS_MAPPED && !e->complete && one &&
		    ami_device_active(one))
			verdict_name_device(&d, ex->state, one->bdf);
	}
	if (d.count)
		ret = verdict_because(&ex->reasons, HOLES, &d,
				      AMI_FACTS(AMI_SAYS(COUNT, d.count)),
				      "parts of the page tables of %s%s cannot be read: what they map is not known",
				      d.names, verdict_more_devices(&d));
	*found |= d.count;
	verdict_free_devices(&d);
	return ret;
}

/* No healthy machine shows it; or what was not read might be such. */
static int judge_guilt(struct ami_exposures *ex, bool *done)
{
	if (verdict_because_of(ex, &ex->reasons, makes_suspect, done))
		return -1;
	if (*done) {
		ex->verdict = AMI_VERDICT_SUSPECT;
		return 0;
	}
	if (verdict_because_of(ex, &ex->reasons, makes_unknown, done) ||
	    because_holes(ex, done))
		return -1;
	if (*done)
		ex->verdict = AMI_VERDICT_UNKNOWN;
	return 0;
}

/* A file that was cut is the cause of what is missing, and comes first. */
static int because_cut(struct ami_exposures *ex)
{
	struct ami_dump *dump = ami_kernel_dump(ex->state->kernel);
	const char *cut = ami_dump_cut(dump);
	uint64_t lost = ami_dump_cut_reads(dump);

	if (!cut)
		return 0;
	ami_finding_add_with(ex->state->findings, AMI_FIND_DUMP_TRUNCATED,
			     "dump", AMI_FACTS(AMI_SAYS(TIMES, lost)),
			     "The file is %s. The analysis met the missing part %" PRIu64 " times.",
			     cut, lost);
	return verdict_because(&ex->reasons, CUT, &verdict_no_devices,
			       AMI_FACTS(AMI_SAYS(TIMES, lost)),
			       "the file is %s; %s", cut, lost ?
			       "what devices could write is known in part, copy the dump again" :
			       "nothing that was looked at is missing");
}

/* What is lost may be what would have made it worse. */
static void doubt_cut(struct ami_exposures *ex)
{
	struct ami_dump *dump = ami_kernel_dump(ex->state->kernel);

	if (ami_dump_cut_reads(dump) && ex->verdict != AMI_VERDICT_CORRUPT)
		ex->verdict = AMI_VERDICT_UNKNOWN;
}

static int judge_all(struct ami_exposures *ex)
{
	bool done = false;

	if (because_cut(ex) || judge_state(ex, &done) ||
	    (!done && judge_guilt(ex, &done)) ||
	    (!done && verdict_judge_reach(ex)) ||
	    (ex->verdict == AMI_VERDICT_SUSPECT && verdict_because_reach(ex)))
		return -1;
	doubt_cut(ex);
	return verdict_judge_coverage(ex);
}

/* In this order: dropped pages explain what the others could not read. */
static const struct {
	const char *name;
	int (*find)(struct ami_exposures *ex);
} finders[] = {
	{ "RAM that the file does not list", verdict_find_unlisted },
	{ "owners of pages", verdict_find_owners },
	{ "overwritten pages", verdict_find_overwritten },
	{ "saved pages", verdict_find_differing },
	{ "faults", verdict_find_faults },
	{ "self-taint", verdict_find_taint },
	{ "pages left out", verdict_find_dropped },
};

int ami_judge(struct ami_exposures *ex, struct ami_error *err)
{
	struct ami_dump *dump = ami_kernel_dump(ex->state->kernel);
	size_t i;

	for (i = 0; i < sizeof(finders) / sizeof(finders[0]); i++) {
		ami_dump_doing(dump, finders[i].name);
		if (finders[i].find(ex))
			return ami_error_set(err, AMI_ERR_MEMORY,
					     "out of memory while looking at pages (%s)",
					     finders[i].name);
		if (ami_dump_interrupted(dump))
			return ami_error_set(err, AMI_ERR_INTERRUPTED,
					     "interrupted");
	}
	return judge_all(ex) ?
	       ami_error_set(err, AMI_ERR_MEMORY, "out of memory") : 0;
}
