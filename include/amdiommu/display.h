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

/* From ami_utf8_next(): a byte, in the lowest 8 bits, that is not UTF-8 */
#define AMI_NOT_UTF8	0x80000000u

/* Longest result of ami_display_char(): "\u{10ffff}" */
#define AMI_DISPLAY_CHAR	12u

/**
 * ami_utf8_next() - take the code point at *@s, and move *@s past it
 *
 * Overlong forms, surrogates and cut sequences are not UTF-8: each of their
 * bytes is returned with AMI_NOT_UTF8. *@s must not be at the end.
 */
uint32_t ami_utf8_next(const char **s);

/**
 * ami_displayable() - may this code point be shown as it is?
 *
 * False for controls (C0, C1, DEL), line separators, characters that are
 * invisible or change the direction of text, and code points that are not
 * characters.
 */
bool ami_displayable(uint32_t code);

/** ami_plain() - is it printable ASCII, whatever the host's locale? */
static inline bool ami_plain(unsigned char c)
{
	return c >= ' ' && c <= '~';
}

/** ami_is_displayable() - is all of @text UTF-8 and displayable? */
bool ami_is_displayable(const char *text, size_t len);

/** ami_utf8_put() - write @code as UTF-8, without NUL; returns its bytes. */
size_t ami_utf8_put(uint32_t code, char buf[4]);

/**
 * ami_display_char() - write @code as UTF-8 or, if it is not displayable, as
 * "\n", "\t", "\x1b" (also bytes that are not UTF-8) or "\u{202e}"
 *
 * Returns the length in bytes.
 */
size_t ami_display_char(uint32_t code, char buf[AMI_DISPLAY_CHAR]);

/**
 * ami_display() - write @text to @buf as it may be shown
 *
 * Text that does not fit is cut after a whole character. Displayable text stays
 * as it is, so a second call changes nothing. Returns @buf.
 */
char *ami_display(const char *text, char *buf, size_t size);

/** ami_display_copy() - the same, malloc'ed; NULL when out of memory. */
char *ami_display_copy(const char *text);

/** ami_display_format() - the same for what vprintf() would print. */
char *ami_display_format(const char *fmt, va_list ap)
	__attribute__((format(printf, 1, 0)));

#endif
