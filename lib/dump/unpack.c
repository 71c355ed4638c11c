// SPDX-License-Identifier: GPL-2.0-or-later
#include <lzo/lzo1x.h>
#ifndef WITHOUT_SNAPPY
#include <snappy-c.h>
#endif
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "fileio.h"
#include "unpack.h"

#define MAX_PACKED	(2 * AMI_PAGE_SIZE)

static bool unpack_zlib(const uint8_t *from, size_t size, uint8_t *page)
{
	uLongf len = AMI_PAGE_SIZE;

	return uncompress(page, &len, from, size) == Z_OK &&
	       len == AMI_PAGE_SIZE;
}

static bool unpack_lzo(const uint8_t *from, size_t size, uint8_t *page)
{
	lzo_uint len = AMI_PAGE_SIZE;

	return lzo1x_decompress_safe(from, size, page, &len, NULL) ==
	       LZO_E_OK && len == AMI_PAGE_SIZE;
}

#ifdef WITHOUT_SNAPPY
/* Written in C++: its run-time library is too large for an initramfs. */
static bool unpack_snappy(const uint8_t *from, size_t size, uint8_t *page)
{
	(void)from, (void)size, (void)page;
	return false;
}
#else
static bool unpack_snappy(const uint8_t *from, size_t size, uint8_t *page)
{
	size_t len = AMI_PAGE_SIZE;

	return snappy_uncompress((const char *)from, size, (char *)page,
				 &len) == SNAPPY_OK && len == AMI_PAGE_SIZE;
}
#endif

bool unpack_page(uint32_t flags, const uint8_t *from, size_t size,
		 uint8_t *page)
{
	switch (flags) {
	case 0:
		if (size != AMI_PAGE_SIZE)
			return false;
		memcpy(page, from, AMI_PAGE_SIZE);
		return true;
	case KDUMP_COMPRESSED_ZLIB:
		return unpack_zlib(from, size, page);
	case KDUMP_COMPRESSED_LZO:
		return unpack_lzo(from, size, page);
	case KDUMP_COMPRESSED_SNAPPY:
		return unpack_snappy(from, size, page);
	case KDUMP_COMPRESSED_ZSTD:
		/* An error comes as a huge size. */
		return ZSTD_decompress(page, AMI_PAGE_SIZE, from, size) ==
		       AMI_PAGE_SIZE;
	}
	return false;
}

enum ami_mem kdump_page_read(int fd, struct kdump_facts *facts, uint64_t pfn,
			     uint8_t *page)
{
	struct kdump_page_desc desc;
	uint8_t packed[MAX_PACKED];
	enum ami_mem mem = kdump_page_find(fd, facts, pfn, &desc);

	if (mem != AMI_MEM_OK)
		return mem;
	if (desc.size > sizeof(packed) ||
	    !file_read_at(fd, packed, desc.size, desc.offset) ||
	    !unpack_page(desc.flags, packed, desc.size, page))
		return AMI_MEM_ERROR;
	return AMI_MEM_OK;
}
