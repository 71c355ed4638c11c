// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel that has renamed one member, from a vmcore file to the report; a dump
 * without one page, and without the address of one symbol. A finding names what
 * is missing, what does not rest on it is as before, nothing looks safer than it
 * did, and nothing is called damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <amdiommu/finding.h>

#include "render.h"
#include "vmcore.h"

#define MEMORY		0x3000000ull
#define RAM_PAGES	(1u << 14)
#define DEVID		0x10
#define ALIAS		0x18
#define TAKEN		0x20	/* the capture kernel took it over */
/* The members that the driver's state is read from; without the list of
 * IOMMUs, which is before them, there is no report. */
#define FIRST		AMI_F_amd_iommu_index
#define LAST		AMI_F_pci_sysdata_domain

/* Looked at in no kernel, or only if it is there: newer ones have it. */
static const enum ami_field optional[] = {
	AMI_F_amd_iommu_features2,
	AMI_F_amd_iommu_cmd_sem_paddr,
	AMI_F_amd_iommu_cmd_sem_counter,
	AMI_F_pdom_dirty_tracking,
	AMI_F_ioptdesc_node,
	AMI_F_magazine_next,
};

/* Is there, but does not matter in this shape, or another one does as well? */
static bool is_spare(const struct machine *m, enum ami_field f)
{
	switch (f) {
	case AMI_F_amd_iommu_pci_seg:
		return !machine_has(m, AMI_F_seg_dev_data_list);
	case AMI_F_amd_iommu_cmd_sem_val:
		return machine_has(m, AMI_F_amd_iommu_cmd_sem_counter);
	case AMI_F_pdom_pd_mode:
		return !machine_has(m, AMI_F_pdom_amdv1_top);
	case AMI_F_pdom_iop_pgd:
		return !machine_has(m, AMI_F_pdom_pd_mode);
	case AMI_F_fq_entry_freelist:
		return !machine_has(m, AMI_F_cookie_percpu_fq);
	case AMI_F_rcache_depot_size:
		return machine_has(m, AMI_F_magazine_next);
	case AMI_F_device_kobj_name:
	case AMI_F_device_init_name:
		return true;
	default:
		return false;
	}
}

static bool is_optional(const struct machine *m, enum ami_field f)
{
	size_t i;

	for (i = 0; i < sizeof(optional) / sizeof(optional[0]); i++)
		if (optional[i] == f)
			return true;
	return is_spare(m, f);
}

/* Of this one the driver's state alone tell. */
static void taken_over(struct machine *m)
{
	uint64_t foreign = machine_v1(m, MEMORY + 0x100000, 1);
	struct amdvi_dte dte = machine_paging(foreign, 2, 1);

	machine_crashkernel(m, foreign, foreign + 0x1fff);
	machine_device(m, TAKEN, "nvme",
		       machine_domain(m, 5, TYPE_DMA, AMI_FORMAT_V1,
				      machine_v1(m, MEMORY + 0x10000, 3), 2));
	machine_dte(m, TAKEN, &dte);
}

/* A device with an alias, a table, unmaps that wait. */
static void furnish(struct machine *m)
{
	uint64_t root = machine_v1(m, MEMORY, 5), dom;
	struct amdvi_dte dte = machine_paging(root, 2, 4);

	taken_over(m);
	dom = machine_domain(m, 4, machine_has(m, AMI_F_iovad_fq) ? TYPE_DMA :
			     TYPE_DMA_FQ, AMI_FORMAT_V1, root, 2);
	machine_lazy(m, dom, 0xff003, 3);
	machine_device(m, DEVID, "nvme", dom);
	machine_alias(m, DEVID, ALIAS);
	machine_dte(m, DEVID, &dte);
	machine_dte(m, ALIAS, &dte);
}

static bool named(const struct machine *m, enum ami_field f)
{
	const struct ami_findings *found = m->state->findings;
	char name[96];
	size_t i;

	snprintf(name, sizeof(name), "%s.%s", ami_field_wants[f].type,
		 ami_field_wants[f].path);
	for (i = 0; i < found->count; i++)
		if (found->list[i].code == AMI_FIND_FIELD_MISSING &&
		    strstr(found->list[i].text, name))
			return true;
	return false;
}

static uint64_t pages_of(const struct machine *m, uint16_t devid)
{
	const struct ami_exposure *e = machine_exposure(m, devid,
							AMI_CLASS_MAPPED);

	return e ? e->count : 0;
}

/* Without these no device table is found: nothing is known, and it is said. */
static bool leads_to_tables(enum ami_field f)
{
	return f == AMI_F_seg_list || f == AMI_F_seg_dev_table;
}

