// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that commands write. */
#include <stdlib.h>
#include <sys/stat.h>

#include <amdiommu/display.h>

#include "command.h"

const struct ami_newfile_rules *
tool_output_rules(struct output *out, const struct options *o, const char *what,
		  bool (*is_ours)(const uint8_t *head, size_t len))
{
	int n;

	for (n = 0; n < o->parts; n++)
		out->input[n] = o->operand[n];
	out->input[n++] = o->vmlinux;
	out->input[n++] = o->marks;
	out->rules = (struct ami_newfile_rules){
		.what = what, .is_ours = is_ours, .force = o->force,
		.advice = "give another name, or --force to replace it",
		.input = out->input, .inputs = n, .mode = 0600,
	};
	return &out->rules;
}

void tool_say_done(const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = ami_display_format(fmt, ap);
	va_end(ap);
	if (text)
		puts(text);
	free(text);
}

void tool_say_written(const char *what, const char *path)
{
	struct stat st;

	if (!stat(path, &st))
		tool_say_done("%s: %s, %lld bytes", path, what,
			      (long long)st.st_size);
}
