// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernels built without what others have. What the dump then lacks is asked
 * for, or named in a finding; nothing is read as something else. The table of
 * options is in docs/testing.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "vmcore.h"

#define NIC		0x18
#define DMA_FQ		0xb
#define PAGES		7u

static const struct amdvi_dte rw = {
	.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
	.domain_id = 5,
};

/* A NIC whose driver unmaps lazily, on one CPU. */
static struct machine *lazy_nic(enum shape shape)
{
	struct machine *m = machine_new(shape, 0);
	struct amdvi_dte dte = rw;
	uint64_t domain;

	dte.host_root = machine_v1(m, BUFFER, PAGES);
	domain = machine_domain(m, 5, DMA_FQ, AMI_FORMAT_V1, dte.host_root, 2);
	machine_lazy(m, domain, 0xff000, 3);
	machine_device(m, NIC, "nic", domain);
	machine_dte(m, NIC, &dte);
	return m;
}

/* What becomes of a file of it without these symbols; NULL: refused. */
static struct ami_analysis *open_without(struct machine *m,
					 bool (*absent)(const char *symbol),
					 struct ami_error *err)
{
	char path[] = "/tmp/vmcore.XXXXXX";
	const char *paths[] = { path };
	struct ami_analysis *a;
	struct ami_dump *dump;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	vmcore_save_without(m, path, absent);
	dump = ami_dump_open(paths, 1, err);
	assert_non_null(dump);
	a = ami_analyse(dump, &ami_layout_btf, NULL, err);
	unlink(path);
	return a;
}

static bool is_btf(const char *symbol)
{
	return strstr(symbol, "_BTF");
}

/* Of the wanted symbols, only these are text. */
static bool is_data(const char *symbol)
{
	return strcmp(symbol, "_stext") && strcmp(symbol, "_text") &&
	       strcmp(symbol, "_etext") && strcmp(symbol, "dmam_release");
}

static void refuse_without(bool (*absent)(const char *symbol))
{
	struct machine *m = lazy_nic(SHAPE_6_12);
	struct ami_error err = { .status = AMI_OK };

	assert_null(open_without(m, absent, &err));
	assert_int_equal(err.status, AMI_ERR_DATA);
	assert_int_equal(err.advice, AMI_ADVICE_VMLINUX);
	machine_free(m);
}

static void no_types(void **state)
{
	(void)state;
	refuse_without(is_btf);
}

/* A kernel without KALLSYMS_ALL is no machine without an IOMMU. */
static void no_variables(void **state)
{
	(void)state;
	refuse_without(is_data);
}

static bool is_numa(const char *symbol)
{
	return !strcmp(symbol, "node_data");
}

static bool is_smp(const char *symbol)
{
	return !strcmp(symbol, "__per_cpu_offset") ||
	       !strcmp(symbol, "nr_cpu_ids") ||
	       !strcmp(symbol, "__cpu_possible_mask");
}

static bool is_region(const char *symbol)
{
	return !strcmp(symbol, "page_offset_base") ||
	       !strcmp(symbol, "vmemmap_base") ||
	       !strcmp(symbol, "vmalloc_base");
}

static bool was_found(const struct ami_analysis *a, const char *code)
{
	size_t i;

	for (i = 0; i < a->findings.count; i++)
		if (a->findings.list[i].code == machine_code(code))
			return true;
	return false;
}

static uint64_t pages_of_nic(const struct ami_analysis *a, enum ami_class class,
			     bool *complete)
{
	size_t i;

	for (i = 0; i < a->exposures->count; i++) {
		const struct ami_exposure *e = &a->exposures->list[i];

		if (e->requester.bdf.devid != NIC || e->class != class)
			continue;
		*complete = e->complete;
		return e->count;
	}
	fail_msg("no exposure of that class");
	return 0;
}

static void no_numa(void **state)
{
	struct machine *m = lazy_nic(SHAPE_6_12);
	struct ami_error err;
	struct ami_analysis *a = open_without(m, is_numa, &err);
	bool complete;

	(void)state;
	assert_non_null(a);
	assert_true(was_found(a, "free-lists-unread"));
	assert_int_equal(pages_of_nic(a, AMI_CLASS_MAPPED, &complete), PAGES);
	ami_analysis_free(a);
	machine_free(m);
}

/* The queue of the only CPU is not found: all IOVAs may be stale. */
static void no_smp(void **state)
{
	struct machine *m = lazy_nic(SHAPE_6_12);
	struct ami_error err;
	struct ami_analysis *a;
	bool complete = true;

	(void)state;
	image_layout(m->img)->field[AMI_F_amd_iommu_lock].present = false;
	image_layout(m->img)->field[AMI_F_iovad_lock].present = false;
	a = open_without(m, is_smp, &err);
	assert_non_null(a);
	assert_int_equal(pages_of_nic(a, AMI_CLASS_MAPPED, &complete), PAGES);
	pages_of_nic(a, AMI_CLASS_STALE, &complete);
	assert_false(complete);
	ami_analysis_free(a);
	machine_free(m);
}

/* Without RANDOMIZE_MEMORY the regions are where the architecture has them. */
static void no_region_variables(void **state)
{
	struct machine *m = lazy_nic(SHAPE_6_12);
	struct ami_error err;
	struct ami_analysis *a = open_without(m, is_region, &err);
	bool complete = false;

	(void)state;
	assert_non_null(a);
	assert_int_equal(pages_of_nic(a, AMI_CLASS_MAPPED, &complete), PAGES);
	assert_true(complete);
	ami_analysis_free(a);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_types),
		cmocka_unit_test(no_variables),
		cmocka_unit_test(no_numa),
		cmocka_unit_test(no_smp),
		cmocka_unit_test(no_region_variables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
