// SPDX-License-Identifier: GPL-2.0-or-later
/* Can the dump be trusted? Rules, conservative, first match wins. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "exposure.h"

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

/* Could it be at work? When in doubt, yes. */
static bool active(const struct ami_device *d)
{
	if (!d->is_pci)
		return true;
	if (d->is_bridge || !d->driver[0])
		return false;
	return !d->busmaster_known || d->busmaster;
}

/* What is missing or damaged decides before what is reachable. */
static int judge_evidence(struct ami_exposures *ex, bool *done)
{
	const struct ami_findings *f = &ex->state->findings;
	size_t i, unknown = 0;
	int ret = 0;

	for (i = 0; i < f->count && !ret; i++) {
		if (f->list[i].severity != AMI_ERROR)
			continue;
		ex->verdict = AMI_VERDICT_CORRUPT;
		*done = true;
		ret = reason(ex, "%s: %s", f->list[i].where, f->list[i].text);
	}
	if (*done || ret)
		return ret;
	for (i = 0; i < ex->state->nr_devices; i++)
		if (ex->state->devices[i].iommu >= 0 &&
		    ex->state->devices[i].translation ==
		    AMI_TRANSLATION_UNKNOWN)
			unknown++;
	if (ex->state->incomplete || unknown) {
		ex->verdict = AMI_VERDICT_UNKNOWN;
		*done = true;
		if (unknown)
			ret = reason(ex, "what %zu devices could write cannot be told from this dump",
				     unknown);
		if (ex->state->incomplete && !ret)
			ret = reason(ex, "parts of the IOMMU driver's state are missing, see the findings");
	}
	return ret;
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

/* That of them with the most pages. */
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

static int judge_exposure(struct ami_exposures *ex,
			  const struct ami_exposure *e)
{
	const struct ami_device *d = NULL;
	char who[AMI_REQUESTER_TEXT];
	uint64_t never;

	ami_requester_text(e->requester, who);
	if (e->class == AMI_CLASS_HARDWARE)
		return 0;
	d = ami_state_device(ex->state, e->requester.bdf);
	if (e->class == AMI_CLASS_PASSTHROUGH && !e->all_ram && e->count &&
	    d && active(d)) {
		ex->verdict = AMI_VERDICT_SUSPECT;
		return reason(ex, "%s (%s) is active behind guest tables, which a copying capture kernel clears: it could then write %" PRIu64 " pages at physical addresses equal to its IOVAs",
			      who, d->driver[0] ? d->driver : "no driver",
			      e->count);
	}
	if (e->class == AMI_CLASS_PASSTHROUGH && e->all_ram && d &&
	    active(d)) {
		ex->verdict = AMI_VERDICT_SUSPECT;
		return reason(ex, "%s (%s) is active and its DMA is not translated: it could write any page",
			      who, d->driver[0] ? d->driver : "no driver");
	}
	never = never_buffers(e);
	if (never) {
		ex->verdict = AMI_VERDICT_SUSPECT;
		if (reason(ex, "%s could write %" PRIu64 " pages that no driver hands to a device (%s, class %s)",
			   who, never, ami_owner_name(worst_owner(e)),
			   ami_class_name(e->class)))
			return -1;
	}
	if (!e->complete) {
		ex->verdict = AMI_VERDICT_SUSPECT;
		return reason(ex, "%s may write pages that cannot be named (%zu IOVA ranges, class %s): the list is incomplete",
			      who, e->nr_iovas, ami_class_name(e->class));
	}
	return 0;
}

static int judge_reach(struct ami_exposures *ex)
{
	uint64_t pages = 0;
	size_t i, devices = 0;

	for (i = 0; i < ex->count; i++) {
		if (judge_exposure(ex, &ex->list[i]))
			return -1;
		if (ex->list[i].class == AMI_CLASS_MAPPED &&
		    ex->list[i].count) {
			pages += ex->list[i].count;
			devices++;
		}
	}
	if (ex->verdict == AMI_VERDICT_SUSPECT)
		return 0;
	if (!pages) {
		ex->verdict = AMI_VERDICT_TRUSTED;
		return reason(ex, "no active device could write to memory");
	}
	ex->verdict = AMI_VERDICT_EXPOSED;
	return reason(ex, "%zu devices could write %" PRIu64 " mapped pages; do not trust the content of those",
		      devices, pages);
}

int judge(struct ami_exposures *ex)
{
	bool done = false;

	if (judge_evidence(ex, &done))
		return -1;
	return done ? 0 : judge_reach(ex);
}
