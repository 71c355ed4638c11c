/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dump: opened from files, or read through a host's operations. */
#ifndef AMDIOMMU_DUMP_H
#define AMDIOMMU_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amdiommu/error.h>

#define AMI_PAGE_SHIFT	12
#define AMI_PAGE_SIZE	4096u

/**
 * enum ami_mem - result of an attempt to read the dead machine's memory
 *
 * These stay apart all the way up to the report. A page that is missing from
 * the dump is not a page of zeros, and neither is one that never existed.
 */
enum ami_mem {
	AMI_MEM_OK,		/* the bytes are what the machine held */
	AMI_MEM_FILTERED,	/* RAM of the machine that the dump left out */
	AMI_MEM_ABSENT,		/* no RAM at this physical address */
	AMI_MEM_ERROR,		/* the dump has the page, but it is unreadable */
	AMI_MEM_UNMAPPED,	/* virtual address without a translation */
	AMI_MEM_NO_FIELD,	/* this kernel has no such structure member */
	AMI_MEM_DAMAGED,	/* what leads there contradicts itself */
	AMI_MEM_NO_PLACE,	/* the offset of the member is not known */
	AMI_MEM_LEFT_OUT,	/* the work limit was reached before this */
};

#define AMI_GRANULE	64u

/** struct ami_range - @count page frames from @first on. */
struct ami_range {
	uint64_t first;
	uint64_t count;
};

/**
 * struct ami_dump_info - what a dump says about itself
 *
 * Strings belong to the dump and live as long as it does.
 *
 * @ram: RAM of the machine, ascending: what the file lists, and what its kernel
 *	is known to have had besides (ami_dump_add_ram())
 * @listed: what the file lists
 */
struct ami_dump_info {
	const char *path;
	const char *format;	/* "elf", "kdump", "extract", "crash", ... */
	const char *compression;	/* "zlib", ..., "" when none or unknown */
	bool flattened;		/* the file was a makedumpfile -F stream */
	bool incomplete;	/* makedumpfile's own incomplete flag */
	bool truncated;		/* the file ends before its headers say */
	int dump_level;		/* makedumpfile -d, or -1 when unknown */
	uint64_t max_pfn;	/* one past the last page frame */
	const struct ami_range *ram;
	size_t nr_ram;
	bool ram_merged;	/* too many runs: RAM has what is between the last ones */
	const struct ami_range *listed;
	size_t nr_listed;
	uint64_t present;	/* pages in the file, 0: not known */
	const void *notes;	/* ELF notes, NULL: none, or not known */
	size_t notes_size;
	const struct ami_content *content;	/* of an extract, ascending */
	size_t nr_contents;
};

/**
 * struct ami_dump_ops - what a host supplies to let memory be read
 * @read_page: copy page frame @pfn into @page. Returns OK, FILTERED, ABSENT
 *	or ERROR. Unless it returns OK, the content of @page is undefined.
 * @read_run: optional; copy page frames from @first on into the @count pages
 *	at @page, in one go. Returns the number of whole pages that it copied,
 *	from the first on. @read_page then says why it stopped.
 * @valid: optional; which 64-byte granules of a readable page are real (an
 *	extract blanks those that were never looked at): bit n for byte n * 64.
 * @vmcoreinfo: VMCOREINFO text, NUL terminated, or NULL. Owned by @ctx.
 * @interrupted: optional; true once the user asked to stop.
 * @close: release @ctx.
 */
struct ami_dump_ops {
	enum ami_mem (*read_page)(void *ctx, uint64_t pfn, uint8_t *page);
	size_t (*read_run)(void *ctx, uint64_t first, uint8_t *const *page,
			   size_t count);
	uint64_t (*valid)(void *ctx, uint64_t pfn);
	const char *(*vmcoreinfo)(void *ctx);
	bool (*interrupted)(void *ctx);
	void (*close)(void *ctx);
};

struct ami_dump;

/**
 * ami_dump_new() - make a dump that is read through a host's operations
 *
 * Takes over @ctx: it is closed with the dump, or at once if this fails.
 * @info is copied (not the strings). Returns NULL when out of memory.
 */
struct ami_dump *ami_dump_new(const struct ami_dump_ops *ops, void *ctx,
			      const struct ami_dump_info *info);

/**
 * ami_dump_open() - open an ELF or kdump-compressed file, flattened or not
 *
 * A split dump needs all its parts. Returns NULL with @err filled on failure.
 */
struct ami_dump *ami_dump_open(const char *const *paths, size_t nr_paths,
			       struct ami_error *err)
	AMI_MUST_CHECK;

/** ami_dump_close() - close the dump and its host's context; NULL is allowed */
void ami_dump_close(struct ami_dump *dump);

/** ami_dump_info() - what the dump says about itself; valid until the close */
const struct ami_dump_info *ami_dump_info(const struct ami_dump *dump);

/**
 * ami_dump_set_vmcoreinfo() - give the dump a VMCOREINFO, instead of its own
 * @from: where it comes from, in words: "in memory, at 0x..."
 *
 * Both are copied. Returns -1 when out of memory.
 */
int ami_dump_set_vmcoreinfo(struct ami_dump *dump, const char *text,
			    const char *from);

/** ami_dump_copy() - from now on each page of a finished list is read once */
void ami_dump_copy(struct ami_dump *dump);

/**
 * ami_dump_doing() - begin a phase of the run
 * @what: what the dump is read for, for the user to see; not copied
 */
void ami_dump_doing(struct ami_dump *dump, const char *what);

/**
 * ami_dump_watch() - have @watcher called often while the dump is analysed
 * @watcher: called with the present phase and the page frames read so far
 */
void ami_dump_watch(struct ami_dump *dump,
		    void (*watcher)(void *ctx, const char *doing, uint64_t pages),
		    void *ctx);

/**
 * ami_dump_read() - read physical memory
 *
 * Reads all @len bytes or nothing: the first page that cannot be read decides
 * the result. @paddr and @len are not trusted.
 */
enum ami_mem ami_dump_read(struct ami_dump *dump, uint64_t paddr, void *buf,
			   size_t len);

#define AMI_DUMP_PARTS	64	/* of a split dump, at most */

/** ami_dump_is_part() - is this file a part of a split dump? */
bool ami_dump_is_part(const char *path);

struct ami_newfile_rules;

/**
 * ami_extract_write() - write what was recorded as a small kdump file
 * @rules: may a file at @path be replaced?
 *
 * Bytes outside the recorded granules are blanked and read as FILTERED from the
 * extract. Recorded pages that are missing from the dump are missing here, too.
 * The bitmap of RAM, VMCOREINFO and the dump level are those of the machine.
 * Extracting an extract the same way gives the same bytes. Returns -1 with @err
 * filled on failure.
 */
int ami_extract_write(struct ami_dump *dump, const char *path,
		      const struct ami_newfile_rules *rules,
		      struct ami_error *err)
	AMI_MUST_CHECK;

#endif
