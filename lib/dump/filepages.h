/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages in a file. Private to lib/dump. */
#ifndef AMI_DUMP_FILEPAGES_H
#define AMI_DUMP_FILEPAGES_H

#include <amdiommu/fileio.h>

/** file_read_pages() - how many of @count pages at @offset were read whole */
size_t file_read_pages(int fd, uint8_t *const *page, size_t count,
		       uint64_t offset);

/**
 * file_pages() - page frames that the file can hold for what it takes on disk
 *
 * Holes are zeros that cost nothing; a healthy dump has some, but not only.
 */
uint64_t file_pages(int fd);

#endif
