// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses that devices were given and that name no memory. Some are damage.
 * Others appear on every machine that stops in the middle of its work.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "evidence.h"

/* No more buffers than this are taken at one moment. */
#define MAX_UNDER_WAY	16u

struct tally {
	struct ami_bdf device;
	size_t ranges[AMI_DMA_ENDS];
	uint64_t first[AMI_DMA_ENDS];
};

static bool is_of(const struct ami_evidence_set *set, struct ami_bdf device)
{
	return !memcmp(&set->device, &device, sizeof(device));
}

static void count_set(struct tally *t, const struct ami_evidence_set *set)
{
	size_t i;

	for (i = 0; i < set->nr_unnamed; i++) {
		const struct ami_unnamed *u = &set->unnamed[i];

		if (!t->ranges[u->end]++)
			t->first[u->end] = u->first;
	}
}

/* "ring entry 12 of iommu0, not proven executed" */
static void describe_unmap(const struct ami_stale *by, char *buf, size_t size)
{
	if (by->by == AMI_STALE_QUEUED)
		snprintf(buf, size, "it waits in the flush queue of CPU %u",
			 by->cpu);
	else
		snprintf(buf, size, "ring entry %u of iommu%u, %s, invalidates it",
			 by->entry, by->iommu,
			 by->by == AMI_STALE_EXECUTED ? "executed" :
			 "not proven executed");
}

/*
 * If more buffers than can be taken at one moment show that, they were unmapped
 * too early. @by: what shows it, or NULL
 */
static void report_under_way(struct ami_evidence *ev, const struct tally *t,
			     const struct ami_stale *by)
{
	uint64_t first = t->first[AMI_DMA_UNMAPPING];
	size_t n = t->ranges[AMI_DMA_UNMAPPING];
	bool queued = by && by->by == AMI_STALE_QUEUED;
	char where[AMI_BDF_TEXT], shown[96] = "", iommu[24] = "";
	const struct ami_fact facts[] = {
		AMI_SAYS(RANGES, n), AMI_SAYS(IOVA, first),
		AMI_SAYS_IF(queued, CPU, by ? by->cpu : 0),
		AMI_SAYS_IF(by && !queued, ENTRY, by ? by->entry : 0),
		AMI_NAMES_IF(by && !queued, IOMMU, iommu),
		{ AMI_FACT_END, 0, NULL },
	};

	if (by) {
		describe_unmap(by, shown, sizeof(shown));
		snprintf(iommu, sizeof(iommu), "iommu%u", by->iommu);
	}
	ami_bdf_text(t->device, where);
	if (n > MAX_UNDER_WAY)
		ami_finding_add_with(ev->state->findings,
				AMI_FIND_BUFFER_NOT_MAPPED, where, facts,
				"The device was asked to write to addresses that were unmapped shortly before (%zu ranges, the first at IOVA %#" PRIx64 ": %s). A driver takes back fewer than that in one moment: buffers were unmapped too early.",
				n, first, shown);
	else
		ami_finding_add_with(ev->state->findings,
				AMI_FIND_UNMAP_UNDER_WAY, where, facts,
				"Its driver was about to take back %zu buffer%s that the device still has in its descriptors (the first at IOVA %#" PRIx64 ": %s). It was unmapping them %s: this is no damage.",
				n, n == 1 ? "" : "s", first, shown,
				ami_moment(ev->state));
}

/* A driver unmaps a buffer before its own records say so. */
static void name_under_way(struct ami_evidence *ev, const struct tally *t)
{
	const struct ami_device *d = ami_state_device(ev->state, t->device);
	struct ami_stale by;

	if (!t->ranges[AMI_DMA_UNMAPPING] || !d)
		return;
	report_under_way(ev, t, ami_unmapped_by(ev->state, d,
						t->first[AMI_DMA_UNMAPPING],
						true, &by) ? &by : NULL);
}

/* What a device was asked to write cannot be named: how its table is, and why. */
static void name_ranges(const struct ami_evidence *ev, const struct tally *t,
			enum ami_dma_end how, enum ami_finding_code code,
			const char *table, const char *why)
{
	char where[AMI_BDF_TEXT];

	if (t->ranges[how])
		ami_finding_add_with(ev->state->findings, code,
				ami_bdf_text(t->device, where),
				AMI_FACTS(AMI_SAYS(RANGES, t->ranges[how]),
					  AMI_SAYS(IOVA, t->first[how])),
				"The device was asked to write to addresses %s (%zu ranges, the first at IOVA %#" PRIx64 "). %s.",
				table, t->ranges[how], t->first[how], why);
}

static void name_device(struct ami_evidence *ev, const struct tally *t)
{
	const struct ami_device *d = ami_state_device(ev->state, t->device);

	if (t->ranges[AMI_DMA_UNREAD] && d)
		evidence_cover_partly(ev, d, "tables");
	name_ranges(ev, t, AMI_DMA_UNMAPPED, AMI_FIND_BUFFER_NOT_MAPPED,
		    "that its page table does not map",
		    "Descriptors are damaged, or buffers were unmapped too early");
	name_ranges(ev, t, AMI_DMA_READ_ONLY, AMI_FIND_BUFFER_READ_ONLY,
		    "that its page table lets it only read",
		    "Descriptors are damaged, or buffers were mapped for the wrong direction");
	name_ranges(ev, t, AMI_DMA_UNREAD, AMI_FIND_BUFFER_ADDRESS_UNREAD,
		    d && ami_device_elsewhere(d) ?
		    "whose page table is not read" :
		    "whose page table cannot be read",
		    "It is unknown which memory that is");
	name_under_way(ev, t);
}

void evidence_name_unnamed(struct ami_evidence *ev)
{
	size_t i, k;

	for (i = 0; i < ev->nr_sets; i++) {
		struct tally t = { .device = ev->sets[i].device };

		/* Once for each device, at its first set. */
		for (k = 0; k < i && !is_of(&ev->sets[k], t.device); k++)
			;
		if (k < i)
			continue;
		for (; k < ev->nr_sets; k++)
			if (is_of(&ev->sets[k], t.device))
				count_set(&t, &ev->sets[k]);
		name_device(ev, &t);
	}
}
