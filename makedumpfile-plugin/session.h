/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMI_SESSION_H
#define AMI_SESSION_H

#include "cmdline.h"
#include "guard.h"

/**
 * session_run() - analysis, then makedumpfile, then marks
 * @path: of makedumpfile
 *
 * Returns makedumpfile's wait status; or runs makedumpfile in place of this
 * process, where nothing would be left to do afterwards.
 */
int session_run(const char *path, char *const *argv, const struct job *job);

#endif
