// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whatever happens here, makedumpfile runs once, with the arguments, files and
 * signals it would have had without us, and its exit status is ours.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "deliver.h"
#include "run.h"
#include "session.h"
#include "wrap.h"

#define EXIT_NOT_FOUND	127
#define EXIT_LOST	1	/* as makedumpfile's own */

static struct ami_dump *open_input(const char *input, struct ami_error *err)
{
	return ami_dump_open(&input, 1, err);
}

/* The end mark is due in any case. */
static void end_stream(struct session *s, struct stream *stream, int status)
{
	if (status) {
		s->marks = -1;
		ami_error_set(&s->err, AMI_ERR_DATA, "makedumpfile failed");
	}
	session_watch(s);
	if (deliver_stream(stream, s->marks, &s->limits, &s->err)) {
		session_say("no marks in the stream", s->err.text);
		if (!status)
			session_put_beside(s);
	}
}

static int run_stream(struct session *s, const char *path, char *const *argv)
{
	struct stream stream = { .out = STDOUT_FILENO };
	struct run run;
	int status;

	if (run_start(&run, path, argv, true))
		return -1;
	stream.in = run.output;
	stream.head = memfd_create("amdiommu-head", MFD_CLOEXEC);
	stream_pass(&stream);
	status = run_wait(&run);
	if (stream.ended && !stream.lost)
		end_stream(s, &stream, status);
	if (stream.head >= 0)
		close(stream.head);
	/* makedumpfile was done before its last bytes found no room. */
	return stream.lost && !status ? EXIT_LOST << 8 : status;
}

static int run_plain(struct session *s, const char *path, char *const *argv)
{
	struct run run;
	int status;

	if (run_start(&run, path, argv, false))
		return -1;
	status = run_wait(&run);
	if (!status)
		session_finish(s);
	return status;
}

int wrap(const char *path, char *const *argv, const struct job *job)
{
	struct session s = {
		.job = job, .open = open_input, .decisions = -1,
	};
	int status = -1;

	session_start(&s);
	/* Without marks nothing needs to be between makedumpfile and stdout. */
	if (job->kind != JOB_STREAM || s.in_place)
		status = run_plain(&s, path, argv);
	else if (s.marks >= 0)
		status = run_stream(&s, path, argv);
	else
		session_put_beside(&s);
	if (status < 0)
		run_instead(path, argv);
	return status < 0 ? EXIT_NOT_FOUND << 8 : status;
}
