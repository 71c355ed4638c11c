// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What follows from an incident, and what the command ring proves about it. A
 * completion wait that came proves everything before it. So the ring shows
 * entry by entry what is done and what is unproven, and a wait that the driver
 * gave up adds nothing. Where the ring proves nothing, any translation that was
 * removed may still be in use.
 */
#include <string.h>

#include "incidents.h"

#define RING_BYTES	(AMI_RING_ENTRIES * AMDVI_COMMAND_SIZE)
/* The driver leaves two entries free, and one that it never fills. */
#define NEVER_FULL	4u

/* Which entry of the ring does the event blame? AMI_RING_ENTRIES: none. */
static uint32_t blamed(const struct ami_ring *ring,
		       const struct amdvi_event *event)
{
	uint64_t at = (event->address & ~ring->sme_mask) - ring->phys;

	return event->code && ring->located && at < RING_BYTES ?
	       at / AMDVI_COMMAND_SIZE : AMI_RING_ENTRIES;
}

/* A ring that has not gone round yet shows all commands ever issued. */
static bool proves(const struct ami_ring *ring)
{
	return !ring->blind &&
	       (ring->proven >= 0 ||
		(ring->outstanding && ring->count[AMI_ENTRY_UNUSED]));
}

/* Can it have been this IOMMU, if the log does not say which? */
static bool can_be(const struct ami_incident *in, const struct ami_ring *ring)
{
	size_t i;

	switch (in->kind) {
	case AMI_INCIDENT_WAIT_LOST:
		return !ring->issued_known || ring->last_issued;
	case AMI_INCIDENT_COMMAND_LOST:
		return ring->count[AMI_ENTRY_UNUSED] < NEVER_FULL;
	case AMI_INCIDENT_COMMANDS_STOPPED:
		for (i = 0; i < in->kept; i++)
			if (blamed(ring, &in->list[i].event) <
			    AMI_RING_ENTRIES)
				return true;
		return false;
	default:
		return true;
	}
}

/* The only one that it can have been; -1: one of several. */
static int only_one(const struct ami_state *s, const struct ami_incident *in)
{
	int only = -1;
	size_t i;

	for (i = 0; i < s->nr_iommus; i++) {
		if (!can_be(in, &s->iommus[i].ring))
			continue;
		if (only >= 0)
			return -1;
		only = i;
	}
	return only;
}

static struct ami_incident *at_iommu(struct ami_incidents *list,
				     enum ami_incident_kind kind, int iommu)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->list[i].kind == kind && !list->list[i].has_device &&
		    !list->list[i].names_iommu && list->list[i].iommu == iommu)
			return &list->list[i];
	return NULL;
}

static void attribute(const struct ami_state *s, struct ami_incidents *list)
{
	size_t i = 0;

	while (i < list->count) {
		struct ami_incident *in = &list->list[i], *other;
		int iommu = in->iommu < 0 && !in->has_device &&
			    !in->names_iommu ? only_one(s, in) : -1;

		other = iommu < 0 ? NULL : at_iommu(list, in->kind, iommu);
		if (other) {
			incidents_join(other, in);
			memmove(in, in + 1, (--list->count - i) * sizeof(*in));
			continue;
		}
		if (iommu >= 0)
			in->iommu = iommu;
		i++;
	}
}

/* All translations in the device's own TLB, without a PASID. */
static bool whole_flush(const struct ami_incident *in,
			const struct amdvi_command *c)
{
	uint64_t first, last;

	return c->opcode == AMDVI_CMD_INVALIDATE_IOTLB_PAGES && !c->gn &&
	       c->devid == in->bdf.devid &&
	       amdvi_command_range(c, &first, &last) && !first &&
	       last == UINT64_MAX;
}

/*
 * The event names the command that the device did not answer. Commands between
 * that entry and the tail are newer, also if the ring went round since.
 */
