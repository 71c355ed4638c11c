// SPDX-License-Identifier: GPL-2.0-or-later
/* What comes before makedumpfile and after it. */
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
#include "session.h"
#include "settings.h"
#include "spare.h"

void session_say(const char *what, const char *why)
{
	fprintf(stderr, "amdiommu: %s: %s\n", what, why);
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
	const struct marking m = {
		.open = s->open, .input = s->job->input, .spare = s->spare,
		.marks = s->marks,
		.hashes = s->hashes, .decisions = s->decisions,
	};

	return marking_make(&m, err);
}

static void analyse_guarded(struct session *s)
{
	spare_folder(s->job, s->spare, sizeof(s->spare));
	s->marks = guard_fd(memfd_create("amdiommu-marks", MFD_CLOEXEC));
	if (settings_on("AMDIOMMU_WATCH"))
		s->hashes = guard_fd(memfd_create("amdiommu-hashes", MFD_CLOEXEC));
	if (s->marks < 0)
		ami_error_set(&s->err, AMI_ERR_MEMORY, "out of memory");
	else if (guard_run(&s->limits, make_marks, s, &s->err))
		forget(&s->marks);
}

/*
 * makedumpfile may write straight to a regular file: then it sees a full disk
 * itself, and marks can be added later. Not if others write to it as well.
 */
static bool stdout_is_ours(void)
{
	struct stat st;

	return !fstat(STDOUT_FILENO, &st) && S_ISREG(st.st_mode) &&
	       !(fcntl(STDOUT_FILENO, F_GETFL) & O_APPEND) &&
	       !st.st_size && !lseek(STDOUT_FILENO, 0, SEEK_CUR);
}

void session_start(struct session *s)
{
	s->limits = guard_limits_env();
	s->marks = s->hashes = -1;
	if (s->job->kind == JOB_REASSEMBLE)
		/*
		 * Parts of a split dump have their marks beside the first part.
		 */
		s->marks = deliver_from_sidecar(s->job->part[0], &s->limits,
						&s->err);
	else
		analyse_guarded(s);
	if (s->marks < 0)
		session_say("no marks", s->err.text);
	s->in_place = s->job->kind == JOB_STREAM && stdout_is_ours();
}

/* --- after makedumpfile ------------------------------------------------------- */

struct watched {
	const struct session *session;
	int fresh;	/* memfd for the new container */
};

static int observe(void *ctx, struct ami_error *err)
{
	const struct watched *w = ctx;
	const struct session *s = w->session;

	return marking_observe(s->job->input, s->marks, s->hashes, w->fresh,
			       err);
}

/* If a second look fails, the marks from before stand. */
void session_watch(struct session *s)
{
	struct watched w = { .session = s };
	struct ami_error err;

	if (s->hashes < 0 || s->marks < 0)
		return;
	w.fresh = guard_fd(memfd_create("amdiommu-watched", MFD_CLOEXEC));
	if (w.fresh >= 0 && !guard_run(&s->limits, observe, &w, &err)) {
		forget(&s->marks);
		s->marks = w.fresh;
	} else {
		session_say("pages were not compared", w.fresh < 0 ?
			    "out of memory" : err.text);
		forget(&w.fresh);
	}
	forget(&s->hashes);
}

static int add_pass(struct session *s)
{
	switch (s->job->kind) {
	case JOB_FILE:
	case JOB_REASSEMBLE:
		return deliver_file(s->job->output, s->marks, &s->limits,
				    &s->err);
	case JOB_STREAM:
		return s->in_place ? deliver_stdout(s->marks, &s->limits,
						    &s->err) : -1;
	default:	/* --reassemble would write page data over a note */
		return -1;
	}
}

void session_put_beside(struct session *s)
{
	const char *set = getenv("AMDIOMMU_SIDECAR");
	struct deliver_beside b = {
		.dump = s->job->kind == JOB_SPLIT ? s->job->part[0] :
						    s->job->output,
		.input = s->job->input, .marks = s->marks,
		.reason = s->marks >= 0 ? NULL : s->err.text,
	};
	char path[PATH_MAX];
	struct ami_error err;

	if (set && *set) {
		b.dump = set;
		b.named = true;
	} else if (s->in_place && stdout_file(path, sizeof(path))) {
		b.dump = path;
	}
	if (b.dump && deliver_beside(&b, &s->limits, &err))
		session_say("no sidecar", err.text);
}

void session_finish(struct session *s)
{
	session_watch(s);
	if (s->marks >= 0 && !add_pass(s)) {
		if (s->job->output)
			deliver_no_sidecar(s->job->output, &s->limits);
		return;
	}
	/*
	 * A file that cannot take a note, such as an ELF file, is not a
	 * failure.
	 */
	if (s->marks >= 0 && s->err.text[0] && s->err.status != AMI_ERR_DATA)
		session_say("marks cannot be added to the dump", s->err.text);
	session_put_beside(s);
}
