// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sets of page frames against a plain model: an array of bits over a window of
 * page frames. Random operations of several kinds of density, and whatever can
 * be asked of a set afterwards.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <amdiommu/pfnset.h>

#define WINDOW	(1u << 18)
#define SETS	3u

/* Around the seam of two chunks. */
static const uint64_t base = (3ull << 32) - WINDOW / 2;

struct model {
	struct ami_pfnset *set;
	bool *has;
};

static uint64_t state_of_random;

static uint32_t rnd(uint32_t below)
{
	state_of_random = state_of_random * 6364136223846793005ull +
			  1442695040888963407ull;
	return (state_of_random >> 33) % below;
}

static void fill(struct model *m, uint32_t first, uint32_t count, bool has)
{
	if (count > WINDOW - first)
		count = WINDOW - first;
	memset(m->has + first, has, count);
	if (has)
		ami_pfnset_add(m->set, base + first, count);
	else
		ami_pfnset_remove(m->set, base + first, count);
}

static uint32_t length(void)
{
	switch (rnd(8)) {
	case 0:
		return rnd(40);
	case 1:
		return rnd(5000);
	case 2:
		return rnd(50) ? 0 : rnd(WINDOW);
	default:
		return 1;
	}
}

static void batch(struct model *m, uint32_t frames, uint32_t spread)
{
	struct ami_pfnbatch b = { .set = m->set };
	uint32_t start = rnd(WINDOW), i, at;

	for (i = 0; i < frames; i++) {
		at = (start + rnd(spread)) % WINDOW;
		m->has[at] = true;
		ami_pfnbatch_add(&b, base + at, 1);
	}
	ami_pfnbatch_flush(&b);
}

static void other_operation(struct model *m, struct model *other)
{
	struct ami_pfnset *both;
	uint32_t i;

	switch (rnd(4)) {
	case 0:
		ami_pfnset_union(m->set, other->set);
		for (i = 0; i < WINDOW; i++)
			m->has[i] |= other->has[i];
		break;
	case 1:
		ami_pfnset_subtract(m->set, other->set);
		for (i = 0; i < WINDOW; i++)
			m->has[i] &= !other->has[i];
		break;
	case 2:
		both = ami_pfnset_and(m->set, other->set);
		assert_non_null(both);
		ami_pfnset_free(m->set);
		m->set = both;
		for (i = 0; i < WINDOW; i++)
			m->has[i] &= other->has[i];
		break;
	default:
		batch(m, rnd(3000), 1 + rnd(WINDOW));
	}
}

static void operate(struct model *all)
{
	struct model *m = &all[rnd(SETS)], *other = &all[rnd(SETS)];
	uint32_t at = rnd(WINDOW), n;

	switch (rnd(60)) {
	case 0:
		if (other != m)
			other_operation(m, other);
		break;
	case 1:
		ami_pfnset_compact(m->set);
		break;
	case 2:	/* every second frame of a stretch */
		for (n = rnd(3000); n-- && at < WINDOW; at += 2)
			fill(m, at, 1, true);
		break;
	case 3:
		assert_int_equal(ami_pfnset_test_add(m->set, base + at),
				 m->has[at]);
		m->has[at] = true;
		break;
	default:
		fill(m, at, length(), rnd(3));
	}
}

struct looking {
	const struct model *m;
	uint32_t next;		/* frame that is not told of yet */
	uint64_t told;
};

static bool look(void *ctx, uint64_t first, uint64_t count)
{
	struct looking *l = ctx;
	uint32_t at = first - base;

	assert_true(first >= base && count && at + count <= WINDOW);
	/* Runs are ascending, and as long as they can be. */
	for (; l->next < at; l->next++)
		assert_false(l->m->has[l->next]);
	for (; l->next < at + count; l->next++)
		assert_true(l->m->has[l->next]);
	if (l->next < WINDOW)
		assert_false(l->m->has[l->next]);
	l->told += count;
	return true;
}

static void check_one(const struct model *m)
{
	struct looking l = { .m = m };
	uint64_t count = 0;
	uint32_t i;

	ami_pfnset_ranges(m->set, look, &l);
	for (; l.next < WINDOW; l.next++)
		assert_false(m->has[l.next]);
	for (i = 0; i < WINDOW; i++)
		count += m->has[i];
	assert_int_equal(l.told, count);
	assert_int_equal(ami_pfnset_count(m->set), count);
	for (i = 0; i < 2000; i++) {
		uint32_t at = rnd(WINDOW);

		assert_int_equal(ami_pfnset_has(m->set, base + at),
				 m->has[at]);
	}
	for (i = 0; i < WINDOW && !m->has[i]; i++)
		;
	assert_int_equal(ami_pfnset_first(m->set),
			 i < WINDOW ? base + i : AMI_PFN_LIMIT);
	assert_false(ami_pfnset_failed(m->set));
}

