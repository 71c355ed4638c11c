// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A capture kernel in the dead kernel's ring, with SNP. There the semaphore
 * cannot move, because its address is locked in the exclusion registers. So the
 * capture kernel's completion waits store to the same address as the dead
 * kernel's. Their numbers show which they are: they start at 1 again. Kernel:
 * drivers/iommu/amd/init.c, remap_or_alloc_cwwb_sem().
 */
#include "state.h"

static bool is_wait(const struct ami_ring *ring, uint32_t i)
{
	const struct amdvi_command *c = &ring->entry[i];

	return ring->state[i] == AMI_ENTRY_UNPROVEN &&
	       c->opcode == AMDVI_CMD_COMPLETION_WAIT && c->store &&
	       c->store_addr == ring->semaphore_phys;
}

/*
 * Waits 1, 2, 3, ... from entry 0 on. Returns one past the last of them, or 0
 * if they reach the newest number: then the ring never went round.
 */
static uint32_t restarted_run(const struct ami_ring *ring)
{
	uint64_t expected = 1;
	uint32_t i, end = 0;

	for (i = 0; i < AMI_RING_ENTRIES; i++) {
		if (!is_wait(ring, i))
			continue;
		if (ring->entry[i].data != expected)
			break;
		end = i + 1;
		if (expected++ == ring->last_issued)
			return 0;
	}
	return i < AMI_RING_ENTRIES ? end : 0;
}

/* The dead kernel's numbers in the ring are among its last 512. */
static bool too_old(const struct ami_ring *ring, uint32_t i)
{
	return is_wait(ring, i) && ring->last_issued > AMI_RING_ENTRIES &&
	       ring->entry[i].data <= ring->last_issued - AMI_RING_ENTRIES;
}

uint32_t state_restarted_entries(const struct ami_ring *ring)
{
	uint32_t i, newest = 0, last = 0, count = 0;

	if (!ring->issued_known)
		return 0;
	for (i = 0; i < AMI_RING_ENTRIES; i++) {
		if (!too_old(ring, i))
			continue;
		if (!count++ ||
		    ring->entry[i].data > ring->entry[newest].data)
			newest = i;
		last = i;
	}
	if (count && last > newest)
		return AMI_RING_ENTRIES;
	i = restarted_run(ring);
	return count && newest + 1 > i ? newest + 1 : i;
}
