// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Damage a real dump as DMA does, many times over, and see that the report is
 * never wrong about it. Each dump is made from a seed and its number alone, so
 * any of them can be made again: --seed S --first NUMBER --count 1.
 *
 * A worker process does the work; when it dies, the number it was at is known
 * and another one goes on behind it.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "damage.h"
#include "judge.h"
#include "sweep.h"

/*
 * Work and memory that one damaged dump may cost. Damage can map all of RAM,
 * and of each exposed page frame the owner is looked up.
 */
#define READS_TIMES	20u		/* those of the intact dump */
#define READS_PER_FRAME	8u		/* of RAM */
#define MEMORY		(256ull << 20)	/* more than the intact dump's */
#define CPU_SECONDS	60
#define SHOWN		50u		/* failures told in full */

struct options {
	uint64_t seed, first, count;
	bool verbose;
	enum sweep_kind sweep;
};

/* Shared by parent and workers. */
struct score {
	uint64_t at;			/* the number being worked on */
	struct hits hits;		/* and what was done to it */
	uint64_t by[BY_NR][OUTCOMES];
	uint64_t to[AT_NR][OUTCOMES];
	uint64_t failures;
	uint64_t most_reads;
};

struct campaign {
	const struct options *opt;
	const char *path;
	struct overlay *o;
	struct places places;
	struct sweep sweep;
	struct facts intact;
	struct score *score;
	uint64_t end;
};

static void tell(const struct campaign *c, enum outcome outcome)
{
	const struct hit *h = c->score->hits.hit;
	unsigned int i;

	printf("%-8s seed %" PRIu64 " number %" PRIu64 " of %s\n",
	       outcome_name[outcome], c->opt->seed, c->score->at, c->path);
	for (i = 0; i < c->score->hits.count; i++)
		printf("         %s at %s, 0x%" PRIx64 "\n",
		       damage_name[h[i].damage], what_name[h[i].what],
		       h[i].paddr);
	fflush(stdout);
}

static void note(struct campaign *c, enum outcome outcome)
{
	struct score *s = c->score;
	bool several = s->hits.count > 1;

	s->by[several ? BY_SEVERAL : s->hits.hit[0].damage][outcome]++;
	s->to[s->hits.hit[0].what][outcome]++;
	if (outcome >= FIRST_FAILURE)
		s->failures++;
	if (c->opt->verbose || (outcome >= FIRST_FAILURE &&
				s->failures <= SHOWN))
		tell(c, outcome);
}

static void show(const struct ami_analysis *a, const struct ami_error *err)
{
	const struct ami_findings *f;
	size_t i;

	if (!a) {
		printf("         %s\n", err->text);
		return;
	}
	f = a->state->findings;
	printf("         %s\n", ami_verdict_name(a->exposures->verdict));
	for (i = 0; i < a->exposures->reasons.count; i++)
		printf("         because %s\n",
		       a->exposures->reasons.list[i].text);
	printf("         coverage %s\n",
	       ami_covered_name(a->exposures->covered));
	for (i = 0; i < a->exposures->gaps.count; i++)
		printf("         because %s\n",
		       a->exposures->gaps.list[i].text);
	for (i = 0; i < f->count; i++)
		printf("         %s %s %s: %s\n",
		       ami_severity_name(f->list[i].severity),
		       ami_finding_class(f->list[i].code)->name, f->list[i].where, f->list[i].text);
}

static bool tables_hit(const struct campaign *c)
{
	const struct ami_pfnset *tables =
		c->intact.analysis->exposures->io_tables;
	const struct hits *hits = &c->score->hits;
	unsigned int i;

	for (i = 0; i < hits->count; i++)
		if (ami_pfnset_has(tables, hits->hit[i].paddr >>
				   AMI_PAGE_SHIFT) ||
		    ami_pfnset_has(tables, hits->hit[i].also >>
				   AMI_PAGE_SHIFT))
			return true;
	return false;
}

static void one_dump(struct campaign *c)
{
	struct random r = { .state = c->opt->seed };
	struct ami_error err = { .status = AMI_OK };
	struct score *s = c->score;
	struct ami_analysis *a;
	enum ami_view also;

	r.state = random_next(&r) ^ s->at;
	also = random_below(&r, AMI_VIEWS);
	overlay_reset(c->o);
	if (c->opt->sweep)
		sweep_apply(&c->sweep, c->o, s->at, &s->hits);
	else
		damage_apply(c->o, &c->places, &r, &s->hits);
	a = overlay_analyse(c->o, &err);
	if (overlay_reads(c->o) > s->most_reads)
		s->most_reads = overlay_reads(c->o);
	if (c->opt->verbose)
		show(a, &err);
	note(c, outcome_of(&c->intact, a, &err, also, tables_hit(c)));
}

static void limit_process(void)
{
	struct itimerval cpu = { .it_value.tv_sec = CPU_SECONDS };
	struct rlimit space;
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%lu", &pages) != 1)
		exit(70);
	fclose(f);
	space.rlim_cur = space.rlim_max = pages * AMI_PAGE_SIZE + MEMORY;
	setrlimit(RLIMIT_AS, &space);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
	setitimer(ITIMER_PROF, &cpu, NULL);
}

static void work(struct campaign *c)
{
	struct itimerval cpu = { .it_value.tv_sec = CPU_SECONDS };
	uint64_t end = c->end;

	limit_process();
	for (; c->score->at < end; c->score->at++) {
		setitimer(ITIMER_PROF, &cpu, NULL);
		one_dump(c);
	}
	exit(0);
}

