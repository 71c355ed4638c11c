/* SPDX-License-Identifier: GPL-2.0-or-later */
/* makedumpfile itself: found, started, waited for. */
#ifndef AMI_RUN_H
#define AMI_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * run_find() - the makedumpfile to run
 *
 * $AMDIOMMU_MAKEDUMPFILE, else the first on PATH (then in the usual folders)
 * that is not this program. Where this program itself lies on PATH under that
 * name, only what comes after it counts, so that copies of it cannot call each
 * other for ever. Returns false when there is none.
 */
bool run_find(char *path, size_t size);

/** run_instead() - become makedumpfile; returns only on failure. */
void run_instead(const char *path, char *const *argv);

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
 * Until run_wait(), signals to this process go to it. Returns -1 when no
 * process or pipe could be had.
 */
int run_start(struct run *run, const char *path, char *const *argv,
	      bool piped);

/** run_wait() - wait status; closes @output first. */
int run_wait(struct run *run);

/** run_exit() - end as a process with this wait status ended. */
void run_exit(int status) __attribute__((noreturn));

#endif
