// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The caches of slabs that a pass meets. What is to be looked at in each is
 * collected here, because a cache shows most when all of its slabs are known.
 */
#include <stdlib.h>
#include <string.h>

#include <common/vec.h>

#include "slab.h"

#define MAX_CACHES	4096u
#define MAX_SLABS	(1u << 16)	/* of a cache */
#define MAX_FRAMES	4096u

/* Debugging moves free objects, and fills them. */
static bool has_debugging(struct ami_kernel *k, uint64_t cache)
{
	uint64_t flags, left = 0;

	if (ami_has(k, AMI_F_kmem_cache_red_left_pad) &&
	    ami_get(k, cache, AMI_F_kmem_cache_red_left_pad, &left) !=
	    AMI_MEM_OK)
		return true;
	/* Bits of slab_flags_t, before and since they are enumerators (6.9). */
	return left || ami_get(k, cache, AMI_F_kmem_cache_flags, &flags) !=
		       AMI_MEM_OK ||
	       flags >> ami_enumerator(k, AMI_E__SLAB_OBJECT_POISON, 31) & 1 ||
	       flags >> ami_enumerator(k, AMI_E__SLAB_RED_ZONE, 10) & 1;
}

/*
 * The kernel allocates objects of these caches ahead of time: CPUs keep heads of
 * packets (napi_alloc_cache) and areas for vmalloc, mempools keep the rest. They
 * still hold what was in the page before.
 */
static bool has_blank_objects(struct ami_kernel *k, uint64_t cache)
{
	static const char *const begins[] = {
		"skbuff_", "vmap_area", "biovec-", "sgpool-", "io_kiocb",
		"btree_node",
	};
	char name[16];
	uint64_t at;
	size_t i;

	if (ami_get(k, cache, AMI_F_kmem_cache_name, &at) != AMI_MEM_OK ||
	    ami_read_string(k, at, name, sizeof(name)) != AMI_MEM_OK)
		return true;
	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (!strncmp(name, begins[i], strlen(begins[i])))
			return true;
	return false;
}

static bool read_cache(struct scan *s, struct slab_cache *c)
{
	struct ami_kernel *k = s->kernel;
	uint64_t size, object, offset, users;

	/* SLAB has its free objects elsewhere. */
	if (ami_has(k, AMI_F_kmem_cache_num) || has_debugging(k, c->va) ||
	    ami_get(k, c->va, AMI_F_kmem_cache_size, &size) != AMI_MEM_OK ||
	    ami_get(k, c->va, AMI_F_kmem_cache_object_size, &object) !=
	    AMI_MEM_OK ||
	    ami_get(k, c->va, AMI_F_kmem_cache_offset, &offset) != AMI_MEM_OK ||
	    ami_get(k, c->va, AMI_F_kmem_cache_refcount, &users) != AMI_MEM_OK ||
	    !size || size > MAX_OBJECT || !object || object > size ||
	    offset + 8 > size)
		return false;
	if (ami_has(k, AMI_F_kmem_cache_random) &&
	    ami_get(k, c->va, AMI_F_kmem_cache_random, &c->random) != AMI_MEM_OK)
		return false;
	c->size = size;
	c->object_size = object;
	c->offset = offset;
	c->merged = (int32_t)users > 1;
	c->blank = has_blank_objects(k, c->va);
	c->pointers = calloc(2 * (object / 8 + 1), sizeof(*c->pointers));
	c->others = c->pointers + object / 8 + 1;
	s->no_memory |= !c->pointers;
	return c->pointers;
}

static struct slab_cache *cache_at(struct scan *s, uint64_t va)
{
	enum vec_room got;
	size_t at;

	if (ami_index_find(&s->by_cache, va, &at))
		return &s->caches[at];
	at = s->nr_caches;
	got = vec_push(s->caches, s->nr_caches, MAX_CACHES,
		       (struct slab_cache){ .va = va });
	if (got != VEC_OK) {
		s->full |= got == VEC_FULL;
		s->no_memory |= got != VEC_FULL;
		return NULL;
	}
	/* The index never leads past the list. */
	if (!ami_index_add(&s->by_cache, va, at)) {
		s->no_memory = true;
		s->nr_caches--;
		return NULL;
	}
	s->caches[at].readable = read_cache(s, &s->caches[at]);
	return &s->caches[at];
}

static struct slab_cache *cache_of(struct scan *s, uint64_t pfn, uint64_t *base)
{
	uint64_t va = ami_owner_cache(s->ex->owners, pfn, base);

	return va ? cache_at(s, va) : NULL;
}

bool content_slab_note(struct scan *s, uint64_t pfn)
{
	struct slab_place p, *last;
	struct slab_cache *c;
	uint64_t base;

	c = cache_of(s, pfn, &base);
	if (!c || !c->readable)
		return false;
	if (base >> AMI_PAGE_SHIFT == pfn) {
		content_slab_place(s, c, base, &p);
		s->no_memory |= vec_push(c->slab, c->nr_slabs, MAX_SLABS, p) ==
				VEC_NO_MEMORY;
	}
	/* Its pages follow each other. */
	last = c->nr_slabs ? &c->slab[c->nr_slabs - 1] : NULL;
	if (!last || last->base != base ||
	    (base >> AMI_PAGE_SHIFT) + last->pages != pfn)
		return false;
	last->pages++;
	return true;
}

void content_slab_frame(struct scan *s, const struct ami_frame *frame)
{
	uint64_t base;
	struct slab_cache *c = cache_of(s, frame->phys >> AMI_PAGE_SHIFT, &base);

	enum vec_room got;

	if (!c || !c->readable) {
		s->c->residue++;
		return;
	}
	got = vec_push(c->frame, c->nr_frames, MAX_FRAMES, *frame);
	s->no_memory |= got == VEC_NO_MEMORY;
	s->full |= got == VEC_FULL;
}

void content_slabs_free(struct scan *s)
{
	size_t i;

	for (i = 0; i < s->nr_caches; i++) {
		free(s->caches[i].slab);
		free(s->caches[i].idle);
		free(s->caches[i].frame);
		free(s->caches[i].pointers);
	}
	free(s->caches);
	ami_index_free(&s->by_cache);
}
