// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Slabs of never-buffers. A frame in one may be older than its objects: the page
 * was a network buffer before. So what lies on top decides: the frame, or the
 * objects.
 */
#include <stdlib.h>

#include "slab.h"

#define LOST_ALONE	3u	/* pointers of one object, without a frame */
#define LOST_BELOW	2u	/* the same below a frame */

/* Each object for itself: what was destroyed without a frame's help. */
static void check_objects(struct scan *s, const struct slab_view *v)
{
	uint64_t end = v->base + (uint64_t)v->objects * v->cache->size, first;
	uint32_t i, places, lost;

	for (i = 0; i < v->objects; i++) {
		lost = content_words_broken(s, v, i, v->base, end, &places,
					    &first);
		if (lost >= LOST_ALONE)
			content_sign(s, first, AMI_OWNER_OBJECT,
				     AMI_SIGN_POINTERS, lost);
	}
}

/* Is the frame on top of the objects, or were they made over it? */
static bool frame_on_top(struct scan *s, const struct slab_view *v,
			 const struct ami_frame *f, uint32_t *lost)
{
	uint64_t size = v->cache->size, first;
	uint64_t end = v->base + v->objects * size, to = f->phys + f->len;
	uint32_t i, places, all = 0;

	*lost = 0;
	if (to > end)
		to = end;
	if (v->broken >= f->phys && v->broken < to)
		return true;
	if (v->cache->blank)
		return false;
	for (i = (f->phys - v->base) / size; i < v->objects &&
	     v->base + i * size < to; i++) {
		*lost += content_words_broken(s, v, i, f->phys, to, &places,
					      &first);
		all += places;
	}
	return *lost >= LOST_BELOW || (all && *lost * 2 > all);
}

static void check_frames(struct scan *s, const struct slab_view *v)
{
	uint64_t end = v->base + (uint64_t)v->objects * v->cache->size;
	uint32_t lost;
	size_t i;

	for (i = 0; i < v->cache->nr_frames; i++) {
		const struct ami_frame *f = &v->cache->frame[i];

		if (f->phys < v->base || f->phys >= end)
			continue;
		if (!frame_on_top(s, v, f, &lost)) {
			s->c->residue++;
			continue;
		}
		content_frame(s, AMI_OWNER_OBJECT, f);
		if (lost)
			content_sign(s, f->phys, AMI_OWNER_OBJECT,
				     AMI_SIGN_POINTERS, lost);
	}
}

/* Before it is known which words of its objects are pointers. */
static void look_at_slab(struct scan *s, struct slab_cache *c,
			 const struct slab_place *p, struct slab_view *v)
{
	uint64_t first = p->base >> AMI_PAGE_SHIFT, list[AMI_PREFETCH];
	uint32_t i;

	for (i = 0; i < p->pages && i < AMI_PREFETCH; i++)
		list[i] = first + i;
	ami_dump_prefetch(s->dump, list, i);
	for (i = 0; i < p->pages; i++)
		content_look(s, first + i, AMI_OWNER_OBJECT);
	if (!content_slab_view(s, c, p, v))
		return;
	if (v->broken)
		content_sign(s, v->broken, AMI_OWNER_OBJECT,
			     AMI_SIGN_FREE_LIST, 1);
	content_words_count(s, v);
}

static void check_slab(struct scan *s, const struct slab_view *v)
{
	if (v->known && !v->cache->merged && !v->cache->blank)
		check_objects(s, v);
	if (v->cache->nr_frames)
		check_frames(s, v);
}

static void check_cache(struct scan *s, struct slab_cache *c,
			struct slab_view *v)
{
	size_t i;

	content_idle_collect(s, c);
	for (i = 0; i < c->nr_slabs && !ami_dump_stopped(s->dump); i++)
		look_at_slab(s, c, &c->slab[i], v);
	if (!c->nr_frames && (c->merged || c->blank ||
			      content_words_lost(c) < LOST_ALONE))
		return;
	for (i = 0; i < c->nr_slabs && !ami_dump_stopped(s->dump); i++)
		if (content_slab_view(s, c, &c->slab[i], v))
			check_slab(s, v);
}

void content_slabs_check(struct scan *s)
{
	struct slab_view *v = malloc(sizeof(*v));
	size_t i;

	s->no_memory |= !v;
	for (i = 0; i < s->nr_caches && v && !s->no_memory; i++)
		if (s->caches[i].readable)
			check_cache(s, &s->caches[i], v);
	free(v);
}
