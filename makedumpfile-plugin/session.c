// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whatever happens here, makedumpfile runs once, with the arguments, files and
 * signals it would have had without us, and its exit status is ours.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deliver.h"
#include "marking.h"
#include "run.h"
#include "session.h"

struct session {
	const struct job *job;
	struct guard_limits limits;
	struct ami_error err;	/* why there are no marks */
	int marks;		/* memfd with the container, -1: none */
	int hashes;		/* memfd for `watch`, -1: not wanted */
	int fresh;		/* memfd for the container after `watch` */
	bool in_place;		/* the stream goes to a regular file */
};

static bool switched_on(const char *name)
{
	const char *text = getenv(name);

	return text && *text && strcmp(text, "0");
}

static void say(const char *what, const char *why)
{
	fprintf(stderr, "makedumpfile-amdiommu: %s: %s\n", what, why);
}

static void forget(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* --- before makedumpfile ------------------------------------------------------ */

static int make_marks(void *ctx, struct ami_error *err)
{
	const struct session *s = ctx;

	return marking_make(s->job->input, s->marks, s->hashes, err);
}

static void analyse(struct session *s)
{
	s->marks = memfd_create("amdiommu-marks", MFD_CLOEXEC);
	if (switched_on("AMDIOMMU_WATCH"))
		s->hashes = memfd_create("amdiommu-hashes", MFD_CLOEXEC);
	if (s->marks < 0)
		ami_error_set(&s->err, AMI_ERR_MEMORY, "out of memory");
	else if (guard_run(&s->limits, make_marks, s, &s->err))
		forget(&s->marks);
}

/* Parts of a split dump have their marks beside the first. */
static void find_sidecar(struct session *s)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s" SIDECAR_SUFFIX, s->job->part[0]);
	s->marks = open(path, O_RDONLY | O_CLOEXEC);
	if (s->marks < 0)
		ami_error_set(&s->err, AMI_ERR_INPUT, "there is no %s", path);
}

/*
 * makedumpfile may write straight to a regular file: then it sees a full disk
 * itself, and marks can be added later. Not where others write to it as well.
 */
static bool stdout_is_ours(void)
{
	struct stat st;

	return !fstat(STDOUT_FILENO, &st) && S_ISREG(st.st_mode) &&
	       !(fcntl(STDOUT_FILENO, F_GETFL) & O_APPEND) &&
	       !st.st_size && !lseek(STDOUT_FILENO, 0, SEEK_CUR);
}

/* --- after makedumpfile ------------------------------------------------------- */

static int observe(void *ctx, struct ami_error *err)
{
	const struct session *s = ctx;

	return marking_observe(s->job->input, s->marks, s->hashes, s->fresh,
			       err);
}

/* A second look fails without harm: the marks from before stand. */
static void watch(struct session *s)
{
	struct ami_error err;

	if (s->hashes < 0 || s->marks < 0)
		return;
	s->fresh = memfd_create("amdiommu-fresh", MFD_CLOEXEC);
	if (s->fresh >= 0 && !guard_run(&s->limits, observe, s, &err)) {
		forget(&s->marks);
		s->marks = s->fresh;
	} else {
		say("pages were not compared", s->fresh < 0 ?
		    "out of memory" : err.text);
		forget(&s->fresh);
	}
	forget(&s->hashes);
}

static int add_to_stdout(struct session *s)
{
	int fd = open("/proc/self/fd/1", O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return ami_error_set(&s->err, AMI_ERR_OUTPUT,
				     "stdout cannot be read back");
	ret = deliver_flattened(fd, s->marks, &s->limits, &s->err);
	close(fd);
	return ret;
}

static int add(struct session *s)
{
	switch (s->job->kind) {
	case JOB_FILE:
	case JOB_REASSEMBLE:
		return deliver_file(s->job->output, s->marks, &s->limits,
				    &s->err);
	case JOB_STREAM:
		return add_to_stdout(s);
	default:	/* --reassemble would write page data over a note */
		return -1;
	}
}

/* Where the sidecar belongs: $AMDIOMMU_SIDECAR, or beside the dump. */
static void put_beside(struct session *s)
{
	const char *dump = s->job->kind == JOB_SPLIT ? s->job->part[0] :
						       s->job->output;
	const char *set = getenv("AMDIOMMU_SIDECAR");
	struct ami_error err;

	if (set && *set)
		dump = set;
	if (dump && deliver_sidecar(dump, s->marks, s->marks >= 0 ? NULL :
				    s->err.text, &err))
		say("no sidecar", err.text);
}

static void finish(struct session *s)
{
	watch(s);
	if (s->marks >= 0 && !add(s))
		return;
	if (s->marks >= 0 && s->err.text[0])
		say("marks cannot be added to the dump", s->err.text);
	put_beside(s);
}

/* --- the stream ---------------------------------------------------------------- */

static int run_stream(struct session *s, const char *path, char *const *argv)
{
	struct run run;
	struct stream stream = { .out = STDOUT_FILENO, .head = -1 };
	int status;

	if (run_start(&run, path, argv, true))
		return -1;
	stream.in = run.output;
	stream.head = memfd_create("amdiommu-head", MFD_CLOEXEC);
	stream_pass(&stream);
	if (stream.ended) {
		watch(s);
		if (deliver_stream(&stream, s->marks, &s->limits, &s->err)) {
			say("marks cannot be added to the stream",
			    s->err.text);
			put_beside(s);
		}
		stream.ended = false;
		stream_pass(&stream);
	}
	forget(&stream.head);
	status = run_wait(&run);
	return status;
}

static int run_plain(struct session *s, const char *path, char *const *argv)
{
	struct run run;
	int status;

	if (run_start(&run, path, argv, false))
		return -1;
	status = run_wait(&run);
	if (!status)
		finish(s);
	return status;
}

int session_run(const char *path, char *const *argv, const struct job *job)
{
	struct session s = {
		.job = job, .limits = guard_limits_env(),
		.marks = -1, .hashes = -1, .fresh = -1,
	};
	int status = -1;

	if (job->kind == JOB_REASSEMBLE)
		find_sidecar(&s);
	else
		analyse(&s);
	if (s.marks < 0)
		say("no marks", s.err.text);
	s.in_place = job->kind == JOB_STREAM && stdout_is_ours();
	/* Without marks nothing needs to be between makedumpfile and stdout. */
	if (job->kind != JOB_STREAM || s.in_place)
		status = run_plain(&s, path, argv);
	else if (s.marks >= 0)
		status = run_stream(&s, path, argv);
	else
		put_beside(&s);
	if (status < 0)
		run_instead(path, argv);
	return status < 0 ? 127 << 8 : status;
}
