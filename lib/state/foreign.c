// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A capture kernel that reuses the dead kernel's ring starts at entry 0 again.
 * Its completion waits show it: they store to a semaphore in its own memory,
 * with its own sequence numbers. Everything up to its newest wait is its own.
 * If one of its waits lies after that, it went round and nothing is left.
 * Kernel: drivers/iommu/amd/init.c, remap_command_buffer(), from 6.17.8 on.
 */
#include <stdio.h>

#include "state.h"

static bool is_foreign_wait(const struct ami_state *s,
			    const struct ami_ring *ring, uint32_t i)
{
	const struct amdvi_command *c = &ring->entry[i];

	return ring->state[i] == AMI_ENTRY_UNPROVEN &&
	       c->opcode == AMDVI_CMD_COMPLETION_WAIT && c->store &&
	       c->store_addr != ring->semaphore_phys &&
	       state_of_capture_kernel(s, c->store_addr >> AMI_PAGE_SHIFT);
}

/* How many entries from 0 on the capture kernel wrote. */
static uint32_t foreign_entries(const struct ami_state *s,
				const struct ami_ring *ring)
{
	uint32_t i, newest = 0, last = 0, count = 0;

	for (i = 0; i < AMI_RING_ENTRIES; i++) {
		if (!is_foreign_wait(s, ring, i))
			continue;
		if (!count++ ||
		    ring->entry[i].data > ring->entry[newest].data)
			newest = i;
		last = i;
	}
	if (!count)
		return 0;
	return last > newest ? AMI_RING_ENTRIES : newest + 1;
}

void state_mark_foreign(struct ami_state *s, struct ami_iommu *iommu)
{
	struct ami_ring *ring = &iommu->ring;
	uint32_t i, n = foreign_entries(s, ring);
	bool restarted = false;
	char where[32];

	if (!n && s->snp) {
		n = state_restarted_entries(ring);
		restarted = n;
	}
	if (!n)
		return;
	for (i = 0; i < n; i++)
		if (ring->state[i] != AMI_ENTRY_UNREAD)
			ring->state[i] = AMI_ENTRY_OVERWRITTEN;
	s->capture = AMI_CAPTURE_REUSE;
	snprintf(where, sizeof(where), "iommu%u", iommu->index);
	if (restarted) {
		/* The number is now the capture kernel's. It proves nothing. */
		ring->semaphore_known = false;
		ami_finding_add_with(s->findings, AMI_FIND_RING_RESTARTED,
				where,
				AMI_FACTS(AMI_SAYS(VALUE, ring->semaphore),
					  AMI_SAYS(ISSUED, ring->last_issued)),
				"The capture kernel reused the command ring and, as SNP demands, the semaphore. Sequence numbers started again and are at %llu. The dead kernel had issued %llu. It is unknown how many of those completed.",
				(unsigned long long)ring->semaphore,
				(unsigned long long)ring->last_issued);
		return;
	}
	ami_finding_add_with(s->findings, AMI_FIND_RING_OVERWRITTEN, where,
			AMI_FACTS(AMI_SAYS(ISSUED, ring->last_issued),
				  AMI_SAYS(COMPLETED, ring->semaphore)),
			n == AMI_RING_ENTRIES ?
			"The capture kernel reused the command ring and overwrote all of it. The driver's state still proves: last issued completion wait %llu, last completed %llu." :
			"The capture kernel reused the command ring and overwrote its first entries. The driver's state says: last issued completion wait %llu, last completed %llu.",
			(unsigned long long)ring->last_issued,
			(unsigned long long)ring->semaphore);
}

/*
 * The capture kernel gives domains of its own to the devices that it drives. An
 * event that names such a domain is from its time. Any other event may be from
 * either time.
 */
static bool is_foreign_event(const struct ami_state *s,
			     const struct ami_iommu *iommu,
			     const struct amdvi_event *e)
{
	struct ami_bdf bdf = { iommu->bdf.segment, e->devid };
	const struct ami_device *d = ami_state_device(s, bdf);

	return d && d->dte_seen == AMI_SEEN_OVERWRITTEN && !e->gn &&
	       e->code == AMDVI_EVENT_IO_PAGE_FAULT && d->domain >= 0 &&
	       s->domains[d->domain].id_known &&
	       e->domain_id == d->dte.domain_id &&
	       e->domain_id != s->domains[d->domain].id;
}

/*
 * The capture kernel starts at entry 0 again. So all entries before one of its
 * own are its own too, whatever they name. Later entries may be from either
 * time.
 */
static uint32_t foreign_events(const struct ami_state *s,
			       const struct ami_iommu *iommu,
			       const struct ami_log *log)
{
	size_t i = log->count;

	while (i && !is_foreign_event(s, iommu, &log->list[i - 1].event))
		i--;
	return i ? log->list[i - 1].index + 1 : 0;
}

void state_mark_foreign_events(struct ami_state *s, struct ami_iommu *iommu)
{
	struct ami_log *log = &iommu->log[AMI_LOG_EVENT];
	size_t i, open = 0;
	char where[32];
	uint32_t n;

	if (s->capture != AMI_CAPTURE_REUSE || !log->located || log->recorded)
		return;
	n = foreign_events(s, iommu, log);
	for (i = 0; i < log->count; i++) {
		bool own = log->list[i].index < n;

		log->list[i].seen = own ? AMI_SEEN_OVERWRITTEN :
				    AMI_SEEN_INCONSISTENT;
		open += !own;
	}
	snprintf(where, sizeof(where), "iommu%u", iommu->index);
	if (n)
		ami_finding_add_with(s->findings, AMI_FIND_LOG_REUSED, where,
				AMI_FACTS(AMI_SAYS(ENTRIES, n),
					  AMI_SAYS(COUNT, open)),
				"The capture kernel reused the event log. The first %u entries are its own, as the domain in the last of them shows. What was there before is lost. Nothing shows whether %zu other entries were written before the panic.",
				n, open);
	else if (open)
		ami_finding_add_with(s->findings, AMI_FIND_LOG_REUSED, where,
				AMI_FACTS(AMI_SAYS(COUNT, open)),
				"The capture kernel reused the event log from entry 0 on and zeroed what it handled. %zu entries are not zero. Nothing shows whether they were written before the panic.",
				open);
	else
		ami_finding_add(s->findings, AMI_FIND_LOG_REUSED, where,
				"The capture kernel reused the event log from entry 0 on and zeroed what it handled. Whatever was logged before the panic is lost.");
}
