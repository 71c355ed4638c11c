/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Damage as DMA does it, chosen by a seed. */
#ifndef DAMAGE_H
#define DAMAGE_H

#include "places.h"

enum damage {
	BY_FRAMES,	/* a page full of network frames */
	BY_SPLASH,	/* one frame, somewhere in the page */
	BY_BLOCK,	/* a disk block: file data */
	BY_ZEROS,
	BY_OTHER_PAGE,	/* what another page of the dump holds */
	BY_BIT,		/* a single bit */
	BY_WORD,	/* a word that looks like a pointer, or is random */
	BY_HIDING,	/* the page is not in the dump, or unreadable */
	BY_LINES,	/* zeros over whole cache lines */
	BY_SHIFT,	/* an object or a page, moved by some words */
	BY_SWAP,	/* two objects of a kind, each in the other's place */
	BY_STALE,	/* what another object of the kind holds */
	BY_SEVERAL,	/* more than one of the above */
	BY_SWEEP,	/* one place after the other: sweep.h */
	BY_NR
};

extern const char *const damage_name[BY_NR];

/** struct random - splitmix64: the same numbers for the same seed */
struct random {
	uint64_t state;
};

uint64_t random_next(struct random *r);
/** random_below() - 0 to @n - 1 */
uint64_t random_below(struct random *r, uint64_t n);

#define MAX_HITS	16u	/* on one dump */

/** struct hit - one place, and what was done there */
struct hit {
	enum damage damage;
	enum what what;
	uint64_t paddr;
	uint64_t also;	/* the other place of two, 0: none */
};

struct hits {
	struct hit hit[MAX_HITS];
	unsigned int count;
};

/** damage_apply() - damage @o in the way that @r chooses; three in four once */
void damage_apply(struct overlay *o, const struct places *p, struct random *r,
		  struct hits *hits);

#endif
