/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_DISPLAY_H
#define AMDIOMMU_DISPLAY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Text for people. Names of files, strings in marks and in memory may hold
 * anything: an escape sequence moves a terminal's cursor, a newline forges a
 * line, a bidirectional override swaps words. All text for terminals and pages
 * goes through here.
 */

/* ami_utf8_next(): a byte that is no part of UTF-8, in the lowest 8 bits */
#define AMI_NOT_UTF8	0x80000000u

/* Of ami_display_char(): "\u{10ffff}" */
#define AMI_DISPLAY_CHAR	12u

/**
 * ami_utf8_next() - the code point at *@s, which moves behind it
 *
 * Overlong forms, surrogates and cut sequences are no UTF-8: their bytes come
 * one by one. *@s must not be at the end.
 */
uint32_t ami_utf8_next(const char **s);

/**
 * ami_displayable() - does this code point only show itself?
 *
 * No: controls (C0, C1, DEL), line separators, what is invisible or changes
 * direction, and what no character is.
 */
bool ami_displayable(uint32_t code);

/** ami_plain() - printable ASCII, whatever the host's locale */
static inline bool ami_plain(unsigned char c)
{
	return c >= ' ' && c <= '~';
}

/** ami_is_displayable() - is all of @text UTF-8 and displayable? */
bool ami_is_displayable(const char *text, size_t len);

/** ami_utf8_put() - @code in UTF-8; returns how many bytes, no NUL follows. */
size_t ami_utf8_put(uint32_t code, char buf[4]);

/**
 * ami_display_char() - @code in UTF-8 or, where it is not displayable, as
 * "\n", "\t", "\x1b" (also bytes that are no UTF-8) or "\u{202e}"
 *
 * Returns the length.
 */
size_t ami_display_char(uint32_t code, char buf[AMI_DISPLAY_CHAR]);

/**
 * ami_display() - @text as it may be shown, in @buf, cut at whole characters
 *
 * What was displayable stays as it is, so it may be called twice. Returns @buf.
 */
char *ami_display(const char *text, char *buf, size_t size);

/** ami_display_copy() - the same, malloc'ed; NULL: no memory. */
char *ami_display_copy(const char *text);

/** ami_display_format() - the same of what vprintf() would print. */
char *ami_display_format(const char *fmt, va_list ap)
	__attribute__((format(printf, 1, 0)));

#endif
