// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a copying capture kernel does to devices behind guest tables. Kernels up
 * to 6.12 copy the dead kernel's device table, and clear GV and the GCR3 root
 * in the copy. What is left is Mode 0 with IR and IW: pass-through. Until a
 * driver of the capture kernel takes the device over, its transfers go to
 * physical addresses equal to their IOVAs. Kernel: drivers/iommu/amd/init.c,
 * copy_device_table().
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exposure.h"

#define NAMED	8u	/* devices */

struct gather {
	struct ami_exposures *ex;
	struct ami_exposure *e;
	struct ami_pfnseen met;
	bool failed;
};

static bool take_tree(struct gather *g, const struct ami_table *table)
{
	struct ami_tree *t;

	if (met_before(&g->met, table))
		return true;
	t = exposure_tree_get(g->ex, table);
	if (!t) {
		g->failed = true;
		return false;
	}
	if (t->iovas_in_ram && ami_exposures_spend_sets(g->ex, g->e->pages, t->iovas_in_ram))
		ami_pfnset_union(g->e->pages, t->iovas_in_ram);
	else if (t->iovas_in_ram && exposure_all_iovas_unknown(g->e))
		g->failed = true;
	if (exposure_add_holes(g->ex, g->e, t))
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
	if (!ami_device_routes(g->ex->state, d, take_guest, g) &&
	    exposure_all_iovas_unknown(g->e))
		g->failed = true;
	if (exposure_add_lost(g->ex, g->e, d))
		g->failed = true;
	ami_pfnseen_free(&g->met);
	exposure_merge_iovas(g->e->iovas, &g->e->nr_iovas);
	g->e->count = ami_pfnset_count(g->e->pages);
}

static bool at_risk(const struct ami_state *s, const struct ami_device *d)
{
	return s->capture != AMI_CAPTURE_REUSE && d->may_write &&
	       d->translation == AMI_TRANSLATION_PAGING &&
	       (d->gcr3.root || d->table.format == AMI_FORMAT_V2);
}

/* A kernel usually captures itself, and this one can reuse tables. */
static bool reuses_itself(const struct ami_state *s)
{
	return ami_has(s->kernel, AMI_F_amd_iommu_cmd_sem_paddr);
}

/**
 * struct summary - reported once, for all these devices
 * @pages: each once, whoever could write it
 */
struct summary {
	size_t devices;
	struct ami_pfnset *pages;
	bool complete;
	char names[NAMED * (AMI_BDF_TEXT + 1)];
};

static void note_device(struct summary *sum, const struct ami_device *d,
			const struct ami_exposure *e)
{
	char bdf[AMI_BDF_TEXT];
	size_t used = strlen(sum->names);

	if (sum->devices++ < NAMED)
		snprintf(sum->names + used, sizeof(sum->names) - used, "%s%s",
			 used ? " " : "", ami_bdf_text(d->bdf, bdf));
	if (e) {
		ami_pfnset_union(sum->pages, e->pages);
		sum->complete &= e->complete;
	}
}

/* If none of those addresses is RAM, no such transfer reached any. */
static void report_stripped(const struct ami_state *s, const struct summary *sum)
{
	uint64_t pages = ami_pfnset_count(sum->pages);
	char more[32] = "";

	if (sum->devices > NAMED)
		snprintf(more, sizeof(more), " and %zu more",
			 sum->devices - NAMED);
	if (reuses_itself(s))
		ami_finding_note_with(s->findings,
				 AMI_FIND_GUEST_TABLE_IF_COPIED, "guest tables",
				 AMI_FACTS(
					 AMI_NAMES(BDFS, sum->names),
					 AMI_SAYS_IF(*more, MORE,
						     sum->devices - NAMED)),
				 "Devices behind guest (v2) tables: %s%s. This kernel, as a capture kernel, keeps such tables. A capture kernel up to 6.12 would have cleared them, and transfers would have gone to physical addresses equal to their IOVAs. The report does not count those.",
				 sum->names, more);
	else
		(pages || !sum->complete ? ami_finding_add_with :
						ami_finding_note_with)(
			s->findings, AMI_FIND_GUEST_TABLE_IF_COPIED,
			"guest tables",
			AMI_FACTS(
				AMI_NAMES(BDFS, sum->names),
				AMI_SAYS_IF(*more, MORE, sum->devices - NAMED),
				AMI_SAYS(PAGES, pages)),
			"Devices behind guest (v2) tables, which a capture kernel up to 6.12 clears: %s%s. Until a driver took them over there, their transfers may have gone to physical addresses equal to their IOVAs (%" PRIu64 " pages of RAM%s).",
			sum->names, more, pages,
			sum->complete ? "" : ", and more that cannot be named");
}

static int find_device(struct ami_exposures *ex, const struct ami_device *d,
		       struct summary *sum)
{
	struct gather g = { .ex = ex };

	if (reuses_itself(ex->state)) {
		note_device(sum, d, NULL);
		return 0;
	}
	g.e = exposure_add(ex, device_requester(d), AMI_CLASS_PASSTHROUGH,
			   AMI_POSSIBLE);
	if (!g.e)
		return -1;
	g.e->pages = ami_pfnset_new();
	if (!g.e->pages)
		return -1;
	gather_device(&g, d);
	if (g.failed)
		return -1;
	note_device(sum, d, g.e);
	return 0;
}

int exposure_find_stripped(struct ami_exposures *ex)
{
	struct summary sum = {
		.complete = true, .pages = ami_pfnset_new(),
	};
	const struct ami_state *s = ex->state;
	int ret = sum.pages ? 0 : -1;
	size_t i;

	for (i = 0; i < s->nr_devices && !ret; i++)
		if (at_risk(s, &s->devices[i]))
			ret = find_device(ex, &s->devices[i], &sum);
	if (!ret && sum.devices)
		report_stripped(s, &sum);
	ami_pfnset_free(sum.pages);
	return ret;
}
