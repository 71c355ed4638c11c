// SPDX-License-Identifier: GPL-2.0-or-later
/* RAM that the file does not list, from the kernel's own records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"

#define LISTED		0x4000u		/* pages of RAM in the file */
#define ADDED		0x100000000ull	/* where memory was plugged in */
#define ADDED_PFN	(ADDED >> AMI_PAGE_SHIFT)
#define SIZE		(256ull << 20)
#define MMIO		0xe0000000ull
#define DEVICE		0x10
#define ONLINE		7u		/* of a section: and present, mapped */

/* A NIC that may write four pages from @phys on. */
static struct machine *nic_to(uint64_t phys)
{
	struct machine *m = machine_new_sized(SHAPE_6_1, 0, 0xff, LISTED);
	uint64_t root = machine_v1(m, phys, 4);
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 4, .host_root = root,
	};

	machine_device(m, DEVICE, "e1000e",
		       machine_domain(m, 4, 3, AMI_FORMAT_V1, root, 2));
	machine_dte(m, DEVICE, &dte);
	return m;
}

static void grow_to(struct machine *m, uint64_t pages)
{
	machine_variable(m, AMI_SYM_max_pfn, pages);
}

static void plug_in(struct machine *m)
{
	machine_resource(m, MMIO, MMIO + 0xfff, MACHINE_MMIO);
	machine_resource(m, ADDED, ADDED + SIZE - 1, MACHINE_RAM);
	grow_to(m, (ADDED + SIZE) >> AMI_PAGE_SHIFT);
}

/* Sections of the memory that was plugged in, and a hole before them. */
static void add_sections(struct machine *m)
{
	uint64_t size = image_layout(m->img)->type_size[AMI_T_mem_section];
	uint64_t roots = machine_object(m, AMI_PAGE_SIZE), table, i;

	table = machine_object(m, AMI_PAGE_SIZE);
	machine_variable(m, AMI_SYM_mem_section, roots);
	machine_write(m, roots, &table, sizeof(table));
	for (i = ADDED >> 27; i < (ADDED + SIZE) >> 27; i++)
		machine_set(m, table + i * size, AMI_F_section_mem_map,
			    ONLINE);
	machine_set(m, table, AMI_F_section_mem_map, ONLINE);
}

