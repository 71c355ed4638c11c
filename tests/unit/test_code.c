// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's code against its file: patches are no sign, other content is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel.h"
#include "pages.h"
#include "scan.h"

#define CODE		0x3000000ull	/* physical, of two pages of code */
#define WORDS		(AMI_PAGE_SIZE / 8)

/* Bytes as code has them: neither the same nor zeros for long. */
static uint64_t word_of_code(unsigned int i)
{
	return 0x0f1f44000055ull * (i + 1) ^ 0x4889e5415741ull << 16;
}

/* The file that the kernel came from. */
static void give_file(struct machine *m)
{
	FILE *f = tmpfile();
	unsigned int i;

	assert_non_null(f);
	for (i = 0; i < 2 * WORDS; i++)
		assert_int_equal(fwrite(&(uint64_t){ word_of_code(i) }, 8, 1, f),
				 1);
	fflush(f);
	m->kernel->text = (struct kernel_text){
		.fd = dup(fileno(f)), .size = 2 * AMI_PAGE_SIZE, .phys = CODE,
	};
	fclose(f);
}

/* What is found if @count words from @first on of the second page are @words. */
static uint32_t found_with(const uint64_t *words, unsigned int first,
			   unsigned int count, uint64_t *at)
{
	struct machine *m = machine_new_sized(SHAPE_7, 0, 0xff, 1 << 15);
	struct ami_contents c = { .count = 0 };
	struct scan s = { .c = &c };
	uint64_t page[WORDS];
	uint32_t found = 0;
	unsigned int i;

	pages_make(m);
	machine_analyse(m);
	give_file(m);
	for (i = 0; i < WORDS; i++)
		page[i] = word_of_code(WORDS + i);
	memcpy(page + first, words, count * sizeof(*words));
	s.ex = m->ex;
	s.kernel = m->kernel;
	s.dump = m->dump;
	s.page = (const uint8_t *)page;
	content_check_text(&s, (CODE >> 12) + 1);
	if (c.count) {
		assert_int_equal(c.count, 1);
		assert_int_equal(c.list[0].signs, AMI_SIGN_CODE);
		assert_int_equal(c.list[0].owner, AMI_OWNER_TEXT);
		found = c.list[0].count[__builtin_ctz(AMI_SIGN_CODE)];
		*at = c.list[0].phys;
	}
	ami_index_free(&s.by_page);
	free(c.list);
	machine_free(m);
	return found;
}

static void same_code(void **state)
{
	uint64_t at = 0;

	(void)state;
	assert_int_equal(found_with(&at, 0, 0, &at), 0);
}

/* Calls become NOPs, addresses move: a few bytes in each word, in all of the page. */
static void patched_code(void **state)
{
	uint64_t words[WORDS], at;
	unsigned int i;

	(void)state;
	for (i = 0; i < WORDS; i++)
		words[i] = word_of_code(WORDS + i) ^ 0xffffffffff;
	assert_int_equal(found_with(words, 0, WORDS, &at), 0);
}

/* 255 bytes at most. */
static void alternative_code(void **state)
{
	uint64_t words[64], at;
	unsigned int i;

	(void)state;
	for (i = 0; i < 63; i++)
		words[i] = ~word_of_code(WORDS + 100 + i);
	assert_int_equal(found_with(words, 100, 63, &at), 0);
}

static void foreign_content(void **state)
{
	uint64_t words[64], at = 0;
	unsigned int i;

	(void)state;
	for (i = 0; i < 64; i++)
		words[i] = 0x4b5349444241434dull + i;
	assert_int_equal(found_with(words, 100, 64, &at), 64);
	assert_int_equal(at, CODE + AMI_PAGE_SIZE + 100 * 8);
}

/* A sector of zeros. */
static void zeros(void **state)
{
	static const uint64_t words[64];
	uint64_t at = 0;

	(void)state;
	assert_int_equal(found_with(words, 448, 64, &at), 64);
	assert_int_equal(at, CODE + AMI_PAGE_SIZE + 448 * 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_code), cmocka_unit_test(patched_code),
		cmocka_unit_test(alternative_code),
		cmocka_unit_test(foreign_content), cmocka_unit_test(zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
