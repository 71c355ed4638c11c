// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which old translations of a device may still be in use, and what shows it:
 * invalidations in the command rings, entries of flush queues.
 */
#include "state.h"

/* A larger invalidation concerns a domain, not a buffer. */
#define MAX_BUFFER	(1ull << 30)
/*
 * Executed invalidations are recent for this many waits, and one more per CPU.
 */
#define RECENT_WAITS	8u

bool ami_outstanding(const struct ami_ring *ring, uint32_t i)
{
	return ring->state[i] == AMI_ENTRY_UNPROVEN ||
	       ring->state[i] == AMI_ENTRY_NOT_EXECUTED;
}

bool ami_serves(const struct ami_state *s, size_t iommu,
		const struct ami_device *d)
{
	return s->iommus[iommu].bdf.segment == d->bdf.segment &&
	       (d->iommu < 0 || (size_t)d->iommu == iommu ||
		s->nr_iommus == 1);
}

/*
 * Are the device's translations cached for this domain? The DTE says so if it
 * is the dead kernel's. Otherwise the driver's state says so, where a device
 * with guest tables may have an ID of its own.
 */
static bool in_domain(const struct ami_state *s, const struct ami_device *d,
		      uint16_t id)
{
	const struct ami_domain *dom = d->domain >= 0 ?
				       &s->domains[d->domain] : NULL;

	if (d->dte_seen == AMI_SEEN_INTACT)
		return id == d->dte.domain_id;
	/* Its ID is unknown then. */
	if (!dom)
		return d->iommu >= 0;
	return !dom->id_known || id == dom->id ||
	       (d->gcr3.root && d->gcr3.has_domain &&
		id == d->gcr3.domain_id) ||
	       (d->dte_seen == AMI_SEEN_INCONSISTENT &&
		id == d->dte.domain_id);
}

bool ami_command_concerns(const struct ami_state *s,
			  const struct ami_device *d,
			  const struct amdvi_command *c, uint64_t *first,
			  uint64_t *last)
{
	*first = 0;
	*last = UINT64_MAX;
	switch (c->opcode) {
	case AMDVI_CMD_INVALIDATE_IOMMU_PAGES:
		if (!in_domain(s, d, c->domain_id))
			return false;
		amdvi_command_range(c, first, last);
		return true;
	case AMDVI_CMD_INVALIDATE_IOTLB_PAGES:
		if (c->devid != d->bdf.devid)
			return false;
		amdvi_command_range(c, first, last);
		return true;
	case AMDVI_CMD_INVALIDATE_DEVTAB_ENTRY:
		return c->devid == d->bdf.devid;
	case AMDVI_CMD_INVALIDATE_IOMMU_ALL:
		return true;
	default:
		return false;
	}
}

/*
 * The driver's state may have lost the device, but the IOMMU knows its domain.
 */
const struct ami_domain *ami_stale_domain(const struct ami_state *s,
					  const struct ami_device *d)
{
	size_t i;

	if (d->domain >= 0)
		return &s->domains[d->domain];
	if (d->dte_seen != AMI_SEEN_INTACT || !d->dte.domain_id)
		return NULL;
	for (i = 0; i < s->nr_domains; i++)
		if (s->domains[i].id_known &&
		    s->domains[i].id == d->dte.domain_id)
			return &s->domains[i];
	return NULL;
}

struct each {
	const struct ami_state *s;
	const struct ami_device *d;
	bool (*fn)(void *ctx, const struct ami_stale *stale);
	void *ctx;
};

static bool give_all(struct each *e, enum ami_stale_by by, uint32_t iommu)
{
	struct ami_stale stale = {
		.first = 0, .last = UINT64_MAX, .by = by, .iommu = iommu,
	};

	return e->fn(e->ctx, &stale);
}

static bool give_commands(struct each *e, size_t iommu)
{
	const struct ami_ring *ring = &e->s->iommus[iommu].ring;
	struct ami_stale stale = {
		.by = AMI_STALE_COMMAND, .iommu = e->s->iommus[iommu].index,
	};

	for (stale.entry = 0; stale.entry < AMI_RING_ENTRIES; stale.entry++)
		if (ami_outstanding(ring, stale.entry) &&
		    ami_command_concerns(e->s, e->d, &ring->entry[stale.entry],
					 &stale.first, &stale.last) &&
		    !e->fn(e->ctx, &stale))
			return false;
	return true;
}

