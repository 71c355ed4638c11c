// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the addresses that a driver gives its device to memory, through
 * everything that the device's requests may go through.
 */
#include "evidence.h"

#define MAX_UNNAMED	4096u
/* Longer than a buffer: unmapped parts are not searched page by page. */
#define LONG_DMA	(2u << 20)
/* Look up this many unmapped addresses in rings and queues. */
#define MAX_SEARCHES	65536u

static bool keep_route(void *ctx, const struct ami_route *route)
{
	struct dma_routes *r = ctx;

	if (r->count == DMA_ROUTES) {
		r->complete = false;
		return false;
	}
	r->list[r->count++] = *route;
	return true;
}

/* Readers go from device to device, so the last one's routes are kept. */
static const struct dma_routes *routes_of(const struct ami_evidence *ev,
					  const struct ami_device *device)
{
	struct dma_routes *r = &ev->collector->routes;

	if (r->device != device) {
		*r = (struct dma_routes){ .device = device, .complete = true };
		r->complete &= ami_device_untagged(ev->state, device,
						   keep_route, r);
	}
	return r;
}

/* What happens to a write to @iova on this route. */
static enum ami_dma_end follow_route(const struct ami_evidence *ev,
				     const struct ami_route *route, uint64_t iova,
				     struct ami_mapping *map)
{
	struct ami_step steps[AMI_MAX_STEPS];
	bool mapped;
	size_t n;

	if (route->identity) {
		*map = (struct ami_mapping){
			.iova = iova, .size = UINT64_MAX - iova,
			/* The DMA API sets SME's bit in addresses. */
			.phys = iova & ~ami_kernel_sme(ev->state->kernel),
			.read = true, .write = true,
		};
		return AMI_DMA_NAMED;
	}
	/* The guest's tables come first. They are not read. */
	if (route->nested)
		return AMI_DMA_UNREAD;
	n = ami_translate(ami_kernel_dump(ev->state->kernel), &route->table,
			  iova, steps, map, &mapped);
	if (mapped)
		return map->write ? AMI_DMA_NAMED : AMI_DMA_READ_ONLY;
	return n && steps[n - 1].mem != AMI_MEM_OK ? AMI_DMA_UNREAD :
						     AMI_DMA_UNMAPPED;
}

bool evidence_dma_phys(struct ami_evidence *ev, const struct ami_device *device,
		       uint64_t iova, struct ami_mapping *map)
{
	const struct dma_routes *r = routes_of(ev, device);
	enum ami_dma_end end;
	size_t i;

	for (i = 0; i < r->count; i++) {
		end = follow_route(ev, &r->list[i], iova, map);
		if (end == AMI_DMA_NAMED || end == AMI_DMA_READ_ONLY)
			return true;
	}
	return false;
}

bool evidence_dma_leads_to(struct ami_evidence *ev, const struct ami_device *device,
			   uint64_t iova, bool (*fn)(void *ctx, uint64_t phys),
			   void *ctx)
{
	const struct dma_routes *r = routes_of(ev, device);
	uint64_t sme = ami_kernel_sme(ev->state->kernel);
	struct ami_mapping map;
	size_t i;

	for (i = 0; i < r->count; i++)
		if (follow_route(ev, &r->list[i], iova, &map) == AMI_DMA_NAMED &&
		    fn(ctx, map.phys & ~sme))
			return true;
	return false;
}

/* A driver that takes its buffer unmaps it before its own state says so. */
static bool just_unmapped(struct ami_evidence *ev,
			  const struct ami_device *device, uint64_t iova)
{
	const struct ami_domain *dom = ami_stale_domain(ev->state, device);
	struct ami_stale by;

	evidence_spend(ev, (ev->state->nr_iommus * AMI_COST_SET +
			    (dom ? dom->flushq.count : 0)) * AMI_COST_ENTRY);
	return ev->collector->searches++ < MAX_SEARCHES &&
	       ami_unmapped_by(ev->state, device, iova, true, &by);
}

/* Ranges that touch and end in the same way become one. */
static void add_unnamed(struct ami_evidence *ev, uint64_t iova, uint64_t len,
			enum ami_dma_end end)
{
	struct ami_evidence_set *set = ev->collector->set;
	struct ami_unnamed *last;

