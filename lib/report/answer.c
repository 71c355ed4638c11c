// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The answer of `who`: the strongest thing that is known of a page's writers.
 * That no device wrote it is said only where nothing is missing that could show
 * one.
 */
#include <stdlib.h>
#include <string.h>

#include "answer.h"

bool answer_idle(const struct view *v, struct ami_requester r)
{
	const struct ami_device *d = r.is_iommu ? NULL :
				     ami_state_device(v->a->state, r.bdf);

	return d && !ami_device_active(d);
}

static bool same_device(struct ami_bdf a, struct ami_bdf b)
{
	return a.segment == b.segment && a.devid == b.devid;
}

/* The pages of @e are those of all transfers of the kind, this byte of some. */
static enum answer_code asked_code(const struct view *v, const struct answer *a,
				   const struct ami_exposure *e,
				   enum ami_certainty *certainty)
{
	const struct ami_evidence *ev = v->a->exposures->evidence;
	enum ami_transfer_kind kind = e->class == AMI_CLASS_INFLIGHT ?
				      AMI_TRANSFER_INFLIGHT :
				      AMI_TRANSFER_POSTED;
	bool byte = false;
	size_t i;

	for (i = 0; i < ev->count; i++) {
		const struct ami_transfer *t = &ev->list[i];

		if (t->kind != kind ||
		    !same_device(t->device, e->requester.bdf) ||
		    !report_transfer_touches(t, a->paddr, a->size))
			continue;
		if (!byte || t->certainty < *certainty)
			*certainty = t->certainty;
		byte = true;
	}
	if (!byte)
		return ANSWER_PAGE;
	return kind == AMI_TRANSFER_INFLIGHT ? ANSWER_INFLIGHT : ANSWER_POSTED;
}

/* ANSWER_CODES: the exposure does not name the page. */
static enum answer_code code_of(const struct view *v, const struct answer *a,
				const struct ami_exposure *e,
				enum ami_certainty *certainty)
{
	*certainty = e->certainty;
	if (e->all_ram || !ami_exposure_has(v->a->exposures, e,
					    a->paddr >> AMI_PAGE_SHIFT))
		return ANSWER_CODES;
	switch (e->class) {
	case AMI_CLASS_OBSERVED:
		return ANSWER_OBSERVED;
	case AMI_CLASS_INFLIGHT:
	case AMI_CLASS_POSTED:
		return asked_code(v, a, e, certainty);
	case AMI_CLASS_HARDWARE:
		return ANSWER_HARDWARE;
	default:
		return answer_idle(v, e->requester) ? ANSWER_IDLE :
						      ANSWER_COULD;
	}
}

/* What is only possible is not put beside what is more certain. */
static unsigned int rank_of(enum answer_code code, enum ami_certainty certainty)
{
	return 2 * code + (certainty == AMI_POSSIBLE);
}

static void weigh_exposure(const struct view *v, struct answer *a,
			   const struct ami_exposure *e)
{
	enum ami_certainty certainty;
	enum answer_code code = code_of(v, a, e, &certainty);
	unsigned int rank = rank_of(code, certainty);
	unsigned int best = rank_of(a->code, a->certainty);

	if (code == ANSWER_CODES || (a->nr_devices && rank > best))
		return;
	if (!a->nr_devices || rank < best) {
		a->nr_devices = 0;
		a->code = code;
		a->class = e->class;
		a->certainty = certainty;
	}
	if (certainty < a->certainty)
		a->certainty = certainty;
	a->devices[a->nr_devices++] = e->requester;
}

static int by_requester(const void *one, const void *other)
{
	const struct ami_requester *a = one, *b = other;
	uint64_t x = (uint64_t)a->is_iommu << 48 |
		     (a->is_iommu ? a->index :
		      (uint64_t)a->bdf.segment << 16 | a->bdf.devid);
	uint64_t y = (uint64_t)b->is_iommu << 48 |
		     (b->is_iommu ? b->index :
		      (uint64_t)b->bdf.segment << 16 | b->bdf.devid);

	return (x > y) - (x < y);
}

/* A device may have several exposures to the page. */
static void name_each_once(struct answer *a)
{
	size_t i, n = 0;

	if (!a->nr_devices)
		return;
	qsort(a->devices, a->nr_devices, sizeof(*a->devices), by_requester);
	for (i = 1; i < a->nr_devices; i++)
		if (by_requester(&a->devices[n], &a->devices[i]))
			a->devices[++n] = a->devices[i];
	a->nr_devices = n + 1;
}

