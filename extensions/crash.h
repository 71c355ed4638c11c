/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The crash(8) extension. Private to extensions/.
 *
 * crash leaves a command by longjmp() on Ctrl-C and on many errors. No such
 * jump may cross the library. So SIGINT is blocked while the library runs, it
 * calls nothing of crash that can jump, and static variables hold what
 * outlives a command.
 */
#ifndef AMI_CRASH_H
#define AMI_CRASH_H

#include <amdiommu/dump.h>
#include <amdiommu/layout.h>

/**
 * crash_dump_open() - the dump that crash has open
 *
 * Memory comes through crash. The dump's headers say what is RAM. Returns
 * NULL with @err filled for formats that do not say.
 */
struct ami_dump *crash_dump_open(struct ami_error *err);

/**
 * crash_layout() - symbols and types of the dumped kernel, by crash and gdb
 *
 * Resolved at the first call, then the same for the whole session. Call it
 * with SIGINT blocked: gdb would take an interrupted look-up for a missing
 * member. Errors in crash may longjmp() out of it. Returns NULL with @err
 * filled.
 */
const struct ami_layout *crash_layout(struct ami_error *err);

/** crash_symbols() - all symbols of the kernel, in crash's order */
bool crash_symbols(void *ctx, struct ami_kernel *kernel, struct ami_symbols *to);

/** crash_sigint_pending() - did the user press Ctrl-C while it was blocked? */
bool crash_sigint_pending(void);

/** crash_help - what `help amdiommu` shows, in crash's form */
extern char *crash_help[];

#endif
