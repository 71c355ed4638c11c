// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kallsyms without a pointer to it. scripts/kallsyms.c of 5.10 writes, each
 * part aligned to 8 bytes:
 *
 * 	offsets		s32[num_syms]
 * 	relative_base	u64
 * 	num_syms	u32 (4.18: u64)
 * 	names		num_syms x (length, tokens)
 * 	markers		u32 (4.18: u64), offset of every 256th name
 * 	token_table	256 strings
 * 	token_index	u16[256]: offsets of those strings
 *
 * Each digit is a token, and the digits are neighbours. This row finds the
 * token table, and its index proves it. The other parts are found by going
 * backwards from there. Each step is checked against the next.
 */
#include <stdlib.h>
#include <string.h>

#include "kallsyms.h"

#define SCAN_LIMIT	(96ull << 20)	/* kernel text and read-only data */
#define CHUNK		(1u << 20)
#define OVERLAP		64u
#define MAX_TABLE	8192u		/* bytes of all tokens */
#define MAX_TRIES	1024u		/* places that look like the digits */
#define MAX_MARKERS	16384u
#define MAX_NAMES	(64u << 20)
#define MAX_DECODES	16u		/* of all names */

static const char digits[] = "0\0" "1\0" "2\0" "3\0" "4\0" "5\0" "6\0" "7\0"
			     "8\0" "9";

static uint64_t align8(uint64_t v)
{
	return (v + 7) & ~7ull;
}

/* Offsets of 256 strings in @table. 0: they do not fit in @size. */
static size_t index_tokens(const char *table, size_t size, uint16_t *index)
{
	size_t at = 0;
	int i;

	for (i = 0; i < 256; i++) {
		const char *end = memchr(table + at, '\0', size - at);

		if (!end)
			return 0;
		index[i] = at;
		at = end + 1 - table;
	}
	return at;
}

/* Is this the digits' place in a token table? If so, find its start. */
static bool check_tokens(struct kallsyms *t, uint64_t digits_at)
{
	char buf[MAX_TABLE];
	uint64_t from = digits_at - MAX_TABLE / 2;
	uint16_t index[256];
	size_t pos = MAX_TABLE / 2, size;
	int nuls = 0;

	if (ami_read(t->kernel, from, buf, sizeof(buf)) != AMI_MEM_OK)
		return false;
	/*
	 * '0' strings end before the digit '0', and one NUL ends the markers.
	 */
	while (pos > 0 && nuls <= '0')
		if (!buf[--pos])
			nuls++;
	pos++;
	if (nuls <= '0' || (from + pos) % 8)
		return false;
	size = index_tokens(buf + pos, sizeof(buf) - pos, index);
	if (!size)
		return false;
	t->token_table = from + pos;
	t->token_index = t->token_table + align8(size);
	return ami_read(t->kernel, t->token_index, t->index,
			sizeof(t->index)) == AMI_MEM_OK &&
	       !memcmp(t->index, index, sizeof(index));
}

static bool search_chunk(struct kallsyms *t, const uint8_t *buf, size_t size,
			 uint64_t va, unsigned int *tries)
{
	const uint8_t *at = buf, *hit;

	while (*tries &&
	       (hit = memmem(at, size - (at - buf), digits, sizeof(digits)))) {
		--*tries;
		if (check_tokens(t, va + (hit - buf)))
			return true;
		at = hit + 1;
	}
	return false;
}

/*
 * The scan may look at any page of the kernel. An extract needs only the
 * tables.
 */
static enum ami_mem look_at(struct kallsyms *t, uint64_t va, uint8_t *buf,
			    size_t len)
{
	enum ami_mem mem;

	ami_dump_record_pause(t->kernel->dump, true);
	mem = ami_read(t->kernel, va, buf, len);
	ami_dump_record_pause(t->kernel->dump, false);
	return mem;
}

static bool find_tokens(struct kallsyms *t, uint64_t start)
{
	uint8_t *buf = malloc(CHUNK + OVERLAP);
	unsigned int tries = MAX_TRIES;
	uint64_t at;
	bool found = false;

	for (at = 0; buf && tries && at < SCAN_LIMIT && !found; at += CHUNK) {
		size_t i;

		/* Missing pages read as zeros here. Nothing matches zeros. */
		for (i = 0; i < CHUNK + OVERLAP; i += AMI_PAGE_SIZE) {
			size_t n = CHUNK + OVERLAP - i;

			if (n > AMI_PAGE_SIZE)
				n = AMI_PAGE_SIZE;
			if (look_at(t, start + at + i, buf + i, n) !=
			    AMI_MEM_OK)
				memset(buf + i, 0, n);
		}
		found = search_chunk(t, buf, CHUNK + OVERLAP, start + at,
				     &tries);
	}
	free(buf);
	return found;
}

