// SPDX-License-Identifier: GPL-2.0-or-later
/* Class "hardware": the IOMMU writes semaphore and logs without being asked. */
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

int find_hardware(struct ami_exposures *ex)
{
	struct ami_state *s = ex->state;
	size_t i;

	for (i = 0; i < s->nr_iommus; i++) {
		const struct ami_iommu *iommu = &s->iommus[i];
		struct ami_requester r = {
			.is_iommu = true, .index = iommu->index,
		};
		struct ami_exposure *e;

		e = add_exposure(ex, r, AMI_CLASS_HARDWARE, AMI_PROVEN);
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
		e->count = ami_pfnset_count(e->pages);
	}
	return 0;
}
