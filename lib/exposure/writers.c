// SPDX-License-Identifier: GPL-2.0-or-later
/* From a physical address back to every (requester, IOVA) that reaches it. */
#include <stdlib.h>

#include "exposure.h"

struct search {
	const struct ami_exposures *ex;
	const struct ami_exposure *e;
	uint64_t paddr;
	bool (*fn)(void *ctx, const struct ami_writer *writer);
	void *ctx;
	struct ami_pfnseen met;
	bool stop;
};

static bool on_mapping(void *ctx, const struct ami_mapping *m)
{
	struct search *s = ctx;
	struct ami_writer w = { .exposure = s->e, .has_iova = true };

	if (!m->write || s->paddr < m->phys ||
	    s->paddr - m->phys >= m->size)
		return true;
	w.iova = m->iova + (s->paddr - m->phys);
	s->stop = !s->fn(s->ctx, &w);
	return !s->stop;
}

static void search_table(struct search *s, const struct ami_table *table)
{
	static const struct ami_walk_ops ops = { .mapping = on_mapping };
	const struct ami_tree *t = ami_tree_of(s->ex, table);
	struct ami_walk_stats stats;

	if (!s->stop && t &&
	    ami_pfnset_has(t->writable, s->paddr >> AMI_PAGE_SHIFT))
		ami_walk(ami_kernel_dump(s->ex->state->kernel), table, &ops, s,
			 &stats);
}

static bool search_route(void *ctx, const struct ami_route *route)
{
	struct search *s = ctx;

	if (!route->identity && !met_before(&s->met, &route->table))
		search_table(s, &route->table);
	return !s->stop;
}

static void search_mapped(struct search *s)
{
	const struct ami_state *state = s->ex->state;
	const struct ami_device *d;

	d = ami_state_device(state, s->e->requester.bdf);
	if (d)
		ami_device_routes(state, d, search_route, s);
	ami_pfnseen_free(&s->met);
}

bool ami_exposure_has(const struct ami_exposures *ex,
		      const struct ami_exposure *e, uint64_t pfn)
{
	if (e->all_ram)
		return ami_dump_ram(ami_kernel_dump(ex->state->kernel), pfn);
	return e->pages && ami_pfnset_has(e->pages, pfn);
}

/* Is the address that the device uses the physical one? */
static bool is_by_address(const struct search *s)
{
	const struct ami_device *d = s->e->requester.is_iommu ? NULL :
		ami_state_device(s->ex->state, s->e->requester.bdf);

	return s->e->class == AMI_CLASS_PASSTHROUGH &&
	       !(d && ami_device_elsewhere(d));
}

/* All ways of one exposure to the address. */
static void search_exposure(struct search *s)
{
	struct ami_writer w = { .exposure = s->e };

	if (!ami_exposure_has(s->ex, s->e, s->paddr >> AMI_PAGE_SHIFT))
		return;
	if (s->e->class == AMI_CLASS_MAPPED) {
		search_mapped(s);
		return;
	}
	w.has_iova = is_by_address(s);
	w.iova = s->paddr;
	s->stop = !s->fn(s->ctx, &w);
}

/* Does a more certain entry for the same device and class say the same? */
static bool said_better(const struct search *s)
{
	const struct ami_exposure *e = s->e, *other = NULL;

	if (e->requester.is_iommu || e->class == AMI_CLASS_MAPPED)
		return false;
	while ((other = ami_exposure_next(s->ex, e->requester.bdf, other)))
		if (other->class == e->class &&
		    other->certainty < e->certainty &&
		    ami_exposure_has(s->ex, other, s->paddr >> AMI_PAGE_SHIFT))
			return true;
	return false;
}

void ami_writers(const struct ami_exposures *ex, uint64_t paddr,
		 bool (*fn)(void *ctx, const struct ami_writer *writer),
		 void *ctx)
{
	struct search s = { .ex = ex, .paddr = paddr, .fn = fn, .ctx = ctx };
	size_t i;

	for (i = 0; i < ex->count && !s.stop; i++) {
		s.e = &ex->list[i];
		if (!said_better(&s))
			search_exposure(&s);
	}
}

static bool keep_first(void *ctx, const struct ami_writer *writer)
{
	*(struct ami_writer *)ctx = *writer;
	return false;
}

bool ami_first_writer(const struct ami_exposures *ex,
		      const struct ami_exposure *e, uint64_t paddr,
		      struct ami_writer *writer)
{
	struct search s = {
		.ex = ex, .e = e, .paddr = paddr, .fn = keep_first,
		.ctx = writer,
	};

	search_exposure(&s);
	return s.stop;
}
