// SPDX-License-Identifier: GPL-2.0-or-later
/* What the sentences on incidents and events say, as facts. */
#include <stdio.h>

#include "incidents.h"

/** struct listing - facts being listed; those that find no room are left out */
struct listing {
	struct ami_fact *to;
	size_t count;
};

static void list_fact(struct listing *l, struct ami_fact fact)
{
	if (l->count == AMI_EVENT_FACTS)
		return;
	l->to[l->count++] = fact;
	l->to[l->count].key = AMI_FACT_END;
}

#define LIST(l, key, value) \
	list_fact(l, (struct ami_fact)AMI_SAYS(key, value))

/* What its address is: an IOVA, or memory that the IOMMU read itself. */
static void list_address(struct listing *l, const struct amdvi_event *e)
{
	switch (e->code) {
	case AMDVI_EVENT_DEV_TAB_HARDWARE_ERROR:
	case AMDVI_EVENT_PAGE_TAB_HARDWARE_ERROR:
	case AMDVI_EVENT_ILLEGAL_COMMAND_ERROR:
	case AMDVI_EVENT_COMMAND_HARDWARE_ERROR:
	case AMDVI_EVENT_IOTLB_INV_TIMEOUT:
	case AMDVI_EVENT_VIOMMU_HARDWARE_ERROR:
	case AMDVI_EVENT_RMP_HARDWARE_ERROR:
		LIST(l, PHYS, e->address);
		break;
	case AMDVI_EVENT_RMP_PAGE_FAULT:
		LIST(l, GUEST_PHYS, e->address);
		break;
	case AMDVI_EVENT_ILLEGAL_DEV_TABLE_ENTRY:
	case AMDVI_EVENT_IO_PAGE_FAULT:
	case AMDVI_EVENT_INVALID_DEVICE_REQUEST:
	case AMDVI_EVENT_INVALID_PPR_REQUEST:
		LIST(l, IOVA, e->address);
		break;
	default:
		break;
	}
}

static bool names_pasid(const struct amdvi_event *e)
{
	switch (e->code) {
	case AMDVI_EVENT_INVALID_PPR_REQUEST:
		return true;
	case AMDVI_EVENT_ILLEGAL_DEV_TABLE_ENTRY:
	case AMDVI_EVENT_IO_PAGE_FAULT:
	case AMDVI_EVENT_PAGE_TAB_HARDWARE_ERROR:
	case AMDVI_EVENT_INVALID_DEVICE_REQUEST:
		return e->gn;
	default:
		return false;
	}
}

/* The numbers after its address. */
static void list_numbers(struct listing *l, const struct amdvi_event *e)
{
	switch (e->code) {
	case AMDVI_EVENT_IO_PAGE_FAULT:
	case AMDVI_EVENT_PAGE_TAB_HARDWARE_ERROR:
		if (!e->gn)
			LIST(l, DOMAIN, e->domain_id);
		break;
	case AMDVI_EVENT_INVALID_DEVICE_REQUEST:
		LIST(l, REQUEST_TYPE, e->type);
		break;
	case AMDVI_EVENT_INVALID_PPR_REQUEST:
		LIST(l, TAG, e->tag);
		break;
	case AMDVI_EVENT_EVENT_COUNTER_ZERO:
		LIST(l, VALUE, e->counter_note);
		break;
	case AMDVI_EVENT_GUEST_EVENT_FAULT:
	case AMDVI_EVENT_VIOMMU_HARDWARE_ERROR:
		LIST(l, GUEST, e->guest_id);
		break;
	case AMDVI_EVENT_RMP_PAGE_FAULT:
		LIST(l, GUEST, e->vmg_tag);
		break;
	case AMDVI_EVENT_ILLEGAL_DEV_TABLE_ENTRY:
	case AMDVI_EVENT_DEV_TAB_HARDWARE_ERROR:
	case AMDVI_EVENT_ILLEGAL_COMMAND_ERROR:
	case AMDVI_EVENT_COMMAND_HARDWARE_ERROR:
	case AMDVI_EVENT_IOTLB_INV_TIMEOUT:
	case AMDVI_EVENT_RMP_HARDWARE_ERROR:
		break;
	default:
		LIST(l, VALUE, e->code);
		break;
	}
	if (names_pasid(e))
		LIST(l, PASID, e->pasid);
}

void ami_event_facts(const struct amdvi_event *event,
		     struct ami_fact facts[AMI_EVENT_FACTS + 1])
{
	struct listing l = { .to = facts };

	list_fact(&l, (struct ami_fact)AMI_NAMES(
			  EVENT, amdvi_event_name(event->code)));
	list_address(&l, event);
	list_numbers(&l, event);
}
