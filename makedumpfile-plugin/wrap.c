// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whatever happens here, makedumpfile runs once, with the arguments, files and
 * signals that it would have had without us. Its exit status is ours.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "deliver.h"
#include "run.h"
#include "session.h"
#include "wrap.h"

#define EXIT_LOST	1	/* like makedumpfile's own */
#define EXIT_NO_EXEC	126	/* of a shell whose script runs another */

static struct ami_dump *open_input(const char *input, struct ami_error *err)
{
	return ami_dump_open(&input, 1, err);
}

/* --- did it start at all? ----------------------------------------------------- */

/**
 * struct trace - what a makedumpfile may leave, as it was before
 * @path: NULL: what stdout goes to
 * @known: it leaves something that can be looked at
 */
struct trace {
	const char *path;
	bool known, there;
	struct stat st;
};

static bool trace_look(const struct trace *t, struct stat *st)
{
	return t->path ? !lstat(t->path, st) : !fstat(STDOUT_FILENO, st);
}

static void trace_begin(struct trace *t, const struct job *job)
{
	t->path = job->kind == JOB_SPLIT ? job->part[0] : job->output;
	t->there = trace_look(t, &t->st);
	t->known = t->path || (job->kind == JOB_STREAM && t->there &&
			       S_ISREG(t->st.st_mode));
}

static bool trace_left(const struct trace *t)
{
	struct stat now;

	if (!t->known)
		return true;
	if (!trace_look(t, &now))
		return t->there;
	return !t->there || now.st_ino != t->st.st_ino ||
	       now.st_size != t->st.st_size ||
	       now.st_mtim.tv_sec != t->st.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != t->st.st_mtim.tv_nsec;
}

/* How programs end that are damaged, or whose libraries are missing. */
static bool ended_as_broken(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == RUN_NOT_STARTED ||
		       WEXITSTATUS(status) == EXIT_NO_EXEC;
	switch (WTERMSIG(status)) {
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGTRAP:
	case SIGFPE:
	case SIGABRT:
	case SIGSYS:
		return true;
	default:
		return false;
	}
}

/* The loader and shells end before anything is written. */
static bool never_started(int status, bool left_something)
{
	return ended_as_broken(status) &&
	       (WIFEXITED(status) || !left_something);
}

/* --- one makedumpfile ----------------------------------------------------------- */

struct report_wrapped {
	struct session session;
	char *const *argv;
	bool marked;	/* there are marks to deliver, or a reason */
};

/* The end mark is needed in any case. */
static void end_stream(struct report_wrapped *w, struct stream *stream, int status)
{
	struct session *s = &w->session;
	bool had = s->marks >= 0;

	if (status && had) {
		s->marks = -1;
		ami_error_set(&s->err, AMI_ERR_DATA, "makedumpfile failed");
	}
	session_watch(s);
	if (deliver_stream(stream, s->marks, &s->limits, &s->err)) {
		if (had)
			session_say("no marks in the stream", s->err.text);
		if (!status)
			session_put_beside(s);
	}
}

/* Returns like run_start(), with *@status filled if 0. */
static int run_stream(struct report_wrapped *w, const char *path, int *status,
		      bool *left)
{
	struct stream stream = { .out = STDOUT_FILENO };
	struct run run;
	int ret = run_start(&run, path, w->argv, true);

	if (ret)
		return ret;
	stream.in = run.output;
	stream.head = guard_fd(memfd_create("amdiommu-head", MFD_CLOEXEC));
	stream_pass(&stream);
	*status = run_wait(&run);
	*left = stream.passed || stream.lost;
	if (stream.ended && !stream.lost)
		end_stream(w, &stream, *status);
	if (stream.head >= 0)
		close(stream.head);
	/* makedumpfile had finished before its last bytes found no room. */
	if (stream.lost && !*status)
		*status = EXIT_LOST << 8;
	return 0;
}

static int run_plain(struct report_wrapped *w, const char *path, int *status,
		     bool *left)
{
	const struct job *job = w->session.job;
	struct trace trace;
	struct run run;
	int ret;

	trace_begin(&trace, job);
	ret = run_start(&run, path, w->argv, false);
	if (ret)
		return ret;
	*status = run_wait(&run);
	*left = trace_left(&trace);
	if (!*status && w->marked)
		session_finish(&w->session);
	return 0;
}

/* --- until one starts ----------------------------------------------------------- */

static void say_broken(const char *path, int status)
{
	if (WIFSIGNALED(status))
		fprintf(stderr, "makedumpfile-amdiommu: %s ended by signal %d before it wrote anything\n",
			path, WTERMSIG(status));
	else
		fprintf(stderr, "makedumpfile-amdiommu: %s did not start (exit status %d)\n",
			path, WEXITSTATUS(status));
}

/* Nothing is left to do afterwards, or no process is available. */
static int become(const struct candidates *c, char *const *argv)
{
	size_t i;

	for (i = 0; i < c->count; i++) {
		candidates_become(c->path[i], argv);
		fprintf(stderr, "makedumpfile-amdiommu: cannot run %s: %s\n",
			c->path[i], strerror(errno));
	}
	return RUN_NOT_STARTED << 8;
}

static int try_each(struct report_wrapped *w, const struct candidates *c, bool piped)
{
	int first = -1, status = 0, ret;
	bool left = false;
	size_t i;

	for (i = 0; i < c->count; i++) {
		ret = (piped ? run_stream : run_plain)(w, c->path[i], &status,
						       &left);
		if (ret < 0)
			return become(c, w->argv);
		if (ret)
			continue;
		if (i + 1 == c->count || !never_started(status, left))
			return status;
		say_broken(c->path[i], status);
		first = first < 0 ? status : first;
	}
	return first < 0 ? RUN_NOT_STARTED << 8 : first;
}

int wrap_off(const struct candidates *c, char *const *argv,
	     const struct job *job)
{
	struct report_wrapped w = { .session.job = job, .argv = argv };

	return c->count == 1 ? become(c, argv) : try_each(&w, c, false);
}

int wrap(const struct candidates *c, char *const *argv, const struct job *job)
{
	struct report_wrapped w = {
		.session = {
			.job = job, .open = open_input, .decisions = -1,
		},
		.argv = argv, .marked = true,
	};
	bool piped;

	session_start(&w.session);
	piped = job->kind == JOB_STREAM && !w.session.in_place;
	/*
	 * Without marks, nothing needs to be between makedumpfile and stdout.
	 */
	if (piped && w.session.marks < 0 && c->count == 1) {
		session_put_beside(&w.session);
		return become(c, argv);
	}
	return try_each(&w, c, piped);
}
