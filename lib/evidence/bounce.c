// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bounce buffers in use, from each shape of swiotlb's state: arrays behind
 * global variables (5.10), struct io_tlb_mem (5.13), pools in it (6.6).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bounce.h"

#define MAX_SLOTS	(1u << 21)	/* 4 GiB; the default is 64 MiB */
#define MAX_POOLS	1024u
#define AT_ONCE		128u
#define MAX_SLOT_SIZE	64u
#define UNUSED		UINT64_MAX	/* INVALID_PHYS_ADDR */

/**
 * struct pool - contiguous slots
 * @start: physical address of the first one
 * @origins: virtual address of the first one's origin; @step: to the next one's
 */
struct pool {
	uint64_t start, slots, origins, step;
};

static bool add_bounce(struct ami_evidence *ev, uint64_t origin, uint64_t slot)
{
	struct bounces *b = ev->collector->bounces;

	if (!evidence_grown(ev, vec_push(b->by_slot, b->count, SIZE_MAX,
					 (struct ami_bounce){ origin, slot })))
		return false;
	ami_pfnset_add(b->pages, slot >> AMI_PAGE_SHIFT, 1);
	return true;
}

static void report_bounce_damage(struct ami_evidence *ev, const char *what)
{
	ami_finding_add_with(ev->state->findings,
			AMI_FIND_BOUNCE_BUFFERS_UNREAD,
			"swiotlb", AMI_FACTS(AMI_NAMES(FAULT, what)),
			"Its state %s: bounce buffers that devices were to write may be missing.",
			what);
	ev->collector->bounces->unread = true;
}

static void read_pool(struct ami_evidence *ev, const struct pool *p)
{
	uint8_t block[AT_ONCE * MAX_SLOT_SIZE];
	uint64_t i, n, k, origin;
	bool gap = false;

	if (!p->start || !p->slots)
		return;
	if (p->slots > MAX_SLOTS - ev->collector->bounces->count ||
	    p->start % AMI_BOUNCE_SLOT || p->start >> 52 ||
	    p->step > MAX_SLOT_SIZE || p->step < sizeof(origin)) {
		report_bounce_damage(ev, "have impossible values");
		return;
	}
	for (i = 0; i < p->slots; i += n) {
		n = p->slots - i < AT_ONCE ? p->slots - i : AT_ONCE;
		/* Only the origin of the last one is needed. */
		if (ami_read(ev->state->kernel, p->origins + i * p->step, block,
			     (n - 1) * p->step + sizeof(origin)) !=
		    AMI_MEM_OK) {
			gap = true;
			continue;
		}
		for (k = 0; k < n; k++) {
			memcpy(&origin, block + k * p->step, sizeof(origin));
			if (origin != UNUSED &&
			    !add_bounce(ev, origin, p->start +
					(i + k) * AMI_BOUNCE_SLOT))
				return;
		}
	}
	if (gap)
		report_bounce_damage(ev, "are not in the dump");
}

/* Where one of the two structures that describe a pool has its members. */
struct pool_members {
	enum ami_field start, slots, origins;
};

static const struct pool_members in_mem = {
	AMI_F_tlb_mem_start, AMI_F_tlb_mem_nslabs, AMI_F_tlb_mem_slots,
};
static const struct pool_members in_pool = {
	AMI_F_tlb_pool_start, AMI_F_tlb_pool_nslabs, AMI_F_tlb_pool_slots,
};

static void read_described(struct ami_evidence *ev, uint64_t va,
			   const struct pool_members *m)
{
	struct ami_kernel *k = ev->state->kernel;
	struct pool p = { .step = ami_type_size(k, AMI_T_io_tlb_slot) };
	enum ami_mem mem;

	if (ami_get(k, va, m->start, &p.start) != AMI_MEM_OK ||
	    ami_get(k, va, m->slots, &p.slots) != AMI_MEM_OK) {
		report_bounce_damage(ev, "are not in the dump");
		return;
	}
	/* An array at the end of the structure (5.13), or a pointer. */
	mem = ami_get(k, va, m->origins, &p.origins);
	if (mem == AMI_MEM_NO_FIELD) {
		p.origins = ami_addr(k, va, m->origins);
	} else if (mem != AMI_MEM_OK) {
		report_bounce_damage(ev, "are not in the dump");
		return;
	}
	if (p.start && !p.origins) {
		report_bounce_damage(ev, "have impossible values");
		return;
	}
	p.origins = ami_addr(k, p.origins, AMI_F_tlb_slot_orig);
	read_pool(ev, &p);
}

