// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The portable Roaring format, as its specification has it (RoaringFormatSpec):
 * a cookie, which containers are of runs, key and cardinality of each, offsets,
 * then the containers, each of the values with the same upper 16 bits.
 */
#include "bytes.h"
#include "marks.h"

#define COOKIE_RUNS	12347u	/* number of containers - 1 in the upper half */
#define COOKIE		12346u
#define OFFSETS_FROM	4u	/* with runs: offsets from so many containers */
#define ARRAY_MAX	4096u
#define BITSET_BYTES	8192u
#define MAX_CONTAINERS	65536u

struct reader {
	struct ami_pfnset *set;
	const uint8_t *start;
	struct in in;
	uint32_t containers;
	const uint8_t *is_run;	/* a bit each, NULL: none is */
	const uint8_t *keys;	/* key and cardinality - 1, 16 bits each */
	const uint8_t *offsets;	/* NULL: there are none */
};

static uint32_t number_at(const uint8_t *at, unsigned int size)
{
	struct in in = { .at = at, .left = size };

	return in_number(&in, size);
}

static bool read_runs(struct reader *r, uint64_t base, uint32_t cardinality)
{
	uint32_t runs = in_number(&r->in, 2), sum = 0, next = 0;

	while (runs-- && !r->in.bad) {
		uint32_t first = in_number(&r->in, 2);
		uint32_t count = in_number(&r->in, 2) + 1;

		if (first < next || first + count > MAX_CONTAINERS)
			return false;
		ami_pfnset_add(r->set, base + first, count);
		next = first + count;
		sum += count;
	}
	return !r->in.bad && sum == cardinality;
}

static bool read_array(struct reader *r, uint64_t base, uint32_t cardinality)
{
	int64_t last = -1;

	while (cardinality-- && !r->in.bad) {
		uint32_t value = in_number(&r->in, 2);

		if (value <= last)
			return false;
		ami_pfnset_add(r->set, base + value, 1);
		last = value;
	}
	return !r->in.bad;
}

static bool read_bitset(struct reader *r, uint64_t base, uint32_t cardinality)
{
	const uint8_t *bits = in_bytes(&r->in, BITSET_BYTES);
	uint32_t i, sum = 0;

	for (i = 0; bits && i < BITSET_BYTES * 8; i++)
		if (bits[i / 8] >> i % 8 & 1) {
			ami_pfnset_add(r->set, base + i, 1);
			sum++;
		}
	return bits && sum == cardinality;
}

static bool read_container(struct reader *r, uint64_t chunk, uint32_t i)
{
	uint32_t key = number_at(r->keys + 4 * i, 2);
	uint32_t cardinality = number_at(r->keys + 4 * i + 2, 2) + 1;
	uint64_t base = chunk << 32 | key << 16;

	if (i && key <= number_at(r->keys + 4 * i - 4, 2))
		return false;
	if (r->offsets && number_at(r->offsets + 4 * i, 4) !=
			  (uint64_t)(r->in.at - r->start))
		return false;
	if (r->is_run && r->is_run[i / 8] >> i % 8 & 1)
		return read_runs(r, base, cardinality);
	return cardinality <= ARRAY_MAX ? read_array(r, base, cardinality) :
					  read_bitset(r, base, cardinality);
}

static bool read_head(struct reader *r)
{
	uint32_t cookie = in_number(&r->in, 4);

	if ((cookie & 0xffff) == COOKIE_RUNS) {
		r->containers = (cookie >> 16) + 1;
		r->is_run = in_bytes(&r->in, (r->containers + 7) / 8);
	} else if (cookie == COOKIE) {
		r->containers = in_below(&r->in, 4, MAX_CONTAINERS + 1);
	} else {
		return false;
	}
	r->keys = in_bytes(&r->in, 4ull * r->containers);
	if (!r->is_run || r->containers >= OFFSETS_FROM)
		r->offsets = in_bytes(&r->in, 4ull * r->containers);
	return !r->in.bad;
}

bool roaring_read(struct ami_pfnset *set, unsigned int chunk,
		  const uint8_t *bytes, size_t len)
{
	struct reader r = {
		.set = set, .start = bytes, .in = { .at = bytes, .left = len },
	};
	uint32_t i;

	if (!read_head(&r))
		return false;
	for (i = 0; i < r.containers; i++)
		if (!read_container(&r, chunk, i))
			return false;
	return !r.in.left;
}
