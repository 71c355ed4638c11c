/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMI_WRAP_H
#define AMI_WRAP_H

#include "cmdline.h"

/**
 * wrap() - analysis, then makedumpfile, then marks
 * @path: of makedumpfile
 *
 * Returns makedumpfile's wait status; or runs makedumpfile in place of this
 * process, where nothing would be left to do afterwards.
 */
int wrap(const char *path, char *const *argv, const struct job *job);

#endif
