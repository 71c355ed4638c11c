// SPDX-License-Identifier: GPL-2.0-or-later
/* Descriptor rings of network drivers, checked. */
#include "nic.h"

#define MAX_BUFFER	65536u
#define COMMON_BUFFER	2048u

uint32_t nic_buffer_size(struct reading *r, uint64_t size)
{
	if (size && size <= MAX_BUFFER)
		return size;
	reading_damaged(r, "receive buffer size", r->priv);
	return COMMON_BUFFER;
}

enum ring_state nic_ring_check(struct reading *r, uint64_t va,
			       struct ring *ring)
{
	if (!ring->desc)
		return reading_none(r, "descriptor ring") ? RING_NONE : RING_BAD;
	if (!ring->count || ring->count > NIC_MAX_RING ||
	    ring->to_use >= ring->count || ring->to_clean >= ring->count ||
	    !ami_kernel_address(ring->desc)) {
		reading_damaged(r, "descriptor ring", va);
		return RING_BAD;
	}
	ring->owned = (ring->to_use + ring->count - ring->to_clean) %
		      ring->count;
	return RING_READY;
}

enum ring_state nic_ring_read(struct reading *r, uint64_t va,
			      const struct ring_members *m, uint32_t stride,
			      struct ring *ring)
{
	uint64_t count, to_use, to_clean;

	if (!reading_get(r, va, m->desc, &ring->desc) ||
	    !reading_get(r, va, m->dma, &ring->dma) ||
	    !reading_get(r, va, m->count, &count) ||
	    !reading_get(r, va, m->to_use, &to_use) ||
	    !reading_get(r, va, m->to_clean, &to_clean))
		return RING_BAD;
	/* No kernel's member is wider than 32 bits. */
	ring->count = count;
	ring->to_use = to_use;
	ring->to_clean = to_clean;
	ring->stride = stride;
	return nic_ring_check(r, va, ring);
}

bool nic_ring_desc(const struct reading *r, const struct ring *ring,
		   uint32_t index, void *desc)
{
	return ami_read(r->kernel, ring->desc + (uint64_t)index *
			ring->stride, desc, ring->stride) == AMI_MEM_OK;
}
