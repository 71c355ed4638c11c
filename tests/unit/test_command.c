// SPDX-License-Identifier: GPL-2.0-or-later
/* Command ring entries. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <amdvi/command.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SME (1ULL << 47)

/*
 * Every command with every field at a telling value; the fields must come
 * back by name and the words by encoding. The two of debugfs are from the
 * kernel's ABI document, the "ring" ones from a 6.1 kernel.
 */
static const struct {
	const char *what;
	uint32_t w[4];
	const char *name;
	const char *values;	/* NAME=hex ..., in display order */
} commands[] = {
	{ "debugfs", { 0x00835001, 0x10000001, 0x00003c00, 0 },
	  "COMPLETION_WAIT",
	  "S=1 I=0 F=0 StoreAddress=100835000 StoreData=3c00" },
	{ "debugfs", { 0, 0x30000005, 0xfffff003, 0x7fffffff },
	  "INVALIDATE_IOMMU_PAGES",
	  "DomainID=5 Address=7ffffffffffff000 S=1 PDE=1 GN=0 PASID=0" },
	{ "ring 1", { 0x011b8001, 0x10000000, 0x00001278, 0 },
	  "COMPLETION_WAIT",
	  "S=1 I=0 F=0 StoreAddress=11b8000 StoreData=1278" },
	{ "ring 2", { 0, 0x30000003, 0xfff7f002, 0 },
	  "INVALIDATE_IOMMU_PAGES",
	  "DomainID=3 Address=fff7f000 S=0 PDE=1 GN=0 PASID=0" },
	{ "ring 6", { 0, 0x30000004, 0xffed4003, 0 },
	  "INVALIDATE_IOMMU_PAGES",
	  "DomainID=4 Address=ffed4000 S=1 PDE=1 GN=0 PASID=0" },
	{ "all set", { 0xffffffff, 0x100fffff, 0x55667788, 0x11223344 },
	  "COMPLETION_WAIT",
	  "S=1 I=1 F=1 StoreAddress=ffffffffffff8 "
	  "StoreData=1122334455667788" },
	{ "flush", { 0x4, 0x10000000, 0, 0 }, "COMPLETION_WAIT",
	  "S=0 I=0 F=1 StoreAddress=0 StoreData=0" },
	{ "interrupt", { 0x2, 0x10000000, 0, 0 }, "COMPLETION_WAIT",
	  "S=0 I=1 F=0 StoreAddress=0 StoreData=0" },
	{ "devtab", { 0x1234, 0x20000000, 0, 0 }, "INVALIDATE_DEVTAB_ENTRY",
	  "DeviceID=1234" },
	{ "pages", { 0xabcde, 0x30001234, 0x9abcd004, 0x12345678 },
	  "INVALIDATE_IOMMU_PAGES",
	  "DomainID=1234 Address=123456789abcd000 S=0 PDE=0 GN=1 "
	  "PASID=abcde" },
	{ "iotlb", { 0x20ab1234, 0x45cd5678, 0x9abcd035, 0x12345678 },
	  "INVALIDATE_IOTLB_PAGES",
	  "DeviceID=1234 Address=123456789abcd000 S=1 GN=1 PASID=5abcd "
	  "Type=3 QueueID=5678 MaxPend=20" },
	{ "iotlb all", { 0x20000018, 0x40000018, 0xfffff001, 0x7fffffff },
	  "INVALIDATE_IOTLB_PAGES",
	  "DeviceID=18 Address=7ffffffffffff000 S=1 GN=0 PASID=0 Type=0 "
	  "QueueID=18 MaxPend=20" },
	{ "irt", { 0xffff, 0x50000000, 0, 0 }, "INVALIDATE_INTERRUPT_TABLE",
	  "DeviceID=ffff" },
	{ "prefetch", { 0x04001234, 0x600abcde, 0x9abcd015, 0x12345678 },
	  "PREFETCH_IOMMU_PAGES",
	  "DeviceID=1234 Address=123456789abcd000 S=1 GN=1 PASID=abcde "
	  "Inval=1 PFCount=4" },
	{ "ppr", { 0x1234, 0x700abcde, 0x4, 0xf1ab },
	  "COMPLETE_PPR_REQUEST",
	  "DeviceID=1234 GN=1 PASID=abcde CompletionTag=1ab Response=f" },
	{ "all", { 0, 0x80000000, 0, 0 }, "INVALIDATE_IOMMU_ALL", "" },
	{ "guest", { 0, 0x90001234, 0, 0 }, "INSERT_GUEST_EVENT",
	  "GuestID=1234" },
	{ "vmmio", { 0x88001234, 0xa0000000, 0, 0 }, "RESET_VMMIO",
	  "GuestID=1234 All=1 VCmd=1" },
};

