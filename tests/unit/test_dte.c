// SPDX-License-Identifier: GPL-2.0-or-later
/* Device table entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <amdvi/dte.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SME (1ULL << 47)

#define V (1ULL << 0)
#define TV (1ULL << 1)
#define GIOV (1ULL << 54)
#define GV (1ULL << 55)
#define IR (1ULL << 61)
#define IW (1ULL << 62)
#define MODE(n) ((uint64_t)(n) << 9)
#define GLX(n) ((uint64_t)(n) << 56)

/* Entries of running kernels (6.1, QEMU), with what its page walker said. */
static const struct {
	uint64_t raw[4];
	bool v, tv, ir, iw, iv;
	uint8_t mode, int_ctl, irt_len_log2;
	uint16_t domain_id;
	uint64_t host_root, irt_ptr;
	enum amdvi_dma dma;
	bool write;
	const char *text;
} real[] = {
	{
		{ 0x60000000018f1603, 0x2, 0x20000000011d0013, 0 },
		true, true, true, true, true, 3, AMDVI_INT_REMAP, 9, 2,
		0x18f1000, 0x11d0000, AMDVI_DMA_HOST, true,
		"host paging, 3 levels, root 0x18f1000, domain 2, read-write",
	}, {
		{ 0x60000000018ee603, 0x1, 0x1, 0 },
		true, true, true, true, true, 3, AMDVI_INT_ABORT, 0, 1,
		0x18ee000, 0, AMDVI_DMA_HOST, true,
		"host paging, 3 levels, root 0x18ee000, domain 1, read-write",
	}, {
		{ 0x3, 0, 0x1, 0 },
		true, true, false, false, true, 0, AMDVI_INT_ABORT, 0, 0,
		0, 0, AMDVI_DMA_BLOCKED, false, "blocked",
	}, {
		{ 0x6000000000000003, 0x2, 0x20000000026e4013, 0 },
		true, true, true, true, true, 0, AMDVI_INT_REMAP, 9, 2,
		0, 0x26e4000, AMDVI_DMA_IDENTITY, true,
		"identity: IOVA is the physical address, domain 2, read-write",
	},
};

static void test_real(void **state)
{
	struct amdvi_dte dte;
	uint64_t raw[4];
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(real); i++) {
		amdvi_dte_decode(real[i].raw, 0, &dte);
		assert_int_equal(dte.v, real[i].v);
		assert_int_equal(dte.tv, real[i].tv);
		assert_int_equal(dte.ir, real[i].ir);
		assert_int_equal(dte.iw, real[i].iw);
		assert_int_equal(dte.iv, real[i].iv);
		assert_int_equal(dte.mode, real[i].mode);
		assert_int_equal(dte.int_ctl, real[i].int_ctl);
		assert_int_equal(dte.irt_len_log2, real[i].irt_len_log2);
		assert_int_equal(dte.domain_id, real[i].domain_id);
		assert_int_equal(dte.host_root, real[i].host_root);
		assert_int_equal(dte.irt_ptr, real[i].irt_ptr);
		assert_int_equal(amdvi_dte_dma(&dte), real[i].dma);
		assert_int_equal(amdvi_dte_may_write(&dte), real[i].write);
		assert_int_equal(amdvi_dte_reserved(&dte), 0);
		assert_int_equal(amdvi_dte_describe(&dte, text, sizeof(text)),
				 strlen(real[i].text));
		assert_string_equal(text, real[i].text);
		amdvi_dte_encode(&dte, 0, raw);
		assert_memory_equal(raw, real[i].raw, sizeof(raw));
	}
}

