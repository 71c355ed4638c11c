// SPDX-License-Identifier: GPL-2.0-or-later
/* Classes "inflight" and "posted": what drivers had asked devices to write. */
#include "exposure.h"

struct keep {
	struct ami_dump *dump;
	struct ami_exposure *e;
};

static bool keep_ram(void *ctx, uint64_t first, uint64_t count)
{
	struct keep *keep = ctx;

	keep->e->outside += add_ram(keep->e->pages, keep->dump, first, count);
	return true;
}

/* A device with transfers to do is at work, whatever one bit says of it. */
static void check_bus_master(struct ami_state *s, struct ami_bdf bdf)
{
	const struct ami_device *d = ami_state_device(s, bdf);
	char where[AMI_BDF_TEXT];

	if (!d || !d->is_pci || !d->busmaster_known || d->busmaster)
		return;
	s->devices[d - s->devices].busmaster_known = false;
	ami_finding_add(&s->findings, AMI_FIND_BUS_MASTER_CONTRADICTION,
			ami_bdf_text(bdf, where),
			"By the kernel's flag it is no bus master, but its driver had handed buffers to it: taken as active.");
}

static int add_set(struct ami_exposures *ex,
		   const struct ami_evidence_set *set)
{
	struct ami_requester requester = { .bdf = set->device };
	struct keep keep = { .dump = ami_kernel_dump(ex->state->kernel) };

	keep.e = add_exposure(ex, requester,
			      set->kind == AMI_TRANSFER_POSTED ?
			      AMI_CLASS_POSTED : AMI_CLASS_INFLIGHT,
			      set->certainty);
	if (!keep.e)
		return -1;
	keep.e->pages = ami_pfnset_new();
	if (!keep.e->pages)
		return -1;
	ami_pfnset_ranges(set->pages, keep_ram, &keep);
	ami_pfnset_compact(keep.e->pages);
	keep.e->count = ami_pfnset_count(keep.e->pages);
	if (keep.e->count)
		check_bus_master(ex->state, set->device);
	return 0;
}

int find_evidence(struct ami_exposures *ex)
{
	struct ami_dump *dump = ami_kernel_dump(ex->state->kernel);
	struct ami_error err;
	size_t i;

	ex->evidence_pages = ami_pfnset_new();
	ami_dump_note_reads(dump, ex->evidence_pages);
	ex->evidence = ami_evidence_find(ex->state, &err);
	ami_dump_note_reads(dump, NULL);
	if (!ex->evidence)
		return err.status == AMI_ERR_INTERRUPTED ? 0 : -1;
	for (i = 0; i < ex->evidence->nr_sets; i++)
		if (add_set(ex, &ex->evidence->sets[i]))
			return -1;
	return 0;
}
