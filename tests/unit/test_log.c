// SPDX-License-Identifier: GPL-2.0-or-later
/* Event, PPR and GA log entries. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <amdvi/log.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	uint32_t w[4];
	const char *name;
	const char *values;	/* NAME=hex ..., in display order */
	const char *text;
} events[] = {
	/* Linux: domain=0x0007 address=0xffffc02000 flags=0x0000 */
	{ { 0x0700, 0x20000007, 0xffc02000, 0xff }, "IO_PAGE_FAULT",
	  "DeviceID=700 DomainID=7 Address=ffffc02000 GN=0 NX=0 US=0 I=0 PR=0 "
	  "RW=0 PE=0 RZ=0 TR=0 vFlags=0",
	  "read of IOVA 0xffffc02000 by 0001:07:00.0 blocked: not mapped "
	  "(domain 7)" },
	/* Linux: domain=0x0005 address=0x1000 flags=0x0020 */
	{ { 0x0018, 0x20200005, 0x1000, 0 }, "IO_PAGE_FAULT",
	  "DeviceID=18 DomainID=5 Address=1000 GN=0 NX=0 US=0 I=0 PR=0 RW=1 "
	  "PE=0 RZ=0 TR=0 vFlags=0",
	  "write to IOVA 0x1000 by 0001:00:03.0 blocked: not mapped (domain 5)" },
	/* Linux: device=04:00.0 domain=0x0000 flags=0x0070 */
	{ { 0x0400, 0x20700000, 0x0b4a01e0, 0x1 }, "IO_PAGE_FAULT",
	  "DeviceID=400 DomainID=0 Address=10b4a01e0 GN=0 NX=0 US=0 I=0 PR=1 "
	  "RW=1 PE=1 RZ=0 TR=0 vFlags=0",
	  "write to IOVA 0x10b4a01e0 by 0001:04:00.0 blocked: writing not "
	  "permitted (domain 0)" },
	{ { 0x0400, 0x20900001, 0x2000, 0 }, "IO_PAGE_FAULT",
	  "DeviceID=400 DomainID=1 Address=2000 GN=0 NX=0 US=0 I=0 PR=1 RW=0 "
	  "PE=0 RZ=1 TR=0 vFlags=0",
	  "read of IOVA 0x2000 by 0001:04:00.0 blocked: reserved bit set in a page "
	  "table entry (domain 1)" },
	{ { 0x0400, 0x20100001, 0x2000, 0 }, "IO_PAGE_FAULT",
	  "DeviceID=400 DomainID=1 Address=2000 GN=0 NX=0 US=0 I=0 PR=1 RW=0 "
	  "PE=0 RZ=0 TR=0 vFlags=0",
	  "read of IOVA 0x2000 by 0001:04:00.0 blocked: address beyond the table, "
	  "or a wrong level in it (domain 1)" },
	/* with a PASID, in two pieces; ATS */
	{ { 0xe80a1234, 0x21075678, 0x3000, 0x12 }, "IO_PAGE_FAULT",
	  "DeviceID=1234 PASID=a5678 Address=1200003000 GN=1 NX=1 US=1 I=0 "
	  "PR=0 RW=0 PE=0 RZ=0 TR=1 vFlags=1d",
	  "ATS translation request for IOVA 0x1200003000 by 0001:12:06.4 blocked: "
	  "not mapped (PASID 0xa5678)" },
	{ { 0x0018, 0x20080000, 0xfee01004, 0 }, "IO_PAGE_FAULT",
	  "DeviceID=18 DomainID=0 Address=fee01004 GN=0 NX=0 US=0 I=1 PR=0 "
	  "RW=0 PE=0 RZ=0 TR=0 vFlags=0",
	  "interrupt request to 0xfee01004 (interrupt range) not remapped: no "
	  "valid entry, by 0001:00:03.0 (domain 0)" },
	/* as the hardware logs it: 40 bits, those above set */
	{ { 0x0018, 0x2008002c, 0xf8000000, 0xfffffffd }, "IO_PAGE_FAULT",
	  "DeviceID=18 DomainID=2c Address=fffffffdf8000000 GN=0 NX=0 US=0 I=1 "
	  "PR=0 RW=0 PE=0 RZ=0 TR=0 vFlags=0",
	  "interrupt request to 0xfffffffdf8000000 (interrupt/EOI range) not "
	  "remapped: no valid entry, by 0001:00:03.0 (domain 44)" },
	/* QEMU: I is set for DMA, too */
	{ { 0x0018, 0x20080000, 0xffed4000, 0 }, "IO_PAGE_FAULT",
	  "DeviceID=18 DomainID=0 Address=ffed4000 GN=0 NX=0 US=0 I=1 PR=0 "
	  "RW=0 PE=0 RZ=0 TR=0 vFlags=0",
	  "request marked as interrupt to IOVA 0xffed4000 by 0001:00:03.0 blocked: "
	  "not mapped (domain 0)" },
	{ { 0x000a0018, 0x10a15678, 0x1003, 0 }, "ILLEGAL_DEV_TABLE_ENTRY",
	  "DeviceID=18 PASID=a5678 Address=1000 GN=1 I=0 RW=1 RZ=1 TR=0 "
	  "vFlags=0",
	  "write to IOVA 0x1000 by 0001:00:03.0 blocked: illegal device table "
	  "entry, reserved bit set (PASID 0xa5678)" },
	{ { 0x0018, 0x11080000, 0x1000, 0 }, "ILLEGAL_DEV_TABLE_ENTRY",
	  "DeviceID=18 PASID=0 Address=1000 GN=0 I=1 RW=0 RZ=0 TR=1 vFlags=0",
	  "request marked as interrupt to IOVA 0x1000 by 0001:00:03.0 blocked: "
	  "illegal device table entry, bad level encoding" },
	{ { 0x80000018, 0x37280000, 0x011c230f, 0x1 },
	  "DEV_TAB_HARDWARE_ERROR",
	  "DeviceID=18 Address=1011c2300 I=1 RW=1 TR=1 Type=3 vFlags=10",
	  "data error reading the device table at physical 0x1011c2300 for a "
	  "request by 0001:00:03.0" },
	{ { 0x0018, 0x42200005, 0x0123400f, 0 }, "PAGE_TAB_HARDWARE_ERROR",
	  "DeviceID=18 DomainID=5 Address=1234008 GN=0 I=0 RW=1 TR=0 Type=1 "
	  "vFlags=0",
	  "master abort reading a page table at physical 0x1234008 for a "
	  "request by 0001:00:03.0 (domain 5)" },
	{ { 0x000a0018, 0x44015678, 0x01234000, 0 },
	  "PAGE_TAB_HARDWARE_ERROR",
	  "DeviceID=18 PASID=a5678 Address=1234000 GN=1 I=0 RW=0 TR=0 Type=2 "
	  "vFlags=0",
	  "target abort reading a page table at physical 0x1234000 for a "
	  "request by 0001:00:03.0 (PASID 0xa5678)" },
	{ { 0, 0x50000000, 0x011c4120, 0x1 }, "ILLEGAL_COMMAND_ERROR",
	  "Address=1011c4120",
	  "illegal command at physical 0x1011c4120: command processing "
	  "stopped" },
	{ { 0, 0x64000000, 0x011c4120, 0 }, "COMMAND_HARDWARE_ERROR",
	  "Address=11c4120 Type=2",
	  "target abort reading commands at physical 0x11c4120: command "
	  "processing stopped" },
	{ { 0x0300, 0x70000000, 0x011c4130, 0 }, "IOTLB_INV_TIMEOUT",
	  "DeviceID=300 Address=11c4130",
	  "no answer by 0001:03:00.0 to the IOTLB invalidation at physical "
	  "0x11c4130" },
	{ { 0x000a0018, 0x8b035678, 0xfee00000, 0 }, "INVALID_DEVICE_REQUEST",
	  "DeviceID=18 PASID=a5678 Address=fee00000 GN=1 US=1 TR=1 Type=5",
	  "invalid request, type 5 (interrupt: a posted write to the "
	  "interrupt/EOI range, not allowed by the device table entry "
	  "(IntCtl=00b)), to 0xfee00000 (interrupt range) by 0001:00:03.0 "
	  "(PASID 0xa5678)" },
	{ { 0x0018, 0x82000000, 0x1000, 0 }, "INVALID_DEVICE_REQUEST",
	  "DeviceID=18 PASID=0 Address=1000 GN=0 US=0 TR=0 Type=1",
	  "invalid request, type 1 (pre-translated request, which the device "
	  "table entry does not allow (I=0)), to 0x1000 by 0001:00:03.0" },
	{ { 0x56780018, 0x91232a55, 0x4000, 0x7f }, "INVALID_PPR_REQUEST",
	  "DeviceID=18 PASID=a5678 Address=7f00004000 Tag=255 Flags=123",
	  "invalid page request 0x255 for address 0x7f00004000 by 0001:00:03.0 "
	  "(PASID 0xa5678)" },
	{ { 0, 0xa0000000, 0xfff12345, 0x6789abcd }, "EVENT_COUNTER_ZERO",
	  "CounterNote=123456789abcd",
	  "performance counter reached zero (note 0x123456789abcd)" },
	{ { 0x20000000, 0xb0010009, 0, 0 }, "GUEST_EVENT_FAULT",
	  "GuestID=9 Flags=1 vFlags=4",
	  "fault while logging an event for guest 9" },
	{ { 0x08020009, 0xc0020000, 0x5000, 0 }, "VIOMMU_HARDWARE_ERROR",
	  "GuestID=9 Address=5000 Source=2 Flags=2 vFlags=1",
	  "virtual IOMMU hardware error at 0x5000 for guest 9" },
	{ { 0x00ab0018, 0xd1231234, 0x12345678, 0x9 }, "RMP_PAGE_FAULT",
	  "DeviceID=18 VMGTag=1234 Address=912345678 FlagsRMP=ab Flags=123",
	  "access to guest physical 0x912345678 by 0001:00:03.0 blocked by the RMP "
	  "(guest tag 0x1234)" },
	{ { 0x0018, 0xe1231234, 0x1234567f, 0x9 }, "RMP_HARDWARE_ERROR",
	  "DeviceID=18 VMGTag=1234 Address=912345678 Flags=123",
	  "hardware error reading the RMP at physical 0x912345678 for a "
	  "request by 0001:00:03.0" },
	{ { 0x1, 0, 0, 0 }, "UNKNOWN", "", "unknown event code 0" },
	{ { 0, 0xf0000000, 0, 0 }, "UNKNOWN", "", "unknown event code 15" },
	{ { 0, 0, 0, 0 }, "UNKNOWN", "", "unused entry" },
};

