// SPDX-License-Identifier: GPL-2.0-or-later
/* Page-table walks and single translations over tables made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <state/table.h>

#include "image.h"

#define MAX_RUNS	64
#define RW		true, true
#define RO		true, false

struct runs {
	struct ami_mapping run[MAX_RUNS];
	size_t count;
	uint64_t hidden_first[AMI_WALK_FAULTS];
	uint64_t hidden_last[AMI_WALK_FAULTS];
};

struct machine {
	struct image *img;
	struct ami_dump *dump;
	struct ami_table table;
	struct runs got;
	struct ami_walk_stats stats;
};

static int setup(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));

	m->img = image_new(1 << 20);
	m->dump = image_dump(m->img);
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct machine *m = *state;

	ami_dump_close(m->dump);
	image_free(m->img);
	free(m);
	return 0;
}

static bool on_mapping(void *ctx, const struct ami_mapping *run)
{
	struct runs *r = ctx;

	assert_true(r->count < MAX_RUNS);
	r->run[r->count++] = *run;
	return true;
}

static void on_problem(void *ctx, enum ami_walk_fault fault, uint64_t first,
		       uint64_t last)
{
	struct runs *r = ctx;

	r->hidden_first[fault] = first;
	r->hidden_last[fault] = last;
}

static void walk(struct machine *m)
{
	static const struct ami_walk_ops ops = {
		.mapping = on_mapping, .problem = on_problem,
	};

	ami_walk(m->dump, &m->table, &ops, &m->got, &m->stats);
}

static uint64_t new_root(struct machine *m, enum ami_format format,
			 unsigned int levels)
{
	m->table = (struct ami_table){
		.format = format, .levels = levels,
		.root = image_alloc(m->img, 1),
	};
	return m->table.root;
}

static void entry(struct machine *m, uint64_t table, unsigned int index,
		  uint64_t raw)
{
	image_write64(m->img, table + 8 * index, raw);
}

static void is_run(const struct machine *m, size_t i, uint64_t iova,
		   uint64_t phys, uint64_t size, bool read, bool write)
{
	const struct ami_mapping *r = &m->got.run[i];

	assert_true(i < m->got.count);
	assert_int_equal(r->iova, iova);
	assert_int_equal(r->phys, phys);
	assert_int_equal(r->size, size);
	assert_int_equal(r->read, read);
	assert_int_equal(r->write, write);
}

/* Neighbours join when IOVA, physical address and rights all continue. */
static void runs_join(void **state)
{
	struct machine *m = *state;
	uint64_t root = new_root(m, AMI_FORMAT_V1, 2);
	uint64_t leaf = image_alloc(m->img, 1);

	entry(m, root, 3, amdvi_v1_table(leaf, 1, RW));
	entry(m, leaf, 0, amdvi_v1_page(0x10000, 12, 1, RW));
	entry(m, leaf, 1, amdvi_v1_page(0x11000, 12, 1, RW));
	entry(m, leaf, 2, amdvi_v1_page(0x12000, 12, 1, RO));
	entry(m, leaf, 4, amdvi_v1_page(0x14000, 12, 1, RW));
	entry(m, leaf, 5, amdvi_v1_page(0x99000, 12, 1, RW));
	walk(m);
	assert_int_equal(m->got.count, 4);
	is_run(m, 0, 0x600000, 0x10000, 0x2000, RW);
	is_run(m, 1, 0x602000, 0x12000, 0x1000, RO);
	is_run(m, 2, 0x604000, 0x14000, 0x1000, RW);
	is_run(m, 3, 0x605000, 0x99000, 0x1000, RW);
	assert_int_equal(m->stats.table_pages, 2);
	assert_int_equal(m->stats.entries, 5);
}

/* What one level denies, none below can grant. */
static void rights_narrow(void **state)
{
	struct machine *m = *state;
	uint64_t root = new_root(m, AMI_FORMAT_V1, 3);
	uint64_t mid = image_alloc(m->img, 1), leaf = image_alloc(m->img, 1);

	entry(m, root, 0, amdvi_v1_table(mid, 2, RO));
	entry(m, mid, 0, amdvi_v1_table(leaf, 1, RW));
	entry(m, leaf, 0, amdvi_v1_page(0x10000, 12, 1, RW));
	walk(m);
	assert_int_equal(m->got.count, 1);
	is_run(m, 0, 0, 0x10000, 0x1000, RO);
}

/* Replicas of a 32 KiB page: a torn set counts slot by slot. */
static void torn_replicas(void **state)
{
	struct machine *m = *state;
	uint64_t root = new_root(m, AMI_FORMAT_V1, 1);
	unsigned int i;

	for (i = 8; i < 16; i++)
		if (i != 11)
			entry(m, root, i, amdvi_v1_page(0x40000, 15, 1, RW));
	walk(m);
	assert_int_equal(m->got.count, 2);
	is_run(m, 0, 0x8000, 0x40000, 0x3000, RW);
	is_run(m, 1, 0xc000, 0x44000, 0x4000, RW);
}

