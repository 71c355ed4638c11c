// SPDX-License-Identifier: GPL-2.0-or-later
/* I/O page tables of both formats, and GCR3 tables, in hostile memory. */
#include <state/state.h>

#include "hostile.h"

#define RAM_PAGES	64u
#define MAX_STEPS	8

struct input {
	uint8_t format, levels, root, glx;
	uint32_t sme_shift;
	uint64_t iova;
};

struct seen {
	uint64_t mappings;
	uint64_t next;		/* IOVA after the last run */
	bool any;
};

static bool mapping(void *ctx, const struct ami_mapping *run)
{
	struct seen *seen = ctx;

	must(run->size >= AMI_PAGE_SIZE);
	must(run->iova + (run->size - 1) >= run->iova);
	must(!seen->any || run->iova >= seen->next);
	seen->any = true;
	seen->next = run->iova + run->size;
	if (!seen->next)
		seen->next = UINT64_MAX;
	seen->mappings++;
	return true;
}

static void problem(void *ctx, enum ami_walk_fault fault, uint64_t first,
		    uint64_t last)
{
	(void)ctx;
	must(fault < AMI_WALK_FAULTS);
	must(first <= last);
}

static void table(void *ctx, uint64_t pfn, unsigned int level)
{
	(void)ctx;
	(void)pfn;
	must(level >= 1 && level <= 6);
}

static bool guest(void *ctx, uint32_t pasid, const struct ami_table *t)
{
	(void)t;
	must(pasid < 1u << 20);
	return ++*(unsigned int *)ctx < 1000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ami_walk_ops ops = { mapping, problem, table };
	struct ami_step step[MAX_STEPS];
	struct ami_walk_stats stats;
	struct ami_mapping found;
	struct seen seen = { 0 };
	unsigned int guests = 0;
	struct hostile h = { .ram = { 0, RAM_PAGES } };
	struct ami_table t;
	struct ami_dump *dump;
	struct input in;
	bool mapped;

	hostile_take(&data, &size, &in, sizeof(in));
	h.data = data;
	h.size = size;
	t = (struct ami_table){
		.format = in.format % 3, .levels = in.levels % 8,
		.root = (uint64_t)in.root << AMI_PAGE_SHIFT,
		.sme_mask = in.sme_shift % 64 > 40 ?
			    1ull << in.sme_shift % 64 : 0,
	};
	dump = hostile_dump(&h);
	ami_walk(dump, &t, &ops, &seen, &stats);
	/* A page is entered once per level and write permission. */
	must(stats.table_pages <= 2 * 7 * (uint64_t)RAM_PAGES);
	must(ami_translate(dump, &t, in.iova, step, &found, &mapped) <=
	     MAX_STEPS);
	if (mapped)
		must(in.iova - found.iova < found.size);
	ami_gcr3_tables(dump, &(struct ami_gcr3){
			.root = t.root, .glx = in.glx % 3,
			.levels = 4 + in.glx % 2 }, t.sme_mask, guest, &guests);
	ami_dump_close(dump);
	return 0;
}
