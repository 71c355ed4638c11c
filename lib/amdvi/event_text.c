// SPDX-License-Identifier: GPL-2.0-or-later
/* Event log entries: one sentence each. */
#include <amdvi/log.h>

#include <inttypes.h>

/*
 * Special address ranges. HyperTransport's are 40 bits wide; the hardware logs
 * them with the upper bits set.
 */
static const struct {
	uint64_t first, last;
	const char *name;
	bool interrupt;
} ranges[] = {
	{ 0xfee00000, 0xfeefffff, "interrupt range", true },
	{ 0xfd00000000, 0xfdf7ffffff, "reserved interrupt range", true },
	{ 0xfdf8000000, 0xfdf8ffffff, "interrupt/EOI range", true },
	{ 0xfdf9000000, 0xfdf90fffff, "legacy interrupt range", true },
	{ 0xfdf9100000, 0xfdf91fffff, "system management range", false },
	{ 0xfdf9200000, 0xfdfaffffff, "reserved range", false },
	{ 0xfdfb000000, 0xfdfbffffff, "address translation range", false },
	{ 0xfdfc000000, 0xfdfdffffff, "port I/O range", false },
	{ 0xfdfe000000, 0xfdffffffff, "configuration range", false },
	{ 0xfe00000000, 0xfe1fffffff, "extended configuration range", false },
	{ 0xfe20000000, 0xffffffffff, "reserved range", false },
};

#define HT_BITS		40
#define RANGES		(sizeof(ranges) / sizeof(ranges[0]))

/* Index of the range that holds @address. RANGES: none does. */
static size_t range_of(uint64_t address)
{
	uint64_t high = address >> HT_BITS;
	size_t i;

	if (high == UINT64_MAX >> HT_BITS)
		address &= amdvi_ones(HT_BITS);
	for (i = 0; i < RANGES; i++)
		if (address >= ranges[i].first && address <= ranges[i].last)
			break;
	return i;
}

bool amdvi_event_of_interrupt(const struct amdvi_event *event)
{
	size_t i = range_of(event->address);

	return event->intr && i < RANGES && ranges[i].interrupt;
}

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

/*
 * "write to IOVA 0x1000 by 0000:00:03.0". Only an emulator marks other requests
 * as interrupts. It gives them no direction.
 */
static void add_request(struct amdvi_text *text,
			const struct amdvi_event *event)
{
	const char *what = event->intr ? "request marked as interrupt to IOVA" :
			   event->tr ? "ATS translation request for IOVA" :
			   event->rw ? "write to IOVA" : "read of IOVA";

	amdvi_text_add(text, "%s 0x%" PRIx64, what, event->address);
	add_by(text, event);
}

static void add_interrupt(struct amdvi_text *text,
			  const struct amdvi_event *event)
{
	amdvi_text_add(text, "interrupt request to 0x%" PRIx64 " (%s)",
		       event->address, ranges[range_of(event->address)].name);
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
	if (amdvi_event_of_interrupt(event)) {
		add_interrupt(text, event);
		add_by(text, event);
	} else {
		add_request(text, event);
	}
	amdvi_text_add(text, " blocked: illegal device table entry, %s",
		       event->rz ? "reserved bit set" : "bad level encoding");
	add_pasid(text, event);
}

/* Present, permitted, no reserved bit set: the walk itself failed. */
static const char *fault_reason(const struct amdvi_event *event)
{
	if (!event->pr)
		return "not mapped";
	if (event->pe)
		return event->rw ? "writing not permitted" :
		       event->nx ? "executing not permitted" : event->us ?
		       "not permitted (of a user)" : "reading not permitted";
	return event->rz ? "reserved bit set in a page table entry" :
			   "address beyond the table, or a wrong level in it";
}

/* An interrupt has no IOVA and no page. The table is the IRT. */
static const char *interrupt_reason(const struct amdvi_event *event)
{
	if (!event->pr)
		return "not remapped: no valid entry";
	if (event->pe)
		return "not remapped: not permitted";
	return "not remapped: illegal entry";
}

static void page_fault(struct amdvi_text *text,
		       const struct amdvi_event *event)
{
	if (amdvi_event_of_interrupt(event)) {
		add_interrupt(text, event);
		amdvi_text_add(text, " %s,", interrupt_reason(event));
		add_by(text, event);
	} else {
		add_request(text, event);
		amdvi_text_add(text, " blocked: %s", fault_reason(event));
	}
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

/* Type field of INVALID_DEVICE_REQUEST. */
static const char *request_name(unsigned int type)
{
	static const char *const names[8] = {
		"read or non-posted write in the interrupt range",
		"pre-translated request, which the device table entry does not allow (I=0)",
		"port I/O, which the device table entry does not allow (IoCtl=00b)",
		"system management message, which the device table entry does not allow (SysMgt)",
		"read or non-posted write in the system management range",
		"interrupt: a posted write to the interrupt/EOI range, not allowed by the device table entry (IntCtl=00b)",
		"posted write to a reserved interrupt range",
		"system management or port I/O request while translation is off (TV=0)",
	};

	return names[type & 7];
}

static void device_request(struct amdvi_text *text,
			   const struct amdvi_event *event)
{
	size_t i = range_of(event->address);

	amdvi_text_add(text, "invalid request, type %u (%s), to 0x%" PRIx64,
		       event->type, request_name(event->type), event->address);
	if (i < RANGES)
		amdvi_text_add(text, " (%s)", ranges[i].name);
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
