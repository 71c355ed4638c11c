// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What commands read besides the analysis. The readers are those of the views,
 * so an extract, or a dump whose pages are filtered, has all that they want.
 */
#include <kernel/identity.h>

#include "analysis.h"

static void read_interrupt_tables(const struct ami_state *s)
{
	struct ami_irt irt;
	size_t i;

	for (i = 0; i < s->nr_devices; i++)
		if (ami_irt_read(s, &s->devices[i], &irt))
			ami_irt_free(&irt);
}

static bool pass_over(void *ctx, const struct ami_mapping *run)
{
	(void)ctx;
	(void)run;
	return true;
}

/* Tables that no request goes through: those of a device that is bypassed. */
static void read_table(const struct ami_analysis *a,
		       const struct ami_table *table)
{
	static const struct ami_walk_ops ops = { .mapping = pass_over };
	struct ami_walk_stats stats;

	if (!ami_tree_of(a->exposures, table))
		ami_walk(a->dump, table, &ops, NULL, &stats);
}

static bool read_route(void *ctx, const struct ami_route *route)
{
	const struct ami_analysis **a = ctx;

	if (!route->identity)
		read_table(*a, &route->table);
	return true;
}

static void read_tables(const struct ami_analysis *a)
{
	const struct ami_state *s = a->state;
	size_t i;

	for (i = 0; i < s->nr_devices; i++) {
		const struct ami_device *d = &s->devices[i];

		ami_device_routes(s, d, read_route, &a);
		if (d->table.format != AMI_FORMAT_NONE)
			read_table(a, &d->table);
	}
}

static void read_transfer_owners(const struct ami_exposures *ex)
{
	const struct ami_evidence *ev = ex->evidence;
	char text[AMI_OWNER_TEXT_SIZE];
	size_t i;

	for (i = 0; i < ev->count; i++)
		ami_transfer_owner(ex, &ev->list[i], text);
}

static void read_identity(struct ami_kernel *kernel)
{
	char taint[64];

	/* Neither command line nor banner: they stay out of extracts. */
	ami_kernel_taint(kernel, taint, sizeof(taint));
}

int ami_analysis_read_all(const struct ami_analysis *a, struct ami_error *err)
{
	ami_dump_run(a->dump);
	ami_dump_doing(a->dump, "what commands show");
	read_tables(a);
	read_interrupt_tables(a->state);
	read_transfer_owners(a->exposures);
	read_identity(a->kernel);
	if (ami_dump_interrupted(a->dump))
		return ami_error_set(err, AMI_ERR_INTERRUPTED, "interrupted");
	return 0;
}
