/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole reads and writes at an offset of a file. */
#ifndef AMDIOMMU_FILEIO_H
#define AMDIOMMU_FILEIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** ami_file_read_at() - false unless all @len bytes at @offset were read */
bool ami_file_read_at(int fd, void *buf, size_t len, uint64_t offset);

/** ami_file_write_at() - false, with errno set, unless all bytes were written */
bool ami_file_write_at(int fd, const void *buf, size_t len, uint64_t offset);

/**
 * ami_file_write_synced() - like ami_file_write_at(), and on disk on return
 *
 * Syncs also the metadata that finds these bytes again (file size, extents).
 * Does not wait for other bytes of the file: gigabytes of a dump may still
 * be on their way to the disk.
 */
bool ami_file_write_synced(int fd, const void *buf, size_t len, uint64_t offset);

/** ami_file_size() - bytes of a regular file or block device; 0: unknown */
uint64_t ami_file_size(int fd);

#endif
