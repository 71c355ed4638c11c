// SPDX-License-Identifier: GPL-2.0-or-later
/* Interrupt remapping table entries. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <amdvi/irte.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SME (1ULL << 47)

static const struct {
	bool wide;
	uint64_t raw[2];
	const char *values;	/* NAME=hex ... */
	const char *text;
} entries[] = {
	{ false, { 0 },
	  "RemapEn=0 SupIOPF=0 IntType=0 RqEoi=0 DM=0 Destination=0 Vector=0",
	  "not valid: interrupt blocked" },
	{ false, { 0x2 },
	  "RemapEn=0 SupIOPF=1 IntType=0 RqEoi=0 DM=0 Destination=0 Vector=0",
	  "not valid: interrupt blocked, no event" },
	{ false, { 0x00220341 },
	  "RemapEn=1 SupIOPF=0 IntType=0 RqEoi=0 DM=1 Destination=3 "
	  "Vector=22",
	  "fixed, vector 0x22 to logical APIC 0x3" },
	{ false, { 0x00000020 },
	  "RemapEn=0 SupIOPF=0 IntType=0 RqEoi=1 DM=0 Destination=0 Vector=0",
	  "not valid: interrupt blocked" },
	{ false, { 0x00800011 },
	  "RemapEn=1 SupIOPF=0 IntType=4 RqEoi=0 DM=0 Destination=0 "
	  "Vector=80",
	  "NMI, vector 0x80 to physical APIC 0x0" },
	{ false, { 0x00000009 },
	  "RemapEn=1 SupIOPF=0 IntType=2 RqEoi=0 DM=0 Destination=0 Vector=0",
	  "SMI, vector 0x00 to physical APIC 0x0" },
	/* bit 7 and the top byte are reserved here, not GuestMode */
	{ false, { 0xffffffff },
	  "RemapEn=1 SupIOPF=1 IntType=7 RqEoi=1 DM=1 Destination=ff "
	  "Vector=ff",
	  "ExtInt, vector 0xff to logical APIC 0xff" },
	{ true, { 0, 0 },
	  "RemapEn=0 SupIOPF=0 IntType=0 RqEoi=0 DM=0 GuestMode=0 "
	  "Destination=0 Vector=0",
	  "not valid: interrupt blocked" },
	{ true, { 0x12345605, 0xab00000000000031 },
	  "RemapEn=1 SupIOPF=0 IntType=1 RqEoi=0 DM=0 GuestMode=0 "
	  "Destination=ab123456 Vector=31",
	  "arbitrated, vector 0x31 to physical APIC 0xab123456" },
	{ true, { 0x21, 0 },
	  "RemapEn=1 SupIOPF=0 IntType=0 RqEoi=1 DM=0 GuestMode=0 "
	  "Destination=0 Vector=0",
	  "fixed, vector 0x00 to physical APIC 0x0" },
	{ true, { 0xffffffff00000001, 0x00ffffffffffff00 },
	  "RemapEn=1 SupIOPF=0 IntType=0 RqEoi=0 DM=0 GuestMode=0 "
	  "Destination=0 Vector=0",
	  "fixed, vector 0x00 to physical APIC 0x0" },
	{ true, { 0x0000000080000001, 0x0100000000000080 },
	  "RemapEn=1 SupIOPF=0 IntType=0 RqEoi=0 DM=0 GuestMode=0 "
	  "Destination=1800000 Vector=80",
	  "fixed, vector 0x80 to physical APIC 0x1800000" },
	{ true, { 0xffffffffffffff7f, 0xffffffffffffffff },
	  "RemapEn=1 SupIOPF=1 IntType=7 RqEoi=1 DM=1 GuestMode=0 "
	  "Destination=ffffffff Vector=ff",
	  "ExtInt, vector 0xff to logical APIC 0xffffffff" },
	{ true, { 0x12345678000007c5, 0x0100000123456041 },
	  "RemapEn=1 SupIOPF=0 GALogIntr=1 GAPPIDis=0 IsRun=1 GuestMode=1 "
	  "Destination=1000007 GATag=12345678 Vector=41 GARootPtr=123456000",
	  "posted to guest vAPIC page 0x123456000, vector 0x41, tag "
	  "0x12345678, vCPU running on APIC 0x1000007" },
	{ true, { 0x00000001000000a1, 0x0000000000fff030 },
	  "RemapEn=1 SupIOPF=0 GALogIntr=0 GAPPIDis=1 IsRun=0 GuestMode=1 "
	  "Destination=0 GATag=1 Vector=30 GARootPtr=fff000",
	  "posted to guest vAPIC page 0xfff000, vector 0x30, tag 0x1, vCPU "
	  "not running, last on APIC 0x0" },
	{ true, { 0xffffffffffffffff, 0xffffffffffffffff },
	  "RemapEn=1 SupIOPF=1 GALogIntr=1 GAPPIDis=1 IsRun=1 GuestMode=1 "
	  "Destination=ffffffff GATag=ffffffff Vector=ff "
	  "GARootPtr=ffffffffff000",
	  "posted to guest vAPIC page 0xffffffffff000, vector 0xff, tag "
	  "0xffffffff, vCPU running on APIC 0xffffffff" },
	{ true, { 0x80, 0 },
	  "RemapEn=0 SupIOPF=0 GALogIntr=0 GAPPIDis=0 IsRun=0 GuestMode=1 "
	  "Destination=0 GATag=0 Vector=0 GARootPtr=0",
	  "not valid: interrupt blocked" },
};

static void join_values(const struct amdvi_irte *irte, char *text, size_t len)
{
	struct amdvi_value values[AMDVI_VALUES_MAX];
	size_t n = amdvi_irte_values(irte, values, COUNT(values));
	size_t used = 0, i;

	for (i = 0; i < n; i++)
		used += snprintf(text + used, len - used, "%s%s=%" PRIx64,
				 i ? " " : "", values[i].name,
				 values[i].value);
}

static void test_entries(void **state)
{
	struct amdvi_irte irte;
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(entries); i++) {
		if (entries[i].wide)
			amdvi_irte128_decode(entries[i].raw, 0, &irte);
		else
			amdvi_irte32_decode(entries[i].raw[0], &irte);
		assert_int_equal(irte.wide, entries[i].wide);
		assert_memory_equal(irte.raw, entries[i].raw,
				    sizeof(irte.raw));
		assert_int_equal(irte.valid, entries[i].raw[0] & 1);
		join_values(&irte, text, sizeof(text));
		assert_string_equal(text, entries[i].values);
		assert_int_equal(amdvi_irte_describe(&irte, text,
						     sizeof(text)),
				 strlen(entries[i].text));
		assert_string_equal(text, entries[i].text);
	}
}

static void test_sme(void **state)
{
	const uint64_t raw[2] = { 0x81, SME | 0x123456041 };
	struct amdvi_irte irte;

	(void)state;
	amdvi_irte128_decode(raw, SME, &irte);
	assert_int_equal(irte.ga_root, 0x123456000);
	amdvi_irte128_decode(raw, 0, &irte);
	assert_int_equal(irte.ga_root, SME | 0x123456000);
}

static void test_int_type_name(void **state)
{
	static const char *const names[] = {
		"fixed", "arbitrated", "SMI", "reserved", "NMI", "INIT",
		"reserved", "ExtInt", "reserved",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(names); i++)
		assert_string_equal(amdvi_int_type_name(i), names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_sme),
		cmocka_unit_test(test_int_type_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
