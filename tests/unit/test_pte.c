// SPDX-License-Identifier: GPL-2.0-or-later
/* Page table entries: v1, v2, GCR3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <amdvi/pte.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SME (1ULL << 47)
#define NEXT(n) ((uint64_t)(n) << 9)
#define RW (AMDVI_V1_IR | AMDVI_V1_IW)

static void test_index(void **state)
{
	static const unsigned int shifts[] = { 0, 12, 21, 30, 39, 48, 57 };
	unsigned int level;
	uint64_t iova;

	(void)state;
	for (level = 1; level <= 6; level++) {
		assert_int_equal(amdvi_level_shift(level), shifts[level]);
		iova = 0x155ULL << shifts[level];
		assert_int_equal(amdvi_table_index(iova, level),
				 level == 6 ? 0x55 : 0x155);
		assert_int_equal(amdvi_table_index(~iova, level),
				 level == 6 ? 0x2a : 0xaa);
	}
	assert_int_equal(amdvi_table_index(UINT64_MAX, 6), 127);
}

/* Hand-made entries: what each encoding means at each level. */
static const struct {
	uint64_t raw;
	unsigned int level;
	enum amdvi_pte_kind kind;
	unsigned int next_level, size_log2, replicas;
	uint64_t addr;
} v1_table[] = {
	{ 0, 1, AMDVI_PTE_NONE, 0, 0, 0, 0 },
	{ ~1ULL, 3, AMDVI_PTE_NONE, 0, 0, 0, 0 },
	/* NextLevel 0: a page of the level's own size */
	{ 0x1234567001, 1, AMDVI_PTE_PAGE, 0, 12, 1, 0x1234567000 },
	{ 0x1234400001, 2, AMDVI_PTE_PAGE, 0, 21, 1, 0x1234400000 },
	{ 0x1234567001, 2, AMDVI_PTE_PAGE, 0, 21, 1, 0x1234400000 },
	{ 0x1240000001, 3, AMDVI_PTE_PAGE, 0, 30, 1, 0x1240000000 },
	{ 0x8000000001, 4, AMDVI_PTE_PAGE, 0, 39, 1, 0x8000000000 },
	{ 0x5000000000001, 5, AMDVI_PTE_PAGE, 0, 48, 1, 0x5000000000000 },
	{ 0x5000000000001, 6, AMDVI_PTE_PAGE, 0, 57, 1, 0 },
	/* NextLevel 7: the size is in the address */
	{ 0x0002000 | NEXT(7) | 1, 1, AMDVI_PTE_PAGE, 0, 13, 2, 0x2000 },
	{ 0x0005000 | NEXT(7) | 1, 1, AMDVI_PTE_PAGE, 0, 14, 4, 0x4000 },
	{ 0x000b000 | NEXT(7) | 1, 1, AMDVI_PTE_PAGE, 0, 15, 8, 0x8000 },
	{ 0x007f000 | NEXT(7) | 1, 1, AMDVI_PTE_PAGE, 0, 20, 256, 0 },
	{ 0x00ff000 | NEXT(7) | 1, 2, AMDVI_PTE_PAGE, 0, 21, 1, 0 },
	{ 0x02ff000 | NEXT(7) | 1, 2, AMDVI_PTE_PAGE, 0, 21, 1, 0x200000 },
	{ 0x05ff000 | NEXT(7) | 1, 2, AMDVI_PTE_PAGE, 0, 22, 2, 0x400000 },
	{ 0x7fffffffff000 | NEXT(7) | 1, 5, AMDVI_PTE_PAGE, 0, 52, 16, 0 },
	/* ... and must fit the level */
	{ 0x00ff000 | NEXT(7) | 1, 1, AMDVI_PTE_BAD, 0, 0, 0, 0xff000 },
	{ 0x0000000 | NEXT(7) | 1, 2, AMDVI_PTE_BAD, 0, 0, 0, 0 },
	{ 0x007f000 | NEXT(7) | 1, 2, AMDVI_PTE_BAD, 0, 0, 0, 0x7f000 },
	{ 0x1ffff000 | NEXT(7) | 1, 2, AMDVI_PTE_BAD, 0, 0, 0, 0x1ffff000 },
	{ 0x7fffffffff000 | NEXT(7) | 1, 4, AMDVI_PTE_BAD, 0, 0, 0,
	  0x7fffffffff000 },
	{ 0x7fffffffff000 | NEXT(7) | 1, 6, AMDVI_PTE_BAD, 0, 0, 0,
	  0x7fffffffff000 },
	{ AMDVI_ADDR_MASK | NEXT(7) | 1, 5, AMDVI_PTE_BAD, 0, 0, 0,
	  AMDVI_ADDR_MASK },
	{ AMDVI_ADDR_MASK | NEXT(7) | 1, 6, AMDVI_PTE_BAD, 0, 0, 0,
	  AMDVI_ADDR_MASK },
	/* tables: the next level down, or lower */
	{ 0x3000 | NEXT(1) | 1, 2, AMDVI_PTE_TABLE, 1, 0, 0, 0x3000 },
	{ 0x3000 | NEXT(2) | 1, 3, AMDVI_PTE_TABLE, 2, 0, 0, 0x3000 },
	{ 0x3000 | NEXT(1) | 1, 3, AMDVI_PTE_TABLE, 1, 0, 0, 0x3000 },
	{ 0x3000 | NEXT(1) | 1, 6, AMDVI_PTE_TABLE, 1, 0, 0, 0x3000 },
	{ 0x3000 | NEXT(5) | 1, 6, AMDVI_PTE_TABLE, 5, 0, 0, 0x3000 },
	/* never the same level or up */
	{ 0x3000 | NEXT(1) | 1, 1, AMDVI_PTE_BAD, 0, 0, 0, 0x3000 },
	{ 0x3000 | NEXT(6) | 1, 1, AMDVI_PTE_BAD, 0, 0, 0, 0x3000 },
	{ 0x3000 | NEXT(2) | 1, 2, AMDVI_PTE_BAD, 0, 0, 0, 0x3000 },
	{ 0x3000 | NEXT(4) | 1, 3, AMDVI_PTE_BAD, 0, 0, 0, 0x3000 },
	{ 0x3000 | NEXT(6) | 1, 6, AMDVI_PTE_BAD, 0, 0, 0, 0x3000 },
	/* no such level */
	{ 0x3001, 0, AMDVI_PTE_BAD, 0, 0, 0, 0x3000 },
	{ 0x3001, 7, AMDVI_PTE_BAD, 0, 0, 0, 0x3000 },
	{ 0x3001, ~0U, AMDVI_PTE_BAD, 0, 0, 0, 0x3000 },
};