static void join(const struct amdvi_value *values, size_t n, char *text,
		 size_t len)
{
	size_t used = 0, i;

	text[0] = '\0';
	for (i = 0; i < n; i++)
		used += snprintf(text + used, len - used, "%s%s=%" PRIx64,
				 i ? " " : "", values[i].name,
				 values[i].value);
}

static void test_events(void **state)
{
	struct amdvi_value values[AMDVI_VALUES_MAX];
	struct amdvi_event event;
	char text[256];
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT(events); i++) {
		amdvi_event_decode(events[i].w, &event);
		assert_int_equal(event.code, events[i].w[1] >> 28);
		assert_int_equal(event.flags, events[i].w[1] >> 16 & 0xfff);
		assert_memory_equal(event.w, events[i].w, sizeof(event.w));
		assert_int_equal(event.unused, i == COUNT(events) - 1);
		assert_string_equal(amdvi_event_name(event.code),
				    events[i].name);
		n = amdvi_event_values(&event, values, COUNT(values));
		join(values, n, text, sizeof(text));
		assert_string_equal(text, events[i].values);
		n = amdvi_event_describe(&event, 1, text, sizeof(text));
		assert_string_equal(text, events[i].text);
		assert_int_equal(n, strlen(text));
		assert_int_equal(amdvi_event_describe(&event, 1, text, 4), n);
		assert_int_equal(strlen(text), 3);
	}
}

