// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one room knows that contradicts another's state. A contradiction makes
 * the state less certain before anything is built on it.
 */
#include <stdio.h>

#include "analysis.h"

/* Is it for a device of this IOMMU, or a command that invalidates nothing? */
static bool for_somebody(const struct ami_state *s, size_t iommu,
			 const struct amdvi_command *c)
{
	uint64_t first, last;
	size_t i;

	if (c->opcode != AMDVI_CMD_INVALIDATE_IOMMU_PAGES &&
	    c->opcode != AMDVI_CMD_INVALIDATE_IOTLB_PAGES)
		return true;
	for (i = 0; i < s->nr_devices; i++)
		if (ami_serves(s, iommu, &s->devices[i]) &&
		    ami_command_concerns(s, &s->devices[i], c, &first, &last))
			return true;
	return false;
}

/*
 * Such a command invalidates an unknown device's translations. Either the
 * command is damaged, or what is known of the devices.
 */
static void find_strangers(struct ami_state *s, size_t iommu)
{
	struct ami_budget *work = ami_dump_budget(ami_kernel_dump(s->kernel));
	struct ami_ring *ring = &s->iommus[iommu].ring;
	uint32_t i, first = 0, count = 0;
	char where[32];

	for (i = 0; i < AMI_RING_ENTRIES && !ring->blind; i++) {
		if (!ami_outstanding(ring, i))
			continue;
		ring->blind = !ami_budget_spend(work,
					       s->nr_devices * AMI_COST_ENTRY);
		if (!for_somebody(s, iommu, &ring->entry[i]) && !count++)
			first = i;
	}
	if (!count)
		return;
	ring->blind = true;
	snprintf(where, sizeof(where), "iommu%u", s->iommus[iommu].index);
	ami_finding_add_with(s->findings, AMI_FIND_COMMANDS_FOR_NOBODY, where,
			AMI_FACTS(AMI_SAYS(COUNT, count),
				  AMI_SAYS(ENTRY, first)),
			"%u invalidations for an unknown domain or device are not proven to have completed. The first is in ring entry %u. Which translations are stale is unknown.",
			count, first);
}

void analysis_check_commands(struct ami_state *s)
{
	size_t i;

	for (i = 0; i < s->nr_iommus; i++)
		find_strangers(s, i);
}

/*
 * A device with transfers to do is at work, whatever one bit says. Where a program
 * drives it, the bit does not follow, and the device counts as active anyway.
 */
static void check_bus_master(struct ami_state *s, struct ami_bdf bdf)
{
	const struct ami_device *d = ami_state_device(s, bdf);
	char where[AMI_BDF_TEXT];

	if (!d || !d->is_pci || !d->busmaster_known || d->busmaster ||
	    ami_device_active(d))
		return;
	s->devices[d - s->devices].busmaster_known = false;
	ami_finding_add(s->findings, AMI_FIND_BUS_MASTER_CONTRADICTION,
			ami_bdf_text(bdf, where),
			"The kernel's flag says that it is not a bus master, but its driver had handed buffers to it. It counts as active.");
}

void analysis_check_evidence(struct ami_state *s, const struct ami_evidence *ev)
{
	size_t i;

	for (i = 0; i < ev->nr_sets; i++)
		if (ami_pfnset_count(ev->sets[i].pages))
			check_bus_master(s, ev->sets[i].device);
}

/* What devices map outside the known RAM may be RAM, too. */
void analysis_check_ram(struct ami_state *s, const struct ami_exposures *ex)
{
	s->incomplete |= s->ram_unknown && ami_exposures_outside(ex);
}
