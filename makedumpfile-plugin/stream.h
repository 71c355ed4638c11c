/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * makedumpfile's flattened stream (lib/dump/flattened.h) on its way to its
 * reader. Everything passes unchanged. Only the end mark is held back, so that
 * records can go in front of it.
 */
#ifndef AMI_STREAM_H
#define AMI_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define STREAM_HEADER	4096u
#define STREAM_RECORD	16u	/* offset and size, big endian */
/* Headers and notes of a dump lie in here, for thousands of CPUs. */
#define STREAM_HEAD_MAX	(UINT64_C(2) << 20)

/**
 * struct stream - a stream that passes
 * @in: where it comes from
 * @out: where it goes; -1: nowhere
 * @head: gets the first STREAM_HEAD_MAX bytes of the dump, in order, as far as
 * 	records brought them; -1: nowhere
 * @size: size of the dump in the stream
 * @passed: bytes of the stream so far, without the end mark
 * @ended: the end mark came, and is held back
 * @odd: not a flattened stream, a damaged one, or one that goes on behind its
 * 	end mark: it passes as it is
 * @lost: @out cannot be written any more
 * @splices: bytes go from @in to @out without passing through this process
 */
struct stream {
	int in, out, head;
	uint64_t size;
	uint64_t passed;
	bool ended, odd, lost;
	uint64_t offset, left;	/* of the current record */
	bool splices;
};

/**
 * stream_pass() - pass everything, but hold back an end mark at the end
 *
 * Returns when @in has ended, or @out is lost.
 */
void stream_pass(struct stream *s);

/**
 * stream_scan() - find the end mark of a stream in a regular file @in
 *
 * Like stream_pass() to nowhere, but skips what it does not need.
 */
void stream_scan(struct stream *s);

/** stream_end_mark() - the STREAM_RECORD bytes that end a stream */
void stream_end_mark(uint8_t mark[STREAM_RECORD]);

/** stream_write() - write all of it; false: @fd takes no more */
bool stream_write(int fd, const void *buf, size_t len);

#endif
