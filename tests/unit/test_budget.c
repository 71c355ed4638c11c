// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The work of a run has a bound: dumps that multiply two counts, each possible,
 * are read in a fraction of it or cut short, and then nothing looks safe.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"

#define DEVICE		0x10u
#define BUFFERS		0x8000000ull
#define DMA		3u	/* IOMMU_DOMAIN_DMA */
#define DEVICES		400u
/* Pages of 4 KiB, 8 KiB apart: as many runs. */
#define TABLES		64u
#define HUGE_CLAIM	(1ull << 34)	/* pages: 64 TiB */

static const struct ami_budget *work(const struct machine *m)
{
	return ami_dump_budget(m->dump);
}

/* Spent: all of it, and not more than one step too much. */
static void within_bounds(const struct machine *m)
{
	assert_true(work(m)->used <= work(m)->limit);
}

static void phases(void **state)
{
	struct ami_budget b;

	(void)state;
	ami_budget_run(&b, 10);
	assert_int_equal(b.limit, AMI_BUDGET_BASE + 10 * AMI_BUDGET_PAGE);
	ami_budget_phase(&b, "one");
	assert_true(ami_budget_spend(&b, b.limit / 2));
	assert_int_equal(b.nr_cut, 0);
	assert_false(ami_budget_spend(&b, 1));
	assert_false(ami_budget_spend(&b, 0));
	assert_int_equal(b.nr_cut, 1);
	assert_string_equal(b.cut[0], "one");
	/* What one took too much of, the next has not to do without. */
	ami_budget_phase(&b, "two");
	assert_false(b.over);
	assert_true(ami_budget_spend(&b, b.limit / 4));
	assert_false(ami_budget_spend(&b, b.limit));
	assert_int_equal(b.nr_cut, 2);
	assert_true(b.used <= b.limit);
	ami_budget_run(&b, UINT64_MAX);
	assert_true(b.limit > AMI_BUDGET_BASE);
	assert_int_equal(b.used, 0);
	assert_int_equal(b.nr_cut, 0);
}

/* However many there are, cut phases are counted and the first ones named. */
static void many_phases(void **state)
{
	struct ami_budget b;
	unsigned int i;

	(void)state;
	ami_budget_run(&b, 0);
	for (i = 0; i < 3 * AMI_BUDGET_CUTS; i++) {
		ami_budget_phase(&b, "phase");
		assert_false(ami_budget_spend(&b, UINT32_MAX));
		assert_true(b.used <= b.limit);
	}
	assert_int_equal(b.nr_cut, 3 * AMI_BUDGET_CUTS);
}

/* Out of work is an answer of its own: no page is taken for filtered. */
static void reads_end(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct ami_budget *b;
	enum ami_mem mem;
	uint64_t word;

	(void)state;
	machine_analyse(m);
	ami_dump_run(m->dump);
	ami_dump_doing(m->dump, "test");
	b = ami_dump_budget(m->dump);
	assert_int_equal(ami_dump_read(m->dump, m->ring, &word, sizeof(word)),
			 AMI_MEM_OK);
	assert_false(ami_dump_stopped(m->dump));
	assert_false(ami_budget_spend(b, b->limit));
	assert_true(ami_dump_stopped(m->dump));
	assert_int_equal(ami_dump_read(m->dump, m->ring, &word, sizeof(word)),
			 AMI_MEM_LEFT_OUT);
	assert_null(ami_dump_page(m->dump, m->ring >> AMI_PAGE_SHIFT, &mem));
	assert_int_equal(mem, AMI_MEM_LEFT_OUT);
	ami_dump_doing(m->dump, "next");
	assert_int_equal(ami_dump_read(m->dump, m->ring, &word, sizeof(word)),
			 AMI_MEM_OK);
	machine_free(m);
}

