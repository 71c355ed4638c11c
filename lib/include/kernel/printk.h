/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_PRINTK_H
#define AMDIOMMU_PRINTK_H

#include <kernel/kernel.h>

/*
 * The kernel's log. kernel/printk/printk_ringbuffer.[ch]: the lockless ring of
 * 5.10 and later, and of RHEL 8's later minor releases. It has a ring of
 * descriptors, an array of struct printk_info beside it, and a ring of text
 * blocks. Each text block begins with the ID of its descriptor.
 *
 * Before that, kernel/printk/printk.c: a buffer of records of different length,
 * each a struct printk_log and its text.
 */
#define AMI_PRINTK_TEXT		2048

/**
 * struct ami_printk_record - one line (or several, from one call)
 * @ts_nsec: nanoseconds since boot by the CPU's local clock
 * @facility: 0: the kernel; others come from user space through /dev/kmsg
 * @level: 0 (emergency) to 7 (debug)
 * @caller: thread, or CPU with bit 31 set; 0 if the kernel does not record it
 * @subsystem, @device: the device of dev_printk(): "pci", "+pci:0000:00:02.0"
 * @text: bytes that are not printable are '?', except newlines
 * @text_mem: AMI_MEM_OK, or why @text is empty; also AMI_MEM_ERROR if newer
 *	lines overwrote its block
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
 * @records: number of lines that it holds
 * @older: of those, lines that were not read because there are too many
 * @unfinished: lines that were being written at the panic
 * @unread: lines whose descriptor or text is missing or unreadable
 * @damaged: lines whose IDs or positions contradict each other
 */
struct ami_printk_stats {
	uint64_t records, older, unfinished, unread, damaged;
};

/**
 * ami_printk_each() - go through the dumped kernel's log, oldest record first
 * @fn: called with each record whose descriptor is good; false stops
 *
 * Returns AMI_MEM_OK if the ring was found. Else it returns why not:
 * AMI_MEM_NO_FIELD if this kernel has neither form, AMI_MEM_ERROR if the ring
 * makes no sense.
 */
enum ami_mem ami_printk_each(struct ami_kernel *kernel,
			     bool (*fn)(void *ctx,
					const struct ami_printk_record *r),
			     void *ctx, struct ami_printk_stats *stats);

#endif
