// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a device's requests go through: tables, or nothing. All code that
 * follows a device's address asks here, so that no route is forgotten.
 */
#include "state.h"

/* Requests without PASID: identity and three tables, each from two sources. */
#define MAX_UNTAGGED	8u

/**
 * struct visit - the routes of one device, one after the other
 * @seen: tables of requests without PASID that were visited
 * @missing: routes that exist but cannot be visited
 */
struct visit {
	const struct ami_state *s;
	const struct ami_device *d;
	bool (*fn)(void *ctx, const struct ami_route *route);
	void *ctx;
	bool untagged_only;
	struct ami_table seen[MAX_UNTAGGED];
	size_t nr_seen;
	bool missing, stopped;
	/* of the current GCR3 table */
	bool by_driver, untagged;
};

static bool same_table(const struct ami_table *a, const struct ami_table *b)
{
	return a->format == b->format && a->root == b->root &&
	       a->levels == b->levels;
}

/* DTE and driver often lead to the same table. */
static bool is_repeated(struct visit *v, const struct ami_table *table)
{
	size_t i;

	for (i = 0; i < v->nr_seen; i++)
		if (same_table(&v->seen[i], table))
			return true;
	if (v->nr_seen < MAX_UNTAGGED)
		v->seen[v->nr_seen++] = *table;
	return false;
}

static void give_route(struct visit *v, const struct ami_route *route)
{
	if (v->stopped || (v->untagged_only && !route->untagged) ||
	    (route->untagged && is_repeated(v, &route->table)))
		return;
	v->stopped = !v->fn(v->ctx, route);
}

static bool give_guest(void *ctx, uint32_t pasid,
		       const struct ami_table *table)
{
	struct visit *v = ctx;
	struct ami_route route = {
		.table = *table, .by_driver = v->by_driver,
		.has_pasid = true, .pasid = pasid,
		.untagged = !pasid && v->untagged,
	};

	give_route(v, &route);
	return !v->stopped;
}

static const struct ami_domain *domain_of(const struct visit *v)
{
	return v->d->domain >= 0 ? &v->s->domains[v->d->domain] : NULL;
}

static void give_gcr3(struct visit *v, const struct ami_gcr3 *gcr3,
		      bool by_driver)
{
	const struct ami_domain *dom = domain_of(v);
	struct ami_dump *dump = ami_kernel_dump(v->s->kernel);
	uint64_t sme = ami_kernel_sme(v->s->kernel);
	struct ami_table first;

	if (!gcr3->root || v->stopped)
		return;
	v->by_driver = by_driver;
	v->untagged = by_driver || !ami_believes_dte(v->d) ?
		      dom && dom->table.format == AMI_FORMAT_V2 :
		      v->d->dte.giov;
	if (!gcr3->levels) {
		v->missing = true;
	} else if (!v->untagged_only) {
		v->missing |= ami_gcr3_tables(dump, gcr3, sme, give_guest, v);
	} else if (v->untagged) {
		v->missing |= !ami_gcr3_table(dump, gcr3, sme, 0, &first);
		if (first.format != AMI_FORMAT_NONE)
			give_guest(v, 0, &first);
	}
}

static void give_identity(struct visit *v, bool by_driver)
{
	struct ami_route route = {
		.identity = true, .untagged = true, .by_driver = by_driver,
	};

	give_route(v, &route);
}

static void give_table(struct visit *v, const struct ami_table *table,
		       bool by_driver)
{
	struct ami_route route = {
		.table = *table, .by_driver = by_driver,
		/* A device may bypass the table it has. */
		.untagged = by_driver || !ami_device_direct(v->d),
		.nested = !by_driver && ami_believes_dte(v->d) &&
			  amdvi_dte_dma(&v->d->dte) == AMDVI_DMA_NESTED,
	};

	if (table->format != AMI_FORMAT_NONE)
		give_route(v, &route);
}

/* If DTE and driver disagree, the IOMMU may have used either. */
static void give_other(struct visit *v)
{
	const struct ami_domain *dom = domain_of(v);

	if (v->d->dte_seen != AMI_SEEN_INCONSISTENT || !dom)
		return;
	if (dom->kind == AMI_DOMAIN_IDENTITY)
		give_identity(v, true);
	give_table(v, &dom->table, true);
}

static bool visit_routes(struct visit *v)
{
	const struct ami_device *d = v->d;

	if (ami_device_direct(d))
		give_identity(v, false);
	if (d->bypass == AMI_BYPASS_VIRTIO)
		return true;
	give_table(v, &d->table, !ami_believes_dte(d));
	give_gcr3(v, &d->gcr3, false);
	give_gcr3(v, &d->gcr3_driver, true);
	give_other(v);
	return !v->missing && d->translation != AMI_TRANSLATION_UNKNOWN &&
	       d->translation != AMI_TRANSLATION_OTHER;
}

bool ami_device_routes(const struct ami_state *s, const struct ami_device *d,
		       bool (*fn)(void *ctx, const struct ami_route *route),
		       void *ctx)
{
	struct visit v = { .s = s, .d = d, .fn = fn, .ctx = ctx };

	return visit_routes(&v);
}

bool ami_device_untagged(const struct ami_state *s, const struct ami_device *d,
			 bool (*fn)(void *ctx, const struct ami_route *route),
			 void *ctx)
{
	struct visit v = {
		.s = s, .d = d, .fn = fn, .ctx = ctx, .untagged_only = true,
	};

	return visit_routes(&v);
}
