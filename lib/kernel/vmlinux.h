/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the layout source "vmlinux file". Private to lib/kernel. */
#ifndef AMI_VMLINUX_H
#define AMI_VMLINUX_H

#include <elfutils/libdw.h>
#include <gelf.h>

#include "choose.h"

#define MAX_DEPTH	16
#define BUILD_ID	20		/* VMCOREINFO pads shorter ones with 0 */
#define BUILD_ID_TEXT	(2 * BUILD_ID + 1)

struct vmlinux {
	const char *path;
	struct ami_kernel *kernel;
	struct ami_error *err;
	int fd;
	Elf *elf;
	Dwarf *dwarf;
};

/** vmlinux_open() - the file at @path, with its section table checked */
int vmlinux_open(struct vmlinux *v);

/** vmlinux_close() - also after vmlinux_open() failed */
void vmlinux_close(struct vmlinux *v);

/**
 * vmlinux_refuse() - say why the file is of no use
 * @fmt: the reason; the way out, which is always the same, is added
 *
 * Returns -1, as vmlinux_damaged() and vmlinux_bad_dwarf() do.
 */
int vmlinux_refuse(const struct vmlinux *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int vmlinux_damaged(const struct vmlinux *v, const char *what);
int vmlinux_bad_dwarf(const struct vmlinux *v);

/** vmlinux_build_id() - the file's; "": it has none */
void vmlinux_build_id(const struct vmlinux *v, char text[BUILD_ID_TEXT]);

/** vmlinux_dump_build_id() - false: VMCOREINFO has none that is valid */
bool vmlinux_dump_build_id(const struct vmlinux *v, char text[BUILD_ID_TEXT]);

/** vmlinux_check_build_id() - is the file's the one @wanted? */
int vmlinux_check_build_id(const struct vmlinux *v, const char *wanted);

/** vmlinux_check_banner() - is the version at linux_banner that of the dump? */
int vmlinux_check_banner(const struct vmlinux *v, uint64_t address);

/** vmlinux_string_at() - unless the file leaves that section out */
const char *vmlinux_string_at(Elf *elf, uint64_t address, size_t *max);

/**
 * struct vmlinux_symbols - addresses as in the file
 * @renamed: of wanted symbols that the linker gave a suffix
 */
struct vmlinux_symbols {
	uint64_t wanted[AMI_NR_SYMBOLS], renamed[AMI_NR_SYMBOLS];
	unsigned int renamings[AMI_NR_SYMBOLS];
	uint64_t banner, top_pgt, level2_pgt, sme_mask;
};

int vmlinux_find_symbols(const struct vmlinux *v, struct vmlinux_symbols *s);

/** vmlinux_all_symbols() - each, where it was loaded; -1: damaged */
int vmlinux_all_symbols(const struct vmlinux *v, struct ami_symbols *to);

/** vmlinux_resolve_symbols() - those of the dumped kernel, where it was loaded */
int vmlinux_resolve_symbols(const struct vmlinux *v, uint64_t *symbol);

/** vmlinux_resolve_types() - fill members, sizes and enumerators of @layout */
int vmlinux_resolve_types(struct vmlinux *v, struct ami_layout *layout);

/** vmlinux_keep_text() - for ami_kernel_text() */
void vmlinux_keep_text(const struct vmlinux *v);

/** vmlinux_name() - NULL: it has none */
const char *vmlinux_name(Dwarf_Die *die);

/** vmlinux_is_composite() - is it the tag of a structure or union? */
bool vmlinux_is_composite(int tag);

/** vmlinux_type_of() - behind typedefs and qualifiers; false: damaged */
bool vmlinux_type_of(Dwarf_Die *die, Dwarf_Die *type);

/**
 * vmlinux_find_path() - a member of @type by its path
 * @member: the last one of the path
 *
 * Returns 1: found, 0: not there, -1: damaged, as vmlinux_find_enumerator().
 */
int vmlinux_find_path(const Dwarf_Die *type, const char *path,
		      struct ami_member *out, Dwarf_Die *member);
int vmlinux_find_enumerator(Dwarf_Die *type, const char *wanted,
			    int64_t *value);

#endif
