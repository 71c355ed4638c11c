// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a vmcore file to verdict, over machines made by hand in each of the
 * shapes the driver's structures have had, with and without SME.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmcore.h"

static void v1_domain(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 7);
	struct amdvi_dte dte = machine_paging(root, 2, 5);
	size_t i;

	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 5, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	assert_int_equal(machine_state_of(m, 0x10)->dte_seen, AMI_SEEN_INTACT);
	assert_string_equal(machine_state_of(m, 0x10)->driver, "nvme");
	machine_maps(m, 0x10, BUFFER, 7);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
	/* A machine without struct pages: whose the pages are is not known. */
	for (i = 0; i < m->state->findings->count; i++)
		assert_true(m->state->findings->list[i].severity == AMI_INFO ||
			    m->state->findings->list[i].code ==
			    AMI_FIND_OWNERS_UNREAD);
}

OVER_SHAPES(v1_domain)

static void guest_domain(struct machine *m)
{
	unsigned int glx, levels;
	uint16_t devid = 0x10;

	for (glx = 0; glx <= 2; glx++)
		for (levels = 4; levels <= 5; levels++, devid++) {
			uint64_t at = BUFFER + devid * 0x10000ull;
			uint64_t root = machine_v2(m, at, 3, levels);
			struct amdvi_dte dte = machine_paging(0, 0, 0);

			dte.gv = dte.giov = true;
			dte.glx = glx;
			dte.guest_paging_mode = levels == 5;
			dte.gcr3_root = machine_gcr3(m, glx, 0, root);
			machine_device(m, devid, "gpu", 0);
			machine_dte(m, devid, &dte);
		}
	vmcore_analyse(m);
	for (devid = 0x10; devid < 0x16; devid++) {
		assert_int_equal(machine_state_of(m, devid)->translation,
				 AMI_TRANSLATION_PAGING);
		machine_maps(m, devid, BUFFER + devid * 0x10000ull, 3);
	}
}

OVER_SHAPES(guest_domain)