static void count_all_memory(const struct view *v, struct answer *a)
{
	const struct ami_exposures *ex = v->a->exposures;
	size_t i;

	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (!e->all_ram)
			continue;
		a->all_memory++;
		a->idle += answer_idle(v, e->requester);
	}
}

/* What is missing may be a writer of any page. */
static bool whole_state(const struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	const struct ami_state *s = v->a->state;

	return !s->incomplete && ex->verdict != AMI_VERDICT_CORRUPT &&
	       ex->verdict != AMI_VERDICT_UNKNOWN &&
	       !ami_findings_have(s->findings, AMI_EFFECT_GAP);
}

static bool listed(const struct view *v, uint64_t paddr)
{
	const struct ami_state *s = v->a->state;

	return !s->ram_unknown &&
	       !(s->unlisted &&
		 ami_pfnset_has(s->unlisted, paddr >> AMI_PAGE_SHIFT));
}

static bool all_named(const struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	size_t i;

	for (i = 0; i < ex->count; i++)
		if (!ex->list[i].complete)
			return false;
	return ex->covered == AMI_COVERED_COMPLETE;
}

static void name_uncovered(const struct view *v, struct answer *a)
{
	const struct ami_exposures *ex = v->a->exposures;
	size_t i;

	a->code = ANSWER_NOT_EXCLUDED;
	a->bounded = true;
	for (i = 0; i < ex->nr_uncovered; i++) {
		a->devices[a->nr_devices++] = ex->uncovered[i].requester;
		a->bounded &= ex->uncovered[i].bounded;
	}
	/* Summed there, with domains that devices share once. */
	for (i = 0; i < ex->gaps.count; i++) {
		const struct ami_reason *gap = &ex->gaps.list[i];
		const struct ami_fact *pages =
			ami_facts_find(&gap->facts, AMI_FACT_PAGES);

		/* Pages of a finding are others. */
		a->pages += pages && !gap->where ? pages->value : 0;
	}
	name_each_once(a);
}

static void answer_nobody(const struct view *v, struct answer *a)
{
	const struct ami_exposures *ex = v->a->exposures;

	if (ex->observed && ami_pfnset_has(ex->observed,
					   a->paddr >> AMI_PAGE_SHIFT)) {
		a->code = ANSWER_OBSERVED;
		a->class = AMI_CLASS_OBSERVED;
		a->others_excluded = false;
	} else if (a->whole && a->listed && ex->nr_uncovered) {
		name_uncovered(v, a);
	} else if (!a->others_excluded) {
		a->code = ANSWER_UNKNOWN;
	} else if (answer_bounce(v, a->paddr)) {
		a->code = ANSWER_BOUNCED;
	} else {
		a->code = a->all_memory > a->idle ? ANSWER_UNASKED :
						    ANSWER_BOUNDED;
	}
}

static void answer_no_ram(const struct view *v, struct answer *a)
{
	if (a->paddr >= MSI_FIRST && a->paddr <= MSI_LAST)
		a->code = ANSWER_INTERRUPTS;
	else
		a->code = v->a->state->ram_unknown ? ANSWER_UNKNOWN :
						     ANSWER_NO_RAM;
}

static void answer_ram(const struct view *v, struct answer *a)
{
	const struct ami_exposures *ex = v->a->exposures;
	size_t i;

	a->whole = whole_state(v);
	a->listed = listed(v, a->paddr);
	a->others_excluded = a->whole && a->listed && all_named(v);
	count_all_memory(v, a);
	for (i = 0; i < ex->count; i++)
		weigh_exposure(v, a, &ex->list[i]);
	name_each_once(a);
	if (!a->nr_devices)
		answer_nobody(v, a);
}

int answer_find(struct view *v, uint64_t paddr, uint64_t size, bool ram,
		struct answer *a)
{
	const struct ami_exposures *ex = v->a->exposures;

	*a = (struct answer){ .paddr = paddr, .size = size };
	a->devices = calloc(ex->count + ex->nr_uncovered + 1,
			    sizeof(*a->devices));
	if (!a->devices)
		return ami_error_set(v->err, AMI_ERR_MEMORY, "out of memory");
	if (ram)
		answer_ram(v, a);
	else
		answer_no_ram(v, a);
	answer_write(v, a);
	return 0;
}

void answer_free(struct answer *a)
{
	free(a->devices);
}
