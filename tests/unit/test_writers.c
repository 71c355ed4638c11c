// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who can write a page, and devices that nobody names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmcore.h"

static void two_devices(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 3);
	struct amdvi_dte dte = machine_paging(root, 2, 4);
	uint64_t dom = machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1, root, 2);

	machine_device(m, 0x10, "nvme", dom);
	machine_device(m, 0x18, "nvme", dom);
	machine_dte(m, 0x10, &dte);
	machine_dte(m, 0x18, &dte);
}

struct ways {
	uint64_t iova[8];
	size_t count;
};

static bool take_way(void *ctx, const struct ami_writer *w)
{
	struct ways *ways = ctx;

	assert_true(ways->count < 8);
	ways->iova[ways->count++] = w->has_iova ? w->iova : UINT64_MAX;
	return true;
}

/* Reverse lookup returns every IOVA of a page, and no other page. */
static void test_writers(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct ways ways = { .count = 0 };

	(void)state;
	two_devices(m);
	vmcore_analyse(m);
	ami_writers(m->ex, BUFFER + 0x1234, take_way, &ways);
	assert_int_equal(ways.count, 2);
	assert_int_equal(ways.iova[0], 0x1234);
	assert_int_equal(ways.iova[1], 0x1234);
	ways.count = 0;
	ami_writers(m->ex, BUFFER + 0x3000, take_way, &ways);
	assert_int_equal(ways.count, 0);
	/* The semaphore belongs to the IOMMU itself. */
	ami_writers(m->ex, m->semaphore, take_way, &ways);
	assert_int_equal(ways.count, 1);
	assert_int_equal(ways.iova[0], UINT64_MAX);
	machine_free(m);
}

/* A table page is read once, however many devices share the domain. */
static void test_shared_table_is_read_once(void **state)
{
	struct machine *m = machine_new(SHAPE_7, 0);
	uint64_t root;

	(void)state;
	two_devices(m);
	machine_analyse(m);	/* its memory counts the reads */
	root = m->state->domains[0].table.root;
	assert_int_equal(m->ex->nr_trees, 1);
	assert_int_equal(image_reads(m->img, root >> 12), 1);
	machine_free(m);
}

/* A device that nothing names may be where nothing could be looked at. */
static void nothing_seen_is_not_nothing(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);

	(void)state;
	image_layout(m->img)->symbol[AMI_SYM_pci_root_buses] = 0;
	machine_analyse(m);
	assert_int_equal(ami_findings_total(m->state->findings,
					    AMI_FIND_PCI_UNKNOWN), 1);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
	machine_free(m);
}

/* What may be at work, when in doubt. */
static void active_devices(void **state)
{
	static const struct {
		struct ami_device d;
		bool active;
	} want[] = {
		{ { .is_pci = false }, true },	/* such as one of ACPI */
		{ { .is_pci = true, .driver = "nvme", .busmaster_known = true,
		    .busmaster = true }, true },
		{ { .is_pci = true, .driver = "lpc_ich",
		    .busmaster_known = true }, false },
		{ { .is_pci = true, .busmaster_known = true }, false },
		{ { .is_pci = true, .busmaster_known = true,
		    .busmaster = true }, true },
		{ { .is_pci = true, .driver = "?" }, true },
		{ { .is_pci = true, .is_bridge = true, .driver = "pcieport",
		    .busmaster_known = true, .busmaster = true }, false },
		{ { .is_pci = true, .driver = "vfio-pci",
		    .busmaster_known = true }, true },
		{ { .is_pci = true, .driver = "uio_pci_generic",
		    .busmaster_known = true }, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(ami_device_active(&want[i].d),
				 want[i].active);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writers),
		cmocka_unit_test(test_shared_table_is_read_once),
		cmocka_unit_test(nothing_seen_is_not_nothing),
		cmocka_unit_test(active_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
