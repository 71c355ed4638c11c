/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/kernel. */
#ifndef AMI_BTF_H
#define AMI_BTF_H

#include <bpf/btf.h>

#include "choose.h"

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

/** struct btf_same - types of one name; @count: as in struct type_choice */
struct btf_same {
	__u32 id[MAX_SAME_NAME];
	unsigned int count;
};

/**
 * struct btf_names - composite types that are wanted, sorted by name
 * @same: where the types are
 * @end: first type ID behind those that were looked at
 */
struct btf_names {
	const char *name[MAX_WANTED_NAMES];
	struct btf_same same[MAX_WANTED_NAMES];
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
 * @own: @btf is the module's, or the kernel's for itself
 *
 * A type of the module itself comes before one of the kernel with the same name.
 */
void btf_resolve(const struct btf *btf, const char *module,
		 struct btf_names *base, bool own, struct ami_layout *layout);

/**
 * modules_resolve() - look up what is wanted of modules
 *
 * Their types come from the module's BTF in the dump, whoever answers for the
 * kernel; of a driver that is built in, from the kernel's BTF, or else from who
 * answered for the kernel (a vmlinux). What cannot be had stays missing.
 */
void modules_resolve(struct ami_kernel *k);

#endif
