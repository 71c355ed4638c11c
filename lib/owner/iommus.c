// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the IOMMUs read and write, and what their driver looks devices up in:
 * device tables, command rings, logs. The driver takes whole blocks of pages
 * (drivers/iommu/amd/init.c), and nothing marks them.
 */
#include "owner.h"

#define MAX_TABLE	(1ull << 24)	/* of a PCI segment: 2 MiB */

static void add_physical(struct ami_owners *o, uint64_t phys, uint64_t size)
{
	uint64_t first = phys >> AMI_PAGE_SHIFT;
	uint64_t last = (phys + size - 1) >> AMI_PAGE_SHIFT;

	if (phys && size && size <= MAX_TABLE)
		for (; first <= last; first++)
			if (ami_dump_ram(ami_kernel_dump(o->kernel), first))
				ami_pfnset_add(o->hint[HINT_IOMMU], first, 1);
}

static void add_table(struct ami_owners *o, uint64_t va, uint64_t size)
{
	if (ami_kernel_address(va) && size <= MAX_TABLE)
		owner_add_virtual(o, o->hint[HINT_IOMMU], va, size);
}

static void add_segment(struct ami_owners *o, const struct ami_segment *s)
{
	uint64_t ids = s->last_bdf + 1ull;

	add_physical(o, s->dev_table_phys, s->dev_table_size);
	add_table(o, s->rlookup_table, ids * 8);
	add_table(o, s->irq_lookup_table, ids * 8);
	add_table(o, s->alias_table, ids * 2);
}

static void add_iommu(struct ami_owners *o, const struct ami_iommu *iommu)
{
	int kind;

	if (iommu->ring.located)
		add_physical(o, iommu->ring.phys, AMI_RING_ENTRIES *
			     (uint64_t)AMDVI_COMMAND_SIZE);
	if (iommu->ring.semaphore_phys)
		add_physical(o, iommu->ring.semaphore_phys, 8);
	for (kind = 0; kind < AMI_LOGS; kind++)
		if (iommu->log[kind].located)
			add_physical(o, iommu->log[kind].phys,
				     (uint64_t)iommu->log[kind].entries *
				     iommu->log[kind].entry_size);
}

void owner_iommu_collect(struct ami_owners *o)
{
	const struct ami_state *s = o->state;
	size_t i;

	for (i = 0; i < s->nr_segments; i++)
		add_segment(o, &s->segments[i]);
	for (i = 0; i < s->nr_iommus; i++)
		add_iommu(o, &s->iommus[i]);
}
