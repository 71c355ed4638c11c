/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_IDENTITY_H
#define AMDIOMMU_IDENTITY_H

#include <amdiommu/kernel.h>

/* Longest command line: COMMAND_LINE_SIZE of x86, and what bootconfig adds. */
#define AMI_COMMAND_LINE	4096

/*
 * What these read is not recorded for an extract: command lines name disks and
 * users, banners the machine on which a kernel was built.
 */

/** ami_command_line() - as the boot loader gave it; saved_command_line */
enum ami_mem ami_command_line(struct ami_kernel *kernel,
			      char buf[AMI_COMMAND_LINE]);

/**
 * ami_kernel_build() - "#1 SMP PREEMPT_DYNAMIC Debian 6.1.179-1 (2026-01-01)"
 *
 * From linux_banner, without the builder's name and host.
 */
enum ami_mem ami_kernel_build(struct ami_kernel *kernel, char *buf,
			      size_t size);

/** ami_kernel_taint() - "W O", "" when not tainted; tainted_mask */
enum ami_mem ami_kernel_taint(struct ami_kernel *kernel, char *buf,
			      size_t size);

#endif
