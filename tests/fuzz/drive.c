// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The decoders on many inputs made from a seed: without libFuzzer's search, so
 * ten times as many in the same time, and the same ones each time.
 *
 * usage: drive SEED COUNT
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS	5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* Entries are mostly zeros, flags at their ends, an address in between. */
static uint64_t word(uint64_t *state)
{
	uint64_t r = next(state);

	switch (next(state) % 8) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return r;
	case 3:
		return r & next(state) & next(state);
	case 4:
		return 1ull << r % 64;
	case 5:
		return (r & 0x000ffffffffff000ull) | (next(state) & 0xfff) |
		       (next(state) & 0xe0f) << 52;
	case 6:
		return r % 4096;
	default:
		return r >> r % 64;
	}
}

int main(int argc, char **argv)
{
	uint64_t state, count, n, in[WORDS];
	int i;

	if (argc != 3) {
		fputs("usage: drive SEED COUNT\n", stderr);
		return 64;
	}
	state = strtoull(argv[1], NULL, 0);
	count = strtoull(argv[2], NULL, 0);
	for (n = 0; n < count; n++) {
		for (i = 0; i < WORDS; i++)
			in[i] = word(&state);
		LLVMFuzzerTestOneInput((const uint8_t *)in, sizeof(in));
	}
	printf("seed %s: %" PRIu64 " executions\n", argv[1], count);
	puts("1 passed, 0 failed");
	return 0;
}
