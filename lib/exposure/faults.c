// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the IOMMU refused (IO_PAGE_FAULT in the event log) against what is
 * mapped now: was the address unmapped, read-only, or mapped again since?
 */
#include <inttypes.h>

#include "exposure.h"

static bool in_stale(const struct ami_exposures *ex, struct ami_bdf bdf,
		     uint64_t iova)
{
	size_t i, k;

	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (e->class != AMI_CLASS_STALE ||
		    e->requester.bdf.segment != bdf.segment ||
		    e->requester.bdf.devid != bdf.devid)
			continue;
		for (k = 0; k < e->nr_iovas; k++)
			if (iova >= e->iovas[k].first &&
			    iova <= e->iovas[k].last)
				return true;
	}
	return false;
}

static const char *story(const struct ami_exposures *ex,
			 const struct ami_device *d, uint64_t iova)
{
	struct ami_dump *dump = ami_kernel_dump(ex->state->kernel);
	struct ami_step steps[AMI_MAX_STEPS];
	struct ami_mapping map;
	bool mapped = false;

	if (d->table.format != AMI_FORMAT_NONE)
		ami_translate(dump, &d->table, iova, steps, &map, &mapped);
	if (mapped && map.write)
		return "it is mapped writable at the panic, so it was mapped after the fault";
	if (mapped)
		return "it is mapped, but read-only";
	if (in_stale(ex, d->bdf, iova))
		return "it was unmapped shortly before: the device went on using a buffer that was taken from it";
	return "it is not mapped: the device used an address after it was unmapped, or a wrong one";
}

static void explain(struct ami_exposures *ex, const struct ami_iommu *iommu,
		    const struct ami_log_entry *entry)
{
	const struct amdvi_event *event = &entry->event;
	struct ami_bdf bdf = { iommu->bdf.segment, event->devid };
	const struct ami_device *d = ami_state_device(ex->state, bdf);
	char where[AMI_BDF_TEXT];

	if (event->code != AMDVI_EVENT_IO_PAGE_FAULT || event->intr ||
	    event->gn || !d || entry->seen == AMI_SEEN_OVERWRITTEN)
		return;
	ami_find(&ex->state->findings, AMI_WARNING, "io-page-fault",
		 ami_bdf_text(bdf, where),
		 "The IOMMU refused its %s at IOVA %#" PRIx64 "; %s.",
		 event->rw ? "write" : "access", event->address,
		 story(ex, d, event->address));
}

int find_faults(struct ami_exposures *ex)
{
	const struct ami_state *s = ex->state;
	size_t i, k;

	for (i = 0; i < s->nr_iommus; i++) {
		const struct ami_log *log = &s->iommus[i].log[AMI_LOG_EVENT];

		for (k = 0; k < log->count; k++)
			explain(ex, &s->iommus[i], &log->list[k]);
	}
	return 0;
}
