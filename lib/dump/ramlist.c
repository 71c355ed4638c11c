// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include <dump/ramlist.h>

int ramlist_add(struct ramlist *list, uint64_t first, uint64_t end)
{
	struct ami_range *last, *more;

	if (end <= first)
		return 0;
	last = list->count ? &list->range[list->count - 1] : NULL;
	if (last && first <= last->first + last->count) {
		if (end > last->first + last->count)
			last->count = end - last->first;
		return 0;
	}
	if (list->count == RAMLIST_MAX)
		return -1;
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 64;

		more = realloc(list->range, room * sizeof(*more));
		if (!more)
			return -1;
		list->range = more;
		list->room = room;
	}
	list->range[list->count++] = (struct ami_range){ first, end - first };
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
