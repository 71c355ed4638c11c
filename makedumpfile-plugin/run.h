/* SPDX-License-Identifier: GPL-2.0-or-later */
/* makedumpfile itself: start it, wait for it. */
#ifndef AMI_RUN_H
#define AMI_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define RUN_NOT_STARTED	127	/* exit status, as a shell's */

/**
 * struct run - a running makedumpfile
 * @output: the reading end of its stdout; -1: it has ours
 */
struct run {
	pid_t pid;
	int output;
};

/**
 * run_start() - start it
 * @piped: its stdout goes to @output of @run
 *
 * Until run_wait(), signals to this process are passed on to it. If it has
 * ended, or a signal ends it, this process ends the same way. Returns 0;
 * RUN_NOT_STARTED if @path cannot be executed, with a message; -1 if no
 * process or pipe is available.
 */
int run_start(struct run *run, const char *path, char *const *argv,
	      bool piped);

/** run_wait() - close @output, then return the wait status */
int run_wait(struct run *run);

/** run_exit() - end as a process with this wait status ended */
void run_exit(int status) __attribute__((noreturn));

#endif
