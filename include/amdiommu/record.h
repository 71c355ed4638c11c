/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What amdiommu-record leaves in memory at a crash: pages of 4 KiB, each of which
 * stands for itself. docs/recorder.md describes how they come about. All fields
 * are little-endian. A page that was written in part, or over which something
 * else was written, has a wrong sum.
 */
#ifndef AMDIOMMU_RECORD_H
#define AMDIOMMU_RECORD_H

#include <stdint.h>

/* The name of the BPF map that holds the pages, in order. */
#define AMI_RECORD_MAP		"amdiommu_record"
#define AMI_RECORD_VERSION	1u
#define AMI_RECORD_PAGE		4096u
#define AMI_RECORD_IOMMUS	64u
#define AMI_RECORD_PARTS	3u	/* pages of a copy: 8 KiB */
/* A page for the machine; for each IOMMU one, and copies of ring and log. */
#define AMI_RECORD_EACH		(1u + 2u * AMI_RECORD_PARTS)
#define AMI_RECORD_PAGES	(1u + AMI_RECORD_IOMMUS * AMI_RECORD_EACH)

/*
 * The first 16 bytes of each page. In two halves, so that no file of this
 * program holds them and is taken for a record in the page cache.
 */
#define AMI_RECORD_MAGIC_KEY	0x5a5a5a5a5a5a5a5aull
#define AMI_RECORD_MAGIC0	0x19081715131e171bull
#define AMI_RECORD_MAGIC1	0x081f1e0815191f08ull

enum ami_record_kind {
	AMI_RECORD_MACHINE = 1,
	AMI_RECORD_IOMMU,
	AMI_RECORD_RING,
	AMI_RECORD_LOG,
};

/**
 * struct ami_record_head - the first 64 bytes of each page
 * @kind: enum ami_record_kind
 * @page, @pages: its place in the record, and how many there are
 * @self: kernel virtual address of the page. Elsewhere it is a copy
 * @id: the same in all pages of a record, and in no other record
 * @run: 0 until the crash; then which run of the program filled it
 * @sum: ami_record_sum()
 */
struct ami_record_head {
	uint64_t magic[2];
	uint32_t version, kind;
	uint32_t page, pages;
	uint64_t self;
	uint64_t id;
	uint64_t run;
	uint64_t sum;
};

/**
 * struct ami_record_machine - page 0
 * @loaded_ns: when the recorder was loaded, nanoseconds since boot
 * @iommus: how many IOMMUs follow
 * @crashing_known: the kernel has the variable crashing_cpu
 * @cpu: CPU that ran the program; @crashing_cpu: as the kernel had it then.
 *	-1: the others were not stopped yet
 * @begun_ns, @ended_ns: of the run, nanoseconds since boot
 * @others: other CPUs that were stopped. Not under the sum: they count at once
 */
struct ami_record_machine {
	struct ami_record_head head;
	uint64_t loaded_ns;
	uint64_t iommus;
	uint64_t crashing_known;
	uint64_t cpu, crashing_cpu;
	uint64_t begun_ns, ended_ns;
	uint64_t unused[496];
	uint64_t others;
};

#define AMI_RECORD_REGISTERS	20u
#define AMI_RECORD_SAMPLES	4u

/** struct ami_record_sample - one look at a ring that may be moving */
struct ami_record_sample {
	uint64_t ns, head, tail, status;
};

/**
 * struct ami_record_iommu - registers of an IOMMU, and where it keeps things
 * @va: its struct amd_iommu
 * @mmio_va, @mmio_phys: of the registers
 * @ring_va, @log_va, @log_bytes: command ring and event log
 * @semaphore_va, @semaphore: of completion waits
 * @bad: reads of this page that failed
 * @offset, @value: registers; offset UINT64_MAX: not read
 * @sample: in the order of time; the last is the newest
 */
struct ami_record_iommu {
	struct ami_record_head head;
	uint64_t va;
	uint64_t mmio_va, mmio_phys;
	uint64_t ring_va, log_va, log_bytes;
	uint64_t semaphore_va, semaphore;
	uint64_t bad;
	uint64_t offset[AMI_RECORD_REGISTERS];
	uint64_t value[AMI_RECORD_REGISTERS];
	struct ami_record_sample sample[AMI_RECORD_SAMPLES];
	uint64_t unused[438];
	uint64_t unsummed;
};

#define AMI_RECORD_DATA		3984u	/* whole entries of 16 bytes */

/**
 * struct ami_record_copy - a part of a command ring or an event log
 * @iommu: number of the page of its IOMMU
 * @va: address of the whole; @offset, @bytes: the part
 * @bad: reads that failed
 */
struct ami_record_copy {
	struct ami_record_head head;
	uint64_t iommu, va, offset, bytes, bad;
	uint8_t data[AMI_RECORD_DATA];
	uint64_t unsummed;
};

_Static_assert(sizeof(struct ami_record_head) == 64, "head");
_Static_assert(sizeof(struct ami_record_machine) == AMI_RECORD_PAGE, "machine");
_Static_assert(sizeof(struct ami_record_iommu) == AMI_RECORD_PAGE, "IOMMU");
_Static_assert(sizeof(struct ami_record_copy) == AMI_RECORD_PAGE, "copy");

#define AMI_RECORD_WORDS	(AMI_RECORD_PAGE / 8u)
#define AMI_RECORD_SUM_WORD	7u	/* of the head */
#define AMI_RECORD_SUM_FACTOR	0x9e3779b97f4a7c15ull

/**
 * ami_record_sum() - of all words but the sum itself and the last one
 *
 * Two flipped bits do not cancel: each step turns the top of the sum into its
 * bottom. A BPF program does it in four instructions for a word.
 */
static inline uint64_t ami_record_sum(const void *page)
{
	const uint64_t *word = page;
	uint64_t sum = AMI_RECORD_VERSION;
	unsigned int i;

	for (i = 0; i < AMI_RECORD_WORDS - 1; i++)
		if (i != AMI_RECORD_SUM_WORD)
			sum = __builtin_bswap64((sum ^ word[i]) *
						AMI_RECORD_SUM_FACTOR);
	return sum;
}

#endif