/*
 * Where each operand lies, bit by bit. @gn: 1 only with, 0 only without GN, 2
 * always.
 */
static const struct {
	unsigned int code, gn;
	const char *name;
	unsigned int lsb, width, shift;
} layout[] = {
	{ 1, 2, "DeviceID", 0, 16, 0 }, { 1, 2, "PASID", 32, 16, 0 },
	{ 1, 2, "PASID", 16, 4, 16 }, { 1, 2, "Address", 66, 62, 2 },
	{ 1, 2, "GN", 48, 1, 0 }, { 1, 2, "I", 51, 1, 0 },
	{ 1, 2, "RW", 53, 1, 0 }, { 1, 2, "RZ", 55, 1, 0 },
	{ 1, 2, "TR", 56, 1, 0 }, { 1, 2, "vFlags", 27, 5, 0 },
	{ 2, 2, "DeviceID", 0, 16, 0 }, { 2, 0, "DomainID", 32, 16, 0 },
	{ 2, 1, "PASID", 32, 16, 0 }, { 2, 1, "PASID", 16, 4, 16 },
	{ 2, 2, "Address", 64, 64, 0 }, { 2, 2, "GN", 48, 1, 0 },
	{ 2, 2, "NX", 49, 1, 0 }, { 2, 2, "US", 50, 1, 0 },
	{ 2, 2, "I", 51, 1, 0 }, { 2, 2, "PR", 52, 1, 0 },
	{ 2, 2, "RW", 53, 1, 0 }, { 2, 2, "PE", 54, 1, 0 },
	{ 2, 2, "RZ", 55, 1, 0 }, { 2, 2, "TR", 56, 1, 0 },
	{ 2, 2, "vFlags", 27, 5, 0 },
	{ 3, 2, "DeviceID", 0, 16, 0 }, { 3, 2, "Address", 68, 60, 4 },
	{ 3, 2, "I", 51, 1, 0 }, { 3, 2, "RW", 53, 1, 0 },
	{ 3, 2, "TR", 56, 1, 0 }, { 3, 2, "Type", 57, 2, 0 },
	{ 3, 2, "vFlags", 27, 5, 0 },
	{ 4, 2, "DeviceID", 0, 16, 0 }, { 4, 0, "DomainID", 32, 16, 0 },
	{ 4, 1, "PASID", 32, 16, 0 }, { 4, 1, "PASID", 16, 4, 16 },
	{ 4, 2, "Address", 67, 61, 3 }, { 4, 2, "GN", 48, 1, 0 },
	{ 4, 2, "I", 51, 1, 0 }, { 4, 2, "RW", 53, 1, 0 },
	{ 4, 2, "TR", 56, 1, 0 }, { 4, 2, "Type", 57, 2, 0 },
	{ 4, 2, "vFlags", 27, 5, 0 },
	{ 5, 2, "Address", 68, 60, 4 },
	{ 6, 2, "Address", 68, 60, 4 }, { 6, 2, "Type", 57, 2, 0 },
	{ 7, 2, "DeviceID", 0, 16, 0 }, { 7, 2, "Address", 68, 60, 4 },
	{ 8, 2, "DeviceID", 0, 16, 0 }, { 8, 2, "PASID", 32, 16, 0 },
	{ 8, 2, "PASID", 16, 4, 16 }, { 8, 2, "Address", 64, 64, 0 },
	{ 8, 2, "GN", 48, 1, 0 }, { 8, 2, "US", 49, 1, 0 },
	{ 8, 2, "TR", 56, 1, 0 }, { 8, 2, "Type", 57, 3, 0 },
	{ 9, 2, "DeviceID", 0, 16, 0 }, { 9, 2, "PASID", 16, 16, 0 },
	{ 9, 2, "PASID", 42, 4, 16 }, { 9, 2, "Address", 64, 64, 0 },
	{ 9, 2, "Tag", 32, 10, 0 }, { 9, 2, "Flags", 48, 12, 0 },
	{ 10, 2, "CounterNote", 96, 32, 0 },
	{ 10, 2, "CounterNote", 64, 20, 32 },
	{ 11, 2, "GuestID", 32, 16, 0 }, { 11, 2, "Flags", 48, 12, 0 },
	{ 11, 2, "vFlags", 27, 5, 0 },
	{ 12, 2, "GuestID", 0, 16, 0 }, { 12, 2, "Source", 16, 2, 0 },
	{ 12, 2, "Address", 64, 64, 0 }, { 12, 2, "Flags", 48, 12, 0 },
	{ 12, 2, "vFlags", 27, 5, 0 },
	{ 13, 2, "DeviceID", 0, 16, 0 }, { 13, 2, "VMGTag", 32, 16, 0 },
	{ 13, 2, "Address", 64, 64, 0 }, { 13, 2, "FlagsRMP", 16, 8, 0 },
	{ 13, 2, "Flags", 48, 12, 0 },
	{ 14, 2, "DeviceID", 0, 16, 0 }, { 14, 2, "VMGTag", 32, 16, 0 },
	{ 14, 2, "Address", 67, 61, 3 }, { 14, 2, "Flags", 48, 12, 0 },
};

