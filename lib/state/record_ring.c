// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the record says of a command ring. The head is where the IOMMU was to
 * fetch next: from there on nothing was executed then. A command before the head
 * was fetched, and nothing says that it was done; only a completion wait does.
 * An IOMMU that still executed commands went on after the record was made.
 */
#include <stdio.h>
#include <string.h>

#include "record.h"

#define MAX_OUTSTANDING	(AMI_RING_ENTRIES - 3)

static void take_entry(struct ami_state *s, struct ami_ring *ring, uint32_t i,
		       const uint8_t *raw)
{
	struct amdvi_command c;
	uint32_t w[4];

	/* What the dump has may be newer: a CPU that did not stop goes on. */
	if (ring->state[i] != AMI_ENTRY_OVERWRITTEN &&
	    ring->state[i] != AMI_ENTRY_UNREAD)
		return;
	memcpy(w, raw, sizeof(w));
	amdvi_command_decode(w, ami_kernel_sme(s->kernel), &c);
	ring->entry[i] = c;
	ring->state[i] = c.unused ? AMI_ENTRY_UNUSED : AMI_ENTRY_UNPROVEN;
	ring->replaced++;
}

/* Where the dump's own number is lost. */
static void take_semaphore(struct ami_iommu *iommu)
{
	struct ami_ring *ring = &iommu->ring;

	if (ring->semaphore_known || !ring->semaphore_phys)
		return;
	ring->semaphore = iommu->registers.semaphore;
	ring->semaphore_known = true;
}

static void report_misfit(struct ami_state *s, struct ami_iommu *iommu)
{
	struct ami_registers *r = &iommu->registers;
	const struct ami_ring *ring = &iommu->ring;
	char where[32];

	r->use = AMI_REGISTERS_CONTRADICTED;
	r->pending = 0;
	snprintf(where, sizeof(where), "iommu%u", iommu->index);
	ami_finding_add_with(s->findings, AMI_FIND_RECORD_CONTRADICTED, where,
			AMI_FACTS(AMI_SAYS(ENTRY, r->head),
				  AMI_SAYS(TAIL, r->tail),
				  AMI_SAYS(DRIVER_TAIL, ring->tail)),
			"The recorded head (entry %u) and tail (%u) of the command ring do not fit the driver's tail (%u) and the completion waits that are proven: they are not used.",
			r->head, r->tail, ring->tail);
}

static uint32_t behind(const struct ami_ring *ring, uint32_t entry)
{
	return (ring->tail + AMI_RING_ENTRIES - entry) % AMI_RING_ENTRIES;
}

/* The driver's tail is never behind the register's. */
static bool fits_tail(const struct ami_ring *ring, struct ami_registers *r)
{
	if (!ring->tail_known)
		return true;
	r->pending = behind(ring, r->head);
	return r->pending <= MAX_OUTSTANDING &&
	       behind(ring, r->tail) <= r->pending;
}

void state_ring_as_recorded(struct ami_state *s, struct ami_iommu *iommu)
{
	struct ami_ring *ring = &iommu->ring;
	uint8_t copy[RECORD_COPY] = { 0 };
	uint32_t have[AMI_RECORD_PARTS], part, at = 0, end;
	char where[32];

	if (iommu->registers.use != AMI_REGISTERS_KNOWN ||
	    !s->recording.alone)
		return;
	if (!fits_tail(ring, &iommu->registers)) {
		report_misfit(s, iommu);
		return;
	}
	take_semaphore(iommu);
	state_record_copy(s, iommu, AMI_RECORD_RING, copy, have);
	for (part = 0; part < AMI_RECORD_PARTS; part++) {
		end = at + have[part];
		for (; at < end; at += AMDVI_COMMAND_SIZE)
			take_entry(s, ring, at / AMDVI_COMMAND_SIZE, copy + at);
		at = (part + 1) * AMI_RECORD_DATA;
	}
	if (!ring->replaced)
		return;
	snprintf(where, sizeof(where), "iommu%u", iommu->index);
	ami_finding_add_with(s->findings, AMI_FIND_RING_FROM_RECORD, where,
			AMI_FACTS(AMI_SAYS(COUNT, ring->replaced),
				  AMI_SAYS(OF, AMI_RING_ENTRIES)),
			"%u of %u command ring entries are no more in memory as they were at the crash: those that were recorded then are shown.",
			ring->replaced, AMI_RING_ENTRIES);
}

/* The newest proven wait is behind the head, unless the IOMMU went on. */
static bool is_possible(const struct ami_ring *ring,
			const struct ami_registers *r)
{
	return !r->stopped || ring->proven < 0 || !r->pending ||
	       behind(ring, ring->proven) > r->pending;
}

static void report_pending(struct ami_state *s, const struct ami_iommu *iommu)
{
	const struct ami_registers *r = &iommu->registers;
	char where[32];

	snprintf(where, sizeof(where), "iommu%u", iommu->index);
	if (r->stopped)
		ami_finding_add_with(s->findings, AMI_FIND_COMMANDS_NOT_EXECUTED,
				where,
				AMI_FACTS(AMI_SAYS(COUNT, r->pending),
					  AMI_SAYS(ENTRY, r->head),
					  AMI_SAYS(TAIL, r->tail)),
				"%u command%s from ring entry %u on %s never executed: the recorded registers show the head there, the tail at %u, and an IOMMU that had stopped executing commands.",
				r->pending, r->pending == 1 ? "" : "s", r->head,
				r->pending == 1 ? "was" : "were", r->tail);
	else
		ami_finding_add_with(s->findings, AMI_FIND_COMMANDS_PENDING,
				where,
				AMI_FACTS(AMI_SAYS(COUNT, r->pending),
					  AMI_SAYS(ENTRY, r->head),
					  AMI_SAYS(TAIL, r->tail)),
				"%u command%s from ring entry %u on %s not fetched yet when the registers were recorded (tail at %u). The IOMMU was at work and may have executed them since.",
				r->pending, r->pending == 1 ? "" : "s", r->head,
				r->pending == 1 ? "was" : "were", r->tail);
}

void state_hold_registers(struct ami_state *s, struct ami_iommu *iommu)
{
	struct ami_registers *r = &iommu->registers;
	struct ami_ring *ring = &iommu->ring;

	if (r->use != AMI_REGISTERS_KNOWN || !s->recording.alone ||
	    !ring->tail_known)
		return;
	if (!is_possible(ring, r)) {
		report_misfit(s, iommu);
		/* Recorded entries were taken before that was known. */
		ring->blind |= ring->replaced;
		return;
	}
	/* Behind the register's tail, nothing was ever handed to the IOMMU. */
	r->final = r->stopped && r->pending && r->pending <= ring->outstanding;
	if (r->final)
		ami_ring_stopped(ring, r->head);
	else if (r->tail != ring->tail)
		ami_ring_stopped(ring, r->tail);
	if (r->pending)
		report_pending(s, iommu);
}