static void test_v1_table(void **state)
{
	struct amdvi_pte pte;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(v1_table); i++) {
		pte = amdvi_v1_pte(v1_table[i].raw, v1_table[i].level, 0);
		if (pte.kind != v1_table[i].kind ||
		    pte.next_level != v1_table[i].next_level ||
		    pte.size_log2 != v1_table[i].size_log2 ||
		    pte.replicas != v1_table[i].replicas ||
		    pte.addr != v1_table[i].addr)
			fail_msg("row %zu: kind %d next %u size %u x%u 0x%llx",
				 i, pte.kind, pte.next_level, pte.size_log2,
				 pte.replicas, (unsigned long long)pte.addr);
	}
}

/* Each size 4K..2^52, encoded for each level: legal at one level only. */
static void test_v1_sizes(void **state)
{
	unsigned int size, level, home;
	struct amdvi_pte pte;
	uint64_t addr, raw;

	(void)state;
	for (size = 12; size <= 52; size++) {
		home = 1 + (size - 12) / 9;
		addr = 0x000a5a5a5a5a5000ULL & ~((1ULL << size) - 1);
		raw = amdvi_v1_page(addr, size, home, true, false);
		pte = amdvi_v1_pte(raw, home, 0);
		assert_int_equal(pte.kind, AMDVI_PTE_PAGE);
		assert_int_equal(pte.size_log2, size);
		assert_int_equal(pte.addr, addr);
		assert_int_equal(pte.replicas, 1 << (size - 12) % 9);
		assert_true(pte.ir && !pte.iw && pte.fc);
		/* A size that is not the level's own stands in the address. */
		for (level = 1; level <= 6; level++) {
			raw = amdvi_v1_page(addr, size, 0, true, true);
			if (size == 12)
				break;
			pte = amdvi_v1_pte(raw, level, 0);
			assert_int_equal(pte.kind, level == home ?
					 AMDVI_PTE_PAGE : AMDVI_PTE_BAD);
			assert_true(pte.ir && pte.iw);
		}
	}
}

