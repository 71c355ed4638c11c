/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are not dumps: what they are, and what converts them. */
#ifndef AMI_FORMATS_H
#define AMI_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amdiommu/error.h>

/**
 * dump_format_refuse() - name a file that is neither ELF nor kdump-compressed
 *
 * Says what it is, why it cannot be read, and what converts it. Returns -1 with
 * @err filled.
 */
int dump_format_refuse(int fd, const char *path, struct ami_error *err);

/** dump_format_machine() - name of an ELF machine (e_machine); NULL: unknown */
const char *dump_format_machine(unsigned int machine);

/** dump_format_foreign_machine() - is it utsname's name of another architecture? */
bool dump_format_foreign_machine(const char *machine);

/**
 * dump_format_refuse_notes() - refuse ELF core files of anything but a machine
 *
 * Core files of processes, live kernels and hypervisors show by their notes.
 * Returns -1 with @err filled for one of these, else 0.
 */
int dump_format_refuse_notes(const void *notes, size_t size, const char *path,
			     struct ami_error *err);

#endif
