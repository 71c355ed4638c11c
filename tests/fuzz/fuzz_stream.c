// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flattened stream that the makedumpfile wrapper passes on: nothing but an
 * end mark may be held back, whatever comes in.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <amdiommu/fileio.h>
#include "hostile.h"
#include "stream.h"

static void same(int fd, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);

	must(copy && ami_file_size(fd) == size);
	must(!size || ami_file_read_at(fd, copy, size, 0));
	must(!size || !memcmp(copy, data, size));
	free(copy);
}

/* What was held back is the end mark, and stands at the end. */
static void check(const struct stream *s, const uint8_t *data, size_t size)
{
	uint8_t mark[STREAM_RECORD];

	must(!s->lost);
	if (!s->ended)
		return;
	stream_end_mark(mark);
	must(s->passed + STREAM_RECORD == size);
	must(!memcmp(data + s->passed, mark, STREAM_RECORD));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int in = memfd_create("in", MFD_CLOEXEC);
	struct stream s = {
		.in = in, .out = memfd_create("out", MFD_CLOEXEC),
		.head = memfd_create("head", MFD_CLOEXEC),
	};
	struct stream scan = { .in = in, .out = -1, .head = s.head };

	must(in >= 0 && s.out >= 0 && s.head >= 0);
	must(ami_file_write_at(in, data, size, 0));
	must(!lseek(in, 0, SEEK_SET));
	stream_pass(&s);
	check(&s, data, size);
	must(s.ended || s.passed == size);
	same(s.out, data, s.passed);
	must(ami_file_size(s.head) <= STREAM_HEAD_MAX);
	must(!lseek(in, 0, SEEK_SET));
	stream_scan(&scan);
	must(s.odd || scan.ended == s.ended);
	check(&scan, data, size);
	close(in);
	close(s.out);
	close(s.head);
	return 0;
}
