/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/kernel. */
#ifndef AMI_BTF_H
#define AMI_BTF_H

#include <bpf/btf.h>

#include "choose.h"

/**
 * btf_read() - read the type information at @va in the dump
 * @base: the kernel's, for a module; NULL for the kernel itself
 *
 * The caller frees it with btf__free(). NULL if it is unreadable. @why then
 * completes the sentence "the type information ...".
 */
struct btf *btf_read(struct ami_kernel *k, uint64_t va, uint64_t size,
		     struct btf *base, const char **why);

/**
 * btf_of_kernel() - the kernel's own type information, like btf_read()
 *
 * Read once. It belongs to @k until btf_forget().
 */
struct btf *btf_of_kernel(struct ami_kernel *k, const char **why);
void btf_forget(struct ami_kernel *k);

/** struct btf_same - types of one name; @count: as in struct type_choice */
struct btf_same {
	__u32 id[MAX_SAME_NAME];
	unsigned int count;
};

/**
 * struct btf_names - wanted composite types, sorted by name
 * @same: where the types are
 * @end: one past the last type ID that was looked at
 */
struct btf_names {
	const char *name[MAX_WANTED_NAMES];
	struct btf_same same[MAX_WANTED_NAMES];
	size_t count;
	__u32 end;
};

/**
 * btf_index() - find the types of modules among those of the kernel itself
 *
 * Done once, not for each module: the kernel has a hundred thousand types.
 */
void btf_index(const struct btf *btf, struct btf_names *names);

/**
 * btf_resolve() - look up everything wanted of one module
 * @btf: of the module; of the kernel if the driver is built in
 * @module: NULL for the kernel itself
 * @base: index of the kernel's types; NULL for the kernel itself
 * @own: @btf is the module's, or the kernel's for itself
 *
 * A type of the module comes before a kernel type of the same name.
 */
void btf_resolve(const struct btf *btf, const char *module,
		 struct btf_names *base, bool own, struct ami_layout *layout);

/**
 * modules_resolve() - look up everything wanted of modules
 *
 * Types come from the module's BTF in the dump, whatever the kernel's
 * source is. A built-in driver takes them from the kernel's BTF, or else
 * from the kernel's source (a vmlinux). What is not found stays missing.
 */
void modules_resolve(struct ami_kernel *k);

#endif
