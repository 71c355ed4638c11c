// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses, members and lists of a kernel in memory made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image.h"

struct machine {
	struct image *img;
	struct ami_dump *dump;
	struct ami_kernel *k;
};

static int setup(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));

	m->img = image_new(1 << 16);
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct machine *m = *state;

	ami_kernel_close(m->k);
	ami_dump_close(m->dump);
	image_free(m->img);
	free(m);
	return 0;
}

static void open_kernel(struct machine *m)
{
	m->dump = image_dump(m->img);
	m->k = image_kernel(m->img, m->dump);
}

static void member(struct machine *m, enum ami_field f, uint32_t offset,
		   uint32_t size, uint8_t bit_offset, uint8_t bit_size)
{
	image_layout(m->img)->field[f] = (struct ami_member){
		.present = true, .offset = offset, .size = size,
		.bit_offset = bit_offset, .bit_size = bit_size,
	};
}

static void addresses(void **state)
{
	struct machine *m = *state;
	uint64_t pa;

	open_kernel(m);
	assert_int_equal(ami_virt_to_phys(m->k, IMAGE_TEXT + 0x1234, &pa),
			 AMI_MEM_OK);
	assert_int_equal(pa, IMAGE_TEXT + 0x1234 - 0xffffffff80000000ull +
			 IMAGE_PHYS_BASE);
	assert_int_equal(ami_virt_to_phys(m->k, image_va(0x5678), &pa),
			 AMI_MEM_OK);
	assert_int_equal(pa, 0x5678);
	/* Not RAM, and no page table says otherwise. */
	assert_int_equal(ami_virt_to_phys(m->k, IMAGE_TEXT + (768ull << 20),
					  &pa), AMI_MEM_UNMAPPED);
	assert_int_equal(ami_virt_to_phys(m->k, image_va(1ull << 40), &pa),
			 AMI_MEM_UNMAPPED);
	assert_int_equal(ami_virt_to_phys(m->k, 0x7fff12345678ull, &pa),
			 AMI_MEM_UNMAPPED);
	assert_int_equal(ami_virt_to_phys(m->k, 0, &pa), AMI_MEM_UNMAPPED);
	assert_int_equal(ami_virt_to_phys(m->k, UINT64_MAX, &pa),
			 AMI_MEM_UNMAPPED);
}

static void members(void **state)
{
	struct machine *m = *state;
	uint64_t at = image_alloc(m->img, 1), v = 7;

	member(m, AMI_F_pci_dev_vendor, 8, 2, 0, 0);
	member(m, AMI_F_pci_dev_is_busmaster, 10, 1, 5, 1);
	member(m, AMI_F_pci_dev_devfn, 10, 2, 6, 4);
	member(m, AMI_F_pci_dev_dev, 16, 700, 0, 0);
	image_write64(m->img, at + 8, 0xffffffffffff1022ull &
		      ~(1ull << (16 + 5)));
	open_kernel(m);
	assert_int_equal(ami_get(m->k, image_va(at), AMI_F_pci_dev_vendor, &v),
			 AMI_MEM_OK);
	assert_int_equal(v, 0x1022);
	ami_get(m->k, image_va(at), AMI_F_pci_dev_is_busmaster, &v);
	assert_int_equal(v, 0);
	ami_get(m->k, image_va(at), AMI_F_pci_dev_devfn, &v);
	assert_int_equal(v, 15);
	/* Absent in this kernel, and too wide for a number. */
	assert_int_equal(ami_get(m->k, image_va(at), AMI_F_pci_dev_class, &v),
			 AMI_MEM_NO_FIELD);
	assert_int_equal(ami_get(m->k, image_va(at), AMI_F_pci_dev_dev, &v),
			 AMI_MEM_NO_FIELD);
}

/* A structure over three pages, the middle one not in the dump. */
static void structure_with_hole(void **state)
{
	struct machine *m = *state;
	uint64_t at = image_alloc(m->img, 3), v;

	member(m, AMI_F_pci_dev_vendor, 8, 2, 0, 0);
	member(m, AMI_F_pci_dev_devfn, 0x1800, 4, 0, 0);
	member(m, AMI_F_pci_dev_class, 0x2010, 4, 0, 0);
	member(m, AMI_F_pci_dev_dev, 0xffc, 8, 0, 0);
	image_write32(m->img, at + 8, 0x1022);
	image_write32(m->img, at + 0x2010, 0x020000);
	image_hide(m->img, (at >> AMI_PAGE_SHIFT) + 1, AMI_MEM_FILTERED);
	open_kernel(m);
	assert_int_equal(ami_get(m->k, image_va(at), AMI_F_pci_dev_vendor, &v),
			 AMI_MEM_OK);
	assert_int_equal(v, 0x1022);
	assert_int_equal(ami_get(m->k, image_va(at), AMI_F_pci_dev_class, &v),
			 AMI_MEM_OK);
	assert_int_equal(v, 0x020000);
	assert_int_equal(ami_get(m->k, image_va(at), AMI_F_pci_dev_devfn, &v),
			 AMI_MEM_FILTERED);
	/* A member that reaches into the hole has no value either. */
	assert_int_equal(ami_get(m->k, image_va(at), AMI_F_pci_dev_dev, &v),
			 AMI_MEM_FILTERED);
}

static void strings(void **state)
{
	struct machine *m = *state;
	uint64_t at = image_alloc(m->img, 2);
	char buf[16];

	image_write(m->img, at + 0xffa, "nvme\x01\xff" "abcdefghijkl", 18);
	image_hide(m->img, (at >> AMI_PAGE_SHIFT) + 2, AMI_MEM_ERROR);
	open_kernel(m);
	assert_int_equal(ami_read_string(m->k, image_va(at + 0xffa), buf,
					 sizeof(buf)), AMI_MEM_OK);
	assert_string_equal(buf, "nvme??abcdefghi");
	assert_int_equal(ami_read_string(m->k, image_va(at + 0x2000), buf,
					 sizeof(buf)), AMI_MEM_ERROR);
}