static void large_pages(void **state)
{
	struct machine *m = *state;
	uint64_t root = new_root(m, AMI_FORMAT_V1, 3);
	uint64_t mid = image_alloc(m->img, 1);

	entry(m, root, 0, amdvi_v1_table(mid, 2, RW));
	entry(m, mid, 5, amdvi_v1_page(0x200000, 21, 2, RW));
	entry(m, mid, 6, amdvi_v1_page(0x800000, 22, 2, RW));
	entry(m, mid, 7, amdvi_v1_page(0x800000, 22, 2, RW));
	entry(m, root, 2, amdvi_v1_page(0x40000000, 30, 3, RO));
	walk(m);
	assert_int_equal(m->got.count, 3);
	is_run(m, 0, 5ull << 21, 0x200000, 1 << 21, RW);
	is_run(m, 1, 6ull << 21, 0x800000, 1 << 22, RW);
	is_run(m, 2, 2ull << 30, 0x40000000, 1 << 30, RO);
}

/* Hardware may skip levels: the skipped index bits must be zero. */
static void skipped_level(void **state)
{
	struct machine *m = *state;
	uint64_t root = new_root(m, AMI_FORMAT_V1, 3);
	uint64_t leaf = image_alloc(m->img, 1);
	struct ami_step step[AMI_MAX_STEPS];
	struct ami_mapping map;
	bool mapped;

	entry(m, root, 1, amdvi_v1_table(leaf, 1, RW));
	entry(m, leaf, 2, amdvi_v1_page(0x77000, 12, 1, RW));
	walk(m);
	assert_int_equal(m->got.count, 1);
	is_run(m, 0, (1ull << 30) + 0x2000, 0x77000, 0x1000, RW);
	assert_int_equal(ami_translate(m->dump, &m->table,
				       (1ull << 30) + 0x2345, step, &map,
				       &mapped), 2);
	assert_true(mapped);
	assert_int_equal(map.phys, 0x77345);
	ami_translate(m->dump, &m->table, (1ull << 30) + (1 << 21) + 0x2345,
		      step, &map, &mapped);
	assert_false(mapped);
}

static void six_levels(void **state)
{
	struct machine *m = *state;
	uint64_t table = new_root(m, AMI_FORMAT_V1, 6), next;
	uint64_t iova = 0;
	unsigned int level;

	for (level = 6; level > 1; level--) {
		next = image_alloc(m->img, 1);
		entry(m, table, 127, amdvi_v1_table(next, level - 1, RW));
		iova += 127ull << amdvi_level_shift(level);
		table = next;
	}
	entry(m, table, 511, amdvi_v1_page(0x5000, 12, 1, RW));
	/* The top level has 7 bits of index: this entry is out of reach. */
	entry(m, m->table.root, 128, amdvi_v1_page(0, 57, 6, RW));
	walk(m);
	assert_int_equal(m->got.count, 1);
	is_run(m, 0, iova + (511ull << 12), 0x5000, 0x1000, RW);
}

static void self_reference(void **state)
{
	struct machine *m = *state;
	uint64_t root = new_root(m, AMI_FORMAT_V1, 3);
	uint64_t mid = image_alloc(m->img, 1);

	entry(m, root, 0, amdvi_v1_table(mid, 2, RW));
	entry(m, root, 1, amdvi_v1_table(mid, 2, RW));
	entry(m, mid, 0, amdvi_v1_page(0x200000, 21, 2, RW));
	walk(m);
	assert_int_equal(m->got.count, 1);
	assert_int_equal(m->stats.problem[AMI_WALK_REVISITED].count, 1);
	assert_int_equal(m->got.hidden_first[AMI_WALK_REVISITED], 1ull << 30);
	assert_int_equal(m->stats.table_pages, 2);
}

/* Every entry of every table points to a table: work stays bounded. */
static void table_bomb(void **state)
{
	struct machine *m = *state;
	uint64_t table[6], i;
	int level;

	new_root(m, AMI_FORMAT_V1, 6);
	table[5] = m->table.root;
	for (level = 4; level >= 0; level--)
		table[level] = image_alloc(m->img, 1);
	for (level = 5; level > 0; level--)
		for (i = 0; i < 512; i++)
			entry(m, table[level], i,
			      amdvi_v1_table(table[level - 1], level, RW));
	walk(m);
	assert_int_equal(m->stats.table_pages, 6);
	assert_int_equal(m->stats.problem[AMI_WALK_REVISITED].count,
			 127 + 4 * 511);
}

