// SPDX-License-Identifier: GPL-2.0-or-later
/* VMCOREINFO: "KEY=VALUE" lines, see Documentation/admin-guide/kdump. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <dump/dump.h>

static const char *find_value(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (text) {
		if (!strncmp(text, key, len) && text[len] == '=')
			return text + len + 1;
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return NULL;
}

bool vmcoreinfo_get_in(const char *text, const char *key, char *value,
		       size_t size)
{
	const char *from = find_value(text, key);
	size_t len;

	if (!from)
		return false;
	len = strcspn(from, "\n");
	if (len >= size)
		return false;
	memcpy(value, from, len);
	value[len] = '\0';
	return true;
}

bool vmcoreinfo_number_in(const char *info, const char *key, int base,
			  uint64_t *value)
{
	char text[32], *end;

	if (!vmcoreinfo_get_in(info, key, text, sizeof(text)) || !text[0])
		return false;
	errno = 0;
	*value = strtoull(text, &end, base);
	return !errno && !*end && !isspace((unsigned char)text[0]);
}

bool ami_vmcoreinfo_get(const struct ami_dump *dump, const char *key,
			char *value, size_t size)
{
	return vmcoreinfo_get_in(ami_dump_vmcoreinfo(dump), key, value, size);
}

bool ami_vmcoreinfo_number(const struct ami_dump *dump, const char *key,
			   int base, uint64_t *value)
{
	return vmcoreinfo_number_in(ami_dump_vmcoreinfo(dump), key, base,
				    value);
}
