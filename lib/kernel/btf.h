/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/kernel. */
#ifndef AMI_BTF_H
#define AMI_BTF_H

#include <bpf/btf.h>

#include "kernel.h"

/**
 * btf_read() - the type information at @va in the dump
 * @base: the kernel's, for a module's; NULL for the kernel's own
 *
 * Freed by the caller with btf__free(). NULL when it cannot be had: @why then
 * completes the sentence "the type information ...".
 */
struct btf *btf_read(struct ami_kernel *k, uint64_t va, uint64_t size,
		     struct btf *base, const char **why);

/**
 * btf_of_kernel() - the kernel's own type information, as btf_read()
 *
 * Read once, and @k's until btf_forget().
 */
struct btf *btf_of_kernel(struct ami_kernel *k, const char **why);
void btf_forget(struct ami_kernel *k);

/**
 * btf_resolve() - look up all that is wanted of one module
 * @own: first type ID that is not the base's: 1 for the kernel's own
 * @module: NULL for the kernel itself
 *
 * A type of @btf itself comes before one of its base with the same name.
 */
void btf_resolve(const struct btf *btf, __u32 own, const char *module,
		  struct ami_layout *layout);

/**
 * modules_resolve() - look up what is wanted of modules
 *
 * Their types come from the module's BTF in the dump, whoever answers for the
 * kernel; of a driver that is built in, from the kernel's BTF. What cannot be
 * had stays missing.
 */
void modules_resolve(struct ami_kernel *k);

#endif
