// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How fast are page tables walked? Entries per second over all domains of a
 * dump: only walked, into a set of page frames for each domain (as a report
 * does it), and all into one; beside it, in turns, what reading the same table
 * pages one by one and touching each entry takes.
 *
 * walk DUMP [ROUNDS]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <amdiommu/pfnset.h>
#include <amdiommu/report.h>
#include <analysis/analysis.h>

enum kind { READ, WALK, SETS, ONE_SET, KINDS };

static const char *const label[KINDS] = {
	"read the table pages", "walk", "walk into sets", "walk into one set",
};

struct work {
	struct ami_dump *dump;
	const struct ami_state *state;
	struct ami_pfnset *tables;
	struct ami_pfnbatch frames;
	uint64_t sum;
};

static bool ignore(void *ctx, const struct ami_mapping *m)
{
	((struct work *)ctx)->sum += m->size;
	return true;
}

static bool gather(void *ctx, const struct ami_mapping *m)
{
	ami_pfnbatch_add(&((struct work *)ctx)->frames,
			 m->phys >> AMI_PAGE_SHIFT,
			 m->size >> AMI_PAGE_SHIFT);
	return true;
}

static void note_table(void *ctx, uint64_t pfn, unsigned int level)
{
	(void)level;
	ami_pfnset_add(((struct work *)ctx)->tables, pfn, 1);
}

static void begin_set(struct work *w)
{
	w->frames.set = ami_pfnset_new();
}

static void end_set(struct work *w)
{
	ami_pfnbatch_flush(&w->frames);
	ami_pfnset_free(w->frames.set);
}

static uint64_t walk_all(struct work *w, const struct ami_walk_ops *ops,
			 bool sets)
{
	struct ami_walk_stats stats;
	uint64_t entries = 0;
	size_t i;

	for (i = 0; i < w->state->nr_domains; i++) {
		if (sets)
			begin_set(w);
		ami_walk(w->dump, &w->state->domains[i].table, ops, w, &stats);
		if (sets)
			end_set(w);
		entries += stats.entries;
	}
	return entries;
}

static bool read_tables(void *ctx, uint64_t first, uint64_t count)
{
	struct work *w = ctx;

	for (; count--; first++) {
		enum ami_mem mem;
		const uint64_t *page = (const uint64_t *)
			ami_dump_page(w->dump, first, &mem);
		int i;

		for (i = 0; page && i < 512; i++)
			w->sum += page[i];
		if (page)
			ami_dump_unpage(w->dump, (const uint8_t *)page);
	}
	return true;
}

static void run(struct work *w, enum kind kind)
{
	static const struct ami_walk_ops plain = { .mapping = ignore };
	static const struct ami_walk_ops sets = { .mapping = gather };

	switch (kind) {
	case READ:
		ami_pfnset_ranges(w->tables, read_tables, w);
		break;
	case WALK:
		walk_all(w, &plain, false);
		break;
	case SETS:
		walk_all(w, &sets, true);
		break;
	default:
		begin_set(w);
		walk_all(w, &sets, false);
		end_set(w);
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void bench(struct work *w, int rounds)
{
	static const struct ami_walk_ops ops = {
		.mapping = ignore, .table = note_table,
	};
	double best[KINDS] = { 1e9, 1e9, 1e9, 1e9 }, start, took;
	uint64_t entries;
	int round, kind;

	w->tables = ami_pfnset_new();
	entries = walk_all(w, &ops, false);
	for (round = 0; round < rounds; round++)
		for (kind = 0; kind < KINDS; kind++) {
			start = seconds();
			run(w, kind);
			took = seconds() - start;
			if (took < best[kind])
				best[kind] = took;
		}
	printf("%" PRIu64 " entries in %" PRIu64 " table pages; best of %d, CPU time\n",
	       entries, ami_pfnset_count(w->tables), rounds);
	for (kind = 0; kind < KINDS; kind++)
		printf("  %-22s %8.3f s %8.1f million entries/s\n",
		       label[kind], best[kind], entries / best[kind] / 1e6);
	ami_pfnset_free(w->tables);
}

int main(int argc, char **argv)
{
	struct ami_layout_source source = ami_layout_btf;
	struct ami_error err = { .status = AMI_OK };
	struct ami_kernel *kernel = NULL;
	static struct ami_findings findings;
	struct ami_state *state = NULL;
	struct ami_dump *dump;

	if (argc < 2)
		return fprintf(stderr, "usage: walk DUMP [ROUNDS]\n"), 64;
	dump = ami_dump_open((const char *const *)&argv[1], 1, &err);
	if (dump)
		kernel = ami_kernel_open(dump, &source, &err);
	if (kernel)
		state = ami_state_read(kernel, &findings, &err);
	if (!state)
		return fprintf(stderr, "%s\n", err.text), 66;
	bench(&(struct work){ .dump = dump, .state = state },
	      argc > 2 ? atoi(argv[2]) : 5);
	ami_state_free(state);
	ami_kernel_close(kernel);
	ami_dump_close(dump);
	return 0;
}
