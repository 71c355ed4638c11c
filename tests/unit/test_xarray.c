// SPDX-License-Identifier: GPL-2.0-or-later
/* xarrays as include/linux/xarray.h has them, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <kernel/xarray.h>

#include "image.h"

#define SLOTS		40u	/* offset in a node */
#define NODE		2u	/* mark of a pointer to a node */
#define SIBLING		6u	/* an internal entry that is none */
#define MAX		1000u

struct fixture {
	struct image *img;
	struct ami_dump *dump;
	struct ami_kernel *kernel;
	uint64_t xa, top, low;	/* physical: the xarray and two nodes */
	uint64_t index[8], entry[8];
	size_t seen, stop_at;
};

static struct ami_member member(uint32_t offset, uint32_t size)
{
	return (struct ami_member){
		.present = true, .offset = offset, .size = size,
	};
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct ami_layout *l;

	assert_non_null(f);
	f->img = image_new(1 << 14);
	l = image_layout(f->img);
	l->field[AMI_F_xarray_head] = member(8, 8);
	l->field[AMI_F_xa_node_shift] = member(0, 1);
	l->field[AMI_F_xa_node_slots] =
		member(SLOTS, 512);
	f->xa = image_alloc(f->img, 1);
	f->top = image_alloc(f->img, 1);
	f->low = image_alloc(f->img, 1);
	f->stop_at = SIZE_MAX;
	/* index 0 to 63 below slot 0, value 5 at 2 * 64 */
	image_write64(f->img, f->xa + 8, image_va(f->top) | NODE);
	image_write64(f->img, f->top, 6);
	image_write64(f->img, f->top + SLOTS, image_va(f->low) | NODE);
	image_write64(f->img, f->top + SLOTS + 8, SIBLING);
	image_write64(f->img, f->top + SLOTS + 16, 5);
	image_write64(f->img, f->low + SLOTS + 8 * 3, 0xff11000000123400);
	image_write64(f->img, f->low + SLOTS + 8 * 63, 0xff11000000567800);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ami_kernel_close(f->kernel);
	ami_dump_close(f->dump);
	image_free(f->img);
	free(f);
	return 0;
}

static bool note(void *ctx, uint64_t index, uint64_t entry)
{
	struct fixture *f = ctx;

	f->index[f->seen] = index;
	f->entry[f->seen++] = entry;
	return f->seen < f->stop_at;
}

static struct ami_xarray_walk walk(struct fixture *f, uint64_t max)
{
	f->dump = image_dump(f->img);
	f->kernel = image_kernel(f->img, f->dump);
	return ami_xarray_each(f->kernel, image_va(f->xa), max, note, f);
}

static void whole(void **state)
{
	struct fixture *f = *state;
	struct ami_xarray_walk met = walk(f, MAX);

	assert_int_equal(met.entries, 3);
	assert_int_equal(met.unread, 0);
	assert_int_equal(f->index[0], 3);
	assert_int_equal(f->entry[0], 0xff11000000123400);
	assert_int_equal(f->index[1], 63);
	assert_int_equal(f->index[2], 128);
	assert_int_equal(f->entry[2], 5);
}

/* One entry at index 0 needs no node. */
static void single(void **state)
{
	struct fixture *f = *state;
	struct ami_xarray_walk met;

	image_write64(f->img, f->xa + 8, 0xff11000000123400);
	met = walk(f, MAX);
	assert_int_equal(met.entries, 1);
	assert_int_equal(f->index[0], 0);
}

static void empty(void **state)
{
	struct fixture *f = *state;
	struct ami_xarray_walk met;

	image_write64(f->img, f->xa + 8, 0);
	met = walk(f, MAX);
	assert_int_equal(met.entries + met.unread, 0);
}

static void stopped(void **state)
{
	struct fixture *f = *state;

	f->stop_at = 2;
	assert_int_equal(walk(f, MAX).entries, 2);
	assert_int_equal(f->seen, 2);
}

/* A node that leads to itself has too large a shift to be a child. */
static void loop(void **state)
{
	struct fixture *f = *state;
	struct ami_xarray_walk met;

	image_write64(f->img, f->low + SLOTS, image_va(f->low) | NODE);
	image_write64(f->img, f->low + SLOTS + 8, image_va(f->top) | NODE);
	met = walk(f, MAX);
	assert_int_equal(met.entries, 3);
	assert_int_equal(met.unread, 2);
}

static void bad_nodes(void **state)
{
	struct fixture *f = *state;
	struct ami_xarray_walk met;

	image_write64(f->img, f->low, 5);	/* no shift of a node */
	met = walk(f, MAX);
	assert_int_equal(met.entries, 1);
	assert_int_equal(met.unread, 1);
}

static void hidden(void **state)
{
	struct fixture *f = *state;
	struct ami_xarray_walk met;

	image_hide(f->img, f->low >> AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	met = walk(f, MAX);
	assert_int_equal(met.entries, 1);
	assert_int_equal(met.unread, 1);
}

static void head_hidden(void **state)
{
	struct fixture *f = *state;

	image_hide(f->img, f->xa >> AMI_PAGE_SHIFT, AMI_MEM_ERROR);
	assert_int_equal(walk(f, MAX).unread, 1);
}

static void budget(void **state)
{
	struct fixture *f = *state;
	struct ami_xarray_walk met = walk(f, 3);

	/* the top, the node below it, one entry */
	assert_int_equal(met.entries, 1);
	assert_int_equal(met.unread, 1);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole), TEST(single), TEST(empty), TEST(stopped),
		TEST(loop), TEST(bad_nodes), TEST(hidden), TEST(head_hidden),
		TEST(budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
