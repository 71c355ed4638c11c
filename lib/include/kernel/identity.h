/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_IDENTITY_H
#define AMDIOMMU_IDENTITY_H

#include <kernel/kernel.h>

/* Longest command line: COMMAND_LINE_SIZE of x86, and what bootconfig adds. */
#define AMI_COMMAND_LINE	4096

/*
 * What these functions read is not recorded for an extract: command lines name
 * disks and users, banners name the machine on which a kernel was built. They
 * return why the text cannot be read, else AMI_MEM_OK.
 */

/** ami_command_line() - the boot loader's command line (saved_command_line) */
enum ami_mem ami_command_line(struct ami_kernel *kernel,
			      char buf[AMI_COMMAND_LINE]);

/**
 * ami_kernel_build() - "#1 SMP PREEMPT_DYNAMIC Debian 6.1.179-1 (2026-01-01)"
 *
 * This is linux_banner without the builder's name and host.
 */
enum ami_mem ami_kernel_build(struct ami_kernel *kernel, char *buf,
			      size_t size);

/** AMI_HOST - longest host name, and its end: __NEW_UTS_LEN */
#define AMI_HOST	65u

/**
 * ami_kernel_host() - the machine's name (init_uts_ns), as `uname -n` prints it
 *
 * Where it lies is proven by the release beside it. AMI_MEM_NO_FIELD: VMCOREINFO
 * does not say where it lies, or the machine has no name.
 */
enum ami_mem ami_kernel_host(struct ami_kernel *kernel, char buf[AMI_HOST]);

/** ami_kernel_taint_mask() - tainted_mask as it is */
enum ami_mem ami_kernel_taint_mask(struct ami_kernel *kernel, uint64_t *mask);

/** ami_taint_word() - what a bit of it means, for programs; NULL: not known */
const char *ami_taint_word(unsigned int bit);

/** ami_kernel_taint() - tainted_mask as "W O"; "" if it is not tainted */
enum ami_mem ami_kernel_taint(struct ami_kernel *kernel, char *buf,
			      size_t size);

#endif
