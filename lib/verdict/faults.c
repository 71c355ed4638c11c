// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the IOMMU refused (IO_PAGE_FAULT, ILLEGAL_DEV_TABLE_ENTRY), compared
 * with what is mapped now, what was unmapped, and what lies next to it.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <amdvi/features.h>

#include <incidents/incident.h>

#include "verdict.h"

/* A transfer may overrun the end of its buffer by this much. */
#define NEAR		(64u * 1024)
/* Each explanation may walk a table: at most this many for a device. */
#define EXPLAINED	8u
#define PCI_FUNCTION	7u

#define FACTS	(AMI_EVENT_FACTS + 8u)

/**
 * struct fault - a refused access, and the table that it went through
 * @story: why it was refused; @facts: the event, and what the story says
 * @beside: another device of the story
 */
struct fault {
	struct ami_exposures *ex;
	const struct ami_device *device;
	const struct amdvi_event *event;
	struct ami_table table;
	struct ami_mapping before;	/* last mapping below; size 0: none */
	char story[256], beside[AMI_BDF_TEXT];
	struct ami_fact facts[FACTS + 1];
};

/* Those that find no room are left out. */
static void add_fact(struct fault *f, struct ami_fact fact)
{
	size_t i = 0;

	while (f->facts[i].key != AMI_FACT_END)
		i++;
	if (i == FACTS)
		return;
	f->facts[i] = fact;
	f->facts[i + 1].key = AMI_FACT_END;
}

#define ADD(f, key, value) \
	add_fact(f, (struct ami_fact)AMI_SAYS(key, value))
#define NAME(f, key, text) \
	add_fact(f, (struct ami_fact)AMI_NAMES(key, text))

/* @code: the story for programs, constant */
static void say(struct fault *f, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct fault *f, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->story, sizeof(f->story), fmt, ap);
	va_end(ap);
	NAME(f, STORY, code);
}

static bool in_stale(const struct fault *f)
{
	const struct ami_exposure *e = NULL;
	uint64_t iova = f->event->address;
	size_t i;

	while ((e = ami_exposure_next(f->ex, f->device->bdf, e)))
		for (i = 0; e->class == AMI_CLASS_STALE && i < e->nr_iovas; i++)
			if (iova >= e->iovas[i].first &&
			    iova <= e->iovas[i].last)
				return true;
	return false;
}

static bool flushed_from_queue(const struct fault *f)
{
	const struct ami_flushq *q;
	size_t i;

	if (f->device->domain < 0)
		return false;
	q = &f->ex->state->domains[f->device->domain].flushq;
	for (i = 0; i < q->count; i++)
		if (q->list[i].flushed &&
		    f->event->address - q->list[i].iova < q->list[i].size)
			return true;
	return false;
}

static bool keep_last_before(void *ctx, const struct ami_mapping *m)
{
	struct fault *f = ctx;

	if (m->iova > f->event->address)
		return false;
	f->before = *m;
	return true;
}

/* How far it is behind the end of the mapping below; 0: not near any. */
static uint64_t behind_end(struct fault *f)
{
	static const struct ami_walk_ops ops = { .mapping = keep_last_before };
	struct ami_walk_stats stats;
	uint64_t end;

	ami_walk(ami_kernel_dump(f->ex->state->kernel), &f->table, &ops, f,
		 &stats);
	end = f->before.iova + f->before.size;
	return f->before.size && end <= f->event->address &&
	       f->event->address - end < NEAR ?
	       f->event->address - end + 1 : 0;
}

static void explain_unmapped(struct fault *f)
{
	struct ami_stale by;
	uint64_t behind;

	if (ami_unmapped_by(f->ex->state, f->device, f->event->address, false,
			    &by) && by.by == AMI_STALE_EXECUTED) {
		say(f, "unmapped-command",
		    "this address was unmapped before (command ring, entry %u: its invalidation was executed): the device went on using a buffer that was taken from it",
			 by.entry);
		ADD(f, ENTRY, by.entry);
	} else if (flushed_from_queue(f)) {
		say(f, "unmapped-queue",
		    "this address was unmapped before (flush queue, flushed): the device went on using a buffer that was taken from it");
	} else if ((behind = behind_end(f))) {
		say(f, "behind-end",
		    "this address is not mapped, and is %" PRIu64 " bytes past the end of what is mapped at IOVA %#" PRIx64 ": a transfer may have run over the end of that buffer",
			 behind - 1, f->before.iova);
		ADD(f, BYTES, behind - 1);
		ADD(f, IOVA_BEFORE, f->before.iova);
	} else {
		say(f, "not-mapped",
		    "this address is not mapped, nor is anything right before it: the device used an address that was unmapped earlier, or never given to it");
	}
}

/* With a PASID, and without one in domains with guest tables: by GCR3. */
static bool keep_table(void *ctx, const struct ami_route *route)
{
	struct fault *f = ctx;

	if (route->identity || route->has_pasid != f->event->gn ||
	    (route->has_pasid && route->pasid != f->event->pasid))
		return true;
	f->table = route->table;
	return false;
}

