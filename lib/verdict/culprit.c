// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who overwrote a page: what lies there, and who could write there. A device that
 * could is proof only with content that is its own, or if no other could.
 */
#include <string.h>

#include "verdict.h"

const char *ami_proof_name(enum ami_proof proof)
{
	static const char *const name[] = {
		"path and content", "content", "path", "told", "none",
	};

	return name[proof];
}

/**
 * struct suspicion - ways to a page
 * @fits: the device that the content names; NULL: none
 * @last: the device that was met last
 * @told: the way of the one whose driver had asked it to; @several: more than one
 */
struct suspicion {
	struct ami_culprit *c;
	const struct ami_bdf *fits;
	struct ami_bdf last;
	struct ami_culprit told;
	bool several;
};

static bool same_device(const struct ami_bdf *a, const struct ami_bdf *b)
{
	return a->segment == b->segment && a->devid == b->devid;
}

static void take_way(struct ami_culprit *c, const struct ami_writer *w)
{
	c->device = w->exposure->requester.bdf;
	c->class = w->exposure->class;
	c->has_iova = w->has_iova;
	c->iova = w->iova;
}

/* If several could, the one that was asked to is the likely one. */
static void note_told(struct suspicion *s, const struct ami_writer *w)
{
	struct ami_culprit c = { .proof = AMI_PROOF_TOLD };

	if (w->exposure->class != AMI_CLASS_INFLIGHT &&
	    w->exposure->class != AMI_CLASS_POSTED)
		return;
	take_way(&c, w);
	s->several |= s->told.proof == AMI_PROOF_TOLD &&
		      !same_device(&s->told.device, &c.device);
	s->told = c;
}

static void take_told(struct suspicion *s, const struct ami_overwritten *page)
{
	struct ami_culprit *c = s->c;

	if (s->told.proof != AMI_PROOF_TOLD && page->has_read)
		s->told = (struct ami_culprit){
			.proof = AMI_PROOF_TOLD, .device = page->read.bdf,
			.class = AMI_CLASS_PASSTHROUGH,
		};
	if (s->several || s->told.proof != AMI_PROOF_TOLD)
		return;
	s->told.able = c->able;
	*c = s->told;
}

static bool one_way(void *ctx, const struct ami_writer *w)
{
	struct suspicion *s = ctx;
	const struct ami_bdf *bdf = &w->exposure->requester.bdf;

	if (w->exposure->requester.is_iommu)
		return true;
	/* Ways of one device follow each other, as exposures do, or nearly. */
	if (!s->c->able || !same_device(&s->last, bdf))
		s->c->able++;
	s->last = *bdf;
	note_told(s, w);
	if (s->fits && same_device(s->fits, bdf)) {
		if (s->c->proof != AMI_PROOF_BOTH)
			take_way(s->c, w);
		s->c->proof = AMI_PROOF_BOTH;
	} else if (!s->fits && s->c->able == 1 &&
		   s->c->proof != AMI_PROOF_PATH) {
		take_way(s->c, w);
		s->c->proof = AMI_PROOF_PATH;
	}
	return true;
}

void ami_culprit_find(const struct ami_exposures *ex,
		      const struct ami_overwritten *page, struct ami_culprit *c)
{
	struct suspicion s = { .c = c, .told.proof = AMI_PROOF_NONE };

	*c = (struct ami_culprit){ .proof = AMI_PROOF_NONE };
	if (page->signs & (AMI_SIGN_FRAME | AMI_SIGN_FRAME_PART) &&
	    page->frame.interface >= 0 &&
	    ex->found->interfaces[page->frame.interface].has_device)
		s.fits = &ex->found->interfaces[page->frame.interface].bdf;
	ami_writers(ex, page->phys, one_way, &s);
	if (s.fits && c->proof != AMI_PROOF_BOTH) {
		c->proof = AMI_PROOF_CONTENT;
		c->device = *s.fits;
	} else if (c->proof == AMI_PROOF_PATH && c->able > 1) {
		c->proof = AMI_PROOF_NONE;
	}
	if (c->proof == AMI_PROOF_NONE)
		take_told(&s, page);
}

/* Pages of one event whose ways are searched for. */
#define MOST_PAGES	4096u

/* What names a device by content is stronger than what only could write. */
static bool is_stronger(const struct ami_culprit *a, const struct ami_culprit *b)
{
	return a->proof < b->proof;
}

void ami_culprit_of_event(const struct ami_exposures *ex,
			  const struct ami_overwriting *event,
			  struct ami_culprit *c)
{
	const struct ami_overwritten *page = &ex->found->list[event->first];
	struct ami_culprit one;
	bool several = event->count > MOST_PAGES, differ = false;
	size_t i;

	ami_culprit_find(ex, page, c);
	for (i = 1; i < event->count && i < MOST_PAGES; i++) {
		ami_culprit_find(ex, &page[i], &one);
		several |= one.proof != c->proof;
		differ |= one.proof != AMI_PROOF_NONE &&
			  c->proof != AMI_PROOF_NONE &&
			  !same_device(&one.device, &c->device);
		if (is_stronger(&one, c))
			*c = one;
	}
	/* Without content it must be the same for each of the pages. */
	if ((c->proof == AMI_PROOF_PATH && (several || differ)) ||
	    (c->proof == AMI_PROOF_TOLD && differ))
		c->proof = AMI_PROOF_NONE;
}