/* Spec table 8, every combination that matters. */
static const struct {
	uint64_t d0;
	enum amdvi_dma dma;
	bool read, write;
} dma_table[] = {
	{ 0, AMDVI_DMA_UNTRANSLATED, true, true },
	{ TV, AMDVI_DMA_UNTRANSLATED, true, true },
	{ TV | MODE(7) | GV | GLX(3), AMDVI_DMA_UNTRANSLATED, true, true },
	{ V, AMDVI_DMA_BLOCKED, false, false },
	{ V | IR | IW | MODE(3), AMDVI_DMA_BLOCKED, false, false },
	{ V | IR | IW | MODE(7), AMDVI_DMA_BLOCKED, false, false },
	{ V | TV, AMDVI_DMA_BLOCKED, false, false },
	{ V | TV | IR, AMDVI_DMA_IDENTITY, true, false },
	{ V | TV | IW, AMDVI_DMA_IDENTITY, false, true },
	{ V | TV | IR | IW, AMDVI_DMA_IDENTITY, true, true },
	/* GIoV means nothing without GV */
	{ V | TV | IR | IW | GIOV, AMDVI_DMA_IDENTITY, true, true },
	{ V | TV | IR | IW | GV, AMDVI_DMA_IDENTITY, true, true },
	{ V | TV | GV, AMDVI_DMA_BLOCKED, false, false },
	{ V | TV | IR | IW | GV | GIOV, AMDVI_DMA_GUEST, true, true },
	{ V | TV | IR | GV | GIOV, AMDVI_DMA_GUEST, true, false },
	{ V | TV | GV | GIOV, AMDVI_DMA_BLOCKED, false, false },
	{ V | TV | IR | IW | MODE(1), AMDVI_DMA_HOST, true, true },
	{ V | TV | IR | IW | MODE(6), AMDVI_DMA_HOST, true, true },
	{ V | TV | IR | MODE(4), AMDVI_DMA_HOST, true, false },
	{ V | TV | MODE(4), AMDVI_DMA_HOST, false, false },
	{ V | TV | IR | IW | MODE(4) | GV, AMDVI_DMA_HOST, true, true },
	{ V | TV | IR | IW | MODE(4) | GV | GIOV, AMDVI_DMA_NESTED, true,
	  true },
	{ V | TV | IR | IW | MODE(7), AMDVI_DMA_ILLEGAL, false, false },
	{ V | TV | IR | IW | GV | GLX(3), AMDVI_DMA_ILLEGAL, false, false },
	{ V | TV | IR | IW | GLX(3), AMDVI_DMA_IDENTITY, true, true },
};

static void test_dma(void **state)
{
	struct amdvi_dte dte;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(dma_table); i++) {
		const uint64_t raw[4] = { dma_table[i].d0 };

		amdvi_dte_decode(raw, 0, &dte);
		if (amdvi_dte_dma(&dte) != dma_table[i].dma ||
		    amdvi_dte_may_read(&dte) != dma_table[i].read ||
		    amdvi_dte_may_write(&dte) != dma_table[i].write)
			fail_msg("row %zu: %s", i,
				 amdvi_dma_name(amdvi_dte_dma(&dte)));
	}
}

static void test_dma_name(void **state)
{
	(void)state;
	assert_string_equal(amdvi_dma_name(AMDVI_DMA_UNTRANSLATED),
			    "untranslated");
	assert_string_equal(amdvi_dma_name(AMDVI_DMA_BLOCKED), "blocked");
	assert_string_equal(amdvi_dma_name(AMDVI_DMA_IDENTITY), "identity");
	assert_string_equal(amdvi_dma_name(AMDVI_DMA_HOST), "host");
	assert_string_equal(amdvi_dma_name(AMDVI_DMA_GUEST), "guest");
	assert_string_equal(amdvi_dma_name(AMDVI_DMA_NESTED), "nested");
	assert_string_equal(amdvi_dma_name(AMDVI_DMA_ILLEGAL), "illegal");
	assert_string_equal(amdvi_dma_name(99), "unknown");
}