/* A kernel may add pools on demand (CONFIG_SWIOTLB_DYNAMIC). */
static void read_pools(struct ami_evidence *ev, uint64_t mem)
{
	struct ami_kernel *k = ev->state->kernel;
	struct ami_list_iter it;
	uint64_t node;

	if (!ami_has(k, AMI_F_tlb_mem_pools) ||
	    !ami_has(k, AMI_F_tlb_pool_node)) {
		read_described(ev, ami_addr(k, mem, AMI_F_tlb_mem_defpool),
			       &in_pool);
		return;
	}
	/* The first pool is in the list, too. */
	ami_list_start(&it, k, ami_addr(k, mem, AMI_F_tlb_mem_pools),
		       MAX_POOLS);
	while (ami_list_next(&it, &node))
		read_described(ev, ami_container(k, node, AMI_F_tlb_pool_node),
			       &in_pool);
	if (it.broken)
		report_bounce_damage(ev, "have a broken list of pools");
	else if (it.mem != AMI_MEM_OK)
		report_bounce_damage(ev, "are not in the dump");
}

/* A structure, or a pointer to one that ends in its array (5.13, 5.14). */
static void read_mem(struct ami_evidence *ev, uint64_t mem)
{
	struct ami_kernel *k = ev->state->kernel;

	if (ami_has(k, AMI_F_tlb_mem_defpool)) {
		read_pools(ev, mem);
		return;
	}
	if (!ami_kernel_layout(k)->field[AMI_F_tlb_mem_slots].size &&
	    ami_read_u64(k, mem, &mem) != AMI_MEM_OK)
		report_bounce_damage(ev, "are not in the dump");
	else if (mem)
		read_described(ev, mem, &in_mem);
}

static void read_globals(struct ami_evidence *ev)
{
	struct ami_kernel *k = ev->state->kernel;
	struct pool p = { .step = sizeof(uint64_t) };

	if (ami_read_u64(k, ami_symbol(k, AMI_SYM_io_tlb_start), &p.start) !=
	    AMI_MEM_OK ||
	    ami_read_u64(k, ami_symbol(k, AMI_SYM_io_tlb_nslabs), &p.slots) !=
	    AMI_MEM_OK ||
	    ami_read_u64(k, ami_symbol(k, AMI_SYM_io_tlb_orig_addr), &p.origins) !=
	    AMI_MEM_OK)
		report_bounce_damage(ev, "are not in the dump");
	else
		read_pool(ev, &p);
}

static int by_origin(const void *a, const void *b)
{
	const struct ami_bounce *x = a, *y = b;

	return (x->origin > y->origin) - (x->origin < y->origin);
}

static int by_slot(const void *a, const void *b)
{
	const struct ami_bounce *x = a, *y = b;

	return (x->slot > y->slot) - (x->slot < y->slot);
}

static bool sort_bounces(struct bounces *b)
{
	size_t i;

	if (!b->count)
		return true;
	b->by_origin = malloc(b->count * sizeof(*b->by_origin));
	if (!b->by_origin)
		return false;
	for (i = 0; i < b->count; i++)
		b->by_origin[i] = b->by_slot[i];
	qsort(b->by_origin, b->count, sizeof(*b->by_origin), by_origin);
	qsort(b->by_slot, b->count, sizeof(*b->by_slot), by_slot);
	return true;
}

void evidence_find_bounces(struct ami_evidence *ev)
{
	struct ami_kernel *k = ev->state->kernel;
	struct bounces *b = calloc(1, sizeof(*b));
	uint64_t mem = ami_symbol(k, AMI_SYM_io_tlb_default_mem);

	ev->collector->bounces = b;
	if (b)
		b->pages = ami_pfnset_new();
	if (!b || !b->pages) {
		ev->collector->no_memory = true;
		return;
	}
	if (mem && ami_has(k, AMI_F_tlb_slot_orig))
		read_mem(ev, mem);
	else if (ami_symbol(k, AMI_SYM_io_tlb_orig_addr))
		read_globals(ev);
	if (!sort_bounces(b))
		ev->collector->no_memory = true;
}

void evidence_free_bounces(struct bounces *b)
{
	if (!b)
		return;
	ami_pfnset_free(b->pages);
	free(b->by_origin);
	free(b->by_slot);
	free(b);
}

void evidence_keep_bounces(struct ami_evidence *ev)
{
	struct bounces *b = ev->collector->bounces;

	ev->by_origin = b->by_origin;
	ev->by_slot = b->by_slot;
	ev->nr_bounces = b->count;
	b->by_origin = b->by_slot = NULL;
	b->count = 0;
}

/* Index of the first of @count whose origin is at or above @origin. */
static size_t first_from(const struct ami_bounce *by_origin, size_t count,
			 uint64_t origin)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (by_origin[mid].origin < origin)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const struct ami_bounce *slot_at(const struct ami_bounce *list,
					size_t count, uint64_t phys)
{
	struct ami_bounce key = {
		.slot = phys / AMI_BOUNCE_SLOT * AMI_BOUNCE_SLOT,
	};

	return count ? bsearch(&key, list, count, sizeof(key), by_slot) : NULL;
}

/* Slots of 2 KiB: one that reaches a byte begins less than 2 KiB before it. */
static uint64_t lowest_origin(uint64_t phys)
{
	return phys > AMI_BOUNCE_SLOT ? phys - AMI_BOUNCE_SLOT + 1 : 0;
}

const struct ami_bounce *ami_bounce_of(const struct ami_evidence *ev,
				       uint64_t phys)
{
	return slot_at(ev->by_slot, ev->nr_bounces, phys);
}

