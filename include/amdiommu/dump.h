/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_DUMP_H
#define AMDIOMMU_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amdiommu/budget.h>
#include <amdiommu/error.h>

#define AMI_PAGE_SHIFT	12
#define AMI_PAGE_SIZE	4096u

/**
 * enum ami_mem - what became of an attempt to read the dead machine's memory
 *
 * These stay apart all the way up to the report: a page that the dump lacks
 * is not a page of zeros, and neither is one that never existed.
 */
enum ami_mem {
	AMI_MEM_OK,		/* the bytes are what the machine held */
	AMI_MEM_FILTERED,	/* RAM of the machine that the dump left out */
	AMI_MEM_ABSENT,		/* no RAM at this physical address */
	AMI_MEM_ERROR,		/* the dump has the page, but it is unreadable */
	AMI_MEM_UNMAPPED,	/* virtual address without a translation */
	AMI_MEM_NO_FIELD,	/* this kernel has no such structure member */
	AMI_MEM_DAMAGED,	/* what leads there contradicts itself */
	AMI_MEM_NO_PLACE,	/* where the member lies is not known */
	AMI_MEM_LEFT_OUT,	/* the work limit was reached before */
};

/** ami_mem_wild() - does the address lead nowhere? Then the pointer is damaged. */
static inline bool ami_mem_wild(enum ami_mem mem)
{
	return mem == AMI_MEM_ABSENT || mem == AMI_MEM_UNMAPPED ||
	       mem == AMI_MEM_DAMAGED;
}

/** ami_mem_text() - the outcome in words, for sentences ("not in the dump"). */
const char *ami_mem_text(enum ami_mem mem);

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
 *	or ERROR; on anything but OK the content of @page is undefined.
 * @read_run: optional; copy page frames from @first on into the @count pages
 *	at @page, in one go. Returns how many were, from the first on, all of
 *	them whole; what stops it is found by @read_page.
 * @valid: optional; which 64-byte granules of a page that can be read are
 *	real (an extract blanks what was never looked at), bit n for n * 64.
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
 * ami_dump_new() - a dump read through a host's operations
 *
 * Takes over @ctx: it is closed with the dump, and at once when this fails.
 * @info is copied (not the strings). Returns NULL when out of memory.
 */
struct ami_dump *ami_dump_new(const struct ami_dump_ops *ops, void *ctx,
			      const struct ami_dump_info *info);

/**
 * ami_dump_open() - open an ELF or kdump-compressed file, flattened or not
 *
 * Split dumps: give all parts.
 */
struct ami_dump *ami_dump_open(const char *const *paths, size_t nr_paths,
			       struct ami_error *err);

void ami_dump_close(struct ami_dump *dump);

const struct ami_dump_info *ami_dump_info(const struct ami_dump *dump);

/** ami_dump_vmcoreinfo() - the whole text, or NULL when the dump has none. */
const char *ami_dump_vmcoreinfo(const struct ami_dump *dump);

/**
 * ami_dump_set_vmcoreinfo() - give one that the dump has not, or that is right
 * @from: where it comes from, in words: "in memory, at 0x..."
 *
 * Both are copied. Returns -1: no memory.
 */
int ami_dump_set_vmcoreinfo(struct ami_dump *dump, const char *text,
			    const char *from);

/** ami_dump_vmcoreinfo_from() - @from of that; NULL: it is the dump's note. */
const char *ami_dump_vmcoreinfo_from(const struct ami_dump *dump);

/** vmcoreinfo_get_in(), vmcoreinfo_number_in() - the same of a text */
bool vmcoreinfo_get_in(const char *text, const char *key, char *value,
		       size_t size);
bool vmcoreinfo_number_in(const char *text, const char *key, int base,
			  uint64_t *value);

/**
 * ami_vmcoreinfo_get() - value of one VMCOREINFO line
 * @key: as written before the '=', such as "SYMBOL(_stext)"
 *
 * Copies the value without newline. Returns false when the key is missing or
 * the value does not fit.
 */
bool ami_vmcoreinfo_get(const struct ami_dump *dump, const char *key,
			char *value, size_t size);

/** ami_vmcoreinfo_number() - the same as a number in the given @base. */
bool ami_vmcoreinfo_number(const struct ami_dump *dump, const char *key,
			   int base, uint64_t *value);

/** ami_dump_interrupted() - did the user ask to stop? Cheap. */
bool ami_dump_interrupted(const struct ami_dump *dump);

/** ami_dump_budget() - work that was and may be done; readers spend from it */
struct ami_budget *ami_dump_budget(struct ami_dump *dump);

/** ami_dump_run() - work begins anew: an analysis, a command */
void ami_dump_run(struct ami_dump *dump);

/** ami_dump_copy() - what follows reads each page of a finished list once */
void ami_dump_copy(struct ami_dump *dump);

/**
 * ami_dump_stopped() - interrupted, or out of work: a loop ends here
 *
 * Once its part of the work is used up, a phase reads nothing any more: each
 * read gives LEFT_OUT.
 */
bool ami_dump_stopped(const struct ami_dump *dump);

/**
 * ami_dump_doing() - what the dump is read for from now on: a phase of the run
 * @what: for the user to see; not copied
 */
void ami_dump_doing(struct ami_dump *dump, const char *what);

/**
 * ami_dump_watch() - be called often while the dump is worked on
 * @tell: what it is read for, and how many page frames were read so far
 */
void ami_dump_watch(struct ami_dump *dump,
		    void (*tell)(void *ctx, const char *doing, uint64_t pages),
		    void *ctx);

