// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pointers in objects. Objects of one cache are of one type, so a word that is a
 * pointer or nothing in most of them is a pointer in all.
 */
#include <string.h>

#include "slab.h"

#define ENOUGH		16u	/* objects to learn from */
#define ERROR_POINTER	0xfffffffffffff000ull	/* -4095 and above */
#define POISON		0xdead	/* LIST_POISON1 and its like */

static bool is_pointer(uint64_t word)
{
	return word >> 56 == 0xff && word < ERROR_POINTER;
}

/* NULL, an error number, the poison of a list. */
static bool stands_for_none(uint64_t word)
{
	return !word || word >= ERROR_POINTER || word >> 48 == POISON;
}

static bool read_object(struct scan *s, const struct slab_view *v, uint32_t i,
			uint8_t *object)
{
	return !v->free[i] &&
	       ami_dump_read(s->dump, v->base + (uint64_t)i * v->cache->size,
			     object, v->cache->object_size) == AMI_MEM_OK;
}

void content_words_count(struct scan *s, const struct slab_view *v)
{
	struct slab_cache *c = v->cache;
	uint8_t object[MAX_OBJECT];
	uint32_t i, w;
	uint64_t word;

	for (i = 0; i < v->objects; i++) {
		if (!read_object(s, v, i, object))
			continue;
		c->objects++;
		for (w = 0; w < c->object_size / 8; w++) {
			memcpy(&word, object + w * 8, sizeof(word));
			if (is_pointer(word))
				c->pointers[w]++;
			else if (!stands_for_none(word))
				c->others[w]++;
		}
	}
}

static bool should_be_pointer(const struct slab_cache *c, uint32_t word)
{
	return c->objects >= ENOUGH && c->others[word] * 4ull <= c->objects &&
	       c->pointers[word] * 3ull >= c->objects;
}

uint64_t content_words_lost(const struct slab_cache *c)
{
	uint64_t lost = 0;
	uint32_t w;

	for (w = 0; w < c->object_size / 8; w++)
		if (should_be_pointer(c, w))
			lost += c->others[w];
	return lost;
}

uint32_t content_words_broken(struct scan *s, const struct slab_view *v,
			      uint32_t i, uint64_t from, uint64_t to,
			      uint32_t *places, uint64_t *first)
{
	const struct slab_cache *c = v->cache;
	uint64_t at = v->base + (uint64_t)i * c->size, word;
	uint8_t object[MAX_OBJECT];
	uint32_t w, broken = 0;

	*places = 0;
	if (!read_object(s, v, i, object))
		return 0;
	for (w = 0; w < c->object_size / 8; w++) {
		if (at + w * 8 < from || at + w * 8 + 8 > to ||
		    !should_be_pointer(c, w))
			continue;
		++*places;
		memcpy(&word, object + w * 8, sizeof(word));
		if (is_pointer(word) || stands_for_none(word))
			continue;
		if (!broken++)
			*first = at + w * 8;
	}
	return broken;
}