const struct ami_bounce *ami_bounce_for(const struct ami_evidence *ev,
					uint64_t phys)
{
	size_t i = first_from(ev->by_origin, ev->nr_bounces,
			      lowest_origin(phys));

	return i < ev->nr_bounces && ev->by_origin[i].origin <= phys ?
	       &ev->by_origin[i] : NULL;
}

/*
 * A driver may ask that the buffer has the original's offset within a page. The
 * bytes of a slot then begin in it and end in the next one.
 */
void evidence_add_memory(struct ami_evidence *ev, uint64_t phys, uint64_t len)
{
	const struct bounces *b = ev->collector->bounces;
	uint64_t at = phys, end = phys + len;
	size_t i;

	if (!len || end < phys)
		return;
	i = first_from(b->by_origin, b->count, lowest_origin(phys));
	for (; i < b->count; i++) {
		const struct ami_bounce *s = &b->by_origin[i];
		uint64_t from = s->origin / AMI_BOUNCE_SLOT * AMI_BOUNCE_SLOT;

		if (from >= end)
			break;
		evidence_add_span(ev, s->slot, AMI_BOUNCE_SLOT);
		if (s->origin > at)
			evidence_add_span(ev, at, (s->origin < end ? s->origin : end) -
					  at);
		if (s->origin + AMI_BOUNCE_SLOT > at)
			at = s->origin + AMI_BOUNCE_SLOT;
	}
	if (at < end)
		evidence_add_span(ev, at, end - at);
}

bool evidence_bounces_to(const struct ami_evidence *ev, uint64_t slot, uint64_t phys)
{
	const struct bounces *b = ev->collector->bounces;
	const struct ami_bounce *found = slot_at(b->by_slot, b->count, slot);

	return found && phys + AMI_BOUNCE_SLOT > found->origin &&
	       phys < found->origin + AMI_BOUNCE_SLOT;
}

/* Frames of slots that no transfer reaches. */
static struct ami_pfnset *unnamed_frames(const struct ami_evidence *ev)
{
	struct ami_pfnset *left = ami_pfnset_new();
	size_t i;

	if (!left)
		return NULL;
	ami_pfnset_union(left, ev->collector->bounces->pages);
	for (i = 0; i < ev->nr_sets; i++)
		ami_pfnset_subtract(left, ev->sets[i].pages);
	return left;
}

static bool may_use(const struct ami_evidence *ev, const struct ami_device *d)
{
	return d->may_write && ami_device_active(d) && ami_device_direct(d) &&
	       !ami_evidence_covers(ev, d->bdf);
}

static void add_rest(struct ami_evidence *ev, const struct ami_device *d,
		     const struct ami_pfnset *left)
{
	const struct bounces *b = ev->collector->bounces;
	size_t i;

	evidence_begin_transfer(ev, d, AMI_TRANSFER_INFLIGHT, AMI_POSSIBLE, "swiotlb",
				"bounce buffers in use, device and direction not recorded");
	for (i = 0; i < b->count; i++)
		if (ami_pfnset_has(left, b->by_slot[i].slot >> AMI_PAGE_SHIFT))
			evidence_add_span(ev, b->by_slot[i].slot, AMI_BOUNCE_SLOT);
	evidence_end_transfer(ev);
}

/* If a buffer is bounced, readers named only the original memory. */
static void doubt_untranslated(struct ami_evidence *ev)
{
	size_t i;

	for (i = 0; i < ev->state->nr_devices; i++) {
		const struct ami_device *d = &ev->state->devices[i];

		if (ami_device_direct(d) && ami_evidence_covers(ev, d->bdf))
			evidence_cover_partly(ev, d, "swiotlb");
	}
}

void evidence_name_bounces(struct ami_evidence *ev)
{
	const struct bounces *b = ev->collector->bounces;
	struct ami_pfnset *left;
	size_t devices = 0, i;

	if (b->unread)
		doubt_untranslated(ev);
	if (!b->count)
		return;
	left = unnamed_frames(ev);
	if (!left) {
		ev->collector->no_memory = true;
		return;
	}
	for (i = 0; ami_pfnset_count(left) && i < ev->state->nr_devices; i++) {
		const struct ami_device *d = &ev->state->devices[i];

		if (may_use(ev, d)) {
			add_rest(ev, d, left);
			devices++;
		}
	}
	ami_finding_add_with(ev->state->findings, AMI_FIND_BOUNCE_BUFFERS, "swiotlb",
			AMI_FACTS(AMI_SAYS(COUNT, b->count),
				  AMI_SAYS(PAGES, ami_pfnset_count(left)),
				  AMI_SAYS(DEVICES, devices)),
			"%zu bounce buffers of 2 KiB are in use. Drivers' evidence names all but %" PRIu64 " of their pages. The kernel records neither device nor direction of those. They count for %zu untranslated devices without a reader.",
			b->count, ami_pfnset_count(left), devices);
	ami_pfnset_free(left);
}
