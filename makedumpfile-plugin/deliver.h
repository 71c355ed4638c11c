/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Brings marks to a dump without endangering it. */
#ifndef AMI_DELIVER_H
#define AMI_DELIVER_H

#include <stdbool.h>

#include "guard.h"
#include "stream.h"

/**
 * deliver_file() - put marks into a finished dump file
 *
 * On failure the file stays byte for byte the same.
 */
int deliver_file(const char *path, int marks,
		 const struct guard_limits *limits, struct ami_error *err);

/**
 * deliver_stream() - end a stream that stream_pass() brought to its end mark
 *
 * Writes the marks' records, if there are any, and the end mark.
 */
int deliver_stream(struct stream *s, int marks,
		   const struct guard_limits *limits, struct ami_error *err);

/**
 * deliver_flattened() - put marks into a flattened stream in a regular file
 * @fd: the file, as makedumpfile left it
 */
int deliver_flattened(int fd, int marks, const struct guard_limits *limits,
		      struct ami_error *err);

/** deliver_stdout() - the same for the file that stdout goes to */
int deliver_stdout(int marks, const struct guard_limits *limits,
		   struct ami_error *err);

/**
 * struct deliver_beside - what goes into a sidecar
 * @dump: the sidecar's name is this and ".amdiommu"
 * @named: the user asked for this name; else only regular files get one
 * @input: the vmcore; NULL: none
 * @marks: open file with the container
 * @reason: why there are no marks, or NULL: then @marks is copied
 */
struct deliver_beside {
	const char *dump, *input;
	bool named;
	int marks;
	const char *reason;
};

/**
 * deliver_beside() - write DUMP.amdiommu
 *
 * The file appears complete or not at all, and replaces only one of ours.
 */
int deliver_beside(const struct deliver_beside *what,
		   const struct guard_limits *limits, struct ami_error *err);

/** deliver_no_sidecar() - remove the sidecar of an earlier dump of that name */
void deliver_no_sidecar(const char *dump, const struct guard_limits *limits);

/** deliver_from_sidecar() - a memfd with the marks beside @dump, or -1 */
int deliver_from_sidecar(const char *dump, const struct guard_limits *limits,
			 struct ami_error *err);

#endif
