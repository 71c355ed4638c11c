/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_PRINTK_H
#define AMDIOMMU_PRINTK_H

#include <amdiommu/kernel.h>

/*
 * The kernel's log: kernel/printk/printk_ringbuffer.[ch], the lockless ring
 * that 5.10 brought. A ring of descriptors, an array of struct printk_info
 * beside it, and a ring of text blocks, each begun by the ID of its
 * descriptor.
 */
#define AMI_PRINTK_TEXT		2048

/**
 * struct ami_printk_record - one line (or several, from one call)
 * @ts_nsec: local clock of the CPU, since boot
 * @facility: 0: the kernel; others come from user space through /dev/kmsg
 * @level: 0 (emergency) to 7 (debug)
 * @caller: thread, or CPU with bit 31 set; 0 when the kernel does not tell
 * @subsystem, @device: what dev_printk() said about, "pci", "+pci:0000:00:02.0"
 * @text: bytes that are not printable are '?', except newlines
 * @text_mem: AMI_MEM_OK, or why @text is empty; AMI_MEM_ERROR also when its
 *	block was overwritten by newer lines
 */
struct ami_printk_record {
	uint64_t seq;
	uint64_t ts_nsec;
	uint8_t facility;
	uint8_t level;
	uint32_t caller;
	char subsystem[20];
	char device[52];
	enum ami_mem text_mem;
	char text[AMI_PRINTK_TEXT];
};

/**
 * struct ami_printk_stats - how complete the log is
 * @records: lines it holds; @older: of those, not looked at, too many
 * @unfinished: being written at the panic
 * @unread: descriptor or text that the dump lacks or cannot give
 * @damaged: IDs or positions that contradict each other
 */
struct ami_printk_stats {
	uint64_t records, older, unfinished, unread, damaged;
};

/**
 * ami_printk_each() - the records of the dumped kernel's log, oldest first
 * @fn: called with each whose descriptor is good; false stops
 *
 * Returns AMI_MEM_OK when the ring was found, else why not: AMI_MEM_NO_FIELD
 * when this kernel has no such ring, AMI_MEM_ERROR when it makes no sense.
 */
enum ami_mem ami_printk_each(struct ami_kernel *kernel,
			     bool (*fn)(void *ctx,
					const struct ami_printk_record *r),
			     void *ctx, struct ami_printk_stats *stats);

#endif
