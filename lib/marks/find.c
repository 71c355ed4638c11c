// SPDX-License-Identifier: GPL-2.0-or-later
/* Marks that came with a dump: in a note, or beside it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <amdiommu/fileio.h>
#include "carrier.h"
#include "marks.h"

#define REASON_MAX	256u

const char *ami_marks_from_name(enum ami_marks_from from)
{
	static const char *const name[] = { "none", "note", "sidecar", "file" };

	return name[from];
}

/* malloc'ed, with a NUL at the end; NULL with errno set. */
static uint8_t *read_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	uint8_t *bytes = NULL;
	struct stat st;

	if (fd < 0)
		return NULL;
	errno = EINVAL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) &&
	    st.st_size <= AMI_MARKS_MAX_BYTES) {
		*len = st.st_size;
		bytes = calloc(1, *len + 1);
		if (bytes && !ami_file_read_at(fd, bytes, *len, 0)) {
			free(bytes);
			bytes = NULL;
		}
	}
	close(fd);
	return bytes;
}

/* The filter's own message, as far as it is printable. */
static bool read_reason(const uint8_t *bytes, size_t len,
			struct ami_error *err)
{
	size_t skip = strlen(AMI_MARKS_NONE_MADE), i;
	char reason[REASON_MAX];

	if (len < skip || memcmp(bytes, AMI_MARKS_NONE_MADE, skip))
		return false;
	for (i = 0; i < sizeof(reason) - 1 && skip + i < len &&
		    bytes[skip + i] >= ' ' && bytes[skip + i] < 0x7f; i++)
		reason[i] = bytes[skip + i];
	reason[i] = '\0';
	ami_error_set(err, AMI_ERR_INPUT,
		      "the filter could not make any: %s", reason);
	return true;
}

struct ami_marks *ami_marks_read(const char *path, struct ami_error *err)
{
	struct ami_marks *m = NULL;
	size_t len = 0;
	uint8_t *bytes = read_file(path, &len);

	if (!bytes)
		ami_error_set(err, AMI_ERR_INPUT, "%s cannot be read: %s",
			      path, strerror(errno));
	else if (!read_reason(bytes, len, err))
		m = ami_marks_parse(bytes, len, err);
	free(bytes);
	return m;
}

static struct ami_marks *from_sidecar(const char *dump, struct ami_error *err)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s" AMI_MARKS_SUFFIX, dump) >=
	    (int)sizeof(path) || access(path, F_OK))
		return NULL;
	return ami_marks_read(path, err);
}

/* NULL if they are not this dump's, or may not be and nobody @asked. */
static struct ami_marks *take_bound(struct ami_marks *m,
				    const struct ami_dump *dump, bool asked,
				    struct ami_error *err)
{
	enum ami_bound bound = ami_marks_bind(m, dump, err);

	m->unproved = bound == AMI_BOUND_UNPROVED;
	if (bound == AMI_BOUND_SAME || (m->unproved && asked)) {
		err->status = AMI_OK;
		return m;
	}
	ami_marks_free(m);
	return NULL;
}

struct ami_marks *ami_marks_find(const struct ami_dump *dump, const char *file,
				 enum ami_marks_from *from,
				 struct ami_error *err)
{
	const struct ami_dump_info *info = ami_dump_info(dump);
	const uint8_t *note = NULL;
	bool asked = file;
	struct ami_marks *m;
	size_t len;

	err->status = AMI_OK;
	if (file && !strcmp(file, info->path) && info->notes)
		file = NULL;
	if (!file && info->notes)
		note = carrier_note(info->notes, info->notes_size, &len);
	*from = file ? AMI_MARKS_FILE : note ? AMI_MARKS_NOTE :
		AMI_MARKS_SIDECAR;
	if (file)
		m = ami_marks_read(file, err);
	else if (note)
		m = ami_marks_parse(note, len, err);
	else
		m = from_sidecar(info->path, err);
	return m ? take_bound(m, dump, asked, err) : NULL;
}