/* Each field alone, all ones: it must land in its bits and nowhere else. */
static const struct {
	const char *name;
	uint64_t raw[4];
	uint64_t value;
} fields[] = {
	{ "V", { 1ULL << 0 }, 1 },
	{ "TV", { 1ULL << 1 }, 1 },
	{ "HAD", { 3ULL << 7 }, 3 },
	{ "Mode", { 7ULL << 9 }, 7 },
	{ "HostRoot", { 0x000ffffffffff000 }, 0x000ffffffffff000 },
	{ "PPR", { 1ULL << 52 }, 1 },
	{ "GPRP", { 1ULL << 53 }, 1 },
	{ "GIoV", { 1ULL << 54 }, 1 },
	{ "GV", { 1ULL << 55 }, 1 },
	{ "GLX", { 3ULL << 56 }, 3 },
	{ "GCR3Root", { 7ULL << 58 }, 0x7000 },
	{ "GCR3Root", { 0, 0xffff0000 }, 0x7fff8000 },
	{ "GCR3Root", { 0, 0xfffff80000000000 }, 0x000fffff80000000 },
	{ "GCR3Root", { 7ULL << 58, 0xfffff800ffff0000 },
	  0x000ffffffffff000 },
	{ "IR", { 1ULL << 61 }, 1 },
	{ "IW", { 1ULL << 62 }, 1 },
	{ "DomainID", { 0, 0xffff }, 0xffff },
	{ "I", { 0, 1ULL << 32 }, 1 },
	{ "SE", { 0, 1ULL << 33 }, 1 },
	{ "SA", { 0, 1ULL << 34 }, 1 },
	{ "IoCtl", { 0, 3ULL << 35 }, 3 },
	{ "Cache", { 0, 1ULL << 37 }, 1 },
	{ "SD", { 0, 1ULL << 38 }, 1 },
	{ "EX", { 0, 1ULL << 39 }, 1 },
	{ "SysMgt", { 0, 3ULL << 40 }, 3 },
	{ "SATS", { 0, 1ULL << 42 }, 1 },
	{ "IV", { 0, 0, 1ULL << 0 }, 1 },
	{ "IntTabLen", { 0, 0, 0xf << 1 }, 0xf },
	{ "IG", { 0, 0, 1ULL << 5 }, 1 },
	{ "IntTablePtr", { 0, 0, 0x000fffffffffffc0 }, 0x000fffffffffffc0 },
	{ "GuestPagingMode", { 0, 0, 3ULL << 54 }, 3 },
	{ "InitPass", { 0, 0, 1ULL << 56 }, 1 },
	{ "EIntPass", { 0, 0, 1ULL << 57 }, 1 },
	{ "NMIPass", { 0, 0, 1ULL << 58 }, 1 },
	{ "HPTMode", { 0, 0, 1ULL << 59 }, 1 },
	{ "IntCtl", { 0, 0, 3ULL << 60 }, 3 },
	{ "Lint0Pass", { 0, 0, 1ULL << 62 }, 1 },
	{ "Lint1Pass", { 0, 0, 1ULL << 63 }, 1 },
	{ "vImuEn", { 0, 0, 0, 1ULL << 15 }, 1 },
	{ "GDeviceID", { 0, 0, 0, 0xffff0000 }, 0xffff },
	{ "GuestID", { 0, 0, 0, 0xffffULL << 32 }, 0xffff },
	{ "AttrV", { 0, 0, 0, 1ULL << 54 }, 1 },
	{ "Mode0FC", { 0, 0, 0, 1ULL << 55 }, 1 },
	{ "SnoopAttribute", { 0, 0, 0, 0xffULL << 56 }, 0xff },
};

static void test_fields(void **state)
{
	struct amdvi_value values[AMDVI_VALUES_MAX];
	struct amdvi_dte dte;
	uint64_t raw[4];
	size_t i, j, n;

	(void)state;
	for (i = 0; i < COUNT(fields); i++) {
		amdvi_dte_decode(fields[i].raw, 0, &dte);
		n = amdvi_dte_values(&dte, values, COUNT(values));
		for (j = 0; j < n; j++) {
			bool named = !strcmp(values[j].name, fields[i].name);

			if (values[j].value != (named ? fields[i].value : 0))
				fail_msg("%s: %s is %llx", fields[i].name,
					 values[j].name,
					 (unsigned long long)values[j].value);
		}
		assert_int_equal(amdvi_dte_reserved(&dte), 0);
		amdvi_dte_encode(&dte, 0, raw);
		assert_memory_equal(raw, fields[i].raw, sizeof(raw));
	}
}

