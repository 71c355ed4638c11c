/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A streaming JSON writer. A report may hold millions of ranges, so it is not
 * built as a tree in memory. Private to lib/report.
 */
#ifndef AMI_JSON_H
#define AMI_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_MAX_DEPTH	16

struct json {
	FILE *out;
	unsigned int depth, beyond;	/* beyond: nested too deep */
	bool more[JSON_MAX_DEPTH];	/* a value precedes, at this depth */
	bool compact[JSON_MAX_DEPTH];	/* on one line */
};

void json_start(struct json *j, FILE *out);
void json_end(struct json *j);

/*
 * @key is NULL inside an array. Arrays and objects opened with the _line
 * variants stay on one line.
 */
void json_object(struct json *j, const char *key);
void json_object_line(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_array_line(struct json *j, const char *key);
void json_close_object(struct json *j);
void json_close_array(struct json *j);

void json_string(struct json *j, const char *key, const char *value);
/** json_text() - null where @value is NULL */
void json_text(struct json *j, const char *key, const char *value);
void json_format(struct json *j, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void json_number(struct json *j, const char *key, uint64_t value);
void json_hex(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);

/** json_known() - a number, or null if it is not @known */
void json_known(struct json *j, const char *key, bool known, uint64_t value);

/** json_pair() - [a, b] */
void json_pair(struct json *j, uint64_t a, uint64_t b);

#endif
