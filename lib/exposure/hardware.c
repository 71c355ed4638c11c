// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Class "hardware": what the IOMMU writes by itself: its semaphore and logs;
 * the vAPIC pages of guests, where it posts interrupts; bits A and D of page
 * tables; and any place that a completion wait names.
 */
#include "exposure.h"

static void add_bytes(struct ami_exposure *e, uint64_t phys, uint64_t len)
{
	uint64_t first = phys >> AMI_PAGE_SHIFT;

	ami_pfnset_add(e->pages, first,
		       ((phys + len - 1) >> AMI_PAGE_SHIFT) - first + 1);
}

/* A log is contiguous in physical memory: the IOMMU knows only its base. */
static void add_logs(struct ami_exposure *e, const struct ami_iommu *iommu)
{
	int kind;

	for (kind = 0; kind < AMI_LOGS; kind++) {
		const struct ami_log *log = &iommu->log[kind];

		if (log->located)
			add_bytes(e, log->phys,
				  (uint64_t)log->entries * log->entry_size);
	}
}

struct gather {
	struct ami_exposures *ex;
	struct ami_exposure *e;
	struct ami_pfnseen met;
	bool failed;
};

/*
 * All of the driver's waits store to one semaphore. Any other wait is not its
 * own.
 */
static void add_waits(struct gather *g, const struct ami_iommu *iommu)
{
	struct ami_dump *dump = ami_kernel_dump(g->ex->state->kernel);
	const struct ami_ring *ring = &iommu->ring;
	char where[AMI_REQUESTER_TEXT];
	uint32_t i;

	for (i = 0; i < AMI_RING_ENTRIES; i++) {
		const struct amdvi_command *c = &ring->entry[i];

		if (!ami_outstanding(ring, i) ||
		    c->opcode != AMDVI_CMD_COMPLETION_WAIT || !c->store ||
		    c->store_addr == ring->semaphore_phys)
			continue;
		exposure_add_ram(g->e->pages, dump, c->store_addr >> AMI_PAGE_SHIFT, 1);
		ami_finding_add_with(g->ex->state->findings,
				AMI_FIND_COMPLETION_WAIT_ELSEWHERE,
				ami_requester_text(g->e->requester, where),
				AMI_FACTS(AMI_SAYS(ENTRY, i),
					  AMI_SAYS(PHYS, c->store_addr)),
				"The completion wait in ring entry %u stores to %#llx, not to the semaphore.",
				i, (unsigned long long)c->store_addr);
	}
}

static void add_vapic(void *ctx, uint64_t phys)
{
	struct gather *g = ctx;

	exposure_add_ram(g->e->pages, ami_kernel_dump(g->ex->state->kernel),
			 phys >> AMI_PAGE_SHIFT, 1);
}

static void add_interrupts(struct gather *g, const struct ami_device *d)
{
	char where[AMI_BDF_TEXT];

	if (!ami_irt_posted(g->ex->state, d, add_vapic, g))
		return;
	g->e->complete = false;
	ami_finding_add(g->ex->state->findings, AMI_FIND_IRT_UNREAD,
			ami_bdf_text(d->bdf, where),
			"Its interrupt remapping table cannot be read: the IOMMU may write to vAPIC pages of guests that are not known.");
}

static bool add_table(void *ctx, const struct ami_route *route)
{
	struct gather *g = ctx;
	const struct ami_tree *t;

	if (route->identity || !route->table.ad_bits ||
	    met_before(&g->met, &route->table))
		return true;
	t = exposure_tree_get(g->ex, &route->table);
	if (!t) {
		g->failed = true;
		return false;
	}
	if (ami_exposures_spend_sets(g->ex, g->e->pages, t->updated))
		ami_pfnset_union(g->e->pages, t->updated);
	else
		g->e->complete = false;
	return true;
}

static void add_device(struct gather *g, const struct ami_device *d)
{
	add_interrupts(g, d);
	if (d->translation != AMI_TRANSLATION_BLOCKED ||
	    d->dte_seen == AMI_SEEN_INCONSISTENT)
		ami_device_routes(g->ex->state, d, add_table, g);
}

static int add_devices(struct gather *g, size_t iommu)
{
	const struct ami_state *s = g->ex->state;
	size_t i;

	for (i = 0; i < s->nr_devices && !g->failed; i++)
		if (s->devices[i].iommu < 0 ? !iommu :
		    (size_t)s->devices[i].iommu == iommu)
			add_device(g, &s->devices[i]);
	return g->failed ? -1 : 0;
}

int exposure_find_hardware(struct ami_exposures *ex)
{
	const struct ami_state *s = ex->state;
	size_t i;

	for (i = 0; i < s->nr_iommus; i++) {
		const struct ami_iommu *iommu = &s->iommus[i];
		struct ami_requester r = {
			.is_iommu = true, .index = iommu->index,
		};
		struct gather g = { .ex = ex };
		struct ami_exposure *e;
		int ret = -1;

		e = exposure_add(ex, r, AMI_CLASS_HARDWARE, AMI_PROVEN);
		if (!e)
			return -1;
		e->pages = ami_pfnset_new();
		if (!e->pages)
			return -1;
		if (iommu->ring.semaphore_phys)
			add_bytes(e, iommu->ring.semaphore_phys, 8);
		if (iommu->ga_tail_phys)
			add_bytes(e, iommu->ga_tail_phys, 8);
		add_logs(e, iommu);
		g.e = e;
		add_waits(&g, iommu);
		if (!add_devices(&g, i))
			ret = 0;
		ami_pfnseen_free(&g.met);
		if (ret)
			return ret;
		e->count = ami_pfnset_count(e->pages);
	}
	return 0;
}
