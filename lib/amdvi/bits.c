// SPDX-License-Identifier: GPL-2.0-or-later
/* Table driven bit fields, lists of decoded values, bounded text. */
#include <amdvi/bits.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void amdvi_list_add(struct amdvi_list *list, const char *name, uint64_t value,
		    enum amdvi_fmt fmt)
{
	struct amdvi_value *out;

	if (list->count >= list->max)
		return;
	out = &list->out[list->count++];
	out->name = name;
	out->value = value;
	out->fmt = fmt;
}

void amdvi_list_add_bits(struct amdvi_list *list,
			 const struct amdvi_bitfield *fields, size_t n,
			 const uint64_t *raw)
{
	size_t i;

	for (i = 0; i < n; i++)
		amdvi_list_add(list, fields[i].name,
			       amdvi_bits(raw, fields[i].lsb, fields[i].width)
			       << fields[i].shift, fields[i].fmt);
}

/* Little-endian host: the low bytes of a 64-bit value come first. */
static uint64_t member_get(const struct amdvi_field *field, const void *in)
{
	uint64_t value = 0;

	memcpy(&value, (const char *)in + field->offset, field->size);
	return value;
}

static void member_set(const struct amdvi_field *field, void *out,
		       uint64_t value)
{
	memcpy((char *)out + field->offset, &value, field->size);
}

void amdvi_fields_decode(const struct amdvi_field *fields, size_t n,
			 const uint64_t *raw, uint64_t sme_mask, void *out)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct amdvi_bitfield *bits = &fields[i].bits;

		if (bits->name)
			value = 0;
		value |= amdvi_bits(raw, bits->lsb, bits->width) << bits->shift;
		if (bits->fmt == AMDVI_FMT_ADDR)
			value &= ~sme_mask;
		member_set(&fields[i], out, value);
	}
}

void amdvi_fields_encode(const struct amdvi_field *fields, size_t n,
			 const void *in, uint64_t sme_mask, uint64_t *raw)
{
	uint64_t value;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct amdvi_bitfield *bits = &fields[i].bits;

		value = member_get(&fields[i], in);
		if (bits->fmt == AMDVI_FMT_ADDR && value)
			value |= sme_mask;
		amdvi_bits_set(raw, bits->lsb, bits->width,
			       value >> bits->shift);
	}
}

void amdvi_list_add_fields(struct amdvi_list *list,
			   const struct amdvi_field *fields, size_t n,
			   const void *in)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (fields[i].bits.name)
			amdvi_list_add(list, fields[i].bits.name,
				       member_get(&fields[i], in),
				       fields[i].bits.fmt);
}

void amdvi_text_add(struct amdvi_text *text, const char *fmt, ...)
{
	size_t room = text->used < text->len ? text->len - text->used : 0;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(room ? text->buf + text->used : NULL, room, fmt, args);
	va_end(args);
	if (n > 0)
		text->used += n;
}

void amdvi_text_add_devid(struct amdvi_text *text, uint16_t devid)
{
	amdvi_text_add(text, "%04x:%02x:%02x.%x", text->segment, devid >> 8,
		       (devid >> 3) & 0x1f, devid & 7);
}
