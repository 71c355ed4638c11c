// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Device table and driver's state hold each other: whichever damage makes look
 * harmless, what the other one allows is not lost, and a finding tells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmcore.h"

#define DEVICE		0x10
#define PAGES		5

static const struct amdvi_dte rw = {
	.v = true, .tv = true, .ir = true, .iw = true, .domain_id = 4,
};

static struct amdvi_dte host(uint64_t root)
{
	struct amdvi_dte dte = rw;

	dte.mode = 2;
	dte.host_root = root;
	return dte;
}

static const struct ami_device *device(const struct machine *m)
{
	return ami_state_device(m->state, (struct ami_bdf){ 0, DEVICE });
}

static void is_mapped(const struct machine *m, enum ami_certainty certainty)
{
	const struct ami_exposure *e = machine_exposure(m, DEVICE,
							AMI_CLASS_MAPPED);

	assert_non_null(e);
	assert_int_equal(e->count, PAGES);
	assert_true(ami_pfnset_has(e->pages, BUFFER >> 12));
	assert_int_equal(e->certainty, certainty);
}

/* A translated device; the DTE as the driver writes it. */
static uint64_t translated(struct machine *m, struct amdvi_dte *dte)
{
	uint64_t root = machine_v1(m, BUFFER, PAGES);
	uint64_t dom = machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1, root, 2);

	machine_device(m, DEVICE, "nvme", dom);
	*dte = host(root);
	machine_dte(m, DEVICE, dte);
	return dom;
}

/* The same, but a capture kernel has put its own table into the DTE. */
static uint64_t overwritten(struct machine *m)
{
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1), dom;
	struct amdvi_dte dte;

	dom = translated(m, &dte);
	machine_crashkernel(m, foreign, foreign + 0x1fff);
	dte = host(foreign);
	machine_dte(m, DEVICE, &dte);
	return dom;
}

/* One bit of the DTE less: the driver never writes such an entry. */
static void permission_gone(struct machine *m)
{
	struct amdvi_dte dte;

	translated(m, &dte);
	dte.iw = false;
	machine_dte(m, DEVICE, &dte);
	vmcore_analyse(m);
	assert_int_equal(device(m)->dte_seen, AMI_SEEN_INCONSISTENT);
	assert_true(machine_found(m, "dte-disagrees"));
	is_mapped(m, AMI_LIKELY);
}

OVER_SHAPES(permission_gone)

/* By the driver the device is not translated, by the DTE it is blocked. */
static void identity_gone(struct machine *m)
{
	const struct amdvi_dte blocked = {
		.v = true, .tv = true, .domain_id = 4,
	};
	const struct ami_exposure *e;

	machine_device(m, DEVICE, "nvme",
		       machine_domain(m, 4, TYPE_IDENTITY, AMI_FORMAT_NONE, 0,
				      0));
	machine_dte(m, DEVICE, &blocked);
	vmcore_analyse(m);
	e = machine_exposure(m, DEVICE, AMI_CLASS_PASSTHROUGH);
	assert_non_null(e);
	assert_true(e->all_ram);
	assert_int_equal(e->certainty, AMI_LIKELY);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
}

OVER_SHAPES(identity_gone)

static bool has_v2(const struct machine *m)
{
	return machine_has(m, AMI_F_pdom_iop_pgd) ||
	       machine_has(m, AMI_F_pdom_amdv2_top);
}

/* Zeros over the GCR3 table; the domain still has its guest table. */
static void guest_table_gone(struct machine *m)
{
	struct amdvi_dte dte = rw;
	uint64_t root;

	if (!has_v2(m))
		return;
	root = machine_v2(m, BUFFER, PAGES, 4);
	dte.gv = dte.giov = true;
	dte.gcr3_root = image_alloc(m->img, 1);
	machine_device(m, DEVICE, "nic",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V2, root, 4));
	machine_dte(m, DEVICE, &dte);
	vmcore_analyse(m);
	assert_true(machine_found(m, "dte-disagrees"));
	is_mapped(m, AMI_LIKELY);
}

OVER_SHAPES(guest_table_gone)

/* The driver's state alone tell of the device, and their type says "blocked". */
static void type_gone(struct machine *m)
{
	uint64_t dom = overwritten(m);

	machine_set(m, dom + image_layout(m->img)->field[AMI_F_pdom_domain]
			     .offset, AMI_F_iommu_domain_type, TYPE_BLOCKED);
	vmcore_analyse(m);
	assert_int_equal(device(m)->dte_seen, AMI_SEEN_OVERWRITTEN);
	is_mapped(m, AMI_LIKELY);
}

OVER_SHAPES(type_gone)

static void is_contradiction(struct machine *m)
{
	vmcore_analyse(m);
	assert_true(machine_found(m, "domain-contradiction"));
	assert_int_equal(device(m)->translation, AMI_TRANSLATION_UNKNOWN);
	assert_false(machine_exposure(m, DEVICE, AMI_CLASS_MAPPED)->complete);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
}

static void root_gone(struct machine *m)
{
	uint64_t dom = overwritten(m);

	machine_set(m, dom, AMI_F_pdom_pt_root, 0);
	machine_set(m, dom, AMI_F_pdom_iop_root, 0);
	machine_set(m, dom, AMI_F_pdom_amdv1_top, 0);
	is_contradiction(m);
}

static void domain_gone(struct machine *m)
{
	uint64_t dom = overwritten(m);
	size_t size = image_layout(m->img)->type_size[AMI_T_protection_domain];
	void *zeros = calloc(1, size);

	assert_non_null(zeros);
	machine_write(m, dom, zeros, size);
	free(zeros);
	is_contradiction(m);
}

static void test_domain_gone(void **state)
{
	(void)state;
	machine_over_shapes(root_gone);
	machine_over_shapes(domain_gone);
}

static void of_no_iommu(struct machine *m, uint64_t pointer)
{
	struct amdvi_dte dte;

	translated(m, &dte);
	image_write64(m->img, m->seg->rlookup + 8 * DEVICE, pointer);
	vmcore_analyse(m);
	assert_true(machine_found(m, "iommu-of-device-unknown"));
	is_mapped(m, AMI_PROVEN);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
}

static void lookup_gone(struct machine *m)
{
	of_no_iommu(m, 0);
}

/* As when an IOMMU is missing from the list. */
static void iommu_unknown(struct machine *m)
{
	of_no_iommu(m, image_va(BUFFER));
}

static void test_iommu_of_device(void **state)
{
	(void)state;
	machine_over_shapes(lookup_gone);
	machine_over_shapes(iommu_unknown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_permission_gone),
		cmocka_unit_test(all_identity_gone),
		cmocka_unit_test(all_guest_table_gone),
		cmocka_unit_test(all_type_gone),
		cmocka_unit_test(test_domain_gone),
		cmocka_unit_test(test_iommu_of_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