static void no_machine_comes_near(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);

	(void)state;
	machine_device(m, DEVICE, "nvme",
		       machine_domain(m, 4, DMA, AMI_FORMAT_V1,
				      machine_v1(m, BUFFERS, 512), 3));
	machine_analyse(m);
	assert_int_equal(work(m)->nr_cut, 0);
	assert_true(work(m)->used < work(m)->limit / 50);
	assert_false(machine_found(m, "work-limit"));
	machine_free(m);
}

/* --- a million PASIDs in three pages -------------------------------------------- */

static uint64_t scattered(struct machine *m, unsigned int k)
{
	uint64_t root = image_alloc(m->img, 1), t3 = image_alloc(m->img, 1);
	uint64_t t2 = image_alloc(m->img, 1), t1;
	unsigned int i, j;

	image_write64(m->img, root, amdvi_v2_table(t3, true));
	image_write64(m->img, t3, amdvi_v2_table(t2, true));
	for (j = 0; j < TABLES; j++) {
		t1 = image_alloc(m->img, 1);
		image_write64(m->img, t2 + 8 * j, amdvi_v2_table(t1, true));
		for (i = 0; i < AMDVI_TABLE_ENTRIES; i++)
			image_write64(m->img, t1 + 8 * i,
				      amdvi_v2_page(BUFFERS +
						    (2 * (j * 512ull + i) + k) *
						    AMI_PAGE_SIZE, 12, true));
	}
	return root;
}

/* Directories that do not exist: each is a hole of the table. */
static uint64_t full_of_holes(struct machine *m, unsigned int k)
{
	uint64_t root = image_alloc(m->img, 1);
	unsigned int i;

	for (i = k; i < AMDVI_TABLE_ENTRIES; i += 2)
		image_write64(m->img, root + 8 * i,
			      amdvi_v2_table(0xf0000000000ull +
					     i * AMI_PAGE_SIZE, true));
	return root;
}

static uint64_t plain(struct machine *m, unsigned int k)
{
	return machine_v2(m, BUFFERS + (k << 24), 512, 4);
}

static struct machine *pasid_graph(uint64_t (*tables)(struct machine *m,
						      unsigned int k))
{
	struct machine *m = machine_new_sized(SHAPE_6_1, 0, 0xffff, 1 << 18);
	uint64_t level[3], guest[2];
	unsigned int i, k;

	for (i = 0; i < 3; i++)
		level[i] = image_alloc(m->img, 1);
	for (k = 0; k < 2; k++)
		guest[k] = tables(m, k);
	for (i = 0; i < AMDVI_TABLE_ENTRIES; i++) {
		image_write64(m->img, level[2] + 8 * i, level[1] | 1);
		image_write64(m->img, level[1] + 8 * i, level[0] | 1);
		image_write64(m->img, level[0] + 8 * i, guest[i & 1] | 1);
	}
	for (i = 0; i < DEVICES; i++) {
		const struct amdvi_dte d = {
			.v = 1, .tv = 1, .ir = 1, .iw = 1, .gv = 1, .giov = 1,
			.glx = 2, .gcr3_root = level[2], .domain_id = 4,
		};

		machine_dte(m, DEVICE + i, &d);
	}
	machine_dev_data(m, DEVICE, machine_domain(m, 4, DMA, AMI_FORMAT_V2,
						   guest[0], 4));
	machine_analyse(m);
	return m;
}

/*
 * Each table is gone through once for a device, whatever number of PASIDs lead
 * there, and that there are more is said.
 */
static void pasids(void **state)
{
	static uint64_t (*const tables[])(struct machine *, unsigned int) = {
		plain, scattered, full_of_holes,
	};
	const struct ami_exposure *e;
	struct machine *m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		m = pasid_graph(tables[i]);
		within_bounds(m);
		e = machine_exposure(m, DEVICE, AMI_CLASS_MAPPED);
		assert_non_null(e);
		assert_false(e->complete);
		assert_true(tables[i] == full_of_holes || e->count >= 1024);
		assert_int_not_equal(m->ex->verdict, AMI_VERDICT_TRUSTED);
		assert_int_not_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
		machine_free(m);
	}
}