static int flushed_after(const struct ami_ring *ring,
			 const struct ami_incident *in,
			 const struct amdvi_event *event)
{
	uint32_t i = blamed(ring, event);

	if (i == AMI_RING_ENTRIES || !ring->tail_known)
		return -1;
	for (i = (i + 1) % AMI_RING_ENTRIES; i != ring->tail;
	     i = (i + 1) % AMI_RING_ENTRIES)
		if (ring->state[i] == AMI_ENTRY_DONE &&
		    whole_flush(in, &ring->entry[i]))
			return i;
	return -1;
}

static bool any_lost(const struct ami_incidents *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->list[i].kind == AMI_INCIDENT_EVENTS_LOST)
			return true;
	return list->dropped;
}

/* Settle each of them. None may be missing. */
static void settle_timeout(const struct ami_state *s,
			   const struct ami_incidents *list,
			   struct ami_incident *in)
{
	size_t i;
	int by = -1;

	if (in->iommu < 0 || any_lost(list) || in->more)
		return;
	for (i = 0; i < in->kept; i++) {
		by = flushed_after(&s->iommus[in->iommu].ring, in,
				   &in->list[i].event);
		if (by < 0)
			return;
	}
	in->settled = by >= 0;
	in->by = by;
}

static void settle_by_ring(const struct ami_state *s, struct ami_incident *in)
{
	size_t i;

	if (in->names_iommu)
		return;
	for (i = 0; i < s->nr_iommus; i++)
		if ((in->iommu < 0 || (size_t)in->iommu == i) &&
		    !proves(&s->iommus[i].ring))
			return;
	in->settled = true;
	if (in->iommu >= 0)
		in->by = s->iommus[in->iommu].ring.proven;
}

/* From the blamed command on, the IOMMU executed nothing. */
static void stop_rings(struct ami_state *s, const struct ami_incident *in)
{
	size_t i, k;

	for (i = 0; i < s->nr_iommus; i++)
		for (k = 0; k < in->kept; k++) {
			struct ami_ring *ring = &s->iommus[i].ring;
			uint32_t at = blamed(ring, &in->list[k].event);

			if ((in->iommu < 0 || (size_t)in->iommu == i) &&
			    at < AMI_RING_ENTRIES)
				ami_ring_stopped(ring, at);
		}
}

void incidents_settle(struct ami_state *state, struct ami_incidents *list)
{
	size_t i;

	attribute(state, list);
	for (i = 0; i < list->count; i++) {
		struct ami_incident *in = &list->list[i];

		switch (in->kind) {
		case AMI_INCIDENT_INVALIDATION_TIMEOUT:
			settle_timeout(state, list, in);
			break;
		case AMI_INCIDENT_COMMANDS_STOPPED:
			stop_rings(state, in);
			settle_by_ring(state, in);
			break;
		case AMI_INCIDENT_WAIT_LOST:
			settle_by_ring(state, in);
			break;
		default:
			break;
		}
	}
}

static bool of_iommu(const struct ami_state *s, const struct ami_incident *in,
		     size_t iommu)
{
	size_t i;

	if (in->names_iommu || in->iommu >= 0)
		return in->names_iommu || (size_t)in->iommu == iommu;
	if (can_be(in, &s->iommus[iommu].ring))
		return true;
	for (i = 0; i < s->nr_iommus; i++)
		if (can_be(in, &s->iommus[i].ring))
			return false;
	return true;
}

bool ami_incidents_keep(const struct ami_state *s, const struct ami_device *d,
			size_t iommu)
{
	const struct ami_incidents *list = s->incidents;
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct ami_incident *in = &list->list[i];

		if (in->settled)
			continue;
		if (in->kind == AMI_INCIDENT_INVALIDATION_TIMEOUT &&
		    (in->has_device ? !memcmp(&in->bdf, &d->bdf,
					      sizeof(in->bdf)) :
		     of_iommu(s, in, iommu)))
			return true;
		if ((in->kind == AMI_INCIDENT_WAIT_LOST ||
		     in->kind == AMI_INCIDENT_COMMAND_LOST ||
		     in->kind == AMI_INCIDENT_COMMANDS_STOPPED) &&
		    of_iommu(s, in, iommu))
			return true;
	}
	return false;
}
