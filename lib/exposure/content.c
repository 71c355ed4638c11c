// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does what a page holds contradict its owner? Free pages are poisoned when
 * the kernel runs with page_poison=1 (or zeroed, init_on_free=1), slab objects
 * stand between red zones with slub_debug. What breaks them was no owner.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <amdiommu/page.h>

#include "exposure.h"

/* include/linux/poison.h */
#define PAGE_POISON		0xaa
#define SLUB_RED_INACTIVE	0xbb
#define SLUB_RED_ACTIVE		0xcc
#define POISON_FREE		0x6b
#define POISON_END		0xa5

/* Bits of slab_flags_t before they became enumerators (6.9). */
#define RED_ZONE_BIT		10
#define OBJECT_POISON_BIT	31

#define MAX_OBJECT		(1u << 20)
#define MAX_OBJECTS		32767u

static bool key_enabled(struct ami_kernel *k, enum ami_symbol key)
{
	uint32_t enabled;

	return ami_symbol(k, key) &&
	       ami_read_u32(k, ami_symbol(k, key), &enabled) == AMI_MEM_OK &&
	       (int32_t)enabled > 0;
}

/* The byte that fills free pages of this kernel, -1 when none does. */
static int free_pattern(struct ami_kernel *k)
{
	if (key_enabled(k, AMI_SYM__page_poisoning_enabled))
		return PAGE_POISON;
	return key_enabled(k, AMI_SYM_init_on_free) ? 0 : -1;
}

bool free_pages_tell(const struct ami_exposures *ex)
{
	return free_pattern(ex->state->kernel) >= 0;
}

/* First byte of @len that is not @pattern; @len when all are. */
static size_t first_other(const uint8_t *p, size_t len, uint8_t pattern)
{
	size_t i;

	for (i = 0; i < len && p[i] == pattern; i++)
		;
	return i;
}

static size_t count_other(const uint8_t *p, size_t len, uint8_t pattern)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += p[i] != pattern;
	return n;
}

static void contradicted(struct ami_exposures *ex,
			 const struct ami_exposure *e, uint64_t phys,
			 enum ami_finding_code code, const char *what)
{
	char where[AMI_REQUESTER_TEXT], iova[40] = "";
	struct ami_writer w;

	if (ami_first_writer(ex, e, phys, &w) && w.has_iova)
		snprintf(iova, sizeof(iova), " through IOVA %#" PRIx64,
			 w.iova);
	ami_requester_text(e->requester, where);
	ami_finding_add(&ex->state->findings, code, where,
			"%s at %#" PRIx64 ", where this device could write%s (%s): something wrote there that did not own it.",
			what, phys, iova, ami_class_name(e->class));
}

static void check_free(struct ami_exposures *ex, const struct ami_exposure *e,
		       uint64_t pfn)
{
	struct ami_dump *dump = ami_kernel_dump(ex->state->kernel);
	int pattern = free_pattern(ex->state->kernel);
	const uint8_t *page;
	enum ami_mem mem;
	char what[96];
	size_t at;

	if (pattern < 0)
		return;
	page = ami_dump_page(dump, pfn, &mem);
	if (!page)
		return;
	at = first_other(page, AMI_PAGE_SIZE, pattern);
	if (at < AMI_PAGE_SIZE) {
		snprintf(what, sizeof(what),
			 "A free page holds %zu bytes that are not its filling %#04x, the first",
			 count_other(page, AMI_PAGE_SIZE, pattern), pattern);
		contradicted(ex, e, (pfn << AMI_PAGE_SHIFT) + at,
			     AMI_FIND_FREE_PAGE_WRITTEN, what);
	}
	ami_dump_unpage(dump, page);
}

/** struct cache - a kmem_cache with red zones */
struct cache {
	uint64_t size, object_size, inuse, left;
	bool poisoned;
};

static bool flag_set(struct ami_kernel *k, uint64_t flags,
		     enum ami_enumerator name, int older)
{
	return flags >> ami_enumerator(k, name, older) & 1;
}

static bool has_red_zones(struct ami_kernel *k, uint64_t at, struct cache *c)
{
	uint64_t flags;

	if (ami_get(k, at, AMI_F_kmem_cache_flags, &flags) != AMI_MEM_OK ||
	    !flag_set(k, flags, AMI_E__SLAB_RED_ZONE, RED_ZONE_BIT) ||
	    ami_get(k, at, AMI_F_kmem_cache_size, &c->size) != AMI_MEM_OK ||
	    ami_get(k, at, AMI_F_kmem_cache_object_size, &c->object_size) !=
	    AMI_MEM_OK ||
	    ami_get(k, at, AMI_F_kmem_cache_inuse, &c->inuse) != AMI_MEM_OK ||
	    ami_get(k, at, AMI_F_kmem_cache_red_left_pad, &c->left) !=
	    AMI_MEM_OK)
		return false;
	c->poisoned = flag_set(k, flags, AMI_E__SLAB_OBJECT_POISON,
			       OBJECT_POISON_BIT);
	return c->size && c->size <= MAX_OBJECT && c->object_size &&
	       c->object_size <= c->inuse && c->left + c->inuse <= c->size;
}

