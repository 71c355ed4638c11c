/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Room for the analysis outside memory: on a disk, or none. */
#ifndef AMI_SPARE_H
#define AMI_SPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "cmdline.h"

/**
 * spare_folder() - the folder that the dump will be in
 *
 * For a stream, the folder of the file that stdout goes to; for a pipe
 * $TMPDIR. Looks only at names. Empty if there is none.
 */
void spare_folder(const struct job *job, char *path, size_t size);

/**
 * spare_usable() - can a temporary file grow in @folder without using memory?
 *
 * In a capture kernel most folders are in memory, so only file systems that
 * are known to be on disks count. Call it in the guarded child: a file
 * system may hang.
 */
bool spare_usable(const char *folder);

/** stdout_file() - the name of the regular file that stdout goes to */
bool stdout_file(char *path, size_t size);

#endif
