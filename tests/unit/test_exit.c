// SPDX-License-Identifier: GPL-2.0-or-later
/* Exit codes and failures in words, as the command has them (tools/exit.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "command.h"

static void check_codes(void **state)
{
	(void)state;
	assert_int_equal(tool_check_code(AMI_VERDICT_TRUSTED), 0);
	assert_int_equal(tool_check_code(AMI_VERDICT_EXPOSED), 0);
	assert_int_equal(tool_check_code(AMI_VERDICT_SUSPECT), 1);
	assert_int_equal(tool_check_code(AMI_VERDICT_CORRUPT), 2);
	assert_int_equal(tool_check_code(AMI_VERDICT_UNKNOWN), 3);
}

/* docs/man/amdiommu.1 has these numbers; scripts rely on them. */
static void exit_codes(void **state)
{
	(void)state;
	assert_int_equal(tool_exit_code(AMI_OK), 0);
	assert_int_equal(tool_exit_code(AMI_ERR_USAGE), 64);
	assert_int_equal(tool_exit_code(AMI_ERR_DATA), 65);
	assert_int_equal(tool_exit_code(AMI_ERR_INPUT), 66);
	assert_int_equal(tool_exit_code(AMI_ERR_MEMORY), 71);
	assert_int_equal(tool_exit_code(AMI_ERR_OUTPUT), 73);
	assert_int_equal(tool_exit_code(AMI_ERR_INTERRUPTED), 130);
}

static void advice_names_options(void **state)
{
	static const char *const option[] = {
		[AMI_ADVICE_VMLINUX] = "--vmlinux",
		[AMI_ADVICE_VMCOREINFO] = "--vmcoreinfo",
		[AMI_ADVICE_DUMP] = "--vmlinux",
		[AMI_ADVICE_FOLDER] = "TMPDIR",
	};
	struct ami_error err;
	char text[TOOL_ERROR];
	int advice;

	(void)state;
	ami_error_set(&err, AMI_ERR_DATA, "no symbols");
	assert_string_equal(tool_error_text(&err, text, sizeof(text)),
			    "no symbols");
	for (advice = AMI_ADVICE_VMLINUX; advice <= AMI_ADVICE_FOLDER; advice++) {
		ami_error_set(&err, AMI_ERR_DATA, "no symbols");
		assert_int_equal(ami_error_advise(&err, advice), -1);
		tool_error_text(&err, text, sizeof(text));
		assert_memory_equal(text, "no symbols; ", 12);
		assert_non_null(strstr(text, option[advice]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_codes),
		cmocka_unit_test(exit_codes),
		cmocka_unit_test(advice_names_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
