// SPDX-License-Identifier: GPL-2.0-or-later
/* What is RAM of the dumped machine. */
#include <stdlib.h>

#include <dump/ramlist.h>
#include "handle.h"

static void add_range(struct ami_pfnset *set, const struct ami_range *range,
		      size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		ami_pfnset_add(set, range[i].first, range[i].count);
}

struct replacing {
	struct ramlist list;
	bool no_memory;
};

static bool to_list(void *ctx, uint64_t first, uint64_t count)
{
	struct replacing *r = ctx;

	r->no_memory = ramlist_add(&r->list, first, first + count);
	return !r->no_memory;
}

static int replace_ram(struct ami_dump *dump, struct ami_pfnset *all)
{
	struct replacing r = { .no_memory = false };
	const struct ami_range *last;

	ami_pfnset_ranges(all, to_list, &r);
	if (!r.list.count || r.no_memory || ami_pfnset_failed(all)) {
		free(r.list.range);
		return -1;
	}
	free(dump->all_ram);
	dump->all_ram = r.list.range;
	dump->info.ram = r.list.range;
	dump->info.nr_ram = r.list.count;
	dump->info.ram_merged |= r.list.merged;
	dump->ram_pages = ami_pfnset_count(all);
	last = &r.list.range[r.list.count - 1];
	if (last->first + last->count > dump->info.max_pfn)
		dump->info.max_pfn = last->first + last->count;
	return 0;
}

int ami_dump_add_ram(struct ami_dump *dump, const struct ami_pfnset *more)
{
	struct ami_pfnset *all = ami_pfnset_new();
	int ret;

	if (!all)
		return -1;
	add_range(all, dump->info.ram, dump->info.nr_ram);
	ami_pfnset_union(all, more);
	ret = replace_ram(dump, all);
	ami_pfnset_free(all);
	return ret;
}

uint64_t ami_dump_ram_pages(const struct ami_dump *dump)
{
	return dump->ram_pages;
}

bool ami_dump_ram(const struct ami_dump *dump, uint64_t pfn)
{
	const struct ramlist ram = {
		.range = (struct ami_range *)dump->info.ram,
		.count = dump->info.nr_ram,
	};

	return ramlist_has(&ram, pfn);
}
