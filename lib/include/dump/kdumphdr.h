/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The headers of a kdump-compressed file on x86-64, as makedumpfile writes
 * them (its diskdump_mod.h). Private to lib/dump.
 *
 *	block 0            struct kdump_header, rest of the block unused
 *	block 1 ..         struct kdump_sub_header, then the ELF notes
 *	+ sub_hdr_size     bitmap of RAM pages, bitmap of dumped pages
 *	+ bitmap_blocks    struct kdump_page_desc per dumped page
 *	then               page data
 */
#ifndef AMI_KDUMPHDR_H
#define AMI_KDUMPHDR_H

#include <dump/ramlist.h>

#define KDUMP_BLOCK		4096u	/* block size on x86-64 */
#define KDUMP_SIGNATURE		"KDUMP   "
#define KDUMP_COMPRESSED_ZLIB	0x01
#define KDUMP_COMPRESSED_LZO	0x02
#define KDUMP_COMPRESSED_SNAPPY	0x04
#define KDUMP_INCOMPLETE	0x08
#define KDUMP_COMPRESSED_ZSTD	0x20

struct kdump_header {
	char signature[8];
	int32_t header_version;
	char utsname[6][65];
	char pad[6];
	int64_t timestamp[2];
	uint32_t status;
	int32_t block_size;
	int32_t sub_hdr_size;		/* in blocks */
	uint32_t bitmap_blocks;
	uint32_t max_mapnr;		/* 0xffffffff: see the sub-header */
	uint32_t total_ram_blocks;
	uint32_t device_blocks;
	uint32_t written_blocks;
	uint32_t current_cpu;
	int32_t nr_cpus;
};

struct kdump_sub_header {
	uint64_t phys_base;
	int32_t dump_level;		/* from header version 1 on */
	int32_t split;			/* 2 */
	uint64_t start_pfn;
	uint64_t end_pfn;
	uint64_t offset_vmcoreinfo;	/* 3 */
	uint64_t size_vmcoreinfo;
	uint64_t offset_note;		/* 4 */
	uint64_t size_note;
	uint64_t offset_eraseinfo;	/* 5 */
	uint64_t size_eraseinfo;
	uint64_t start_pfn_64;		/* 6 */
	uint64_t end_pfn_64;
	uint64_t max_mapnr_64;
};

struct kdump_page_desc {
	uint64_t offset;
	uint32_t size;
	uint32_t flags;			/* KDUMP_COMPRESSED_*, 0: stored */
	uint64_t page_flags;
};

_Static_assert(sizeof(struct kdump_header) == 464, "kdump header layout");
_Static_assert(sizeof(struct kdump_sub_header) == 104, "sub-header layout");
_Static_assert(sizeof(struct kdump_page_desc) == 24, "descriptor layout");

/*
 * Bounds on what a damaged header may claim, as notes and bitmaps are held in
 * memory. 64 TiB of addresses are far beyond any AMD machine.
 */
#define KDUMP_MAX_NOTES		(64u << 20)
#define KDUMP_MAX_PFN		(UINT64_C(1) << 34)

/*
 * Which granules of an extract's pages are real: an ELF note with an array of
 * struct ami_granules, one for each page that is not whole.
 */
#define EXTRACT_NOTE_NAME	"AMDIOMMU"
#define EXTRACT_NOTE_TYPE	0x414d4901u

/*
 * What was found wrong in pages that are not in the extract: an ELF note of the
 * same name with an array of struct ami_content, ascending.
 */
#define CONTENT_NOTE_TYPE	0x414d4902u

#define KDUMP_CACHED	8u

/** struct kdump_bits - a block of the second bitmap that was read */
struct kdump_bits {
	uint64_t block;
	uint64_t words[KDUMP_BLOCK / 8];
};

/**
 * struct kdump_facts - what the headers of one file say
 *
 * Our own reader: libkdumpfile 0.5.1 returns zeros for stored pages past the
 * end of a truncated file, or ends in SIGBUS there, and damaged notes make
 * it crash.
 *
 * @max_pfn, @first_pfn, @end_pfn: of the machine; of this part of a split dump
 * @notes: malloc'ed copy of the note segment; NULL: none
 * @truncated: page descriptors or page data lie beyond the end of the file
 * @pages: number of pages in the file, by the second bitmap
 * @rank: for each block of the second bitmap, the number of page descriptors
 * 	before it
 */
struct kdump_facts {
	struct kdump_header header;
	struct kdump_sub_header sub;
	uint64_t size;		/* of the file */
	uint64_t bitmap;	/* offset of the first bitmap */
	uint64_t bitmap_size;	/* bytes of one */
	uint64_t max_pfn;
	uint64_t first_pfn;
	uint64_t end_pfn;
	void *notes;
	size_t notes_size;
	bool truncated;
	uint64_t pages;
	uint64_t *rank;
	struct kdump_bits cached[KDUMP_CACHED];
};

/** kdump_is() - does this file start like a kdump-compressed file? */
bool kdump_is(int fd);

/**
 * kdump_facts_read() - read and check the headers
 *
 * Returns -1 with @err filled if they are impossible or incomplete.
 * @facts needs kdump_facts_free() in any case.
 */
int kdump_facts_read(int fd, const char *path, struct kdump_facts *facts,
		     struct ami_error *err);
void kdump_facts_free(struct kdump_facts *facts);

/** kdump_index() - fill in @rank and @truncated; part of kdump_facts_read(). */
int kdump_index(int fd, struct kdump_facts *facts);

/** kdump_ram() - read the first bitmap; -1: unreadable or no memory */
int kdump_ram(int fd, const struct kdump_facts *facts, struct ramlist *ram);

/**
 * kdump_page_find() - descriptor of a page
 *
 * FILTERED: this file does not hold the page. ERROR: it should, but the
 * descriptor or the data lies beyond the end of the file.
 */
enum ami_mem kdump_page_find(int fd, struct kdump_facts *facts, uint64_t pfn,
			     struct kdump_page_desc *desc);

/**
 * kdump_run_find() - descriptors of page frames from @pfn on
 *
 * Returns how many of @count precede the first that is missing.
 */
size_t kdump_run_find(int fd, struct kdump_facts *facts, uint64_t pfn,
		      size_t count, struct kdump_page_desc *desc);

/**
 * kdump_note_find() - descriptor of the first note with this name and type
 *
 * Returns NULL if there is none. All bounds are checked.
 */
const void *kdump_note_find(const void *notes, size_t size, const char *name,
			    uint32_t type, size_t *desc_size);

/** kdump_compression() - name of the compression that @status declares. */
const char *kdump_compression(uint32_t status);

#endif