/* The C-bit is no part of the address nor of the run of ones. */
static void test_v1_sme(void **state)
{
	unsigned int size, home;
	struct amdvi_pte pte;
	uint64_t addr, raw;

	(void)state;
	for (size = 12; size <= 46; size++) {
		home = 1 + (size - 12) / 9;
		addr = 0x0000400000000000ULL;
		raw = amdvi_v1_page(addr, size, home, true, true) | SME;
		pte = amdvi_v1_pte(raw, home, SME);
		assert_int_equal(pte.kind, AMDVI_PTE_PAGE);
		assert_int_equal(pte.size_log2, size);
		assert_int_equal(pte.addr, addr);
	}
	/* 2^47 bytes: bits 45:12 are ones, 46 is 0, 47 is the C-bit */
	raw = amdvi_v1_page(0, 47, 4, true, true) | SME;
	assert_int_equal(amdvi_v1_pte(raw, 4, SME).size_log2, 47);
	/* all of 46:12 set: the run ends at the C-bit only once it is gone */
	raw = 0x00007ffffffff000ULL | SME | NEXT(7) | 1;
	assert_int_equal(amdvi_v1_pte(raw, 5, SME).size_log2, 48);
	assert_int_equal(amdvi_v1_pte(raw, 5, 0).size_log2, 49);
	raw = amdvi_v1_table(0x5000, 2, true, true) | SME;
	pte = amdvi_v1_pte(raw, 3, SME);
	assert_int_equal(pte.kind, AMDVI_PTE_TABLE);
	assert_int_equal(pte.addr, 0x5000);
	assert_int_equal(amdvi_v1_pte(0x3000 | NEXT(3) | SME | 1, 2, SME).addr,
			 0x3000);
}

static const struct {
	uint64_t bits;
	bool ir, iw, accessed, dirty, user, fc;
} v1_flags[] = {
	{ 0, false, false, false, false, false, false },
	{ 1ULL << 61, true, false, false, false, false, false },
	{ 1ULL << 62, false, true, false, false, false, false },
	{ 1ULL << 5, false, false, true, false, false, false },
	{ 1ULL << 6, false, false, false, true, false, false },
	{ 1ULL << 59, false, false, false, false, true, false },
	{ 1ULL << 60, false, false, false, false, false, true },
};

static void test_v1_flags(void **state)
{
	struct amdvi_pte pte;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(v1_flags); i++) {
		pte = amdvi_v1_pte(v1_flags[i].bits | 0x1001, 1, 0);
		assert_int_equal(pte.kind, AMDVI_PTE_PAGE);
		assert_int_equal(pte.ir, v1_flags[i].ir);
		assert_int_equal(pte.iw, v1_flags[i].iw);
		assert_int_equal(pte.accessed, v1_flags[i].accessed);
		assert_int_equal(pte.dirty, v1_flags[i].dirty);
		assert_int_equal(pte.user, v1_flags[i].user);
		assert_int_equal(pte.fc, v1_flags[i].fc);
		assert_int_equal(pte.addr, 0x1000);
		/* A table has permissions and A only. */
		pte = amdvi_v1_pte(v1_flags[i].bits | NEXT(1) | 0x1001, 2, 0);
		assert_int_equal(pte.kind, AMDVI_PTE_TABLE);
		assert_int_equal(pte.ir, v1_flags[i].ir);
		assert_int_equal(pte.iw, v1_flags[i].iw);
		assert_int_equal(pte.accessed, v1_flags[i].accessed);
		assert_false(pte.dirty || pte.user || pte.fc || pte.nx);
		/* BAD keeps the permissions. */
		pte = amdvi_v1_pte(v1_flags[i].bits | NEXT(2) | 0x1001, 2, 0);
		assert_int_equal(pte.kind, AMDVI_PTE_BAD);
		assert_int_equal(pte.ir, v1_flags[i].ir);
		assert_int_equal(pte.iw, v1_flags[i].iw);
		assert_false(pte.accessed || pte.dirty);
	}
}

