// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices that the IOMMU covers and that their tables do not bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers.h"
#include "render.h"

#define PLATFORM	(1ull << 33)
#define VERSION_1	(1ull << 32)
#define DEV		0x20u
#define DOMAIN_DMA	3
#define NVME		0x010802u
#define MEMORY		0x9000000ull

/* What tests change; the latest rig's. */
static struct rig_virtio at;

static uint64_t phys(uint64_t va)
{
	return va - IMAGE_DIRECT_MAP;
}

static struct rig *virtio(uint64_t features)
{
	return rig_virtio(0, features, &at);
}

static const struct ami_device *device(const struct rig *rig)
{
	const struct ami_device *d =
		ami_state_device(rig->m->state,
				 (struct ami_bdf){ 0, RIG_DEVICE });

	assert_non_null(d);
	return d;
}

static void bounded(void **state)
{
	struct rig *rig = virtio(VERSION_1 | PLATFORM);

	(void)state;
	machine_analyse(rig->m);
	assert_int_equal(device(rig)->bypass, AMI_BYPASS_NO);
	assert_int_equal(device(rig)->translation, AMI_TRANSLATION_PAGING);
	assert_null(machine_exposure(rig->m, RIG_DEVICE,
				     AMI_CLASS_PASSTHROUGH));
	assert_int_equal(rig_pages(rig, AMI_CLASS_MAPPED), RIG_PAGES);
	rig_free(rig);
}

/* QEMU's default: whatever its DTE and its table say. */
static void bypasses(void **state)
{
	struct rig *rig = virtio(VERSION_1);
	const struct ami_exposure *e;
	const struct ami_tree *t;
	struct ami_writer w;

	(void)state;
	machine_analyse(rig->m);
	assert_int_equal(device(rig)->bypass, AMI_BYPASS_VIRTIO);
	assert_int_equal(device(rig)->translation, AMI_TRANSLATION_NONE);
	e = machine_exposure(rig->m, RIG_DEVICE, AMI_CLASS_PASSTHROUGH);
	assert_non_null(e);
	assert_true(e->all_ram && e->certainty == AMI_PROVEN);
	assert_true(ami_first_writer(rig->m->ex, e, 0x1234567, &w));
	assert_null(machine_exposure(rig->m, RIG_DEVICE, AMI_CLASS_MAPPED));
	/* What the table maps is known all the same, and that it is one. */
	t = ami_tree_of(rig->m->ex, &device(rig)->table);
	assert_non_null(t);
	assert_int_equal(t->mapped, RIG_PAGES);
	assert_true(ami_pfnset_has(rig->m->ex->io_tables,
				   t->table.root >> AMI_PAGE_SHIFT));
	assert_int_equal(rig->m->ex->verdict, AMI_VERDICT_SUSPECT);
	assert_int_equal(rig_found(rig, "virtio-bypasses-iommu"), 1);
	rig_free(rig);
}

/* Also behind an entry that blocks: it never asks the IOMMU. */
static void bypasses_blocked(void **state)
{
	const struct amdvi_dte blocked = { .v = true, .tv = true };
	struct rig *rig = virtio(VERSION_1);

	(void)state;
	machine_dte(rig->m, RIG_DEVICE, &blocked);
	machine_analyse(rig->m);
	assert_non_null(machine_exposure(rig->m, RIG_DEVICE,
					 AMI_CLASS_PASSTHROUGH));
	assert_int_equal(rig->m->ex->verdict, AMI_VERDICT_SUSPECT);
	rig_free(rig);
}

static void is_unknown(struct rig *rig, const char *code)
{
	machine_analyse(rig->m);
	assert_int_equal(device(rig)->bypass, AMI_BYPASS_UNKNOWN);
	assert_int_equal(device(rig)->translation, AMI_TRANSLATION_UNKNOWN);
	assert_int_equal(rig->m->ex->verdict, AMI_VERDICT_UNKNOWN);
	assert_int_equal(rig_found(rig, code), 1);
	rig_free(rig);
}

static void not_in_the_dump(void **state)
{
	struct rig *rig = virtio(VERSION_1 | PLATFORM);

	(void)state;
	image_hide(rig->m->img, phys(at.device) >> AMI_PAGE_SHIFT,
		   AMI_MEM_FILTERED);
	is_unknown(rig, "virtio-bypass-unknown");
}

static void not_described(void **state)
{
	struct rig *rig = virtio(VERSION_1 | PLATFORM);

	(void)state;
	image_layout(rig->m->img)
		->field[AMI_F_virtio_device_features].present = false;
	is_unknown(rig, "virtio-bypass-unknown");
}

/* The list of devices has lost it, and the driver's own data leads there. */
static void through_the_driver(void **state)
{
	struct rig *rig = virtio(VERSION_1);

	(void)state;
	rig_set(rig, at.dev, AMI_F_device_bus, 0);
	rig_set(rig, rig->dev, AMI_F_device_driver_data, at.device);
	machine_analyse(rig->m);
	assert_int_equal(device(rig)->bypass, AMI_BYPASS_VIRTIO);
	rig_free(rig);
}

