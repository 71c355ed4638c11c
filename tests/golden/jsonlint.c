// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "jsonlint.h"

#define MAX_DEPTH	64

static void space(const char **at)
{
	*at += strspn(*at, " \t\r\n");
}

static bool take(const char **at, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*at, word, len))
		return false;
	*at += len;
	return true;
}

static bool digits(const char **at)
{
	size_t n = strspn(*at, "0123456789");

	*at += n;
	return n;
}

static bool number(const char **at)
{
	take(at, "-");
	if (!take(at, "0") && !digits(at))
		return false;
	if (take(at, ".") && !digits(at))
		return false;
	if (**at == 'e' || **at == 'E') {
		++*at;
		if (**at == '+' || **at == '-')
			++*at;
		return digits(at);
	}
	return true;
}

static bool escape(const char **at)
{
	char c = *(*at)++;

	if (c != 'u')
		return c && strchr("\"\\/bfnrt", c);
	if (strspn(*at, "0123456789abcdefABCDEF") < 4)
		return false;
	*at += 4;
	return true;
}

static bool string(const char **at)
{
	if (!take(at, "\""))
		return false;
	while (**at != '"') {
		unsigned char c = *(*at)++;

		if (c < ' ' || (c == '\\' && !escape(at)))
			return false;
	}
	++*at;
	return true;
}

static bool value(const char **at, int depth);

/* What stands between the brackets of an object or array. */
static bool members(const char **at, bool object, const char *end, int depth)
{
	space(at);
	if (take(at, end))
		return true;
	do {
		space(at);
		if (object && !string(at))
			return false;
		space(at);
		if (object && !take(at, ":"))
			return false;
		if (!value(at, depth - 1))
			return false;
		space(at);
	} while (take(at, ","));
	return take(at, end);
}

static bool value(const char **at, int depth)
{
	space(at);
	if (!depth)
		return false;
	if (**at == '"')
		return string(at);
	if (take(at, "{"))
		return members(at, true, "}", depth);
	if (take(at, "["))
		return members(at, false, "]", depth);
	return take(at, "true") || take(at, "false") || take(at, "null") ||
	       number(at);
}

bool jsonlint(const char *text)
{
	if (!value(&text, MAX_DEPTH))
		return false;
	space(&text);
	return !*text;
}
