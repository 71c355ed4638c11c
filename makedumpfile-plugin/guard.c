// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"
#include "settings.h"

#define MIB		(UINT64_C(1) << 20)
#define DIE_MS		2000	/* from SIGKILL to the end of a child */
#define HEAP_PIECE	(32 << 20)	/* the maximum that glibc accepts */

/* The child's report: one shared page. */
struct report {
	struct ami_error err;
};

struct guard_limits guard_limits_env(void)
{
	return (struct guard_limits){
		.memory = MIB * settings_number("AMDIOMMU_MEMORY"),
		.seconds = settings_number("AMDIOMMU_TIME"),
	};
}

/* Address space in use; 0: no /proc. */
static uint64_t address_space(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (f) {
		if (fscanf(f, "%lu", &pages) != 1)
			pages = 0;
		fclose(f);
	}
	return (uint64_t)pages * sysconf(_SC_PAGESIZE);
}

int guard_fd(int fd)
{
	int higher;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return higher;
}

static void set_limit(int what, uint64_t value)
{
	struct rlimit limit;

	if (getrlimit(what, &limit))
		return;
	if (limit.rlim_cur > value)
		limit.rlim_cur = value;
	if (limit.rlim_max > limit.rlim_cur)
		limit.rlim_max = limit.rlim_cur;
	setrlimit(what, &limit);
}

/*
 * By default glibc returns large pieces to the kernel when they are freed.
 * Getting them back costs a page fault for each page, a quarter of the
 * analysis's time. Large pieces that exist at the same time cost memory.
 */
static void keep_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, HEAP_PIECE);
	mallopt(M_TRIM_THRESHOLD, HEAP_PIECE);
}

static void be_killed_first(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1000", 4) != 4)
		errno = 0;	/* harmless: then the kernel decides */
	close(fd);
}

static void no_input_output(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
}

static void confine(const struct guard_limits *limits, pid_t parent)
{
	static const int fatal[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXCPU,
	};
	size_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);	/* it is gone already */
	for (i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		signal(fatal[i], SIG_DFL);
	/* If a file grows too large, that write fails, and no other. */
	signal(SIGXFSZ, SIG_IGN);
	no_input_output();
	be_killed_first();
	keep_memory();
	set_limit(RLIMIT_CORE, 0);
	if (!limits->large_files)
		set_limit(RLIMIT_FSIZE, limits->memory);
	set_limit(RLIMIT_CPU, limits->seconds + 1ull);
	set_limit(RLIMIT_AS, address_space() + limits->memory);
}

/* True once the other end of @fd is closed; false after @ms milliseconds. */
static bool closed_within(int fd, int64_t ms)
{
	struct pollfd p = { .fd = fd };
	struct timespec now, end;
	int64_t left = ms;

	clock_gettime(CLOCK_MONOTONIC, &end);
	while (poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left) <= 0) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = ms - (now.tv_sec - end.tv_sec) * 1000ll -
		       (now.tv_nsec - end.tv_nsec) / 1000000;
		if (left <= 0)
			return false;
	}
	return true;
}

static bool memory_was_short(const struct ami_error *err)
{
	return err->status == AMI_ERR_MEMORY ||
	       memmem(err->text, sizeof(err->text), "fit into memory",
		      strlen("fit into memory"));
}

/* Wait for the child. Returns like guard_run(). */
static int outcome(pid_t pid, int alive, const struct guard_limits *limits,
		   const struct report *report, struct ami_error *err)
{
	bool late = !closed_within(alive, limits->seconds * 1000ll);
	int status = 0;

	if (late) {
		kill(pid, SIGKILL);
		if (!closed_within(alive, DIE_MS)) {
			ami_error_set(err, AMI_ERR_INTERRUPTED,
				      "no result after %u s, and stuck in the kernel",
				      limits->seconds);
			return GUARD_STUCK;
		}
	}
	if (waitpid(pid, &status, 0) != pid)
		return ami_error_set(err, AMI_ERR_INTERRUPTED, "child process lost");
	if (late)
		return ami_error_set(err, AMI_ERR_INTERRUPTED,
				     "no result after %u s (AMDIOMMU_TIME)",
				     limits->seconds);
	if (WIFSIGNALED(status))
		return ami_error_set(err, AMI_ERR_INTERRUPTED, "ended by signal %d (%s)",
				     WTERMSIG(status),
				     strsignal(WTERMSIG(status)));
	if (!WEXITSTATUS(status))
		return 0;
	/* The child's text; it may have damaged it. */
	return ami_error_set(err, report->err.status, "%.*s%s",
			     (int)sizeof(report->err.text) - 1,
			     report->err.text[0] ? report->err.text :
			     "ended without a reason",
			     memory_was_short(&report->err) ?
			     "; a larger AMDIOMMU_MEMORY allows it more" : "");
}

static int open_pipe(int fd[2])
{
	if (pipe2(fd, O_CLOEXEC))
		return -1;
	fd[0] = guard_fd(fd[0]);
	fd[1] = guard_fd(fd[1]);
	if (fd[0] >= 0 && fd[1] >= 0)
		return 0;
	close(fd[0]);
	close(fd[1]);
	return -1;
}

static int run_with(struct report *report, const struct guard_limits *limits,
		    int (*fn)(void *ctx, struct ami_error *err), void *ctx,
		    struct ami_error *err)
{
	pid_t pid, parent = getpid();
	int alive[2], ret;

	if (open_pipe(alive))
		return ami_error_set(err, AMI_ERR_MEMORY, "no pipe: %s",
				     strerror(errno));
	pid = fork();
	if (!pid) {
		close(alive[0]);
		confine(limits, parent);
		_exit(fn(ctx, &report->err) ? 1 : 0);
	}
	close(alive[1]);
	if (pid < 0)
		ret = ami_error_set(err, AMI_ERR_MEMORY, "no process: %s",
				    strerror(errno));
	else
		ret = outcome(pid, alive[0], limits, report, err);
	close(alive[0]);
	return ret;
}

int guard_run(const struct guard_limits *limits,
	      int (*fn)(void *ctx, struct ami_error *err), void *ctx,
	      struct ami_error *err)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	struct report *report = mmap(NULL, sizeof(*report),
				     PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sigaction before;
	int ret;

	if (report == MAP_FAILED)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	/* If SIGCHLD is ignored, a child's status is lost. */
	sigaction(SIGCHLD, &usual, &before);
	ret = run_with(report, limits, fn, ctx, err);
	sigaction(SIGCHLD, &before, NULL);
	munmap(report, sizeof(*report));
	return ret;
}
