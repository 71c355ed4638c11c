/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A made machine as a file that the command opens as it opens any vmcore: the
 * kernel's symbols as kallsyms, its types as BTF, VMCOREINFO in a note.
 */
#ifndef VMCORE_H
#define VMCORE_H

#include <amdiommu/report.h>
#include <analysis/analysis.h>

#include "machine.h"

/** vmcore_save() - add symbols and types to the machine, write it to @path */
void vmcore_save(struct machine *m, const char *path);

/** vmcore_save_without() - the same without some of the symbols */
void vmcore_save_without(struct machine *m, const char *path,
			 bool (*absent)(const char *symbol));

/** vmcore_file() - what the command makes of a file; @record: for an extract */
struct ami_analysis *vmcore_file(const char *path, bool record);

/**
 * vmcore_extract() - @m as a dump, and as an extract of that dump
 * @look: what else is read of the dump before, besides all views; NULL: nothing
 */
void vmcore_extract(struct machine *m,
		    void (*look)(const struct ami_analysis *dump),
		    struct ami_analysis **dump, struct ami_analysis **extract);

/**
 * vmcore_open() - add symbols and types to the machine, write it to a file
 *
 * Returns what the command makes of that file, which is gone then; the caller
 * frees it.
 */
struct ami_analysis *vmcore_open(struct machine *m);

/**
 * vmcore_analyse() - machine_analyse() by way of such a file
 *
 * Opens it as the command does, with nothing but what it holds, and prints the
 * report as text and as JSON.
 */
void vmcore_analyse(struct machine *m);

#endif
