// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include <common/vec.h>
#include <dump/ramlist.h>

int ramlist_add(struct ramlist *list, uint64_t first, uint64_t end)
{
	struct ami_range *last;
	enum vec_room room;

	if (end <= first)
		return 0;
	last = list->count ? &list->range[list->count - 1] : NULL;
	if (last && first <= last->first + last->count) {
		if (end > last->first + last->count)
			last->count = end - last->first;
		return 0;
	}
	room = vec_push(list->range, list->count, RAMLIST_MAX,
			(struct ami_range){ first, end - first });
	if (room != VEC_FULL)
		return room == VEC_NO_MEMORY ? -1 : 0;
	last = &list->range[RAMLIST_MAX - 1];
	/* What lies between counts as RAM: too much, never too little. */
	last->count = end - last->first;
	list->merged = true;
	return 0;
}

bool ramlist_has(const struct ramlist *list, uint64_t pfn)
{
	size_t lo = 0, hi = list->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (pfn < list->range[mid].first)
			hi = mid;
		else if (pfn - list->range[mid].first >= list->range[mid].count)
			lo = mid + 1;
		else
			return true;
	}
	return false;
}
