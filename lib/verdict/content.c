// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does a page's content contradict its owner? The kernel poisons free pages
 * with page_poison=1 (or zeroes them, init_on_free=1), and puts slab objects
 * between red zones with slub_debug. Whatever breaks these was not an owner.
 * Such pages hold what users left there, so an extract gets the results, not
 * the bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kernel/page.h>

#include "verdict.h"

/* include/linux/poison.h */
#define SLUB_RED_INACTIVE	0xbb
#define SLUB_RED_ACTIVE		0xcc
#define POISON_FREE		0x6b
#define POISON_END		0xa5

/* Bits of slab_flags_t before they became enumerators (6.9). */
#define RED_ZONE_BIT		10
#define OBJECT_POISON_BIT	31

#define MAX_OBJECT		(1u << 20)
#define MAX_OBJECTS		32767u

/* First byte of @len that is not @pattern; @len: all are. */
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

/* What a page may hold that its owner did not put there. Kept in extracts. */
enum content_kind {
	CONTENT_FREE_PAGE = 1,	/* @count bytes of it */
	CONTENT_ZONE_LOST,	/* not a value of any red zone */
	CONTENT_ZONE_BEFORE,
	CONTENT_ZONE_BEHIND,
	CONTENT_FREE_OBJECT,
	CONTENT_UNREAD,
};

static const struct {
	enum ami_finding_code code;
	const char *what;
} content_kinds[] = {
	[CONTENT_FREE_PAGE] = { AMI_FIND_FREE_PAGE_WRITTEN, "A free page" },
	[CONTENT_ZONE_LOST] = {
		AMI_FIND_RED_ZONE_WRITTEN, "A red zone is damaged" },
	[CONTENT_ZONE_BEFORE] = {
		AMI_FIND_RED_ZONE_WRITTEN,
		"The red zone before a slab object is damaged" },
	[CONTENT_ZONE_BEHIND] = {
		AMI_FIND_RED_ZONE_WRITTEN,
		"The red zone after a slab object is damaged" },
	[CONTENT_FREE_OBJECT] = {
		AMI_FIND_FREE_OBJECT_WRITTEN,
		"The poison of a free slab object is damaged" },
	[CONTENT_UNREAD] = {
		AMI_FIND_CONTENTS_UNREAD,
		"Poison or red zones were not checked in the page" },
};

#define CONTENT_KINDS	(sizeof(content_kinds) / sizeof(content_kinds[0]))

/** struct checker - pages of one exposure; those outside @free are of slabs */
struct checker {
	struct ami_exposures *ex;
	const struct ami_exposure *e;
	const struct ami_pfnset *free;
	uint64_t pfn;			/* looked at */
};

static struct ami_dump *dump_of(const struct checker *c)
{
	return ami_kernel_dump(c->ex->state->kernel);
}

static void report_content(const struct checker *c,
			   const struct ami_content *found)
{
	enum ami_finding_code code = content_kinds[found->kind].code;
	uint32_t filling = ami_free_page_filling(c->ex->state->kernel);
	bool free_page = found->kind == CONTENT_FREE_PAGE;
	char where[AMI_REQUESTER_TEXT], iova[40] = "", what[96];
	struct ami_writer w = { .has_iova = false };

	snprintf(what, sizeof(what), "%s", content_kinds[found->kind].what);
	if (free_page)
		snprintf(what, sizeof(what),
			 "A free page holds %u bytes that are not its filling %#04x, the first",
			 found->count, filling);
	/*
	 * This searches all its tables, so do it only for findings that are
	 * kept.
	 */
	if (!ami_findings_full(c->ex->state->findings, code) &&
	    ami_first_writer(c->ex, c->e, found->phys, &w) && w.has_iova)
		snprintf(iova, sizeof(iova), " through IOVA %#" PRIx64,
			 w.iova);
	ami_requester_text(c->e->requester, where);
	ami_finding_add_with(c->ex->state->findings, code, where,
			AMI_FACTS(AMI_SAYS(PHYS, found->phys),
				  AMI_SAYS_IF(w.has_iova, IOVA, w.iova),
				  AMI_SAYS_IF(free_page, BYTES, found->count),
				  AMI_SAYS_IF(free_page, FILLING, filling),
				  AMI_NAMES(CLASS, ami_class_name(c->e->class))),
			"%s at %#" PRIx64 ", where this device could write%s (%s): %s.",
			what, found->phys, iova, ami_class_name(c->e->class),
			found->kind == CONTENT_UNREAD ?
			"what is needed for that cannot be read" :
			"something wrote there that did not own it");
	ami_dump_content_add(dump_of(c), found);
}

