// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "candidates.h"
#include "run.h"

#define PIPE_BYTES	(1 << 20)

/* --- signals pass through --------------------------------------------------- */

static const int passed_on[] = {
	SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGQUIT,
};
#define PASSED_ON	(sizeof(passed_on) / sizeof(passed_on[0]))

static volatile sig_atomic_t child;	/* 0: it has ended */
static volatile sig_atomic_t passed;	/* a signal that we passed on */
static struct sigaction before[PASSED_ON], pipe_before, child_before;

/* Delivered as soon as the handler returns. */
static void end_by(int number)
{
	const struct rlimit no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	signal(number, SIG_DFL);
	raise(number);
}

/* A terminal sends SIGINT and SIGQUIT to both of us: do not double them. */
static void pass_on(int number, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)context;
	if (child <= 0) {
		end_by(number);
	} else {
		passed = number;
		if (info->si_code <= 0)
			kill(child, number);
	}
	errno = saved;
}

/*
 * Whoever reads our stream may have stopped reading. What ended makedumpfile
 * then ends us.
 */
static void child_ended(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	if (info->si_pid != child)
		return;
	if (!passed)
		return;
	if (info->si_code == CLD_EXITED && info->si_status)
		_exit(info->si_status);
	if (info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED) {
		child = 0;
		end_by(info->si_status);
	}
}

static void take_signals(void)
{
	struct sigaction action = {
		.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART,
	};
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction ended = {
		.sa_sigaction = child_ended,
		.sa_flags = SA_SIGINFO | SA_RESTART | SA_NOCLDSTOP,
	};
	size_t i;

	passed = 0;
	for (i = 0; i < PASSED_ON; i++) {
		sigaction(passed_on[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(passed_on[i], &action, NULL);
	}
	sigaction(SIGPIPE, &ignore, &pipe_before);
	/* If it is ignored, a child's status is lost. */
	sigaction(SIGCHLD, &ended, &child_before);
}

/* Held until it is known whom to pass them on to, so that none is lost. */
static void hold_signals(sigset_t *old)
{
	sigset_t hold;
	size_t i;

	sigemptyset(&hold);
	sigaddset(&hold, SIGCHLD);
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

/* @why: gets errno if it could not be executed */
static void be_makedumpfile(const char *path, char *const *argv, int out,
			    int why, const sigset_t *mask)
{
	int error;

	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	give_signals_back();
	sigprocmask(SIG_SETMASK, mask, NULL);
	candidates_become(path, argv);
	error = errno;
	if (write(why, &error, sizeof(error)) < 0)
		error = 0;	/* then the exit status alone says so */
	_exit(RUN_NOT_STARTED);
}

/* 0: it runs; else why it could not be executed. */
static int exec_error(int why)
{
	int error = 0;
	ssize_t n;

	do
		n = read(why, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	return n == sizeof(error) ? error : 0;
}

static pid_t start_process(const char *path, char *const *argv, int out,
			   const int why[2])
{
	sigset_t old;
	pid_t pid;

	hold_signals(&old);
	take_signals();
	pid = fork();
	if (!pid)
		be_makedumpfile(path, argv, out, why[1], &old);
	child = pid > 0 ? pid : 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

static void close_both(const int fd[2])
{
	if (fd[0] >= 0)
		close(fd[0]);
	if (fd[1] >= 0)
		close(fd[1]);
}

static int started(struct run *run, const char *path, int why)
{
	int error = exec_error(why);

	if (!error)
		return 0;
	run_wait(run);
	fprintf(stderr, "makedumpfile-amdiommu: cannot run %s: %s\n", path,
		strerror(error));
	return RUN_NOT_STARTED;
}

int run_start(struct run *run, const char *path, char *const *argv,
	      bool piped)
{
	int out[2] = { -1, -1 }, why[2] = { -1, -1 }, ret = -1;

	if (!pipe2(why, O_CLOEXEC) && (!piped || !pipe2(out, O_CLOEXEC))) {
		if (piped)
			fcntl(out[1], F_SETPIPE_SZ, PIPE_BYTES);
		run->pid = start_process(path, argv, out[1], why);
		run->output = out[0];
		if (run->pid > 0) {
			close_both((int[]){ out[1], why[1] });
			ret = started(run, path, why[0]);
			close(why[0]);
			return ret;
		}
		give_signals_back();
	}
	close_both(out);
	close_both(why);
	return ret;
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
	give_signals_back();
	return got == run->pid ? status : RUN_NOT_STARTED << 8;
}

void run_exit(int status)
{
	if (WIFSIGNALED(status)) {
		end_by(WTERMSIG(status));
		_exit(128 + WTERMSIG(status));
	}
	_exit(WEXITSTATUS(status));
}
