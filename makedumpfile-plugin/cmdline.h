/* SPDX-License-Identifier: GPL-2.0-or-later */
/* makedumpfile's command line, all releases from 1.6.8 on. */
#ifndef AMI_CMDLINE_H
#define AMI_CMDLINE_H

#include <stdbool.h>

/** enum job_kind - what makedumpfile will do */
enum job_kind {
	JOB_OTHER,	/* writes no dump, or is not understood */
	JOB_FILE,	/* one dump file */
	JOB_STREAM,	/* -F: a flattened stream to stdout */
	JOB_SPLIT,	/* --split: several files */
	JOB_REASSEMBLE,	/* --reassemble: parts into one file */
};

/**
 * struct job - files on the command line
 * @input: vmcore; NULL for JOB_REASSEMBLE
 * @part: outputs of --split, inputs of --reassemble
 * @output: of JOB_FILE and JOB_REASSEMBLE
 */
struct job {
	enum job_kind kind;
	const char *input;
	const char *const *part;
	int parts;
	const char *output;
	const char **words;	/* what job_free() frees */
};

/**
 * job_parse() - find out what makedumpfile will do with these arguments
 *
 * Does not change @argv; strings of @job point into it. A doubtful case is
 * JOB_OTHER.
 */
void job_parse(struct job *job, int argc, char *const *argv);
void job_free(struct job *job);

#endif
