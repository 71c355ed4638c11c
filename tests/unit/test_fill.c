// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owners of many frames at once. What was read for one frame serves the next, and
 * the result is that of each frame by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pages.h"
#include "parts.h"

#define FRAMES		128u

struct frames {
	struct machine *m;
	uint64_t first;			/* page frame, a multiple of FRAMES */
};

static void over_shapes(void (*test)(struct machine *m))
{
	machine_over_shapes_with(MACHINE_SME, 1 << 15, test);
}

static struct frames make_frames(struct machine *m)
{
	struct frames f = { .m = m };

	f.first = (image_alloc(m->img, 2 * FRAMES) >> 12) + FRAMES - 1;
	f.first -= f.first % FRAMES;
	pages_make(m);
	return f;
}

static void mark(const struct frames *f, unsigned int i, enum ami_field field,
		 uint64_t value)
{
	pages_mark(f->m, (f->first + i) << 12, field, value);
}

static void make_free(const struct frames *f, unsigned int i,
		      unsigned int order)
{
	mark(f, i, AMI_F_page_type, PAGES_BUDDY);
	mark(f, i, AMI_F_page_private, order);
}

static void fill(const struct frames *f, const uint64_t mask[FRAMES / 64],
		 uint8_t owner[FRAMES])
{
	uint64_t *wanted = calloc(AMI_OWNER_WINDOW / 64, sizeof(*wanted));
	uint8_t *found = calloc(AMI_OWNER_WINDOW, 1);

	memcpy(wanted + f->first / 64, mask, FRAMES / 8);
	ami_owners_fill(f->m->ex->owners, 0, wanted, found);
	memcpy(owner, found + f->first, FRAMES);
	free(wanted);
	free(found);
}

/* From the last to the first: what is known of one is of no use for the next. */
static void same_as_each(const struct frames *f)
{
	static const uint64_t masks[][FRAMES / 64] = {
		{ UINT64_MAX, UINT64_MAX },
		{ 0xfffffffffffffdff, UINT64_MAX },	/* without one in a block */
		{ 0x5555555555555555, 0xaaaaaaaaaaaaaaaa },
		{ 0, UINT64_MAX },
	};
	uint8_t owner[FRAMES];
	size_t n;
	int i;

	for (n = 0; n < sizeof(masks) / sizeof(masks[0]); n++) {
		fill(f, masks[n], owner);
		for (i = FRAMES - 1; i >= 0; i--)
			if (masks[n][i / 64] >> i % 64 & 1)
				assert_int_equal(owner[i], ami_owner_of(
					f->m->ex->owners, f->first + i));
	}
}

static enum ami_owner owner_at(const struct frames *f, unsigned int i)
{
	return ami_owner_of(f->m->ex->owners, f->first + i);
}

/* A page in use ends a block that began before it; another block begins. */
static void one_free(struct machine *m)
{
	struct frames f = make_frames(m);

	make_free(&f, 0, 4);
	mark(&f, 9, AMI_F_page_refcount, 1);
	make_free(&f, 16, 3);
	make_free(&f, 20, 1);
	make_free(&f, 33, 3);		/* no block begins there */
	make_free(&f, 40, 60);		/* so large is none */
	make_free(&f, 64, 6);
	machine_analyse(m);
	assert_int_equal(owner_at(&f, 8), AMI_OWNER_FREE);
	assert_int_equal(owner_at(&f, 9), AMI_OWNER_KERNEL);
	assert_int_equal(owner_at(&f, 23), AMI_OWNER_FREE);
	assert_int_equal(owner_at(&f, 24), AMI_OWNER_KERNEL);
	assert_int_equal(owner_at(&f, 34), AMI_OWNER_KERNEL);
	assert_int_equal(owner_at(&f, 41), AMI_OWNER_KERNEL);
	assert_int_equal(owner_at(&f, 127), AMI_OWNER_FREE);
	same_as_each(&f);
}

