// SPDX-License-Identifier: GPL-2.0-or-later
/* Event log entries: fields. */
#include <amdvi/log.h>

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELD(member, name, lsb, width, fmt, shift)			\
	AMDVI_FIELD(amdvi_event, member, name, NULL, lsb, width, fmt, shift)
#define FLAG(member, name, lsb) FIELD(member, name, lsb, 1, FLAG, 0)
#define DEVICE FIELD(devid, "DeviceID", 0, 16, DEVID, 0)
#define DOMAIN FIELD(domain_id, "DomainID", 32, 16, DEC, 0)
#define PASID FIELD(pasid, "PASID", 32, 16, HEX, 0),			\
	FIELD(pasid, NULL, 16, 4, HEX, 16)
#define TYPE FIELD(type, "Type", 57, 2, DEC, 0)
#define FLAGS FIELD(flags, "Flags", 48, 12, HEX, 0)
#define VFLAGS FIELD(vflags, "vFlags", 27, 5, HEX, 0)
#define VMG_TAG FIELD(vmg_tag, "VMGTag", 32, 16, HEX, 0)
#define ADDRESS(low)							\
	FIELD(address, "Address", 64 + (low), 64 - (low), ADDR, low)

#define PAGE_FAULT_FLAGS						\
	FLAG(gn, "GN", 48), FLAG(nx, "NX", 49), FLAG(us, "US", 50),	\
	FLAG(intr, "I", 51), FLAG(pr, "PR", 52), FLAG(rw, "RW", 53),	\
	FLAG(pe, "PE", 54), FLAG(rz, "RZ", 55), FLAG(tr, "TR", 56)
#define TABLE_ERROR_FLAGS						\
	FLAG(gn, "GN", 48), FLAG(intr, "I", 51), FLAG(rw, "RW", 53),	\
	FLAG(tr, "TR", 56)

static const struct amdvi_field illegal_dte[] = {
	DEVICE, PASID, ADDRESS(2), FLAG(gn, "GN", 48), FLAG(intr, "I", 51),
	FLAG(rw, "RW", 53), FLAG(rz, "RZ", 55), FLAG(tr, "TR", 56), VFLAGS,
};

static const struct amdvi_field page_fault[] = {
	DEVICE, DOMAIN, ADDRESS(0), PAGE_FAULT_FLAGS, VFLAGS,
};

static const struct amdvi_field page_fault_pasid[] = {
	DEVICE, PASID, ADDRESS(0), PAGE_FAULT_FLAGS, VFLAGS,
};

static const struct amdvi_field device_table_error[] = {
	DEVICE, ADDRESS(4), FLAG(intr, "I", 51), FLAG(rw, "RW", 53),
	FLAG(tr, "TR", 56), TYPE, VFLAGS,
};

static const struct amdvi_field page_table_error[] = {
	DEVICE, DOMAIN, ADDRESS(3), TABLE_ERROR_FLAGS, TYPE, VFLAGS,
};

static const struct amdvi_field page_table_error_pasid[] = {
	DEVICE, PASID, ADDRESS(3), TABLE_ERROR_FLAGS, TYPE, VFLAGS,
};

static const struct amdvi_field illegal_command[] = { ADDRESS(4) };

static const struct amdvi_field command_error[] = { ADDRESS(4), TYPE };

static const struct amdvi_field iotlb_timeout[] = { DEVICE, ADDRESS(4) };

static const struct amdvi_field device_request[] = {
	DEVICE, PASID, ADDRESS(0), FLAG(gn, "GN", 48), FLAG(us, "US", 49),
	FLAG(tr, "TR", 56), FIELD(type, "Type", 57, 3, DEC, 0),
};

static const struct amdvi_field ppr_request[] = {
	DEVICE, FIELD(pasid, "PASID", 16, 16, HEX, 0),
	FIELD(pasid, NULL, 42, 4, HEX, 16), ADDRESS(0),
	FIELD(tag, "Tag", 32, 10, HEX, 0), FLAGS,
};

static const struct amdvi_field counter_zero[] = {
	FIELD(counter_note, "CounterNote", 96, 32, HEX, 0),
	FIELD(counter_note, NULL, 64, 20, HEX, 32),
};

static const struct amdvi_field guest_event[] = {
	FIELD(guest_id, "GuestID", 32, 16, DEC, 0), FLAGS, VFLAGS,
};

