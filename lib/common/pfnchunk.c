// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A set in the portable Roaring format (RoaringFormatSpec): a cookie, which
 * containers are of runs, key and cardinality of each, offsets, then the
 * containers. Each holds the values with the same upper 16 bits in whichever
 * of three forms is the smallest.
 */
#include <string.h>

#include "pfncode.h"

#define COOKIE_RUNS	12347u	/* number of containers - 1 in the upper half */
#define COOKIE		12346u
#define OFFSETS_FROM	4u	/* with runs: offsets from so many containers */
#define ARRAY_MAX	4096u
#define BITSET_BYTES	8192u
#define VALUES		65536u

enum form { ARRAY, BITSET, RUNS };

/** struct container - what it will hold, and where its runs begin */
struct container {
	uint32_t key, values, runs;
	struct pfn_reader from;
	struct pfn_run rest;	/* the run read last, what is left of it */
};

/**
 * struct chunk - the containers of one chunk, one after the other
 * @end: of the chunk
 */
struct chunk {
	struct pfn_reader r;
	struct pfn_run rest;
	uint64_t end;
	bool more;
};

static void open_chunk(struct chunk *c, const struct ami_pfnset *set,
		       unsigned int i)
{
	uint64_t first = (uint64_t)i << 32;

	c->r = pfn_read(set);
	c->end = first + (1ull << 32);
	c->more = pfn_seek(&c->r, &c->rest, first);
	if (c->more && c->rest.first < first)
		c->rest.first = first;
}

/* The next run within one container. */
static bool next_piece(struct pfn_reader *r, struct pfn_run *rest,
		       uint64_t end, struct pfn_run *piece)
{
	if (rest->first == rest->end && !pfn_next(r, rest))
		return false;
	*piece = *rest;
	if (piece->first >= end)
		return false;
	if (piece->end > end)
		piece->end = end;
	rest->first = piece->end;
	return true;
}

static bool next_container(struct chunk *c, struct container *con)
{
	struct pfn_run piece;
	uint64_t end;

	if (!c->more || (c->rest.first == c->rest.end &&
			 !pfn_next(&c->r, &c->rest)) ||
	    c->rest.first >= c->end)
		return c->more = false;
	con->key = c->rest.first >> 16 & 0xffff;
	con->values = con->runs = 0;
	con->rest = c->rest;
	pfn_copy(&con->from, &c->r);
	end = (c->rest.first | (VALUES - 1)) + 1;
	while (next_piece(&c->r, &c->rest, end, &piece)) {
		con->values += piece.end - piece.first;
		con->runs++;
	}
	return true;
}

static enum form form_of(const struct container *con)
{
	uint32_t runs = 2 + 4 * con->runs;

	if (con->values <= ARRAY_MAX)
		return runs < 2 * con->values + 2 ? RUNS : ARRAY;
	return runs < BITSET_BYTES ? RUNS : BITSET;
}

static uint32_t bytes_of(const struct container *con)
{
	switch (form_of(con)) {
	case ARRAY:
		return 2 * con->values;
	case BITSET:
		return BITSET_BYTES;
	default:
		return 2 + 4 * con->runs;
	}
}

static uint8_t *put(uint8_t *to, uint32_t value, unsigned int size)
{
	for (; size; size--, value >>= 8)
		*to++ = value;
	return to;
}

static uint8_t *put_piece(uint8_t *to, enum form form,
			  const struct pfn_run *piece)
{
	uint32_t low = piece->first & 0xffff, i;
	uint32_t count = piece->end - piece->first;

	switch (form) {
	case ARRAY:
		for (i = 0; i < count; i++)
			to = put(to, low + i, 2);
		return to;
	case BITSET:
		for (i = low; i < low + count; i++)
			to[i / 8] |= 1u << i % 8;
		return to;
	default:
		to = put(to, low, 2);
		return put(to, count - 1, 2);
	}
}

static void put_container(uint8_t *to, struct container *con)
{
	uint64_t end = (con->rest.first | (VALUES - 1)) + 1;
	enum form form = form_of(con);
	struct pfn_run piece;

	if (form == BITSET)
		memset(to, 0, BITSET_BYTES);
	else if (form == RUNS)
		to = put(to, con->runs, 2);
	while (next_piece(&con->from, &con->rest, end, &piece))
		to = put_piece(to, form, &piece);
}

/** struct head - where what belongs to each container goes */
struct head {
	uint32_t containers, runs, bytes;
	uint8_t *is_run, *keys, *offsets, *data;
};

static void measure(const struct ami_pfnset *set, unsigned int chunk,
		    struct head *h)
{
	struct container con;
	struct chunk c;

	open_chunk(&c, set, chunk);
	while (next_container(&c, &con)) {
		h->containers++;
		h->runs += form_of(&con) == RUNS;
		h->bytes += bytes_of(&con);
	}
}

static bool has_offsets(const struct head *h)
{
	return !h->runs || h->containers >= OFFSETS_FROM;
}

static size_t head_bytes(const struct head *h)
{
	return (h->runs ? 4 + (h->containers + 7) / 8 : 8) +
	       h->containers * (has_offsets(h) ? 8ul : 4ul);
}

static void put_all(const struct ami_pfnset *set, unsigned int chunk,
		    struct head *h, uint8_t *buf)
{
	uint8_t *data = buf + head_bytes(h);
	struct container con;
	struct chunk c;
	uint32_t i;

	open_chunk(&c, set, chunk);
	for (i = 0; next_container(&c, &con); i++) {
		if (form_of(&con) == RUNS)
			h->is_run[i / 8] |= 1u << i % 8;
		put(put(h->keys + 4 * i, con.key, 2), con.values - 1, 2);
		if (has_offsets(h))
			put(h->offsets + 4 * i, data - buf, 4);
		put_container(data, &con);
		data += bytes_of(&con);
	}
}

size_t ami_pfnset_chunk(const struct ami_pfnset *set, unsigned int chunk,
			void *buf)
{
	struct head h = { .containers = 0 };
	uint8_t *to = buf;

	measure(set, chunk, &h);
	if (!h.containers)
		return 0;
	if (!buf)
		return head_bytes(&h) + h.bytes;
	if (h.runs) {
		h.is_run = put(to, COOKIE_RUNS | (h.containers - 1) << 16, 4);
		h.keys = h.is_run + (h.containers + 7) / 8;
		memset(h.is_run, 0, h.keys - h.is_run);
	} else {
		h.keys = put(put(to, COOKIE, 4), h.containers, 4);
	}
	h.offsets = h.keys + 4 * h.containers;
	put_all(set, chunk, &h, to);
	return head_bytes(&h) + h.bytes;
}
