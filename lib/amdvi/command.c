// SPDX-License-Identifier: GPL-2.0-or-later
/* Command ring entries. */
#include <amdvi/command.h>

#include <string.h>

#define FIELD(member, name, lsb, width, fmt, shift)			\
	AMDVI_FIELD(amdvi_command, member, name, NULL, lsb, width, fmt, shift)
#define FLAG(member, name, lsb) FIELD(member, name, lsb, 1, FLAG, 0)
#define DEVICE FIELD(devid, "DeviceID", 0, 16, DEVID, 0)
#define ADDRESS FIELD(address, "Address", 76, 52, ADDR, 12)

static const struct amdvi_field completion_wait[] = {
	FLAG(store, "S", 0),
	FLAG(interrupt, "I", 1),
	FLAG(flush, "F", 2),
	FIELD(store_addr, "StoreAddress", 3, 49, ADDR, 3),
	FIELD(data, "StoreData", 64, 64, HEX, 0),
};

static const struct amdvi_field device_only[] = { DEVICE };

static const struct amdvi_field iommu_pages[] = {
	FIELD(domain_id, "DomainID", 32, 16, DEC, 0),
	ADDRESS,
	FLAG(s, "S", 64),
	FLAG(pde, "PDE", 65),
	FLAG(gn, "GN", 66),
	FIELD(pasid, "PASID", 0, 20, HEX, 0),
};

static const struct amdvi_field iotlb_pages[] = {
	DEVICE,
	ADDRESS,
	FLAG(s, "S", 64),
	FLAG(gn, "GN", 66),
	FIELD(pasid, "PASID", 48, 8, HEX, 0),
	FIELD(pasid, NULL, 16, 8, HEX, 8),
	FIELD(pasid, NULL, 56, 4, HEX, 16),
	FIELD(type, "Type", 68, 2, HEX, 0),
	FIELD(queue_id, "QueueID", 32, 16, DEVID, 0),
	FIELD(qdep, "MaxPend", 24, 8, DEC, 0),
};

static const struct amdvi_field prefetch[] = {
	DEVICE,
	ADDRESS,
	FLAG(s, "S", 64),
	FLAG(gn, "GN", 66),
	FIELD(pasid, "PASID", 32, 20, HEX, 0),
	FLAG(inval, "Inval", 68),
	FIELD(pf_count, "PFCount", 24, 8, DEC, 0),
};

static const struct amdvi_field complete_ppr[] = {
	DEVICE,
	FLAG(gn, "GN", 66),
	FIELD(pasid, "PASID", 32, 20, HEX, 0),
	FIELD(tag, "CompletionTag", 96, 9, HEX, 0),
	FIELD(response, "Response", 108, 4, HEX, 0),
};

static const struct amdvi_field guest_event[] = {
	FIELD(guest_id, "GuestID", 32, 16, DEC, 0),
};

static const struct amdvi_field reset_vmmio[] = {
	FIELD(guest_id, "GuestID", 0, 16, DEC, 0),
	FLAG(all, "All", 27),
	FLAG(vcmd, "VCmd", 31),
};

struct command_format {
	const char *name;
	const struct amdvi_field *fields;
	size_t count;
};

#define FORMAT(name, fields)						\
	[AMDVI_CMD_##name] = { #name, fields,				\
			       sizeof(fields) / sizeof((fields)[0]) }

static const struct command_format formats[] = {
	FORMAT(COMPLETION_WAIT, completion_wait),
	FORMAT(INVALIDATE_DEVTAB_ENTRY, device_only),
	FORMAT(INVALIDATE_IOMMU_PAGES, iommu_pages),
	FORMAT(INVALIDATE_IOTLB_PAGES, iotlb_pages),
	FORMAT(INVALIDATE_INTERRUPT_TABLE, device_only),
	FORMAT(PREFETCH_IOMMU_PAGES, prefetch),
	FORMAT(COMPLETE_PPR_REQUEST, complete_ppr),
	[AMDVI_CMD_INVALIDATE_IOMMU_ALL] = { "INVALIDATE_IOMMU_ALL", NULL, 0 },
	FORMAT(INSERT_GUEST_EVENT, guest_event),
	FORMAT(RESET_VMMIO, reset_vmmio),
};

static const struct command_format *format_of(unsigned int opcode)
{
	static const struct command_format unknown = { "UNKNOWN", NULL, 0 };

	if (opcode >= sizeof(formats) / sizeof(formats[0]) ||
	    !formats[opcode].name)
		return &unknown;
	return &formats[opcode];
}

/* Only COMPLETION_WAIT has a physical address, the others have IOVAs. */
static uint64_t mask_for(unsigned int opcode, uint64_t sme_mask)
{
	return opcode == AMDVI_CMD_COMPLETION_WAIT ? sme_mask : 0;
}

void amdvi_command_decode(const uint32_t w[4], uint64_t sme_mask,
			  struct amdvi_command *cmd)
{
	const uint64_t raw[2] = {
		w[0] | (uint64_t)w[1] << 32, w[2] | (uint64_t)w[3] << 32,
	};
	const struct command_format *format;

	memset(cmd, 0, sizeof(*cmd));
	memcpy(cmd->w, w, sizeof(cmd->w));
	cmd->opcode = w[1] >> 28;
	cmd->unused = !(raw[0] | raw[1]);
	format = format_of(cmd->opcode);
	amdvi_fields_decode(format->fields, format->count, raw,
			    mask_for(cmd->opcode, sme_mask), cmd);
}

void amdvi_command_encode(const struct amdvi_command *cmd, uint64_t sme_mask,
			  uint32_t w[4])
{
	const struct command_format *format = format_of(cmd->opcode);
	uint64_t raw[2] = { (uint64_t)cmd->opcode << 60, 0 };

	amdvi_fields_encode(format->fields, format->count, cmd,
			    mask_for(cmd->opcode, sme_mask), raw);
	w[0] = raw[0];
	w[1] = raw[0] >> 32;
	w[2] = raw[1];
	w[3] = raw[1] >> 32;
}

const char *amdvi_command_name(unsigned int opcode)
{
	return format_of(opcode)->name;
}

size_t amdvi_command_values(const struct amdvi_command *cmd,
			    struct amdvi_value *out, size_t max)
{
	const struct command_format *format = format_of(cmd->opcode);
	struct amdvi_list list = { out, max, 0 };

	amdvi_list_add_fields(&list, format->fields, format->count, cmd);
	return list.count;
}

bool amdvi_command_range(const struct amdvi_command *cmd, uint64_t *first,
			 uint64_t *last)
{
	uint64_t zeros = ~(cmd->address | 0xfff);
	uint64_t span = 0xfff;

	if (cmd->opcode != AMDVI_CMD_INVALIDATE_IOMMU_PAGES &&
	    cmd->opcode != AMDVI_CMD_INVALIDATE_IOTLB_PAGES)
		return false;
	/* The run of ones, the first zero and all bits below: 2^(n+1) - 1. */
	if (cmd->s)
		span = zeros ? zeros ^ (zeros - 1) : UINT64_MAX;
	*first = cmd->address & ~span;
	*last = *first | span;
	return true;
}
