// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>

#include "exposure.h"

/*
 * In this order: marks add what no other producer has found. One table for what
 * a device could write, one for what it was asked to write. A later producer
 * may look at the results of earlier ones.
 */
static const struct exposure_step producers[] = {
	{ "page tables", exposure_find_mapped },
	{ "pass-through", exposure_find_passthrough },
	{ "stripped DTEs", exposure_find_stripped },
	{ "stale translations", exposure_find_stale },
	{ "evidence", exposure_find_evidence },
	{ "the IOMMU's own writes", exposure_find_hardware },
	{ "marks", exposure_find_marked },
};

/* In this order, once all exposures exist. */
static const struct exposure_step annotators[] = {
	{ "page owners", exposure_start_owners },
	{ "I/O page tables", exposure_look_at_tables },
	{ "page owners", exposure_count_owners },
};

/* Frames that were lost for lack of memory must not count as safe. */
static bool lost_frames(const struct ami_exposures *ex)
{
	const struct ami_basis *on = &ex->on;
	size_t i;

	for (i = 0; i < ex->count; i++)
		if (ex->list[i].pages && ami_pfnset_failed(ex->list[i].pages))
			return true;
	return ami_pfnset_failed(ex->io_tables) ||
	       (ex->observed && ami_pfnset_failed(ex->observed)) ||
	       (on->evidence_pages && ami_pfnset_failed(on->evidence_pages)) ||
	       (on->state_pages && ami_pfnset_failed(on->state_pages));
}

static int run_steps(struct ami_exposures *ex, const struct exposure_step *step,
		     size_t count, struct ami_error *err)
{
	struct ami_dump *dump = ami_kernel_dump(ex->state->kernel);
	size_t i;

	for (i = 0; i < count; i++) {
		ami_dump_doing(dump, step[i].name);
		if (step[i].run(ex))
			return ami_error_set(err, AMI_ERR_MEMORY,
					     "out of memory while collecting pages (%s)",
					     step[i].name);
		if (ami_dump_interrupted(dump))
			return ami_error_set(err, AMI_ERR_INTERRUPTED,
					     "interrupted");
	}
	return 0;
}

#define COUNT(list)	(sizeof(list) / sizeof((list)[0]))

static int run_all(struct ami_exposures *ex, struct ami_error *err)
{
	if (run_steps(ex, producers, COUNT(producers), err) ||
	    run_steps(ex, annotators, COUNT(annotators), err))
		return -1;
	if (ex->on.spill && ex->on.spill->failed)
		return ami_error_set(err, AMI_ERR_OUTPUT,
				     "the temporary file of page sets cannot be read");
	if (lost_frames(ex))
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	return 0;
}

struct ami_exposures *ami_exposures_find(const struct ami_basis *on,
					 struct ami_error *err)
{
	struct ami_exposures *ex = calloc(1, sizeof(*ex));

	if (ex) {
		ex->on = *on;
		ex->state = on->state;
		ex->evidence = on->evidence;
		ex->io_tables = ami_pfnset_new();
	}
	if (!ex || !ex->io_tables) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		ami_exposures_free(ex);
		return NULL;
	}
	if (run_all(ex, err)) {
		ami_exposures_free(ex);
		return NULL;
	}
	return ex;
}

void ami_exposures_free(struct ami_exposures *ex)
{
	size_t i;

	if (!ex)
		return;
	for (i = 0; i < ex->count; i++) {
		if (!ex->list[i].borrowed)
			ami_pfnset_free(ex->list[i].pages);
		free(ex->list[i].iovas);
	}
	for (i = 0; i < ex->nr_trees; i++) {
		ami_pfnset_free(ex->trees[i].writable);
		ami_pfnset_free(ex->trees[i].iovas_in_ram);
		ami_pfnset_free(ex->trees[i].updated);
		free(ex->trees[i].holes);
	}
	ami_reasons_free(&ex->reasons);
	ami_reasons_free(&ex->gaps);
	free(ex->uncovered);
	ami_owners_free(ex->owners);
	ami_pfnset_free(ex->io_tables);
	ami_pfnset_free(ex->observed);
	ami_pfnset_free(ex->contents);
	ami_pfnset_free(ex->free_contents);
	ami_index_free(&ex->tree_index);
	ami_index_free(&ex->by_device);
	free(ex->list);
	free(ex->trees);
	free(ex);
}
