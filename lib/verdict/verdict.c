// SPDX-License-Identifier: GPL-2.0-or-later
/* Can the dump be trusted? The rules are conservative; the first match wins. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

static int reason(struct ami_exposures *ex, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int reason(struct ami_exposures *ex, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (ex->nr_reasons == AMI_MAX_REASONS)
		return 0;
	va_start(ap, fmt);
	n = vasprintf(&ex->reason[ex->nr_reasons], fmt, ap);
	va_end(ap);
	if (n < 0)
		return -1;
	ex->nr_reasons++;
	return 0;
}

/**
 * struct suspects - devices of which the same is reported
 * @first: the device to name if it is the only one
 * @names: names of the first few
 */
struct suspects {
	size_t count, named;
	const struct ami_exposure *first;
	char names[128];
};

#define NAMED	3u

static void name_device(struct suspects *s, const char *who,
			const struct ami_device *d)
{
	size_t used = strlen(s->names);

	s->count++;
	if (s->named == NAMED)
		return;
	s->named++;
	snprintf(s->names + used, sizeof(s->names) - used, "%s%s (%s)",
		 used ? ", " : "", who,
		 d && d->driver[0] ? d->driver : "no driver");
}

static const char *more(const struct suspects *s)
{
	return s->count > s->named ? ", ..." : "";
}

static bool is_unknown(const struct ami_exposures *ex)
{
	size_t i;

	for (i = 0; i < ex->state->nr_devices; i++)
		if (ami_device_undecided(&ex->state->devices[i]))
			return true;
	return ex->state->incomplete;
}

/* What to do comes before what follows from it. */
static int tell_unknown(struct ami_exposures *ex)
{
	struct suspects s = { 0 };
	char bdf[AMI_BDF_TEXT];
	size_t i;

	ex->verdict = AMI_VERDICT_UNKNOWN;
	for (i = 0; i < ex->state->nr_devices; i++)
		if (ami_device_undecided(&ex->state->devices[i]))
			name_device(&s, ami_bdf_text(ex->state->devices[i].bdf, bdf),
				    &ex->state->devices[i]);
	if (s.count &&
	    reason(ex, "what %s%s could write cannot be told from this dump",
		   s.names, more(&s)))
		return -1;
	if (ami_findings_total(ex->state->findings, AMI_FIND_KERNEL_PAGES_DROPPED) &&
	    reason(ex, "makedumpfile left out pages of the kernel's own structures; a newer one, or -d 0, keeps them"))
		return -1;
	if (ami_findings_total(ex->state->findings, AMI_FIND_WORK_LIMIT) &&
	    reason(ex, "reading ended at the work limit, see the findings: what it did not come to is not in the list"))
		return -1;
	return ex->state->incomplete ?
	       reason(ex, "parts of the IOMMU driver's state are missing, see the findings") : 0;
}

/* What is missing or damaged decides before what is reachable. */
static int judge_evidence(struct ami_exposures *ex, bool *done)
{
	const struct ami_findings *f = ex->state->findings;
	size_t i;
	int ret = 0;

	for (i = 0; i < f->count && !ret; i++) {
		if (ami_finding_class(f->list[i].code)->effect !=
		    AMI_EFFECT_CORRUPT)
			continue;
		ex->verdict = AMI_VERDICT_CORRUPT;
		*done = true;
		ret = reason(ex, "%s: %s", f->list[i].where, f->list[i].text);
	}
	if (*done || ret)
		return ret;
	*done = is_unknown(ex);
	return *done ? tell_unknown(ex) : 0;
}

static uint64_t never_buffers(const struct ami_exposure *e)
{
	uint64_t n = 0;
	int owner;

	for (owner = 0; owner < AMI_OWNERS; owner++)
		if (ami_owner_never_buffer(owner))
			n += e->owners[owner];
	return n;
}

/* The one with the most pages. */
static enum ami_owner worst_owner(const struct ami_exposure *e)
{
	enum ami_owner worst = AMI_OWNER_FREE;
	int owner;

	for (owner = 0; owner < AMI_OWNERS; owner++)
		if (ami_owner_never_buffer(owner) &&
		    e->owners[owner] > e->owners[worst])
			worst = owner;
	return worst;
}

/* Reasons for suspicion, strongest first. */
enum suspicion { NEVER_BUFFERS, UNTRANSLATED, GUEST_TABLES, UNNAMED, SUSPICIONS };

/* Nearly all devices with ATS keep to their tables. */
static bool only_by_ats(const struct ami_exposures *ex,
			const struct ami_exposure *e)
{
	const struct ami_device *d = e->requester.is_iommu ? NULL :
		ami_state_device(ex->state, e->requester.bdf);

	return d && d->bypass == AMI_BYPASS_ATS;
}

