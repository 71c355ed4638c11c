// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <amdiommu/display.h>

#include "json.h"

/* Replaces bytes that are not UTF-8, which JSON cannot express. */
#define REPLACEMENT	0xfffdu

/* '<' too: JSON inside HTML must not end its element. */
static void put_quoted(FILE *out, uint32_t c)
{
	if (c & AMI_NOT_UTF8)
		c = REPLACEMENT;
	if (c == '"' || c == '\\')
		fprintf(out, "\\%c", (int)c);
	else if (c >= 0x10000)
		fprintf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10),
			0xdc00 + (c & 0x3ff));
	else if (c < 0x20 || c >= 0x7f || c == '<')
		fprintf(out, "\\u%04x", c);
	else
		putc(c, out);
}

static void quote(FILE *out, const char *s)
{
	putc('"', out);
	while (*s)
		put_quoted(out, ami_utf8_next(&s));
	putc('"', out);
}

static void newline(struct json *j)
{
	fprintf(j->out, "\n%*s", (int)j->depth * 2, "");
}

static void value_starts(struct json *j, const char *key)
{
	if (j->depth) {
		if (j->more[j->depth])
			putc(',', j->out);
		if (!j->compact[j->depth])
			newline(j);
		else if (j->more[j->depth])
			putc(' ', j->out);
	}
	j->more[j->depth] = true;
	if (key) {
		quote(j->out, key);
		fputs(": ", j->out);
	}
}

static void open_value(struct json *j, const char *key, char bracket,
		       bool compact)
{
	value_starts(j, key);
	putc(bracket, j->out);
	/* No view nests this deep. If one did, only the layout would suffer. */
	if (j->depth + 1 == JSON_MAX_DEPTH) {
		j->beyond++;
	} else {
		j->depth++;
		j->compact[j->depth] = compact || j->compact[j->depth - 1];
	}
	j->more[j->depth] = false;
}

static void close_value(struct json *j, char bracket)
{
	bool more = j->more[j->depth], compact = j->compact[j->depth];

	if (j->beyond)
		j->beyond--;
	else
		j->depth--;
	j->more[j->depth] = true;
	if (more && !compact)
		newline(j);
	putc(bracket, j->out);
}

void json_start(struct json *j, FILE *out)
{
	memset(j, 0, sizeof(*j));
	j->out = out;
}

void json_end(struct json *j)
{
	putc('\n', j->out);
}

void json_object(struct json *j, const char *key)
{
	open_value(j, key, '{', false);
}

void json_object_line(struct json *j, const char *key)
{
	open_value(j, key, '{', true);
}

void json_array(struct json *j, const char *key)
{
	open_value(j, key, '[', false);
}

void json_array_line(struct json *j, const char *key)
{
	open_value(j, key, '[', true);
}

void json_close_object(struct json *j)
{
	close_value(j, '}');
}

void json_close_array(struct json *j)
{
	close_value(j, ']');
}

void json_string(struct json *j, const char *key, const char *value)
{
	value_starts(j, key);
	quote(j->out, value);
}

void json_text(struct json *j, const char *key, const char *value)
{
	if (value)
		json_string(j, key, value);
	else
		json_null(j, key);
}

void json_format(struct json *j, const char *key, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_string(j, key, text);
}

void json_number(struct json *j, const char *key, uint64_t value)
{
	value_starts(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_hex(struct json *j, const char *key, uint64_t value)
{
	value_starts(j, key);
	fprintf(j->out, "\"0x%" PRIx64 "\"", value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	value_starts(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	value_starts(j, key);
	fputs("null", j->out);
}

void json_known(struct json *j, const char *key, bool known, uint64_t value)
{
	if (known)
		json_number(j, key, value);
	else
		json_null(j, key);
}

void json_pair(struct json *j, uint64_t a, uint64_t b)
{
	value_starts(j, NULL);
	fprintf(j->out, "[%" PRIu64 ", %" PRIu64 "]", a, b);
}
