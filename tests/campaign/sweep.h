/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Not at random but one place after the other: each word of what the analysis
 * reads set to zero, or each bit of the driver's structures turned over.
 */
#ifndef SWEEP_H
#define SWEEP_H

#include "damage.h"

enum sweep_kind { SWEEP_NONE, SWEEP_WORDS, SWEEP_BITS };

struct swept {
	enum what what;
	uint64_t paddr;
};

/**
 * struct sweep - words that are not zero, or granules for their bits
 * @list: sorted by what they belong to
 */
struct sweep {
	enum sweep_kind kind;
	unsigned int per_place;
	struct swept *list;
	size_t places;
	uint64_t count;		/* of damaged dumps */
};

/** sweep_find() - all places of a kind; aborts without memory */
void sweep_find(struct sweep *s, enum sweep_kind kind, const struct overlay *o,
		const struct places *p);
/** sweep_apply() - damage @o for number @at, below @s->count */
void sweep_apply(const struct sweep *s, struct overlay *o, uint64_t at,
		 struct hits *hits);
void sweep_free(struct sweep *s);

#endif
