// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <amdiommu/display.h>
#include <common/vec.h>

#include "bytes.h"

uint8_t *marks_out_space(struct out *o, size_t len)
{
	size_t room = o->room ? o->room : 4096;

	while (room - o->len < len)
		room *= 2;
	if (room != o->room && !o->failed) {
		o->failed = !vec_resize(o->data, room);
		o->room = room;
	}
	if (o->failed)
		return NULL;
	o->len += len;
	return o->data + o->len - len;
}

void marks_out_bytes(struct out *o, const void *data, size_t len)
{
	uint8_t *to = marks_out_space(o, len);

	if (to && len)
		memcpy(to, data, len);
}

void marks_out_number(struct out *o, uint64_t value, unsigned int size)
{
	uint8_t *to = marks_out_space(o, size);

	for (; to && size; size--, value >>= 8)
		*to++ = value;
}

void marks_out_string(struct out *o, const char *text)
{
	size_t len = strnlen(text, UINT16_MAX);

	marks_out_number(o, len, 2);
	marks_out_bytes(o, text, len);
}

void marks_out_align(struct out *o)
{
	size_t rest = -o->len % 8;
	uint8_t *to = marks_out_space(o, rest);

	if (to)
		memset(to, 0, rest);
}

const uint8_t *marks_in_bytes(struct in *i, uint64_t len)
{
	const uint8_t *at = i->at;

	if (i->bad || len > i->left) {
		i->bad = true;
		return NULL;
	}
	i->at += len;
	i->left -= len;
	return at;
}

uint64_t marks_in_number(struct in *i, unsigned int size)
{
	const uint8_t *at = marks_in_bytes(i, size);
	uint64_t value = 0;

	while (at && size--)
		value = value << 8 | at[size];
	return value;
}

uint64_t marks_in_below(struct in *i, unsigned int size, uint64_t limit)
{
	uint64_t value = marks_in_number(i, size);

	if (value < limit)
		return value;
	i->bad = true;
	return 0;
}

static bool printable(const uint8_t *text, size_t len)
{
	return ami_is_displayable((const char *)text, len);
}

char *marks_in_string(struct in *i)
{
	uint64_t len = marks_in_number(i, 2);
	const uint8_t *text = marks_in_bytes(i, len);
	char *copy = NULL;

	if (text && printable(text, len)) {
		copy = strndup((const char *)text, len);
		i->no_memory |= !copy;
	}
	if (!copy)
		i->bad = true;
	return copy;
}

void marks_in_text(struct in *i, char *buf, size_t size)
{
	uint64_t len = marks_in_below(i, 2, size);
	const uint8_t *text = marks_in_bytes(i, len);

	*buf = '\0';
	if (!text || !printable(text, len)) {
		i->bad = true;
		return;
	}
	memcpy(buf, text, len);
	buf[len] = '\0';
}
