// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <dump/dump.h>

#include "filepages.h"

#define DISK_BLOCK	512u	/* unit of st_blocks on every disk */
#define PACKED_AT_MOST	64u	/* bytes for each one on disk: holes */

bool ami_file_read_at(int fd, void *buf, size_t len, uint64_t offset)
{
	uint8_t *p = buf;

	if (offset > INT64_MAX || len > INT64_MAX - offset)
		return false;
	while (len) {
		ssize_t n = pread(fd, p, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		offset += n;
		len -= n;
	}
	return true;
}

size_t file_read_pages(int fd, uint8_t *const *page, size_t count,
		       uint64_t offset)
{
	struct iovec to[AMI_PREFETCH];
	ssize_t n;
	size_t i;

	if (count > AMI_PREFETCH || offset > INT64_MAX)
		return 0;
	for (i = 0; i < count; i++)
		to[i] = (struct iovec){ page[i], AMI_PAGE_SIZE };
	do
		n = preadv(fd, to, count, offset);
	while (n < 0 && errno == EINTR);
	return n > 0 ? n / AMI_PAGE_SIZE : 0;
}

static ssize_t write_some(int fd, const void *buf, size_t len, uint64_t offset,
			  int flags)
{
	struct iovec piece = { .iov_base = (void *)buf, .iov_len = len };

	return flags ? pwritev2(fd, &piece, 1, offset, flags) :
		       pwrite(fd, buf, len, offset);
}

static bool write_all(int fd, const void *buf, size_t len, uint64_t offset,
		      int flags)
{
	const uint8_t *p = buf;

	if (offset > INT64_MAX || len > INT64_MAX - offset) {
		errno = EFBIG;
		return false;
	}
	while (len) {
		ssize_t n = write_some(fd, p, len, offset, flags);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ENOSPC;
		if (n <= 0)
			return false;
		p += n;
		offset += n;
		len -= n;
	}
	return true;
}

bool ami_file_write_at(int fd, const void *buf, size_t len, uint64_t offset)
{
	return write_all(fd, buf, len, offset, 0);
}

bool ami_file_write_synced(int fd, const void *buf, size_t len, uint64_t offset)
{
	if (write_all(fd, buf, len, offset, RWF_DSYNC))
		return true;
	/* Some file systems do not support flags. */
	return (errno == EOPNOTSUPP || errno == ENOSYS) &&
	       write_all(fd, buf, len, offset, 0) && !fdatasync(fd);
}

uint64_t ami_file_size(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);

	return end > 0 ? (uint64_t)end : 0;
}

uint64_t file_pages(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return 0;
	/* Devices, /proc and some network file systems report 0. */
	if (!st.st_blocks)
		return ami_file_size(fd) >> AMI_PAGE_SHIFT;
	return (uint64_t)st.st_blocks * DISK_BLOCK * PACKED_AT_MOST >>
	       AMI_PAGE_SHIFT;
}
