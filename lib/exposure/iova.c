// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of IOVA ranges. */
#include <stdlib.h>

#include "exposure.h"

int exposure_add_iovas(struct ami_iova_range **list, size_t *count, uint64_t first,
		       uint64_t last)
{
	enum vec_room room = vec_push(*list, *count, MAX_IOVA_RANGES,
				      (struct ami_iova_range){ first, last });
	struct ami_iova_range *newest;

	if (room != VEC_FULL)
		return room == VEC_NO_MEMORY ? -1 : 0;
	/*
	 * Too many to keep apart: join them. That says too much, never too
	 * little.
	 */
	newest = &(*list)[*count - 1];
	if (first < newest->first)
		newest->first = first;
	if (last > newest->last)
		newest->last = last;
	return 0;
}

int exposure_all_iovas_unknown(struct ami_exposure *e)
{
	e->complete = false;
	return exposure_add_iovas(&e->iovas, &e->nr_iovas, 0, UINT64_MAX);
}

static int by_first(const void *a, const void *b)
{
	const struct ami_iova_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

void exposure_merge_iovas(struct ami_iova_range *list, size_t *count)
{
	size_t i, n = 0;

	if (!list || *count < 2)
		return;
	qsort(list, *count, sizeof(*list), by_first);
	for (i = 1; i < *count; i++) {
		if (list[n].last != UINT64_MAX &&
		    list[i].first > list[n].last + 1)
			list[++n] = list[i];
		else if (list[i].last > list[n].last)
			list[n].last = list[i].last;
	}
	*count = n + 1;
}

struct ami_iova_range *ami_stale_iovas(const struct ami_exposures *ex,
				       const struct ami_domain *dom,
				       size_t *count)
{
	const struct ami_device *devices = ex->state->devices;
	struct ami_iova_range *list = NULL;
	size_t k;
	int i;

	*count = 0;
	for (i = dom->first_device; i >= 0; i = devices[i].next_in_domain) {
		const struct ami_exposure *e = NULL;

		while ((e = ami_exposure_next(ex, devices[i].bdf, e)))
			for (k = 0; e->class == AMI_CLASS_STALE &&
			     k < e->nr_iovas; k++)
				if (exposure_add_iovas(&list, count, e->iovas[k].first,
						       e->iovas[k].last)) {
					free(list);
					*count = 0;
					return NULL;
				}
	}
	exposure_merge_iovas(list, count);
	return list;
}