static bool read_marker(struct kallsyms *t, uint64_t at, unsigned int width,
			uint64_t *value)
{
	uint32_t half;

	if (width == 8)
		return ami_read_u64(t->kernel, at, value) == AMI_MEM_OK;
	if (ami_read_u32(t->kernel, at, &half) != AMI_MEM_OK)
		return false;
	*value = half;
	return true;
}

/*
 * The markers end at the token table. Backwards they fall strictly, to 0.
 * @width: bytes of one, 4 or 8
 */
static uint32_t find_markers(struct kallsyms *t, unsigned int width,
			     uint64_t *markers, uint64_t *last)
{
	uint64_t at = t->token_table - width, value, next;
	uint32_t n = 1;

	if (!read_marker(t, at, width, &next))
		return 0;
	if (!next && width == 4) {	/* padding */
		at -= width;
		if (!read_marker(t, at, width, &next))
			return 0;
	}
	*last = next;
	while (next && n < MAX_MARKERS) {
		at -= width;
		if (!read_marker(t, at, width, &value) || value >= next)
			return 0;
		next = value;
		n++;
	}
	*markers = at;
	return next ? 0 : n;
}

/* The end of @count names that begin at @p. NULL: they go beyond @end. */
static const uint8_t *skip_names(const uint8_t *p, const uint8_t *end,
				 uint32_t count)
{
	while (count--) {
		if (p >= end || (size_t)(end - p) < 1u + *p)
			return NULL;
		p += 1 + *p;
	}
	return p;
}

/* The names of an image, and what its markers say about them. */
struct names {
	const uint8_t *end;
	uint32_t last;		/* where those of the last marker begin */
	uint32_t before;	/* how many come before those */
	unsigned int decodes;	/* left */
};

/*
 * The few names of the last marker must end within padding of the end. Only
 * then all names before them are decoded, and only for a few candidates.
 */
static bool try_names(struct kallsyms *t, uint64_t va, const uint8_t *p,
		      struct names *n)
{
	const uint8_t *end;
	uint64_t base;
	uint32_t count;

	if (ami_read_u32(t->kernel, va - 8, &count) != AMI_MEM_OK ||
	    count <= n->before || count > n->before + 256 ||
	    ami_read_u64(t->kernel, va - 16, &base) != AMI_MEM_OK ||
	    base < START_KERNEL_MAP)
		return false;
	end = skip_names(p + n->last, n->end, count - n->before);
	if (!end || n->end - end >= 8 || !n->decodes)
		return false;
	n->decodes--;
	if (skip_names(p, n->end, n->before) != p + n->last)
		return false;
	t->names = va;
	t->num_syms = count;
	t->relative_base = base;
	t->has_base = true;
	t->offsets = va - 16 - align8(4ull * count);
	return true;
}

/* The names begin fewer than 256 of them before the last marker's offset. */
static bool find_names(struct kallsyms *t, uint64_t markers, uint32_t count,
		       uint64_t last)
{
	struct names n = {
		.last = last, .before = (count - 1) * 256,
		.decodes = MAX_DECODES,
	};
	uint64_t from, room, at;
	bool found = false;
	uint8_t *buf;

	if (last > MAX_NAMES)
		return false;
	room = align8(last + 256 * 128);
	buf = malloc(room);
	from = markers - room;
	if (buf && ami_read(t->kernel, from, buf, room) == AMI_MEM_OK) {
		n.end = buf + room;
		for (at = align8(from) - from; at + last < room && !found;
		     at += 8)
			found = try_names(t, from + at, buf + at, &n);
	}
	free(buf);
	return found;
}

bool kallsyms_scan(struct kallsyms *t)
{
	uint64_t stext, markers, last;
	unsigned int width;
	uint32_t count;

	if (!ami_vmcoreinfo_number(t->kernel->dump, "SYMBOL(_stext)", 16,
				   &stext) ||
	    !find_tokens(t, stext & ~(AMI_PAGE_SIZE - 1ull)))
		return false;
	for (width = 4; width <= 8; width += 4) {
		count = find_markers(t, width, &markers, &last);
		if (count && find_names(t, markers, count, last))
			return true;
	}
	return false;
}
