// SPDX-License-Identifier: GPL-2.0-or-later
/* What drivers know of their receive buffers, in the ways that they keep it. */
#include "nic.h"

/* Older kernels do not have it. */
static uint64_t headroom_of(struct reading *r, uint64_t ring, enum ami_field pool)
{
	uint64_t at, offset;

	if (ami_get(r->kernel, ring, pool, &at) != AMI_MEM_OK || !at ||
	    ami_get(r->kernel, at, AMI_F_page_pool_offset, &offset) !=
	    AMI_MEM_OK || offset >= AMI_PAGE_SIZE)
		return 0;
	return offset;
}

static bool open_fqes(struct reading *r, const struct nic_fqes *fqes,
		      uint64_t ring, struct nic_known *known)
{
	known->kind = KNOWN_FQE;
	known->fqes = fqes;
	known->entry = ami_type_size(r->kernel, fqes->type);
	known->headroom = headroom_of(r, ring, fqes->pool);
	return reading_get(r, ring, fqes->list, &known->list);
}

static bool open_xsk(struct reading *r, const struct nic_shape *shape,
		     uint64_t ring, struct nic_known *known)
{
	known->kind = KNOWN_XSK;
	known->entry = shape->xsk.xdp == NO_FIELD ? sizeof(uint64_t) :
		       ami_type_size(r->kernel, shape->buffers.type);
	return reading_get(r, ring, shape->xsk.list, &known->list);
}

bool nic_known_open(struct reading *r, const struct nic_shape *shape,
		    uint64_t ring, struct nic_known *known)
{
	uint64_t pool = 0;

	*known = (struct nic_known){ .kind = KNOWN_OWN, .shape = shape };
	if (shape->xsk.pool != NO_FIELD && ami_has(r->kernel, shape->xsk.pool) &&
	    !reading_get(r, ring, shape->xsk.pool, &pool))
		return false;
	if (pool)
		return open_xsk(r, shape, ring, known);
	if (shape->fqes.list != NO_FIELD && ami_has(r->kernel, shape->fqes.list))
		return open_fqes(r, &shape->fqes, ring, known);
	known->entry = ami_type_size(r->kernel, shape->buffers.type);
	return reading_get(r, ring, shape->buffers.list, &known->list);
}

bool nic_headers_open(struct reading *r, const struct nic_shape *shape,
		      uint64_t ring, struct nic_known *known)
{
	*known = (struct nic_known){ .shape = shape };
	if (shape->headers.list == NO_FIELD ||
	    !ami_has(r->kernel, shape->headers.list))
		return true;
	if (!open_fqes(r, &shape->headers, ring, known))
		return false;
	if (!known->list)
		known->entry = 0;
	return true;
}

/* A member that the driver may not have: 0 then. */
static bool get_optional(struct reading *r, uint64_t va, enum ami_field f,
			 uint64_t *value)
{
	*value = 0;
	return f == NO_FIELD || ami_get(r->kernel, va, f, value) == AMI_MEM_OK;
}

static uint64_t phys_of_data(struct reading *r, uint64_t data)
{
	uint64_t page = reading_phys_of_page(r, data);

	return page ? page : reading_phys(r, data);
}

static void read_own(struct reading *r, const struct nic_buffers *b,
		     uint64_t entry, struct rx_slot *slot)
{
	uint64_t dma, page, skb, data, offset, phys;

	if (ami_get(r->kernel, entry, b->dma, &dma) != AMI_MEM_OK ||
	    !get_optional(r, entry, b->page, &page) ||
	    !get_optional(r, entry, b->skb, &skb) ||
	    !get_optional(r, entry, b->data, &data) ||
	    !get_optional(r, entry, b->offset, &offset))
		return;
	slot->known = true;
	if (!page && !skb && !data)
		return;
	slot->dma = dma + offset;
	if (page)
		phys = reading_phys_of_page(r, page);
	else
		phys = skb ? reading_phys_of_skb(r, skb) : phys_of_data(r, data);
	if (phys)
		slot->phys = phys + offset;
}

static void read_fqe(struct reading *r, const struct nic_known *known,
		     uint64_t entry, struct rx_slot *slot)
{
	const struct nic_fqes *f = known->fqes;
	uint64_t page, offset, dma, phys;
	enum ami_field holder = ami_has(r->kernel, f->netmem) ? f->netmem :
								f->page;

	if (ami_get(r->kernel, entry, holder, &page) != AMI_MEM_OK ||
	    ami_get(r->kernel, entry, f->offset, &offset) != AMI_MEM_OK ||
	    reading_pool_dma(r, page, &dma) != AMI_MEM_OK)
		return;
	slot->known = true;
	if (!dma)
		return;
	offset += known->headroom;
	slot->dma = dma + offset;
	phys = reading_phys_of_page(r, page);
	if (phys)
		slot->phys = phys + offset;
}

/* The buffer is the first member of a struct xdp_buff_xsk. */
static void read_xsk(struct reading *r, const struct nic_known *known,
		     uint64_t entry, struct rx_slot *slot)
{
	uint64_t buffer;
	enum ami_mem mem;

	if (known->shape->xsk.xdp == NO_FIELD)
		mem = ami_read_u64(r->kernel, entry, &buffer);
	else
		mem = ami_get(r->kernel, entry, known->shape->xsk.xdp, &buffer);
	if (mem == AMI_MEM_OK && buffer)
		mem = ami_get(r->kernel, buffer, AMI_F_xdp_buff_dma, &slot->dma);
	slot->known = mem == AMI_MEM_OK;
}

void nic_known_read(struct reading *r, const struct nic_known *known,
		    uint32_t index, struct rx_slot *slot)
{
	uint64_t entry = known->list + index * known->entry;

	slot->known = false;
	slot->dma = slot->phys = 0;
	if (!known->entry || !known->list)
		return;
	if (known->kind == KNOWN_FQE)
		read_fqe(r, known, entry, slot);
	else if (known->kind == KNOWN_XSK)
		read_xsk(r, known, entry, slot);
	else
		read_own(r, &known->shape->buffers, entry, slot);
}
