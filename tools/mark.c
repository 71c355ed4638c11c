// SPDX-License-Identifier: GPL-2.0-or-later
/* amdiommu mark DUMP: marks for a dump that was saved without them. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <amdiommu/marks.h>

#include "command.h"

static int put_in_file(const struct options *o, const char *path,
		       const uint8_t *bytes, size_t len, struct ami_error *err)
{
	struct output out;
	int ret = ami_marks_to_file(path, bytes, len,
				    tool_output_rules(&out, o, "marks",
						      ami_marks_is_file), err);

	if (!ret)
		tool_say_written("the marks", path);
	return ret;
}

static int put_beside(const struct options *o, const char *dump,
		      const uint8_t *bytes, size_t len, struct ami_error *err)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s" AMI_MARKS_SUFFIX, dump) >=
	    (int)sizeof(path))
		return ami_error_set(err, AMI_ERR_OUTPUT, "path too long");
	return put_in_file(o, path, bytes, len, err);
}

/*
 * An extract is passed on as it is. A stream has no end yet. Joining parts
 * overwrites a note.
 */
static bool takes_notes(const struct options *o,
			const struct ami_dump_info *info)
{
	return !info->flattened && !strcmp(info->format, "kdump") &&
	       !ami_dump_is_part(o->operand[0]);
}

/* Appended data could pass for what a truncated dump is missing. */
static int put_in_place(const struct ami_dump_info *info,
			const uint8_t *bytes, size_t len,
			struct ami_error *err)
{
	struct ami_marks_note note;
	int ret;

	if (info->truncated)
		return ami_error_set(err, AMI_ERR_DATA, "the dump is cut off");
	ret = ami_marks_to_dump(info->path, bytes, len, NULL, &note, err);
	if (!ret)
		tool_say_done("%s: changed in place: the marks are a note at its end (%llu bytes, now %llu), to which its sub-header points; its memory is as it was",
			      info->path, (unsigned long long)note.before,
			      (unsigned long long)note.after);
	return ret;
}

static int put(const struct options *o, const struct ami_dump_info *info,
	       const uint8_t *bytes, size_t len, struct ami_error *err)
{
	struct ami_error why;

	if (o->output)
		return put_in_file(o, o->output, bytes, len, err);
	if (takes_notes(o, info)) {
		if (!put_in_place(info, bytes, len, err))
			return 0;
		if (err->status != AMI_ERR_DATA)
			return -1;
		why = *err;
		ami_error_set(err, AMI_OK,
			      "%s cannot take a note, so the marks are in a file beside it: %s",
			      info->path, why.text);
		tool_fail(err);
	}
	return put_beside(o, info->path, bytes, len, err);
}

int tool_mark(struct options *o)
{
	const struct ami_marking how = { .in_capture = false };
	struct ami_error err = { .status = AMI_OK };
	struct ami_analysis *a;
	struct ami_marks *marks = NULL;
	uint8_t *bytes = NULL;
	int ret = -1;
	size_t len;

	if (!o->parts || o->operands != o->parts)
		return tool_usage_error("mark takes one dump: amdiommu mark DUMP [--output FILE]");
	a = tool_open_dump(o, o->operand, o->parts, false, &err);
	if (a)
		marks = ami_analysis_marks(a, &how, &err);
	if (marks && !ami_marks_write(marks, &bytes, &len, &err))
		ret = put(o, ami_dump_info(ami_analysis_dump(a)), bytes, len,
			  &err);
	free(bytes);
	ami_marks_free(marks);
	ami_analysis_free(a);
	return ret ? tool_fail(&err) : 0;
}