static void join_values(const struct amdvi_command *cmd, char *text,
			size_t len)
{
	struct amdvi_value values[AMDVI_VALUES_MAX];
	size_t n = amdvi_command_values(cmd, values, COUNT(values));
	size_t used = 0, i;

	text[0] = '\0';
	for (i = 0; i < n; i++)
		used += snprintf(text + used, len - used, "%s%s=%" PRIx64,
				 i ? " " : "", values[i].name,
				 values[i].value);
}

static void test_commands(void **state)
{
	struct amdvi_command cmd;
	char text[256];
	uint32_t w[4];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(commands); i++) {
		amdvi_command_decode(commands[i].w, 0, &cmd);
		assert_int_equal(cmd.opcode, commands[i].w[1] >> 28);
		assert_false(cmd.unused);
		assert_memory_equal(cmd.w, commands[i].w, sizeof(cmd.w));
		assert_string_equal(amdvi_command_name(cmd.opcode),
				    commands[i].name);
		join_values(&cmd, text, sizeof(text));
		assert_string_equal(text, commands[i].values);
		memset(cmd.w, 0xff, sizeof(cmd.w));
		amdvi_command_encode(&cmd, 0, w);
		assert_memory_equal(w, commands[i].w, sizeof(w));
	}
}

/* Every bit set, reserved ones too: no field reaches into its neighbour. */
static const char *const saturated[] = {
	[1] = "S=1 I=1 F=1 StoreAddress=ffffffffffff8 "
	      "StoreData=ffffffffffffffff",
	[2] = "DeviceID=ffff",
	[3] = "DomainID=ffff Address=fffffffffffff000 S=1 PDE=1 GN=1 "
	      "PASID=fffff",
	[4] = "DeviceID=ffff Address=fffffffffffff000 S=1 GN=1 PASID=fffff "
	      "Type=3 QueueID=ffff MaxPend=ff",
	[5] = "DeviceID=ffff",
	[6] = "DeviceID=ffff Address=fffffffffffff000 S=1 GN=1 PASID=fffff "
	      "Inval=1 PFCount=ff",
	[7] = "DeviceID=ffff GN=1 PASID=fffff CompletionTag=1ff Response=f",
	[8] = "",
	[9] = "GuestID=ffff",
	[10] = "GuestID=ffff All=1 VCmd=1",
};

static void test_saturated(void **state)
{
	struct amdvi_command cmd;
	char text[256];
	uint32_t op;

	(void)state;
	for (op = 1; op < COUNT(saturated); op++) {
		const uint32_t w[4] = {
			~0U, op << 28 | 0xfffffff, ~0U, ~0U,
		};

		amdvi_command_decode(w, 0, &cmd);
		join_values(&cmd, text, sizeof(text));
		assert_string_equal(text, saturated[op]);
	}
}

/* The three pieces of a PASID, one at a time. */
static void test_iotlb_pasid(void **state)
{
	static const struct {
		uint32_t w0, w1, pasid;
	} rows[] = {
		{ 0, 0x00010000, 0x1 }, { 0, 0x00800000, 0x80 },
		{ 0x00010000, 0, 0x100 }, { 0x00800000, 0, 0x8000 },
		{ 0, 0x01000000, 0x10000 }, { 0, 0x08000000, 0x80000 },
		{ 0x01000000, 0, 0 }, { 0, 0x00008000, 0 },
		{ 0x00008000, 0, 0 },
	};
	struct amdvi_command cmd;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		const uint32_t w[4] = { rows[i].w0, rows[i].w1 | 4U << 28 };

		amdvi_command_decode(w, 0, &cmd);
		assert_int_equal(cmd.pasid, rows[i].pasid);
	}
}

