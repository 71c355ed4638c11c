// SPDX-License-Identifier: GPL-2.0-or-later
/* Extended feature registers, and the bit field helpers under them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <amdvi/features.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Every field at all ones, found by name. */
static const struct {
	const char *name;
	uint64_t efr, efr2, value;
} fields[] = {
	{ "PreFSup", 1ULL << 0, 0, 1 },
	{ "PPRSup", 1ULL << 1, 0, 1 },
	{ "XTSup", 1ULL << 2, 0, 1 },
	{ "NXSup", 1ULL << 3, 0, 1 },
	{ "GTSup", 1ULL << 4, 0, 1 },
	{ "GAPPISup", 1ULL << 5, 0, 1 },
	{ "IASup", 1ULL << 6, 0, 1 },
	{ "GASup", 1ULL << 7, 0, 1 },
	{ "HESup", 1ULL << 8, 0, 1 },
	{ "PCSup", 1ULL << 9, 0, 1 },
	{ "HATS", 3ULL << 10, 0, 3 },
	{ "GATS", 3ULL << 12, 0, 3 },
	{ "GLXSup", 3ULL << 14, 0, 3 },
	{ "SmiFSup", 3ULL << 16, 0, 3 },
	{ "SmiFRC", 7ULL << 18, 0, 7 },
	{ "GAMSup", 7ULL << 21, 0, 7 },
	{ "DualPprLogSup", 3ULL << 24, 0, 3 },
	{ "DualEventLogSup", 3ULL << 28, 0, 3 },
	{ "SATSSup", 1ULL << 31, 0, 1 },
	{ "PASMax", 0x1fULL << 32, 0, 0x1f },
	{ "USSup", 1ULL << 37, 0, 1 },
	{ "DevTblSegSup", 3ULL << 38, 0, 3 },
	{ "PprOvrflwEarlySup", 1ULL << 40, 0, 1 },
	{ "PPRAutoRspSup", 1ULL << 41, 0, 1 },
	{ "MarcSup", 3ULL << 42, 0, 3 },
	{ "BlkStopMrkSup", 1ULL << 44, 0, 1 },
	{ "PerfOptSup", 1ULL << 45, 0, 1 },
	{ "MsiCapMmioSup", 1ULL << 46, 0, 1 },
	{ "GIoSup", 1ULL << 48, 0, 1 },
	{ "HASup", 1ULL << 49, 0, 1 },
	{ "EPHSup", 1ULL << 50, 0, 1 },
	{ "AttrFWSup", 1ULL << 51, 0, 1 },
	{ "HDSup", 1ULL << 52, 0, 1 },
	{ "V2HDDisSup", 1ULL << 53, 0, 1 },
	{ "InvIotlbTypeSup", 1ULL << 54, 0, 1 },
	{ "vIommuSup", 1ULL << 55, 0, 1 },
	{ "GAUpdateDisSup", 1ULL << 61, 0, 1 },
	{ "ForcePhyDestSup", 1ULL << 62, 0, 1 },
	{ "SNPSup", 1ULL << 63, 0, 1 },
	{ "SevSnpIoSup", 0, 1ULL << 1, 1 },
	{ "TMPMSup", 0, 1ULL << 2, 1 },
	{ "GCR3TRPModeSup", 0, 1ULL << 3, 1 },
	{ "GAPPIDisSup", 0, 1ULL << 4, 1 },
	{ "SNPAVICSup", 0, 7ULL << 5, 7 },
	{ "NumIntRemapSup", 0, 3ULL << 8, 3 },
	{ "HTRangeIgnore", 0, 1ULL << 11, 1 },
	{ "SnpPageMode0Sup", 0, 1ULL << 13, 1 },
};

static void test_values(void **state)
{
	struct amdvi_value values[AMDVI_VALUES_MAX];
	size_t i, j;

	(void)state;
	assert_int_equal(amdvi_features_field_count, COUNT(fields));
	for (i = 0; i < COUNT(fields); i++) {
		assert_int_equal(amdvi_features_values(fields[i].efr,
						       fields[i].efr2, values,
						       COUNT(values)),
				 COUNT(fields));
		for (j = 0; j < COUNT(fields); j++) {
			assert_string_equal(values[j].name, fields[j].name);
			assert_int_equal(values[j].value,
					 i == j ? fields[i].value : 0);
		}
		assert_non_null(amdvi_features_fields[i].title);
	}
	assert_int_equal(amdvi_features_values(0, 0, values, 5), 5);
	/* All set: each field gets its own width, no more. */
	amdvi_features_values(UINT64_MAX, UINT64_MAX, values, COUNT(values));
	for (j = 0; j < COUNT(fields); j++)
		assert_int_equal(values[j].value, fields[j].value);
}

