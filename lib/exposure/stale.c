// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Class "stale": an invalidation that is not proven complete, or that was put
 * off (lazy unmapping) and not proven done. The IOMMU may still translate these
 * IOVAs as it did before, to pages no table names any more. With NpCache a
 * mapping queues an invalidation too, so this says "may", never "does".
 */
#include <stdio.h>
#include <stdlib.h>

#include "exposure.h"

struct pending {
	struct ami_iova_range *iovas;
	size_t count;
};

struct freed {
	struct ami_exposures *ex;
	struct ami_exposure *e;
};

static bool outstanding(const struct ami_ring *ring, uint32_t i)
{
	return ring->state[i] == AMI_ENTRY_UNPROVEN ||
	       ring->state[i] == AMI_ENTRY_NOT_EXECUTED;
}

static bool same_iommu(const struct ami_state *s, const struct ami_device *d,
		       size_t iommu)
{
	return s->iommus[iommu].bdf.segment == d->bdf.segment &&
	       (d->iommu < 0 || (size_t)d->iommu == iommu ||
		s->nr_iommus == 1);
}

/*
 * Is it the domain that the device's translations are cached for? What the DTE
 * says, if it is the dead kernel's; else what the driver's books say, where a
 * device with guest tables may have an ID of its own.
 */
static bool in_domain(const struct ami_state *s, const struct ami_device *d,
		      uint16_t id)
{
	const struct ami_domain *dom = d->domain >= 0 ?
				       &s->domains[d->domain] : NULL;

	if (d->dte_seen == AMI_SEEN_INTACT)
		return id == d->dte.domain_id;
	/* Then its ID is anybody's guess. */
	if (!dom)
		return d->iommu >= 0;
	return !dom->id_known || id == dom->id ||
	       (d->gcr3.root && d->gcr3.has_domain &&
		id == d->gcr3.domain_id) ||
	       (d->dte_seen == AMI_SEEN_INCONSISTENT &&
		id == d->dte.domain_id);
}

