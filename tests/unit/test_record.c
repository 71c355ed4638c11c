// SPDX-License-Identifier: GPL-2.0-or-later
/* What an analysis touched: granule masks and the set of recorded pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "record.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MANY 20000u

static const struct {
	size_t offset, len;
	uint64_t mask;
} masks[] = {
	{ 0, 0, 0 },
	{ 0, 1, 0x1 },
	{ 63, 1, 0x1 },
	{ 63, 2, 0x3 },
	{ 64, 1, 0x2 },
	{ 64, 64, 0x2 },
	{ 64, 65, 0x6 },
	{ 100, 200, 0x1e },
	{ 0, 4096, UINT64_MAX },
	{ 1, 4094, UINT64_MAX },
	{ 64, 4032, UINT64_MAX << 1 },
	{ 0, 4032, UINT64_MAX >> 1 },
	{ 4095, 1, 1ull << 63 },
	{ 4032, 64, 1ull << 63 },
	{ 4031, 2, 3ull << 62 },
	/* more than the page has */
	{ 4032, 65, 1ull << 63 },
	{ 0, 4097, UINT64_MAX },
	{ 4000, SIZE_MAX, 3ull << 62 },
	{ 4096, 1, 0 },
	{ SIZE_MAX, SIZE_MAX, 0 },
};

static void granule_masks(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(masks); i++)
		assert_int_equal(ami_granule_mask(masks[i].offset,
						  masks[i].len),
				 masks[i].mask);
}

static struct ami_record filled(size_t pages, uint64_t stride)
{
	struct ami_record rec;
	size_t i;

	assert_int_equal(ami_record_init(&rec), 0);
	for (i = 0; i < pages; i++)
		ami_record_add(&rec, (pages - 1 - i) * stride, 1ull << i % 64);
	return rec;
}

static void adds_up(void **state)
{
	struct ami_record rec = filled(0, 1);

	(void)state;
	ami_record_add(&rec, 7, 0x1);
	ami_record_add(&rec, 7, 0x80);
	ami_record_add(&rec, 0, 0x4);
	ami_record_add(&rec, UINT64_MAX, 1ull << 63);
	ami_record_add(&rec, 8, 0);
	assert_int_equal(ami_record_mask(&rec, 7), 0x81);
	assert_int_equal(ami_record_mask(&rec, 0), 0x4);
	assert_int_equal(ami_record_mask(&rec, UINT64_MAX), 1ull << 63);
	assert_int_equal(ami_record_mask(&rec, 8), 0);
	assert_int_equal(ami_record_mask(&rec, 6), 0);
	assert_int_equal(rec.used, 3);
	ami_record_free(&rec);
	assert_null(rec.slots);
}

/* Far past the first table: nothing gets lost, and it stays half empty. */
static void grows(void **state)
{
	static const uint64_t strides[] = { 1, 512, 4096, 1ull << 32 };
	struct ami_record rec;
	size_t s, i;

	(void)state;
	for (s = 0; s < COUNT(strides); s++) {
		rec = filled(MANY, strides[s]);
		assert_int_equal(rec.used, MANY);
		assert_true(rec.used * 2 <= rec.nr_slots);
		for (i = 0; i < MANY; i++)
			assert_int_equal(ami_record_mask(&rec, (MANY - 1 - i) *
							 strides[s]),
					 1ull << i % 64);
		assert_int_equal(ami_record_mask(&rec, MANY * strides[s]), 0);
		ami_record_free(&rec);
	}
}

static void sorted(void **state)
{
	struct ami_record rec = filled(MANY, 3);
	struct ami_granules *list;
	size_t count, i;

	(void)state;
	list = ami_record_sorted(&rec, &count);
	assert_non_null(list);
	assert_int_equal(count, MANY);
	for (i = 0; i < count; i++) {
		assert_int_equal(list[i].pfn, 3 * i);
		assert_int_equal(list[i].mask, 1ull << (MANY - 1 - i) % 64);
	}
	free(list);
	ami_record_free(&rec);
}

static void sorted_when_empty_or_partial(void **state)
{
	struct ami_record rec = filled(0, 1);
	struct ami_granules *list;
	size_t count = 1;

	(void)state;
	list = ami_record_sorted(&rec, &count);
	assert_non_null(list);
	assert_int_equal(count, 0);
	free(list);
	/* a list with gaps would pass for the whole */
	ami_record_add(&rec, 1, 1);
	rec.overflow = true;
	assert_null(ami_record_sorted(&rec, &count));
	ami_record_free(&rec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(granule_masks),
		cmocka_unit_test(adds_up),
		cmocka_unit_test(grows),
		cmocka_unit_test(sorted),
		cmocka_unit_test(sorted_when_empty_or_partial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
