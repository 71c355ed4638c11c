/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/content: slabs of never-buffers (SLUB). */
#ifndef AMI_CONTENT_SLAB_H
#define AMI_CONTENT_SLAB_H

#include "scan.h"

#define MAX_OBJECTS	32767u
#define MAX_OBJECT	65536u

/**
 * struct slab_place - a slab: where its first page lies, and how many it has
 * @head: its list of free objects; @objects: 0: these two cannot be read
 */
struct slab_place {
	uint64_t base, head;
	uint32_t objects, pages;
};

/**
 * struct slab_cache - a kmem_cache whose slabs were met
 * @readable: its slabs are of a kind that this knows
 * @merged: others were merged into it: words of its objects differ
 * @blank: some of its objects were never filled
 * @offset: of the pointer to the next free object, @random: what hides it
 * @slab: its slabs
 * @idle: physical addresses of objects that CPUs keep for themselves, ascending
 * @frame: those that lie in its slabs
 * @objects: in use; of them have @pointers, or a word that may stand for one, at
 *	each place
 */
struct slab_cache {
	uint64_t va, random;
	uint32_t size, object_size, offset;
	bool readable, merged, blank;
	struct slab_place *slab;
	uint64_t *idle;
	size_t nr_slabs, nr_idle;
	struct ami_frame *frame;
	size_t nr_frames;
	uint64_t objects;
	uint32_t *pointers, *others;
};

/**
 * struct slab_view - one slab
 * @free: for each object, whether it is free
 * @broken: a place where the list of free objects breaks off; 0: nowhere
 * @known: all of the list could be read
 */
struct slab_view {
	struct slab_cache *cache;
	uint64_t base;
	uint32_t objects;
	uint8_t free[MAX_OBJECTS];
	uint64_t broken;
	bool known;
};

/** content_slab_place() - what struct page says of a slab */
void content_slab_place(struct scan *s, const struct slab_cache *cache,
			uint64_t base, struct slab_place *p);

/** content_slab_view() - read what is free in a slab; false: nothing is known */
bool content_slab_view(struct scan *s, struct slab_cache *cache,
		       const struct slab_place *p, struct slab_view *v);

/** content_idle_collect() - objects that CPUs keep for themselves, free ones */
void content_idle_collect(struct scan *s, struct slab_cache *cache);

/** content_words_count() - what the words of objects in use look like */
void content_words_count(struct scan *s, const struct slab_view *v);

/** content_words_lost() - broken pointers in all objects of a cache */
uint64_t content_words_lost(const struct slab_cache *cache);

/**
 * content_words_broken() - words of one object that should be pointers
 * @from, @to: only those words that lie there, physical
 * @places: set to the number of words looked at; @first: to where the first
 *	broken one is
 *
 * Returns how many of them are neither a pointer nor what stands for one.
 */
uint32_t content_words_broken(struct scan *s, const struct slab_view *v,
			      uint32_t object, uint64_t from, uint64_t to,
			      uint32_t *places, uint64_t *first);

#endif
