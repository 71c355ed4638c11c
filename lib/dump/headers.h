/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the headers of a dump file say, for hosts that read memory their own way
 * (crash, makedumpfile). So all hosts agree on what is RAM and what is missing.
 * Private to lib/dump and hosts.
 */
#ifndef AMI_HEADERS_H
#define AMI_HEADERS_H

#include "elfhdr.h"
#include <dump/kdumphdr.h>

/**
 * struct dump_headers - of an ELF or kdump-compressed file
 * @elf, @kdump: only one of them is used
 * @info: without path; its strings and ranges belong to this structure
 * @vmcoreinfo: text from the notes; NULL: none
 */
struct dump_headers {
	bool is_elf;
	struct elf_facts elf;
	struct kdump_facts kdump;
	struct ramlist kdump_ram;
	char *vmcoreinfo;
	struct ami_dump_info info;
};

/**
 * dump_headers_read() - read and check them; keeps the file position of @fd
 *
 * Returns -1 with @err filled. @h needs dump_headers_free() in any case.
 */
int dump_headers_read(int fd, const char *path, struct dump_headers *h,
		      struct ami_error *err);
void dump_headers_free(struct dump_headers *h);

/** dump_headers_ram() - is this page frame RAM? */
bool dump_headers_ram(const struct dump_headers *h, uint64_t pfn);

/** dump_headers_valid() - granules of a page that the file holds */
uint64_t dump_headers_valid(const struct dump_headers *h, uint64_t pfn);

/** vmcoreinfo_in() - malloc'ed copy of VMCOREINFO in notes, or NULL. */
char *vmcoreinfo_in(const void *notes, size_t size);

#endif