static void check_pair(const struct model *a, const struct model *b)
{
	uint64_t common = 0;
	uint32_t i;

	for (i = 0; i < WINDOW; i++)
		common += a->has[i] && b->has[i];
	assert_int_equal(ami_pfnset_common(a->set, b->set), common);
	assert_int_equal(ami_pfnset_common(b->set, a->set), common);
}

static void random_operations(void **state)
{
	struct model all[SETS];
	uint32_t round, i, n;

	(void)state;
	state_of_random = 7;
	for (round = 0; round < 3; round++) {
		for (i = 0; i < SETS; i++)
			all[i] = (struct model){
				ami_pfnset_new(), calloc(WINDOW, 1),
			};
		for (n = 0; n < 1500; n++)
			operate(all);
		for (i = 0; i < SETS; i++) {
			check_one(&all[i]);
			check_pair(&all[i], &all[(i + 1) % SETS]);
		}
		for (i = 0; i < SETS; i++) {
			ami_pfnset_free(all[i].set);
			free(all[i].has);
		}
	}
}

/* More frames than one batch takes, far apart, with repetitions. */
static void large_batch(void **state)
{
	const uint32_t frames = (5u << 20) / 2;
	struct ami_pfnset *set = ami_pfnset_new(), *one = ami_pfnset_new();
	struct ami_pfnbatch b = { .set = set };
	uint8_t *bits = calloc(1, 1u << 25);
	uint64_t count = 0;
	uint32_t i, at;

	(void)state;
	state_of_random = 1;
	for (i = 0; i < frames; i++) {
		at = rnd(1u << 28);
		count += !(bits[at / 8] >> at % 8 & 1);
		bits[at / 8] |= 1u << at % 8;
		ami_pfnbatch_add(&b, at, 1);
	}
	ami_pfnbatch_add(&b, 1ull << 39, 1000);
	ami_pfnbatch_flush(&b);
	assert_int_equal(ami_pfnset_count(set), count + 1000);
	state_of_random = 1;
	for (i = 0; i < 1000; i++) {
		at = rnd(1u << 28);
		assert_true(ami_pfnset_has(set, at));
		ami_pfnset_add(one, at, 1);
	}
	assert_int_equal(ami_pfnset_common(set, one), ami_pfnset_count(one));
	ami_pfnset_free(set);
	ami_pfnset_free(one);
	free(bits);
}

static void sharing(void **state)
{
	struct ami_pfnset *set = ami_pfnset_new(), *same;

	(void)state;
	ami_pfnset_add(set, 5, 5);
	same = ami_pfnset_share(set);
	ami_pfnset_free(set);
	assert_int_equal(ami_pfnset_count(same), 5);
	ami_pfnset_free(same);
}

static void met_frames(void **state)
{
	struct ami_pfnseen seen = { NULL };
	bool *has = calloc(2, WINDOW);
	uint32_t i, at, kind;

	(void)state;
	state_of_random = 3;
	for (i = 0; i < WINDOW; i++) {
		at = rnd(WINDOW);
		kind = rnd(2);
		assert_int_equal(ami_pfnseen_add(&seen, kind ? 15 : 0,
						 base + at),
				 !has[2 * at + kind]);
		has[2 * at + kind] = true;
	}
	ami_pfnseen_free(&seen);
	free(has);
}

/* In a file it is the same set; what cannot be read there is noticed. */
static void spilling(void **state)
{
	struct model m = { ami_pfnset_new(), calloc(WINDOW, 1) };
	struct ami_pfnset *copy = ami_pfnset_new();
	struct ami_spill spill;
	uint32_t i;

	(void)state;
	state_of_random = 5;
	for (i = 0; i < 5000; i++)
		fill(&m, rnd(WINDOW), length() % 100, true);
	assert_int_equal(ami_spill_open(&spill, "/no/such/folder"), -1);
	assert_int_equal(ami_spill_open(&spill, "."), 0);
	ami_pfnset_spill(m.set, &spill);
	assert_int_equal(spill.size, 0);
	spill.keep = 0;
	ami_pfnset_spill(m.set, &spill);
	assert_true(spill.size > 0);
	check_one(&m);
	ami_pfnset_union(copy, m.set);
	assert_int_equal(ami_pfnset_common(copy, m.set),
			 ami_pfnset_count(m.set));
	assert_false(spill.failed);
	assert_int_equal(ftruncate(spill.fd, spill.size / 2), 0);
	ami_pfnset_common(copy, m.set);
	assert_true(spill.failed);
	assert_true(ami_pfnset_failed(m.set));
	ami_pfnset_free(copy);
	ami_pfnset_free(m.set);
	ami_spill_close(&spill);
	free(m.has);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations),
		cmocka_unit_test(large_batch),
		cmocka_unit_test(sharing),
		cmocka_unit_test(met_frames),
		cmocka_unit_test(spilling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
