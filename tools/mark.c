// SPDX-License-Identifier: GPL-2.0-or-later
/* amdiommu mark DUMP: marks for a dump that was saved without them. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

static int put(const struct options *o, const char *dump, bool in_place,
	       const uint8_t *bytes, size_t len, struct ami_error *err)
{
	char path[PATH_MAX];

	if (o->output)
		return ami_marks_to_sidecar(o->output, bytes, len, err);
	if (in_place)
		return ami_marks_to_dump(dump, bytes, len, err);
	if (snprintf(path, sizeof(path), "%s" AMI_MARKS_SUFFIX, dump) >=
	    (int)sizeof(path))
		return ami_error_set(err, AMI_ERR_OUTPUT, "path too long");
	return ami_marks_to_sidecar(path, bytes, len, err);
}

/* Crash does not open ELF dumps whose notes were moved; a stream has no end. */
static bool takes_notes(const struct ami_dump_info *info)
{
	return !strcmp(info->format, "kdump") && !info->flattened;
}

int mark(struct options *o)
{
	struct ami_error err = { AMI_OK, "" };
	struct ami_analysis *a;
	struct ami_marks *marks = NULL;
	uint8_t *bytes = NULL;
	int ret = -1;
	size_t len;

	if (o->operands != 1) {
		fputs("amdiommu: mark takes one dump: amdiommu mark DUMP [--output FILE]\n",
		      stderr);
		return AMI_ERR_USAGE;
	}
	a = open_dump(o, o->operand[0], false, &err);
	if (a)
		marks = ami_marks_build(a->exposures, false, &err);
	if (marks && a->marks && ami_marks_inherit(marks, a->marks))
		ami_error_set(&err, AMI_ERR_MEMORY, "out of memory");
	else if (marks && !ami_marks_write(marks, &bytes, &len, &err))
		ret = put(o, o->operand[0],
			  takes_notes(ami_dump_info(a->dump)), bytes, len,
			  &err);
	free(bytes);
	ami_marks_free(marks);
	ami_analysis_free(a);
	return ret ? fail(&err) : 0;
}
