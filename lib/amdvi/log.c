// SPDX-License-Identifier: GPL-2.0-or-later
/* Peripheral page request (PPR) and guest vAPIC (GA) log entries. */
#include <amdvi/log.h>

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELD(type, member, name, lsb, width, fmt, shift)		\
	AMDVI_FIELD(type, member, name, NULL, lsb, width, fmt, shift)
#define FLAG(type, member, name, lsb)					\
	FIELD(type, member, name, lsb, 1, FLAG, 0)

static const struct amdvi_field ppr_fields[] = {
	FIELD(amdvi_ppr, type, "Type", 60, 4, DEC, 0),
	FIELD(amdvi_ppr, devid, "DeviceID", 0, 16, DEVID, 0),
	FIELD(amdvi_ppr, pasid, "PASID", 16, 16, HEX, 0),
	FIELD(amdvi_ppr, pasid, NULL, 42, 4, HEX, 16),
	FIELD(amdvi_ppr, tag, "Tag", 32, 10, HEX, 0),
	FLAG(amdvi_ppr, exec, "EX", 49),
	FLAG(amdvi_ppr, read, "RD", 50),
	FLAG(amdvi_ppr, write, "WR", 53),
	FLAG(amdvi_ppr, user, "US", 54),
	FLAG(amdvi_ppr, rsvd, "RZ", 55),
	FLAG(amdvi_ppr, gn, "GN", 56),
	FIELD(amdvi_ppr, address, "Address", 64, 64, ADDR, 0),
};

void amdvi_ppr_decode(const uint64_t raw[2], struct amdvi_ppr *ppr)
{
	memset(ppr, 0, sizeof(*ppr));
	memcpy(ppr->raw, raw, sizeof(ppr->raw));
	ppr->unused = !(raw[0] | raw[1]);
	amdvi_fields_decode(ppr_fields, COUNT(ppr_fields), raw, 0, ppr);
}

size_t amdvi_ppr_values(const struct amdvi_ppr *ppr, struct amdvi_value *out,
			size_t max)
{
	struct amdvi_list list = { out, max, 0 };

	amdvi_list_add_fields(&list, ppr_fields, COUNT(ppr_fields), ppr);
	return list.count;
}

static const struct amdvi_field ga_fields[] = {
	FIELD(amdvi_ga, type, "Type", 60, 4, DEC, 0),
	FIELD(amdvi_ga, devid, "DeviceID", 32, 16, DEVID, 0),
	FIELD(amdvi_ga, tag, "GATag", 0, 32, HEX, 0),
};

void amdvi_ga_decode(uint64_t raw, struct amdvi_ga *ga)
{
	memset(ga, 0, sizeof(*ga));
	ga->raw = raw;
	ga->unused = !raw;
	amdvi_fields_decode(ga_fields, COUNT(ga_fields), &raw, 0, ga);
}

size_t amdvi_ga_values(const struct amdvi_ga *ga, struct amdvi_value *out,
		       size_t max)
{
	struct amdvi_list list = { out, max, 0 };

	amdvi_list_add_fields(&list, ga_fields, COUNT(ga_fields), ga);
	return list.count;
}
