/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMI_WRAP_H
#define AMI_WRAP_H

#include "candidates.h"
#include "cmdline.h"

/**
 * wrap() - analysis, then makedumpfile, then marks
 * @c: the first of these that starts is used
 *
 * Returns makedumpfile's wait status. If nothing is left to do afterwards,
 * makedumpfile takes the place of this process.
 */
int wrap(const struct candidates *c, char *const *argv, const struct job *job);

/** wrap_off() - makedumpfile and nothing else */
int wrap_off(const struct candidates *c, char *const *argv,
	     const struct job *job);

#endif
