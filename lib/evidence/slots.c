// SPDX-License-Identifier: GPL-2.0-or-later
/* Receive buffers as transfers: descriptors compared with driver state. */
#include <inttypes.h>
#include <stdlib.h>

#include "bounce.h"
#include "nic.h"

/* What a driver takes at one time (NAPI_POLL_WEIGHT), and frames of several */
#define TAKEN_AT_ONCE	96u

/* What is known about a buffer. */
enum fate {
	FATE_POSTED,
	FATE_DOUBTFUL,	/* posted, but the sources disagree or one is missing */
	FATE_FILLED,	/* before the panic, or since */
	FATE_HELD,
	FATE_USED,
	FATES,
	FATE_TAKEN,	/* by the driver, just at the panic */
	FATE_LOST,
};

static const struct {
	enum ami_certainty certainty;
	const char *text;
} fate_of[FATES] = {
	[FATE_POSTED] = { AMI_PROVEN, "posted" },
	[FATE_DOUBTFUL] = { AMI_LIKELY, "posted, by one source only" },
	/* What the device does after the panic looks the same in a dump. */
	[FATE_FILLED] = { AMI_LIKELY, "filled, not taken by the driver" },
	[FATE_HELD] = { AMI_POSSIBLE, "prepared, not announced" },
	[FATE_USED] = { AMI_POSSIBLE, "of a larger one, filled before" },
};

struct tally {
	size_t fates[FATES], taken;
	size_t disagree;	/* descriptor and driver state */
	size_t elsewhere;	/* page table and driver state */
	size_t lost;		/* filled at an unknown place */
	size_t unread;		/* descriptors */
};

void nic_add_slot(struct reading *r, struct rx_slots *slots,
		  const struct rx_slot *slot)
{
	evidence_grown(r->ev, vec_push(slots->list, slots->count, SIZE_MAX,
				       *slot));
}

struct target {
	const struct ami_evidence *ev;
	uint64_t phys;
};

static bool is_target(void *ctx, uint64_t phys)
{
	const struct target *t = ctx;

	return phys == t->phys || evidence_bounces_to(t->ev, phys, t->phys);
}

/* Does the device reach the buffer that the driver means? */
static bool reaches(const struct reading *r, uint64_t dma, uint64_t phys)
{
	struct target t = { r->ev, phys };
	struct ami_mapping map;

	return !evidence_dma_phys(r->ev, r->device, dma, &map) || !map.write ||
	       evidence_dma_leads_to(r->ev, r->device, dma, is_target, &t);
}

static enum fate judge_slot(const struct reading *r, const struct rx_slot *s,
			    struct tally *t)
{
	if (!s->seen && !s->alone)
		t->unread++;
	if (s->known && !s->dma)
		return FATE_TAKEN;
	if (s->done && s->known)
		return FATE_FILLED;
	if (!s->seen && !s->known && s->phys)
		return FATE_DOUBTFUL;	/* no address, but the driver's page */
	if (s->done || (!s->seen && !s->known)) {
		t->lost++;
		return FATE_LOST;
	}
	if (s->seen && s->known && s->addr != s->dma) {
		t->disagree++;
		return FATE_DOUBTFUL;
	}
	if (s->phys && !reaches(r, s->seen ? s->addr : s->dma, s->phys)) {
		t->elsewhere++;
		return FATE_DOUBTFUL;
	}
	if (s->held)
		return FATE_HELD;
	if (s->used)
		return FATE_USED;
	return s->seen ? FATE_POSTED : FATE_DOUBTFUL;
}

static void post_slot(struct reading *r, const struct rx_slot *s, enum fate fate)
{
	uint64_t unnamed = 0;

	if (s->seen && !s->done)
		unnamed = evidence_add_dma(r->ev, r->device, s->addr, s->len);
	if (s->known && (s->done || !s->seen || s->addr != s->dma))
		unnamed += evidence_add_dma(r->ev, r->device, s->dma, s->len);
	/* A translation that the IOMMU may still cache leads here. */
	if (s->phys && (unnamed || fate == FATE_DOUBTFUL))
		evidence_add_span(r->ev, s->phys, s->len);
}

