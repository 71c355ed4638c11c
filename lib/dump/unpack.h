/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpacks page data of kdump files. Private to lib/dump. */
#ifndef AMI_UNPACK_H
#define AMI_UNPACK_H

#include <dump/kdumphdr.h>

/**
 * struct unpacker - state kept from page to page, as it costs more to create
 * than a page to unpack
 *
 * Starts as zeros. NULL may be given instead where speed does not matter.
 */
struct unpacker {
	void *zlib, *zstd;
	uint8_t *packed;
};

void unpacker_free(struct unpacker *u);

/**
 * unpack_page() - one page from @size bytes at @from
 * @flags: KDUMP_COMPRESSED_* of its descriptor; 0: stored
 *
 * False if the bytes do not make exactly a page.
 */
bool unpack_page(struct unpacker *u, uint32_t flags, const uint8_t *from,
		 size_t size, uint8_t *page);

/** kdump_page_read() - the page itself; otherwise like kdump_page_find() */
enum ami_mem kdump_page_read(int fd, struct kdump_facts *facts,
			     struct unpacker *u, uint64_t pfn, uint8_t *page);

/**
 * kdump_run_read() - read page frames from @pfn on into @count pages
 *
 * Returns how many precede the first that cannot be read.
 */
size_t kdump_run_read(int fd, struct kdump_facts *facts, struct unpacker *u,
		      uint64_t pfn, uint8_t *const *page, size_t count);

#endif
