/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Damage behind right checksums, as somebody bent on it would make. */
#ifndef REPAIR_H
#define REPAIR_H

#include <string.h>

#include "marks.h"

/** repair_marks() - make all checksums of a container right, as far as it goes */
static inline void repair_marks(uint8_t *bytes, size_t size)
{
	size_t at = MARKS_HEADER;
	uint32_t sum;
	uint64_t len;

	if (size < MARKS_HEADER)
		return;
	sum = marks_crc32c(0, bytes, MARKS_HEADER - 4);
	memcpy(bytes + MARKS_HEADER - 4, &sum, 4);
	while (at + SECTION_HEADER <= size) {
		memcpy(&len, bytes + at + 8, 8);
		if (len > size - at - SECTION_HEADER)
			break;
		len = (len + 7) & ~UINT64_C(7);
		if (len > size - at - SECTION_HEADER)
			break;
		sum = marks_crc32c(marks_crc32c(0, bytes + at, 4), bytes + at + 8, len + 8);
		memcpy(bytes + at + 4, &sum, 4);
		at += SECTION_HEADER + len;
	}
}

#endif
