/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Struct pages of a machine made by hand, of 64 bytes each, and processes. */
#ifndef PAGES_H
#define PAGES_H

#include "machine.h"

#define PAGES_BUDDY	(~0x80u)	/* page_type of a free block */
#define PAGES_RESERVED	12		/* bits of flags */
#define PAGES_SLAB	9

/** pages_place() - where a member lies */
void pages_place(struct machine *m, enum ami_field f, uint32_t offset,
		 uint32_t size);

/** pages_make() - one for each frame; all are the kernel's until marked */
void pages_make(struct machine *m);

/** pages_mark() - set a member of the struct page of the page at @phys */
void pages_mark(struct machine *m, uint64_t phys, enum ami_field f,
		uint64_t value);

/**
 * pages_process() - a process with a top table at @pgd and a stack at @stack
 *
 * Both are physical. Its struct task_struct is the only one.
 */
void pages_process(struct machine *m, uint64_t pgd, uint64_t stack);

/** pages_owner() - the owner of the page at @phys */
enum ami_owner pages_owner(const struct machine *m, uint64_t phys);

#endif
