// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Overwritten pages next to each other. A ring's buffers or the pages of one read
 * often are, so what lies in neighbours has one cause, unless frames in them are
 * for different devices.
 */
#include <stdlib.h>
#include <string.h>

#include <common/vec.h>

#include "scan.h"

/* Pages between that are free again, or a process's, are not judged. */
#define NEAR		4u
#define MAX_EVENTS	(1u << 16)

/* The device that the content names, or NULL. */
static const struct ami_interface *named_by(const struct ami_contents *c,
					    const struct ami_overwritten *w)
{
	const struct ami_interface *to;

	if (!(w->signs & (AMI_SIGN_FRAME | AMI_SIGN_FRAME_PART)) ||
	    w->frame.interface < 0)
		return NULL;
	to = &c->interfaces[w->frame.interface];
	return to->has_device ? to : NULL;
}

/* Buffers of a jumbo frame: only the first has a header. */
static void find_parts(struct ami_contents *c)
{
	size_t i, k;

	for (i = 0; i < c->count; i++) {
		const struct ami_frame *f = &c->list[i].frame;

		if (!(c->list[i].signs & AMI_SIGN_FRAME))
			continue;
		for (k = i + 1; k < c->count && c->list[k].pfn <=
		     (f->phys + f->len - 1) >> AMI_PAGE_SHIFT; k++) {
			if (c->list[k].signs & AMI_SIGN_FRAME)
				break;
			c->list[k].signs |= AMI_SIGN_FRAME_PART;
			c->list[k].count[__builtin_ctz(AMI_SIGN_FRAME_PART)] = 1;
			c->list[k].frame = *f;
		}
	}
}

static void add_page(const struct ami_contents *c, struct ami_overwriting *e,
		     size_t at)
{
	const struct ami_overwritten *w = &c->list[at];
	int32_t offset = w->phys % AMI_PAGE_SIZE;
	uint64_t step = 0;
	uint32_t n;

	if (e->count)
		step = (w->pfn - c->list[at - 1].pfn) << AMI_PAGE_SHIFT;
	if (e->count < 2)
		e->step = step;
	else if (e->step != step)
		e->step = 0;
	if (!e->count)
		e->offset = offset;
	else if (e->offset != offset)
		e->offset = -1;
	if (w->signs & AMI_SIGN_FRAME)
		e->bytes = !e->pages[0] || e->bytes == w->frame.len ?
			   w->frame.len : 0;
	for (n = 0; n < AMI_SIGNS; n++)
		e->pages[n] += w->signs >> n & 1;
	e->count++;
}

static bool agree(const struct ami_interface *a, const struct ami_interface *b)
{
	return !a || !b || !memcmp(&a->bdf, &b->bdf, sizeof(a->bdf));
}

void content_events(struct scan *s)
{
	struct ami_contents *c = s->c;
	const struct ami_interface *to = NULL, *next;
	struct ami_overwriting e = { .count = 0 };
	size_t i;

	find_parts(c);
	for (i = 0; i < c->count; i++) {
		next = named_by(c, &c->list[i]);
		if (i && (c->list[i].pfn - c->list[i - 1].pfn > NEAR ||
			  !agree(to, next))) {
			s->no_memory |= vec_push(c->events, c->nr_events,
						 MAX_EVENTS, e) == VEC_NO_MEMORY;
			e = (struct ami_overwriting){ .first = i };
			to = NULL;
		}
		add_page(c, &e, i);
		to = next ? next : to;
	}
	if (e.count)
		s->no_memory |= vec_push(c->events, c->nr_events, MAX_EVENTS,
					 e) == VEC_NO_MEMORY;
}