static bool give_lazy(struct each *e, const struct ami_flushq *q)
{
	size_t i;

	if (q->unread && !give_all(e, AMI_STALE_QUEUE_UNREAD, 0))
		return false;
	for (i = 0; i < q->count; i++) {
		const struct ami_lazy *lazy = &q->list[i];
		struct ami_stale stale = {
			.first = lazy->iova,
			.last = lazy->iova + lazy->size - 1,
			.by = AMI_STALE_QUEUED, .cpu = lazy->cpu,
		};

		if (!lazy->flushed && !e->fn(e->ctx, &stale))
			return false;
	}
	return true;
}

void ami_stale_each(const struct ami_state *s, const struct ami_device *d,
		    bool (*fn)(void *ctx, const struct ami_stale *stale),
		    void *ctx)
{
	struct each e = { .s = s, .d = d, .fn = fn, .ctx = ctx };
	const struct ami_domain *dom = ami_stale_domain(s, d);
	size_t u;

	for (u = 0; u < s->nr_iommus; u++) {
		if (!ami_serves(s, u, d))
			continue;
		if (s->iommus[u].ring.blind &&
		    !give_all(&e, AMI_STALE_BLIND, s->iommus[u].index))
			return;
		if (!give_commands(&e, u))
			return;
	}
	if (dom)
		give_lazy(&e, &dom->flushq);
}

struct search {
	uint64_t iova;
	struct ami_stale *found;
	bool is_found;
};

static bool find_buffer(void *ctx, const struct ami_stale *stale)
{
	struct search *search = ctx;

	if (stale->last - stale->first >= MAX_BUFFER ||
	    search->iova < stale->first || search->iova > stale->last)
		return true;
	*search->found = *stale;
	search->is_found = true;
	return false;
}

/* The newest executed command that removed this buffer. */
static bool find_executed(const struct ami_state *s, size_t iommu,
			  const struct ami_device *d, uint64_t iova,
			  uint32_t max_waits, struct ami_stale *found)
{
	const struct ami_ring *ring = &s->iommus[iommu].ring;
	uint32_t i, waits = 0;

	*found = (struct ami_stale){
		.by = AMI_STALE_EXECUTED, .iommu = s->iommus[iommu].index,
	};
	for (i = 1; i <= AMI_RING_ENTRIES && waits <= max_waits; i++) {
		uint32_t at = (ring->tail + AMI_RING_ENTRIES - i) %
			      AMI_RING_ENTRIES;
		const struct amdvi_command *c = &ring->entry[at];

		waits += c->opcode == AMDVI_CMD_COMPLETION_WAIT;
		found->entry = at;
		if (ring->state[at] == AMI_ENTRY_DONE &&
		    amdvi_command_range(c, &found->first, &found->last) &&
		    found->last - found->first < MAX_BUFFER &&
		    iova >= found->first && iova <= found->last &&
		    ami_command_concerns(s, d, c, &found->first, &found->last))
			return true;
	}
	return false;
}

uint32_t ami_cpus(const struct ami_state *s)
{
	uint64_t symbol = ami_symbol(s->kernel, AMI_SYM_nr_cpu_ids);
	uint32_t cpus = 0;

	return symbol && ami_read(s->kernel, symbol, &cpus, sizeof(cpus)) ==
			 AMI_MEM_OK && cpus < AMI_RING_ENTRIES ? cpus : 0;
}

bool ami_unmapped_by(const struct ami_state *s, const struct ami_device *d,
		     uint64_t iova, bool recent, struct ami_stale *found)
{
	struct search search = { .iova = iova, .found = found };
	uint32_t waits = recent ? RECENT_WAITS + ami_cpus(s) :
			 AMI_RING_ENTRIES;
	size_t u;

	ami_stale_each(s, d, find_buffer, &search);
	for (u = 0; u < s->nr_iommus && !search.is_found; u++)
		search.is_found = ami_serves(s, u, d) &&
				  find_executed(s, u, d, iova, waits, found);
	return search.is_found;
}
