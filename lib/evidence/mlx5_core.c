// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the firmware of mlx5 devices writes: pages that it was given for its own use
 * (pagealloc.c of the driver), answers to commands, events, traces. Kernel:
 * drivers/net/ethernet/mellanox/mlx5/core.
 */
#include <kernel/rbtree.h>
#include <kernel/xarray.h>

#include "drivers.h"
#include "mlx5.h"
#include "nic.h"

#define MAX_FRAGS	65536u
#define MIN_SHIFT	6u	/* of a fragment; more than a page never is */
#define MAX_SHIFT	22u
#define MAX_FUNCTIONS	65536u
#define MAX_PAGES	(1u << 24)	/* 64 GiB */
#define MAX_EQS		4096u
#define MAX_COMMANDS	(1u << 20)	/* bytes; drivers have two pages */
#define MAX_TRACES	(64u << 20)
#define MAX_POOL_PAGES	65536u

bool mlx5_add_buffer(struct reading *r, uint64_t va, const char *what)
{
	uint64_t frag = ami_type_size(r->kernel, AMI_T_mlx5_frag), i, dma;
	uint64_t frags, count, size, shift, part;

	if (!reading_get(r, va, AMI_F_mlx5_buf_frags, &frags) ||
	    !reading_get(r, va, AMI_F_mlx5_buf_count, &count) ||
	    !reading_get(r, va, AMI_F_mlx5_buf_size, &size) ||
	    !reading_get(r, va, AMI_F_mlx5_buf_shift, &shift))
		return false;
	if (!frags)
		return true;
	if (!ami_kernel_address(frags) || !frag || count > MAX_FRAGS ||
	    shift < MIN_SHIFT || shift > MAX_SHIFT || size > count << shift) {
		reading_damaged(r, what, va);
		return false;
	}
	for (i = 0; i < count && size; i++, size -= part) {
		part = size < 1ull << shift ? size : 1ull << shift;
		if (!reading_get(r, frags + i * frag, AMI_F_mlx5_frag_dma, &dma))
			return false;
		evidence_add_dma(r->ev, r->device, dma, part);
	}
	return true;
}

struct fw_pages {
	struct reading *r;
	struct rx_slots slots;
	bool complete;
};

static bool one_page(void *ctx, uint64_t node)
{
	struct fw_pages *all = ctx;
	struct reading *r = all->r;
	uint64_t at = ami_container(r->kernel, node, AMI_F_mlx5_fw_node);
	struct rx_slot slot = {
		.known = true, .alone = true, .len = AMI_PAGE_SIZE,
	};
	uint64_t page, free;

	if (!reading_get(r, at, AMI_F_mlx5_fw_addr, &slot.dma) ||
	    !reading_get(r, at, AMI_F_mlx5_fw_page, &page) ||
	    !reading_get(r, at, AMI_F_mlx5_fw_free, &free)) {
		all->complete = false;
		return true;
	}
	slot.phys = reading_phys_of_page(r, page);
	if (!free)
		nic_add_slot(r, &all->slots, &slot);
	return all->slots.count < MAX_PAGES && !r->ev->collector->no_memory;
}

/* @root: a struct rb_root for each function of the device */
static bool one_function(void *ctx, uint64_t function, uint64_t root)
{
	struct fw_pages *all = ctx;
	struct ami_rbtree_walk met;
	uint64_t top;
	enum ami_mem mem = ami_read_u64(all->r->kernel, root, &top);

	(void)function;
	if (mem != AMI_MEM_OK) {
		reading_unread(all->r, "tree of firmware pages", root, mem);
		return true;
	}
	met = ami_rbtree_each(all->r->kernel, top, one_page, all);
	/* A CPU may have been stopped while it turned the tree. */
	if (met.unread || met.broken)
		reading_unread(all->r, "tree of firmware pages", root,
			       met.broken ? AMI_MEM_DAMAGED : AMI_MEM_FILTERED);
	return all->slots.count < MAX_PAGES;
}

static bool firmware_pages(struct reading *r, uint64_t mdev)
{
	struct fw_pages all = { .r = r, .complete = true };
	uint64_t roots = ami_addr(r->kernel, mdev, AMI_F_mlx5_page_roots);

	if (ami_xarray_each(r->kernel, roots, MAX_FUNCTIONS, one_function,
			    &all).unread)
		reading_unread(r, "trees of firmware pages", roots,
			       AMI_MEM_FILTERED);
	nic_post_slots(r, &all.slots, "pages given to the firmware");
	return all.complete;
}

