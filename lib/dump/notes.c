// SPDX-License-Identifier: GPL-2.0-or-later
/* Notes of ELF and kdump files. */
#include <string.h>

#include <dump/kdumphdr.h>

const void *kdump_note_find(const void *notes, size_t size, const char *name,
			    uint32_t type, size_t *desc_size)
{
	const uint8_t *p = notes;
	size_t left = size;

	while (left >= 12) {
		uint32_t head[3];
		uint64_t namesz, descsz;

		memcpy(head, p, sizeof(head));
		namesz = (head[0] + 3ull) & ~3ull;
		descsz = (head[1] + 3ull) & ~3ull;
		if (namesz > left - 12 || descsz > left - 12 - namesz)
			return NULL;
		if (head[2] == type && head[0] == strlen(name) + 1 &&
		    !memcmp(p + 12, name, head[0])) {
			*desc_size = head[1];
			return p + 12 + namesz;
		}
		p += 12 + namesz + descsz;
		left -= 12 + namesz + descsz;
	}
	return NULL;
}