static void is_named(struct machine *m)
{
	const struct ami_exposure *e;

	machine_analyse(m);
	e = machine_exposure(m, DEVICE, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_int_equal(e->count, 4);
	assert_int_equal(e->outside, 0);
	assert_true(ami_exposure_has(m->ex, e, ADDED_PFN));
	assert_true(machine_found(m, "ram-not-listed"));
	assert_false(machine_found(m, "ram-unknown"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
	assert_int_equal(ami_pfnset_count(m->state->unlisted),
			 SIZE >> AMI_PAGE_SHIFT);
}

static void by_resources(void **state)
{
	struct machine *m = nic_to(ADDED);
	uint64_t byte;

	(void)state;
	plug_in(m);
	is_named(m);
	assert_true(ami_dump_ram(m->dump, ADDED_PFN));
	assert_false(ami_dump_ram(m->dump, MMIO >> AMI_PAGE_SHIFT));
	assert_int_equal(ami_dump_read(m->dump, ADDED, &byte, 8),
			 AMI_MEM_FILTERED);
	assert_int_equal(ami_dump_read(m->dump, MMIO, &byte, 8),
			 AMI_MEM_ABSENT);
	assert_int_equal(ami_dump_ram_pages(m->dump),
			 LISTED + (SIZE >> AMI_PAGE_SHIFT));
	assert_int_equal(ami_dump_info(m->dump)->nr_listed, 1);
	machine_free(m);
}

/* What was RAM below another resource, as that of a device (kmem) is. */
static void deeper_in_the_tree(void **state)
{
	struct machine *m = nic_to(ADDED);
	uint64_t outer, inner;

	(void)state;
	outer = machine_resource(m, ADDED, ADDED + SIZE, MACHINE_MMIO);
	inner = machine_resource(m, ADDED, ADDED + SIZE - 1, MACHINE_RAM);
	machine_set(m, outer, AMI_F_resource_sibling, 0);
	machine_set(m, outer, AMI_F_resource_child, inner);
	grow_to(m, (ADDED + SIZE) >> AMI_PAGE_SHIFT);
	is_named(m);
	machine_free(m);
}

/* The tree breaks off before it: the sections know. */
static void by_sections(void **state)
{
	struct machine *m = nic_to(ADDED);
	uint64_t lost;

	(void)state;
	grow_to(m, (ADDED + SIZE) >> AMI_PAGE_SHIFT);
	lost = machine_resource(m, MMIO, MMIO + 0xfff, MACHINE_MMIO);
	machine_set(m, lost, AMI_F_resource_sibling, 0xffff900000000000);
	add_sections(m);
	is_named(m);
	machine_free(m);
}

static void mmio_stays_outside(void **state)
{
	struct machine *m = nic_to(MMIO);
	const struct ami_exposure *e;

	(void)state;
	plug_in(m);
	machine_analyse(m);
	e = machine_exposure(m, DEVICE, AMI_CLASS_MAPPED);
	assert_int_equal(e->count, 0);
	assert_int_equal(e->outside, 4);
	assert_true(machine_found(m, "ram-not-listed"));
	assert_false(machine_found(m, "ram-unknown"));
	machine_free(m);
}

/* Nothing is left that says what was RAM: not "no RAM". */
static void nobody_knows(void **state)
{
	struct machine *m = nic_to(ADDED);

	(void)state;
	plug_in(m);
	machine_set(m, m->last_resource, AMI_F_resource_end, 5);
	machine_analyse(m);
	assert_true(machine_found(m, "ram-unknown"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
	machine_free(m);
}

/* The kernel's records end before its max_pfn. */
static void records_end_early(void **state)
{
	struct machine *m = nic_to(ADDED);

	(void)state;
	grow_to(m, (ADDED + SIZE) >> AMI_PAGE_SHIFT);
	machine_analyse(m);
	assert_true(machine_found(m, "ram-unknown"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
	machine_free(m);
}

static void crashkernel_is_none(void **state)
{
	struct machine *m = nic_to(0x5000);

	(void)state;
	plug_in(m);
	machine_crashkernel(m, ADDED, ADDED + SIZE - 1);
	machine_analyse(m);
	assert_null(m->state->unlisted);
	assert_false(machine_found(m, "ram-not-listed"));
	assert_false(machine_found(m, "ram-unknown"));
	assert_int_equal(ami_dump_ram_pages(m->dump), LISTED);
	machine_free(m);
}

/* A damaged resource does not make RAM of all addresses, nor a loop. */
static void bounded(void **state)
{
	struct machine *m = nic_to(ADDED);
	uint64_t loop;

	(void)state;
	grow_to(m, ADDED_PFN + 2);
	loop = machine_resource(m, ADDED, (1ull << 52) - 2, MACHINE_RAM);
	machine_set(m, loop, AMI_F_resource_sibling, loop);
	machine_analyse(m);
	assert_int_equal(ami_pfnset_count(m->state->unlisted), 2);
	assert_true(machine_found(m, "ram-unknown"));
	machine_free(m);
}

static void too_many_pieces(void **state)
{
	struct machine *m = nic_to(0x1000);

	(void)state;
	image_merge_ram(m->img);
	machine_analyse(m);
	assert_true(machine_found(m, "too-many"));
	assert_int_equal(machine_exposure(m, DEVICE, AMI_CLASS_MAPPED)->count, 4);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_resources),
		cmocka_unit_test(deeper_in_the_tree),
		cmocka_unit_test(by_sections),
		cmocka_unit_test(mmio_stays_outside),
		cmocka_unit_test(nobody_knows),
		cmocka_unit_test(records_end_early),
		cmocka_unit_test(crashkernel_is_none),
		cmocka_unit_test(bounded),
		cmocka_unit_test(too_many_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
