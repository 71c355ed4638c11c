/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One case for each number on the command line. */
#ifndef SIZES_H
#define SIZES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/** sizes_run() - @one_size with each number, an unsigned int; stops at a failure */
static inline int sizes_run(int argc, char **argv, CMUnitTestFunction one_size)
{
	int i, failed = 0;

	for (i = 1; i < argc && !failed; i++) {
		unsigned int size = atoi(argv[i]);
		const struct CMUnitTest one[] = {
			cmocka_unit_test_prestate(one_size, &size),
		};

		failed = cmocka_run_group_tests(one, NULL, NULL);
	}
	return failed;
}

#endif
