// SPDX-License-Identifier: GPL-2.0-or-later
/* Each witness in its turn, and then what they all say together. */
#include <stdlib.h>

#include "incidents.h"

static void read_event_log(struct ami_incidents *list,
			   const struct ami_state *s, size_t i)
{
	const struct ami_log *log = &s->iommus[i].log[AMI_LOG_EVENT];
	size_t k;

	for (k = 0; k < log->count; k++) {
		const struct ami_log_entry *e = &log->list[k];
		struct sighting sight = {
			.kind = incidents_kind(&e->event), .iommu = i,
			.witness = AMI_WITNESS_EVENT_LOG, .event = e->event,
			.seen = e->seen, .index = e->index,
			.bdf = { s->iommus[i].bdf.segment, e->event.devid },
		};

		/*
		 * The capture kernel's events are not of the machine that died.
		 */
		if (e->seen == AMI_SEEN_OVERWRITTEN)
			continue;
		sight.has_device = sight.kind != AMI_INCIDENT_COMMANDS_STOPPED;
		incidents_add(list, &sight);
	}
}

static void read_ring(struct ami_incidents *list, const struct ami_state *s,
		      size_t i)
{
	const struct ami_ring *ring = &s->iommus[i].ring;
	struct sighting sight = {
		.kind = AMI_INCIDENT_WAIT_LOST, .iommu = i,
		.witness = AMI_WITNESS_RING,
	};

	if (ami_ring_lost_wait(s, ring))
		incidents_add(list, &sight);
	if (ring->count[AMI_ENTRY_OVERWRITTEN] ||
	    (ring->replaced && s->capture == AMI_CAPTURE_REUSE)) {
		sight.kind = AMI_INCIDENT_TABLES_REUSED;
		incidents_add(list, &sight);
	}
}

/* An IOMMU that is off executes no commands either, and that is another story. */
static void read_registers(struct ami_incidents *list,
			   const struct ami_state *s, size_t i)
{
	const struct ami_registers *r = &s->iommus[i].registers;
	struct sighting sight = {
		.kind = AMI_INCIDENT_COMMANDS_STOPPED, .iommu = i,
		.witness = AMI_WITNESS_REGISTERS,
	};

	if (r->use == AMI_REGISTERS_KNOWN && s->recording.alone && r->on &&
	    r->stopped)
		incidents_add(list, &sight);
}

struct ami_incidents *ami_incidents_read(struct ami_state *state,
					 struct ami_error *err)
{
	struct ami_incidents *list = calloc(1, sizeof(*list));
	size_t i;

	if (!list) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		return NULL;
	}
	for (i = 0; i < state->nr_iommus; i++) {
		read_event_log(list, state, i);
		read_ring(list, state, i);
		read_registers(list, state, i);
	}
	if (incidents_dmesg_read(state, list, err)) {
		ami_incidents_free(list);
		return NULL;
	}
	incidents_carried(list, state);
	incidents_settle(state, list);
	incidents_carry(list, state);
	incidents_report(state, list);
	if (list->failed) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		ami_incidents_free(list);
		return NULL;
	}
	state->incidents = list;
	return list;
}

void ami_incidents_free(struct ami_incidents *list)
{
	if (!list)
		return;
	ami_dmesg_free(list->dmesg);
	free(list->list);
	free(list);
}