static void free_blocks(void **state)
{
	(void)state;
	over_shapes(one_free);
}

static void make_tail(const struct frames *f, unsigned int i, uint64_t head)
{
	mark(f, i, AMI_F_page_compound_head, head + 1);
}

/* Tails of one head, of another, and of none. */
static void one_compound(struct machine *m)
{
	struct frames f = make_frames(m);
	uint64_t head = MACHINE_VMEMMAP + f.first * 64;
	unsigned int i;

	pages_place(m, AMI_F_page_mapping, 32, 8);
	for (i = 0; i < 16; i += 8)
		mark(&f, i, AMI_F_page_refcount, 1);
	mark(&f, 0, AMI_F_page_mapping, image_va(0x1000) | 1);
	for (i = 1; i < 8; i++)
		make_tail(&f, i, head);
	for (i = 9; i < 16; i++)
		make_tail(&f, i, head + 8 * 64);
	make_tail(&f, 16, 0);
	make_tail(&f, 17, head + 8);
	make_free(&f, 18, 1);
	make_tail(&f, 19, head);	/* in a free block */
	machine_analyse(m);
	assert_int_equal(owner_at(&f, 7), owner_at(&f, 0));
	assert_int_equal(owner_at(&f, 0), AMI_OWNER_ANON);
	assert_int_equal(owner_at(&f, 9), AMI_OWNER_KERNEL);
	assert_int_equal(owner_at(&f, 16), AMI_OWNER_UNKNOWN);
	assert_int_equal(owner_at(&f, 17), AMI_OWNER_UNKNOWN);
	same_as_each(&f);
}

static void compound_pages(void **state)
{
	(void)state;
	over_shapes(one_compound);
}

/* Struct pages that are not in the dump are of nobody else's block. */
static void one_gap(struct machine *m)
{
	struct frames f = make_frames(m);

	make_free(&f, 0, 7);
	image_hide(m->img, (m->vmemmap + (f.first + 64) * 64) >> 12,
		   AMI_MEM_FILTERED);
	machine_analyse(m);
	assert_int_equal(owner_at(&f, 63), AMI_OWNER_FREE);
	assert_int_equal(owner_at(&f, 64), AMI_OWNER_UNKNOWN);
	same_as_each(&f);
}

static void gap(void **state)
{
	(void)state;
	over_shapes(one_gap);
}

/*
 * Most of an idle machine's memory is in large free blocks. A frame there costs its
 * share of a page of struct pages, and being asked for.
 */
static void one_idle(struct machine *m)
{
	uint64_t *wanted = calloc(AMI_OWNER_WINDOW / 64, sizeof(*wanted));
	uint8_t *found = calloc(AMI_OWNER_WINDOW, 1);
	uint64_t frames = 1 << 15, i, used;
	struct ami_budget *budget;

	pages_make(m);
	for (i = 0; i < frames; i += 1024) {
		pages_mark(m, i << 12, AMI_F_page_type, PAGES_BUDDY);
		pages_mark(m, i << 12, AMI_F_page_private, 10);
	}
	machine_analyse(m);
	budget = ami_dump_budget(m->dump);
	ami_dump_doing(m->dump, "test");
	memset(wanted, 0xff, frames / 8);
	used = budget->used;
	ami_owners_fill(m->ex->owners, 0, wanted, found);
	used = budget->used - used;
	assert_int_equal(found[frames - 1], AMI_OWNER_FREE);
	assert_true(used >= frames * AMI_COST_READ);
	assert_true(used < frames * (AMI_COST_READ + 2 * AMI_COST_PAGE / 64));
	free(wanted);
	free(found);
}

static void idle_machine(void **state)
{
	(void)state;
	over_shapes(one_idle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_blocks),
		cmocka_unit_test(compound_pages),
		cmocka_unit_test(gap),
		cmocka_unit_test(idle_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
