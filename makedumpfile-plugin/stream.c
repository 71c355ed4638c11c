// SPDX-License-Identifier: GPL-2.0-or-later
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

#define SIGNATURE	"makedumpfile"
#define CHUNK		(256u << 10)

static uint8_t chunk[CHUNK];

bool stream_write(int fd, const void *buf, size_t len)
{
	const uint8_t *p = buf;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

void stream_end_mark(uint8_t mark[STREAM_RECORD])
{
	memset(mark, 0xff, STREAM_RECORD);
}

static void send(struct stream *s, const uint8_t *buf, size_t len)
{
	if (s->out >= 0 && !stream_write(s->out, buf, len))
		s->lost = true;
	s->passed += len;
}

/* Up to @len bytes, as far as the stream goes. */
static size_t take_bytes(struct stream *s, uint8_t *buf, size_t len)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = read(s->in, buf + got, len - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += n;
	}
	return got;
}

/* A failure costs the marks, not the stream: @head is incomplete then. */
static void keep_head(struct stream *s, const uint8_t *buf, size_t len)
{
	if (s->head < 0 || s->offset >= STREAM_HEAD_MAX)
		return;
	if (len > STREAM_HEAD_MAX - s->offset)
		len = STREAM_HEAD_MAX - s->offset;
	if (pwrite(s->head, buf, len, s->offset) != (ssize_t)len)
		s->head = -1;
}

static uint64_t take_content(struct stream *s, const uint8_t *buf,
			     uint64_t len)
{
	if (len > s->left)
		len = s->left;
	keep_head(s, buf, len);
	s->offset += len;
	s->left -= len;
	if (s->offset > s->size)
		s->size = s->offset;
	return len;
}

/* Is there a whole record header, and which? Sets @ended or @odd. */
static void take_record(struct stream *s, const uint8_t *buf)
{
	uint64_t field[2];
	int64_t offset, size;

	memcpy(field, buf, sizeof(field));
	offset = be64toh(field[0]);
	size = be64toh(field[1]);
	if (offset == -1 && size == -1) {
		s->ended = true;
	} else if (offset < 0 || size < 0 || offset > INT64_MAX - size) {
		s->odd = true;
	} else {
		s->offset = offset;
		s->left = size;
	}
}

/* Content of a record in a file: read only what belongs to the head. */
static bool scan_content(struct stream *s, uint64_t at)
{
	while (s->left && s->offset < STREAM_HEAD_MAX) {
		size_t n = s->left < CHUNK ? s->left : CHUNK;

		if (pread(s->in, chunk, n, at) != (ssize_t)n)
			return false;
		at += take_content(s, chunk, n);
	}
	s->offset += s->left;
	s->left = 0;
	if (s->offset > s->size)
		s->size = s->offset;
	return true;
}

void stream_scan(struct stream *s)
{
	uint64_t at = STREAM_HEADER, next;

	s->odd = pread(s->in, chunk, sizeof(SIGNATURE), 0) != sizeof(SIGNATURE) ||
		 memcmp(chunk, SIGNATURE, sizeof(SIGNATURE));
	while (!s->odd && pread(s->in, chunk, STREAM_RECORD, at) ==
			  STREAM_RECORD) {
		take_record(s, chunk);
		if (s->ended || s->odd)
			break;
		at += STREAM_RECORD;
		next = at + s->left;
		if (next < at || !scan_content(s, at))
			break;
		at = next;
	}
	s->passed = at;
	/* Nothing but the end may follow the end mark. */
	if (s->ended && pread(s->in, chunk, 1, at + STREAM_RECORD) != 0)
		s->ended = false;
}

/*
 * Pass on at most @len bytes that nobody needs to see, without copying them if
 * both sides can do that. Returns how many; 0 at the end, or if @lost.
 */
static size_t hand_on(struct stream *s, size_t len)
{
	ssize_t n;

	while (s->splices) {
		n = splice(s->in, NULL, s->out, NULL, len, SPLICE_F_MOVE);
		if (n >= 0) {
			s->passed += n;
			return n;
		}
		s->splices = errno == EINTR;
	}
	do
		n = read(s->in, chunk, len < CHUNK ? len : CHUNK);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return 0;
	send(s, chunk, n);
	return s->lost ? 0 : n;
}

static size_t receive_and_send(struct stream *s, size_t len)
{
	size_t n = take_bytes(s, chunk, len < CHUNK ? len : CHUNK);

	send(s, chunk, n);
	return n;
}

/* Look only at what belongs to the head. */
static bool pass_content(struct stream *s)
{
	size_t n;

	while (s->left && !s->lost) {
		if (s->head >= 0 && s->offset < STREAM_HEAD_MAX)
			n = receive_and_send(s, s->left);
		else
			n = hand_on(s, s->left);
		if (!n)
			return false;
		take_content(s, chunk, n);
	}
	return !s->lost;
}

/* False: that was the last record, or there was none. */
static bool pass_record(struct stream *s)
{
	uint8_t head[STREAM_RECORD + 1];
	size_t n = take_bytes(s, head, STREAM_RECORD);

	if (n == STREAM_RECORD)
		take_record(s, head);
	/* Nothing may follow the end mark. */
	if (s->ended)
		n += take_bytes(s, head + n, 1);
	if (s->ended && n == STREAM_RECORD)
		return false;
	s->odd |= s->ended;
	s->ended = false;
	send(s, head, n);
	return n == STREAM_RECORD && !s->odd && pass_content(s);
}

void stream_pass(struct stream *s)
{
	uint8_t head[STREAM_HEADER];
	size_t n = take_bytes(s, head, sizeof(head));

	s->splices = true;
	s->odd = n == sizeof(head) && memcmp(head, SIGNATURE, sizeof(SIGNATURE));
	send(s, head, n);
	if (n == sizeof(head) && !s->odd)
		while (pass_record(s))
			;
	if (s->odd)
		while (hand_on(s, CHUNK))
			;
}
