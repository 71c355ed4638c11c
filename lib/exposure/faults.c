// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the IOMMU refused (IO_PAGE_FAULT in the event log) against what is
 * mapped now, what was unmapped, and what lies beside it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "exposure.h"

/* So far behind the end of a buffer a transfer may run over. */
#define NEAR		(64u * 1024)

/** struct fault - a refused access, and the table that it went through */
struct fault {
	struct ami_exposures *ex;
	const struct ami_device *device;
	const struct amdvi_event *event;
	struct ami_table table;
	struct ami_mapping before;	/* the last mapping below; size 0: none */
	char story[224];
};

static bool in_stale(const struct fault *f)
{
	const struct ami_exposure *e = NULL;
	uint64_t iova = f->event->address;
	size_t i;

	while ((e = ami_exposure_next(f->ex, f->device->bdf, e)))
		for (i = 0; e->class == AMI_CLASS_STALE && i < e->nr_iovas; i++)
			if (iova >= e->iovas[i].first &&
			    iova <= e->iovas[i].last)
				return true;
	return false;
}

static bool flushed_from_queue(const struct fault *f)
{
	const struct ami_flushq *q;
	size_t i;

	if (f->device->domain < 0)
		return false;
	q = &f->ex->state->domains[f->device->domain].flushq;
	for (i = 0; i < q->count; i++)
		if (q->list[i].flushed &&
		    f->event->address - q->list[i].iova < q->list[i].size)
			return true;
	return false;
}

static bool keep_last_before(void *ctx, const struct ami_mapping *m)
{
	struct fault *f = ctx;

	if (m->iova > f->event->address)
		return false;
	f->before = *m;
	return true;
}

/* How far behind the end of what is mapped below; 0: not near any. */
static uint64_t behind_end(struct fault *f)
{
	static const struct ami_walk_ops ops = { .mapping = keep_last_before };
	struct ami_walk_stats stats;
	uint64_t end;

	ami_walk(ami_kernel_dump(f->ex->state->kernel), &f->table, &ops, f,
		 &stats);
	end = f->before.iova + f->before.size;
	return f->before.size && end <= f->event->address &&
	       f->event->address - end < NEAR ?
	       f->event->address - end + 1 : 0;
}

static void tell_unmapped(struct fault *f)
{
	struct ami_stale by;
	uint64_t behind;

	if (ami_unmapped_by(f->ex->state, f->device, f->event->address, false,
			    &by) && by.by == AMI_STALE_EXECUTED) {
		snprintf(f->story, sizeof(f->story),
			 "it was unmapped before (command ring, entry %u: its invalidation was executed): the device went on using a buffer that was taken from it",
			 by.entry);
	} else if (flushed_from_queue(f)) {
		snprintf(f->story, sizeof(f->story),
			 "it was unmapped before (flush queue, flushed): the device went on using a buffer that was taken from it");
	} else if ((behind = behind_end(f))) {
		snprintf(f->story, sizeof(f->story),
			 "it is not mapped, and lies %" PRIu64 " bytes behind the end of what is mapped at IOVA %#" PRIx64 ": a transfer may have run over the end of that buffer",
			 behind - 1, f->before.iova);
	} else {
		snprintf(f->story, sizeof(f->story),
			 "it is not mapped, nor is anything right before it: the device used an address that was unmapped earlier, or never given to it");
	}
}

/* With a PASID, and without one in domains with guest tables: by GCR3. */
static bool keep_table(void *ctx, const struct ami_route *route)
{
	struct fault *f = ctx;

	if (route->identity || route->has_pasid != f->event->gn ||
	    (route->has_pasid && route->pasid != f->event->pasid))
		return true;
	f->table = route->table;
	return false;
}

static void tell(struct fault *f)
{
	struct ami_dump *dump = ami_kernel_dump(f->ex->state->kernel);
	struct ami_step steps[AMI_MAX_STEPS];
	struct ami_mapping map;
	bool mapped = false;

	ami_device_routes(f->ex->state, f->device, keep_table, f);
	if (f->table.format != AMI_FORMAT_NONE)
		ami_translate(dump, &f->table, f->event->address, steps, &map,
			      &mapped);
	if (mapped && map.write)
		snprintf(f->story, sizeof(f->story),
			 "it is mapped writable at the panic, so it was mapped after the fault");
	else if (mapped)
		snprintf(f->story, sizeof(f->story),
			 "it is mapped, but read-only");
	else if (in_stale(f))
		snprintf(f->story, sizeof(f->story),
			 "it was unmapped shortly before: the device went on using a buffer that was taken from it");
	else
		tell_unmapped(f);
}

static void explain(struct ami_exposures *ex, const struct ami_iommu *iommu,
		    const struct ami_log_entry *entry)
{
	struct ami_bdf bdf = { iommu->bdf.segment, entry->event.devid };
	struct fault f = {
		.ex = ex, .event = &entry->event,
		.device = ami_state_device(ex->state, bdf),
		.story = "no device of the kernel has this ID",
	};
	char where[AMI_BDF_TEXT];

	if (f.event->code != AMDVI_EVENT_IO_PAGE_FAULT || f.event->intr ||
	    entry->seen == AMI_SEEN_OVERWRITTEN)
		return;
	/* It may walk whole tables: only for what will be kept. */
	if (f.device && !ami_findings_full(&ex->state->findings,
					   AMI_FIND_IO_PAGE_FAULT))
		tell(&f);
	ami_finding_add(&ex->state->findings, AMI_FIND_IO_PAGE_FAULT,
			ami_bdf_text(bdf, where),
			"The IOMMU refused its %s at IOVA %#" PRIx64 "; %s.",
			f.event->rw ? "write" : "access", f.event->address, f.story);
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