/* Reserved bits reach no field. */
static void test_reserved_alone(void **state)
{
	const uint64_t raw[4] = {
		0x800000000000007c, 0, 0x0030000000000000, 0x003f000000007fff,
	};
	struct amdvi_value values[AMDVI_VALUES_MAX];
	struct amdvi_dte dte;
	size_t i, n;

	(void)state;
	amdvi_dte_decode(raw, 0, &dte);
	n = amdvi_dte_values(&dte, values, COUNT(values));
	for (i = 0; i < n; i++)
		assert_int_equal(values[i].value, 0);
}

static void test_values_order(void **state)
{
	static const uint64_t zero[4];
	struct amdvi_value values[AMDVI_VALUES_MAX];
	struct amdvi_dte dte;
	size_t i, n = 0;

	(void)state;
	amdvi_dte_decode(zero, 0, &dte);
	for (i = 0; i < COUNT(fields); i++) {
		if (i && !strcmp(fields[i].name, fields[i - 1].name))
			continue;
		amdvi_dte_values(&dte, values, COUNT(values));
		assert_string_equal(values[n++].name, fields[i].name);
	}
	assert_int_equal(amdvi_dte_values(&dte, values, COUNT(values)), n);
	assert_int_equal(amdvi_dte_values(&dte, values, 3), 3);
	assert_int_equal(amdvi_dte_values(&dte, NULL, 0), 0);
	for (i = 0, n = 0; i < amdvi_dte_field_count; i++)
		n += amdvi_dte_fields[i].bits.title != NULL;
	assert_int_equal(amdvi_dte_values(&dte, values, COUNT(values)), n);
}

static void test_sme(void **state)
{
	const uint64_t raw[4] = {
		V | TV | IR | IW | GV | GIOV | MODE(4) | SME | 0x1234000 |
		5ULL << 58,
		(SME >> 31) << 43 | 0x8000ULL << 16 | 7,
		SME | 2ULL << 60 | 0x555000 | 9 << 1 | 1, 0,
	};
	struct amdvi_dte dte;
	uint64_t out[4];

	(void)state;
	amdvi_dte_decode(raw, SME, &dte);
	assert_int_equal(dte.host_root, 0x1234000);
	assert_int_equal(dte.gcr3_root, 0x40005000);
	assert_int_equal(dte.irt_ptr, 0x555000);
	assert_memory_equal(dte.raw, raw, sizeof(raw));
	amdvi_dte_encode(&dte, SME, out);
	assert_memory_equal(out, raw, sizeof(raw));
	/* Without the mask the C-bit stays visible. */
	amdvi_dte_decode(raw, 0, &dte);
	assert_int_equal(dte.host_root, SME | 0x1234000);
	assert_int_equal(dte.gcr3_root, SME | 0x40005000);
	/* No pointer, no C-bit. */
	memset(&dte, 0, sizeof(dte));
	amdvi_dte_encode(&dte, SME, out);
	assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);
}

static const struct {
	uint64_t raw[4];
	uint64_t reserved;
} reserved[] = {
	{ { ~0ULL, ~0ULL, ~0ULL, ~0ULL },
	  0x803f000000007fff },
	{ { 1ULL << 2 }, 1ULL << 2 },
	{ { 1ULL << 6 }, 1ULL << 6 },
	{ { 1ULL << 63 }, 1ULL << 63 },
	{ { 0, 0, 1ULL << 52 }, 1ULL << 52 },
	{ { 0, 0, 1ULL << 53 }, 1ULL << 53 },
	{ { 0, 0, 0, 1 }, 1 },
	{ { 0, 0, 0, 1ULL << 48 }, 1ULL << 48 },
	{ { 0, 0, 0, 1ULL << 53 }, 0 },	/* free for software */
	{ { ~0x800000000000007cULL, ~0ULL, ~(3ULL << 52),
	    ~0x001f000000007fffULL }, 0 },
};

static void test_reserved(void **state)
{
	struct amdvi_dte dte;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(reserved); i++) {
		amdvi_dte_decode(reserved[i].raw, 0, &dte);
		assert_int_equal(amdvi_dte_reserved(&dte),
				 reserved[i].reserved);
	}
}

