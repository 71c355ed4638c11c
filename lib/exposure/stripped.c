// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a copying capture kernel does to devices behind guest tables. Kernels
 * up to 6.12 copy the dead kernel's device table and clear GV and the GCR3
 * root in the copy: what is left is Mode 0 with IR and IW, pass-through. Until
 * a driver of the capture kernel takes the device over, its transfers go to
 * the physical addresses that are equal to their IOVAs.
 * Kernel: drivers/iommu/amd/init.c, copy_device_table().
 */
#include <stdlib.h>

#include "exposure.h"

struct gather {
	struct ami_exposures *ex;
	struct ami_exposure *e;
	bool failed;
};

static bool take_tree(struct gather *g, const struct ami_table *table)
{
	struct ami_tree *t = tree_get(g->ex, table);

	if (!t) {
		g->failed = true;
		return false;
	}
	if (t->iovas_in_ram)
		ami_pfnset_union(g->e->pages, t->iovas_in_ram);
	if (add_holes(g->e, t))
		g->failed = true;
	return !g->failed;
}

static bool take_guest(void *ctx, const struct ami_route *route)
{
	return route->table.format != AMI_FORMAT_V2 ||
	       take_tree(ctx, &route->table);
}

static void gather_device(struct gather *g, const struct ami_device *d)
{
	if (!ami_device_routes(g->ex->state, d, take_guest, g)) {
		g->e->complete = false;
		if (add_iovas(&g->e->iovas, &g->e->nr_iovas, 0, UINT64_MAX))
			g->failed = true;
	}
	merge_iovas(g->e->iovas, &g->e->nr_iovas);
	g->e->count = ami_pfnset_count(g->e->pages);
}

static bool at_risk(const struct ami_state *s, const struct ami_device *d)
{
	return s->capture != AMI_CAPTURE_REUSE && d->may_write &&
	       d->translation == AMI_TRANSLATION_PAGING &&
	       (d->gcr3.root || d->table.format == AMI_FORMAT_V2);
}

/* A kernel usually captures itself, and this one knows to reuse tables. */
static bool reuses_itself(const struct ami_state *s)
{
	return ami_has(s->kernel, AMI_F_amd_iommu_cmd_sem_paddr);
}

static void report(struct ami_state *s, const struct ami_device *d,
		   const struct ami_exposure *e)
{
	char where[AMI_BDF_TEXT];

	ami_bdf_text(d->bdf, where);
	if (!e)
		ami_finding_note(&s->findings, AMI_FIND_GUEST_TABLE_IF_COPIED,
				 where, "It is behind guest (v2) tables. This kernel, as a capture kernel, keeps them; one up to 6.12 would have cleared them, and its transfers would have gone to physical addresses equal to their IOVAs: not counted here.");
	else
		ami_finding_add(&s->findings, AMI_FIND_GUEST_TABLE_IF_COPIED,
				where, "It is behind guest (v2) tables, which a capture kernel up to 6.12 clears: until a driver took it over there, its transfers may have gone to physical addresses equal to their IOVAs (%llu pages of RAM%s).",
				(unsigned long long)e->count,
				e->complete ? "" : ", and more that cannot be named");
}

static int find_device(struct ami_exposures *ex, const struct ami_device *d)
{
	struct gather g = { .ex = ex };

	if (reuses_itself(ex->state)) {
		report(ex->state, d, NULL);
		return 0;
	}
	g.e = add_exposure(ex, device_requester(d), AMI_CLASS_PASSTHROUGH,
			   AMI_POSSIBLE);
	if (!g.e)
		return -1;
	g.e->pages = ami_pfnset_new();
	if (!g.e->pages)
		return -1;
	gather_device(&g, d);
	if (g.failed)
		return -1;
	report(ex->state, d, g.e);
	return 0;
}

int find_stripped(struct ami_exposures *ex)
{
	struct ami_state *s = ex->state;
	size_t i;

	for (i = 0; i < s->nr_devices; i++)
		if (at_risk(s, &s->devices[i]) &&
		    find_device(ex, &s->devices[i]))
			return -1;
	return 0;
}
