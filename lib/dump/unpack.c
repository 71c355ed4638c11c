// SPDX-License-Identifier: GPL-2.0-or-later
#include <lzo/lzo1x.h>
#ifndef WITHOUT_SNAPPY
#include <snappy-c.h>
#endif
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include <amdiommu/fileio.h>
#include "unpack.h"

#define MAX_PACKED	(2 * AMI_PAGE_SIZE)

#define RUN_BYTES	(AMI_PREFETCH * AMI_PAGE_SIZE)

static z_stream *zlib_of(struct unpacker *u)
{
	z_stream *z = u->zlib;

	if (z)
		return inflateReset(z) == Z_OK ? z : NULL;
	z = calloc(1, sizeof(*z));
	if (!z || inflateInit(z) != Z_OK) {
		free(z);
		return NULL;
	}
	u->zlib = z;
	return z;
}

static bool unpack_zlib(struct unpacker *u, const uint8_t *from, size_t size,
			uint8_t *page)
{
	uLongf len = AMI_PAGE_SIZE;
	z_stream *z = u ? zlib_of(u) : NULL;

	if (!z)
		return uncompress(page, &len, from, size) == Z_OK &&
		       len == AMI_PAGE_SIZE;
	z->next_in = (uint8_t *)from;
	z->avail_in = size;
	z->next_out = page;
	z->avail_out = AMI_PAGE_SIZE;
	return inflate(z, Z_FINISH) == Z_STREAM_END && !z->avail_out;
}

/* An error is returned as a huge size. */
static bool unpack_zstd(struct unpacker *u, const uint8_t *from, size_t size,
			uint8_t *page)
{
	if (u && !u->zstd)
		u->zstd = ZSTD_createDCtx();
	if (!u || !u->zstd)
		return ZSTD_decompress(page, AMI_PAGE_SIZE, from, size) ==
		       AMI_PAGE_SIZE;
	return ZSTD_decompressDCtx(u->zstd, page, AMI_PAGE_SIZE, from, size) ==
	       AMI_PAGE_SIZE;
}

void unpacker_free(struct unpacker *u)
{
	if (u->zlib)
		inflateEnd(u->zlib);
	free(u->zlib);
	ZSTD_freeDCtx(u->zstd);
	free(u->packed);
	memset(u, 0, sizeof(*u));
}

static bool unpack_lzo(const uint8_t *from, size_t size, uint8_t *page)
{
	lzo_uint len = AMI_PAGE_SIZE;

	return lzo1x_decompress_safe(from, size, page, &len, NULL) ==
	       LZO_E_OK && len == AMI_PAGE_SIZE;
}

#ifdef WITHOUT_SNAPPY
/*
 * snappy is written in C++: its run-time library is too large for an initramfs.
 */
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

bool unpack_page(struct unpacker *u, uint32_t flags, const uint8_t *from,
		 size_t size, uint8_t *page)
{
	switch (flags) {
	case 0:
		if (size != AMI_PAGE_SIZE)
			return false;
		memcpy(page, from, AMI_PAGE_SIZE);
		return true;
	case KDUMP_COMPRESSED_ZLIB:
		return unpack_zlib(u, from, size, page);
	case KDUMP_COMPRESSED_LZO:
		return unpack_lzo(from, size, page);
	case KDUMP_COMPRESSED_SNAPPY:
		return unpack_snappy(from, size, page);
	case KDUMP_COMPRESSED_ZSTD:
		return unpack_zstd(u, from, size, page);
	}
	return false;
}

enum ami_mem kdump_page_read(int fd, struct kdump_facts *facts,
			     struct unpacker *u, uint64_t pfn, uint8_t *page)
{
	struct kdump_page_desc desc;
	uint8_t packed[MAX_PACKED];
	enum ami_mem mem = kdump_page_find(fd, facts, pfn, &desc);

	if (mem != AMI_MEM_OK)
		return mem;
	if (desc.size > sizeof(packed) ||
	    !ami_file_read_at(fd, packed, desc.size, desc.offset) ||
	    !unpack_page(u, desc.flags, packed, desc.size, page))
		return AMI_MEM_ERROR;
	return AMI_MEM_OK;
}

/* How many of @n pages are contiguous, and their size in bytes. */
static size_t together(const struct kdump_page_desc *desc, size_t n,
		       size_t *bytes)
{
	size_t i;

	*bytes = 0;
	for (i = 0; i < n && desc[i].size <= MAX_PACKED &&
	     *bytes + desc[i].size <= RUN_BYTES &&
	     desc[i].offset == desc[0].offset + *bytes; i++)
		*bytes += desc[i].size;
	return i;
}

size_t kdump_run_read(int fd, struct kdump_facts *facts, struct unpacker *u,
		      uint64_t pfn, uint8_t *const *page, size_t count)
{
	struct kdump_page_desc desc[AMI_PREFETCH];
	size_t n, done = 0, some, bytes;
	const uint8_t *from;

	if (!u->packed)
		u->packed = malloc(RUN_BYTES);
	if (!u->packed || count > AMI_PREFETCH)
		return 0;
	n = kdump_run_find(fd, facts, pfn, count, desc);
	while (done < n) {
		some = together(desc + done, n - done, &bytes);
		from = u->packed;
		if (!some || !ami_file_read_at(fd, u->packed, bytes,
					   desc[done].offset))
			break;
		for (; some; some--, done++) {
			if (!unpack_page(u, desc[done].flags, from,
					 desc[done].size, page[done]))
				return done;
			from += desc[done].size;
		}
	}
	return done;
}