/**
 * ami_dump_read() - read physical memory
 *
 * All @len bytes or nothing: the first page that can't be read decides the
 * result. @paddr and @len are not trusted.
 */
enum ami_mem ami_dump_read(struct ami_dump *dump, uint64_t paddr, void *buf,
			   size_t len);

/** ami_dump_left_out() - did ami_dump_read() ask for what a filter dropped? */
bool ami_dump_left_out(const struct ami_dump *dump);

/**
 * ami_dump_page() - borrow a whole page frame
 *
 * Returns NULL and sets @mem when the page can't be had. The page must be
 * given back with ami_dump_unpage(); at most 32 may be out at a time.
 */
const uint8_t *ami_dump_page(struct ami_dump *dump, uint64_t pfn,
			     enum ami_mem *mem);
void ami_dump_unpage(struct ami_dump *dump, const uint8_t *page);

#define AMI_PREFETCH	64u

/**
 * ami_dump_prefetch() - page frames that will be asked for next, at once
 * @pfn: @count of them, at most AMI_PREFETCH, in any order; they get sorted
 *
 * Neighbours in the dump come with one read. What cannot be had is no error.
 */
void ami_dump_prefetch(struct ami_dump *dump, uint64_t *pfn, size_t count);

struct ami_pfnset;

/**
 * ami_dump_add_ram() - page frames that are RAM, though the file lists them not
 *
 * From now on they count as left out (FILTERED), not as absent. Returns -1:
 * no memory.
 */
int ami_dump_add_ram(struct ami_dump *dump, const struct ami_pfnset *more);

/** ami_dump_ram() - is this page frame RAM of the dumped machine? */
bool ami_dump_ram(const struct ami_dump *dump, uint64_t pfn);

/** ami_dump_ram_pages() - page frames of RAM in the dumped machine. */
uint64_t ami_dump_ram_pages(const struct ami_dump *dump);

/** ami_dump_cut() - why the file is not whole, in words; NULL: it is. */
const char *ami_dump_cut(const struct ami_dump *dump);

/** ami_dump_cut_reads() - how many reads met what a cut file lost. */
uint64_t ami_dump_cut_reads(const struct ami_dump *dump);

/** ami_dump_pages_read() - how many page frames were taken from the dump. */
uint64_t ami_dump_pages_read(const struct ami_dump *dump);

/**
 * ami_dump_prefer() - pages to be had from elsewhere
 * @page: called for each page frame that is read, after the dump was: @mem is
 *	what it said; OK: @page has its content. True: @page is filled in.
 */
void ami_dump_prefer(struct ami_dump *dump,
		     bool (*page)(void *ctx, uint64_t pfn, enum ami_mem mem,
				  uint8_t *page),
		     void *ctx);

struct ami_newfile_rules;

/**
 * ami_dump_note_reads() - note which page frames are looked at from now on
 * @set: the caller's; NULL ends it
 */
void ami_dump_note_reads(struct ami_dump *dump, struct ami_pfnset *set);

/*
 * What an analysis reads, recorded for `extract`: per page frame a bit for
 * each 64-byte granule.
 */
#define AMI_GRANULE	64u

struct ami_granules {
	uint64_t pfn;
	uint64_t mask;	/* bit n: bytes n*64 .. n*64+63 */
};

/** ami_dump_record() - start to record what is read. Returns -1: no memory. */
int ami_dump_record(struct ami_dump *dump);
bool ami_dump_recording(const struct ami_dump *dump);

/**
 * ami_dump_record_pause() - read what must not get into an extract
 *
 * The log and the command line hold names of users, hosts and disks. May be
 * nested: each true needs its false.
 */
void ami_dump_record_pause(struct ami_dump *dump, bool pause);

/**
 * ami_dump_withhold() - bytes that an extract has as zeros
 *
 * For names that lie beside what is read.
 */
void ami_dump_withhold(struct ami_dump *dump, uint64_t paddr, uint64_t len);

/**
 * struct ami_content - what was found wrong in a page whose bytes stay out
 * @pfn: of the page that was looked at
 * @phys: the first byte that is not as it should be
 * @kind, @count: the check's own
 */
struct ami_content {
	uint64_t pfn, phys;
	uint32_t kind, count;
};

/** ami_dump_content_add() - have it in the extract; nothing unless recording */
void ami_dump_content_add(struct ami_dump *dump, const struct ami_content *c);

/** ami_dump_contents() - what an extract has of page frame @pfn */
const struct ami_content *ami_dump_contents(const struct ami_dump *dump,
					    uint64_t pfn, size_t *count);

/**
 * ami_dump_recorded() - what was read so far, ascending by pfn
 *
 * Returns a malloc'ed array that the caller frees, NULL when out of memory.
 */
struct ami_granules *ami_dump_recorded(const struct ami_dump *dump,
				       size_t *count);

#define AMI_DUMP_PARTS	64	/* of a split dump, at most */

/** ami_dump_is_part() - is this file a part of a split dump? */
bool ami_dump_is_part(const char *path);

/**
 * ami_extract_write() - write what was recorded as a small kdump file
 *
 * Bytes outside the recorded granules are blanked and read as FILTERED from
 * the extract; recorded pages that the dump lacks stay away. The bitmap of
 * RAM, VMCOREINFO and the dump level are those of the machine. @rules say whether
 * what is at @path may be replaced. Returns -1 with @err filled. Extracting an extract the same way gives the same
 * bytes.
 */
int ami_extract_write(struct ami_dump *dump, const char *path,
		      const struct ami_newfile_rules *rules,
		      struct ami_error *err);

#endif