static void hidden_table(void **state)
{
	struct machine *m = *state;
	uint64_t root = new_root(m, AMI_FORMAT_V1, 3);
	uint64_t mid = image_alloc(m->img, 1);

	entry(m, root, 3, amdvi_v1_table(mid, 2, RW));
	entry(m, root, 4, amdvi_v1_page(0, 30, 3, RW));
	image_hide(m->img, mid >> AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	walk(m);
	assert_int_equal(m->got.count, 1);
	assert_int_equal(m->stats.problem[AMI_WALK_MISSING].count, 1);
	assert_int_equal(m->stats.problem[AMI_WALK_MISSING].mem,
			 AMI_MEM_FILTERED);
	assert_int_equal(m->got.hidden_first[AMI_WALK_MISSING], 3ull << 30);
	assert_int_equal(m->got.hidden_last[AMI_WALK_MISSING],
			 (4ull << 30) - 1);
}

static void root_outside_ram(void **state)
{
	struct machine *m = *state;

	m->table = (struct ami_table){
		.format = AMI_FORMAT_V1, .root = 1ull << 45, .levels = 6,
	};
	walk(m);
	assert_int_equal(m->got.count, 0);
	assert_int_equal(m->stats.problem[AMI_WALK_MISSING].mem,
			 AMI_MEM_ABSENT);
	assert_int_equal(m->got.hidden_last[AMI_WALK_MISSING], UINT64_MAX);
}

static void bad_entries(void **state)
{
	struct machine *m = *state;
	uint64_t root = new_root(m, AMI_FORMAT_V1, 2);

	entry(m, root, 0, amdvi_v1_table(root, 5, RW));
	entry(m, root, 1, amdvi_v1_table(root, 2, RW));
	walk(m);
	assert_int_equal(m->got.count, 0);
	assert_int_equal(m->stats.problem[AMI_WALK_BAD_ENTRY].count, 2);
}

static void guest_tables(void **state)
{
	static const unsigned int levels[] = { 4, 5 };
	struct machine *m = *state;
	size_t i;

	for (i = 0; i < 2; i++) {
		uint64_t table = new_root(m, AMI_FORMAT_V2, levels[i]), next;
		unsigned int level;

		m->got.count = 0;
		for (level = levels[i]; level > 3; level--) {
			next = image_alloc(m->img, 1);
			entry(m, table, 0, amdvi_v2_table(next, true));
			table = next;
		}
		entry(m, table, 1, amdvi_v2_page(0x40000000, 30, true));
		next = image_alloc(m->img, 1);
		entry(m, table, 2, amdvi_v2_table(next, false));
		entry(m, next, 0, amdvi_v2_page(0x600000, 21, true));
		walk(m);
		assert_int_equal(m->got.count, 2);
		is_run(m, 0, 1ull << 30, 0x40000000, 1 << 30, true, true);
		is_run(m, 1, 2ull << 30, 0x600000, 1 << 21, true, false);
	}
}

/* The SME bit stands in every pointer and belongs to no address. */
static void sme_mask(void **state)
{
	const uint64_t c_bit = 1ull << 47;
	struct machine *m = *state;
	uint64_t root = new_root(m, AMI_FORMAT_V1, 2);
	uint64_t leaf = image_alloc(m->img, 1);

	m->table.sme_mask = c_bit;
	entry(m, root, 0, amdvi_v1_table(leaf, 1, RW) | c_bit);
	entry(m, leaf, 0, amdvi_v1_page(0x10000, 12, 1, RW) | c_bit);
	entry(m, leaf, 8, amdvi_v1_page(0x18000, 15, 1, RW) | c_bit);
	walk(m);
	assert_int_equal(m->got.count, 2);
	is_run(m, 0, 0, 0x10000, 0x1000, RW);
	is_run(m, 1, 0x8000, 0x18000, 0x1000, RW);
}

static void translate_steps(void **state)
{
	struct machine *m = *state;
	uint64_t root = new_root(m, AMI_FORMAT_V1, 2);
	uint64_t leaf = image_alloc(m->img, 1);
	struct ami_step step[AMI_MAX_STEPS];
	struct ami_mapping map;
	bool mapped;

	entry(m, root, 1, amdvi_v1_table(leaf, 1, RW));
	entry(m, leaf, 9, amdvi_v1_page(0x33000, 12, 1, RO));
	assert_int_equal(ami_translate(m->dump, &m->table, 0x209abc, step,
				       &map, &mapped), 2);
	assert_true(mapped);
	assert_int_equal(map.phys, 0x33abc);
	assert_int_equal(map.size, 0x1000 - 0xabc);
	assert_false(map.write);
	assert_int_equal(step[0].level, 2);
	assert_int_equal(step[0].index, 1);
	assert_int_equal(step[1].table, leaf);
	assert_int_equal(step[1].index, 9);
	/* Not mapped, and beyond what two levels can translate. */
	ami_translate(m->dump, &m->table, 0x20a000, step, &map, &mapped);
	assert_false(mapped);
	assert_int_equal(ami_translate(m->dump, &m->table, 1ull << 30, step,
				       &map, &mapped), 0);
	assert_false(mapped);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runs_join),
		TEST(rights_narrow),
		TEST(torn_replicas),
		TEST(large_pages),
		TEST(skipped_level),
		TEST(six_levels),
		TEST(self_reference),
		TEST(table_bomb),
		TEST(hidden_table),
		TEST(root_outside_ram),
		TEST(bad_entries),
		TEST(guest_tables),
		TEST(sme_mask),
		TEST(translate_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