static bool suspicious(const struct ami_exposures *ex,
		       const struct ami_exposure *e, enum suspicion why,
		       bool active)
{
	if (e->class >= AMI_CLASS_HARDWARE)
		return false;
	switch (why) {
	case NEVER_BUFFERS:
		return never_buffers(e);
	case UNTRANSLATED:
		return e->class == AMI_CLASS_PASSTHROUGH && e->all_ram &&
		       active && !only_by_ats(ex, e);
	case GUEST_TABLES:
		return e->class == AMI_CLASS_PASSTHROUGH && !e->all_ram &&
		       e->count && active;
	default:
		return !e->complete;
	}
}

/* Another exposure of the device has already added it. */
static bool told(const struct ami_exposures *ex, const struct ami_exposure *e,
		 enum suspicion why, bool active)
{
	const struct ami_exposure *x = NULL;

	while ((x = ami_exposure_next(ex, e->requester.bdf, x)) && x != e)
		if (suspicious(ex, x, why, active))
			return true;
	return false;
}

static void name_suspect(const struct ami_exposures *ex, struct suspects *s,
			 const struct ami_exposure *e)
{
	char who[AMI_REQUESTER_TEXT];

	if (!s->count)
		s->first = e;
	name_device(s, ami_requester_text(e->requester, who),
		    ami_state_device(ex->state, e->requester.bdf));
}

static void find_suspects(const struct ami_exposures *ex, enum suspicion why,
			  struct suspects *s)
{
	int active;
	size_t i;

	memset(s, 0, sizeof(*s));
	for (active = 1; active >= 0; active--)
		for (i = 0; i < ex->count; i++) {
			const struct ami_exposure *e = &ex->list[i];
			const struct ami_device *d = e->requester.is_iommu ?
				NULL : ami_state_device(ex->state,
							e->requester.bdf);

			if ((d && ami_device_active(d)) == active &&
			    suspicious(ex, e, why, active) &&
			    !told(ex, e, why, active))
				name_suspect(ex, s, e);
		}
}

static int add_suspects_reason(struct ami_exposures *ex, enum suspicion why,
			       const struct suspects *s)
{
	const struct ami_exposure *e = s->first;
	bool one = s->count == 1;

	switch (why) {
	case NEVER_BUFFERS:
		return reason(ex, "%s%s could write pages that no driver hands to a device (the first %" PRIu64 ", %s, class %s)",
			      s->names, more(s), never_buffers(e),
			      ami_owner_name(worst_owner(e)),
			      ami_class_name(e->class));
	case UNTRANSLATED:
		return reason(ex, "%s%s %s active and DMA is not translated: %s could write any page",
			      s->names, more(s), one ? "is" : "are",
			      one ? "it" : "they");
	case GUEST_TABLES:
		return reason(ex, "%s%s %s active behind guest tables, which a copying capture kernel clears: then pages at physical addresses equal to the IOVAs could be written (%" PRIu64 " by the first)",
			      s->names, more(s), one ? "is" : "are", e->count);
	default:
		return reason(ex, "%zu device%s may write pages that cannot be named (%s%s; class %s): the list is incomplete",
			      s->count, one ? "" : "s", s->names, more(s),
			      ami_class_name(e->class));
	}
}

static int judge_suspects(struct ami_exposures *ex)
{
	struct suspects s;
	int why;

	if (ex->unexplained) {
		ex->verdict = AMI_VERDICT_SUSPECT;
		if (reason(ex, "%" PRIu64 " pages changed while the dump was saved, though no device is known to reach them",
			   ex->unexplained))
			return -1;
	}
	for (why = 0; why < SUSPICIONS; why++) {
		find_suspects(ex, why, &s);
		if (!s.count)
			continue;
		ex->verdict = AMI_VERDICT_SUSPECT;
		if (add_suspects_reason(ex, why, &s))
			return -1;
	}
	return 0;
}

/* Devices of one domain, and domains that share a page, count it once. */
static uint64_t mapped_pages(const struct ami_exposures *ex, size_t *devices)
{
	uint64_t pages = 0;
	int owner;
	size_t i;

	for (i = 0; i < ex->count; i++)
		*devices += ex->list[i].class == AMI_CLASS_MAPPED &&
			    ex->list[i].count;
	for (owner = 0; owner < AMI_OWNERS; owner++)
		pages += ex->class_owners[AMI_CLASS_MAPPED][owner];
	return pages;
}

/* What devices were asked to write, whatever they could write. */
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

/*
 * Devices that nothing bounds and that do not count as suspects: idle ones, as
 * far as one of the kernel's bits is believed, and those with ATS.
 */
static void find_unbounded(const struct ami_exposures *ex, bool ats,
			   struct suspects *s)
{
	size_t i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];
		const struct ami_device *d =
			ami_state_device(ex->state, e->requester.bdf);

		if (e->class == AMI_CLASS_PASSTHROUGH && e->all_ram && d &&
		    !d->is_bridge && (d->bypass == AMI_BYPASS_ATS) == ats)
			name_suspect(ex, s, e);
	}
}

