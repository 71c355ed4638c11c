// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a device could write, all classes together, and how much that matters.
 */
#include "verdict.h"

/**
 * struct sum - the pages of one device's exposures
 * @one: most devices have one set, which may be large, so it is not copied
 * @all: of several sets; NULL if it did not fit into memory
 * @largest: the largest count of a single set
 */
struct sum {
	const struct ami_pfnset *one;
	struct ami_pfnset *all;
	uint64_t largest;
	bool lost;
};

static void sum_up(struct sum *s, const struct ami_pfnset *pages)
{
	uint64_t count = ami_pfnset_count(pages);

	if (count > s->largest)
		s->largest = count;
	if (s->one && !s->all) {
		s->all = ami_pfnset_new();
		if (s->all)
			ami_pfnset_union(s->all, s->one);
	}
	if (s->one && !s->all)
		s->lost = true;
	else if (s->all)
		ami_pfnset_union(s->all, pages);
	s->one = pages;
}

struct ami_reach ami_device_reach(const struct ami_exposures *ex,
				  const struct ami_device *d)
{
	const struct ami_exposure *e = NULL;
	struct ami_reach reach = { 0 };
	struct sum s = { 0 };

	while ((e = ami_exposure_next(ex, d->bdf, e))) {
		reach.all_ram |= e->all_ram;
		reach.more |= !e->complete;
		if (e->pages && e->pages != s.one)
			sum_up(&s, e->pages);
	}
	if (s.all && ami_pfnset_failed(s.all))
		s.lost = true;
	reach.pages = s.all && !s.lost ? ami_pfnset_count(s.all) : s.largest;
	reach.more |= s.lost;
	ami_pfnset_free(s.all);
	return reach;
}

static bool exposed(const struct ami_exposures *ex,
		    const struct ami_device *d)
{
	const struct ami_exposure *e = NULL;

	while ((e = ami_exposure_next(ex, d->bdf, e)))
		if (e->count || !e->complete)
			return true;
	return false;
}

enum ami_concern ami_device_concern(const struct ami_exposures *ex,
		    const struct ami_device *d)
{
	bool reaches = exposed(ex, d);

	if (ami_device_active(d) && (d->iommu >= 0 || d->is_pci || reaches))
		return AMI_CONCERN_ACTIVE;
	if (reaches)
		return AMI_CONCERN_EXPOSED;
	if (d->iommu >= 0 && (d->dte_seen != AMI_SEEN_INTACT ||
			      d->disagreement[0]))
		return AMI_CONCERN_ANOMALY;
	return AMI_CONCERN_NONE;
}