/* PASIDs beside an identity mapping for requests without one. */
static void pasids_and_identity(struct machine *m)
{
	uint64_t first = machine_v2(m, BUFFER, 2, 4);
	uint64_t second = machine_v2(m, BUFFER + 0x100000, 4, 4);
	const struct ami_exposure *e;
	struct amdvi_dte dte = machine_paging(0, 0, 0);

	dte.gv = true;
	dte.glx = 1;
	dte.gcr3_root = machine_gcr3(m, 1, 3, first);
	machine_device(m, 0x20, "gpu", 0);
	machine_dte(m, 0x20, &dte);
	/* A second PASID in another page of the GCR3 table: 512 + 9. */
	image_write64(m->img, dte.gcr3_root + 8,
		      machine_gcr3(m, 0, 9, second) | m->sme | AMDVI_GCR3_V);
	vmcore_analyse(m);
	assert_int_equal(machine_state_of(m, 0x20)->translation,
			 AMI_TRANSLATION_PASSTHROUGH);
	assert_non_null(machine_exposure(m, 0x20, AMI_CLASS_PASSTHROUGH));
	e = machine_exposure(m, 0x20, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_true(e->complete);
	assert_int_equal(e->count, 6);
	assert_true(ami_pfnset_has(e->pages, (BUFFER >> 12) + 1));
	assert_true(ami_pfnset_has(e->pages, (BUFFER + 0x103000) >> 12));
}

OVER_SHAPES(pasids_and_identity)

/*
 * The capture kernel replaced the DTE: PASIDs come from the driver's state,
 * which up to 6.8 stand in the domain and later in the device.
 */
static void pasids_of_the_driver(struct machine *m)
{
	uint64_t guest = machine_v2(m, BUFFER, 2, 4);
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	uint64_t gcr3 = image_va(machine_gcr3(m, 1, 3, guest)), dom, data;
	struct amdvi_dte dte = machine_paging(foreign, 2, 4);

	machine_crashkernel(m, foreign, foreign + 0x1fff);
	dom = machine_domain(m, 1, TYPE_IDENTITY, AMI_FORMAT_NONE, 0, 0);
	data = machine_device(m, 0x20, "gpu", dom);
	machine_set(m, dom, AMI_F_pdom_gcr3_tbl, gcr3);
	machine_set(m, dom, AMI_F_pdom_glx, 1);
	machine_set(m, data, AMI_F_dev_data_gcr3_tbl, gcr3);
	machine_set(m, data, AMI_F_dev_data_gcr3_glx, 1);
	machine_dte(m, 0x20, &dte);
	vmcore_analyse(m);
	assert_int_equal(machine_state_of(m, 0x20)->dte_seen, AMI_SEEN_OVERWRITTEN);
	assert_non_null(machine_exposure(m, 0x20, AMI_CLASS_PASSTHROUGH));
	machine_maps(m, 0x20, BUFFER, 2);
}

OVER_SHAPES(pasids_of_the_driver)

static void untranslated(struct machine *m)
{
	struct amdvi_dte none = { .v = false };

	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 1, TYPE_IDENTITY, AMI_FORMAT_NONE, 0,
				      0));
	machine_dte(m, 0x10, &(struct amdvi_dte){
		.v = true, .tv = true, .ir = true, .iw = true,
		.domain_id = 1,
	});
	machine_device(m, 0x18, "nic", 0);
	machine_dte(m, 0x18, &none);
	vmcore_analyse(m);
	assert_int_equal(machine_state_of(m, 0x10)->translation,
			 AMI_TRANSLATION_PASSTHROUGH);
	assert_int_equal(machine_state_of(m, 0x18)->translation, AMI_TRANSLATION_NONE);
	assert_true(machine_exposure(m, 0x10, AMI_CLASS_PASSTHROUGH)->all_ram);
	assert_true(machine_exposure(m, 0x18, AMI_CLASS_PASSTHROUGH)->all_ram);
	assert_true(machine_found(m, "dte-not-valid"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
	assert_int_equal(m->ex->covered, AMI_COVERED_PARTIAL);
}

OVER_SHAPES(untranslated)

/* A bridge's alias carries a copy of the DTE and no domain of its own. */
static void alias(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 4);
	struct amdvi_dte dte = machine_paging(root, 2, 6);
	uint16_t to = 0x30;

	machine_device(m, 0x28, "old-nic",
		       machine_domain(m, 6, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	machine_dte(m, 0x28, &dte);
	machine_dte(m, to, &dte);
	machine_alias(m, 0x28, to);
	vmcore_analyse(m);
	assert_int_equal(machine_state_of(m, 0x28)->alias.devid, to);
	machine_maps(m, 0x28, BUFFER, 4);
	machine_maps(m, to, BUFFER, 4);
}

OVER_SHAPES(alias)

/* A DTE that nobody claims but that lets DMA through must not be missed. */
static void unclaimed(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 2);
	struct amdvi_dte dte = machine_paging(root, 2, 9);

	machine_dte(m, 0x77, &dte);
	vmcore_analyse(m);
	machine_maps(m, 0x77, BUFFER, 2);
}

OVER_SHAPES(unclaimed)

/* The table grew: the DTE still holds the old top, a child of the new one. */
static void growth(struct machine *m)
{
	uint64_t old = machine_v1(m, BUFFER, 5);
	uint64_t top = image_alloc(m->img, 1);
	struct amdvi_dte dte = machine_paging(old, 2, 4);

	image_write64(m->img, top,
		      amdvi_v1_table(old, 2, true, true) | m->sme);
	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1, top, 3));
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	assert_string_equal(machine_state_of(m, 0x10)->disagreement, "");
	assert_int_equal(machine_state_of(m, 0x10)->dte_seen, AMI_SEEN_INTACT);
	machine_maps(m, 0x10, BUFFER, 5);
}

OVER_SHAPES(growth)

/* The capture kernel put its own table into the DTE: the driver's counts. */
static void overwritten(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 5);
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = machine_paging(foreign, 2, 4);

	machine_crashkernel(m, foreign, foreign + 0x1fff);
	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	assert_int_equal(machine_state_of(m, 0x10)->dte_seen, AMI_SEEN_OVERWRITTEN);
	assert_int_equal(m->state->capture, AMI_CAPTURE_REUSE);
	machine_maps(m, 0x10, BUFFER, 5);
	assert_int_equal(machine_exposure(m, 0x10, AMI_CLASS_MAPPED)
			 ->certainty, AMI_LIKELY);
}

OVER_SHAPES(overwritten)

/*
 * Damage ends the driver's list of device data, or wipes a domain: the DTE
 * alone still tells of its table. Who shares a known table is no such case.
 */
static void domain_missing(struct machine *m)
{
	uint64_t known = machine_v1(m, BUFFER, 2);
	uint64_t root = machine_v1(m, BUFFER + 0x400000, 3);
	struct amdvi_dte dte = machine_paging(known, 2, 4);

	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 4, 3, AMI_FORMAT_V1, known, 2));
	machine_dte(m, 0x10, &dte);
	machine_dte(m, 0x11, &dte);
	dte = machine_paging(root, 2, 5);
	machine_dte(m, 0x20, &dte);
	vmcore_analyse(m);
	machine_maps(m, 0x20, BUFFER + 0x400000, 3);
	assert_int_equal(ami_findings_total(m->state->findings,
					    AMI_FIND_DOMAIN_MISSING), 1);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
}