/* Such devices make a dump exposed, whatever else there is. */
static int tell_unbounded(struct ami_exposures *ex)
{
	struct suspects ats, idle;

	find_unbounded(ex, true, &ats);
	find_unbounded(ex, false, &idle);
	if (ats.count || idle.count)
		ex->verdict = AMI_VERDICT_EXPOSED;
	if (ats.count &&
	    reason(ex, "%s%s may use ATS: addresses that a device translated itself are not checked, so its tables bound it only if it works as it should",
		   ats.names, more(&ats)))
		return -1;
	return idle.count ?
	       reason(ex, "%s%s could write any page, and nothing but a flag in memory says that %s idle",
		      idle.names, more(&idle),
		      idle.count == 1 ? "it is" : "they are") : 0;
}

/*
 * A device at work usually maps something. Only one page says that its table
 * maps nothing, and zeros over that page look the same.
 */
static int tell_empty(struct ami_exposures *ex)
{
	struct suspects s = { 0 };
	char bdf[AMI_BDF_TEXT];
	size_t i;

	for (i = 0; i < ex->state->nr_devices; i++) {
		const struct ami_device *d = &ex->state->devices[i];

		if (d->translation == AMI_TRANSLATION_PAGING && d->may_write &&
		    d->is_pci && d->driver[0] && ami_device_active(d))
			name_device(&s, ami_bdf_text(d->bdf, bdf), d);
	}
	if (!s.count)
		return 0;
	ex->verdict = AMI_VERDICT_EXPOSED;
	return reason(ex, "%s%s %s active behind tables that map nothing, and nothing else in memory says that there was nothing to map",
		      s.names, more(&s), s.count == 1 ? "is" : "are");
}

/* No page of memory is known to be within reach of an active device. */
static int judge_nothing(struct ami_exposures *ex)
{
	/*
	 * Unreadable memory may hide a device that nothing else names. It may
	 * not have been translated.
	 */
	if (ami_findings_have(ex->state->findings, AMI_EFFECT_GAP)) {
		ex->verdict = AMI_VERDICT_UNKNOWN;
		return reason(ex, "no device is known to reach memory, but parts of the state could not be read, see the findings");
	}
	ex->verdict = AMI_VERDICT_TRUSTED;
	if (tell_unbounded(ex) || tell_empty(ex))
		return -1;
	return ex->verdict == AMI_VERDICT_TRUSTED ?
	       reason(ex, "no active device could write to memory") : 0;
}

static int judge_pages(struct ami_exposures *ex, uint64_t pages,
		       size_t devices)
{
	int ret = 0;

	ex->verdict = AMI_VERDICT_EXPOSED;
	if (pages)
		ret = reason(ex, "%zu device%s could write %" PRIu64 " mapped pages; do not trust the content of those",
			     devices, devices == 1 ? "" : "s", pages);
	else if (asked_pages(ex))
		ret = reason(ex, "devices had been asked to write %" PRIu64 " pages (classes inflight and posted), though none is known to be active",
			     asked_pages(ex));
	return ret ? ret : tell_unbounded(ex);
}

static int judge_reach(struct ami_exposures *ex)
{
	uint64_t pages, observed = 0;
	size_t devices = 0;

	if (ex->observed)
		observed = ami_pfnset_count(ex->observed);
	if (observed &&
	    reason(ex, "%" PRIu64 " page%s changed while the dump was saved",
		   observed, observed == 1 ? "" : "s"))
		return -1;
	if (judge_suspects(ex))
		return -1;
	if (ex->verdict == AMI_VERDICT_SUSPECT)
		return 0;
	pages = mapped_pages(ex, &devices);
	if (!pages && !observed && !asked_pages(ex))
		return judge_nothing(ex);
	return judge_pages(ex, pages, devices);
}

/* A truncated file is the cause of what is missing, and comes first. */
static int tell_cut(struct ami_exposures *ex)
{
	struct ami_dump *dump = ami_kernel_dump(ex->state->kernel);
	const char *cut = ami_dump_cut(dump);
	uint64_t lost = ami_dump_cut_reads(dump);

	if (!cut)
		return 0;
	ami_finding_add(ex->state->findings, AMI_FIND_DUMP_TRUNCATED, "dump",
			"The file is %s. The analysis met the missing part %" PRIu64 " times.",
			cut, lost);
	return reason(ex, "the file is %s; %s", cut, lost ?
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

	if (tell_cut(ex) || judge_evidence(ex, &done) ||
	    (!done && judge_reach(ex)))
		return -1;
	doubt_cut(ex);
	return 0;
}

/* In this order: dropped pages explain what the others could not read. */
static const struct {
	const char *name;
	int (*find)(struct ami_exposures *ex);
} finders[] = {
	{ "RAM that the file does not list", verdict_find_unlisted },
	{ "owners of pages", verdict_find_owners },
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
