// SPDX-License-Identifier: GPL-2.0-or-later
/* The content of one page: frames in it, and signs that its owner is broken. */
#include <string.h>

#include "content.h"
#include "scan.h"

#define AHEAD		(SCAN_PAGES - 1)	/* that a frame may run on into */

bool content_page_read(struct scan *s, uint64_t pfn, void *page)
{
	return ami_dump_read(s->dump, pfn << AMI_PAGE_SHIFT, page,
			     AMI_PAGE_SIZE) == AMI_MEM_OK;
}

/* Does nothing in it look like what a CPU stored there? */
static bool is_foreign(const struct ami_frame *f, const uint8_t *page)
{
	size_t at = (f->phys % AMI_PAGE_SIZE + 7) & ~7ull, words = 0, own = 0;
	uint64_t word;

	for (; at + 8 <= AMI_PAGE_SIZE && words < f->len / 8; at += 8, words++) {
		memcpy(&word, page + at, sizeof(word));
		own += !(word >> 32) || word >> 56 == 0xff;
	}
	return own * 2 <= words;
}

/*
 * Programs may have a copy of a header on their stack (BPF does). Only bytes that
 * all came from the wire, or nearly all, are a frame there.
 */
static bool is_copy(enum ami_owner owner, const struct ami_frame *f,
		    const uint8_t *page)
{
	return owner == AMI_OWNER_STACK && f->strength != AMI_FRAME_WHOLE &&
	       !is_foreign(f, page);
}

/* It goes on: the pages behind are read only now. */
static size_t read_ahead(struct scan *s, uint64_t pfn)
{
	size_t count = AMI_PAGE_SIZE;
	unsigned int more = 1;

	memcpy(s->room, s->page, AMI_PAGE_SIZE);
	s->page = s->room;
	while (more <= AHEAD && content_page_read(s, pfn + more,
						  s->room + count)) {
		count += AMI_PAGE_SIZE;
		more++;
	}
	return count;
}

static void find_frames(struct scan *s, uint64_t pfn, enum ami_owner owner)
{
	bool ours = owner == AMI_OWNER_TEXT || owner == AMI_OWNER_RODATA;
	size_t count = AMI_PAGE_SIZE, at = 0;
	struct ami_frame frame;
	bool ahead = false;

	while (content_finder_next(&s->finder, s->page, count, ours, &at,
				   &frame)) {
		if (frame.phys + frame.len > count && !ahead) {
			count = read_ahead(s, pfn);
			ahead = true;
			at = frame.phys;
			continue;
		}
		frame.phys += pfn << AMI_PAGE_SHIFT;
		if (is_copy(owner, &frame, s->page))
			continue;
		if (owner == AMI_OWNER_OBJECT)
			content_slab_frame(s, &frame);
		else
			content_frame(s, owner, &frame);
	}
}

static bool is_zero(const uint8_t *page)
{
	return !page[0] && !memcmp(page, page + 1, AMI_PAGE_SIZE - 1);
}

static void look_at_content(struct scan *s, uint64_t pfn, enum ami_owner owner)
{
	s->c->checked++;
	if (owner == AMI_OWNER_STACK)
		content_check_stack_end(s, pfn);
	else if (owner == AMI_OWNER_TEXT)
		content_check_text(s, pfn);
	if (is_zero(s->page))
		return;
	find_frames(s, pfn, owner);
	if (owner == AMI_OWNER_PAGE_TABLE)
		content_check_table(s, pfn);
	else if (owner == AMI_OWNER_STACK)
		content_check_stack(s, pfn);
}

void content_look(struct scan *s, uint64_t pfn, enum ami_owner owner)
{
	enum ami_mem mem;
	const uint8_t *page = ami_dump_page(s->dump, pfn, &mem);

	s->page = page;
	if (!page && content_page_read(s, pfn, s->room))
		s->page = s->room;
	if (s->page)
		look_at_content(s, pfn, owner);
	else if (!ami_dump_stopped(s->dump))
		s->c->unread++;
	ami_dump_unpage(s->dump, page);
}
