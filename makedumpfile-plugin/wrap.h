/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMI_WRAP_H
#define AMI_WRAP_H

#include "candidates.h"
#include "cmdline.h"

/**
 * wrap() - analysis, then makedumpfile, then marks
 * @c: of these the first one that starts is run
 *
 * Returns makedumpfile's wait status; or runs makedumpfile in place of this
 * process, where nothing would be left to do afterwards.
 */
int wrap(const struct candidates *c, char *const *argv, const struct job *job);

/** wrap_off() - makedumpfile and nothing else */
int wrap_off(const struct candidates *c, char *const *argv,
	     const struct job *job);

#endif