/* Returns false when no worker can be had. */
static bool run(struct campaign *c)
{
	uint64_t end = c->end;
	int status;
	pid_t pid;

	c->score->at = c->opt->first;
	while (c->score->at < end) {
		fflush(stdout);
		pid = fork();
		if (!pid)
			work(c);
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return false;
		if (WIFSIGNALED(status)) {
			note(c, WTERMSIG(status) == SIGPROF ? TOO_MUCH_WORK :
							      CRASHED);
			c->score->at++;
		} else if (WEXITSTATUS(status)) {
			return false;
		}
	}
	return true;
}

static bool start(struct campaign *c)
{
	struct ami_error err = { .status = AMI_OK };
	struct ami_analysis *a = NULL;
	uint64_t reads;

	c->o = overlay_new(c->path, &err);
	if (c->o && overlay_remember_layout(c->o))
		a = overlay_analyse(c->o, &err);
	if (!a) {
		fprintf(stderr, "%s: %s\n", c->path, err.text);
		overlay_free(c->o);
		return false;
	}
	reads = overlay_reads(c->o) + ami_pfnset_count(
		overlay_layout_pages(c->o));
	overlay_limit(c->o, READS_TIMES * reads +
		      READS_PER_FRAME * ami_dump_ram_pages(a->dump));
	places_find(&c->places, c->o, a);
	c->intact = facts_of(a);
	c->end = c->opt->first + c->opt->count;
	if (c->opt->sweep) {
		sweep_find(&c->sweep, c->opt->sweep, c->o, &c->places);
		printf("%" PRIu64 " places, one after the other\n",
		       c->sweep.count);
		if (c->end > c->sweep.count)
			c->end = c->sweep.count;
	}
	printf("%s: %s, %zu page frames, %" PRIu64 " reads\n", c->path,
	       ami_verdict_name(c->intact.verdict), overlay_pages(c->o),
	       reads);
	return true;
}

static void stop(struct campaign *c)
{
	facts_free(&c->intact);
	sweep_free(&c->sweep);
	places_free(&c->places);
	overlay_free(c->o);
}

static void table_head(const char *title)
{
	int outcome;

	printf("%-24s", title);
	for (outcome = 0; outcome < OUTCOMES; outcome++)
		printf(" %8s", outcome_name[outcome]);
	putchar('\n');
}

static void table_row(const char *name, const uint64_t *counts)
{
	int outcome;

	printf("%-24s", name);
	for (outcome = 0; outcome < OUTCOMES; outcome++)
		printf(" %8" PRIu64, counts[outcome]);
	putchar('\n');
}

static uint64_t tables(const struct score *s)
{
	uint64_t sum[OUTCOMES] = { 0 }, total = 0;
	int i, outcome;

	table_head("damage");
	for (i = 0; i < BY_NR; i++)
		table_row(damage_name[i], s->by[i]);
	putchar('\n');
	table_head("first hit");
	for (i = 0; i < AT_NR; i++) {
		table_row(what_name[i], s->to[i]);
		for (outcome = 0; outcome < OUTCOMES; outcome++)
			sum[outcome] += s->to[i][outcome];
	}
	table_row("all", sum);
	for (outcome = 0; outcome < OUTCOMES; outcome++)
		total += sum[outcome];
	return total;
}

static int usage(void)
{
	fputs("usage: campaign [--seed N] [--first N] [--count N] [--words|--bits] [--verbose] EXTRACT...\n",
	      stderr);
	return 64;
}

static bool parse(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "first", required_argument, NULL, 'f' },
		{ "count", required_argument, NULL, 'c' },
		{ "words", no_argument, NULL, 'w' },
		{ "bits", no_argument, NULL, 'b' },
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "s:f:c:wbv", known, NULL)) != -1) {
		if (c == 's')
			o->seed = strtoull(optarg, NULL, 0);
		else if (c == 'f')
			o->first = strtoull(optarg, NULL, 0);
		else if (c == 'c')
			o->count = strtoull(optarg, NULL, 0);
		else if (c == 'w')
			o->sweep = SWEEP_WORDS;
		else if (c == 'b')
			o->sweep = SWEEP_BITS;
		else if (c == 'v')
			o->verbose = true;
		else
			return false;
	}
	return optind < argc;
}

static void summary(const struct options *o, const struct score *s,
		    uint64_t total, double seconds)
{
	struct rusage used;

	getrusage(RUSAGE_CHILDREN, &used);
	printf("\nseed %" PRIu64 ", numbers %" PRIu64 " to %" PRIu64 ": %" PRIu64 " dumps in %.0f s (%.0f/s)\n",
	       o->seed, o->first, o->first + o->count - 1, total, seconds,
	       total / seconds);
	printf("at most %" PRIu64 " page reads for one dump, %ld MiB resident in the worker\n",
	       s->most_reads, used.ru_maxrss / 1024);
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n", total - s->failures,
	       s->failures);
}

int main(int argc, char **argv)
{
	struct options o = { .seed = 1, .count = 1000 };
	struct timespec from, to;
	struct score *score;
	uint64_t total;
	bool done = true;

	if (!parse(&o, argc, argv))
		return usage();
	score = mmap(NULL, sizeof(*score), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (score == MAP_FAILED)
		return 71;
	/* Each analysis wants the same megabytes: not mapped anew each time. */
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (; optind < argc && done; optind++) {
		struct campaign c = {
			.opt = &o, .path = argv[optind], .score = score,
		};

		done = start(&c) && run(&c);
		if (done)
			stop(&c);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (!done)
		return 1;
	total = tables(score);
	summary(&o, score, total, to.tv_sec - from.tv_sec + 1e-9 *
		(to.tv_nsec - from.tv_nsec));
	return score->failures ? 1 : 0;
}
