// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists that grow: full and out of memory are two answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* The allocator under test: what it was asked for, and whether it gives it. */
static struct {
	size_t count, size, calls;
	bool fails;
} asked;

/* A product that overflows is no memory, as in the C library; ASan would stop. */
static void *allocate(void *list, size_t count, size_t size)
{
	size_t bytes;

	asked.count = count;
	asked.size = size;
	asked.calls++;
	if (asked.fails || __builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return realloc(list, bytes);
}

#define reallocarray(list, count, size)	allocate(list, count, size)
#include <common/vec.h>

struct pair {
	uint32_t a;
	uint64_t b;
};

static int begin(void **state)
{
	(void)state;
	asked.calls = 0;
	asked.fails = false;
	return 0;
}

static void grows_at_powers_of_two(void **state)
{
	struct pair *list = NULL;
	size_t count = 0, i;

	(void)state;
	for (i = 0; i < 1000; i++)
		assert_int_equal(vec_push(list, count, SIZE_MAX,
					  (struct pair){ i, ~i }), VEC_OK);
	assert_int_equal(count, 1000);
	for (i = 0; i < 1000; i++) {
		assert_int_equal(list[i].a, i);
		assert_true(list[i].b == ~(uint64_t)i);
	}
	assert_int_equal(asked.calls, 11);	/* 1, 2, 4, ... 1024 */
	assert_int_equal(asked.count, 1024);
	assert_int_equal(asked.size, sizeof(struct pair));
	free(list);
}

/* A list that has become shorter never writes behind its memory. */
static void grows_after_it_shrank(void **state)
{
	uint64_t *list = NULL;
	size_t count = 0;

	(void)state;
	while (count < 9)
		assert_int_equal(vec_push(list, count, SIZE_MAX, count), VEC_OK);
	for (count = 3; count < 20; )
		assert_int_equal(vec_push(list, count, SIZE_MAX, count), VEC_OK);
	assert_int_equal(list[2], 2);
	assert_int_equal(list[19], 19);
	free(list);
}

static void full(void **state)
{
	uint64_t *list = NULL, *before;
	size_t count = 0;

	(void)state;
	while (count < 5)
		assert_int_equal(vec_push(list, count, 5, count), VEC_OK);
	before = list;
	assert_int_equal(vec_push(list, count, 5, 99), VEC_FULL);
	assert_int_equal(vec_reserve(list, count, 5), VEC_FULL);
	assert_int_equal(count, 5);
	assert_ptr_equal(list, before);
	assert_int_equal(list[4], 4);
	free(list);
	list = NULL;
	count = 0;
	assert_int_equal(vec_push(list, count, 0, 99), VEC_FULL);
	assert_null(list);
}

static void no_memory(void **state)
{
	uint64_t *list = NULL, *before;
	size_t count = 0;

	(void)state;
	asked.fails = true;
	assert_int_equal(vec_push(list, count, 10, 1), VEC_NO_MEMORY);
	assert_null(list);
	asked.fails = false;
	while (count < 4)
		assert_int_equal(vec_push(list, count, 10, count), VEC_OK);
	before = list;
	asked.fails = true;
	assert_int_equal(vec_push(list, count, 10, 4), VEC_NO_MEMORY);
	assert_int_equal(count, 4);
	assert_ptr_equal(list, before);
	assert_int_equal(list[3], 3);
	asked.fails = false;
	assert_int_equal(vec_push(list, count, 10, 4), VEC_OK);
	asked.fails = true;	/* there is memory for three more */
	assert_int_equal(vec_push(list, count, 10, 5), VEC_OK);
	free(list);
}

/* The count is what a caller says: a wrong one must not become a short list. */
static void overflow(void **state)
{
	uint64_t *list = NULL;
	size_t most = SIZE_MAX / 2 + 1;

	(void)state;
	assert_int_equal(vec_reserve(list, most, SIZE_MAX), VEC_NO_MEMORY);
	assert_int_equal(asked.calls, 0);
	assert_int_equal(vec_reserve(list, most / 4, SIZE_MAX), VEC_NO_MEMORY);
	assert_null(list);
}

static void resizes(void **state)
{
	struct pair *list = NULL;

	(void)state;
	assert_true(vec_resize(list, 3));
	list[2].b = 7;
	asked.fails = true;
	assert_false(vec_resize(list, 300));
	assert_int_equal(list[2].b, 7);
	asked.fails = false;
	assert_true(vec_resize(list, 300));
	list[299].b = list[2].b;
	assert_int_equal(list[299].b, 7);
	assert_false(vec_resize(list, SIZE_MAX / 2));
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(grows_at_powers_of_two, begin),
		cmocka_unit_test_setup(grows_after_it_shrank, begin),
		cmocka_unit_test_setup(full, begin),
		cmocka_unit_test_setup(no_memory, begin),
		cmocka_unit_test_setup(overflow, begin),
		cmocka_unit_test_setup(resizes, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
