// SPDX-License-Identifier: GPL-2.0-or-later
/* Extended feature registers EFR and EFR2. */
#include <amdvi/features.h>

#include <inttypes.h>
#include <string.h>

#define FLAG(name, lsb, title) { name, title, lsb, 1, AMDVI_FMT_FLAG, 0 }
#define NUMBER(name, lsb, width, title)					\
	{ name, title, lsb, width, AMDVI_FMT_DEC, 0 }
#define EFR2 64
#define GAM_VAPIC_BIT 21

const struct amdvi_bitfield amdvi_features_fields[] = {
	FLAG("PreFSup", 0, "prefetch command"),
	FLAG("PPRSup", 1, "peripheral page requests"),
	FLAG("XTSup", 2, "x2APIC"),
	FLAG("NXSup", 3, "no-execute protection"),
	FLAG("GTSup", 4, "guest translation"),
	FLAG("GAPPISup", 5, "guest APIC physical processor interrupt"),
	FLAG("IASup", 6, "INVALIDATE_IOMMU_ALL command"),
	FLAG("GASup", 7, "guest virtual APIC"),
	FLAG("HESup", 8, "hardware error registers"),
	FLAG("PCSup", 9, "performance counters"),
	NUMBER("HATS", 10, 2, "host page table levels minus 4"),
	NUMBER("GATS", 12, 2, "guest page table levels minus 4"),
	NUMBER("GLXSup", 14, 2, "GCR3 table levels minus 1"),
	NUMBER("SmiFSup", 16, 2, "SMI filter"),
	NUMBER("SmiFRC", 18, 3, "log2 of SMI filter registers"),
	NUMBER("GAMSup", 21, 3, "guest virtual APIC modes"),
	NUMBER("DualPprLogSup", 24, 2, "dual PPR log"),
	NUMBER("DualEventLogSup", 28, 2, "dual event log"),
	FLAG("SATSSup", 31, "secure ATS"),
	NUMBER("PASMax", 32, 5, "PASID bits minus 1"),
	FLAG("USSup", 37, "user/supervisor page protection"),
	NUMBER("DevTblSegSup", 38, 2, "log2 of device table segments"),
	FLAG("PprOvrflwEarlySup", 40, "PPR log overflow early warning"),
	FLAG("PPRAutoRspSup", 41, "PPR automatic response"),
	NUMBER("MarcSup", 42, 2, "memory access routing and control"),
	FLAG("BlkStopMrkSup", 44, "block StopMark messages"),
	FLAG("PerfOptSup", 45, "performance optimization registers"),
	FLAG("MsiCapMmioSup", 46, "MSI capability in MMIO"),
	FLAG("GIoSup", 48, "guest I/O protection"),
	FLAG("HASup", 49, "host access bit"),
	FLAG("EPHSup", 50, "enhanced PPR handling"),
	FLAG("AttrFWSup", 51, "attribute forward"),
	FLAG("HDSup", 52, "host dirty bit"),
	FLAG("V2HDDisSup", 53, "v2 dirty bit can be disabled"),
	FLAG("InvIotlbTypeSup", 54, "typed IOTLB invalidation"),
	FLAG("vIommuSup", 55, "virtual IOMMU"),
	FLAG("GAUpdateDisSup", 61, "guest access bit can be disabled"),
	FLAG("ForcePhyDestSup", 62, "force physical interrupt destination"),
	FLAG("SNPSup", 63, "secure nested paging"),
	FLAG("SevSnpIoSup", EFR2 + 1, "SEV-SNP trusted I/O"),
	FLAG("TMPMSup", EFR2 + 2, "tiered memory page migration"),
	FLAG("GCR3TRPModeSup", EFR2 + 3, "guest physical GCR3 root in DTE"),
	FLAG("GAPPIDisSup", EFR2 + 4, "GAPPI can be masked"),
	NUMBER("SNPAVICSup", EFR2 + 5, 3, "guest virtual APIC with SNP"),
	NUMBER("NumIntRemapSup", EFR2 + 8, 2, "0: 512, 1: 2048 interrupts"),
	FLAG("HTRangeIgnore", EFR2 + 11, "HT address range is ordinary"),
	FLAG("SnpPageMode0Sup", EFR2 + 13, "Mode 0 allowed with SNP"),
};

const size_t amdvi_features_field_count =
	sizeof(amdvi_features_fields) / sizeof(amdvi_features_fields[0]);

size_t amdvi_features_values(uint64_t efr, uint64_t efr2,
			     struct amdvi_value *out, size_t max)
{
	const uint64_t raw[2] = { efr, efr2 };
	struct amdvi_list list = { out, max, 0 };

	amdvi_list_add_bits(&list, amdvi_features_fields,
			    amdvi_features_field_count, raw);
	return list.count;
}

/* Named as in Linux's boot messages: without "Sup". One name differs. */
static void add_name(struct amdvi_text *text, const char *name)
{
	size_t len = strlen(name);

	if (!strcmp(name, "XTSup")) {
		name = "X2APIC";
		len = strlen(name);
	} else if (len > 3 && !strcmp(name + len - 3, "Sup")) {
		len -= 3;
	}
	amdvi_text_add(text, "%s%.*s", text->used ? " " : "", (int)len, name);
}

/* Two passes, because Linux prints its names first. */
static void add_pass(struct amdvi_text *text, const uint64_t *raw,
		     enum amdvi_fmt fmt)
{
	const struct amdvi_bitfield *field = amdvi_features_fields;
	const struct amdvi_bitfield *end = field + amdvi_features_field_count;
	uint64_t value;

	for (; field < end; field++) {
		value = amdvi_bits(raw, field->lsb, field->width);
		if (field->lsb == GAM_VAPIC_BIT && fmt == AMDVI_FMT_FLAG &&
		    (value & 1))
			amdvi_text_add(text, "%sGA_vAPIC",
				       text->used ? " " : "");
		if (!value || field->fmt != fmt)
			continue;
		add_name(text, field->name);
		if (fmt == AMDVI_FMT_DEC)
			amdvi_text_add(text, "=%" PRIu64, value);
	}
}

size_t amdvi_features_describe(uint64_t efr, uint64_t efr2, char *buf,
			       size_t len)
{
	const uint64_t raw[2] = { efr, efr2 };
	struct amdvi_text text = { .buf = buf, .len = len };

	add_pass(&text, raw, AMDVI_FMT_FLAG);
	add_pass(&text, raw, AMDVI_FMT_DEC);
	if (!text.used)
		amdvi_text_add(&text, "none");
	return text.used;
}
