// SPDX-License-Identifier: GPL-2.0-or-later
#include "exposure.h"

/* The parts of a run that are RAM. Returns how many frames are not. */
static uint64_t each_ram(const struct ami_dump *dump, uint64_t first,
			 uint64_t count,
			 void (*take)(void *ctx, uint64_t first,
				      uint64_t count), void *ctx)
{
	const struct ami_dump_info *info = ami_dump_info(dump);
	uint64_t in_ram = 0, end = first + count;
	size_t lo = 0, hi = info->nr_ram;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (info->ram[mid].first + info->ram[mid].count <= first)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < info->nr_ram && info->ram[lo].first < end; lo++) {
		uint64_t from = info->ram[lo].first;
		uint64_t to = from + info->ram[lo].count;

		if (from < first)
			from = first;
		if (to > end)
			to = end;
		take(ctx, from, to - from);
		in_ram += to - from;
	}
	return count - in_ram;
}

static void to_set(void *ctx, uint64_t first, uint64_t count)
{
	ami_pfnset_add(ctx, first, count);
}

static void to_batch(void *ctx, uint64_t first, uint64_t count)
{
	ami_pfnbatch_add(ctx, first, count);
}

uint64_t exposure_add_ram(struct ami_pfnset *set, const struct ami_dump *dump,
			  uint64_t first, uint64_t count)
{
	return each_ram(dump, first, count, to_set, set);
}

uint64_t exposure_batch_ram(struct ami_pfnbatch *batch, const struct ami_dump *dump,
			    uint64_t first, uint64_t count)
{
	return each_ram(dump, first, count, to_batch, batch);
}
