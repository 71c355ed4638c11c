/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chooses between several types of one name. Private to lib/kernel. */
#ifndef AMI_CHOOSE_H
#define AMI_CHOOSE_H

#include "kernel.h"

#define MAX_SAME_NAME	8u

/**
 * struct type_choice - the types of one name
 * @module: whose members are wanted; NULL: the kernel's
 * @name: name of the types
 * @count: how many; above MAX_SAME_NAME: more than are stored
 * @doubtful: all of them may belong to another driver
 * @resolve: look up a member in type @i; 1: found, 0: not there, -1: damaged.
 * 	@companion: it leads to another type wanted of the same module.
 * @size: of type @i
 */
struct type_choice {
	const char *module, *name;
	size_t count;
	bool doubtful;
	int (*resolve)(void *ctx, size_t i, const char *path,
		       struct ami_member *out, bool *companion);
	uint64_t (*size)(void *ctx, size_t i);
	void *ctx;
};

/**
 * kernel_choose_type() - put the members of the right type into @layout
 *
 * The right one has the most of what is wanted: first of members that lead to
 * other wanted types, then of members at all. Where two that differ have the
 * same, the members stay missing, AMI_DOUBT_SAME_NAME. Returns -1: damaged.
 */
int kernel_choose_type(const struct type_choice *c, struct ami_layout *layout);

/** kernel_same_module() - does the item belong to @module (NULL: to the kernel)? */
bool kernel_same_module(const char *wanted, const char *module);

#define MAX_WANTED_NAMES	(AMI_NR_FIELDS + AMI_NR_TYPES)

/** kernel_wanted_names() - of composite types of a module, sorted, each once */
size_t kernel_wanted_names(const char *module, const char *name[MAX_WANTED_NAMES]);

/** kernel_wanted_modules() - modules of which anything is wanted */
size_t kernel_wanted_modules(const char *name[MAX_WANTED_NAMES]);

/** kernel_find_name() - index among the sorted names; -1: not there */
int kernel_find_name(const char *const *names, size_t count, const char *name);

/** kernel_sort_names() - sort, drop duplicates, return how many are left */
size_t kernel_sort_names(const char **names, size_t count);

#endif
