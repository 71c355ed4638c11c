// SPDX-License-Identifier: GPL-2.0-or-later
#include "exposure.h"

uint64_t add_ram(struct ami_pfnset *set, const struct ami_dump *dump,
		 uint64_t first, uint64_t count)
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
		ami_pfnset_add(set, from, to - from);
		in_ram += to - from;
	}
	return count - in_ram;
}
