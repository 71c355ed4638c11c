// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <amdiommu/display.h>

/*
 * How many bytes follow the first one, and the smallest code point that needs
 * them.
 */
struct form {
	unsigned char mask, lead;
	unsigned int more;
	uint32_t least;
};

static const struct form forms[] = {
	{ 0x80, 0x00, 0, 0 },
	{ 0xe0, 0xc0, 1, 0x80 },
	{ 0xf0, 0xe0, 2, 0x800 },
	{ 0xf8, 0xf0, 3, 0x10000 },
};

#define FORMS	(sizeof(forms) / sizeof(forms[0]))

static const struct form *find_form(unsigned char lead)
{
	size_t i;

	for (i = 0; i < FORMS; i++)
		if ((lead & forms[i].mask) == forms[i].lead)
			return &forms[i];
	return NULL;
}

uint32_t ami_utf8_next(const char **s)
{
	const unsigned char *at = (const unsigned char *)*s;
	const struct form *form = find_form(*at);
	uint32_t code = form ? *at & ~form->mask & 0xffu : 0;
	unsigned int i;

	++*s;
	if (!form)
		return AMI_NOT_UTF8 | *at;
	/* A NUL is not a continuation byte, so the loop stops there. */
	for (i = 1; i <= form->more; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return AMI_NOT_UTF8 | *at;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (code < form->least || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return AMI_NOT_UTF8 | *at;
	*s += form->more;
	return code;
}

/*
 * Unicode's categories Cc, Cf, Zl and Zp; code points that are invisible
 * (default ignorable); those that are never characters.
 */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x34f, 0x34f },
	{ 0x600, 0x605 }, { 0x61c, 0x61c }, { 0x6dd, 0x6dd },
	{ 0x70f, 0x70f }, { 0x890, 0x891 }, { 0x8e2, 0x8e2 },
	{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
	{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
	{ 0x3164, 0x3164 }, { 0xd800, 0xdfff }, { 0xfdd0, 0xfdef },
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffb }, { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd },
	{ 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },
};

bool ami_displayable(uint32_t code)
{
	size_t i;

	if (code > 0x10ffff || (code & 0xfffe) == 0xfffe)
		return false;
	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (code >= hidden[i].first && code <= hidden[i].last)
			return false;
	return true;
}

size_t ami_utf8_put(uint32_t code, char buf[4])
{
	size_t i, form = 0;

	while (form + 1 < FORMS && code >= forms[form + 1].least)
		form++;
	for (i = forms[form].more; i; i--, code >>= 6)
		buf[i] = 0x80 | (code & 0x3f);
	buf[0] = forms[form].lead | code;
	return forms[form].more + 1;
}

size_t ami_display_char(uint32_t code, char buf[AMI_DISPLAY_CHAR])
{
	if (ami_displayable(code))
		return ami_utf8_put(code, buf);
	if (code == '\n' || code == '\t')
		return sprintf(buf, "\\%c", code == '\n' ? 'n' : 't');
	if (code & AMI_NOT_UTF8 || code < 0x80)
		return sprintf(buf, "\\x%02x", code & 0xff);
	return sprintf(buf, "\\u{%x}", code & 0x1fffff);
}

char *ami_display(const char *text, char *buf, size_t size)
{
	char one[AMI_DISPLAY_CHAR];
	size_t used = 0, len;

	while (*text) {
		len = ami_display_char(ami_utf8_next(&text), one);
		if (used + len >= size)
			break;
		memcpy(buf + used, one, len);
		used += len;
	}
	if (size)
		buf[used] = '\0';
	return buf;
}

char *ami_display_copy(const char *text)
{
	char one[AMI_DISPLAY_CHAR], *copy;
	const char *at = text;
	size_t size = 1;

	while (*at)
		size += ami_display_char(ami_utf8_next(&at), one);
	copy = malloc(size);
	return copy ? ami_display(text, copy, size) : NULL;
}

char *ami_display_format(const char *fmt, va_list ap)
{
	char *raw, *shown;

	if (vasprintf(&raw, fmt, ap) < 0)
		return NULL;
	shown = ami_display_copy(raw);
	free(raw);
	return shown;
}

bool ami_is_displayable(const char *text, size_t len)
{
	const char *end = text + len;

	/* A buffer may cut its text in the middle of a character. */
	if (memchr(text, '\0', len))
		return false;
	while (text < end) {
		const struct form *form = find_form(*text);

		if (!form || form->more >= (size_t)(end - text) ||
		    !ami_displayable(ami_utf8_next(&text)))
			return false;
	}
	return true;
}
