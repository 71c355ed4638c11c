/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/kernel. */
#ifndef AMI_KERNEL_PRIVATE_H
#define AMI_KERNEL_PRIVATE_H

#include <kernel/kernel.h>

#define START_KERNEL_MAP	0xffffffff80000000ull

#define TLB_SLOTS	256u
#define BIG_SLOTS	16u	/* of 2 MiB, whole pages or parts of larger ones */

struct ami_tlb_entry {
	uint64_t va;		/* of the page; 0 = empty */
	uint64_t pa;
};

/** struct kernel_text - the code of the kernel in its file; @size 0: no file */
struct kernel_text {
	int fd;
	uint64_t offset, size;
	uint64_t phys;		/* where it was loaded */
};

struct btf;

struct ami_kernel {
	struct ami_dump *dump;
	const char *source;
	struct ami_layout_source from;
	struct ami_layout layout;
	char release[128];
	uint64_t phys_base;
	uint64_t image_size;	/* of the kernel image mapping */
	uint64_t sme_mask;
	uint64_t pgd;		/* physical address of init_top_pgt */
	uint64_t direct_map;	/* page_offset_base, 0 while unknown */
	uint64_t vmemmap;	/* the struct page of frame 0; 0: unknown */
	bool five_levels;
	struct kernel_text text;
	struct btf *types;	/* the kernel's own, while it is being opened */
	struct ami_tlb_entry tlb[TLB_SLOTS], big[BIG_SLOTS];
};

/**
 * kernel_refuse() - say why symbols or types of the kernel are not available
 * @fmt: what is wrong with what
 *
 * Adds the file name, and what to do. If the file is truncated, that is the
 * reason given. Returns -1 with @err filled.
 */
int kernel_refuse(struct ami_kernel *k, struct ami_error *err,
		  const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/** kernel_locate_vmcoreinfo() - find it in memory; false: it is not there */
bool kernel_locate_vmcoreinfo(struct ami_dump *dump);

/**
 * kernel_looks_encrypted() - are samples of all memory random bytes?
 * @seen, @random: pages looked at, and how many are random
 */
bool kernel_looks_encrypted(struct ami_dump *dump, unsigned int *seen,
			    unsigned int *random);

/**
 * kernel_name_length() - of a symbol as it is in the source
 *
 * Link-time optimisation gives static symbols a suffix: "prb.llvm.1234".
 */
size_t kernel_name_length(const char *name);

struct ami_printk_record;
struct ami_printk_stats;

/** kernel_old_log() - ami_printk_each() for the log of before 5.10 */
enum ami_mem kernel_old_log(struct ami_kernel *k,
			    bool (*fn)(void *ctx,
				       const struct ami_printk_record *r),
			    void *ctx, struct ami_printk_stats *stats);

/** kernel_clean_text() - text of the log comes from anywhere, user space too */
void kernel_clean_text(char *text);

/** kernel_find_vmemmap() - find the array of struct page */
void kernel_find_vmemmap(struct ami_kernel *k);

/** kernel_prove_layout() - doubt structures whose layout memory contradicts */
void kernel_prove_layout(struct ami_kernel *k);

#endif
