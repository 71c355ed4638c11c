// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Other extensions, to be loaded beside ours. Built several times:
 * GOOD    wants init_task and task_struct.mm, excludes every 16th page
 * NEEDY   wants a symbol that does not exist
 * BARE    has no tables: makedumpfile then drops all extensions
 */
#include <stdio.h>

#include "abi.h"

#ifndef BARE
static struct ksym_info symbol = {
	"vmlinux",
#ifdef NEEDY
	"no_such_symbol",
#else
	"init_task",
#endif
	true, 0, -1,
};

static struct ktype_info member = {
	"vmlinux", "task_struct", "mm", true, true, 0, 0, 0, 0, -1,
};

__attribute__((section(".init_ksyms"), used))
static struct ksym_info *symbols = &symbol;
__attribute__((section(".init_ktypes"), used))
static struct ktype_info *members = &member;
#endif

void extension_init(void);
int extension_callback(unsigned long pfn, const void *pcache);

void extension_init(void)
{
#ifdef BARE
	fputs("bare: init\n", stderr);
#else
	fprintf(stderr, "other: %s at %llx, mm at %u of %u\n", symbol.symname,
		(unsigned long long)symbol.value,
		(unsigned int)member.member_bit_offset / 8,
		(unsigned int)member.struct_size);
#endif
}

int extension_callback(unsigned long pfn, const void *pcache)
{
	(void)pcache;
	return pfn % 16 ? 2 : 1;
}