static const struct amdvi_field viommu_error[] = {
	FIELD(guest_id, "GuestID", 0, 16, DEC, 0), ADDRESS(0),
	FIELD(source, "Source", 16, 2, DEC, 0), FLAGS, VFLAGS,
};

static const struct amdvi_field rmp_fault[] = {
	DEVICE, VMG_TAG, ADDRESS(0), FIELD(flags_rmp, "FlagsRMP", 16, 8, HEX, 0),
	FLAGS,
};

static const struct amdvi_field rmp_error[] = {
	DEVICE, VMG_TAG, ADDRESS(3), FLAGS,
};

/* Where @pasid_fields is set, it replaces @fields in events with GN. */
struct event_format {
	const char *name;
	const struct amdvi_field *fields;
	size_t count;
	const struct amdvi_field *pasid_fields;
	size_t pasid_count;
};

#define FORMAT(name, fields)						\
	[AMDVI_EVENT_##name] = { #name, fields, COUNT(fields), NULL, 0 }
#define FORMAT_PASID(name, fields, pasid_fields)			\
	[AMDVI_EVENT_##name] = { #name, fields, COUNT(fields),		\
				 pasid_fields, COUNT(pasid_fields) }

static const struct event_format formats[] = {
	FORMAT(ILLEGAL_DEV_TABLE_ENTRY, illegal_dte),
	FORMAT_PASID(IO_PAGE_FAULT, page_fault, page_fault_pasid),
	FORMAT(DEV_TAB_HARDWARE_ERROR, device_table_error),
	FORMAT_PASID(PAGE_TAB_HARDWARE_ERROR, page_table_error,
		     page_table_error_pasid),
	FORMAT(ILLEGAL_COMMAND_ERROR, illegal_command),
	FORMAT(COMMAND_HARDWARE_ERROR, command_error),
	FORMAT(IOTLB_INV_TIMEOUT, iotlb_timeout),
	FORMAT(INVALID_DEVICE_REQUEST, device_request),
	FORMAT(INVALID_PPR_REQUEST, ppr_request),
	FORMAT(EVENT_COUNTER_ZERO, counter_zero),
	FORMAT(GUEST_EVENT_FAULT, guest_event),
	FORMAT(VIOMMU_HARDWARE_ERROR, viommu_error),
	FORMAT(RMP_PAGE_FAULT, rmp_fault),
	FORMAT(RMP_HARDWARE_ERROR, rmp_error),
};

static const struct event_format *format_of(unsigned int code)
{
	static const struct event_format unknown = { .name = "UNKNOWN" };

	if (code >= COUNT(formats) || !formats[code].name)
		return &unknown;
	return &formats[code];
}

/* The field table of an event; @flags is w1[27:16], whose bit 0 is GN. */
static const struct amdvi_field *fields_of(unsigned int code,
					   unsigned int flags, size_t *count)
{
	const struct event_format *format = format_of(code);

	if (format->pasid_fields && (flags & 1)) {
		*count = format->pasid_count;
		return format->pasid_fields;
	}
	*count = format->count;
	return format->fields;
}

void amdvi_event_decode(const uint32_t w[4], struct amdvi_event *event)
{
	const uint64_t raw[2] = {
		w[0] | (uint64_t)w[1] << 32, w[2] | (uint64_t)w[3] << 32,
	};
	const struct amdvi_field *fields;
	size_t count;

	memset(event, 0, sizeof(*event));
	memcpy(event->w, w, sizeof(event->w));
	event->code = w[1] >> 28;
	event->flags = (w[1] >> 16) & 0xfff;
	event->unused = !(raw[0] | raw[1]);
	fields = fields_of(event->code, event->flags, &count);
	amdvi_fields_decode(fields, count, raw, 0, event);
}

const char *amdvi_event_name(unsigned int code)
{
	return format_of(code)->name;
}

bool amdvi_event_blames_command(const struct amdvi_event *event)
{
	return event->code == AMDVI_EVENT_ILLEGAL_COMMAND_ERROR ||
	       event->code == AMDVI_EVENT_COMMAND_HARDWARE_ERROR ||
	       event->code == AMDVI_EVENT_IOTLB_INV_TIMEOUT;
}

size_t amdvi_event_values(const struct amdvi_event *event,
			  struct amdvi_value *out, size_t max)
{
	struct amdvi_list list = { out, max, 0 };
	const struct amdvi_field *fields;
	size_t count;

	fields = fields_of(event->code, event->flags, &count);
	amdvi_list_add_fields(&list, fields, count, event);
	return list.count;
}
