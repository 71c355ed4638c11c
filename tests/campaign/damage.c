// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "damage.h"

#define LAYOUT_ONE_IN	200u	/* hits on kallsyms and BTF */
#define FRAME_MIN	60u
#define FRAME_MAX	1514u
#define LINE		64u
#define MAX_LINES	4u

const char *const damage_name[BY_NR] = {
	[BY_FRAMES] = "page of network frames",
	[BY_SPLASH] = "one network frame",
	[BY_BLOCK] = "disk block",
	[BY_ZEROS] = "page of zeros",
	[BY_OTHER_PAGE] = "another page",
	[BY_BIT] = "single bit",
	[BY_WORD] = "one word",
	[BY_HIDING] = "page missing",
	[BY_LINES] = "cache lines of zeros",
	[BY_SHIFT] = "moved by words",
	[BY_SWAP] = "two swapped",
	[BY_STALE] = "another of the kind",
	[BY_SEVERAL] = "several of them",
	[BY_SWEEP] = "one after the other",
};

uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint64_t random_below(struct random *r, uint64_t n)
{
	return random_next(r) % n;
}

static void fill_random(struct random *r, uint8_t *to, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		to[i] = random_next(r);
}

/* Ethernet, IPv4, UDP and a payload: text, zeros, or encrypted. */
static size_t make_frame(struct random *r, uint8_t *to, size_t room)
{
	static const uint8_t head[42] = {
		0x52, 0x54, 0, 0x12, 0x34, 0x56, 0x52, 0x55, 0x0a, 0, 2, 2,
		8, 0, 0x45, 0, 0x05, 0xdc, 0, 0, 0x40, 0, 0x40, 0x11, 0, 0,
		10, 0, 2, 2, 10, 0, 2, 15, 0x13, 0x88, 0x13, 0x89, 5, 0xc8,
	};
	size_t len = FRAME_MIN + random_below(r, FRAME_MAX - FRAME_MIN + 1);
	unsigned int payload = random_below(r, 3);

	if (len > room)
		len = room;
	memset(to, payload ? 'A' + (int)random_below(r, 26) : 0, len);
	if (payload == 2)
		fill_random(r, to, len);
	memcpy(to, head, len < sizeof(head) ? len : sizeof(head));
	return len;
}

static void make_frames(struct random *r, uint8_t *page)
{
	size_t at = random_below(r, 2) ? 64 : 0;	/* NET_SKB_PAD */

	memset(page, 0, AMI_PAGE_SIZE);
	while (at < AMI_PAGE_SIZE) {
		make_frame(r, page + at, AMI_PAGE_SIZE - at);
		at += 2048;		/* as drivers cut their pages */
	}
}

static void make_block(struct random *r, uint8_t *page)
{
	static const char line[] = "The quick brown fox jumps over the lazy dog\n";
	size_t i;

	switch (random_below(r, 4)) {
	case 0:				/* erased */
		memset(page, 0xff, AMI_PAGE_SIZE);
		break;
	case 1:				/* text */
		for (i = 0; i < AMI_PAGE_SIZE; i++)
			page[i] = line[i % (sizeof(line) - 1)];
		break;
	case 2:				/* table of small numbers */
		for (i = 0; i < AMI_PAGE_SIZE; i += 4)
			memcpy(page + i, &(uint32_t){ i + random_below(r, 9) },
			       4);
		break;
	default:			/* compressed */
		fill_random(r, page, AMI_PAGE_SIZE);
	}
}

static void splash(struct overlay *o, const struct place *at, struct random *r)
{
	uint8_t frame[FRAME_MAX];
	size_t len = make_frame(r, frame, sizeof(frame));
	uint64_t page = at->paddr & ~(AMI_PAGE_SIZE - 1ull);
	uint64_t from = at->paddr + random_below(r, at->len);

	/* DMA buffers start at cache lines; end with the page */
	from &= ~63ull;
	if (len > page + AMI_PAGE_SIZE - from)
		len = page + AMI_PAGE_SIZE - from;
	overlay_poke(o, from, frame, len);
}

static void flip(struct overlay *o, const struct place *at, struct random *r)
{
	uint64_t where = at->paddr + random_below(r, at->len);
	const uint8_t *page = overlay_intact(o, where >> AMI_PAGE_SHIFT);
	uint8_t byte = page[where % AMI_PAGE_SIZE] ^ 1u << random_below(r, 8);

	overlay_poke(o, where, &byte, 1);
}

