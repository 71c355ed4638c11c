/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a kdump-compressed file (see kdumphdr.h). Private to lib/dump. */
#ifndef AMI_KDUMPWRITE_H
#define AMI_KDUMPWRITE_H

#include <dump/dump.h>

/**
 * struct kdump_image - what goes into the file
 * @ram, @nr_ram: RAM of the machine, ascending, for the first bitmap
 * @page, @nr_pages: the pages to write, ascending, with the granules that
 * 	are real; all other bytes of a page must be zeros
 * @content, @nr_contents: what checks of other pages found
 * @max_pfn: one past the last page frame of both
 * @read: copy page number @index of @page; 0, or -1 to give up
 */
struct kdump_image {
	const struct ami_range *ram;
	size_t nr_ram;
	const struct ami_granules *page;
	size_t nr_pages;
	const struct ami_content *content;
	size_t nr_contents;
	uint64_t max_pfn;
	const char *vmcoreinfo;
	const char *release;
	int64_t crash_time;	/* seconds since 1970; 0: unknown */
	uint64_t phys_base;
	int dump_level;
	bool incomplete;
	int (*read)(void *ctx, size_t index, uint8_t *page);
	void *ctx;
};

enum kdump_written {
	KDUMP_WRITTEN,
	KDUMP_WRITE_FAILED,	/* errno says why */
	KDUMP_WRITE_TOO_BIG,	/* more than the format can say */
	KDUMP_WRITE_STOPPED,	/* @read gave up */
};

/** kdump_write() - write the whole file to the empty file @fd */
enum kdump_written kdump_write(int fd, const struct kdump_image *image);

#endif
