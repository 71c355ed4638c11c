// SPDX-License-Identifier: GPL-2.0-or-later
#include "marks.h"

#define POLYNOMIAL	0x82f63b78u	/* reflected, as of RFC 3720 */

static uint32_t one_byte(uint32_t crc)
{
	int bit;

	for (bit = 0; bit < 8; bit++)
		crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
	return crc;
}

uint32_t marks_crc32c(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t table[256];
	unsigned int i;

	for (i = 0; i < 256; i++)
		table[i] = one_byte(i);
	crc = ~crc;
	while (len--)
		crc = crc >> 8 ^ table[(crc ^ *p++) & 0xff];
	return ~crc;
}
