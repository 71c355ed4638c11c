/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Room for the analysis outside memory: on a disk, or none. */
#ifndef AMI_SPARE_H
#define AMI_SPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "cmdline.h"

/**
 * spare_folder() - where the dump is going to be, as a folder
 *
 * Of the file that stdout goes to, for a stream; for a pipe $TMPDIR. Looks at
 * names only. Empty when there is none.
 */
void spare_folder(const struct job *job, char *path, size_t size);

/**
 * spare_usable() - can a temporary file grow in @folder without taking memory?
 *
 * In a capture kernel most folders are in memory, so only file systems that
 * are known to be on disks will do. To be called in the guarded child: a file
 * system may hang.
 */
bool spare_usable(const char *folder);

/** stdout_file() - the name of the regular file that stdout goes to */
bool stdout_file(char *path, size_t size);

#endif
