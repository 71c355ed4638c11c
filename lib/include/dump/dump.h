/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What readers of memory do with a dump. */
#ifndef AMI_ROOM_DUMP_H
#define AMI_ROOM_DUMP_H

#include <amdiommu/dump.h>
#include <common/budget.h>

/** ami_mem_wild() - does the address lead nowhere? Then the pointer is damaged. */
static inline bool ami_mem_wild(enum ami_mem mem)
{
	return mem == AMI_MEM_ABSENT || mem == AMI_MEM_UNMAPPED ||
	       mem == AMI_MEM_DAMAGED;
}

/** ami_mem_text() - the outcome in words, for sentences ("not in the dump"). */
const char *ami_mem_text(enum ami_mem mem);

/** ami_dump_vmcoreinfo() - the whole text, or NULL when the dump has none. */
const char *ami_dump_vmcoreinfo(const struct ami_dump *dump);

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

/**
 * ami_dump_stopped() - must a loop end, by interruption or by the work limit?
 *
 * Once a phase has used up its part of the work, each read gives LEFT_OUT.
 */
bool ami_dump_stopped(const struct ami_dump *dump);

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

/**
 * ami_dump_note_reads() - note in @set which page frames are read from now on
 * @set: owned by the caller; NULL ends the noting
 */
void ami_dump_note_reads(struct ami_dump *dump, struct ami_pfnset *set);

/*
 * What an analysis reads is recorded for `extract`: for each page frame a bit
 * for each 64-byte granule (AMI_GRANULE).
 */
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

/** ami_dump_contents() - results that an extract has for @pfn; NULL: none */
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

#endif
