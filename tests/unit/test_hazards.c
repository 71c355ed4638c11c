// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What could pass for safe and is not: each machine here has a way to memory
 * that its tables do not show, or that damage hides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vmcore.h"

#define BUFFER		0x8000000ull	/* what devices may write */
#define C_BIT		(1ull << 47)
#define TYPE_DMA	0x3
#define CLASS_NVME	0x010802
#define CLASS_HOST	0x060000
#define DEVICE		0x10

static void over_shapes(void (*test)(struct machine *m))
{
	machine_over_shapes(C_BIT, 1 << 16, test);
}

static const struct ami_device *device(const struct machine *m,
				       uint16_t devid)
{
	return ami_state_device(m->state, (struct ami_bdf){ 0, devid });
}

/* All of memory, by a device that is active. */
static void reaches_all(const struct machine *m, uint16_t devid,
			enum ami_certainty certainty)
{
	const struct ami_exposure *e;

	assert_int_equal(device(m, devid)->translation, AMI_TRANSLATION_NONE);
	e = machine_exposure(m, devid, AMI_CLASS_PASSTHROUGH);
	assert_non_null(e);
	assert_true(e->all_ram);
	assert_int_equal(e->certainty, certainty);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
}

/*
 * No IOMMU serves it: its entry in the table, filled like all others, may be
 * one that nothing looks at. A host bridge masters nothing.
 */
static void no_iommu_in_charge(struct machine *m)
{
	image_write64(m->img, m->seg->rlookup + 8 * DEVICE, 0);
	image_write64(m->img, m->seg->rlookup, 0);
	machine_pci(m, DEVICE, CLASS_NVME);
	machine_pci(m, 0, CLASS_HOST);
	machine_pci(m, 2, 0x080600);	/* the IOMMU itself */
	machine_pci(m, 0x18, CLASS_NVME);
	vmcore_analyse(m);
	reaches_all(m, DEVICE, AMI_POSSIBLE);
	assert_int_equal(ami_findings_total(&m->state->findings,
					    "device-without-iommu"), 1);
	assert_null(machine_exposure(m, 0, AMI_CLASS_PASSTHROUGH));
	assert_null(machine_exposure(m, 2, AMI_CLASS_PASSTHROUGH));
	assert_null(machine_exposure(m, 0x18, AMI_CLASS_PASSTHROUGH));
}

/* Beyond the last device ID of the driver there is no entry at all. */
static void beyond_the_table(struct machine *m)
{
	machine_pci(m, 0x10, CLASS_NVME);
	machine_set(m, m->bus, AMI_F_pci_bus_number, 0x40);
	vmcore_analyse(m);
	reaches_all(m, 0x4010, AMI_PROVEN);
}

static void test_uncovered(void **state)
{
	(void)state;
	over_shapes(no_iommu_in_charge);
	over_shapes(beyond_the_table);
}

static void init_state(struct machine *m, uint64_t value)
{
	struct ami_layout *l = image_layout(m->img);

	l->enumerator[AMI_E_IOMMU_INITIALIZED].present = true;
	l->enumerator[AMI_E_IOMMU_INITIALIZED].value = 6;
	machine_variable(m, AMI_Y_init_state, value);
	machine_pci(m, DEVICE, CLASS_NVME);
	vmcore_analyse(m);
}

/*
 * The driver gave up and made all entries V=0; a capture kernel that reuses
 * the table then made them valid.
 */
static void driver_failed(struct machine *m)
{
	init_state(m, 8);
	reaches_all(m, DEVICE, AMI_POSSIBLE);
	assert_true(machine_found(m, "iommu-not-initialised"));
}

static void driver_ready(struct machine *m)
{
	init_state(m, 6);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_TRUSTED);
	assert_false(machine_found(m, "iommu-not-initialised"));
}

static void test_not_initialised(void **state)
{
	(void)state;
	over_shapes(driver_failed);
	over_shapes(driver_ready);
}

/* The driver found no format of page tables that this IOMMU has. */
static void test_no_tables(void **state)
{
	struct machine *m = machine_new(SHAPE_7, 0);
	struct ami_layout *l = image_layout(m->img);

	(void)state;
	l->enumerator[AMI_E_PD_MODE_NONE].present = true;
	machine_variable(m, AMI_Y_amd_iommu_pgtable, 0);
	machine_pci(m, DEVICE, CLASS_NVME);
	vmcore_analyse(m);
	reaches_all(m, DEVICE, AMI_POSSIBLE);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uncovered),
		cmocka_unit_test(test_not_initialised),
		cmocka_unit_test(test_no_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