static void contradicted(const struct checker *c, enum content_kind kind,
			 uint64_t phys, uint32_t count)
{
	report_content(c, &(struct ami_content){ c->pfn, phys, kind, count });
}

/* An extract has no such pages: what kept them from being checked is recorded. */
static void note_unread(const struct checker *c)
{
	if (!ami_dump_is_extract(dump_of(c)))
		contradicted(c, CONTENT_UNREAD, c->pfn << AMI_PAGE_SHIFT, 0);
}

static void check_free(const struct checker *c)
{
	int pattern = ami_free_page_filling(c->ex->state->kernel);
	const uint8_t *page;
	enum ami_mem mem;
	size_t at;

	if (pattern < 0)
		return;
	ami_dump_record_pause(dump_of(c), true);
	page = ami_dump_page(dump_of(c), c->pfn, &mem);
	ami_dump_record_pause(dump_of(c), false);
	if (!page) {
		note_unread(c);
		return;
	}
	at = first_other(page, AMI_PAGE_SIZE, pattern);
	if (at < AMI_PAGE_SIZE)
		contradicted(c, CONTENT_FREE_PAGE,
			     (c->pfn << AMI_PAGE_SHIFT) + at,
			     count_other(page, AMI_PAGE_SIZE, pattern));
	ami_dump_unpage(dump_of(c), page);
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

/* @read: false if the dump does not have what is asked */
static bool has_red_zones(struct ami_kernel *k, uint64_t at, struct cache *c,
			  bool *read)
{
	enum ami_mem mem;
	uint64_t flags;

	mem = ami_get(k, at, AMI_F_kmem_cache_flags, &flags);
	*read = mem == AMI_MEM_OK || mem == AMI_MEM_NO_FIELD;
	if (mem != AMI_MEM_OK ||
	    !flag_set(k, flags, AMI_E__SLAB_RED_ZONE, RED_ZONE_BIT))
		return false;
	*read = ami_get(k, at, AMI_F_kmem_cache_size, &c->size) == AMI_MEM_OK &&
		ami_get(k, at, AMI_F_kmem_cache_object_size,
			&c->object_size) == AMI_MEM_OK &&
		ami_get(k, at, AMI_F_kmem_cache_inuse, &c->inuse) ==
		AMI_MEM_OK &&
		ami_get(k, at, AMI_F_kmem_cache_red_left_pad, &c->left) ==
		AMI_MEM_OK;
	c->poisoned = flag_set(k, flags, AMI_E__SLAB_OBJECT_POISON,
			       OBJECT_POISON_BIT);
	return *read && c->size && c->size <= MAX_OBJECT && c->object_size &&
	       c->object_size <= c->inuse && c->left + c->inuse <= c->size;
}

static bool is_poison(const uint8_t *object, uint64_t size, size_t *at)
{
	*at = first_other(object, size - 1, POISON_FREE);
	return *at == size - 1 && object[size - 1] == POISON_END;
}

/* One slot: left red zone, object, right red zone up to "inuse". */
static void check_slot(const struct checker *c, const struct cache *cache,
		       uint64_t phys, const uint8_t *slot)
{
	const uint8_t *object = slot + cache->left;
	const uint8_t *right = object + cache->object_size;
	uint64_t room = cache->inuse - cache->object_size;
	uint8_t zone = cache->left ? slot[0] : room ? *right :
		       SLUB_RED_ACTIVE;
	size_t at;

	if (zone != SLUB_RED_INACTIVE && zone != SLUB_RED_ACTIVE) {
		contradicted(c, CONTENT_ZONE_LOST, phys +
			     (cache->left ? 0 : cache->object_size), 0);
		return;
	}
	at = first_other(slot, cache->left, zone);
	if (at < cache->left) {
		contradicted(c, CONTENT_ZONE_BEFORE, phys + at, 0);
		return;
	}
	at = first_other(right, room, zone);
	if (at < room) {
		contradicted(c, CONTENT_ZONE_BEHIND, phys + cache->left +
			     cache->object_size + at, 0);
		return;
	}
	if (zone == SLUB_RED_INACTIVE && cache->poisoned &&
	    !is_poison(object, cache->object_size, &at))
		contradicted(c, CONTENT_FREE_OBJECT, phys + cache->left + at,
			     0);
}

static uint64_t objects_of(struct ami_kernel *k, uint64_t base)
{
	uint64_t page = ami_pfn_to_page(k, base >> AMI_PAGE_SHIFT), n = 0;

	ami_get(k, page, ami_has(k, AMI_F_slab_objects) ?
		AMI_F_slab_objects : AMI_F_page_objects, &n);
	return n > MAX_OBJECTS ? 0 : n;
}

/* Slots that touch the page. Those that begin before it are checked there. */
static bool check_slots(const struct checker *c, const struct cache *cache,
			uint64_t base, uint8_t *slot)
{
	uint64_t phys = c->pfn << AMI_PAGE_SHIFT, i, last;
	uint64_t count = objects_of(c->ex->state->kernel, base);
	bool read = true;

	last = (phys - base + AMI_PAGE_SIZE - 1) / cache->size;
	for (i = (phys - base) / cache->size; i <= last && i < count; i++) {
		if (ami_dump_read(dump_of(c), base + i * cache->size, slot,
				  cache->size) == AMI_MEM_OK)
			check_slot(c, cache, base + i * cache->size, slot);
		else
			read = false;
	}
	return read;
}

static void check_slab(const struct checker *c)
{
	struct ami_kernel *k = c->ex->state->kernel;
	uint64_t base, at = ami_owner_cache(c->ex->owners, c->pfn, &base);
	struct cache cache;
	uint8_t *slot;
	bool read;

	if (!at)
		return;
	if (!has_red_zones(k, at, &cache, &read)) {
		if (!read)
			note_unread(c);
		return;
	}
	slot = malloc(cache.size);
	if (!slot)
		return;
	ami_dump_record_pause(dump_of(c), true);
	read = check_slots(c, &cache, base, slot);
	ami_dump_record_pause(dump_of(c), false);
	if (!read)
		note_unread(c);
	free(slot);
}

/*
 * An extract does not have the content of such pages, but what was found in
 * them.
 */
static bool found_before(const struct checker *c)
{
	const struct ami_content *found;
	size_t count, i;

	found = ami_dump_contents(dump_of(c), c->pfn, &count);
	for (i = 0; i < count; i++)
		if (found[i].kind && found[i].kind < CONTENT_KINDS)
			report_content(c, &found[i]);
	return count;
}

static bool check_pages(void *ctx, uint64_t first, uint64_t count)
{
	struct checker *c = ctx;

	for (c->pfn = first; c->pfn < first + count; c->pfn++) {
		if (found_before(c))
			continue;
		if (ami_pfnset_has(c->free, c->pfn))
			check_free(c);
		else
			check_slab(c);
	}
	return !ami_dump_stopped(dump_of(c));
}

void verdict_check_content(struct ami_exposures *ex, const struct ami_exposure *e,
		   const struct ami_pfnset *pages,
		   const struct ami_pfnset *free)
{
	struct checker c = { .ex = ex, .e = e, .free = free };

	ami_pfnset_ranges(pages, check_pages, &c);
}
