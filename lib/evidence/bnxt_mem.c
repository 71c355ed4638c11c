// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory of bnxt_en besides its receive buffers. Most of it is made by one function
 * of the driver, and described alike: struct bnxt_ring_mem_info.
 */
#include <stdio.h>

#include "bnxt.h"

#define MAX_VECTORS	4096u
#define MAX_PAGES	4096u	/* of a piece of memory; drivers stop at 512 */
#define MAX_PAGE	(64u << 10)
#define MAX_STATS	(1u << 20)
#define MAX_TYPES	128u
#define MAX_TABLES	512u	/* MAX_CTX_PAGES */
#define MAX_PIECES	64u	/* of a completion ring; of a type of context */
#define MAX_POOL_PAGES	65536u

static bool add_memory(struct reading *r, uint64_t mem)
{
	uint64_t count, size, list, i, dma;
	enum ami_mem read;

	if (!reading_get(r, mem, AMI_F_bnxt_mem_pages, &count) ||
	    !reading_get(r, mem, AMI_F_bnxt_mem_size, &size) ||
	    !reading_get(r, mem, AMI_F_bnxt_mem_dma, &list))
		return false;
	if (!list)
		return true;
	if (count > MAX_PAGES || size > MAX_PAGE || !ami_kernel_address(list)) {
		reading_damaged(r, "memory shared with the device", mem);
		return false;
	}
	for (i = 0; i < count; i++) {
		read = ami_read_u64(r->kernel, list + 8 * i, &dma);
		if (read != AMI_MEM_OK) {
			reading_unread(r, "list of shared pages", list + 8 * i,
				       read);
			return false;
		}
		if (dma)
			evidence_add_dma(r->ev, r->device, dma, size);
	}
	return true;
}

static void begin(struct reading *r, enum ami_certainty certainty,
		  const char *what)
{
	evidence_begin_transfer(r->ev, r->device, AMI_TRANSFER_POSTED, certainty,
				r->reader->driver, "%s %s", r->name, what);
}

static bool add_stats(struct reading *r, uint64_t stats)
{
	uint64_t dma, len;

	if (!reading_get(r, stats, AMI_F_bnxt_stats_dma, &dma) ||
	    !reading_get(r, stats, AMI_F_bnxt_stats_len, &len))
		return false;
	if (len > MAX_STATS) {
		reading_damaged(r, "statistics", stats);
		return false;
	}
	if (dma)
		evidence_add_dma(r->ev, r->device, dma, len);
	return true;
}

/* Older kernels have pointers to more rings, newer ones an array of them. */
static bool add_more(struct reading *r, uint64_t cp)
{
	uint64_t size = ami_type_size(r->kernel, AMI_T_bnxt_cp), list, count, i;
	bool complete = true;

	list = ami_addr(r->kernel, cp, AMI_F_bnxt_cp_more);
	if (!ami_has(r->kernel, AMI_F_bnxt_cp_count)) {
		count = ami_kernel_layout(r->kernel)->
			field[AMI_F_bnxt_cp_more].size / 8;
	} else if (!reading_get(r, cp, AMI_F_bnxt_cp_count, &count) ||
		   !reading_get(r, cp, AMI_F_bnxt_cp_more, &list)) {
		return false;
	}
	if (count > MAX_PIECES || !size) {
		reading_damaged(r, "completion ring", cp);
		return false;
	}
	for (i = 0; list && i < count; i++) {
		uint64_t at = list + i * size;

		if (!ami_has(r->kernel, AMI_F_bnxt_cp_count) &&
		    ami_read_u64(r->kernel, list + 8 * i, &at) != AMI_MEM_OK)
			return false;
		complete &= !at || add_memory(r, ami_addr(r->kernel, at,
							  AMI_F_bnxt_cp_mem));
	}
	return complete;
}

static bool read_vector(struct reading *r, uint64_t napi, unsigned int number)
{
	uint64_t cp = ami_addr(r->kernel, napi, AMI_F_bnxt_cp);
	char what[48];
	bool complete;

	snprintf(what, sizeof(what), "completion rings of vector %u", number);
	begin(r, AMI_PROVEN, what);
	complete = add_memory(r, ami_addr(r->kernel, cp, AMI_F_bnxt_cp_mem));
	complete &= add_more(r, cp);
	complete &= add_stats(r, ami_addr(r->kernel, cp, AMI_F_bnxt_cp_stats));
	evidence_end_transfer(r->ev);
	return complete;
}

static bool read_vectors(struct reading *r)
{
	uint64_t list, count, i, napi;
	bool complete = true;
	enum ami_mem mem;

	if (!reading_get(r, r->priv, AMI_F_bnxt_napis, &list) ||
	    !reading_get(r, r->priv, AMI_F_bnxt_nr_cp, &count))
		return false;
	if (count > MAX_VECTORS) {
		reading_damaged(r, "number of completion rings", r->priv);
		return false;
	}
	for (i = 0; list && i < count && !reading_stopped(r); i++) {
		mem = ami_read_u64(r->kernel, list + 8 * i, &napi);
		if (mem != AMI_MEM_OK)
			reading_unread(r, "pointer to a vector", list + 8 * i,
				       mem);
		else if (napi)
			complete &= read_vector(r, napi, i);
	}
	return complete;
}

