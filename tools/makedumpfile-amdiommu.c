// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * makedumpfile with marks. It takes the same command line, for makedumpfile
 * without extensions. Settings are environment variables (docs/kdump.md). Where
 * only arguments can be set, --amdiommu-NAME[=VALUE] sets AMDIOMMU_NAME.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "candidates.h"
#include "cmdline.h"
#include "run.h"
#include "settings.h"
#include "wrap.h"

/*
 * If a standard descriptor is @closed, our own files must not take its number.
 * What takes it fails like a closed one, and is closed for makedumpfile.
 */
static void hold_standard_descriptors(bool closed[STDERR_FILENO + 1])
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		closed[fd] = fcntl(fd, F_GETFD) < 0;
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (closed[fd] && open("/", O_PATH | O_CLOEXEC) != fd)
			break;
}

/*
 * makedumpfile alone would open its dump as the closed descriptor and write its
 * progress into it. A stream to nowhere stays a stream to nowhere: it fails.
 */
static void open_for_makedumpfile(const struct job *job,
				  const bool closed[STDERR_FILENO + 1])
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;

	for (fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		if (closed[fd] && (fd != STDOUT_FILENO ||
				   job->kind != JOB_STREAM))
			dup2(null, fd);
	if (null >= 0)
		close(null);
}

static int only_say(enum settings_wish wish)
{
	if (wish == SETTINGS_HELP)
		settings_help();
	else
		puts("makedumpfile-amdiommu " AMI_VERSION);
	return fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	bool closed[STDERR_FILENO + 1];
	enum settings_wish wish;
	struct candidates c;
	struct job job;
	int status;

	hold_standard_descriptors(closed);
	argc = settings_take(argc, argv, &wish);
	if (wish != SETTINGS_RUN)
		return only_say(wish);
	candidates_find(&c);
	if (!c.count) {
		fputs("makedumpfile-amdiommu: there is no makedumpfile on PATH or in the usual folders; set AMDIOMMU_MAKEDUMPFILE\n",
		      stderr);
		return RUN_NOT_STARTED;
	}
	job_parse(&job, argc, argv);
	if (job.kind != JOB_OTHER)
		open_for_makedumpfile(&job, closed);
	if (!c.nested)
		settings_check();
	if (job.kind == JOB_OTHER || settings_on("AMDIOMMU_OFF") || c.nested ||
	    (job.kind == JOB_STREAM && closed[STDOUT_FILENO]))
		status = wrap_off(&c, argv, &job);
	else
		status = wrap(&c, argv, &job);
	job_free(&job);
	candidates_free(&c);
	run_exit(status);
}
