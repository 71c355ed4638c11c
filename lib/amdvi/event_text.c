// SPDX-License-Identifier: GPL-2.0-or-later
/* Event log entries: one sentence each. */
#include "amdiommu/log.h"

#include <inttypes.h>

/* Where MSI writes go on x86. */
#define MSI_FIRST 0xfee00000ULL
#define MSI_LAST 0xfeefffffULL

/* Type field of the hardware error events. */
static const char *hardware_error_name(unsigned int type)
{
	static const char *const names[4] = {
		"unknown error", "master abort", "target abort", "data error",
	};

	return names[type & 3];
}

static void add_by(struct amdvi_text *text, const struct amdvi_event *event)
{
	amdvi_text_add(text, " by ");
	amdvi_text_add_devid(text, event->devid);
}

/* "write to IOVA 0x1000 by 0000:00:03.0" */
static void add_request(struct amdvi_text *text,
			const struct amdvi_event *event)
{
	const char *what = event->tr ? "ATS translation request for IOVA" :
			   event->rw ? "write to IOVA" : "read of IOVA";

	if (event->intr)
		what = event->address >= MSI_FIRST &&
		       event->address <= MSI_LAST ? "interrupt request to" :
		       "request marked as interrupt to IOVA";
	amdvi_text_add(text, "%s 0x%" PRIx64, what, event->address);
	add_by(text, event);
}

static void add_pasid(struct amdvi_text *text, const struct amdvi_event *event)
{
	if (event->gn)
		amdvi_text_add(text, " (PASID 0x%" PRIx32 ")", event->pasid);
}

static void add_context(struct amdvi_text *text,
			const struct amdvi_event *event)
{
	if (event->gn)
		add_pasid(text, event);
	else
		amdvi_text_add(text, " (domain %u)", event->domain_id);
}

static void illegal_dte(struct amdvi_text *text,
			const struct amdvi_event *event)
{
	add_request(text, event);
	amdvi_text_add(text, " blocked: illegal device table entry, %s",
		       event->rz ? "reserved bit set" : "bad level encoding");
	add_pasid(text, event);
}

static const char *fault_reason(const struct amdvi_event *event)
{
	if (!event->pr)
		return "not mapped";
	if (event->pe)
		return "not permitted";
	return event->rz ? "reserved bit set in a page table entry" :
			   "invalid page table entry";
}

static void page_fault(struct amdvi_text *text,
		       const struct amdvi_event *event)
{
	add_request(text, event);
	amdvi_text_add(text, " blocked: %s", fault_reason(event));
	add_context(text, event);
}

static void device_table_error(struct amdvi_text *text,
			       const struct amdvi_event *event)
{
	amdvi_text_add(text, "%s reading the device table at physical 0x%"
		       PRIx64 " for a request",
		       hardware_error_name(event->type), event->address);
	add_by(text, event);
}

static void page_table_error(struct amdvi_text *text,
			     const struct amdvi_event *event)
{
	amdvi_text_add(text, "%s reading a page table at physical 0x%" PRIx64
		       " for a request", hardware_error_name(event->type),
		       event->address);
	add_by(text, event);
	add_context(text, event);
}

static void illegal_command(struct amdvi_text *text,
			    const struct amdvi_event *event)
{
	amdvi_text_add(text, "illegal command at physical 0x%" PRIx64
		       ": command processing stopped", event->address);
}

static void command_error(struct amdvi_text *text,
			  const struct amdvi_event *event)
{
	amdvi_text_add(text, "%s reading commands at physical 0x%" PRIx64
		       ": command processing stopped",
		       hardware_error_name(event->type), event->address);
}

static void iotlb_timeout(struct amdvi_text *text,
			  const struct amdvi_event *event)
{
	amdvi_text_add(text, "no answer");
	add_by(text, event);
	amdvi_text_add(text, " to the IOTLB invalidation at physical 0x%"
		       PRIx64, event->address);
}

static void device_request(struct amdvi_text *text,
			   const struct amdvi_event *event)
{
	amdvi_text_add(text, "invalid request (type %u) to address 0x%" PRIx64,
		       event->type, event->address);
	add_by(text, event);
	add_pasid(text, event);
}

static void ppr_request(struct amdvi_text *text,
			const struct amdvi_event *event)
{
	amdvi_text_add(text, "invalid page request 0x%x for address 0x%"
		       PRIx64, event->tag, event->address);
	add_by(text, event);
	amdvi_text_add(text, " (PASID 0x%" PRIx32 ")", event->pasid);
}

static void counter_zero(struct amdvi_text *text,
			 const struct amdvi_event *event)
{
	amdvi_text_add(text, "performance counter reached zero (note 0x%"
		       PRIx64 ")", event->counter_note);
}

static void guest_event(struct amdvi_text *text,
			const struct amdvi_event *event)
{
	amdvi_text_add(text, "fault while logging an event for guest %u",
		       event->guest_id);
}

static void viommu_error(struct amdvi_text *text,
			 const struct amdvi_event *event)
{
	amdvi_text_add(text, "virtual IOMMU hardware error at 0x%" PRIx64
		       " for guest %u", event->address, event->guest_id);
}

static void rmp_fault(struct amdvi_text *text,
		      const struct amdvi_event *event)
{
	amdvi_text_add(text, "access to guest physical 0x%" PRIx64,
		       event->address);
	add_by(text, event);
	amdvi_text_add(text, " blocked by the RMP (guest tag 0x%x)",
		       event->vmg_tag);
}

static void rmp_error(struct amdvi_text *text,
		      const struct amdvi_event *event)
{
	amdvi_text_add(text, "hardware error reading the RMP at physical 0x%"
		       PRIx64 " for a request", event->address);
	add_by(text, event);
}

static void unknown(struct amdvi_text *text, const struct amdvi_event *event)
{
	amdvi_text_add(text, "unknown event code %u", event->code);
}

size_t amdvi_event_describe(const struct amdvi_event *event, uint16_t segment,
			    char *buf, size_t len)
{
	static void (*const sentences[16])(struct amdvi_text *,
					   const struct amdvi_event *) = {
		unknown, illegal_dte, page_fault, device_table_error,
		page_table_error, illegal_command, command_error,
		iotlb_timeout, device_request, ppr_request, counter_zero,
		guest_event, viommu_error, rmp_fault, rmp_error, unknown,
	};
	struct amdvi_text text = { .buf = buf, .len = len, .segment = segment };

	if (event->unused)
		amdvi_text_add(&text, "unused entry");
	else
		sentences[event->code & 15](&text, event);
	return text.used;
}
