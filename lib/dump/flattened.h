/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * makedumpfile's flattened stream (-F), private to lib/dump. All big endian:
 *
 *	0      "makedumpfile" NUL padded to 16, int64 type 1, int64 version 1
 *	4096   records: int64 offset, int64 size, then size bytes for offset
 *	end    offset -1, size -1
 */
#ifndef AMI_FLATTENED_H
#define AMI_FLATTENED_H

#include <stdbool.h>

#include <amdiommu/error.h>

/** flattened_is() - does this file start with the stream's signature? */
bool flattened_is(int fd);

/**
 * flattened_unpack() - put the records where they belong, in a nameless file
 *
 * Pages are looked up all over a dump. The file lies in $TMPDIR (default
 * /var/tmp), is as large as the dump and goes away when closed. A stream that
 * breaks off early gives what there is and sets @truncated. Returns a
 * descriptor, or -1 with @err filled.
 */
int flattened_unpack(int fd, const char *path, bool *truncated,
		     struct ami_error *err);

#endif
