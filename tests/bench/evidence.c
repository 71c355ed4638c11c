// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What drivers' evidence adds to a report: whole runs with and without it, in
 * turns, each in a process of its own. The linker leads the library's call of
 * ami_evidence_find() here (-Wl,--wrap).
 *
 * evidence DUMP [ROUNDS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <amdiommu/report.h>
#include <analysis/analysis.h>

#define MAX_ROUNDS	100

enum kind { WITHOUT, WITH, KINDS };

struct cost {
	double wall, cpu;
	long peak;	/* KiB */
};

static enum kind kind;

struct ami_evidence *__real_ami_evidence_find(const struct ami_state *state,
					      bool scan, struct ami_error *err);
struct ami_evidence *__wrap_ami_evidence_find(const struct ami_state *state,
					      bool scan, struct ami_error *err);

struct ami_evidence *__wrap_ami_evidence_find(const struct ami_state *state,
					      bool scan, struct ami_error *err)
{
	struct ami_evidence *none;

	if (kind == WITH)
		return __real_ami_evidence_find(state, scan, err);
	none = calloc(1, sizeof(*none));
	if (none)
		*none = (struct ami_evidence){
			.state = state, .request_pages = ami_pfnset_new(),
		};
	return none;
}

static int report(const char *path)
{
	const struct ami_request request = {
		.view = AMI_VIEW_REPORT, .iommu = -1,
	};
	struct ami_layout_source source = ami_layout_btf;
	struct ami_error err = { .status = AMI_OK };
	struct ami_dump *dump = ami_dump_open(&path, 1, &err);
	struct ami_analysis *a = dump ? ami_analyse(dump, &source, NULL, &err) : NULL;
	FILE *out = fopen("/dev/null", "w");

	if (!a || !out || ami_render(a, &request, out, &err)) {
		fprintf(stderr, "%s: %s\n", path, err.text);
		return 1;
	}
	fclose(out);
	ami_analysis_free(a);
	return 0;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static double of(struct timeval t)
{
	return t.tv_sec + t.tv_usec / 1e6;
}

static struct cost run(const char *path)
{
	double start = seconds();
	struct rusage usage;
	pid_t child = fork();
	int status;

	if (!child)
		_exit(report(path));
	if (child < 0 || wait4(child, &status, 0, &usage) < 0 || status)
		exit(1);
	return (struct cost){
		seconds() - start, of(usage.ru_utime) + of(usage.ru_stime),
		usage.ru_maxrss,
	};
}

static int by_wall(const void *a, const void *b)
{
	const struct cost *x = a, *y = b;

	return (x->wall > y->wall) - (x->wall < y->wall);
}

int main(int argc, char **argv)
{
	static const char *const label[KINDS] = { "without", "with evidence" };
	static struct cost costs[KINDS][MAX_ROUNDS];
	int rounds = argc > 2 ? atoi(argv[2]) : 21, round;

	if (argc < 2 || rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: evidence DUMP [ROUNDS]\n");
		return 64;
	}
	for (round = -1; round < rounds; round++)
		for (kind = 0; kind < KINDS; kind++) {
			struct cost c = run(argv[1]);

			/* The first round fills the page cache. */
			if (round >= 0)
				costs[kind][round] = c;
		}
	printf("%s: report, %d rounds: min, median, max\n", argv[1], rounds);
	for (kind = 0; kind < KINDS; kind++) {
		struct cost *c = costs[kind];

		qsort(c, rounds, sizeof(*c), by_wall);
		printf("  %-14s %6.3f %6.3f %6.3f s, CPU %6.3f s, %ld MiB\n",
		       label[kind], c[0].wall, c[rounds / 2].wall,
		       c[rounds - 1].wall, c[rounds / 2].cpu,
		       c[rounds / 2].peak / 1024);
	}
	printf("  evidence adds  %6.3f s of %.3f s (medians)\n",
	       costs[WITH][rounds / 2].wall - costs[WITHOUT][rounds / 2].wall,
	       costs[WITHOUT][rounds / 2].wall);
	return 0;
}