static const struct {
	struct amdvi_dte dte;
	const char *text;
} texts[] = {
	{ { .v = false },
	  "entry not valid: DMA passes untranslated to all memory" },
	{ { .v = true }, "blocked" },
	{ { .v = true, .tv = true, .mode = 7, .glx = 1 },
	  "illegal entry (Mode 7, GLX 1): DMA blocked" },
	{ { .v = true, .tv = true, .mode = 1, .host_root = 0x1000, .ir = true,
	    .domain_id = 65535, .ats = true },
	  "host paging, 1 level, root 0x1000, domain 65535, read only, ATS" },
	{ { .v = true, .tv = true, .mode = 3, .host_root = 0x1234000,
	    .domain_id = 5 },
	  "host paging, 3 levels, root 0x1234000, domain 5, no access" },
	{ { .v = true, .tv = true, .iw = true, .domain_id = 1 },
	  "identity: IOVA is the physical address, domain 1, write only" },
	{ { .v = true, .tv = true, .gv = true, .giov = true, .ir = true,
	    .iw = true, .gcr3_root = 0x5000, .domain_id = 9 },
	  "guest paging, 4 levels, GCR3 table 0x5000, domain 9, read-write" },
	{ { .v = true, .tv = true, .gv = true, .giov = true, .ir = true,
	    .iw = true, .gcr3_root = 0x5000, .guest_paging_mode = 1,
	    .mode = 4, .host_root = 0x6000, .domain_id = 9 },
	  "nested paging, guest 5 levels, GCR3 table 0x5000, host 4 levels, "
	  "root 0x6000, domain 9, read-write" },
	{ { .v = true, .tv = true, .gv = true, .ir = true, .iw = true,
	    .gcr3_root = 0x5000, .guest_paging_mode = 2, .domain_id = 9,
	    .ats = true },
	  "identity: IOVA is the physical address, domain 9, read-write, with "
	  "PASID guest paging, GCR3 table 0x5000, ATS" },
};

static void test_describe(void **state)
{
	char text[256], small[8];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(texts); i++) {
		size_t n = strlen(texts[i].text);

		assert_int_equal(amdvi_dte_describe(&texts[i].dte, text,
						    sizeof(text)), n);
		assert_string_equal(text, texts[i].text);
		/* Truncated like snprintf(), with the full length. */
		assert_int_equal(amdvi_dte_describe(&texts[i].dte, small,
						    sizeof(small)), n);
		assert_int_equal(strncmp(small, text, sizeof(small) - 1), 0);
		assert_int_equal(strlen(small), n < 7 ? n : 7);
		assert_int_equal(amdvi_dte_describe(&texts[i].dte, NULL, 0),
				 n);
	}
}

static void test_guest_levels(void **state)
{
	static const unsigned int levels[4] = { 4, 5, 0, 0 };
	struct amdvi_dte dte = { .v = true };

	(void)state;
	for (dte.guest_paging_mode = 0; dte.guest_paging_mode < 4;
	     dte.guest_paging_mode++)
		assert_int_equal(amdvi_dte_guest_levels(&dte),
				 levels[dte.guest_paging_mode]);
}

/* Decode then encode gives back every bit that is not reserved. */
static void test_round_trip(void **state)
{
	static const uint64_t keep[4] = {
		~0x800000000000007cULL, ~0ULL, ~0x0030000000000000ULL,
		~0x003f000000007fffULL,
	};
	uint64_t seed = 0x243f6a8885a308d3, raw[4], out[4];
	struct amdvi_dte dte;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < 1000; i++) {
		for (j = 0; j < 4; j++) {
			seed = seed * 6364136223846793005ULL +
			       1442695040888963407ULL;
			raw[j] = (seed ^ seed >> 29) & keep[j];
		}
		amdvi_dte_decode(raw, 0, &dte);
		amdvi_dte_encode(&dte, 0, out);
		assert_memory_equal(out, raw, sizeof(raw));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_dma),
		cmocka_unit_test(test_dma_name),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_reserved_alone),
		cmocka_unit_test(test_values_order),
		cmocka_unit_test(test_sme),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_guest_levels),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
