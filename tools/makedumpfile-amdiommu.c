// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * makedumpfile with marks: the same command line, for makedumpfile without
 * extensions. Settings are environment variables (docs/kdump.md); where only
 * arguments can be set, --amdiommu-NAME[=VALUE] sets AMDIOMMU_NAME.
 */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmdline.h"
#include "run.h"
#include "wrap.h"

#define OWN		"--amdiommu-"
#define EXIT_NOT_FOUND	127

/* "--amdiommu-watch" sets AMDIOMMU_WATCH=1. */
static void take_setting(const char *arg)
{
	char name[64] = "AMDIOMMU_";
	const char *value = strchr(arg, '=');
	size_t at = strlen(name);

	for (arg += strlen(OWN); *arg && *arg != '=' && at < sizeof(name) - 1;
	     arg++)
		name[at++] = *arg == '-' ? '_' : toupper((unsigned char)*arg);
	name[at] = '\0';
	setenv(name, value ? value + 1 : "1", 1);
}

/* Takes our own settings out of @argv; returns how many words remain. */
static int take_settings(int argc, char **argv)
{
	int i, left = 0;

	for (i = 0; i < argc; i++)
		if (i && !strncmp(argv[i], OWN, strlen(OWN)))
			take_setting(argv[i]);
		else
			argv[left++] = argv[i];
	argv[left] = NULL;
	return left;
}

static bool switched_off(void)
{
	const char *text = getenv("AMDIOMMU_OFF");

	return text && *text && strcmp(text, "0");
}

int main(int argc, char **argv)
{
	char path[PATH_MAX];
	struct job job;
	int status;

	argc = take_settings(argc, argv);
	if (!run_find(path, sizeof(path))) {
		fputs("makedumpfile-amdiommu: there is no makedumpfile on PATH; set AMDIOMMU_MAKEDUMPFILE\n",
		      stderr);
		return EXIT_NOT_FOUND;
	}
	job_parse(&job, argc, argv);
	if (job.kind == JOB_OTHER || switched_off()) {
		run_instead(path, argv);
		return EXIT_NOT_FOUND;
	}
	status = wrap(path, argv, &job);
	job_free(&job);
	run_exit(status);
}
