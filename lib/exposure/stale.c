// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Class "stale": an invalidation that is not proven complete, or that was
 * deferred (lazy unmapping) and not proven done. The IOMMU may still translate
 * these IOVAs as before, to pages that no table names any more. With NpCache a
 * mapping queues an invalidation too, so this says "may", never "does".
 */
#include <stdio.h>
#include <stdlib.h>

#include "exposure.h"

struct pending {
	struct ami_iova_range *iovas;
	size_t count;
	bool failed;
};

struct freed {
	struct ami_exposures *ex;
	struct ami_exposure *e;
};

static bool keep_range(void *ctx, const struct ami_stale *stale)
{
	struct pending *p = ctx;

	p->failed = exposure_add_iovas(&p->iovas, &p->count, stale->first, stale->last);
	return !p->failed;
}

/* There may be many devices, and much queued for a domain that they share. */
static bool spend_collect(const struct ami_exposures *ex,
			  const struct ami_device *d)
{
	const struct ami_domain *dom = ami_stale_domain(ex->state, d);

	return ami_exposures_spend(ex, ex->state->nr_iommus + AMI_COST_SET +
			 (dom ? dom->flushq.count * AMI_COST_READ : 0));
}

static int collect_stale(const struct ami_exposures *ex, const struct ami_device *d,
			 struct pending *p)
{
	const struct ami_state *s = ex->state;
	size_t u;

	if (!spend_collect(ex, d))
		return exposure_add_iovas(&p->iovas, &p->count, 0, UINT64_MAX);
	for (u = 0; u < s->nr_iommus; u++)
		if (ami_serves(s, u, d) && ami_incidents_keep(s, d, u) &&
		    exposure_add_iovas(&p->iovas, &p->count, 0, UINT64_MAX))
			return -1;
	ami_stale_each(s, d, keep_range, p);
	if (p->failed)
		return -1;
	exposure_merge_iovas(p->iovas, &p->count);
	return 0;
}

static bool on_mapping(void *ctx, const struct ami_mapping *m)
{
	struct freed *f = ctx;

	if (m->write)
		f->e->outside += exposure_add_ram(f->e->pages,
						  ami_kernel_dump(f->ex->state->kernel),
						  m->phys >> AMI_PAGE_SHIFT,
						  m->size >> AMI_PAGE_SHIFT);
	return true;
}

/*
 * A table page that waits for the flush was cleared when it was removed. If it
 * is not empty after all, it still translates for an IOMMU that cached it. Its
 * level is unknown, but it covered no more than was unmapped with it.
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
	const struct ami_domain *dom = ami_stale_domain(ex->state, d);
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

int exposure_find_stale(struct ami_exposures *ex)
{
	const struct ami_state *s = ex->state;
	size_t i;

	for (i = 0; i < s->nr_devices; i++) {
		const struct ami_device *d = &s->devices[i];
		struct pending p = { .iovas = NULL };
		struct ami_exposure *e;
		char where[AMI_BDF_TEXT];

		if (collect_stale(ex, d, &p)) {
			free(p.iovas);
			return -1;
		}
		if (!p.count)
			continue;
		e = exposure_add(ex, device_requester(d), AMI_CLASS_STALE,
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
		ami_finding_add_with(s->findings, AMI_FIND_STALE_TRANSLATIONS,
				ami_bdf_text(d->bdf, where),
				AMI_FACTS(AMI_SAYS(RANGES, p.count)),
				"%zu IOVA range%s unmapped or changed, and nothing proves that the IOTLB was flushed. The device may still write pages that no table names any more, so the list of its pages is incomplete.",
				p.count, p.count == 1 ? " was" : "s were");
	}
	return 0;
}
