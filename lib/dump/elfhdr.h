/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF vmcores of x86-64: /proc/vmcore, makedumpfile -E, QEMU's
 * dump-guest-memory. Private to lib/dump.
 */
#ifndef AMI_ELFHDR_H
#define AMI_ELFHDR_H

#include <dump/ramlist.h>

/* Bytes of RAM that the file holds. */
struct elf_piece {
	uint64_t paddr;
	uint64_t size;
	uint64_t offset;
};

/**
 * struct elf_facts - one ELF vmcore
 * @piece: ascending, without overlaps
 * @ram: where p_memsz declares RAM, in the file or not
 * @notes: malloc'ed copy of the PT_NOTE segment with VMCOREINFO, or else of
 * 	the last one; NULL: no such segment
 * @notes_read: bytes of all PT_NOTE segments read so far
 * @truncated: program headers reach beyond the end of the file
 */
struct elf_facts {
	struct elf_piece *piece;
	size_t nr_pieces;
	struct ramlist ram;
	void *notes;
	size_t notes_size;
	uint64_t notes_read;
	uint64_t size;
	bool truncated;
};

/** elf_is() - does this file start like an ELF file? */
bool elf_is(int fd);

/**
 * elf_facts_read() - read and check the headers
 *
 * Returns -1 with @err filled. @elf needs elf_facts_free() in any case. A
 * file without RAM is not an error here.
 */
int elf_facts_read(int fd, const char *path, struct elf_facts *elf,
		   struct ami_error *err);
void elf_facts_free(struct elf_facts *elf);

/**
 * elf_valid() - granules of a page that the file holds whole
 *
 * Segments need not start or end at page boundaries.
 */
uint64_t elf_valid(const struct elf_facts *elf, uint64_t pfn);

/** elf_read_page() - missing bytes become zeros; see elf_valid() */
enum ami_mem elf_read_page(const struct elf_facts *elf, int fd, uint64_t pfn,
			   uint8_t *page);

/**
 * elf_run() - how many of @count page frames from @pfn on are whole and
 * contiguous in the file, from @offset on
 */
size_t elf_run(const struct elf_facts *elf, uint64_t pfn, size_t count,
	       uint64_t *offset);

#endif
