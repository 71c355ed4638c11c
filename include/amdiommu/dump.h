/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_DUMP_H
#define AMDIOMMU_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <common/budget.h>
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
			       struct ami_error *err);

/** ami_dump_close() - close the dump and its host's context; NULL is allowed */
void ami_dump_close(struct ami_dump *dump);

/** ami_dump_info() - what the dump says about itself; valid until the close */
const struct ami_dump_info *ami_dump_info(const struct ami_dump *dump);

/** ami_dump_vmcoreinfo() - the whole text, or NULL when the dump has none. */
const char *ami_dump_vmcoreinfo(const struct ami_dump *dump);

/**
 * ami_dump_set_vmcoreinfo() - give the dump a VMCOREINFO, instead of its own
 * @from: where it comes from, in words: "in memory, at 0x..."
 *
 * Both are copied. Returns -1 when out of memory.
 */
int ami_dump_set_vmcoreinfo(struct ami_dump *dump, const char *text,
			    const char *from);

/** ami_dump_vmcoreinfo_from() - that @from; NULL if it is the dump's note. */
const char *ami_dump_vmcoreinfo_from(const struct ami_dump *dump);

/** vmcoreinfo_get_in(), vmcoreinfo_number_in() - as below, in any @text */
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

/** ami_dump_is_extract() - did ami_extract_write() make it? */
bool ami_dump_is_extract(const struct ami_dump *dump);

/** ami_dump_interrupted() - did the user ask to stop? Cheap. */
bool ami_dump_interrupted(const struct ami_dump *dump);

/** ami_dump_budget() - the budget of the run; readers spend from it */
struct ami_budget *ami_dump_budget(struct ami_dump *dump);

/** ami_dump_run() - begin a run (an analysis, a command) with a new budget */
void ami_dump_run(struct ami_dump *dump);

/** ami_dump_copy() - from now on each page of a finished list is read once */
void ami_dump_copy(struct ami_dump *dump);

/**
 * ami_dump_stopped() - must a loop end, by interruption or by the work limit?
 *
 * Once a phase has used up its part of the work, each read gives LEFT_OUT.
 */
bool ami_dump_stopped(const struct ami_dump *dump);

/**
 * ami_dump_doing() - begin a phase of the run
 * @what: what the dump is read for, for the user to see; not copied
 */
void ami_dump_doing(struct ami_dump *dump, const char *what);

/**
 * ami_dump_watch() - have @tell called often while the dump is analysed
 * @tell: called with the present phase and the page frames read so far
 */
void ami_dump_watch(struct ami_dump *dump,
		    void (*tell)(void *ctx, const char *doing, uint64_t pages),
		    void *ctx);

/**
 * ami_dump_read() - read physical memory
 *
 * Reads all @len bytes or nothing: the first page that cannot be read decides
 * the result. @paddr and @len are not trusted.
 */
enum ami_mem ami_dump_read(struct ami_dump *dump, uint64_t paddr, void *buf,
			   size_t len);

/** ami_dump_left_out() - did a read ask for a page that a filter dropped? */
bool ami_dump_left_out(const struct ami_dump *dump);

/**
 * ami_dump_page() - borrow a whole page frame
 *
 * Returns NULL and sets @mem when the page cannot be read. Give the page back
 * with ami_dump_unpage(); at most 32 may be borrowed at a time.
 */
const uint8_t *ami_dump_page(struct ami_dump *dump, uint64_t pfn,
			     enum ami_mem *mem);

/** ami_dump_unpage() - give back a page of ami_dump_page() */
void ami_dump_unpage(struct ami_dump *dump, const uint8_t *page);

#define AMI_PREFETCH	64u

/**
 * ami_dump_prefetch() - read page frames together that will be asked for next
 * @pfn: @count of them, at most AMI_PREFETCH, in any order; they get sorted
 *
 * Neighbours in the dump come with one read. A page that cannot be read is not
 * an error.
 */
void ami_dump_prefetch(struct ami_dump *dump, uint64_t *pfn, size_t count);

