// SPDX-License-Identifier: GPL-2.0-or-later
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <amdiommu/fileio.h>
#include "flattened.h"

#define HEADER_BYTES	4096
#define COPY_BYTES	(256u << 10)
#define MAX_OFFSET	(INT64_C(1) << 52)

/*
 * Each piece takes at least a block of the temporary file, however small it is.
 * makedumpfile's buffers are many blocks long. Only a hostile stream begins
 * more blocks than it has bytes to fill.
 */
#define FILE_BLOCK	4096
#define SPREAD		16u
#define SPREAD_FREE	(64u << 20)

/** struct spread - bytes copied, and bytes of the blocks that took them */
struct spread {
	uint64_t bytes, room;
};

static bool too_scattered(struct spread *s, int64_t offset, int64_t size)
{
	int64_t first = offset / FILE_BLOCK;
	int64_t end = (offset + size + FILE_BLOCK - 1) / FILE_BLOCK;

	s->bytes += size;
	s->room += (uint64_t)(end - first) * FILE_BLOCK;
	return s->room > SPREAD_FREE + SPREAD * s->bytes;
}

bool flattened_is(int fd)
{
	char head[16];

	return ami_file_read_at(fd, head, sizeof(head), 0) &&
	       !memcmp(head, "makedumpfile\0\0\0\0", sizeof(head));
}

static bool read_all(int fd, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/* Not O_TMPFILE: NFS and older overlay file systems do not support it. */
static int temp_file(struct ami_error *err)
{
	const char *dir = getenv("TMPDIR");
	char *name;
	int fd;

	if (!dir || !*dir)
		dir = "/var/tmp";
	if (asprintf(&name, "%s/amdiommu.XXXXXX", dir) < 0)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		ami_error_set(err, AMI_ERR_OUTPUT,
			      "a flattened dump must be put in order first, but no temporary file can be made in %s: %s; set TMPDIR to a place with room for the dump",
			      dir, strerror(errno));
	else
		unlink(name);
	free(name);
	return fd;
}

enum record { RECORD_COPIED, RECORD_END, RECORD_CUT, RECORD_NO_SPACE };

static enum record copy_record(int from, int to, uint8_t *buf,
			       struct spread *spread)
{
	int64_t head[2], offset, size;

	if (!read_all(from, head, sizeof(head)))
		return RECORD_CUT;
	offset = (int64_t)be64toh(head[0]);
	size = (int64_t)be64toh(head[1]);
	if (offset == -1 && size == -1)
		return RECORD_END;
	if (offset < 0 || size < 0 || offset > MAX_OFFSET ||
	    size > MAX_OFFSET - offset || too_scattered(spread, offset, size))
		return RECORD_CUT;
	while (size) {
		size_t part = size > COPY_BYTES ? COPY_BYTES : (size_t)size;

		if (!read_all(from, buf, part))
			return RECORD_CUT;
		/* No file is that large: the offset is damaged. */
		if (!ami_file_write_at(to, buf, part, offset))
			return errno == EFBIG ? RECORD_CUT : RECORD_NO_SPACE;
		offset += part;
		size -= part;
	}
	return RECORD_COPIED;
}

int flattened_unpack(int fd, const char *path, bool *truncated,
		     struct ami_error *err)
{
	uint8_t *buf = malloc(COPY_BYTES);
	enum record last = RECORD_CUT;
	struct spread spread = { 0 };
	int out = -1;

	if (!buf) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		return -1;
	}
	out = temp_file(err);
	if (out >= 0 && read_all(fd, buf, HEADER_BYTES)) {
		do
			last = copy_record(fd, out, buf, &spread);
		while (last == RECORD_COPIED);
	}
	free(buf);
	if (last == RECORD_NO_SPACE) {
		ami_error_set(err, AMI_ERR_OUTPUT,
			      "putting the flattened dump %s in order failed: %s; set TMPDIR to a place with room for the dump",
			      path, strerror(errno));
		close(out);
		return -1;
	}
	*truncated = last == RECORD_CUT;
	return out;
}
