/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page data of kdump files unpacked. Private to lib/dump. */
#ifndef AMI_UNPACK_H
#define AMI_UNPACK_H

#include "kdumphdr.h"

/**
 * unpack_page() - one page from @size bytes at @from
 * @flags: KDUMP_COMPRESSED_* of its descriptor, 0: stored
 *
 * False when the bytes do not give exactly a page.
 */
bool unpack_page(uint32_t flags, const uint8_t *from, size_t size,
		 uint8_t *page);

/** kdump_page_read() - the page itself; otherwise as kdump_page_find(). */
enum ami_mem kdump_page_read(int fd, struct kdump_facts *facts, uint64_t pfn,
			     uint8_t *page);

#endif
