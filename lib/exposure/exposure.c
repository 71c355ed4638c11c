// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>

#include "exposure.h"

static const struct provider providers[] = {
	{ "page tables", find_mapped },
	{ "pass-through", find_passthrough },
	{ "stripped DTEs", find_stripped },
	{ "stale translations", find_stale },
	{ "evidence", find_evidence },
	{ "the IOMMU's own writes", find_hardware },
	{ "marks", find_marked },
	{ "RAM that the file does not list", find_unlisted },
	{ "page owners", find_owners },
	{ "saved pages", find_differing },	/* knows what all others read */
	{ "faults", find_faults },
	{ "self-taint", find_taint },
	{ "pages left out", find_dropped },
};

const char *ami_class_name(enum ami_class c)
{
	static const char *const name[] = {
		"mapped", "passthrough", "stale", "posted", "inflight",
		"hardware", "observed",
	};

	return name[c];
}

const char *ami_verdict_name(enum ami_verdict v)
{
	static const char *const name[] = {
		"trusted", "exposed", "suspect", "corrupt", "unknown",
	};

	return name[v];
}

char *ami_requester_text(struct ami_requester r, char buf[AMI_REQUESTER_TEXT])
{
	if (!r.is_iommu)
		return ami_bdf_text(r.bdf, buf);
	snprintf(buf, AMI_REQUESTER_TEXT, "iommu%u", r.index);
	return buf;
}

static uint64_t key_of(struct ami_bdf bdf)
{
	return (uint64_t)bdf.segment << 16 | bdf.devid;
}

/* Chain it up with the others of its device. */
static bool link_exposure(struct ami_exposures *ex, size_t n)
{
	struct ami_exposure *e = &ex->list[n];
	size_t first;

	if (e->requester.is_iommu)
		return true;
	if (!ami_index_find(&ex->by_device, key_of(e->requester.bdf), &first))
		return ami_index_add(&ex->by_device, key_of(e->requester.bdf),
				     n);
	e->next = ex->list[first].next;
	ex->list[first].next = n + 1;
	return true;
}

struct ami_exposure *add_exposure(struct ami_exposures *ex,
				  struct ami_requester requester,
				  enum ami_class class,
				  enum ami_certainty certainty)
{
	struct ami_exposure *more;
	size_t n = ex->count;

	if (!(n & (n - 1))) {
		more = realloc(ex->list, (n ? 2 * n : 1) * sizeof(*more));
		if (!more)
			return NULL;
		ex->list = more;
	}
	ex->list[n] = (struct ami_exposure){
		.requester = requester, .class = class,
		.certainty = certainty, .complete = true,
	};
	if (!link_exposure(ex, n))
		return NULL;
	ex->count = n + 1;
	return &ex->list[n];
}

const struct ami_exposure *ami_exposure_next(const struct ami_exposures *ex,
					     struct ami_bdf bdf,
					     const struct ami_exposure *after)
{
	size_t first;

	if (after)
		return after->next ? &ex->list[after->next - 1] : NULL;
	return ami_index_find(&ex->by_device, key_of(bdf), &first) ?
	       &ex->list[first] : NULL;
}

struct ami_pfnset *ami_exposures_pages(const struct ami_exposures *ex)
{
	struct ami_pfnbatch all = { .set = ami_pfnset_new() };
	size_t i;

	for (i = 0; all.set && i < ex->count; i++)
		if (ex->list[i].pages)
			ami_pfnbatch_join(&all, ex->list[i].pages);
	if (all.set)
		ami_pfnbatch_flush(&all);
	return all.set;
}

/* Frames that were lost for want of memory must not pass for safe ones. */
static bool lost_frames(const struct ami_exposures *ex)
{
	const struct ami_pfnset *rests_on = ex->state->rests_on;
	size_t i;

	for (i = 0; i < ex->count; i++)
		if (ex->list[i].pages && ami_pfnset_failed(ex->list[i].pages))
			return true;
	return ami_pfnset_failed(ex->io_tables) ||
	       (ex->evidence_pages && ami_pfnset_failed(ex->evidence_pages)) ||
	       (ex->observed && ami_pfnset_failed(ex->observed)) ||
	       (rests_on && ami_pfnset_failed(rests_on));
}

static int run_providers(struct ami_exposures *ex, struct ami_error *err)
{
	struct ami_dump *dump = ami_kernel_dump(ex->state->kernel);
	size_t i;

	for (i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
		ami_dump_doing(dump, providers[i].name);
		if (providers[i].find(ex))
			return ami_error_set(err, AMI_ERR_MEMORY,
					     "out of memory while collecting pages (%s)",
					     providers[i].name);
		if (ami_dump_interrupted(dump))
			return ami_error_set(err, AMI_ERR_INTERRUPTED,
					     "interrupted");
	}
	if (ex->state->spill && ex->state->spill->failed)
		return ami_error_set(err, AMI_ERR_OUTPUT,
				     "the temporary file of page sets cannot be read");
	ami_name_limits(ex->state);
	if (lost_frames(ex) || judge(ex))
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	return 0;
}

struct ami_exposures *ami_exposures_find(struct ami_state *state,
					 struct ami_error *err)
{
	struct ami_exposures *ex = calloc(1, sizeof(*ex));

	if (!ex || !state->incidents) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		free(ex);
		return NULL;
	}
	ex->state = state;
	ex->io_tables = ami_pfnset_new();
	if (!ex->io_tables) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		ami_exposures_free(ex);
		return NULL;
	}
	if (run_providers(ex, err)) {
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
	for (i = 0; i < ex->nr_reasons; i++)
		free(ex->reason[i]);
	ami_evidence_free(ex->evidence);
	ami_owners_free(ex->owners);
	ami_pfnset_free(ex->io_tables);
	ami_pfnset_free(ex->observed);
	ami_pfnset_free(ex->evidence_pages);
	ami_index_free(&ex->tree_index);
	ami_index_free(&ex->by_device);
	free(ex->list);
	free(ex->trees);
	free(ex);
}
