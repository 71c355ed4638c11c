// SPDX-License-Identifier: GPL-2.0-or-later
/* --vmcoreinfo FILE: the text, or a note with it, saved from elsewhere. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

#define MOST	65536u

/* The text in @bytes, which end with a NUL; NULL: none. */
static char *find_text(char *bytes, size_t size)
{
	char *text = memmem(bytes, size, "OSRELEASE=", 10), *end;

	if (!text || (text > bytes && text[-1] && text[-1] != '\n'))
		return NULL;
	end = text + strlen(text);
	return end > text ? text : NULL;
}

static size_t read_file(const char *path, char bytes[MOST + 1],
			struct ami_error *err)
{
	FILE *in = fopen(path, "r");
	size_t n = in ? fread(bytes, 1, MOST, in) : 0;

	if (!in || ferror(in)) {
		ami_error_set(err, AMI_ERR_INPUT, "cannot read %s: %s", path,
			      strerror(errno));
		n = 0;
	} else if (!n) {
		ami_error_set(err, AMI_ERR_INPUT, "%s is empty", path);
	}
	if (in)
		fclose(in);
	bytes[n] = '\0';
	return n;
}

int tool_take_vmcoreinfo(struct ami_dump *dump, const char *path,
			 struct ami_error *err)
{
	char *bytes = malloc(MOST + 1), *text;
	size_t size = bytes ? read_file(path, bytes, err) : 0;
	int ret = -1;

	text = size ? find_text(bytes, size) : NULL;
	if (!bytes)
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	else if (size && !text)
		ami_error_set(err, AMI_ERR_INPUT,
			      "%s holds no VMCOREINFO: it has no line that begins with OSRELEASE=",
			      path);
	else if (text)
		ret = ami_dump_set_vmcoreinfo(dump, text, "in a file (--vmcoreinfo)");
	free(bytes);
	return ret;
}
