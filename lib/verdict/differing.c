// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Saved pages compared with the dump's own. After the panic, no CPU of the dead
 * kernel runs. So a difference comes from a device, from the IOMMU, from a
 * capture kernel that goes on using the tables, or the marks are of another
 * crash. Only a page with one of these explanations may replace the dump's page
 * silently.
 */
#include <inttypes.h>

#include <marks/marks.h>

#include "verdict.h"

static bool page_holds(uint64_t pfn, uint64_t phys, uint64_t len)
{
	return phys && len && pfn >= phys >> AMI_PAGE_SHIFT &&
	       pfn <= (phys + len - 1) >> AMI_PAGE_SHIFT;
}

/* What a capture kernel writes if it reuses the dead kernel's structures. */
static bool reused(const struct ami_exposures *ex, uint64_t pfn)
{
	const struct ami_state *s = ex->state;
	size_t i;

	if (s->capture != AMI_CAPTURE_REUSE &&
	    ex->on.marks->capture != AMI_CAPTURE_REUSE)
		return false;
	for (i = 0; i < s->nr_iommus; i++) {
		const struct ami_ring *ring = &s->iommus[i].ring;

		if (page_holds(pfn, ring->phys,
			       AMI_RING_ENTRIES * sizeof(uint64_t[2])) ||
		    page_holds(pfn, ring->semaphore_phys, 8))
			return true;
	}
	for (i = 0; i < s->nr_segments; i++)
		if (page_holds(pfn, s->segments[i].dev_table_phys,
			       s->segments[i].dev_table_size))
			return true;
	return false;
}

/* A device fills its rings. It must never write what the state comes from. */
static bool state_page(const struct ami_exposures *ex, uint64_t pfn)
{
	const struct ami_pfnset *rests_on = ex->on.state_pages;

	return (rests_on && ami_pfnset_has(rests_on, pfn)) ||
	       ami_pfnset_has(ex->io_tables, pfn);
}

static bool explained(const struct ami_exposures *ex, uint64_t pfn)
{
	/* A slab page holds small buffers and structures side by side. */
	bool state = state_page(ex, pfn) &&
		     !ami_owner_in_slab(ami_owner_of(ex->owners, pfn));
	size_t i;

	if (reused(ex, pfn))
		return true;
	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (e->pages && ami_pfnset_has(e->pages, pfn) &&
		    (!state || e->class == AMI_CLASS_HARDWARE))
			return true;
	}
	return false;
}

int verdict_find_differing(struct ami_exposures *ex)
{
	const struct ami_marks *m = ex->on.marks;
	uint64_t count = 0, first = 0;
	size_t i;

	for (i = 0; m && i < m->nr_saved; i++) {
		if (!m->saved[i].differs || explained(ex, m->saved[i].pfn))
			continue;
		if (!count++)
			first = m->saved[i].pfn;
	}
	if (count)
		ami_finding_add_with(ex->state->findings,
				AMI_FIND_SAVED_PAGE_DIFFERS, "marks",
				AMI_FACTS(
					AMI_SAYS(PAGES, count),
					AMI_SAYS(PHYS,
						 first << AMI_PAGE_SHIFT)),
				"%" PRIu64 " page%s that the analysis read differ%s between the marks and the dump, the first at %#" PRIx64 ", though no CPU ran in between and no device is known to write there: the marks are of another crash, or a device wrote there after they were saved.",
				count, count == 1 ? "" : "s",
				count == 1 ? "s" : "",
				first << AMI_PAGE_SHIFT);
	return 0;
}