static void judge(const struct machine *m, enum ami_field f)
{
	const struct ami_exposure *e;

	if (!is_optional(m, f) && !named(m, f))
		fail_msg("no finding names the member");
	/* A list of stale IOVAs makes it partial; it must not get lost. */
	assert_int_equal(m->ex->covered, AMI_COVERED_PARTIAL);
	assert_int_not_equal(m->ex->verdict, AMI_VERDICT_TRUSTED);
	if (leads_to_tables(f)) {
		assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
		return;
	}
	assert_int_equal(pages_of(m, DEVID), 5);
	assert_int_equal(pages_of(m, ALIAS), 5);
	if (m->ex->verdict == AMI_VERDICT_UNKNOWN)
		return;
	assert_non_null(machine_exposure(m, DEVID, AMI_CLASS_STALE));
	e = machine_exposure(m, TAKEN, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_true(e->count == 3 || !e->complete);
}

static void without(enum shape shape, enum ami_field f)
{
	struct machine *m = machine_new_sized(shape, MACHINE_SME, 0xff, RAM_PAGES);

	if (machine_has(m, f)) {
		furnish(m);
		image_layout(m->img)->field[f].present = false;
		print_message("# %s without %s.%s\n", shapes[shape].name,
			      ami_field_wants[f].type,
			      ami_field_wants[f].path);
		vmcore_analyse(m);
		judge(m, f);
	}
	machine_free(m);
}

/* Between them these have each variant of each structure. */
static void test_each_member(void **state)
{
	static const enum shape shape[] = {
		SHAPE_5_10, SHAPE_UBUNTU_5_15, SHAPE_6_1, SHAPE_6_18, SHAPE_7,
	};
	size_t i;
	int f;

	(void)state;
	for (i = 0; i < sizeof(shape) / sizeof(shape[0]); i++)
		for (f = FIRST; f <= LAST; f++)
			without(shape[i], f);
}

/* What is missing may leave less known, never something known otherwise. */
static void judge_gap(const struct machine *m)
{
	const struct ami_exposure *e;

	assert_int_equal(m->ex->covered, AMI_COVERED_PARTIAL);
	assert_int_not_equal(m->ex->verdict, AMI_VERDICT_TRUSTED);
	if (m->ex->verdict == AMI_VERDICT_UNKNOWN)
		return;
	e = machine_exposure(m, DEVID, AMI_CLASS_MAPPED);
	assert_true(e && (e->count == 5 || !e->complete));
	e = machine_exposure(m, ALIAS, AMI_CLASS_MAPPED);
	assert_true(e && (e->count == 5 || !e->complete));
	e = machine_exposure(m, TAKEN, AMI_CLASS_MAPPED);
	assert_true(e && (e->count == 3 || !e->complete));
	assert_non_null(machine_exposure(m, DEVID, AMI_CLASS_STALE));
}

/* Only what was read can be damage. */
static void check_damage(const struct machine *m, const struct machine *whole)
{
	int code;

	for (code = 0; code < AMI_NR_FINDINGS; code++)
		if (ami_finding_class(code)->kind == AMI_KIND_DAMAGE &&
		    ami_findings_total(m->state->findings, code) >
		    ami_findings_total(whole->state->findings, code))
			fail_msg("called damage: %s",
				 ami_finding_class(code)->name);
}

static struct machine *filtered_machine(enum shape shape)
{
	struct machine *m = machine_new_apart(shape, MACHINE_SME, 0xff, RAM_PAGES);

	image_filter(m->img, 31);
	furnish(m);
	return m;
}

static bool has_gap(const struct machine *m)
{
	size_t i;

	for (i = 0; i < m->state->findings->count; i++)
		if (ami_finding_class(m->state->findings->list[i].code)->kind ==
		    AMI_KIND_MISSING)
			return true;
	return false;
}

/* Each that the analysis of the driver's state reads. */
static void without_pages(enum shape shape)
{
	struct machine *whole = filtered_machine(shape), *m;
	uint64_t pfn;

	machine_analyse(whole);
	assert_false(machine_found(whole, "kernel-pages-dropped"));
	for (pfn = 0; pfn < RAM_PAGES; pfn++) {
		if (!ami_pfnset_has(whole->state_pages, pfn))
			continue;
		m = filtered_machine(shape);
		image_hide(m->img, pfn, AMI_MEM_FILTERED);
		print_message("# %s without page %#llx\n", shapes[shape].name,
			      (unsigned long long)pfn);
		machine_analyse(m);
		judge_gap(m);
		check_damage(m, whole);
		if (has_gap(m))
			assert_true(machine_found(m, "kernel-pages-dropped"));
		machine_free(m);
	}
	machine_free(whole);
}

static void test_each_page(void **state)
{
	int shape;

	(void)state;
	for (shape = 0; shape < SHAPES; shape++)
		without_pages(shape);
}

static void without_symbol(enum shape shape, enum ami_symbol y)
{
	enum ami_rests rests = ami_symbol_wants[y].rests;
	struct machine *m = filtered_machine(shape);
	uint64_t *at = &image_layout(m->img)->symbol[y];

	if (*at && rests != AMI_RESTS_ANALYSIS) {
		*at = AMI_SYMBOL_UNREAD;
		print_message("# %s without the address of %s\n",
			      shapes[shape].name, ami_symbol_wants[y].name);
		machine_analyse(m);
		judge_gap(m);
		assert_true(machine_found(m, rests == AMI_RESTS_STATE ||
					     rests == AMI_RESTS_LATER ?
					  "symbol-unread" : "symbols-unread"));
		if (rests == AMI_RESTS_STATE)
			assert_int_equal(m->ex->verdict,
					 AMI_VERDICT_UNKNOWN);
	}
	machine_free(m);
}

static void test_each_symbol(void **state)
{
	int shape, y;

	(void)state;
	for (shape = 0; shape < SHAPES; shape++)
		for (y = 0; y < AMI_NR_SYMBOLS; y++)
			without_symbol(shape, y);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_member),
		cmocka_unit_test(test_each_page),
		cmocka_unit_test(test_each_symbol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