bool command_concerns(const struct ami_state *s, const struct ami_device *d,
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
 * A completion wait proves that an invalidation of the device's own TLB ended,
 * not that it succeeded: when the device does not answer, the IOMMU logs that
 * and goes on.
 */
static bool kept_its_tlb(const struct ami_iommu *iommu,
			 const struct ami_device *d)
{
	const struct ami_log *log = &iommu->log[AMI_LOG_EVENT];
	size_t i;

	for (i = 0; i < log->count; i++)
		if (log->list[i].seen != AMI_SEEN_OVERWRITTEN &&
		    log->list[i].event.code == AMDVI_EVENT_IOTLB_INV_TIMEOUT &&
		    log->list[i].event.devid == d->bdf.devid)
			return true;
	return false;
}

/* The driver's books may have lost the device, but the IOMMU knows its domain. */
static const struct ami_domain *domain_of(const struct ami_state *s,
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

static int collect_lazy(const struct ami_state *s, const struct ami_device *d,
			struct pending *p)
{
	const struct ami_domain *dom = domain_of(s, d);
	const struct ami_flushq *q;
	size_t i;

	if (!dom)
		return 0;
	q = &dom->flushq;
	if (q->unread && add_iovas(&p->iovas, &p->count, 0, UINT64_MAX))
		return -1;
	for (i = 0; i < q->count; i++)
		if (!q->list[i].flushed &&
		    add_iovas(&p->iovas, &p->count, q->list[i].iova,
			      q->list[i].iova + q->list[i].size - 1))
			return -1;
	return 0;
}

static int collect(const struct ami_state *s, const struct ami_device *d,
		   struct pending *p)
{
	uint64_t first, last;
	uint32_t i;
	size_t u;

	for (u = 0; u < s->nr_iommus; u++) {
		const struct ami_ring *ring = &s->iommus[u].ring;

		if (!same_iommu(s, d, u))
			continue;
		if ((ring->blind || kept_its_tlb(&s->iommus[u], d)) &&
		    add_iovas(&p->iovas, &p->count, 0, UINT64_MAX))
			return -1;
		for (i = 0; i < AMI_RING_ENTRIES; i++)
			if (outstanding(ring, i) &&
			    command_concerns(s, d, &ring->entry[i], &first,
					     &last) &&
			    add_iovas(&p->iovas, &p->count, first, last))
				return -1;
	}
	if (collect_lazy(s, d, p))
		return -1;
	merge_iovas(p->iovas, &p->count);
	return 0;
}

static bool on_mapping(void *ctx, const struct ami_mapping *m)
{
	struct freed *f = ctx;

	if (m->write)
		f->e->outside += add_ram(f->e->pages,
					 ami_kernel_dump(f->ex->state->kernel),
					 m->phys >> AMI_PAGE_SHIFT,
					 m->size >> AMI_PAGE_SHIFT);
	return true;
}

/*
 * A table page that waits for the flush was cleared when it was taken out. If
 * one is not empty after all, it still translates for who had it cached. Its
 * level is not known, but it covered no more than was unmapped with it.
 */
static void take_table(struct freed *f, const struct ami_domain *dom,
		       const struct ami_freed_table *freed)
{
	static const struct ami_walk_ops ops = { .mapping = on_mapping };
	struct ami_table table = dom->table;
	struct ami_walk_stats stats;
	unsigned int level;

	table.root = freed->phys;
	for (level = 1; level == 1 ||
	     (level < dom->table.levels &&
	      freed->size >> amdvi_level_shift(level + 1)); level++) {
		table.levels = level;
		ami_walk(ami_kernel_dump(f->ex->state->kernel), &table, &ops,
			 f, &stats);
	}
}

static int collect_tables(struct ami_exposures *ex, const struct ami_device *d,
			  struct ami_exposure *e)
{
	const struct ami_domain *dom = domain_of(ex->state, d);
	struct freed f = { ex, e };
	size_t i;

	if (!dom || !dom->flushq.nr_tables)
		return 0;
	e->pages = ami_pfnset_new();
	if (!e->pages)
		return -1;
	for (i = 0; i < dom->flushq.nr_tables; i++)
		take_table(&f, dom, &dom->flushq.tables[i]);
	e->count = ami_pfnset_count(e->pages);
	return 0;
}

/* Is it for a device of this IOMMU, or none that invalidates translations? */
static bool for_somebody(const struct ami_state *s, size_t iommu,
			 const struct amdvi_command *c)
{
	uint64_t first, last;
	size_t i;

	if (c->opcode != AMDVI_CMD_INVALIDATE_IOMMU_PAGES &&
	    c->opcode != AMDVI_CMD_INVALIDATE_IOTLB_PAGES)
		return true;
	for (i = 0; i < s->nr_devices; i++)
		if (same_iommu(s, &s->devices[i], iommu) &&
		    command_concerns(s, &s->devices[i], c, &first, &last))
			return true;
	return false;
}

/*
 * Whoever's translations such a command was to invalidate: either the command
 * is damaged, or what is known of the devices.
 */
static void find_strangers(struct ami_state *s, size_t iommu)
{
	struct ami_ring *ring = &s->iommus[iommu].ring;
	uint32_t i, first = 0, count = 0;
	char where[32];

	for (i = 0; i < AMI_RING_ENTRIES && !ring->blind; i++)
		if (outstanding(ring, i) &&
		    !for_somebody(s, iommu, &ring->entry[i]) && !count++)
			first = i;
	if (!count)
		return;
	ring->blind = true;
	snprintf(where, sizeof(where), "iommu%u", s->iommus[iommu].index);
	ami_finding_add(&s->findings, AMI_FIND_COMMANDS_FOR_NOBODY, where,
			"%u invalidations that are not proven to have completed are for a domain or device that nobody has, the first in ring entry %u: which translations are stale is unknown.",
			count, first);
}

int find_stale(struct ami_exposures *ex)
{
	struct ami_state *s = ex->state;
	size_t i;

	for (i = 0; i < s->nr_iommus; i++)
		find_strangers(s, i);
	for (i = 0; i < s->nr_devices; i++) {
		const struct ami_device *d = &s->devices[i];
		struct pending p = { NULL, 0 };
		struct ami_exposure *e;
		char where[AMI_BDF_TEXT];

		if (collect(s, d, &p)) {
			free(p.iovas);
			return -1;
		}
		if (!p.count)
			continue;
		e = add_exposure(ex, device_requester(d), AMI_CLASS_STALE,
				 AMI_POSSIBLE);
		if (!e) {
			free(p.iovas);
			return -1;
		}
		e->iovas = p.iovas;
		e->nr_iovas = p.count;
		e->complete = false;
		if (collect_tables(ex, d, e))
			return -1;
		ami_finding_add(&s->findings, AMI_FIND_STALE_TRANSLATIONS,
				ami_bdf_text(d->bdf, where),
				"%zu IOVA range%s unmapped or changed without proof that the IOTLB was flushed: the device may still write pages that no table names any more; the list of its pages is incomplete.",
				p.count, p.count == 1 ? " was" : "s were");
	}
	return 0;
}
