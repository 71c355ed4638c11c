/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of an extension's tables: kallsyms.h and btf_info.h of makedumpfile. */
#ifndef MDF_ABI_H
#define MDF_ABI_H

#include <stdbool.h>
#include <stdint.h>

struct ksym_info {
	char *modname;
	char *symname;
	bool sym_required;
	uint64_t value;
	int index;
};

struct ktype_info {
	char *modname;
	char *struct_name;
	char *member_name;
	bool struct_required : 1;
	bool member_required : 1;
	uint32_t member_bit_offset;
	uint32_t member_bit_sz;
	uint32_t member_size;
	uint32_t struct_size;
	int index;
};

#endif