/* @n nodes of 16 bytes, the last one pointing to node @back, or to @end. */
static uint64_t make_list(struct machine *m, unsigned int n, uint64_t head,
			  int back, uint64_t end)
{
	uint64_t nodes = image_alloc(m->img, 1 + n * 16 / AMI_PAGE_SIZE);
	unsigned int i;

	image_write64(m->img, head, image_va(nodes));
	for (i = 0; i < n; i++) {
		image_write64(m->img, nodes + i * 16,
			      image_va(nodes + (i + 1) * 16));
		image_write64(m->img, nodes + i * 16 + 8,
			      image_va(i ? nodes + (i - 1) * 16 : head));
	}
	image_write64(m->img, nodes + (n - 1) * 16,
		      back >= 0 ? image_va(nodes + back * 16) : end);
	image_write64(m->img, head + 8, image_va(nodes + (n - 1) * 16));
	return nodes;
}

static uint64_t count(struct ami_list_iter *it)
{
	uint64_t node, n = 0;

	while (ami_list_next(it, &node))
		n++;
	return n;
}

static void lists(void **state)
{
	struct machine *m = *state;
	struct ami_list_iter it;
	uint64_t head = image_alloc(m->img, 1), empty = image_alloc(m->img, 1);
	uint64_t zero = image_alloc(m->img, 1);

	make_list(m, 5, head, -1, image_va(head));
	image_write64(m->img, empty, image_va(empty));
	image_write64(m->img, empty + 8, image_va(empty));
	open_kernel(m);
	ami_list_start(&it, m->k, image_va(head), 100);
	assert_int_equal(count(&it), 5);
	assert_false(it.broken);
	assert_int_equal(it.mem, AMI_MEM_OK);
	ami_list_start(&it, m->k, image_va(empty), 100);
	assert_int_equal(count(&it), 0);
	assert_false(it.broken);
	/* A zeroed head is no empty list: an empty one points to itself. */
	ami_list_start(&it, m->k, image_va(zero), 100);
	assert_int_equal(count(&it), 0);
	assert_true(it.broken);
	/* An llist is empty when its first pointer is NULL. */
	ami_llist_start(&it, m->k, image_va(zero), 100);
	assert_int_equal(count(&it), 0);
	assert_false(it.broken);
}

/* A pointer that leads past some nodes, to one that is in the list. */
static void crossed_lists(void **state)
{
	struct machine *m = *state;
	uint64_t head[3], nodes[3];
	struct ami_list_iter it;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		head[i] = image_alloc(m->img, 1);
		nodes[i] = make_list(m, 9, head[i], -1, image_va(head[i]));
	}
	image_write64(m->img, nodes[0] + 2 * 16, image_va(nodes[0] + 5 * 16));
	image_write64(m->img, head[1], image_va(nodes[1] + 16));
	image_write64(m->img, nodes[2] + 7 * 16, image_va(head[2]));
	open_kernel(m);
	for (i = 0; i < 3; i++) {
		ami_list_start(&it, m->k, image_va(head[i]), 100);
		assert_int_equal(count(&it), i ? 8 : 7);
		assert_true(it.broken && it.crossed);
		ami_busy_list_start(&it, m->k, image_va(head[i]), 100);
		assert_int_equal(count(&it), i ? 8 : 7);
		assert_false(it.broken || it.crossed);
	}
}

static void broken_lists(void **state)
{
	static const struct {
		unsigned int nodes;
		int back;
		uint64_t end;
		uint64_t max;
	} cases[] = {
		{ 1, 0, 0, 1000 },		/* points to itself */
		{ 7, 0, 0, 1000 },		/* loops past the head */
		{ 100, 99, 0, 1000 },		/* last points to itself */
		{ 100, 37, 0, 1000 },		/* a tail, then a loop */
		{ 10, -1, 0, 1000 },		/* ends with NULL */
		{ 10, -1, 0x4141414141414141ull, 1000 },
		{ 10, -1, UINT64_MAX - 7, 1000 },
		{ 50, -1, 0, 20 },		/* too long */
	};
	struct machine *m = *state;
	uint64_t head[8];
	size_t i;

	for (i = 0; i < 8; i++) {
		head[i] = image_alloc(m->img, 1);
		make_list(m, cases[i].nodes, head[i], cases[i].back,
			  cases[i].end);
	}
	open_kernel(m);
	for (i = 0; i < 8; i++) {
		struct ami_list_iter it;
		uint64_t n;

		ami_list_start(&it, m->k, image_va(head[i]), cases[i].max);
		n = count(&it);
		assert_true(it.broken);
		assert_true(n <= 3 * cases[i].nodes);
		assert_true(n <= cases[i].max);
	}
}

static void list_into_hole(void **state)
{
	struct machine *m = *state;
	uint64_t head = image_alloc(m->img, 1), hole = image_alloc(m->img, 1);
	struct ami_list_iter it;

	make_list(m, 3, head, -1, image_va(hole));
	image_hide(m->img, hole >> AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	open_kernel(m);
	ami_list_start(&it, m->k, image_va(head), 100);
	assert_int_equal(count(&it), 4);
	assert_int_equal(it.mem, AMI_MEM_FILTERED);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses),
		TEST(members),
		TEST(structure_with_hole),
		TEST(strings),
		TEST(lists),
		TEST(crossed_lists),
		TEST(broken_lists),
		TEST(list_into_hole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
