// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A finding's fingerprint: the same for the same trouble on other machines, so that
 * many reports can be grouped. It is made of the code and of where it was found;
 * there, a device counts as its driver, and numbers do not count.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "view.h"

#define FNV_START	0xcbf29ce484222325ull
#define FNV_PRIME	0x100000001b3ull

static uint64_t hash_byte(uint64_t hash, char byte)
{
	return (hash ^ (uint8_t)byte) * FNV_PRIME;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = hash_byte(hash, *text);
	return hash_byte(hash, '\0');
}

static bool is_number(char c)
{
	return isxdigit((unsigned char)c) || c == 'x' || c == ':' || c == '.';
}

/* A word with a digit, as an address or "iommu0": its digits are one '#'. */
static uint64_t hash_place(uint64_t hash, const char *where)
{
	size_t len;

	while (*where) {
		len = 0;
		while (where[len] && is_number(where[len]))
			len++;
		if (len && strcspn(where, "0123456789") < len) {
			hash = hash_byte(hash, '#');
			where += len;
			continue;
		}
		hash = hash_byte(hash, *where++);
	}
	return hash_byte(hash, '\0');
}

char *report_fingerprint(const struct ami_state *s, const struct ami_finding *f,
			 char buf[REPORT_FINGERPRINT])
{
	uint64_t hash = hash_text(FNV_START, ami_finding_class(f->code)->name);
	const struct ami_device *d = NULL;
	struct ami_bdf bdf;

	if (ami_bdf_parse(f->where, &bdf))
		d = ami_state_device(s, bdf);
	hash = d && d->driver[0] ? hash_text(hash, d->driver) :
				   hash_place(hash, f->where);
	snprintf(buf, REPORT_FINGERPRINT, "%016" PRIx64, hash);
	return buf;
}
