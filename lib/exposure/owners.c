// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose are the pages that devices could write? */
#include <string.h>

#include "tally.h"

static bool add_io_table(void *ctx, uint64_t first, uint64_t count)
{
	struct ami_owners *owners = ctx;

	while (count--)
		ami_owners_io_table(owners, first++);
	return true;
}

int exposure_start_owners(struct ami_exposures *ex)
{
	ex->owners = ami_owners_new(ex->state);
	return ex->owners ? 0 : -1;
}

static void take_over(struct ami_exposures *ex, struct tallies *t)
{
	size_t i;

	for (i = 0; i < ex->count; i++) {
		struct ami_exposure *e = &ex->list[i];
		const struct tally *one;

		if (!t->of[i])
			continue;
		one = &t->list[t->of[i] - 1];
		memcpy(e->owners, one->count, sizeof(e->owners));
		memcpy(e->first, one->first, sizeof(e->first));
	}
	ex->contents = t->contents;
	ex->free_contents = t->free;
	t->contents = t->free = NULL;
}

int exposure_count_owners(struct ami_exposures *ex)
{
	struct tallies t;
	int ret;

	ami_pfnset_ranges(ex->io_tables, add_io_table, ex->owners);
	ret = exposure_tally_owners(ex, &t);
	if (!ret)
		take_over(ex, &t);
	exposure_tallies_free(&t);
	return ret;
}