/* What @layout makes of operand @name if just @bit (and maybe GN) is set. */
static uint64_t expected(unsigned int code, const char *name, unsigned int bit,
			 unsigned int gn)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < COUNT(layout); i++) {
		if (layout[i].code != code || strcmp(layout[i].name, name) ||
		    (layout[i].gn != 2 && layout[i].gn != gn))
			continue;
		if (bit - layout[i].lsb < layout[i].width)
			value |= 1ULL << (bit - layout[i].lsb +
					  layout[i].shift);
		if (gn && 48 - layout[i].lsb < layout[i].width)
			value |= 1ULL << (48 - layout[i].lsb);
	}
	return value;
}

static void test_event_bits(void **state)
{
	struct amdvi_value values[AMDVI_VALUES_MAX];
	struct amdvi_event event;
	unsigned int code, bit, gn;
	size_t i, n;

	(void)state;
	for (code = 1; code <= 14; code++) {
		for (bit = 0; bit < 256; bit++) {
			uint32_t w[4] = { 0, code << 28, 0, 0 };

			gn = bit >= 128 || bit == 48;
			if (bit % 128 >= 60 && bit % 128 < 64)
				continue;
			w[bit % 128 / 32] |= 1U << bit % 32;
			w[1] |= gn << 16;
			amdvi_event_decode(w, &event);
			n = amdvi_event_values(&event, values, COUNT(values));
			assert_in_range(n, 1, COUNT(values) - 1);
			for (i = 0; i < n; i++)
				if (values[i].value !=
				    expected(code, values[i].name, bit % 128,
					     gn))
					fail_msg("code %u bit %u %s %#" PRIx64,
						 code, bit, values[i].name,
						 values[i].value);
		}
	}
}