/* Above the bits that the table translates, nothing can be mapped. */
static bool beyond_table(const struct ami_table *t, uint64_t iova)
{
	unsigned int bits = 12 + 9 * t->levels;

	return t->levels && bits < 64 && iova >> bits;
}

static bool allows(const struct fault *f, const struct ami_mapping *map)
{
	return f->event->rw ? map->write && f->device->may_write :
			      map->read && f->device->may_read;
}

/* PR and PE: an entry was there, but did not permit the access. */
static void explain_mapped(struct fault *f, const struct ami_mapping *map)
{
	const struct amdvi_event *e = f->event;
	const char *how = map->read && map->write ? "for reading and writing" :
			  map->write ? "write-only" : "read-only";

	if (e->pr && e->pe && !allows(f, map))
		say(f, "not-permitted", "this address is mapped %s%s, which does not allow it", how,
		    map->read && map->write ?
		    ", but the device table entry is stricter" : "");
	else if (e->pr && e->pe)
		say(f, "permission-changed", "an entry was there that did not permit it, and now this address is mapped %s: its permissions were changed after the fault, or another request (of a user, to execute) was refused",
		    how);
	else if (e->pr && e->rz)
		say(f, "entry-replaced", "its page-table entry had a reserved bit set; now this address is mapped %s, by another entry",
		    how);
	else if (map->write || !e->rw)
		say(f, "mapped-later", "this address is mapped %s %s, so it was mapped after the fault",
		    map->write ? "writable" : how, ami_moment(f->ex->state));
	else
		say(f, "read-only", "this address is mapped, but read-only");
}

static void explain_beyond(struct fault *f)
{
	say(f, "beyond-table",
	    "this address is beyond what the device's table of %u levels covers: the device was never given this address",
	    f->table.levels);
	ADD(f, LEVELS, f->table.levels);
}

static void explain_translated(struct fault *f)
{
	struct ami_dump *dump = ami_kernel_dump(f->ex->state->kernel);
	struct ami_step steps[AMI_MAX_STEPS];
	struct ami_mapping map;
	bool mapped = false;

	ami_device_routes(f->ex->state, f->device, keep_table, f);
	if (f->table.format != AMI_FORMAT_NONE)
		ami_translate(dump, &f->table, f->event->address, steps, &map,
			      &mapped);
	if (mapped)
		explain_mapped(f, &map);
	else if (beyond_table(&f->table, f->event->address))
		explain_beyond(f);
	else if (in_stale(f))
		say(f, "unmapped-shortly", "this address was unmapped shortly before: the device went on using a buffer that was taken from it");
	else
		explain_unmapped(f);
}

static void explain_access(struct fault *f)
{
	switch (f->device->translation) {
	case AMI_TRANSLATION_PASSTHROUGH:
	case AMI_TRANSLATION_NONE:
		if (f->event->gn)
			explain_translated(f);
		else
			say(f, "untranslated", "its DMA is not translated %s, so it has no mappings: the fault is from a time when it had",
			    ami_moment(f->ex->state));
		break;
	case AMI_TRANSLATION_BLOCKED:
		say(f, "blocked", "the device is blocked %s: its device table entry lets no DMA through",
		    ami_moment(f->ex->state));
		break;
	case AMI_TRANSLATION_UNKNOWN:
	case AMI_TRANSLATION_OTHER:
		say(f, "unread", "what this address is mapped to cannot be read from this dump");
		break;
	default:
		explain_translated(f);
		break;
	}
}

/* Some devices use the ID of a function that they do not have. */
static void explain_stranger(struct fault *f, struct ami_bdf bdf)
{
	const struct ami_device *d = NULL;
	unsigned int fn;

	for (fn = 0; fn <= PCI_FUNCTION && !d; fn++) {
		bdf.devid = (bdf.devid & ~PCI_FUNCTION) | fn;
		d = ami_state_device(f->ex->state, bdf);
	}
	if (!d) {
		say(f, "no-device", "no device of the kernel has this ID");
		return;
	}
	say(f, "phantom-function",
	    "no device of the kernel has this ID, but %s (%s) is in the same slot: some devices send requests with the ID of another function (phantom function)",
	    ami_bdf_text(d->bdf, f->beside), d->driver[0] ? d->driver :
	    "no driver");
	NAME(f, DEVICE, f->beside);
	NAME(f, DRIVER, d->driver);
}

static void explain_legal(struct fault *f)
{
	const char *translation = ami_translation_name(f->device->translation);

	say(f, "entry-legal",
	    "its entry in the dump is legal (%s): it was changed after the fault, or a bit in it is reserved in this IOMMU",
	    translation);
	NAME(f, TRANSLATION, translation);
}