static void word(struct overlay *o, const struct place *at, struct random *r)
{
	uint64_t value = random_next(r);

	switch (random_below(r, 4)) {
	case 0:				/* in the direct map */
		value = 0xffff888000000000ull + value % (1ull << 30);
		break;
	case 1:				/* in the kernel image */
		value = 0xffffffff81000000ull + value % (32u << 20);
		break;
	case 2:				/* the place itself */
		value = 0xffff888000000000ull + at->paddr;
		break;
	default:
		break;
	}
	overlay_poke64(o, (at->paddr + random_below(r, at->len)) & ~7ull,
		       value);
}

/* What the dump holds there, before any damage. */
static const uint8_t *intact_at(const struct overlay *o, uint64_t paddr)
{
	return overlay_intact(o, paddr >> AMI_PAGE_SHIFT) +
	       paddr % AMI_PAGE_SIZE;
}

/* As a device, or a CPU that clears memory, writes: whole lines. */
static void clear_lines(struct overlay *o, const struct place *at,
			struct random *r)
{
	static const uint8_t zeros[MAX_LINES * LINE];
	uint64_t from = (at->paddr + random_below(r, at->len)) & ~(LINE - 1ull);
	uint64_t len = LINE * (1 + random_below(r, MAX_LINES));
	uint64_t room = AMI_PAGE_SIZE - from % AMI_PAGE_SIZE;

	overlay_poke(o, from, zeros, len < room ? len : room);
}

static void shift(struct overlay *o, const struct place *at, struct random *r)
{
	bool whole = !random_below(r, 2);
	uint64_t from = whole ? at->paddr & ~(AMI_PAGE_SIZE - 1ull) :
				at->paddr;
	uint32_t len = whole ? AMI_PAGE_SIZE : at->len;
	uint32_t by = 8 * (1 + random_below(r, 8));

	if (by < len)
		overlay_poke(o, from + by, intact_at(o, from), len - by);
}

/* One of the same kind lies over it, or they have changed places. */
static uint64_t mix(struct overlay *o, const struct place *at,
		    const struct place *other, bool swap)
{
	uint32_t len = at->len < other->len ? at->len : other->len;

	overlay_poke(o, at->paddr, intact_at(o, other->paddr), len);
	if (!swap)
		return 0;
	overlay_poke(o, other->paddr, intact_at(o, at->paddr), len);
	return other->paddr;
}

static void hit(struct overlay *o, const struct place *at, enum damage by,
		struct random *r)
{
	uint64_t pfn = at->paddr >> AMI_PAGE_SHIFT;
	uint8_t page[AMI_PAGE_SIZE] = { 0 };

	switch (by) {
	case BY_SPLASH:
		return splash(o, at, r);
	case BY_BIT:
		return flip(o, at, r);
	case BY_WORD:
		return word(o, at, r);
	case BY_LINES:
		return clear_lines(o, at, r);
	case BY_SHIFT:
		return shift(o, at, r);
	case BY_HIDING:
		return overlay_hide(o, pfn, random_below(r, 2) ?
				    AMI_MEM_FILTERED : AMI_MEM_ERROR);
	case BY_FRAMES:
		make_frames(r, page);
		break;
	case BY_BLOCK:
		make_block(r, page);
		break;
	case BY_OTHER_PAGE:
		memcpy(page, overlay_intact(o, overlay_pfn(o,
			random_below(r, overlay_pages(o)))), sizeof(page));
		break;
	default:
		break;
	}
	overlay_replace(o, pfn, page);
}

static enum what choose(const struct places *p, struct random *r)
{
	enum what what;

	if (!random_below(r, LAYOUT_ONE_IN) && p->count[AT_LAYOUT])
		return AT_LAYOUT;
	do
		what = random_below(r, AT_LAYOUT);
	while (!p->count[what]);
	return what;
}

void damage_apply(struct overlay *o, const struct places *p, struct random *r,
		  struct hits *hits)
{
	struct hit *h = hits->hit;

	hits->count = random_below(r, 4) ? 1 : 2 + random_below(r, MAX_HITS - 1);
	for (; h < hits->hit + hits->count; h++) {
		const struct place *at;

		h->damage = random_below(r, BY_SEVERAL);
		h->what = choose(p, r);
		at = &p->list[h->what][random_below(r, p->count[h->what])];
		h->paddr = at->paddr;
		h->also = 0;
		if (h->damage == BY_SWAP || h->damage == BY_STALE)
			h->also = mix(o, at, &p->list[h->what]
				      [random_below(r, p->count[h->what])],
				      h->damage == BY_SWAP);
		else
			hit(o, at, h->damage, r);
	}
}
