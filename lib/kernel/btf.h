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
 * struct btf_names - composite types that are wanted, sorted by name
 * @id: where the types are; 0: not found
 * @end: first type ID behind those that were looked at
 */
struct btf_names {
	const char *name[AMI_NR_FIELDS + AMI_NR_TYPES];
	__u32 id[AMI_NR_FIELDS + AMI_NR_TYPES];
	size_t count;
	__u32 end;
};

/**
 * btf_index() - what is wanted of modules among the types of the kernel itself
 *
 * Looked at once, and not for each module: there are a hundred thousand.
 */
void btf_index(const struct btf *btf, struct btf_names *names);

/**
 * btf_resolve() - look up all that is wanted of one module
 * @btf: of the module; of the kernel for one that is built in
 * @module: NULL for the kernel itself
 * @base: index of the kernel's types; NULL for the kernel itself
 *
 * A type of the module itself comes before one of the kernel with the same name.
 */
void btf_resolve(const struct btf *btf, const char *module,
		 struct btf_names *base, struct ami_layout *layout);

/**
 * modules_resolve() - look up what is wanted of modules
 *
 * Their types come from the module's BTF in the dump, whoever answers for the
 * kernel; of a driver that is built in, from the kernel's BTF. What cannot be
 * had stays missing.
 */
void modules_resolve(struct ami_kernel *k);

#endif
