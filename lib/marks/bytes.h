/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Little-endian values in buffers. Private to lib/marks. */
#ifndef AMI_MARKS_BYTES_H
#define AMI_MARKS_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** struct out - bytes that are being collected; @failed: no memory */
struct out {
	uint8_t *data;
	size_t len, room;
	bool failed;
};

/** marks_out_space() - @len more bytes for the caller to fill; NULL: failed */
uint8_t *marks_out_space(struct out *o, size_t len);
void marks_out_bytes(struct out *o, const void *data, size_t len);
void marks_out_number(struct out *o, uint64_t value, unsigned int size);
/** marks_out_string() - length (16 bits) and text, cut at 65535 bytes */
void marks_out_string(struct out *o, const char *text);
/** marks_out_align() - zeros up to a multiple of 8 */
void marks_out_align(struct out *o);

/**
 * struct in - bytes not yet looked at
 * @bad: something was not there
 * @no_memory: for what was read, so it is no damage
 */
struct in {
	const uint8_t *at;
	size_t left;
	bool bad, no_memory;
};

/** marks_in_bytes() - the next @len bytes, NULL if there are fewer */
const uint8_t *marks_in_bytes(struct in *i, uint64_t len);
/** marks_in_number() - 0 when it is not there */
uint64_t marks_in_number(struct in *i, unsigned int size);
/** marks_in_below() - a number below @limit; otherwise bad, and 0 */
uint64_t marks_in_below(struct in *i, unsigned int size, uint64_t limit);
/**
 * marks_in_string() - malloc'ed text, NULL when it is not there
 *
 * Only what ami_displayable() says: it ends up on terminals.
 */
char *marks_in_string(struct in *i);
/** marks_in_text() - the same into @buf; too long is bad */
void marks_in_text(struct in *i, char *buf, size_t size);

#endif
