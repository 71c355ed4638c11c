// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of overwritten pages, and the signs that are found in each. */
#include <stdlib.h>

#include <common/vec.h>

#include "scan.h"

#define MAX_OVERWRITTEN	(1u << 16)

struct ami_overwritten *content_page(struct scan *s, uint64_t pfn,
				     enum ami_owner owner, uint64_t phys)
{
	struct ami_contents *c = s->c;
	size_t at;

	if (ami_index_find(&s->by_page, pfn, &at))
		return &c->list[at];
	at = c->count;
	switch (vec_push(c->list, c->count, MAX_OVERWRITTEN,
			 (struct ami_overwritten){
				.pfn = pfn, .phys = phys, .owner = owner,
				.frame.interface = -1 })) {
	case VEC_OK:
		s->no_memory |= !ami_index_add(&s->by_page, pfn, at);
		return &c->list[at];
	case VEC_NO_MEMORY:
		s->no_memory = true;
		return NULL;
	case VEC_FULL:
		break;
	}
	s->full = true;
	return NULL;
}

static int by_frame(const void *a, const void *b)
{
	const struct ami_overwritten *x = a, *y = b;

	return (x->pfn > y->pfn) - (x->pfn < y->pfn);
}

/* Frames say more. If two disks read into a page, neither is named. */
static void find_reads(struct scan *s)
{
	const struct ami_evidence *ev = s->ex->evidence;
	size_t i, at;

	for (i = 0; i < ev->nr_past; i++) {
		const struct ami_past_read *r = &ev->past[i];
		struct ami_overwritten *w;

		if (!ami_index_find(&s->by_page, r->phys >> AMI_PAGE_SHIFT, &at))
			continue;
		w = &s->c->list[at];
		if (w->signs & AMI_SIGN_FRAME)
			continue;
		w->has_read = !w->read.blocks ||
			      (w->has_read && w->read.bdf.segment ==
			       r->bdf.segment && w->read.bdf.devid ==
			       r->bdf.devid);
		w->read = *r;
	}
}

void content_pages_end(struct scan *s)
{
	find_reads(s);
	ami_index_free(&s->by_page);
	if (s->c->count)
		qsort(s->c->list, s->c->count, sizeof(*s->c->list), by_frame);
	content_events(s);
}

void content_sign(struct scan *s, uint64_t phys, enum ami_owner owner,
		  enum ami_sign sign, uint32_t count)
{
	struct ami_overwritten *w = content_page(s, phys >> AMI_PAGE_SHIFT,
						 owner, phys);

	if (!w)
		return;
	w->signs |= sign;
	w->count[__builtin_ctz(sign)] += count;
	if (phys < w->phys)
		w->phys = phys;
}

void content_frame(struct scan *s, enum ami_owner owner,
		   const struct ami_frame *frame)
{
	struct ami_overwritten *w;

	content_sign(s, frame->phys, owner, AMI_SIGN_FRAME, 1);
	w = content_page(s, frame->phys >> AMI_PAGE_SHIFT, owner, frame->phys);
	if (w && frame->strength > w->frame.strength)
		w->frame = *frame;
}
