/* SPDX-License-Identifier: GPL-2.0-or-later */
/* makedumpfile itself: started, waited for. */
#ifndef AMI_RUN_H
#define AMI_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define RUN_NOT_STARTED	127	/* exit status, as a shell's */

/**
 * struct run - a makedumpfile at work
 * @output: the reading end of its stdout, -1 when it has ours
 */
struct run {
	pid_t pid;
	int output;
};

/**
 * run_start() - start it
 * @piped: its stdout goes to @output of @run
 *
 * Until run_wait(), signals to this process go to it; where it has ended, or
 * ends of one, so does this process. Returns 0; RUN_NOT_STARTED when @path
 * cannot be executed, which is said; -1 when no process or pipe could be had.
 */
int run_start(struct run *run, const char *path, char *const *argv,
	      bool piped);

/** run_wait() - wait status; closes @output first. */
int run_wait(struct run *run);

/** run_exit() - end as a process with this wait status ended. */
void run_exit(int status) __attribute__((noreturn));

#endif
