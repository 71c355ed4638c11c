/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMI_ROOM_KERNEL_SYMBOLS_H
#define AMI_ROOM_KERNEL_SYMBOLS_H

#include <kernel/kernel.h>

/*
 * All symbols of the kernel, for what people ask. The analysis itself knows only
 * those of <amdiommu/fields.h>, so this is read when somebody asks.
 */
struct ami_symbols;

/** ami_symbols_read() - read them from the kernel's source; NULL: no memory */
struct ami_symbols *ami_symbols_read(struct ami_kernel *kernel);
void ami_symbols_free(struct ami_symbols *symbols);

/** ami_symbols_known() - did the source have a table of symbols? */
bool ami_symbols_known(const struct ami_symbols *symbols);

/**
 * ami_symbols_find() - the addresses of a name
 * @va: the first @max of them; AMI_SYMBOL_UNREAD: not in the dump
 *
 * Returns how many symbols have the name.
 */
size_t ami_symbols_find(const struct ami_symbols *symbols, const char *name,
			uint64_t *va, size_t max);

/**
 * ami_symbols_at() - the symbol at @va, or the last one before it
 *
 * NULL: there is none, or it is not known, because addresses are missing.
 */
const char *ami_symbols_at(const struct ami_symbols *symbols, uint64_t va,
			   uint64_t *offset);

#endif