static void test_members(void **state)
{
	const uint32_t wait[4] = { 0x011b8005, 0x10000001, 0x1278, 2 };
	const uint32_t pages[4] = { 7, 0x30000003, 0xfff7f007, 0 };
	const uint32_t ppr[4] = { 0x18, 0x70000009, 4, 0x1003 };
	const uint32_t iotlb[4] = { 0x20000018, 0x40000019, 0x1011, 0 };
	struct amdvi_command cmd;

	(void)state;
	amdvi_command_decode(wait, 0, &cmd);
	assert_true(cmd.store && !cmd.interrupt && cmd.flush);
	assert_int_equal(cmd.store_addr, 0x1011b8000);
	assert_int_equal(cmd.data, 0x200001278);
	assert_int_equal(cmd.address, 0);
	amdvi_command_decode(pages, 0, &cmd);
	assert_true(cmd.s && cmd.pde && cmd.gn && !cmd.store);
	assert_int_equal(cmd.domain_id, 3);
	assert_int_equal(cmd.pasid, 7);
	assert_int_equal(cmd.address, 0xfff7f000);
	amdvi_command_decode(ppr, 0, &cmd);
	assert_int_equal(cmd.devid, 0x18);
	assert_int_equal(cmd.tag, 3);
	assert_int_equal(cmd.response, 1);
	amdvi_command_decode(iotlb, 0, &cmd);
	assert_int_equal(cmd.devid, 0x18);
	assert_int_equal(cmd.queue_id, 0x19);
	assert_int_equal(cmd.qdep, 0x20);
	assert_int_equal(cmd.type, 1);
	assert_true(cmd.s && !cmd.pde);
}

static const struct {
	unsigned int opcode;
	const char *name;
} names[] = {
	{ 0, "UNKNOWN" }, { 11, "UNKNOWN" }, { 15, "UNKNOWN" },
	{ 16, "UNKNOWN" }, { ~0U, "UNKNOWN" },
};

static void test_unknown(void **state)
{
	struct amdvi_value values[AMDVI_VALUES_MAX];
	const uint32_t zero[4] = { 0 };
	struct amdvi_command cmd;
	uint64_t first, last;
	uint32_t w[4];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(names); i++)
		assert_string_equal(amdvi_command_name(names[i].opcode),
				    names[i].name);
	amdvi_command_decode(zero, SME, &cmd);
	assert_true(cmd.unused);
	assert_int_equal(cmd.opcode, 0);
	for (i = 0; i < 16; i++) {
		const uint32_t ones[4] = { ~0U, i << 28 | 0xfffffff, ~0U, ~0U };

		if (i >= 1 && i <= 10)
			continue;
		amdvi_command_decode(ones, 0, &cmd);
		assert_false(cmd.unused);
		assert_int_equal(cmd.opcode, i);
		assert_int_equal(cmd.address | cmd.data | cmd.devid, 0);
		assert_int_equal(amdvi_command_values(&cmd, values,
						      COUNT(values)), 0);
		assert_false(amdvi_command_range(&cmd, &first, &last));
		amdvi_command_encode(&cmd, 0, w);
		assert_int_equal(w[1], i << 28);
		assert_int_equal(w[0] | w[2] | w[3], 0);
	}
}

