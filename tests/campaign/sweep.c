// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <amdiommu/pfnset.h>

#include "sweep.h"

static void add(struct sweep *s, enum what what, uint64_t paddr)
{
	if (!(s->places & (s->places - 1))) {
		size_t room = s->places ? 2 * s->places : 1;

		s->list = realloc(s->list, room * sizeof(*s->list));
		if (!s->list)
			abort();
	}
	s->list[s->places++] = (struct swept){ what, paddr };
}

static int by_kind(const void *a, const void *b)
{
	const struct swept *x = a, *y = b;

	if (x->what != y->what)
		return x->what < y->what ? -1 : 1;
	return (x->paddr > y->paddr) - (x->paddr < y->paddr);
}

/* What the granule belongs to, if the structures are known by name. */
static enum what what_is(const struct places *p, uint64_t paddr)
{
	int what;
	size_t i;

	for (what = 0; what < AT_ANY; what++)
		for (i = 0; i < p->count[what]; i++) {
			const struct place *x = &p->list[what][i];

			if (x->paddr < paddr + AMI_GRANULE &&
			    paddr < x->paddr + x->len)
				return what;
		}
	return AT_ANY;
}

/* Bits of the other kinds are too many, and most of them are addresses. */
static bool has_bits(enum what what)
{
	return what <= AT_VIRTIO || what == AT_DTE || what == AT_SEMAPHORE;
}

static void add_granule(struct sweep *s, enum what what, uint64_t paddr,
			const uint8_t *data)
{
	static const uint8_t zeros[8];
	unsigned int i;

	if (s->kind == SWEEP_BITS && has_bits(what))
		add(s, what, paddr);
	for (i = 0; s->kind == SWEEP_WORDS && i < AMI_GRANULE; i += 8)
		if (memcmp(data + i, zeros, sizeof(zeros)))
			add(s, what, paddr + i);
}

void sweep_find(struct sweep *s, enum sweep_kind kind, const struct overlay *o,
		const struct places *p)
{
	const struct ami_pfnset *layout = overlay_layout_pages(o);
	size_t i;
	int g;

	*s = (struct sweep){ .kind = kind };
	for (i = 0; i < overlay_pages(o); i++) {
		uint64_t pfn = overlay_pfn(o, i);

		for (g = 0; g < 64 && !ami_pfnset_has(layout, pfn); g++) {
			uint64_t at = (pfn << AMI_PAGE_SHIFT) +
				      g * AMI_GRANULE;

			if (overlay_valid(o, pfn) >> g & 1)
				add_granule(s, what_is(p, at), at,
					    overlay_intact(o, pfn) +
					    g * AMI_GRANULE);
		}
	}
	if (s->places)
		qsort(s->list, s->places, sizeof(*s->list), by_kind);
	s->per_place = kind == SWEEP_BITS ? 8 * AMI_GRANULE : 1;
	s->count = s->places * s->per_place;
}

void sweep_apply(const struct sweep *s, struct overlay *o, uint64_t at,
		 struct hits *hits)
{
	const struct swept *place = &s->list[at / s->per_place];
	uint64_t bit = at % s->per_place, paddr = place->paddr + bit / 8;
	uint8_t byte;

	if (s->kind == SWEEP_WORDS) {
		overlay_poke64(o, paddr, 0);
	} else {
		byte = overlay_intact(o, paddr >> AMI_PAGE_SHIFT)
			[paddr % AMI_PAGE_SIZE] ^ 1u << bit % 8;
		overlay_poke(o, paddr, &byte, 1);
	}
	hits->count = 1;
	hits->hit[0] = (struct hit){ BY_SWEEP, place->what, paddr, 0 };
}

void sweep_free(struct sweep *s)
{
	free(s->list);
}
