// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * amdiommu check DUMP...: each dump in a process of its own, several at once.
 * Each process frees its memory when it ends. One that dies takes only its own
 * result with it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <amdiommu/display.h>

#include "command.h"


/* A slow dump must not make the results after it pile up in open files. */
#define AHEAD	16u

enum progress { WAITING, RUNNING, DONE };

struct job {
	enum progress progress;
	pid_t pid;
	FILE *out;
	int code;
};

struct crew {
	struct options *o;
	struct job *jobs;
	unsigned int limit, running;
	int started, printed;
	int worst;
	bool tell;
};

/* A dump that cannot be analysed gets a line like the others. */
static int report_error(const struct options *o, const char *path,
		      const char *why, int code, FILE *out)
{
	char *shown;

	if (o->request.row) {
		ami_check_failed_row(o->request.row, path, why, out);
		return code;
	}
	if (o->request.json) {
		ami_check_failed(path, why, code, out);
		return code;
	}
	shown = ami_display_copy(path);
	fprintf(out, "%s: error: %s\n", shown ? shown : "-", why);
	free(shown);
	return code;
}

static int check_one(struct options *o, const char *path, FILE *out)
{
	struct ami_error err = { .status = AMI_OK };
	struct ami_analysis *a = tool_open_dump(o, (char *const *)&path, 1, false,
						&err);
	char text[TOOL_ERROR];
	int code;

	if (!a)
		return report_error(o, path,
				  tool_error_text(&err, text, sizeof(text)),
				  tool_exit_code(err.status), out);
	code = tool_check_code(ami_analysis_verdict(a));
	if (!code && o->strict && ami_analysis_covered(a) !=
	    AMI_COVERED_COMPLETE)
		code = tool_check_code(AMI_VERDICT_SUSPECT);
	if (ami_render(a, &o->request, out, &err))
		code = tool_fail(&err);
	ami_analysis_free(a);
	return code;
}

static void start_job(struct crew *c, int i)
{
	struct job *job = &c->jobs[i];

	fflush(NULL);
	job->out = tmpfile();
	job->pid = job->out ? fork() : -1;
	if (!job->pid) {
		int code = check_one(c->o, c->o->operand[i], job->out);

		_exit(fflush(job->out) ? tool_exit_code(AMI_ERR_OUTPUT) :
					 code);
	}
	job->progress = RUNNING;
	if (job->pid > 0) {
		c->running++;
		return;
	}
	/* No process or file is available: do it here and now. */
	job->progress = DONE;
	job->code = check_one(c->o, c->o->operand[i], stdout);
}

static void ended(struct crew *c, struct job *job, int status)
{
	const char *path = c->o->operand[job - c->jobs];
	char why[80];

	c->running--;
	job->progress = DONE;
	if (WIFEXITED(status)) {
		job->code = WEXITSTATUS(status);
		return;
	}
	snprintf(why, sizeof(why), "the analysis was ended by signal %d (%s)",
		 WTERMSIG(status), strsignal(WTERMSIG(status)));
	rewind(job->out);
	if (!ftruncate(fileno(job->out), 0))
		report_error(c->o, path, why, EX_SOFTWARE, job->out);
	job->code = EX_SOFTWARE;
}

static int wait_for_one(struct crew *c)
{
	int status, i;
	pid_t pid;

	do
		pid = wait(&status);
	while (pid < 0 && errno == EINTR);
	for (i = c->printed; pid > 0 && i < c->started; i++)
		if (c->jobs[i].progress == RUNNING && c->jobs[i].pid == pid)
			ended(c, &c->jobs[i], status);
	return pid < 0 ? -1 : 0;
}

static void print(struct crew *c, struct job *job)
{
	char buf[4096];
	size_t n;

	if (c->tell)
		fputs("\r\033[K", stderr);
	if (job->out) {
		rewind(job->out);
		while ((n = fread(buf, 1, sizeof(buf), job->out)))
			fwrite(buf, 1, n, stdout);
		fclose(job->out);
		fflush(stdout);
	}
	if (job->code > c->worst)
		c->worst = job->code;
}

static void print_finished(struct crew *c)
{
	while (c->printed < c->started &&
	       c->jobs[c->printed].progress == DONE)
		print(c, &c->jobs[c->printed++]);
	if (c->tell && c->printed < c->o->operands)
		fprintf(stderr, "\r%d of %d dumps", c->printed,
			c->o->operands);
}

static int check_all(struct crew *c)
{
	int n = c->o->operands;

	while (c->printed < n) {
		while (c->running < c->limit && c->started < n &&
		       c->started - c->printed < (int)(AHEAD * c->limit))
			start_job(c, c->started++);
		if (c->running && wait_for_one(c))
			return tool_exit_code(AMI_ERR_INTERRUPTED);
		print_finished(c);
	}
	if (ferror(stdout) || fflush(stdout)) {
		fputs("amdiommu: the output cannot be written\n", stderr);
		return tool_exit_code(AMI_ERR_OUTPUT);
	}
	return c->worst;
}

int tool_check(struct options *o)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct crew c = { .o = o, .limit = o->jobs };
	int code;

	o->request.iommu = -1;
	if (!o->operands)
		return tool_usage_error("which dump? amdiommu check DUMP...");
	if (!c.limit)
		c.limit = cpus > 0 && cpus < 1024 ? cpus : 1;
	c.tell = o->operands > 1 && ami_terminal(stderr);
	c.jobs = calloc(o->operands, sizeof(*c.jobs));
	if (!c.jobs) {
		fputs("amdiommu: out of memory\n", stderr);
		return tool_exit_code(AMI_ERR_MEMORY);
	}
	ami_check_head(o->request.row, stdout);
	code = check_all(&c);
	free(c.jobs);
	return code;
}