/* The C-bit goes from the store address only, never from an IOVA. */
static void test_sme(void **state)
{
	const uint32_t wait[4] = { 0x011b8001, 0x10008001, 0x1278, 0 };
	const uint32_t pages[4] = { 0, 0x30000003, 0x1002, 0x8000 };
	struct amdvi_command cmd;
	uint32_t w[4];

	(void)state;
	amdvi_command_decode(wait, SME, &cmd);
	assert_int_equal(cmd.store_addr, 0x1011b8000);
	amdvi_command_encode(&cmd, SME, w);
	assert_memory_equal(w, wait, sizeof(w));
	amdvi_command_decode(pages, SME, &cmd);
	assert_int_equal(cmd.address, SME | 0x1000);
	amdvi_command_encode(&cmd, SME, w);
	assert_memory_equal(w, pages, sizeof(w));
}

static const struct {
	uint64_t address;
	bool s;
	uint64_t first, last;
} ranges[] = {
	{ 0, false, 0, 0xfff },
	{ 0x1000, false, 0x1000, 0x1fff },
	{ 0x7ffffffffffff000, false, 0x7ffffffffffff000, 0x7fffffffffffffff },
	{ 0xfffffffffffff000, false, 0xfffffffffffff000, UINT64_MAX },
	{ 0, true, 0, 0x1fff },
	{ 0x2000, true, 0x2000, 0x3fff },
	{ 0x1000, true, 0, 0x3fff },
	{ 0x5000, true, 0x4000, 0x7fff },
	{ 0xb000, true, 0x8000, 0xffff },
	{ 0xffe9e000, true, 0xffe9e000, 0xffe9ffff },	/* 6.1 ring */
	{ 0xffed4000, true, 0xffed4000, 0xffed5fff },	/* 6.1 ring */
	{ 0xff000, true, 0, 0x1fffff },
	{ 0x7fffffffff000, true, 0, 0xfffffffffffff },
	{ 0x3ffffffffffff000, true, 0, 0x7fffffffffffffff },
	{ 0xbffffffffffff000, true, 0x8000000000000000, UINT64_MAX },
	{ 0x7ffffffffffff000, true, 0, UINT64_MAX },
	{ 0xfffffffffffff000, true, 0, UINT64_MAX },
};

static void test_range(void **state)
{
	struct amdvi_command cmd = { .opcode = 3 };
	uint64_t first, last;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(ranges); i++) {
		cmd.opcode = i & 1 ? AMDVI_CMD_INVALIDATE_IOTLB_PAGES :
				     AMDVI_CMD_INVALIDATE_IOMMU_PAGES;
		cmd.address = ranges[i].address;
		cmd.s = ranges[i].s;
		assert_true(amdvi_command_range(&cmd, &first, &last));
		assert_int_equal(first, ranges[i].first);
		assert_int_equal(last, ranges[i].last);
	}
	for (cmd.opcode = 0; cmd.opcode < 16; cmd.opcode++)
		assert_int_equal(amdvi_command_range(&cmd, &first, &last),
				 cmd.opcode == 3 || cmd.opcode == 4);
}

/* Every aligned power of two from 8K to 2^63 around one address. */
static void test_range_sizes(void **state)
{
	struct amdvi_command cmd = { .opcode = 3, .s = true };
	uint64_t base, first, last;
	unsigned int size;

	(void)state;
	for (size = 13; size <= 63; size++) {
		base = 0xa5a5a5a5a5a5a000ULL & ~((1ULL << size) - 1);
		cmd.address = base | (((1ULL << (size - 1)) - 1) & ~0xfffULL);
		assert_true(amdvi_command_range(&cmd, &first, &last));
		assert_int_equal(first, base);
		assert_int_equal(last, base + ((1ULL << size) - 1));
	}
}

static void test_values_max(void **state)
{
	struct amdvi_value values[2] = { { NULL, 0, 0 }, { NULL, 0, 0 } };
	struct amdvi_command cmd;

	(void)state;
	amdvi_command_decode(commands[0].w, 0, &cmd);
	assert_int_equal(amdvi_command_values(&cmd, values, 1), 1);
	assert_string_equal(values[0].name, "S");
	assert_int_equal(values[0].fmt, AMDVI_FMT_FLAG);
	assert_null(values[1].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_saturated),
		cmocka_unit_test(test_iotlb_pasid),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_sme),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_range_sizes),
		cmocka_unit_test(test_values_max),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
