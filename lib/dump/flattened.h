/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * makedumpfile's flattened stream (-F), private to lib/dump. Big endian:
 *
 * 	0      "makedumpfile" NUL padded to 16, int64 type 1, int64 version 1
 * 	4096   records: int64 offset, int64 size, then size bytes for offset
 * 	end    offset -1, size -1
 */
#ifndef AMI_FLATTENED_H
#define AMI_FLATTENED_H

#include <stdbool.h>

#include <amdiommu/error.h>

/** flattened_is() - does this file start with the stream's signature? */
bool flattened_is(int fd);

/**
 * flattened_unpack() - put the records in order, in a file without a name
 *
 * Readers need pages from all over a dump. The file lies in $TMPDIR (default
 * /var/tmp), is as large as the dump, and vanishes when closed. Of a stream
 * that breaks off, it holds what there is, and @truncated is set. Returns a
 * descriptor, or -1 with @err filled.
 */
int flattened_unpack(int fd, const char *path, bool *truncated,
		     struct ami_error *err);

#endif
