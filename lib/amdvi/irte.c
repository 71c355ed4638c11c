// SPDX-License-Identifier: GPL-2.0-or-later
/* Interrupt remapping table entries. */
#include <amdvi/irte.h>

#include <inttypes.h>
#include <string.h>

#define FIELD(member, name, lsb, width, fmt, shift)			\
	AMDVI_FIELD(amdvi_irte, member, name, NULL, lsb, width, fmt, shift)
#define FLAG(member, name, lsb) FIELD(member, name, lsb, 1, FLAG, 0)

static const struct amdvi_field narrow[] = {
	FLAG(valid, "RemapEn", 0),
	FLAG(no_fault, "SupIOPF", 1),
	FIELD(int_type, "IntType", 2, 3, DEC, 0),
	FLAG(rq_eoi, "RqEoi", 5),
	FLAG(dest_mode, "DM", 6),
	FIELD(dest, "Destination", 8, 8, HEX, 0),
	FIELD(vector, "Vector", 16, 8, HEX, 0),
};

static const struct amdvi_field wide_remapped[] = {
	FLAG(valid, "RemapEn", 0),
	FLAG(no_fault, "SupIOPF", 1),
	FIELD(int_type, "IntType", 2, 3, DEC, 0),
	FLAG(rq_eoi, "RqEoi", 5),
	FLAG(dest_mode, "DM", 6),
	FLAG(guest_mode, "GuestMode", 7),
	FIELD(dest, "Destination", 8, 24, HEX, 0),
	FIELD(dest, NULL, 120, 8, HEX, 24),
	FIELD(vector, "Vector", 64, 8, HEX, 0),
};

static const struct amdvi_field wide_posted[] = {
	FLAG(valid, "RemapEn", 0),
	FLAG(no_fault, "SupIOPF", 1),
	FLAG(ga_log_intr, "GALogIntr", 2),
	FLAG(ga_ppi_dis, "GAPPIDis", 5),
	FLAG(is_run, "IsRun", 6),
	FLAG(guest_mode, "GuestMode", 7),
	FIELD(dest, "Destination", 8, 24, HEX, 0),
	FIELD(dest, NULL, 120, 8, HEX, 24),
	FIELD(ga_tag, "GATag", 32, 32, HEX, 0),
	FIELD(vector, "Vector", 64, 8, HEX, 0),
	FIELD(ga_root, "GARootPtr", 76, 40, ADDR, 12),
};

struct irte_format {
	const struct amdvi_field *fields;
	size_t count;
};

#define FORMAT(fields) { fields, sizeof(fields) / sizeof((fields)[0]) }

static const struct irte_format formats[] = {
	FORMAT(narrow), FORMAT(wide_remapped), FORMAT(wide_posted),
};

static const struct irte_format *format_of(bool wide, bool guest_mode)
{
	return &formats[!wide ? 0 : guest_mode ? 2 : 1];
}

static void decode_irte(const struct irte_format *format, const uint64_t *raw,
			uint64_t sme_mask, struct amdvi_irte *irte)
{
	memset(irte, 0, sizeof(*irte));
	memcpy(irte->raw, raw, sizeof(irte->raw));
	irte->wide = format != format_of(false, false);
	amdvi_fields_decode(format->fields, format->count, raw, sme_mask, irte);
}

void amdvi_irte32_decode(uint32_t raw, struct amdvi_irte *irte)
{
	const uint64_t entry[2] = { raw, 0 };

	decode_irte(format_of(false, false), entry, 0, irte);
}

void amdvi_irte128_decode(const uint64_t raw[2], uint64_t sme_mask,
			  struct amdvi_irte *irte)
{
	decode_irte(format_of(true, amdvi_bits(raw, 7, 1)), raw, sme_mask, irte);
}

const char *amdvi_int_type_name(unsigned int int_type)
{
	static const char *const names[8] = {
		"fixed", "arbitrated", "SMI", "reserved",
		"NMI", "INIT", "reserved", "ExtInt",
	};

	return int_type < 8 ? names[int_type] : "reserved";
}

size_t amdvi_irte_values(const struct amdvi_irte *irte,
			 struct amdvi_value *out, size_t max)
{
	const struct irte_format *format = format_of(irte->wide,
						     irte->guest_mode);
	struct amdvi_list list = { out, max, 0 };

	amdvi_list_add_fields(&list, format->fields, format->count, irte);
	return list.count;
}

size_t amdvi_irte_describe(const struct amdvi_irte *irte, char *buf,
			   size_t len)
{
	struct amdvi_text text = { .buf = buf, .len = len };

	if (!irte->valid)
		amdvi_text_add(&text, "not valid: interrupt blocked%s",
			       irte->no_fault ? ", no event" : "");
	else if (irte->guest_mode)
		amdvi_text_add(&text, "posted to guest vAPIC page 0x%" PRIx64
			       ", vector 0x%02x, tag 0x%" PRIx32
			       ", vCPU %s APIC 0x%" PRIx32, irte->ga_root,
			       irte->vector, irte->ga_tag,
			       irte->is_run ? "running on" : "not running, "
			       "last on", irte->dest);
	else
		amdvi_text_add(&text, "%s, vector 0x%02x to %s APIC 0x%" PRIx32,
			       amdvi_int_type_name(irte->int_type),
			       irte->vector,
			       irte->dest_mode ? "logical" : "physical",
			       irte->dest);
	return text.used;
}
