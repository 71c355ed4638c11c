/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The marks of one run of makedumpfile, whatever hosts it. */
#ifndef AMI_SESSION_H
#define AMI_SESSION_H

#include <limits.h>

#include "cmdline.h"
#include "guard.h"
#include "marking.h"

/**
 * struct session - between analysis and finished dump
 * @job, @open, @decisions: set by the host; see struct marking
 * @err: why there are no marks
 * @marks: file with the container; -1: none
 * @hashes: of marked pages, for `watch`; -1: not wanted
 * @spare: the dump's folder, for a temporary file
 * @in_place: the stream goes to a regular file, where marks can be added later
 */
struct session {
	const struct job *job;
	marking_open *open;
	int decisions;
	struct guard_limits limits;
	struct ami_error err;
	int marks;
	int hashes;
	bool in_place;
	char spare[PATH_MAX];
};

/** session_say() - one line on stderr */
void session_say(const char *what, const char *why);

/** session_start() - analyse, before makedumpfile reads its input */
void session_start(struct session *s);

/** session_watch() - compare pages again, if wanted */
void session_watch(struct session *s);

/** session_put_beside() - write the sidecar, with marks or the reason */
void session_put_beside(struct session *s);

/** session_finish() - makedumpfile has succeeded: put marks into its output */
void session_finish(struct session *s);

#endif