/* Only where nothing is left to write, a dump is simply trusted. */
static void nothing_writable(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 0);
	struct amdvi_dte dte = machine_paging(root, 2, 5);
	struct amdvi_dte blocked = { .v = true, .tv = true };

	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 5, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	machine_dte(m, 0x10, &dte);
	machine_dte(m, 0x18, &blocked);
	vmcore_analyse(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_TRUSTED);
	assert_int_equal(m->ex->reasons.count, 1);
	assert_int_equal(m->ex->covered, AMI_COVERED_COMPLETE);
}

OVER_SHAPES(nothing_writable)

OVER_SHAPES(domain_missing)

/*
 * Behind a guest's tables: their addresses are no host addresses, so that
 * whatever lies at those must not count; all of the host table does. With and
 * without GIoV, that is for requests without and with PASID.
 */
static void nested(struct machine *m, bool giov)
{
	uint64_t root = machine_v1(m, BUFFER, 6);
	uint64_t trap = machine_v2(m, BUFFER + 0x800000, 2, 4);
	uint64_t elsewhere = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = machine_paging(root, 2, 77);
	const struct ami_exposure *e;

	dte.gv = true;
	dte.giov = giov;
	dte.gcr3_root = machine_gcr3(m, 0, 0, trap);
	machine_device(m, 0x10, "vfio-pci",
		       machine_domain(m, 3, 1, AMI_FORMAT_V1, elsewhere, 2));
	machine_dte(m, 0x10, &dte);
	/* Guest addresses may well be no RAM of the host. */
	dte.gcr3_root = 0xfff000000000;
	machine_device(m, 0x18, "vfio-pci", 0);
	machine_dte(m, 0x18, &dte);
	vmcore_analyse(m);
	machine_maps(m, 0x10, BUFFER, 6);
	machine_maps(m, 0x18, BUFFER, 6);
	e = machine_exposure(m, 0x10, AMI_CLASS_MAPPED);
	assert_int_equal(e->certainty, AMI_LIKELY);
	assert_string_equal(machine_state_of(m, 0x10)->disagreement, "");
	assert_true(machine_found(m, "nested-translation"));
	assert_false(machine_found(m, "dte-root-outside-ram"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
}

static void test_nested(void **state)
{
	int giov, sme;

	(void)state;
	for (giov = 0; giov < 2; giov++)
		for (sme = 0; sme < 2; sme++) {
			struct machine *m = machine_new(SHAPE_7, sme * MACHINE_SME);

			nested(m, giov);
			machine_free(m);
		}
}

/* A kernel that knows no nesting has no such DTE: then it contradicts. */
static void test_nested_unknown(void **state)
{
	struct machine *m = machine_new(SHAPE_6_12, 0);
	uint64_t root = machine_v1(m, BUFFER, 6);
	struct amdvi_dte dte = machine_paging(root, 2, 77);

	(void)state;
	dte.gv = dte.giov = true;
	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 3, 1, AMI_FORMAT_V1, root, 2));
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	assert_int_equal(machine_state_of(m, 0x10)->dte_seen, AMI_SEEN_INCONSISTENT);
	machine_maps(m, 0x10, BUFFER, 6);
	machine_free(m);
}

/*
 * Nothing tells what a device could write: the capture kernel replaced its DTE,
 * and in its domain, which damage hit, there is no table any more.
 */
static void no_table_left(struct machine *m)
{
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = machine_paging(foreign, 2, 4);
	const struct ami_exposure *e;

	machine_crashkernel(m, foreign, foreign + 0x1fff);
	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1, 0, 3));
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	e = machine_exposure(m, 0x10, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_false(e->complete);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
}

OVER_SHAPES(no_table_left)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_v1_domain),
		cmocka_unit_test(all_guest_domain),
		cmocka_unit_test(all_pasids_and_identity),
		cmocka_unit_test(all_pasids_of_the_driver),
		cmocka_unit_test(all_untranslated),
		cmocka_unit_test(all_alias),
		cmocka_unit_test(all_unclaimed),
		cmocka_unit_test(all_growth),
		cmocka_unit_test(all_overwritten),
		cmocka_unit_test(all_nothing_writable),
		cmocka_unit_test(all_domain_missing),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_nested_unknown),
		cmocka_unit_test(all_no_table_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
