// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the command rings still show of an IOVA: its invalidations, oldest first. A
 * driver unmaps before it invalidates, so each says that something was mapped here,
 * and unmapped or changed.
 */
#include <inttypes.h>

#include "view.h"

#define SHOWN	8u
/* A larger one concerns all of a domain, and says little of one IOVA. */
#define WIDE	(1ull << 40)

struct history {
	struct view *v;
	const struct ami_device *d;
	uint64_t iova;
	uint32_t found, skip;
};

static bool is_usable(enum ami_entry_state state)
{
	return state == AMI_ENTRY_DONE || state == AMI_ENTRY_UNPROVEN ||
	       state == AMI_ENTRY_NOT_EXECUTED;
}

static void show_entry(struct history *h, const struct ami_iommu *iommu,
		       uint32_t entry, uint32_t before, uint64_t first,
		       uint64_t last)
{
	const struct ami_ring *ring = &iommu->ring;
	const char *state = ami_entry_state_name(ring->state[entry]);
	const char *name = amdvi_command_name(ring->entry[entry].opcode);
	struct view *v = h->v;

	if (!v->r->json) {
		fprintf(v->out, "  iommu%u  entry %3u  %-12s  %s\n",
			iommu->index, entry, state, name);
		fprintf(v->out, "          %#" PRIx64 " to %#" PRIx64
			", %u entries before the tail\n", first, last, before);
		return;
	}
	json_object_line(&v->j, NULL);
	json_number(&v->j, "iommu", iommu->index);
	json_number(&v->j, "entry", entry);
	json_number(&v->j, "before_tail", before);
	json_string(&v->j, "state", state);
	json_string(&v->j, "name", name);
	json_hex(&v->j, "first", first);
	json_hex(&v->j, "last", last);
	json_close_object(&v->j);
}

/* @show: or count only */
static void go_through(struct history *h, size_t iommu, bool show)
{
	const struct ami_state *s = h->v->a->state;
	const struct ami_ring *ring = &s->iommus[iommu].ring;
	uint64_t first, last;
	uint32_t i, entry;

	if (!ring->tail_known || !ami_serves(s, iommu, h->d))
		return;
	for (i = 0; i < AMI_RING_ENTRIES; i++) {
		entry = (ring->tail + i) % AMI_RING_ENTRIES;
		if (!is_usable(ring->state[entry]) ||
		    !ami_command_concerns(s, h->d, &ring->entry[entry], &first,
					  &last) ||
		    h->iova < first || h->iova > last || last - first > WIDE)
			continue;
		h->found++;
		if (show && h->found > h->skip)
			show_entry(h, &s->iommus[iommu], entry,
				   AMI_RING_ENTRIES - i, first, last);
	}
}

static void go_through_all(struct history *h, bool show)
{
	size_t i;

	h->found = 0;
	for (i = 0; i < h->v->a->state->nr_iommus; i++)
		go_through(h, i, show);
}

void report_history_at(struct view *v, const struct ami_device *d,
		       uint64_t iova)
{
	struct history h = { .v = v, .d = d, .iova = iova };

	if (v->r->json) {
		json_array(&v->j, "invalidations");
		go_through_all(&h, true);
		json_close_array(&v->j);
		return;
	}
	go_through_all(&h, false);
	if (!h.found)
		return;
	h.skip = h.found > SHOWN && !v->r->verbose ? h.found - SHOWN : 0;
	report_wrapped(v, 0, 0, "HISTORY: invalidations of this IOVA that the command ring still shows, oldest first: it was unmapped or changed before each.");
	if (h.skip)
		fprintf(v->out, "  (%u older; -v)\n", h.skip);
	go_through_all(&h, true);
}