	ev->collector->open.unnamed += len;
	if (!set)
		return;
	last = set->nr_unnamed ? &set->unnamed[set->nr_unnamed - 1] : NULL;
	if (last && last->end == end && last->last + 1 == iova) {
		last->last = iova + len - 1;
		return;
	}
	/* The bytes are counted above: full only shortens the list. */
	evidence_grown(ev, vec_push(set->unnamed, set->nr_unnamed, MAX_UNNAMED,
				    (struct ami_unnamed){
			iova, iova + len - 1, end }));
}

/*
 * How many of @len bytes go the same way: at least to the end of the page, and
 * as far as no route changes. An unmapped part is searched page by page,
 * because each page may have been unmapped alone.
 */
static uint64_t same_way(const struct dma_routes *r, const enum ami_dma_end *end,
			 const struct ami_mapping *map, uint64_t iova,
			 uint64_t len)
{
	uint64_t page = AMI_PAGE_SIZE - iova % AMI_PAGE_SIZE, part = len;
	size_t i;

	for (i = 0; i < r->count; i++) {
		uint64_t same = end[i] == AMI_DMA_NAMED || len > LONG_DMA ?
				map[i].size : page;

		if (same < part)
			part = same < page ? page : same;
	}
	return part < len ? part : len;
}

/* Add one piece; returns its length. It is named if one route names it. */
static uint64_t add_piece(struct ami_evidence *ev,
			  const struct ami_device *device, uint64_t iova,
			  uint64_t len, uint64_t *unnamed)
{
	const struct dma_routes *r = routes_of(ev, device);
	enum ami_dma_end best = AMI_DMA_UNMAPPED, end[DMA_ROUTES];
	struct ami_mapping map[DMA_ROUTES];
	uint64_t part;
	size_t i;

	for (i = 0; i < r->count; i++) {
		map[i].size = UINT64_MAX;
		end[i] = follow_route(ev, &r->list[i], iova, &map[i]);
		if (end[i] < best)
			best = end[i];
	}
	part = same_way(r, end, map, iova, len);
	for (i = 0; i < r->count; i++)
		if (end[i] == AMI_DMA_NAMED)
			evidence_add_span(ev, map[i].phys, part);
	if (best == AMI_DMA_NAMED)
		return part;
	if (!r->complete)
		best = AMI_DMA_UNREAD;
	else if (best == AMI_DMA_UNMAPPED && just_unmapped(ev, device, iova))
		best = AMI_DMA_UNMAPPING;
	add_unnamed(ev, iova, part, best);
	*unnamed += part;
	return part;
}

uint64_t evidence_add_dma(struct ami_evidence *ev, const struct ami_device *device,
			  uint64_t iova, uint64_t len)
{
	uint64_t part, unnamed = 0;

	if (!len || len - 1 > UINT64_MAX - iova)
		return len;
	for (; len && evidence_spend(ev, AMI_COST_SET);
	     iova += part, len -= part)
		part = add_piece(ev, device, iova, len, &unnamed);
	if (len)
		add_unnamed(ev, iova, len, AMI_DMA_UNREAD);
	return unnamed + len;
}

/* Why no route leads anywhere: some cannot be followed, or none does. */
static enum ami_mem why_nowhere(const struct ami_evidence *ev,
				const struct ami_device *device, uint64_t iova)
{
	const struct dma_routes *r = routes_of(ev, device);
	struct ami_mapping map;
	size_t i;

	for (i = 0; i < r->count; i++)
		if (follow_route(ev, &r->list[i], iova, &map) == AMI_DMA_UNREAD)
			return AMI_MEM_FILTERED;
	return r->complete ? AMI_MEM_UNMAPPED : AMI_MEM_FILTERED;
}

enum ami_mem evidence_read_dma(struct ami_evidence *ev, const struct ami_device *device,
			       uint64_t iova, void *buf, size_t len)
{
	struct ami_dump *dump = ami_kernel_dump(ev->state->kernel);
	struct ami_mapping map;
	uint8_t *to = buf;
	enum ami_mem mem;

	while (len) {
		size_t part = AMI_PAGE_SIZE - iova % AMI_PAGE_SIZE;

		if (part > len)
			part = len;
		if (!evidence_dma_phys(ev, device, iova, &map))
			return why_nowhere(ev, device, iova);
		mem = ami_dump_read(dump, map.phys, to, part);
		if (mem != AMI_MEM_OK)
			return mem;
		to += part;
		iova += part;
		len -= part;
	}
	return AMI_MEM_OK;
}
