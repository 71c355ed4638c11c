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

#define PCI_BASE_NETWORK	0x02

static bool is_network(const struct ami_state *s, struct ami_bdf bdf)
{
	const struct ami_device *d = ami_state_device(s, bdf);

	return d && d->class >> 16 == PCI_BASE_NETWORK;
}

/* Where drivers keep requests, and what they gave network devices to fill. */
static void name_buffers(struct ami_exposures *ex)
{
	const struct ami_evidence *ev = ex->evidence;
	size_t i;

	ami_owners_known(ex->owners, AMI_OWNER_REQUEST, ev->request_pages);
	for (i = 0; i < ev->nr_sets; i++)
		if (ev->sets[i].kind == AMI_TRANSFER_POSTED &&
		    is_network(ex->state, ev->sets[i].device) &&
		    ami_exposures_spend_sets(ex, ev->sets[i].pages,
					     ev->sets[i].pages))
			ami_owners_known(ex->owners, AMI_OWNER_NETWORK,
					 ev->sets[i].pages);
}

int exposure_start_owners(struct ami_exposures *ex)
{
	ex->owners = ami_owners_new(ex->state);
	if (!ex->owners)
		return -1;
	name_buffers(ex);
	return 0;
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
