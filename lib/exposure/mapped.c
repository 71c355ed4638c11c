// SPDX-License-Identifier: GPL-2.0-or-later
/* Class "mapped": a writable translation was in force at the panic. */
#include <stdlib.h>

#include "exposure.h"

struct gather {
	struct ami_exposures *ex;
	struct ami_exposure *e;
	struct ami_pfnseen met;
	bool failed;
};

/* Most devices have one table. Its set serves all devices that share it. */
static bool take_pages(struct gather *g, struct ami_pfnset *writable)
{
	struct ami_exposure *e = g->e;
	struct ami_pfnset *own;

	if (!e->pages) {
		e->pages = writable;
		e->borrowed = true;
		return true;
	}
	if (e->pages == writable)
		return true;
	if (!ami_exposures_spend_sets(g->ex, e->pages, writable))
		return !exposure_all_iovas_unknown(e);
	if (e->borrowed) {
		own = ami_pfnset_new();
		if (!own)
			return false;
		ami_pfnset_union(own, e->pages);
		e->pages = own;
		e->borrowed = false;
	}
	ami_pfnset_union(e->pages, writable);
	return true;
}

/* Everything that this table lets a device write joins the exposure. */
static bool take_tree(struct gather *g, const struct ami_table *table)
{
	struct ami_tree *t;

	if (met_before(&g->met, table))
		return true;
	t = exposure_tree_get(g->ex, table);
	if (!t || !take_pages(g, t->writable)) {
		g->failed = true;
		return false;
	}
	g->e->outside += t->outside;
	if (exposure_add_holes(g->ex, g->e, t))
		g->failed = true;
	return !g->failed;
}

static bool take_route(void *ctx, const struct ami_route *route)
{
	return route->identity || take_tree(ctx, &route->table);
}

static void gather_device(struct gather *g, const struct ami_device *d)
{
	if (!ami_device_routes(g->ex->state, d, take_route, g) &&
	    exposure_all_iovas_unknown(g->e))
		g->failed = true;
	if (exposure_add_lost(g->ex, g->e, d))
		g->failed = true;
	ami_pfnseen_free(&g->met);
}

static bool can_have_mappings(const struct ami_device *d)
{
	if (d->translation == AMI_TRANSLATION_UNKNOWN)
		return ami_device_undecided(d);
	if (d->dte_seen == AMI_SEEN_INCONSISTENT)
		return true;
	if (d->gcr3.root)
		return d->may_write;
	return d->translation == AMI_TRANSLATION_PAGING && d->may_write;
}

static enum ami_certainty certainty_of_mapping(const struct ami_device *d)
{
	if (d->translation == AMI_TRANSLATION_UNKNOWN)
		return AMI_POSSIBLE;
	/* Nested: the guest's tables may allow less than the host's. */
	if (ami_believes_dte(d) && amdvi_dte_nested(&d->dte))
		return AMI_LIKELY;
	return d->dte_seen == AMI_SEEN_INTACT ? AMI_PROVEN : AMI_LIKELY;
}

static int find_device(struct ami_exposures *ex, const struct ami_device *d)
{
	struct gather g = { .ex = ex };

	g.e = exposure_add(ex, device_requester(d), AMI_CLASS_MAPPED,
			   certainty_of_mapping(d));
	if (!g.e)
		return -1;
	gather_device(&g, d);
	exposure_merge_iovas(g.e->iovas, &g.e->nr_iovas);
	if (!g.e->pages)
		g.e->pages = ami_pfnset_new();
	if (!g.e->pages)
		return -1;
	g.e->count = ami_pfnset_count(g.e->pages);
	return g.failed ? -1 : 0;
}

/*
 * The device does not go through it, but what the table maps belongs to its domain,
 * and its pages are page tables all the same.
 */
static int walk_bypassed(struct ami_exposures *ex, const struct ami_device *d)
{
	return d->table.format != AMI_FORMAT_NONE &&
	       !exposure_tree_get(ex, &d->table) ? -1 : 0;
}

int exposure_find_mapped(struct ami_exposures *ex)
{
	const struct ami_state *s = ex->state;
	size_t i;

	for (i = 0; i < s->nr_devices; i++) {
		const struct ami_device *d = &s->devices[i];

		if (can_have_mappings(d) && find_device(ex, d))
			return -1;
		if (d->bypass == AMI_BYPASS_VIRTIO && walk_bypassed(ex, d))
			return -1;
	}
	return 0;
}