static bool post_size(struct reading *r, uint64_t object, enum ami_field dma,
		      enum ami_field size, uint64_t max, const char *what)
{
	uint64_t at, len;

	if (!reading_get(r, object, dma, &at) ||
	    !reading_get(r, object, size, &len))
		return false;
	if (len > max) {
		reading_damaged(r, what, object);
		return false;
	}
	if (at)
		reading_post_dma(r, AMI_PROVEN, at, len, what);
	return true;
}

static bool command_answers(struct reading *r, uint64_t mdev)
{
	uint64_t budget = MAX_POOL_PAGES, pool;
	bool complete;

	if (!post_size(r, mdev, AMI_F_mlx5_cmd_dma, AMI_F_mlx5_cmd_size,
		       MAX_COMMANDS, "command queue") ||
	    !reading_get(r, mdev, AMI_F_mlx5_cmd_pool, &pool))
		return false;
	if (!pool)
		return true;
	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED,
				AMI_LIKELY, r->reader->driver,
				"%s mailboxes of commands", r->name);
	complete = evidence_add_dma_pool(r->ev, r->device, pool, &budget);
	evidence_end_transfer(r->ev);
	if (!complete)
		reading_unread(r, "pool of mailboxes", pool, AMI_MEM_FILTERED);
	return complete;
}

struct eqs {
	struct reading *r;
	bool complete;
};

/* A struct mlx5_eq is the first member of those that have one. */
static bool one_eq(void *ctx, uint64_t index, uint64_t eq)
{
	struct eqs *all = ctx;
	struct reading *r = all->r;

	(void)index;
	all->complete &= mlx5_add_buffer(r, ami_addr(r->kernel, eq,
						     AMI_F_mlx5_eq_buf),
					 "event queue");
	return true;
}

static void listed_eqs(struct eqs *all, uint64_t table)
{
	struct ami_kernel *k = all->r->kernel;
	struct ami_list_iter it;
	uint64_t node;

	ami_list_start(&it, k, ami_addr(k, table, AMI_F_mlx5_eq_list), MAX_EQS);
	while (ami_list_next(&it, &node))
		one_eq(all, 0, ami_container(k, node, AMI_F_mlx5_eq_node));
	all->complete &= !it.broken && it.mem == AMI_MEM_OK;
}

static void completion_eqs(struct eqs *all, uint64_t table)
{
	struct ami_kernel *k = all->r->kernel;

	if (ami_has(k, AMI_F_mlx5_eq_xa))
		all->complete &= !ami_xarray_each(k, ami_addr(k, table,
							      AMI_F_mlx5_eq_xa),
						  MAX_EQS, one_eq, all).unread;
	else if (ami_has(k, AMI_F_mlx5_eq_list))
		listed_eqs(all, table);
	else
		all->complete = false;
}

static bool event_queues(struct reading *r, uint64_t mdev)
{
	static const enum ami_field single[] = {
		AMI_F_mlx5_eq_pages, AMI_F_mlx5_eq_cmd, AMI_F_mlx5_eq_async,
	};
	struct eqs all = { .r = r, .complete = true };
	uint64_t table;
	size_t i;

	if (!reading_get(r, mdev, AMI_F_mlx5_eqs, &table))
		return false;
	if (!table)
		return true;
	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED,
				AMI_PROVEN, r->reader->driver,
				"%s event queues", r->name);
	for (i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		one_eq(&all, 0, ami_addr(r->kernel, table, single[i]));
	completion_eqs(&all, table);
	evidence_end_transfer(r->ev);
	if (!all.complete)
		reading_unread(r, "table of event queues", table,
			       AMI_MEM_FILTERED);
	return all.complete;
}

/* Error pointers and NULL stand for a device without a tracer. */
static bool traces(struct reading *r, uint64_t mdev)
{
	uint64_t tracer;

	return reading_get(r, mdev, AMI_F_mlx5_tracer, &tracer) &&
	       (!ami_kernel_address(tracer) ||
		post_size(r, tracer, AMI_F_mlx5_trace_dma,
			  AMI_F_mlx5_trace_size, MAX_TRACES, "firmware traces"));
}

bool mlx5_read_core(struct reading *r, uint64_t mdev)
{
	bool complete = firmware_pages(r, mdev);

	complete &= command_answers(r, mdev);
	complete &= event_queues(r, mdev);
	return traces(r, mdev) && complete;
}

static bool read_device(struct reading *r)
{
	return mlx5_read_core(r, r->priv);
}

const struct reader reader_mlx5_core = {
	.driver = "mlx5_core", .of = READ_DEVICE, .needs = AMI_F_mlx5_page_roots,
	.read = read_device,
};
