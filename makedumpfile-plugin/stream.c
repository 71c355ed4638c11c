// SPDX-License-Identifier: GPL-2.0-or-later
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

#define SIGNATURE	"makedumpfile"
#define CHUNK		(256u << 10)

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

/* A failure costs the marks, not the stream: @head then lacks something. */
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

/*
 * How many of @len bytes can pass. What remains is the start of a record
 * header, of the stream's header, or the end mark.
 */
static size_t passable(struct stream *s, const uint8_t *buf, size_t len)
{
	size_t at = 0;

	if (!s->started) {
		if (len < STREAM_HEADER)
			return 0;
		s->started = true;
		s->odd = memcmp(buf, SIGNATURE, sizeof(SIGNATURE)) != 0;
		at = STREAM_HEADER;
	}
	while (at < len && !s->odd) {
		if (s->left) {
			at += take_content(s, buf + at, len - at);
			continue;
		}
		if (len - at < STREAM_RECORD)
			return at;
		take_record(s, buf + at);
		if (s->ended && len - at == STREAM_RECORD)
			return at;
		s->odd |= s->ended;	/* it goes on */
		s->ended = false;
		at += STREAM_RECORD;
	}
	return len;
}

/* Content of a record in a file: only what belongs to the head is read. */
static bool scan_content(struct stream *s, uint8_t *buf, uint64_t at)
{
	while (s->left && s->offset < STREAM_HEAD_MAX) {
		size_t n = s->left < CHUNK ? s->left : CHUNK;

		if (pread(s->in, buf, n, at) != (ssize_t)n)
			return false;
		at += take_content(s, buf, n);
	}
	s->offset += s->left;
	s->left = 0;
	if (s->offset > s->size)
		s->size = s->offset;
	return true;
}

void stream_scan(struct stream *s)
{
	static uint8_t buf[CHUNK];
	uint64_t at = STREAM_HEADER, next;

	s->odd = pread(s->in, buf, sizeof(SIGNATURE), 0) != sizeof(SIGNATURE) ||
		 memcmp(buf, SIGNATURE, sizeof(SIGNATURE));
	while (!s->odd && pread(s->in, buf, STREAM_RECORD, at) ==
			  STREAM_RECORD) {
		take_record(s, buf);
		if (s->ended || s->odd)
			break;
		at += STREAM_RECORD;
		next = at + s->left;
		if (next < at || !scan_content(s, buf, at))
			break;
		at = next;
	}
	s->passed = at;
	/* Nothing but the end may follow the end mark. */
	if (s->ended && pread(s->in, buf, 1, at + STREAM_RECORD) != 0)
		s->ended = false;
}

void stream_pass(struct stream *s)
{
	static uint8_t buf[CHUNK];
	size_t held = 0, pass;
	ssize_t n;

	while (!s->lost) {
		n = read(s->in, buf + held, sizeof(buf) - held);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		s->odd |= s->ended;
		s->ended = false;
		pass = passable(s, buf, held + n);
		send(s, buf, pass);
		held += n - pass;
		memmove(buf, buf + pass, held);
	}
	if (!s->ended && held && !s->lost)
		send(s, buf, held);
}
