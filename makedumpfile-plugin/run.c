// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

#define NAME		"makedumpfile"
#define USUAL_FOLDERS	"/usr/sbin:/usr/bin:/sbin:/bin"
#define PIPE_BYTES	(1 << 20)
#define EXIT_NOT_FOUND	127

static bool is_self(const char *path)
{
	struct stat self, other;

	return !stat("/proc/self/exe", &self) && !stat(path, &other) &&
	       self.st_dev == other.st_dev && self.st_ino == other.st_ino;
}

/* Calls @fn for NAME in each folder of @folders until it returns true. */
static bool each_candidate(const char *folders, char *path, size_t size,
			   bool (*fn)(const char *path, void *ctx), void *ctx)
{
	while (*folders) {
		size_t len = strcspn(folders, ":");
		int n = snprintf(path, size, "%.*s/" NAME, (int)len, folders);

		if (len && n > 0 && (size_t)n < size && fn(path, ctx))
			return true;
		folders += len;
		folders += *folders == ':';
	}
	return false;
}

static bool count_up_to_self(const char *path, void *ctx)
{
	int *last = ctx;	/* last[0]: number of it, last[1]: of self */

	last[0]++;
	if (is_self(path))
		last[1] = last[0];
	return false;
}

static bool usable_after(const char *path, void *ctx)
{
	int *skip = ctx;

	return (*skip)-- <= 0 && !access(path, X_OK) && !is_self(path);
}

static bool find_in(const char *folders, char *path, size_t size)
{
	int last[2] = { 0, 0 };

	each_candidate(folders, path, size, count_up_to_self, last);
	return each_candidate(folders, path, size, usable_after, &last[1]);
}

bool run_find(char *path, size_t size)
{
	const char *set = getenv("AMDIOMMU_MAKEDUMPFILE");
	const char *folders = getenv("PATH");

	if (set && *set && !is_self(set)) {
		int n = snprintf(path, size, "%s", set);

		return n > 0 && (size_t)n < size;
	}
	return (folders && find_in(folders, path, size)) ||
	       find_in(USUAL_FOLDERS, path, size);
}

void run_instead(const char *path, char *const *argv)
{
	execv(path, argv);
	fprintf(stderr, "makedumpfile-amdiommu: cannot run %s: %s\n", path,
		strerror(errno));
}

/* --- signals pass through --------------------------------------------------- */

static const int passed_on[] = {
	SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGQUIT,
};
#define PASSED_ON	(sizeof(passed_on) / sizeof(passed_on[0]))

static volatile sig_atomic_t child;
static struct sigaction before[PASSED_ON], pipe_before, child_before;

/* A terminal sends SIGINT and SIGQUIT to both of us: do not double them. */
static void pass_on(int number, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)context;
	if (child > 0 && info->si_code <= 0)
		kill(child, number);
	errno = saved;
}

static void take_signals(void)
{
	struct sigaction action = {
		.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART,
	};
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction usual = { .sa_handler = SIG_DFL };
	size_t i;

	for (i = 0; i < PASSED_ON; i++) {
		sigaction(passed_on[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(passed_on[i], &action, NULL);
	}
	sigaction(SIGPIPE, &ignore, &pipe_before);
	/* Where it is ignored, a child's status is lost. */
	sigaction(SIGCHLD, &usual, &child_before);
}

/* Until it is known whom to pass them on to; then none is lost. */
static void hold_signals(sigset_t *old)
{
	sigset_t hold;
	size_t i;

	sigemptyset(&hold);
	for (i = 0; i < PASSED_ON; i++)
		sigaddset(&hold, passed_on[i]);
	sigprocmask(SIG_BLOCK, &hold, old);
}

static void give_signals_back(void)
{
	size_t i;

	for (i = 0; i < PASSED_ON; i++)
		sigaction(passed_on[i], &before[i], NULL);
	sigaction(SIGPIPE, &pipe_before, NULL);
	sigaction(SIGCHLD, &child_before, NULL);
}

/* --- the process ------------------------------------------------------------ */

static void be_makedumpfile(const char *path, char *const *argv, int out,
			    const sigset_t *mask)
{
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	give_signals_back();
	sigprocmask(SIG_SETMASK, mask, NULL);
	run_instead(path, argv);
	_exit(EXIT_NOT_FOUND);
}

int run_start(struct run *run, const char *path, char *const *argv,
	      bool piped)
{
	int fd[2] = { -1, -1 };
	sigset_t old;

	if (piped && pipe2(fd, O_CLOEXEC))
		return -1;
	if (piped)
		fcntl(fd[1], F_SETPIPE_SZ, PIPE_BYTES);
	hold_signals(&old);
	take_signals();
	run->output = fd[0];
	run->pid = fork();
	if (!run->pid)
		be_makedumpfile(path, argv, fd[1], &old);
	child = run->pid;
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (piped)
		close(fd[1]);
	if (run->pid > 0)
		return 0;
	if (piped)
		close(fd[0]);
	give_signals_back();
	return -1;
}

int run_wait(struct run *run)
{
	int status = 0;
	pid_t got;

	if (run->output >= 0)
		close(run->output);
	run->output = -1;
	do
		got = waitpid(run->pid, &status, 0);
	while (got < 0 && errno == EINTR);
	child = 0;
	return got == run->pid ? status : EXIT_NOT_FOUND << 8;
}

void run_exit(int status)
{
	struct rlimit no_core = { 0, 0 };

	if (WIFSIGNALED(status)) {
		setrlimit(RLIMIT_CORE, &no_core);
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
		_exit(128 + WTERMSIG(status));
	}
	_exit(WEXITSTATUS(status));
}
