/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols and types of the dumped kernel: what is wanted, and who finds it. */
#ifndef AMDIOMMU_LAYOUT_H
#define AMDIOMMU_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include <amdiommu/error.h>
#include <amdiommu/fields.h>

struct ami_kernel;
struct ami_symbols;

/** enum ami_doubt - why the offset of an existing member is not known */
enum ami_doubt {
	AMI_DOUBT_NONE,
	AMI_DOUBT_SAME_NAME,	/* two structures have the same name */
	AMI_DOUBT_MEMORY,	/* memory contradicts the types */
};

/**
 * struct ami_member - place of a structure member
 * @offset: bytes from the start of the structure
 * @size: bytes; for a bit field, those of its storage
 * @bit_size: 0 for an ordinary member, else width of the bit field
 * @bit_offset: lowest bit of the bit field, counted from the lowest at @offset
 * @doubt: enum ami_doubt, for a member that is not @present
 */
struct ami_member {
	bool present;
	uint32_t offset;
	uint32_t size;
	uint8_t bit_offset;
	uint8_t bit_size;
	uint8_t doubt;
};

/** struct ami_layout - the answers to amdiommu/fields.h for one kernel. */
struct ami_layout {
	struct ami_member field[AMI_NR_FIELDS];
	uint64_t type_size[AMI_NR_TYPES];	/* 0: no such type */
	struct {
		bool present;
		int64_t value;
	} enumerator[AMI_NR_ENUMERATORS];
	uint64_t symbol[AMI_NR_SYMBOLS];	/* 0: no such symbol */
};

/* Not an address: the symbol exists, but its address is not in the dump. */
#define AMI_SYMBOL_UNREAD	1

/** enum ami_rests - what rests on a symbol; see AMI_SYMBOLS */
enum ami_rests {
	AMI_RESTS_ANALYSIS, AMI_RESTS_STATE, AMI_RESTS_LATER,
	AMI_RESTS_DRIVERS, AMI_RESTS_OWNERS, AMI_RESTS_OWNERS_LATER,
	AMI_RESTS_POLICY, AMI_RESTS_NOTES, AMI_RESTS_NOTES_LATER,
};

/**
 * struct ami_field_want - a member to look up by its name
 * @module: NULL for the kernel itself. A layout source ignores members of
 *	modules: they come from BTF in the dump.
 */
struct ami_field_want {
	const char *id;
	const char *module;
	const char *type;
	const char *path;	/* dotted, anonymous members are transparent */
};

/** struct ami_type_want - a structure to look up for its size. */
struct ami_type_want {
	const char *module;	/* NULL for the kernel itself */
	const char *name;
};

struct ami_enum_want {
	const char *id;
	const char *type;
};

struct ami_symbol_want {
	const char *name;
	enum ami_rests rests;
};

extern const struct ami_field_want ami_field_wants[AMI_NR_FIELDS];
extern const struct ami_type_want ami_type_wants[AMI_NR_TYPES];
extern const struct ami_enum_want ami_enum_wants[AMI_NR_ENUMERATORS];
extern const struct ami_symbol_want ami_symbol_wants[AMI_NR_SYMBOLS];

/**
 * struct ami_layout_source - a source of the kernel's symbols and types
 * @name: for the report: "BTF", "DWARF", "crash"
 * @resolve: fill @layout; what the kernel does not have stays zero. The kernel
 *	handle can already translate addresses of the kernel image. Returns -1
 *	with @err filled only when nothing can be resolved at all.
 * @ctx: passed to @resolve, @place and @symbols, and valid as long as the kernel
 * @place: optional; find the kernel in a dump without VMCOREINFO, and give the
 *	dump its VMCOREINFO (ami_dump_set_vmcoreinfo())
 * @symbols: optional; give all symbols to ami_symbols_take(). False: not found
 */
struct ami_layout_source {
	const char *name;
	int (*resolve)(void *ctx, struct ami_kernel *kernel,
		       struct ami_layout *layout, struct ami_error *err);
	void *ctx;
	int (*place)(void *ctx, struct ami_kernel *kernel,
		     struct ami_error *err);
	bool (*symbols)(void *ctx, struct ami_kernel *kernel,
			struct ami_symbols *to);
};

/**
 * ami_symbols_take() - one more symbol, in the order of the table
 * @va: AMI_SYMBOL_UNREAD if it is not in the dump
 */
void ami_symbols_take(struct ami_symbols *to, const char *name, uint64_t va);

/** ami_layout_btf - kallsyms and BTF found in the dump itself. */
extern const struct ami_layout_source ami_layout_btf;

/**
 * ami_layout_vmlinux() - symbol table and DWARF of a vmlinux file
 *
 * Keeps only @path, which must outlive the source. A file whose build ID
 * differs from the dump's is refused.
 */
struct ami_layout_source ami_layout_vmlinux(const char *path);

#endif