/* Which entry of its device table does the hardware call illegal, and why? */
static void explain_illegal(struct fault *f, const struct ami_iommu *iommu)
{
	bool able = iommu && iommu->features & AMDVI_EFR_SNPSUP;
	bool legal = f->device->translation != AMI_TRANSLATION_PASSTHROUGH ||
		     (iommu && iommu->features2 & AMDVI_EFR2_SNP_MODE0);

	if (!legal && (f->ex->state->snp || able))
		say(f, "snp-passthrough", "its entry is for passthrough (identity), which hardware refuses where SNP is on%s: none of its DMA reached memory while that was so",
		    f->ex->state->snp ? "" :
		    " (the IOMMU is able to; whether it is on is not known)");
	else if (f->device->dte_seen == AMI_SEEN_INTACT)
		explain_legal(f);
	else
		say(f, "entry-seen", "its entry is %s in the dump",
		    ami_seen_name(f->device->dte_seen));
}

static const struct ami_iommu *iommu_of(const struct ami_state *s,
					const struct ami_incident *in)
{
	return in->iommu < 0 ? NULL : &s->iommus[in->iommu];
}

static const char *request_name(const struct amdvi_event *e)
{
	return e->rw ? "write" : e->tr ? "translation request" :
	       e->intr ? "access" : "read";
}

static void explain_fault(struct ami_exposures *ex,
			  const struct ami_incident *in,
			  const struct ami_occurrence *o)
{
	struct fault f = {
		.ex = ex, .event = &o->event,
		.device = ami_state_device(ex->state, in->bdf),
	};
	char where[AMI_BDF_TEXT];

	/*
	 * It may walk whole tables, so do it only for findings that are kept.
	 */
	if (ami_findings_full(ex->state->findings,
			      AMI_FIND_IO_PAGE_FAULT))
		f.story[0] = '\0';
	else if (f.device)
		explain_access(&f);
	else
		explain_stranger(&f, in->bdf);
	NAME(&f, EVENT, amdvi_event_name(o->event.code));
	NAME(&f, ACCESS, request_name(&o->event));
	ADD(&f, IOVA, o->event.address);
	ami_finding_add_with(ex->state->findings, AMI_FIND_IO_PAGE_FAULT,
		 ami_bdf_text(in->bdf, where), f.facts,
		 "The IOMMU refused its %s at IOVA %#" PRIx64 "; %s.",
		 request_name(&o->event), o->event.address, f.story);
}

static void explain_interrupt(struct ami_exposures *ex,
			      const struct ami_incident *in,
			      const struct ami_occurrence *o)
{
	char where[AMI_BDF_TEXT], text[256];
	struct ami_fact facts[AMI_EVENT_FACTS + 1];

	ami_event_facts(&o->event, facts);
	amdvi_event_describe(&o->event, in->bdf.segment, text, sizeof(text));
	ami_finding_add_with(ex->state->findings, AMI_FIND_INTERRUPT_REFUSED,
		 ami_bdf_text(in->bdf, where), facts,
		 "Refused: %s; memory is not concerned.", text);
}

static void explain_refused(struct ami_exposures *ex,
			    const struct ami_incident *in,
			    const struct ami_occurrence *o)
{
	struct fault f = {
		.ex = ex, .event = &o->event,
		.device = ami_state_device(ex->state, in->bdf),
	};
	char where[AMI_BDF_TEXT];

	if (f.device)
		explain_illegal(&f, iommu_of(ex->state, in));
	else
		explain_stranger(&f, in->bdf);
	NAME(&f, EVENT, amdvi_event_name(AMDVI_EVENT_ILLEGAL_DEV_TABLE_ENTRY));
	ADD(&f, IOVA, o->event.address);
	ami_finding_add_with(ex->state->findings, AMI_FIND_DMA_REFUSED,
		 ami_bdf_text(in->bdf, where), f.facts,
		 "The IOMMU refused its DMA at IOVA %#" PRIx64 ": illegal device table entry; %s.",
		 o->event.address, f.story);
}

static void explain(struct ami_exposures *ex, const struct ami_incident *in,
		    size_t k)
{
	const struct ami_occurrence *o = &in->list[k];

	if (!in->has_device || k >= in->kept)
		return;
	if (in->kind == AMI_INCIDENT_DTE_REFUSED && !k)
		explain_refused(ex, in, o);
	if (in->kind != AMI_INCIDENT_PAGE_FAULT || !o->event.code)
		return;
	if (amdvi_event_of_interrupt(&o->event))
		explain_interrupt(ex, in, o);
	else
		explain_fault(ex, in, o);
}

/* One of each device first: a flood from one must not hide the others. */
int verdict_find_faults(struct ami_exposures *ex)
{
	const struct ami_incidents *list = ex->state->incidents;
	size_t i, k;

	for (k = 0; k < EXPLAINED; k++)
		for (i = 0; i < list->count; i++)
			explain(ex, &list->list[i], k);
	return 0;
}