static bool read_statistics(struct reading *r)
{
	static const enum ami_field stats[] = {
		AMI_F_bnxt_port_stats, AMI_F_bnxt_rx_stats, AMI_F_bnxt_tx_stats,
	};
	bool complete = true;
	size_t i;

	begin(r, AMI_PROVEN, "statistics of the port");
	for (i = 0; i < sizeof(stats) / sizeof(stats[0]); i++)
		complete &= add_stats(r, ami_addr(r->kernel, r->priv, stats[i]));
	evidence_end_transfer(r->ev);
	return complete;
}

static bool read_answers(struct reading *r)
{
	uint64_t budget = MAX_POOL_PAGES, pool;
	bool complete;

	if (!reading_get(r, r->priv, AMI_F_bnxt_answers, &pool))
		return false;
	if (!pool)
		return true;
	begin(r, AMI_LIKELY, "answers to commands");
	complete = evidence_add_dma_pool(r->ev, r->device, pool, &budget);
	evidence_end_transfer(r->ev);
	if (!complete)
		reading_unread(r, "pool of answers", pool, AMI_MEM_FILTERED);
	return complete;
}

/* Pages, or pages of addresses of pages. */
static bool add_context(struct reading *r, uint64_t pg)
{
	uint64_t tables, i, below;
	bool complete;

	complete = add_memory(r, ami_addr(r->kernel, pg, AMI_F_bnxt_pg_mem));
	if (!reading_get(r, pg, AMI_F_bnxt_pg_tables, &tables))
		return false;
	for (i = 0; tables && i < MAX_TABLES; i++) {
		if (ami_read_u64(r->kernel, tables + 8 * i, &below) !=
		    AMI_MEM_OK) {
			reading_unread(r, "context memory", tables + 8 * i,
				       AMI_MEM_FILTERED);
			return false;
		}
		if (below)
			complete &= add_memory(r, ami_addr(r->kernel, below,
							   AMI_F_bnxt_pg_mem));
	}
	return complete;
}

static bool add_type(struct reading *r, uint64_t type)
{
	uint64_t size = ami_type_size(r->kernel, AMI_T_bnxt_pg);
	uint64_t pages, instances, count, i;
	bool complete = size;

	if (!reading_get(r, type, AMI_F_bnxt_type_pages, &pages) ||
	    !reading_get(r, type, AMI_F_bnxt_type_instances, &instances))
		return false;
	count = instances ? __builtin_popcountll(instances) : 1;
	for (i = 0; pages && i < count && size; i++)
		complete &= add_context(r, pages + i * size);
	return complete;
}

static bool add_types(struct reading *r, uint64_t ctx)
{
	uint64_t size = ami_type_size(r->kernel, AMI_T_bnxt_type), i, count;
	bool complete = size;

	if (!size)
		return false;
	count = ami_kernel_layout(r->kernel)->field[AMI_F_bnxt_ctx_types].size /
		size;
	for (i = 0; i < count && i < MAX_TYPES; i++)
		complete &= add_type(r, ami_addr(r->kernel, ctx,
						 AMI_F_bnxt_ctx_types) +
				     i * size);
	return complete;
}

/* The same in kernels that name each type. */
static bool add_named_types(struct reading *r, uint64_t ctx)
{
	static const enum ami_field types[] = {
		AMI_F_bnxt_ctx_qp, AMI_F_bnxt_ctx_srq, AMI_F_bnxt_ctx_cq,
		AMI_F_bnxt_ctx_vnic, AMI_F_bnxt_ctx_stat, AMI_F_bnxt_ctx_mrav,
		AMI_F_bnxt_ctx_tim,
	};
	uint64_t queues = ami_addr(r->kernel, ctx, AMI_F_bnxt_ctx_tqm), pg, i;
	bool complete = ami_has(r->kernel, AMI_F_bnxt_ctx_qp);

	for (i = 0; i < sizeof(types) / sizeof(types[0]) && complete; i++)
		complete &= add_context(r, ami_addr(r->kernel, ctx, types[i]));
	for (i = 0; i < ami_kernel_layout(r->kernel)->
			field[AMI_F_bnxt_ctx_tqm].size / 8; i++) {
		if (ami_read_u64(r->kernel, queues + 8 * i, &pg) != AMI_MEM_OK)
			return false;
		complete &= !pg || add_context(r, pg);
	}
	return complete;
}

static bool read_contexts(struct reading *r)
{
	uint64_t ctx, crash = 0;
	bool complete = true;

	if (!reading_get(r, r->priv, AMI_F_bnxt_ctx, &ctx) ||
	    (ami_has(r->kernel, AMI_F_bnxt_crash) &&
	     !reading_get(r, r->priv, AMI_F_bnxt_crash, &crash)))
		return false;
	begin(r, AMI_PROVEN, "memory for the device's own state");
	if (ctx && ami_has(r->kernel, AMI_F_bnxt_ctx_types))
		complete = add_types(r, ctx);
	else if (ctx)
		complete = add_named_types(r, ctx);
	if (crash)
		complete &= add_context(r, crash);
	evidence_end_transfer(r->ev);
	if (!complete)
		reading_unread(r, "context memory", ctx, AMI_MEM_FILTERED);
	return complete;
}

bool evidence_bnxt_memory(struct reading *r)
{
	bool complete = read_vectors(r);

	complete &= read_statistics(r);
	complete &= read_answers(r);
	return read_contexts(r) && complete;
}