/* Values of real machines with the line that Linux prints for them. */
static const struct {
	uint64_t efr, efr2;
	const char *text;
} lines[] = {
	{ 0, 0, "none" },
	/* QEMU: "PreF PPR GT IA GA HE" */
	{ 0x29d3, 0, "PreF PPR GT IA GA HE HATS=2 GATS=2" },
	/* "PPR NX GT IA GA PC GA_vAPIC" */
	{ 0x4f77ef22294ada, 0,
	  "PPR NX GT IA GA PC GA_vAPIC US PprOvrflwEarly PPRAutoRsp "
	  "BlkStopMrk PerfOpt MsiCapMmio GIo HA EPH AttrFW InvIotlbType "
	  "HATS=2 GLX=1 SmiF=1 SmiFRC=2 GAM=1 DualPprLog=2 DualEventLog=2 "
	  "PASMax=15 DevTblSeg=3 Marc=1" },
	/* "PPR X2APIC NX [5] IA GA PC GA_vAPIC SNP"; [5] is GAPPI */
	{ 0xa5bf7320a2294aee, 0x1d,
	  "PPR X2APIC NX GAPPI IA GA PC GA_vAPIC SATS US PprOvrflwEarly "
	  "PPRAutoRsp BlkStopMrk PerfOpt MsiCapMmio GIo HA EPH AttrFW HD "
	  "V2HDDis vIommu GAUpdateDis SNP TMPM GCR3TRPMode GAPPIDis "
	  "HATS=2 GLX=1 SmiF=1 SmiFRC=2 GAM=1 DualPprLog=2 DualEventLog=2" },
	{ 0x4, 0, "X2APIC" },
	{ 0x600000, 0, "GA_vAPIC GAM=3" },
	{ 0x400000, 0, "GAM=2" },
	{ 1ULL << 63, 1 << 11 | 1 << 13 | 1 << 8 | 1 << 5,
	  "SNP HTRangeIgnore SnpPageMode0 SNPAVIC=1 NumIntRemap=1" },
};

static void test_describe(void **state)
{
	char text[512], small[6];
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(lines); i++) {
		n = amdvi_features_describe(lines[i].efr, lines[i].efr2, text,
					    sizeof(text));
		assert_string_equal(text, lines[i].text);
		assert_int_equal(n, strlen(text));
		assert_int_equal(amdvi_features_describe(lines[i].efr,
							 lines[i].efr2, small,
							 sizeof(small)), n);
		assert_int_equal(strncmp(small, text, sizeof(small) - 1), 0);
	}
}

static void test_bits(void **state)
{
	const uint64_t raw[2] = { 0xfedcba9876543210, 0x0123456789abcdef };
	uint64_t out[2];
	unsigned int lsb, width;

	(void)state;
	assert_int_equal(amdvi_bits(raw, 0, 64), 0xfedcba9876543210);
	assert_int_equal(amdvi_bits(raw, 64, 64), 0x0123456789abcdef);
	assert_int_equal(amdvi_bits(raw, 4, 8), 0x21);
	assert_int_equal(amdvi_bits(raw, 63, 1), 1);
	assert_int_equal(amdvi_bits(raw, 60, 8), 0xff);
	assert_int_equal(amdvi_bits(raw, 32, 64), 0x89abcdeffedcba98);
	assert_int_equal(amdvi_bits(raw, 127, 1), 0);
	for (lsb = 0; lsb < 128; lsb++) {
		for (width = 1; width <= 64 && lsb + width <= 128; width++) {
			memset(out, 0, sizeof(out));
			amdvi_bits_set(out, lsb, width, UINT64_MAX);
			assert_int_equal(__builtin_popcountll(out[0]) +
					 __builtin_popcountll(out[1]), width);
			assert_int_equal(amdvi_bits(out, lsb, width),
					 amdvi_ones(width));
			memset(out, 0xff, sizeof(out));
			amdvi_bits_set(out, lsb, width, 0);
			assert_int_equal(__builtin_popcountll(out[0]) +
					 __builtin_popcountll(out[1]),
					 128 - width);
			assert_int_equal(amdvi_bits(out, lsb, width), 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
