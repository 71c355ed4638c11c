// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * I/O page tables in use whose pages have another owner. The driver removes a
 * table page, then has the IOMMU flush it, then frees it. So if a device's
 * table leads to a page that is free, or that somebody else owns, the page was
 * freed too early, or the entry above it is damaged. The IOMMU then takes what
 * the new owner writes for entries.
 */
#include <stdlib.h>

#include "exposure.h"

#define WINDOW		AMI_OWNER_WINDOW

struct window {
	uint64_t first;
	uint64_t *wanted;
	uint8_t *owner;
};

struct strangers {
	const struct window *w;
	uint64_t count[AMI_OWNERS], first[AMI_OWNERS];
};

/* Not in the list: owners of a process's own tables, if it shares them. */
static bool is_stranger(enum ami_owner owner)
{
	switch (owner) {
	case AMI_OWNER_FREE:
	case AMI_OWNER_SLAB:
	case AMI_OWNER_OBJECT:
	case AMI_OWNER_NETWORK:
	case AMI_OWNER_FILE:
	case AMI_OWNER_ANON:
	case AMI_OWNER_HUGETLB:
		return true;
	default:
		return false;
	}
}

static bool want(void *ctx, uint64_t first, uint64_t count)
{
	struct window *w = ctx;
	uint64_t at = first - w->first;

	for (; count--; at++)
		w->wanted[at / 64] |= 1ull << at % 64;
	return true;
}

static bool compare_owners(void *ctx, uint64_t first, uint64_t count)
{
	struct strangers *s = ctx;

	for (; count--; first++) {
		enum ami_owner owner = s->w->owner[first - s->w->first];

		if (is_stranger(owner) && !s->count[owner]++)
			s->first[owner] = first;
	}
	return true;
}

static void look(struct ami_exposures *ex, struct window *w,
		 struct strangers *s)
{
	uint64_t next = ami_pfnset_first(ex->io_tables), i;
	struct ami_dump *dump = ami_kernel_dump(ex->state->kernel);

	while (next < AMI_PFN_LIMIT && !ami_dump_stopped(dump)) {
		ami_exposures_spend(ex, WINDOW / 64 * AMI_COST_ENTRY);
		w->first = next / WINDOW * WINDOW;
		for (i = 0; i < WINDOW / 64; i++)
			w->wanted[i] = 0;
		ami_pfnset_ranges_in(ex->io_tables, w->first, WINDOW, want, w);
		ami_owners_fill(ex->owners, w->first, w->wanted, w->owner);
		if (ami_dump_stopped(dump))
			return;
		ami_pfnset_ranges_in(ex->io_tables, w->first, WINDOW, compare_owners, s);
		next = ami_pfnset_next(ex->io_tables, w->first + WINDOW);
	}
}

int exposure_look_at_tables(struct ami_exposures *ex)
{
	struct window w = {
		.wanted = malloc(WINDOW / 8), .owner = malloc(WINDOW),
	};
	struct strangers s = { .w = &w };
	bool ok = w.wanted && w.owner;
	int owner;

	if (ok)
		look(ex, &w, &s);
	free(w.wanted);
	free(w.owner);
	for (owner = 0; ok && owner < AMI_OWNERS; owner++) {
		ex->stranger_tables[owner].count = s.count[owner];
		ex->stranger_tables[owner].first = s.first[owner];
	}
	return ok ? 0 : -1;
}
