/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work that must not endanger the dump: done in a child process with limits.
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
 * struct guard_limits - what the child may take
 * @memory: bytes of address space beyond what the process has already; also
 *	the largest file it may write, unless @large_files
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
 * What is missing or makes no sense leaves the default.
 */
struct guard_limits guard_limits_env(void);

/**
 * guard_fd() - @fd, or instead of a standard descriptor that was closed another
 *
 * -1 where none can be had.
 */
int guard_fd(int fd);

/**
 * guard_run() - run @fn in a child process and wait for it
 * @fn: returns 0, or -1 with its error filled in
 *
 * The child shares open files, and what it writes to shared memory or memfds;
 * nothing else it does can reach this process. It has stderr, but neither
 * stdin nor stdout, and is what the kernel kills first when memory runs out.
 * A child that does not die of SIGKILL (stuck in the kernel) is left behind,
 * and the system call it is in may still come to its end.
 * Returns 0, or else with @err saying in one sentence why @fn did not succeed:
 * GUARD_STUCK for such a child, -1 for whatever other reason.
 */
int guard_run(const struct guard_limits *limits,
	      int (*fn)(void *ctx, struct ami_error *err), void *ctx,
	      struct ami_error *err);

#endif
