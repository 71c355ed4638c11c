// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernels with CONFIG_DMA_API_DEBUG keep a table of all mappings
 * (kernel/dma/debug.c). It is then the reference: it says what a device may
 * write, whatever its driver, and what the other readers missed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "evidence.h"

#define BUCKETS		16384u	/* HASH_SIZE */
#define MAX_CHAIN	65536u
#define MAX_ENTRIES	(1u << 20)	/* 65536 are preallocated */
#define MAX_BYTES	(1ull << 36)	/* of all mappings */
#define TO_DEVICE	1u	/* enum dma_data_direction */
#define FROM_DEVICE	2u
#define COHERENT	2u	/* dma_debug_coherent */

struct entry {
	const struct ami_device *device;
	uint64_t addr, len;
	bool coherent, both_ways;
};

struct table {
	struct ami_evidence *ev;
	struct ami_kernel *k;
	struct entry *list;
	size_t count;
	uint64_t bytes;
	bool damaged, full;
	/* of the current device: what others named, and pages they did not */
	struct ami_pfnset *known;
	uint64_t missed, first;
};

static void add_entry(struct table *t, const struct entry *e)
{
	enum vec_room room = VEC_FULL;

	if (e->len <= MAX_BYTES - t->bytes)
		room = vec_push(t->list, t->count, MAX_ENTRIES, *e);
	t->full |= room == VEC_FULL;
	if (evidence_grown(t->ev, room))
		t->bytes += e->len;
}

static void read_entry(struct table *t, uint64_t va)
{
	uint64_t dev, type, direction;
	enum ami_mem mem;
	struct entry e;

	if (ami_get(t->k, va, AMI_F_dma_debug_dev, &dev) != AMI_MEM_OK ||
	    ami_get(t->k, va, AMI_F_dma_debug_addr, &e.addr) != AMI_MEM_OK ||
	    ami_get(t->k, va, AMI_F_dma_debug_size, &e.len) != AMI_MEM_OK ||
	    ami_get(t->k, va, AMI_F_dma_debug_type, &type) != AMI_MEM_OK ||
	    ami_get(t->k, va, AMI_F_dma_debug_direction, &direction) !=
	    AMI_MEM_OK || e.addr + e.len < e.addr ||
	    direction > FROM_DEVICE) {
		t->damaged = true;
		return;
	}
	e.device = evidence_device_above(t->ev, dev, &mem);
	t->damaged |= mem != AMI_MEM_OK;
	e.coherent = type == COHERENT;
	e.both_ways = direction != FROM_DEVICE;
	if (e.device && direction != TO_DEVICE)
		add_entry(t, &e);
}

static void read_table(struct table *t)
{
	uint64_t step = ami_type_size(t->k, AMI_T_hash_bucket);
	uint64_t at = ami_symbol(t->k, AMI_SYM_dma_entry_hash), node;
	struct ami_list_iter it;
	uint32_t i;

	for (i = 0; i < BUCKETS && !t->full; i++, at += step) {
		ami_list_start(&it, t->k, ami_addr(t->k, at,
						   AMI_F_bucket_list),
			       MAX_CHAIN);
		while (ami_list_next(&it, &node) && !t->full)
			read_entry(t, ami_container(t->k, node,
						    AMI_F_dma_debug_list));
		t->damaged |= it.broken || it.mem != AMI_MEM_OK;
	}
}

static int by_device(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->device != y->device)
		return x->device > y->device ? 1 : -1;
	if (x->coherent != y->coherent)
		return x->coherent - y->coherent;
	if (x->both_ways != y->both_ways)
		return x->both_ways - y->both_ways;
	return (x->addr > y->addr) - (x->addr < y->addr);
}

static bool same_mapping(const struct entry *a, const struct entry *b)
{
	return a->device == b->device && a->coherent == b->coherent &&
	       a->both_ways == b->both_ways;
}

/* Pages of a mapping for one transfer that no other reader named. */
static void count_missed(struct table *t, const struct entry *e)
{
	struct ami_mapping map;
	uint64_t at, pfn;

	for (at = e->addr; at < e->addr + e->len;
	     at = (at | (AMI_PAGE_SIZE - 1)) + 1) {
		if (!evidence_dma_phys(t->ev, e->device, at, &map))
			continue;
		pfn = map.phys >> AMI_PAGE_SHIFT;
		if (ami_pfnset_test_add(t->known, pfn))
			continue;
		if (!t->missed++)
			t->first = pfn;
	}
}