static void test_v1_encoders(void **state)
{
	(void)state;
	assert_int_equal(amdvi_v1_page(0x1234000, 12, 1, true, true),
			 0x7000000001234001);
	assert_int_equal(amdvi_v1_page(0x4000, 14, 1, false, true),
			 0x5000000000005e01);
	assert_int_equal(amdvi_v1_page(0x200000, 21, 2, true, false),
			 0x3000000000200001);
	assert_int_equal(amdvi_v1_table(0x18f2000, 2, true, true),
			 0x60000000018f2401);
}

static const struct {
	uint64_t raw;
	unsigned int level;
	enum amdvi_pte_kind kind;
	unsigned int next_level, size_log2;
	uint64_t addr;
	bool iw, user, accessed, dirty, nx;
} v2_table[] = {
	{ 0, 4, AMDVI_PTE_NONE, 0, 0, 0, false, false, false, false, false },
	{ ~1ULL, 1, AMDVI_PTE_NONE, 0, 0, 0, false, false, false, false,
	  false },
	{ 0x12345067, 1, AMDVI_PTE_PAGE, 0, 12, 0x12345000, true, true, true,
	  true, false },
	/* PAT at level 1 is where PS is above */
	{ 0x123450e7, 1, AMDVI_PTE_PAGE, 0, 12, 0x12345000, true, true, true,
	  true, false },
	{ 0x8000000012345001, 1, AMDVI_PTE_PAGE, 0, 12, 0x12345000, false,
	  false, false, false, true },
	{ 0x12200083, 2, AMDVI_PTE_PAGE, 0, 21, 0x12200000, true, false,
	  false, false, false },
	/* PAT of a large page is bit 12 */
	{ 0x12201083, 2, AMDVI_PTE_PAGE, 0, 21, 0x12200000, true, false,
	  false, false, false },
	{ 0x400000c3, 3, AMDVI_PTE_PAGE, 0, 30, 0x40000000, true, false,
	  false, true, false },
	{ 0x12345027, 2, AMDVI_PTE_TABLE, 1, 0, 0x12345000, true, true, true,
	  false, false },
	{ 0x12345067, 5, AMDVI_PTE_TABLE, 4, 0, 0x12345000, true, true, true,
	  false, false },
	{ 0x12345005, 4, AMDVI_PTE_TABLE, 3, 0, 0x12345000, false, true,
	  false, false, false },
	{ 0x123450e7, 4, AMDVI_PTE_BAD, 0, 0, 0x12345000, true, false, false,
	  false, false },
	{ 0x123450e7, 5, AMDVI_PTE_BAD, 0, 0, 0x12345000, true, false, false,
	  false, false },
	{ 0x12345067, 0, AMDVI_PTE_BAD, 0, 0, 0x12345000, true, false, false,
	  false, false },
	{ 0x12345067, 6, AMDVI_PTE_BAD, 0, 0, 0x12345000, true, false, false,
	  false, false },
};

static void test_v2_table(void **state)
{
	struct amdvi_pte pte;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(v2_table); i++) {
		pte = amdvi_v2_pte(v2_table[i].raw | SME * (i & 1),
				   v2_table[i].level, SME);
		if (pte.kind != v2_table[i].kind ||
		    pte.next_level != v2_table[i].next_level ||
		    pte.size_log2 != v2_table[i].size_log2 ||
		    pte.replicas != (pte.kind == AMDVI_PTE_PAGE) ||
		    pte.addr != v2_table[i].addr ||
		    pte.ir != (pte.kind != AMDVI_PTE_NONE) ||
		    pte.iw != v2_table[i].iw || pte.user != v2_table[i].user ||
		    pte.accessed != v2_table[i].accessed ||
		    pte.dirty != v2_table[i].dirty ||
		    pte.nx != v2_table[i].nx || pte.fc)
			fail_msg("row %zu: kind %d next %u size %u 0x%llx", i,
				 pte.kind, pte.next_level, pte.size_log2,
				 (unsigned long long)pte.addr);
	}
}

