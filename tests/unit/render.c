// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "render.h"

char *render(const struct ami_analysis *a, const struct ami_request *r)
{
	struct ami_error err = { .status = AMI_OK };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	if (ami_render(a, r, out, &err))
		fail_msg("%s", err.text);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(text), size);
	return text;
}

char *render_machine(struct machine *m, const struct ami_request *r)
{
	const struct ami_analysis a = {
		.dump = m->dump, .kernel = m->kernel, .state = m->state,
		.incidents = m->incidents, .exposures = m->ex,
		.dmesg = m->incidents->dmesg,
	};

	return render(&a, r);
}

void has(const char *text, const char *needle)
{
	if (!strstr(text, needle))
		fail_msg("no '%s' in:\n%s", needle, text);
}

void lacks(const char *text, const char *needle)
{
	if (strstr(text, needle))
		fail_msg("'%s' in:\n%s", needle, text);
}
