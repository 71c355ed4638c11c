// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that a program, or a guest, let a device of its own reach: vfio_dma of
 * drivers/vfio/vfio_iommu_type1.c. The program may tell the device to write to all of
 * it at any time, and no one knows what it did: so it is possible, and all there is.
 */
#include <inttypes.h>
#include <stdlib.h>

#include <kernel/rbtree.h>

#include "drivers.h"

#define MAX_RANGES	65536u	/* the kernel allows 65535 */
#define WRITE		2u	/* IOMMU_WRITE */

/* IOVAs that the program chose, ascending. */
struct range {
	uint64_t first, last, task;
};

/**
 * struct grants - what the program let the device write
 * @at: the range that is being added; @open: it is a transfer
 */
struct grants {
	struct reading *r;
	struct range *list;
	size_t count, at;
	bool open, complete;
};

static bool add_range(struct grants *g, uint64_t dma, struct range range)
{
	enum vec_room room;
	uint64_t size;

	if (!reading_get(g->r, dma, AMI_F_vfio_iova, &range.first) ||
	    !reading_get(g->r, dma, AMI_F_vfio_size, &size) ||
	    !reading_get(g->r, dma, AMI_F_vfio_task, &range.task))
		return false;
	range.last = range.first + size - 1;
	if (!size || range.last < range.first ||
	    (g->count && range.first <= g->list[g->count - 1].last)) {
		reading_damaged(g->r, "range of a program's memory", dma);
		return false;
	}
	room = vec_push(g->list, g->count, MAX_RANGES, range);
	evidence_grown(g->r->ev, room);
	return room == VEC_OK;
}

static bool one_range(void *ctx, uint64_t node)
{
	struct grants *g = ctx;
	uint64_t dma = ami_container(g->r->kernel, node, AMI_F_vfio_node);
	uint64_t prot, mapped;

	if (!reading_get(g->r, dma, AMI_F_vfio_prot, &prot) ||
	    !reading_get(g->r, dma, AMI_F_vfio_mapped, &mapped)) {
		g->complete = false;
		return true;
	}
	if (prot & WRITE && mapped)
		g->complete &= add_range(g, dma, (struct range){ 0 });
	return g->count < MAX_RANGES && !g->r->ev->collector->no_memory;
}

static void close_range(struct grants *g)
{
	if (g->open)
		evidence_end_transfer(g->r->ev);
	g->open = false;
	g->at++;
}

static void open_range(struct grants *g)
{
	const struct range *range = &g->list[g->at];
	char program[48], size[24];

	evidence_begin_transfer(g->r->ev, g->r->device, AMI_TRANSFER_POSTED,
				AMI_POSSIBLE, g->r->reader->driver,
				"%s of %s, for its device at IOVA %#" PRIx64,
				evidence_bytes_text(range->last - range->first +
						    1, size),
				evidence_program_text(g->r->ev, range->task,
						      program), range->first);
	g->open = true;
}

/* Runs ascend as the ranges do; a range may be many runs, a run many ranges. */
static bool add_run(void *ctx, const struct ami_mapping *run)
{
	struct grants *g = ctx;
	uint64_t phys = run->phys & ~ami_kernel_sme(g->r->kernel);
	uint64_t last = run->iova + run->size - 1, from, to;

	for (; run->write && g->at < g->count; close_range(g)) {
		const struct range *range = &g->list[g->at];

		if (range->first > last)
			break;
		if (range->last < run->iova)
			continue;
		if (!g->open)
			open_range(g);
		from = range->first > run->iova ? range->first : run->iova;
		to = range->last < last ? range->last : last;
		evidence_add_span(g->r->ev, phys + (from - run->iova),
				  to - from + 1);
		if (range->last > last)
			break;
	}
	return g->at < g->count && evidence_spend(g->r->ev, 1);
}

/* Another finding names the table. */
static void lose_part(void *ctx, enum ami_walk_fault fault, uint64_t first,
		      uint64_t last)
{
	struct grants *g = ctx;

	(void)fault;
	(void)first;
	(void)last;
	g->complete = false;
}

static bool walk_route(void *ctx, const struct ami_route *route)
{
	static const struct ami_walk_ops ops = {
		.mapping = add_run, .problem = lose_part,
	};
	struct grants *g = ctx;
	struct ami_walk_stats met = { .table_pages = 0 };

	if (route->identity || route->nested)
		return true;
	g->at = 0;
	ami_walk(ami_kernel_dump(g->r->kernel), &route->table, &ops, g, &met);
	if (g->open)
		close_range(g);
	return true;
}

static bool read_container(struct reading *r, uint64_t container)
{
	struct grants g = { .r = r, .complete = true };
	struct ami_rbtree_walk met;
	uint64_t data, top;
	enum ami_mem mem;

	if (!reading_get(r, container, AMI_F_vfio_data, &data))
		return false;
	if (!data)
		return true;
	mem = ami_read_u64(r->kernel, ami_addr(r->kernel, data, AMI_F_vfio_list),
			   &top);
	if (mem != AMI_MEM_OK) {
		reading_unread(r, "tree of a program's memory", data, mem);
		return false;
	}
	met = ami_rbtree_each(r->kernel, top, one_range, &g);
	/* A CPU may have been stopped while it turned the tree. */
	if (met.unread || met.broken)
		reading_unread(r, "tree of a program's memory", data,
			       met.broken ? AMI_MEM_DAMAGED : AMI_MEM_FILTERED);
	if (g.count)
		g.complete &= ami_device_untagged(r->ev->state, r->device,
						  walk_route, &g);
	free(g.list);
	return g.complete;
}

static bool uses_iommufd(struct reading *r, uint64_t vdev, uint64_t group)
{
	uint64_t value;

	return (ami_get(r->kernel, vdev, AMI_F_vfio_by_itself, &value) ==
		AMI_MEM_OK && value) ||
	       (group && ami_get(r->kernel, group, AMI_F_vfio_iommufd,
				 &value) == AMI_MEM_OK && value);
}

static bool read_vfio(struct reading *r)
{
	uint64_t vdev = ami_addr(r->kernel, r->priv, AMI_F_vfio_core);
	uint64_t group, container = 0;

	if (!reading_get(r, vdev, AMI_F_vfio_group, &group) ||
	    (group && !reading_get(r, group, AMI_F_vfio_container, &container)))
		return false;
	if (uses_iommufd(r, vdev, group)) {
		reading_left_out(r, "memory that came through iommufd");
		return true;
	}
	return !container || read_container(r, container);
}

const struct reader reader_vfio = {
	.driver = "vfio-pci", .of = READ_DEVICE, .needs = AMI_F_vfio_list,
	.read = read_vfio,
};