static void test_event_members(void **state)
{
	const uint32_t fault[4] = { 0x0018, 0x20f00005, 0x1000, 0 };
	const uint32_t pasid[4] = { 0x000a0018, 0x20015678, 0x1000, 0 };
	struct amdvi_event event;

	(void)state;
	amdvi_event_decode(fault, &event);
	assert_int_equal(event.devid, 0x18);
	assert_int_equal(event.domain_id, 5);
	assert_int_equal(event.address, 0x1000);
	assert_int_equal(event.pasid, 0);
	assert_true(event.pr && event.rw && event.pe && event.rz);
	assert_false(event.gn || event.nx || event.us || event.intr ||
		     event.tr);
	amdvi_event_decode(pasid, &event);
	assert_int_equal(event.domain_id, 0);
	assert_int_equal(event.pasid, 0xa5678);
}

static void test_blames_command(void **state)
{
	struct amdvi_event event = { .code = 0 };

	(void)state;
	for (event.code = 0; event.code < 16; event.code++)
		assert_int_equal(amdvi_event_blames_command(&event),
				 event.code >= 5 && event.code <= 7);
	assert_string_equal(amdvi_event_name(16), "UNKNOWN");
	assert_string_equal(amdvi_event_name(~0U), "UNKNOWN");
}

