/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work that must not endanger the dump runs in a child process with limits.
 * Private to the makedumpfile extension and wrapper.
 */
#ifndef AMI_GUARD_H
#define AMI_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include <amdiommu/error.h>

#define GUARD_MEMORY_DEFAULT	64u	/* MiB */
#define GUARD_SECONDS_DEFAULT	30u
#define GUARD_MEMORY_MAX	(1u << 20)	/* MiB */
#define GUARD_SECONDS_MAX	86400u
#define GUARD_STUCK		(-2)	/* the child may still do something */

/**
 * struct guard_limits - what the child may use
 * @memory: bytes of address space beyond what the process already has; also
 * 	the largest file it may write, unless @large_files
 * @seconds: of wall-clock time
 */
struct guard_limits {
	uint64_t memory;
	unsigned int seconds;
	bool large_files;
};

/**
 * guard_limits_env() - limits from AMDIOMMU_MEMORY (MiB), AMDIOMMU_TIME (s)
 *
 * A missing or impossible value leaves the default.
 */
struct guard_limits guard_limits_env(void);

/**
 * guard_fd() - @fd, or another one if it is a closed standard descriptor
 *
 * -1: none is available.
 */
int guard_fd(int fd);

/**
 * guard_run() - run @fn in a child process and wait for it
 * @fn: returns 0, or -1 with its error filled in
 *
 * The child shares open files, and what it writes to shared memory or
 * memfds. Nothing else it does can reach this process. It has stderr, but
 * neither stdin nor stdout, and the kernel kills it first if memory runs
 * out. A child that does not die of SIGKILL (stuck in the kernel) is left
 * behind, and its system call may still complete.
 * Returns 0, or else @err says in one sentence why @fn did not succeed:
 * GUARD_STUCK for such a child, -1 for any other reason.
 */
int guard_run(const struct guard_limits *limits,
	      int (*fn)(void *ctx, struct ami_error *err), void *ctx,
	      struct ami_error *err);

#endif
