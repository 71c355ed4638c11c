// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that hold what their owners did not put there: Ethernet frames, and page
 * tables and stacks that are broken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scene.h"

static void one_intact(struct machine *m)
{
	struct scene s;

	scene_make(&s, m);
	/* Where data is, a frame is nothing. */
	scene_put_frame(&s, s.page[ANON] + 66);
	machine_analyse(m);
	assert_int_equal(m->contents->count, 0);
	assert_true(m->contents->whole);
	assert_true(m->contents->checked >= 6);
	assert_false(machine_found(m, "frame-in-kernel-memory"));
	assert_false(machine_found(m, "owner-content-broken"));
}

static void intact(void **state)
{
	(void)state;
	scene_over_shapes(one_intact);
}

static void one_frame(struct machine *m)
{
	const struct ami_overwritten *w;
	struct scene s;

	scene_make(&s, m);
	scene_put_frame(&s, s.page[TABLE] + 66);
	machine_analyse(m);
	w = scene_at(&s, s.page[TABLE]);
	assert_non_null(w);
	assert_true(w->signs & AMI_SIGN_FRAME);
	assert_int_equal(w->owner, AMI_OWNER_PAGE_TABLE);
	assert_int_equal(w->frame.phys, s.page[TABLE] + 66);
	assert_int_equal(w->frame.len, SCENE_FRAME);
	assert_int_equal(w->frame.strength, AMI_FRAME_WHOLE);
	assert_true(machine_found(m, "frame-in-kernel-memory"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_CORRUPT);
}

static void frame(void **state)
{
	(void)state;
	scene_over_shapes(one_frame);
}

/* Frames in pages that follow each other are one event, others another. */
static void one_run(struct machine *m)
{
	const struct ami_overwriting *e;
	struct scene s;

	scene_make(&s, m);
	scene_put_frame(&s, s.page[STACK] + 0x0040);
	scene_put_frame(&s, s.page[STACK] + 0x1040);
	scene_put_frame(&s, s.page[STACK] + 0x2040);
	machine_analyse(m);
	assert_int_equal(m->contents->nr_events, 1);
	e = m->contents->events;
	assert_int_equal(e->count, 3);
	assert_int_equal(e->step, AMI_PAGE_SIZE);
	assert_int_equal(e->offset, 0x40);
	assert_int_equal(e->bytes, SCENE_FRAME);
	assert_int_equal(e->pages[0], 3);
	/* One finding for the three. */
	assert_int_equal(ami_findings_total(m->ex->state->findings,
					    AMI_FIND_FRAME_IN_KERNEL_MEMORY), 1);
}

static void neighbours(void **state)
{
	(void)state;
	scene_over_shapes(one_run);
}

/* What is not the same for all pages is not said of them. */
static void one_uneven(struct machine *m)
{
	uint64_t word = 0x4b5349444241434dull;
	const struct ami_overwriting *e;
	struct scene s;
	unsigned int i;

	scene_make(&s, m);
	scene_put_frame(&s, s.page[STACK] + 0x0040);
	scene_put_frame(&s, s.page[STACK] + 0x1080);
	for (i = 0; i < 32; i++)
		image_write64(m->img, s.page[STACK] + 0x3000 + i * 8, word);
	machine_analyse(m);
	assert_int_equal(m->contents->nr_events, 1);
	e = m->contents->events;
	assert_int_equal(e->count, 3);
	assert_int_equal(e->step, 0);
	assert_int_equal(e->offset, -1);
	assert_int_equal(e->pages[0], 2);
	assert_int_equal(e->pages[__builtin_ctz(AMI_SIGN_STACK_RUN)], 3);
}

static void uneven(void **state)
{
	(void)state;
	scene_over_shapes(one_uneven);
}

/* The second buffer of a jumbo frame has no header. */
static void one_jumbo(struct machine *m)
{
	const struct ami_overwritten *w;
	uint64_t word = 0x4b5349444241434dull;
	uint8_t f[SCENE_FRAME];
	struct scene s;
	unsigned int i;

	scene_make(&s, m);
	scene_frame(f);
	scene_put16(f + SCENE_IP + 2, 6000);
	scene_put16(f + SCENE_IP + 10, 0);
	scene_put16(f + SCENE_IP + 10, ~scene_sum(f + SCENE_IP, 20, 0));
	image_write(m->img, s.page[STACK] + 0x800, f, SCENE_FRAME);
	for (i = 0x800 + SCENE_FRAME; i < 0x1140; i += 8)
		image_write64(m->img, s.page[STACK] + i, word);
	for (i = 0x3000; i < 0x3140; i += 8)
		image_write64(m->img, s.page[STACK] + i, word);
	machine_analyse(m);
	w = scene_at(&s, s.page[STACK] + 0x1000);
	assert_non_null(w);
	assert_true(w->signs & AMI_SIGN_FRAME_PART);
	assert_int_equal(w->frame.phys, s.page[STACK] + 0x800);
	/* It ends before that. */
	w = scene_at(&s, s.page[STACK] + 0x3000);
	assert_non_null(w);
	assert_int_equal(w->signs, AMI_SIGN_STACK_RUN);
}

static void jumbo(void **state)
{
	(void)state;
	scene_over_shapes(one_jumbo);
}

/* A program's copy of a header lies among its own words. */
static void one_copy(struct machine *m)
{
	uint64_t words[64];
	struct scene s;
	unsigned int i;

	scene_make(&s, m);
	for (i = 0; i < 64; i++)
		words[i] = i % 3 ? image_va(i << 12) : i;
	scene_put_frame(&s, s.page[STACK] + 0x1080);
	image_write(m->img, s.page[STACK] + 0x1080 + 48, words, sizeof(words));
	image_write(m->img, s.page[STACK] + 0x1080 + 48 + sizeof(words), words,
		    sizeof(words));
	machine_analyse(m);
	assert_null(scene_at(&s, s.page[STACK] + 0x1000));
}

static void copy_on_stack(void **state)
{
	(void)state;
	scene_over_shapes(one_copy);
}

static void one_stack(struct machine *m)
{
	uint64_t words[33];
	struct scene s;
	unsigned int i;

	scene_make(&s, m);
	/* Text, but for a word short of what is a sign. */
	for (i = 0; i < 33; i++)
		words[i] = 0x6464646464646464ull;
	image_write(m->img, s.page[STACK] + 0x1100, words, 31 * 8);
	image_write(m->img, s.page[STACK] + 0x2100, words, 32 * 8);
	machine_analyse(m);
	assert_null(scene_at(&s, s.page[STACK] + 0x1000));
	assert_non_null(scene_at(&s, s.page[STACK] + 0x2000));
	assert_int_equal(scene_at(&s, s.page[STACK] + 0x2000)->signs,
			 AMI_SIGN_STACK_RUN);
	assert_int_equal(scene_at(&s, s.page[STACK] + 0x2000)->phys,
			 s.page[STACK] + 0x2100);
	assert_true(machine_found(m, "owner-content-broken"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_CORRUPT);
}

static void stack(void **state)
{
	(void)state;
	scene_over_shapes(one_stack);
}

/* Zeros over a stack show at its end alone. */
static void one_stack_end(struct machine *m)
{
	struct scene s;
	unsigned int i;

	scene_make(&s, m);
	for (i = 0; i < 4; i++)
		image_write64(m->img, s.page[STACK] + i * AMI_PAGE_SIZE, 0);
	machine_analyse(m);
	assert_int_equal(m->contents->count, 1);
	assert_non_null(scene_at(&s, s.page[STACK]));
	assert_int_equal(scene_at(&s, s.page[STACK])->signs, AMI_SIGN_STACK_END);
	assert_true(machine_found(m, "owner-content-broken"));
}

static void stack_end(void **state)
{
	(void)state;
	scene_over_shapes(one_stack_end);
}

static void table_holds(struct machine *m, const uint64_t *entry, size_t count,
			bool broken)
{
	struct scene s;
	size_t i;

	scene_make(&s, m);
	for (i = 0; i < count; i++)
		image_write64(m->img, s.page[TABLE] + 0x100 + i * 8, entry[i]);
	machine_analyse(m);
	assert_int_equal(!!scene_at(&s, s.page[TABLE]), broken);
	if (broken)
		assert_int_equal(scene_at(&s, s.page[TABLE])->signs,
				 AMI_SIGN_ENTRIES);
}

/* A device's memory, page by page, and what no CPU can address. */
static void one_registers(struct machine *m)
{
	uint64_t entry[6];
	unsigned int i;

	for (i = 0; i < 6; i++)
		entry[i] = (0xfd000000000 + i * 0x1000) | 0x63 | m->sme;
	table_holds(m, entry, 6, false);
}

static void one_scattered(struct machine *m)
{
	uint64_t entry[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		entry[i] = (0xfd000000000 + i * 0x7000) | 0x63 | m->sme;
	table_holds(m, entry, 4, true);
}

static void one_swap(struct machine *m)
{
	/* Not present: whatever the kernel keeps there. */
	static const uint64_t entry[] = { 0x6666666666666666, 0x7ffffffffffff000 };

	table_holds(m, entry, 2, false);
}

static void one_text(struct machine *m)
{
	static const uint64_t entry[] = { 0x4b5349444241434dull };

	table_holds(m, entry, 1, true);
}

static void tables(void **state)
{
	(void)state;
	scene_over_shapes(one_registers);
	scene_over_shapes(one_scattered);
	scene_over_shapes(one_swap);
	scene_over_shapes(one_text);
}

/* What is not in the dump is neither whole nor broken. */
static void one_hidden(struct machine *m)
{
	struct scene s;

	scene_make(&s, m);
	scene_put_frame(&s, s.page[TABLE]);
	image_hide(m->img, s.page[TABLE] >> 12, AMI_MEM_FILTERED);
	machine_analyse(m);
	assert_null(scene_at(&s, s.page[TABLE]));
	assert_true(m->contents->unread >= 1);
}

static void hidden(void **state)
{
	(void)state;
	scene_over_shapes(one_hidden);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intact),
		cmocka_unit_test(frame),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(uneven),
		cmocka_unit_test(jumbo),
		cmocka_unit_test(copy_on_stack),
		cmocka_unit_test(stack),
		cmocka_unit_test(stack_end),
		cmocka_unit_test(tables),
		cmocka_unit_test(hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