static const struct {
	uint64_t raw[2];
	const char *values;
} pprs[] = {
	{ { 0, 0 },
	  "Type=0 DeviceID=0 PASID=0 Tag=0 EX=0 RD=0 WR=0 US=0 RZ=0 GN=0 "
	  "Address=0" },
	{ { 0x1162015556780018, 0x7f0000001000 },
	  "Type=1 DeviceID=18 PASID=5678 Tag=155 EX=1 RD=0 WR=1 US=1 RZ=0 "
	  "GN=1 Address=7f0000001000" },
	{ { 0x0000040000000000, 0 },
	  "Type=0 DeviceID=0 PASID=10000 Tag=0 EX=0 RD=0 WR=0 US=0 RZ=0 GN=0 "
	  "Address=0" },
	{ { 0x0020000000000000, 0 },
	  "Type=0 DeviceID=0 PASID=0 Tag=0 EX=0 RD=0 WR=1 US=0 RZ=0 GN=0 "
	  "Address=0" },
	{ { 0x1084fe005678ffff, 0xffffffffffffffff },
	  "Type=1 DeviceID=ffff PASID=f5678 Tag=200 EX=0 RD=1 WR=0 US=0 RZ=1 "
	  "GN=0 Address=ffffffffffffffff" },
};

static void test_ppr(void **state)
{
	struct amdvi_value values[AMDVI_VALUES_MAX];
	struct amdvi_ppr ppr;
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(pprs); i++) {
		amdvi_ppr_decode(pprs[i].raw, &ppr);
		assert_int_equal(ppr.unused, i == 0);
		assert_memory_equal(ppr.raw, pprs[i].raw, sizeof(ppr.raw));
		join(values, amdvi_ppr_values(&ppr, values, COUNT(values)),
		     text, sizeof(text));
		assert_string_equal(text, pprs[i].values);
	}
	amdvi_ppr_decode(pprs[1].raw, &ppr);
	assert_true(ppr.exec && ppr.write && ppr.user && ppr.gn);
	assert_false(ppr.read || ppr.rsvd);
	assert_int_equal(amdvi_ppr_values(&ppr, values, 2), 2);
}

static const struct {
	uint64_t raw;
	const char *values;
} gas[] = {
	{ 0, "Type=0 DeviceID=0 GATag=0" },
	{ 0x1000012345678901, "Type=1 DeviceID=123 GATag=45678901" },
	{ 0x10001234fedcba98, "Type=1 DeviceID=1234 GATag=fedcba98" },
	{ UINT64_MAX, "Type=f DeviceID=ffff GATag=ffffffff" },
};

static void test_ga(void **state)
{
	struct amdvi_value values[AMDVI_VALUES_MAX];
	struct amdvi_ga ga;
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(gas); i++) {
		amdvi_ga_decode(gas[i].raw, &ga);
		assert_int_equal(ga.unused, i == 0);
		assert_int_equal(ga.raw, gas[i].raw);
		join(values, amdvi_ga_values(&ga, values, COUNT(values)), text,
		     sizeof(text));
		assert_string_equal(text, gas[i].values);
	}
	assert_int_equal(amdvi_ga_values(&ga, values, 1), 1);
}

/* Any 16 bytes decode, list and describe within bounds. */
static void test_hostile(void **state)
{
	struct amdvi_value values[AMDVI_VALUES_MAX];
	uint64_t seed = 0x243f6a8885a308d3;
	struct amdvi_event event;
	char text[256];
	uint32_t w[4];
	unsigned int i, j;

	(void)state;
	for (i = 0; i < 20000; i++) {
		for (j = 0; j < 4; j++) {
			seed = seed * 6364136223846793005ULL +
			       1442695040888963407ULL;
			w[j] = seed >> 32;
		}
		amdvi_event_decode(w, &event);
		assert_in_range(amdvi_event_values(&event, values,
						   COUNT(values)), 0, 20);
		assert_in_range(amdvi_event_describe(&event, 1, text,
						     sizeof(text)), 1,
				sizeof(text) - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_event_bits),
		cmocka_unit_test(test_event_members),
		cmocka_unit_test(test_blames_command),
		cmocka_unit_test(test_ppr),
		cmocka_unit_test(test_ga),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