static void add_group(struct table *t, const struct entry *e, size_t count)
{
	size_t i;

	evidence_begin_transfer(t->ev, e->device, AMI_TRANSFER_POSTED, AMI_PROVEN,
				"dma-debug", "%zu %smappings %s", count,
				e->coherent ? "coherent " : "",
				e->both_ways ? "in both directions" : "to fill");
	for (i = 0; i < count; i++) {
		if (!e->coherent)
			count_missed(t, &e[i]);
		evidence_add_dma(t->ev, e->device, e[i].addr, e[i].len);
	}
	evidence_end_transfer(t->ev);
}

static void begin_device(struct table *t, const struct ami_device *d)
{
	size_t i;

	t->missed = 0;
	t->known = ami_pfnset_new();
	if (!t->known) {
		t->ev->collector->no_memory = true;
		return;
	}
	for (i = 0; i < t->ev->nr_sets; i++)
		if (!memcmp(&t->ev->sets[i].device, &d->bdf, sizeof(d->bdf)))
			ami_pfnset_union(t->known, t->ev->sets[i].pages);
}

static void end_device(struct table *t, const struct ami_device *d)
{
	char where[AMI_BDF_TEXT];

	if (t->missed)
		(evidence_driver_covers(t->ev, d->bdf) ? ami_finding_add_with :
		 ami_finding_note_with)(
			t->ev->state->findings, AMI_FIND_EVIDENCE_MISSED,
			ami_bdf_text(d->bdf, where),
			AMI_FACTS(AMI_SAYS(PAGES, t->missed),
				  AMI_SAYS(PHYS, t->first << AMI_PAGE_SHIFT)),
			"The kernel's table of mappings (dma-debug) has %" PRIu64 " pages for it to write that no other evidence names, the first at %#" PRIx64 ".",
			t->missed, t->first << AMI_PAGE_SHIFT);
	ami_pfnset_free(t->known);
	t->known = NULL;
}

static void add_all(struct table *t)
{
	const struct ami_device *device = NULL;
	size_t i, n;

	qsort(t->list, t->count, sizeof(*t->list), by_device);
	for (i = 0; i < t->count; i += n) {
		const struct entry *e = &t->list[i];

		for (n = 1; i + n < t->count && same_mapping(e, &e[n]); n++)
			;
		if (e->device != device) {
			if (device)
				end_device(t, device);
			device = e->device;
			begin_device(t, device);
			if (!t->known)
				return;
		}
		add_group(t, e, n);
	}
	if (device)
		end_device(t, device);
}

/* It turns off if memory for entries runs out, or if the user says so. */
static bool is_on(struct table *t)
{
	uint64_t at = ami_symbol(t->k, AMI_SYM_global_disable);
	uint8_t off = 0;

	t->damaged |= ami_symbol_unread(t->k, AMI_SYM_global_disable) ||
		      (at && ami_read(t->k, at, &off, sizeof(off)) !=
		       AMI_MEM_OK);
	return !off;
}

void evidence_find_dma_debug(struct ami_evidence *ev)
{
	struct table t = { .ev = ev, .k = ev->state->kernel };
	bool complete;
	size_t i;

	if (!ami_symbol(t.k, AMI_SYM_dma_entry_hash) ||
	    !ami_has(t.k, AMI_F_dma_debug_list) ||
	    !ami_has(t.k, AMI_F_bucket_list) || !is_on(&t))
		return;
	read_table(&t);
	if (t.count)
		add_all(&t);
	free(t.list);
	complete = !t.damaged && !t.full;
	if (!complete)
		ami_finding_add(ev->state->findings, AMI_FIND_DMA_DEBUG_UNREAD,
				"dma-debug",
				"The kernel's table of mappings cannot be read completely, or has impossible values. The report does not use it as a reference.");
	/* The table names devices by their struct device. */
	for (i = 0; i < ev->state->nr_devices; i++)
		if (ev->state->devices[i].dev)
			(complete ? evidence_cover_device : evidence_cover_partly)(
				ev, &ev->state->devices[i], "dma-debug");
}