static void not_found(void **state)
{
	struct rig *rig = virtio(VERSION_1 | PLATFORM);

	(void)state;
	rig_set(rig, at.dev, AMI_F_device_bus, 0);
	is_unknown(rig, "virtio-bypass-unknown");
}

/* The feature bit turned over: its queues were set up by the true one. */
static void contradiction(void **state)
{
	struct rig *rig = virtio(VERSION_1 | PLATFORM);

	(void)state;
	rig_set(rig, at.queue, AMI_F_vvq_use_dma_api, 0);
	is_unknown(rig, "virtio-contradiction");
}

/* Without a driver nothing was set up, and it is idle. */
static void without_driver(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	uint64_t pci = machine_pci(m, DEV, 0x010000);

	(void)state;
	machine_set(m, pci, AMI_F_pci_dev_vendor, 0x1af4);
	machine_set(m, pci, AMI_F_pci_dev_device, 0x1042);
	machine_set(m, pci, AMI_F_pci_dev_is_busmaster, 0);
	machine_analyse(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_TRUSTED);
	machine_free(m);
}

/* The same, but at work: firmware may have left it so. */
static void active_without_driver(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	uint64_t pci = machine_pci(m, DEV, 0x010000);

	(void)state;
	machine_set(m, pci, AMI_F_pci_dev_vendor, 0x1af4);
	machine_set(m, pci, AMI_F_pci_dev_device, 0x1042);
	machine_analyse(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
	machine_free(m);
}

static void all_memory_possible(const struct machine *m)
{
	const struct ami_exposure *e =
		machine_exposure(m, DEV, AMI_CLASS_PASSTHROUGH);

	assert_non_null(e);
	assert_true(e->all_ram && e->certainty == AMI_POSSIBLE);
}

/* The exclusion range passes, though the entry lets it write nothing. */
static void excluded(struct machine *m)
{
	const struct amdvi_dte dte = {
		.v = true, .tv = true, .ex = true, .domain_id = 1,
	};

	machine_pci(m, DEV, NVME);
	machine_dte(m, DEV, &dte);
	machine_analyse(m);
	all_memory_possible(m);
	assert_true(machine_found(m, "dte-exclusion"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
}

static void exclusion(void **state)
{
	(void)state;
	machine_over_shapes(excluded);
}

static uint64_t translated(struct machine *m, bool ats)
{
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 4, .ats = ats,
		.host_root = machine_v1(m, MEMORY, 4),
	};

	machine_pci(m, DEV, NVME);
	machine_dte(m, DEV, &dte);
	return machine_device(m, DEV, "nvme",
			      machine_domain(m, 4, DOMAIN_DMA, AMI_FORMAT_V1,
					     dte.host_root, 2));
}

/* Its tables bound it only as far as it is to be trusted. */
static void with_ats(struct machine *m)
{
	translated(m, true);
	machine_analyse(m);
	all_memory_possible(m);
	assert_int_equal(machine_exposure(m, DEV, AMI_CLASS_MAPPED)->count, 4);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
}

static void ats(void **state)
{
	(void)state;
	machine_over_shapes(with_ats);
}

/* By the driver alone: the entry may have lost its bit. */
static void ats_by_driver(struct machine *m)
{
	uint64_t data = translated(m, false);

	machine_set(m, data, AMI_F_dev_data_ats_510, 1);
	machine_set(m, data, AMI_F_dev_data_ats_enabled, 1);
	machine_analyse(m);
	all_memory_possible(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
}

static void driver_ats(void **state)
{
	(void)state;
	machine_over_shapes(ats_by_driver);
}

/* Blocked, and translated requests pass all the same: not trusted. */
static void ats_blocked(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	const struct amdvi_dte dte = { .v = true, .tv = true, .ats = true };

	(void)state;
	machine_pci(m, DEV, NVME);
	machine_dte(m, DEV, &dte);
	machine_analyse(m);
	all_memory_possible(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
	machine_free(m);
}

/*
 * An ID without a device may write untranslated: the mapped pages of another are
 * not all that there is, and a page is not called safe.
 */
static void who_beside_a_gap(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct ami_request r = { .view = AMI_VIEW_WHO, .address = 0x1234567 };
	const struct amdvi_dte open = { .v = false };
	char *text;

	(void)state;
	translated(m, false);
	machine_dte(m, DEV + 8, &open);
	machine_analyse(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
	assert_true(machine_found(m, "dte-open-unclaimed"));
	text = render_machine(m, &r);
	has(text, "does not prove that no device wrote");
	free(text);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounded),
		cmocka_unit_test(bypasses),
		cmocka_unit_test(bypasses_blocked),
		cmocka_unit_test(not_in_the_dump),
		cmocka_unit_test(not_described),
		cmocka_unit_test(through_the_driver),
		cmocka_unit_test(not_found),
		cmocka_unit_test(contradiction),
		cmocka_unit_test(without_driver),
		cmocka_unit_test(active_without_driver),
		cmocka_unit_test(exclusion),
		cmocka_unit_test(ats),
		cmocka_unit_test(driver_ats),
		cmocka_unit_test(ats_blocked),
		cmocka_unit_test(who_beside_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