static bool is_poison(const uint8_t *object, uint64_t size, size_t *at)
{
	*at = first_other(object, size - 1, POISON_FREE);
	return *at == size - 1 && object[size - 1] == POISON_END;
}

/* One slot: left red zone, object, right red zone up to "inuse". */
static void check_slot(struct ami_exposures *ex, const struct ami_exposure *e,
		       const struct cache *c, uint64_t phys,
		       const uint8_t *slot)
{
	const uint8_t *object = slot + c->left;
	const uint8_t *right = object + c->object_size;
	uint64_t room = c->inuse - c->object_size;
	uint8_t zone = c->left ? slot[0] : room ? *right : SLUB_RED_ACTIVE;
	size_t at;

	if (zone != SLUB_RED_INACTIVE && zone != SLUB_RED_ACTIVE) {
		contradicted(ex, e, phys + (c->left ? 0 : c->object_size),
			     AMI_FIND_RED_ZONE_WRITTEN, "A red zone is damaged");
		return;
	}
	at = first_other(slot, c->left, zone);
	if (at < c->left) {
		contradicted(ex, e, phys + at, AMI_FIND_RED_ZONE_WRITTEN,
			     "The red zone before a slab object is damaged");
		return;
	}
	at = first_other(right, room, zone);
	if (at < room) {
		contradicted(ex, e, phys + c->left + c->object_size + at,
			     AMI_FIND_RED_ZONE_WRITTEN,
			     "The red zone behind a slab object is damaged");
		return;
	}
	if (zone == SLUB_RED_INACTIVE && c->poisoned &&
	    !is_poison(object, c->object_size, &at))
		contradicted(ex, e, phys + c->left + at,
			     AMI_FIND_FREE_OBJECT_WRITTEN,
			     "The poison of a free slab object is damaged");
}

static uint64_t objects_of(struct ami_kernel *k, uint64_t base)
{
	uint64_t page = ami_pfn_to_page(k, base >> AMI_PAGE_SHIFT), n = 0;

	ami_get(k, page, ami_has(k, AMI_F_slab_objects) ?
		AMI_F_slab_objects : AMI_F_page_objects, &n);
	return n > MAX_OBJECTS ? 0 : n;
}

/* Slots that touch the page; those that begin before it are seen there. */
static void check_slab(struct ami_exposures *ex, const struct ami_exposure *e,
		       uint64_t pfn)
{
	struct ami_kernel *k = ex->state->kernel;
	uint64_t phys = pfn << AMI_PAGE_SHIFT, base, i, last;
	uint64_t at = ami_owner_cache(ex->owners, pfn, &base);
	struct cache c;
	uint8_t *slot;

	if (!at || !has_red_zones(k, at, &c))
		return;
	slot = malloc(c.size);
	if (!slot)
		return;
	last = (phys - base + AMI_PAGE_SIZE - 1) / c.size;
	for (i = (phys - base) / c.size; i <= last; i++)
		if (i < objects_of(k, base) &&
		    ami_dump_read(ami_kernel_dump(k), base + i * c.size, slot,
				  c.size) == AMI_MEM_OK)
			check_slot(ex, e, &c, base + i * c.size, slot);
	free(slot);
}

/**
 * struct checker - pages of one exposure; those not @free are of slabs
 */
struct checker {
	struct ami_exposures *ex;
	const struct ami_exposure *e;
	const struct ami_pfnset *free;
};

static bool check_pages(void *ctx, uint64_t first, uint64_t count)
{
	struct checker *c = ctx;
	uint64_t pfn;

	for (pfn = first; pfn < first + count; pfn++) {
		if (ami_pfnset_has(c->free, pfn))
			check_free(c->ex, c->e, pfn);
		else
			check_slab(c->ex, c->e, pfn);
	}
	return !ami_dump_interrupted(ami_kernel_dump(c->ex->state->kernel));
}

void check_content(struct ami_exposures *ex, const struct ami_exposure *e,
		   const struct ami_pfnset *pages,
		   const struct ami_pfnset *free)
{
	struct checker c = { ex, e, free };

	ami_pfnset_ranges(pages, check_pages, &c);
}
