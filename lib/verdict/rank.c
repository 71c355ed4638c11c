// SPDX-License-Identifier: GPL-2.0-or-later
/* Which devices come first: the same in every form of the report. */
#include <stdlib.h>

#include "verdict.h"

static bool reaches_never_buffers(const struct ami_exposures *ex,
				  const struct ami_device *d)
{
	const struct ami_exposure *e = NULL;
	int owner;

	while ((e = ami_exposure_next(ex, d->bdf, e)))
		for (owner = 0; owner < AMI_OWNERS; owner++)
			if (verdict_was_given(e) && e->owners[owner] &&
			    ami_owner_never_buffer(owner))
				return true;
	return false;
}

static int order(const void *one, const void *two)
{
	const struct ami_ranked *a = one, *b = two;

	if (a->concern != b->concern)
		return a->concern > b->concern ? -1 : 1;
	if (a->suspect != b->suspect)
		return a->suspect ? -1 : 1;
	if (a->anomalous != b->anomalous)
		return a->anomalous ? -1 : 1;
	if (a->reach.all_ram != b->reach.all_ram)
		return a->reach.all_ram ? -1 : 1;
	if (a->reach.more != b->reach.more)
		return a->reach.more ? -1 : 1;
	if (a->reach.pages != b->reach.pages)
		return a->reach.pages > b->reach.pages ? -1 : 1;
	if (!a->d->driver[0] != !b->d->driver[0])
		return a->d->driver[0] ? -1 : 1;
	return a->d < b->d ? -1 : a->d > b->d;
}

struct ami_ranked *ami_rank_devices(const struct ami_exposures *ex)
{
	const struct ami_state *s = ex->state;
	struct ami_ranked *list = calloc(s->nr_devices + 1, sizeof(*list));
	size_t i;

	if (!list)
		return NULL;
	for (i = 0; i < s->nr_devices; i++) {
		struct ami_ranked *r = &list[i];

		r->d = &s->devices[i];
		r->concern = ami_device_concern(ex, r->d);
		r->suspect = reaches_never_buffers(ex, r->d);
		r->anomalous = r->d->dte_seen != AMI_SEEN_INTACT;
		r->reach = ami_device_reach(ex, r->d);
	}
	qsort(list, s->nr_devices, sizeof(*list), order);
	return list;
}
