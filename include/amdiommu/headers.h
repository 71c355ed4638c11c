/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a dump file's headers say, for hosts that read memory their own way
 * (crash, makedumpfile): so all agree on what is RAM and what is not in the
 * dump.
 */
#ifndef AMDIOMMU_HEADERS_H
#define AMDIOMMU_HEADERS_H

#include <amdiommu/dump.h>

struct ami_headers;

/**
 * ami_headers_read() - read and check those of an ELF or kdump-compressed file
 * @fd: of the file; its position stays
 * @path: for messages
 *
 * Returns NULL with @err filled on failure.
 */
struct ami_headers *ami_headers_read(int fd, const char *path,
				     struct ami_error *err)
	AMI_MUST_CHECK;

/** ami_headers_free() - free @h, which may be NULL */
void ami_headers_free(struct ami_headers *h);

/** ami_headers_info() - without path; strings and ranges belong to @h */
const struct ami_dump_info *ami_headers_info(const struct ami_headers *h);

/** ami_headers_vmcoreinfo() - text from the notes; NULL: no such note */
const char *ami_headers_vmcoreinfo(const struct ami_headers *h);

/** ami_headers_extract() - are they those of an extract? */
bool ami_headers_extract(const struct ami_headers *h);

/** ami_headers_ram() - is this page frame RAM? */
bool ami_headers_ram(const struct ami_headers *h, uint64_t pfn);

/** ami_headers_valid() - granules of a page that the file holds; see AMI_GRANULE */
uint64_t ami_headers_valid(const struct ami_headers *h, uint64_t pfn);

/**
 * ami_headers_page() - does the file @fd hold this page?
 *
 * OK, FILTERED, or ERROR where the file ends before.
 */
enum ami_mem ami_headers_page(struct ami_headers *h, int fd, uint64_t pfn);

/**
 * ami_headers_in_order() - collect the headers of a flattened dump
 * @read: reads @len bytes at @at of the dump as it would be in order
 *
 * For hosts that read a flattened stream as it is. Returns a file descriptor of
 * a nameless file for ami_headers_read(), which has the headers and is
 * otherwise one hole; -1 if they cannot be read.
 */
int ami_headers_in_order(bool (*read)(void *ctx, uint64_t at, void *buf,
				      size_t len), void *ctx);

/** ami_vmcoreinfo_in() - malloc'ed copy of VMCOREINFO in notes, or NULL */
char *ami_vmcoreinfo_in(const void *notes, size_t size);

#endif
