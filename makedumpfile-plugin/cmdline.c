// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The options of makedumpfile 1.6.8 to 1.7.9 and of its development version
 * (makedumpfile.c, main()). It also reads them with getopt_long(), so
 * abbreviations and permuted arguments give the same.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmdline.h"

static const char short_options[] = "b:cDd:eEFfg:hi:lL:pRvXx:z";

/* Long options: a letter for those that decide, '-' for the others. */
static const struct option long_options[] = {
	{ "split", no_argument, NULL, 's' },
	{ "reassemble", no_argument, NULL, 'r' },
	{ "xen-syms", required_argument, NULL, 'o' },
	{ "xen-vmcoreinfo", required_argument, NULL, 'o' },
	{ "xen_phys_start", required_argument, NULL, 'o' },
	{ "message-level", required_argument, NULL, '-' },
	{ "vtop", required_argument, NULL, '-' },
	{ "dump-dmesg", no_argument, NULL, 'o' },
	{ "partial-dmesg", no_argument, NULL, '-' },
	{ "config", required_argument, NULL, '-' },
	{ "help", no_argument, NULL, 'o' },
	{ "diskset", required_argument, NULL, 'o' },
	{ "cyclic-buffer", required_argument, NULL, '-' },
	{ "eppic", required_argument, NULL, '-' },
	{ "non-mmap", no_argument, NULL, '-' },
	{ "mem-usage", no_argument, NULL, 'o' },
	{ "splitblock-size", required_argument, NULL, '-' },
	{ "work-dir", required_argument, NULL, '-' },
	{ "num-threads", required_argument, NULL, '-' },
	{ "check-params", no_argument, NULL, 'o' },
	{ "dry-run", no_argument, NULL, 'o' },
	{ "show-stats", no_argument, NULL, '-' },
	{ "extension", required_argument, NULL, '-' },
	{ NULL, 0, NULL, 0 },
};

struct wishes {
	bool flatten, split, reassemble, other;
};

static void read_options(struct wishes *w, int argc, char **argv)
{
	int c;

	opterr = 0;
	optind = 0;	/* also resets an earlier scan */
	while ((c = getopt_long(argc, argv, short_options, long_options,
				NULL)) != -1) {
		switch (c) {
		case 'F':
			w->flatten = true;
			break;
		case 's':
			w->split = true;
			break;
		case 'r':
			w->reassemble = true;
			break;
		case 'g':
		case 'h':
		case 'o':
		case 'R':
		case 'v':
		case 'X':
		case '?':
			w->other = true;
			break;
		}
	}
}

static void sort_out(struct job *job, const struct wishes *w,
		     const char *const *file, int files)
{
	if (w->other)
		return;
	if (w->reassemble && !w->split && !w->flatten && files >= 3) {
		job->kind = JOB_REASSEMBLE;
		job->part = file;
		job->parts = files - 1;
		job->output = file[files - 1];
	} else if (w->split && !w->reassemble && !w->flatten && files >= 3) {
		job->kind = JOB_SPLIT;
		job->input = file[0];
		job->part = file + 1;
		job->parts = files - 1;
	} else if (!w->split && !w->reassemble &&
		   files == (w->flatten ? 1 : 2)) {
		job->kind = w->flatten ? JOB_STREAM : JOB_FILE;
		job->input = file[0];
		job->output = w->flatten ? NULL : file[1];
	}
}

void job_parse(struct job *job, int argc, char *const *argv)
{
	struct wishes w = { .other = false };

	*job = (struct job){ .kind = JOB_OTHER };
	job->words = malloc((argc + 1) * sizeof(*job->words));
	if (!job->words)
		return;
	memcpy(job->words, argv, argc * sizeof(*job->words));
	job->words[argc] = NULL;
	read_options(&w, argc, (char **)job->words);
	sort_out(job, &w, job->words + optind, argc - optind);
}

void job_free(struct job *job)
{
	free(job->words);
	job->words = NULL;
}