/* --- more RAM than the file can hold ----------------------------------------------- */

static struct machine *all_mapped(uint64_t pages)
{
	struct machine *m = machine_new_sized(SHAPE_6_1, 0, 0xff, pages);
	uint64_t root = image_alloc(m->img, 1);
	const unsigned int levels = 5, shift = 12 + 9 * (levels - 1);
	unsigned int i;

	for (i = 0; i < AMDVI_TABLE_ENTRIES; i++)
		image_write64(m->img, root + 8 * i,
			      amdvi_v1_page((uint64_t)i << shift, shift,
					    levels, true, true));
	machine_device(m, DEVICE, "nvme",
		       machine_domain(m, 4, DMA, AMI_FORMAT_V1, root, levels));
	machine_analyse(m);
	return m;
}

/* What one page maps, 2^34 owners would have to be found for. */
static void claimed_ram(void **state)
{
	struct machine *m = all_mapped(HUGE_CLAIM);
	const struct ami_exposure *e;

	(void)state;
	within_bounds(m);
	assert_int_equal(work(m)->nr_cut, 1);
	assert_string_equal(work(m)->cut[0], "page owners");
	assert_int_equal(ami_findings_total(m->state->findings,
					    AMI_FIND_WORK_LIMIT), 1);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
	assert_true(m->state->incomplete);
	/* Which pages they are is known all the same. */
	e = machine_exposure(m, DEVICE, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_int_equal(e->count, HUGE_CLAIM);
	machine_free(m);
}

static void ram_of_a_machine(void **state)
{
	struct machine *m = all_mapped(1 << 20);

	(void)state;
	assert_int_equal(work(m)->nr_cut, 0);
	assert_int_not_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
	machine_free(m);
}

/* --- tables that many devices reach, each by a root of its own ---------------------- */

static void roots(void **state)
{
	struct machine *m = machine_new_sized(SHAPE_6_1, 0, 0xffff, 1 << 18);
	uint64_t below = image_alloc(m->img, 1), root, table;
	const struct ami_exposure *e;
	unsigned int i;

	(void)state;
	for (i = 0; i < AMDVI_TABLE_ENTRIES; i++) {
		table = image_alloc(m->img, 1);
		image_write64(m->img, below + 8 * i,
			      amdvi_v1_table(table, 1, true, true));
		image_write64(m->img, table,
			      amdvi_v1_page(BUFFERS + 2 * AMI_PAGE_SIZE * i, 12,
					    1, true, true));
	}
	for (i = 0; i < 4 * DEVICES; i++) {
		struct amdvi_dte d = {
			.v = 1, .tv = 1, .ir = 1, .iw = 1, .mode = 3,
			.domain_id = 4,
		};

		root = image_alloc(m->img, 1);
		image_write64(m->img, root,
			      amdvi_v1_table(below, 2, true, true));
		d.host_root = root;
		machine_dte(m, DEVICE + i, &d);
	}
	machine_analyse(m);
	within_bounds(m);
	assert_true(work(m)->nr_cut > 0);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
	/* Those that were not come to any more could write anywhere. */
	e = machine_exposure(m, DEVICE, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_true(e->complete);
	assert_int_equal(e->count, AMDVI_TABLE_ENTRIES);
	e = machine_exposure(m, DEVICE + 4 * DEVICES - 1, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_false(e->complete);
	assert_true(e->nr_iovas > 0);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases),
		cmocka_unit_test(many_phases),
		cmocka_unit_test(reads_end),
		cmocka_unit_test(no_machine_comes_near),
		cmocka_unit_test(pasids),
		cmocka_unit_test(claimed_ram),
		cmocka_unit_test(ram_of_a_machine),
		cmocka_unit_test(roots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