static void post_fate(struct reading *r, const struct rx_slots *slots,
		      const uint8_t *fates, enum fate fate, size_t count,
		      const char *label)
{
	size_t i;

	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED,
				fate_of[fate].certainty, r->reader->driver,
				"%s %s: %zu buffers %s", r->name, label, count,
				fate_of[fate].text);
	for (i = 0; i < slots->count; i++)
		if (fates[i] == fate)
			post_slot(r, &slots->list[i], fate);
	evidence_end_transfer(r->ev);
}

static void report_ring(struct reading *r, const struct tally *t, const char *label)
{
	struct ami_findings *f = r->ev->state->findings;

	r->lost |= t->lost;
	if (t->disagree)
		ami_finding_add_with(f, AMI_FIND_DESCRIPTOR_DISAGREES, r->where,
				AMI_FACTS(READING_NAMES(r),
					  AMI_NAMES(RING, label),
					  AMI_SAYS(COUNT, t->disagree)),
				"%s %s: %zu descriptors do not name the buffers that the driver mapped for them; both are taken.",
				r->name, label, t->disagree);
	if (t->elsewhere)
		ami_finding_add_with(f, AMI_FIND_BUFFER_MAPS_ELSEWHERE,
				r->where,
				AMI_FACTS(READING_NAMES(r),
					  AMI_NAMES(RING, label),
					  AMI_SAYS(COUNT, t->elsewhere)),
				"%s %s: %zu buffers are not where the page table leads the device; both places are taken.",
				r->name, label, t->elsewhere);
	if (t->unread)
		ami_finding_add_with(f, AMI_FIND_DESCRIPTORS_UNREAD, r->where,
				AMI_FACTS(READING_NAMES(r),
					  AMI_NAMES(RING, label),
					  AMI_SAYS(COUNT, t->unread)),
				"%s %s: %zu descriptors are not in the dump. The driver's state alone says which buffers are posted.",
				r->name, label, t->unread);
	if (t->lost)
		ami_finding_add_with(f, AMI_FIND_BUFFERS_UNKNOWN, r->where,
				AMI_FACTS(READING_NAMES(r),
					  AMI_NAMES(RING, label),
					  AMI_SAYS(COUNT, t->lost)),
				"%s %s: %zu buffers are in use, but nothing readable says where they are.",
				r->name, label, t->lost);
}

/*
 * The device of an interface that is at work has buffers, and a driver takes few
 * at a time. Zeros over the ring or over the driver's own list look as if all had
 * been taken.
 */
static void check_number(struct reading *r, const struct rx_slots *slots,
			 const struct tally *t, const char *label)
{
	uint32_t each = slots->each ? slots->each : 1;

	if ((t->taken < slots->count && t->taken <= TAKEN_AT_ONCE * each) ||
	    !reading_at_work(r))
		return;
	r->lost = true;
	ami_finding_add_with(r->ev->state->findings, AMI_FIND_BUFFERS_MISSING,
			     r->where,
			     AMI_FACTS(AMI_NAMES(INTERFACE, r->name),
				       AMI_NAMES(RING, label),
				       AMI_SAYS(COUNT, slots->count - t->taken),
				       AMI_SAYS(OF, slots->count)),
			     "%s is up and has a link, but its %s has %zu buffers in %zu places that belong to the device: where the others are is not known.",
			     r->name, label, slots->count - t->taken,
			     slots->count);
}

void nic_post_slots(struct reading *r, struct rx_slots *slots, const char *label)
{
	uint8_t *fates = calloc(slots->count + 1, 1);
	struct tally t = { .lost = 0 };
	size_t i;
	int fate;

	if (!fates) {
		r->ev->collector->no_memory = true;
	} else {
		for (i = 0; i < slots->count; i++) {
			fates[i] = judge_slot(r, &slots->list[i], &t);
			if (fates[i] < FATES)
				t.fates[fates[i]]++;
			t.taken += fates[i] == FATE_TAKEN;
		}
		for (fate = 0; fate < FATES; fate++)
			if (t.fates[fate])
				post_fate(r, slots, fates, fate,
					  t.fates[fate], label);
		report_ring(r, &t, label);
		if (!slots->optional)
			check_number(r, slots, &t, label);
	}
	free(fates);
	free(slots->list);
	*slots = (struct rx_slots){ .list = NULL };
}

void nic_post_ring(struct reading *r, const struct ring *ring, const char *label)
{
	if (ring->owned)
		reading_post_dma(r, AMI_PROVEN, ring->dma,
				  (uint64_t)ring->count * ring->stride, label);
}