static void test_v2_encoders(void **state)
{
	unsigned int level;
	struct amdvi_pte pte;

	(void)state;
	assert_int_equal(amdvi_v2_page(0x12345000, 12, true), 0x12345067);
	assert_int_equal(amdvi_v2_page(0x12345000, 12, false), 0x12345025);
	for (level = 1; level <= 3; level++) {
		pte = amdvi_v2_pte(amdvi_v2_page(0x40000000,
						 amdvi_level_shift(level),
						 level & 1), level, 0);
		assert_int_equal(pte.kind, AMDVI_PTE_PAGE);
		assert_int_equal(pte.size_log2, amdvi_level_shift(level));
		assert_int_equal(pte.addr, 0x40000000);
		assert_int_equal(pte.iw, level & 1);
	}
	for (level = 2; level <= 5; level++) {
		pte = amdvi_v2_pte(amdvi_v2_table(0x7000, level & 1), level, 0);
		assert_int_equal(pte.kind, AMDVI_PTE_TABLE);
		assert_int_equal(pte.next_level, level - 1);
		assert_int_equal(pte.addr, 0x7000);
		assert_int_equal(pte.iw, level & 1);
	}
}

static const struct {
	uint32_t pasid;
	unsigned int index[3];
} pasids[] = {
	{ 0, { 0, 0, 0 } },
	{ 1, { 1, 0, 0 } },
	{ 0x1ff, { 0x1ff, 0, 0 } },
	{ 0x200, { 0, 1, 0 } },
	{ 0xffff, { 0x1ff, 0x7f, 0 } },
	{ 0xfffff, { 0x1ff, 0x1ff, 3 } },
};

static void test_gcr3(void **state)
{
	uint64_t addr = 42;
	unsigned int level;
	size_t i;

	(void)state;
	assert_false(amdvi_gcr3_entry(0, 0, &addr));
	assert_false(amdvi_gcr3_entry(~1ULL, SME, &addr));
	assert_int_equal(addr, 42);
	assert_true(amdvi_gcr3_entry(0x1234001 | SME, SME, &addr));
	assert_int_equal(addr, 0x1234000);
	assert_true(amdvi_gcr3_entry(~0ULL, 0, &addr));
	assert_int_equal(addr, 0x000ffffffffff000);
	for (i = 0; i < COUNT(pasids); i++)
		for (level = 0; level < 3; level++)
			assert_int_equal(amdvi_gcr3_index(pasids[i].pasid,
							  level),
					 pasids[i].index[level]);
}

/* Any 64 bits at any level give a result that a walker can rely on. */
static void test_hostile(void **state)
{
	uint64_t raw = 0x243f6a8885a308d3;
	struct amdvi_pte pte;
	unsigned int i, level;

	(void)state;
	for (i = 0; i < 200000; i++) {
		raw = raw * 6364136223846793005ULL + 1442695040888963407ULL;
		level = (raw >> 40) % 8;
		pte = amdvi_v1_pte(raw ^ raw >> 31, level, SME);
		if (pte.kind == AMDVI_PTE_TABLE) {
			assert_in_range(pte.next_level, 1, level - 1);
			assert_int_equal(pte.addr & 0xfff, 0);
		} else if (pte.kind == AMDVI_PTE_PAGE) {
			assert_in_range(pte.size_log2,
					amdvi_level_shift(level),
					amdvi_level_shift(level + 1) - 1);
			assert_in_range(pte.replicas, 1, 256);
			assert_int_equal(pte.addr &
					 ((1ULL << pte.size_log2) - 1), 0);
		}
		assert_int_equal(pte.addr & ~(AMDVI_ADDR_MASK & ~SME), 0);
		pte = amdvi_v2_pte(raw ^ raw >> 31, level, SME);
		if (pte.kind == AMDVI_PTE_TABLE)
			assert_int_equal(pte.next_level, level - 1);
		assert_int_equal(pte.addr & ~(AMDVI_ADDR_MASK & ~SME), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_v1_table),
		cmocka_unit_test(test_v1_sizes),
		cmocka_unit_test(test_v1_sme),
		cmocka_unit_test(test_v1_flags),
		cmocka_unit_test(test_v1_encoders),
		cmocka_unit_test(test_v2_table),
		cmocka_unit_test(test_v2_encoders),
		cmocka_unit_test(test_gcr3),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