struct ami_pfnset;

/**
 * ami_dump_add_ram() - add page frames that are RAM and that the file does not
 * list
 *
 * From now on they count as left out (FILTERED), not as absent. Returns -1 when
 * out of memory.
 */
int ami_dump_add_ram(struct ami_dump *dump, const struct ami_pfnset *more);

/** ami_dump_ram() - is this page frame RAM of the dumped machine? */
bool ami_dump_ram(const struct ami_dump *dump, uint64_t pfn);

/** ami_dump_ram_pages() - number of RAM page frames of the dumped machine. */
uint64_t ami_dump_ram_pages(const struct ami_dump *dump);

/** ami_dump_cut() - why the file is not whole, in words; NULL if it is. */
const char *ami_dump_cut(const struct ami_dump *dump);

/** ami_dump_cut_reads() - number of reads that met what a cut file lost. */
uint64_t ami_dump_cut_reads(const struct ami_dump *dump);

/** ami_dump_pages_read() - number of page frames read from the dump. */
uint64_t ami_dump_pages_read(const struct ami_dump *dump);

/**
 * ami_dump_prefer() - take pages from elsewhere, in place of the dump's
 * @page: called for each page frame that is read, after the dump was asked.
 *	@mem is the dump's answer; if OK, @page has the dump's content. Returns
 *	true if it has put its own content into @page.
 */
void ami_dump_prefer(struct ami_dump *dump,
		     bool (*page)(void *ctx, uint64_t pfn, enum ami_mem mem,
				  uint8_t *page),
		     void *ctx);

struct ami_newfile_rules;

/**
 * ami_dump_note_reads() - note in @set which page frames are read from now on
 * @set: owned by the caller; NULL ends the noting
 */
void ami_dump_note_reads(struct ami_dump *dump, struct ami_pfnset *set);

/*
 * What an analysis reads is recorded for `extract`: for each page frame a bit
 * for each 64-byte granule.
 */
#define AMI_GRANULE	64u

struct ami_granules {
	uint64_t pfn;
	uint64_t mask;	/* bit n: bytes n*64 .. n*64+63 */
};

/** ami_dump_record() - start to record reads. Returns -1 when out of memory. */
int ami_dump_record(struct ami_dump *dump);

/** ami_dump_recording() - are reads recorded, and not paused? */
bool ami_dump_recording(const struct ami_dump *dump);

/**
 * ami_dump_record_pause() - pause recording for what must not be in an extract
 *
 * The log and the command line hold names of users, hosts and disks. Pauses may
 * be nested: each true needs its false.
 */
void ami_dump_record_pause(struct ami_dump *dump, bool pause);

/**
 * ami_dump_withhold() - have bytes written as zeros to an extract
 *
 * For names that are beside what is read.
 */
void ami_dump_withhold(struct ami_dump *dump, uint64_t paddr, uint64_t len);

/**
 * struct ami_content - what was found wrong in a page whose bytes stay out
 * @pfn: the page that was checked
 * @phys: the first byte that is not as it should be
 * @kind, @count: meaning defined by the check
 */
struct ami_content {
	uint64_t pfn, phys;
	uint32_t kind, count;
};

/** ami_dump_content_add() - put it into the extract, if reads are recorded */
void ami_dump_content_add(struct ami_dump *dump, const struct ami_content *c);

/** ami_dump_contents() - results that an extract has for page frame @pfn */
const struct ami_content *ami_dump_contents(const struct ami_dump *dump,
					    uint64_t pfn, size_t *count);

/**
 * ami_dump_carry() - add lines to the extract's VMCOREINFO
 * @lines: malloc'ed, taken over; each begins with "AMDIOMMU_"
 *
 * They replace such lines of the dump's VMCOREINFO. For what the analysis takes
 * from memory that must not get into an extract.
 */
void ami_dump_carry(struct ami_dump *dump, char *lines);

/**
 * ami_dump_recorded() - list what was read so far, ascending by pfn
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
		      struct ami_error *err);

#endif
