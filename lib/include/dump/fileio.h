/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole reads and writes at an offset of a file. Private to lib/dump. */
#ifndef AMI_DUMP_FILEIO_H
#define AMI_DUMP_FILEIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** file_read_at() - false unless all @len bytes at @offset were read */
bool file_read_at(int fd, void *buf, size_t len, uint64_t offset);

/** file_read_pages() - how many of @count pages at @offset were read whole */
size_t file_read_pages(int fd, uint8_t *const *page, size_t count,
		       uint64_t offset);

/** file_write_at() - false, with errno set, unless all bytes were written */
bool file_write_at(int fd, const void *buf, size_t len, uint64_t offset);

/**
 * file_write_synced() - like file_write_at(), and on disk on return
 *
 * Syncs also the metadata that finds these bytes again (file size, extents).
 * Does not wait for other bytes of the file: gigabytes of a dump may still
 * be on their way to the disk.
 */
bool file_write_synced(int fd, const void *buf, size_t len, uint64_t offset);

/** file_size() - bytes of a regular file or block device; 0: unknown */
uint64_t file_size(int fd);

/**
 * file_pages() - page frames that the file can hold, by its size on disk
 *
 * Holes are zeros that cost nothing. A healthy dump has some, but does not
 * consist of them.
 */
uint64_t file_pages(int fd);

#endif
