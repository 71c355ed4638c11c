// SPDX-License-Identifier: GPL-2.0-or-later
/* `map` and `translate` of tables that no emulator has: v2, PASIDs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <amdiommu/report.h>
#include <analysis/analysis.h>

#include "render.h"

#define MEMORY	0x4000000ull
#define PASID	0x12345u

static void shows(struct machine *m, struct ami_request r, const char *one,
		  const char *two)
{
	char *text;

	r.has_bdf = true;
	r.iommu = -1;
	text = render_machine(m, &r);
	has(text, one);
	has(text, two);
	free(text);
}

/* 00:02.0: a guest table for requests without PASID; 00:04.0: with one. */
static struct machine *machine(void)
{
	struct machine *m = machine_new(SHAPE_7, 0);
	uint64_t table = machine_v2(m, MEMORY, 3, 4);
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .gv = true,
		.giov = true,
	};

	dte.gcr3_root = machine_gcr3(m, 0, 0, table);
	machine_device(m, 0x10, "nic", 0);
	machine_dte(m, 0x10, &dte);
	dte.giov = false;
	dte.glx = 2;
	dte.gcr3_root = machine_gcr3(m, 2, PASID, table);
	machine_device(m, 0x20, "gpu", 0);
	machine_dte(m, 0x20, &dte);
	machine_analyse(m);
	return m;
}

static void maps(void **state)
{
	struct ami_request r = { .view = AMI_VIEW_MAP, .bdf = { 0, 0x10 } };
	struct machine *m = machine();

	(void)state;
	shows(m, r, "PASID 0\n", "0x4000000");
	r.json = true;
	shows(m, r, "\"nested\": false", "\"0x4000000\"");
	r.bdf.devid = 0x20;
	shows(m, r, "\"ranges\": [", "74565");
	r.json = false;
	shows(m, r, "PASID 74565", "0x4000000");
	machine_free(m);
}

static void translations(void **state)
{
	struct ami_request r = {
		.view = AMI_VIEW_TRANSLATE, .bdf = { 0, 0x10 },
		.address = 0x1234,
	};
	struct machine *m = machine();

	(void)state;
	shows(m, r, "IOVA 0x1234", "PHYSICAL 0x4001234");
	r.json = true;
	shows(m, r, "\"steps\": [", "\"phys\": \"0x4001234\"");
	r.address = 0x9000;
	shows(m, r, "\"phys\": null", "\"write\": false");
	r.json = false;
	shows(m, r, "IOVA 0x9000", "NOT MAPPED");
	machine_free(m);
}

/* DTE and driver disagree: both are shown. */
static void both_tables(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct ami_request r = { .view = AMI_VIEW_MAP, .bdf = { 0, 0x10 } };
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 5, .host_root = machine_v1(m, MEMORY, 3),
	};
	uint64_t other = machine_v1(m, MEMORY + 0x400000, 3);

	(void)state;
	machine_device(m, 0x10, "nic",
		       machine_domain(m, 5, 3, AMI_FORMAT_V1, other, 2));
	machine_dte(m, 0x10, &dte);
	machine_analyse(m);
	shows(m, r, "0x4000000", "by the driver's state");
	shows(m, r, "0x4000000", "0x4400000");
	r.json = true;
	shows(m, r, "\"phys\": \"0x4400000\"", "\"by_driver\": true");
	r.view = AMI_VIEW_TRANSLATE;
	r.address = 0x1010;
	shows(m, r, "\"phys\": \"0x4001010\"", "\"phys\": \"0x4401010\"");
	r.json = false;
	shows(m, r, "PHYSICAL 0x4001010", "PHYSICAL 0x4401010");
	machine_free(m);
}

#define LAZY	0x100u		/* IOVA page frames, put off */
#define PENDING	0x202000u	/* an invalidation that is not proven */

/* Three pages; unmapped were one by one command, one lazily. */
static struct machine *unmapped(void)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 5, .host_root = machine_v1(m, MEMORY, 3),
	};
	uint64_t domain = machine_domain(m, 5, 3, AMI_FORMAT_V1,
					 dte.host_root, 2);

	machine_lazy(m, domain, LAZY, 2);
	machine_device(m, 0x10, "nic", domain);
	machine_dte(m, 0x10, &dte);
	machine_command(m, 0, (struct amdvi_command){
		.opcode = AMDVI_CMD_INVALIDATE_IOMMU_PAGES, .domain_id = 5,
		.address = PENDING,
	});
	machine_set(m, m->iommu, AMI_F_amd_iommu_need_sync, 1);
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_buf_tail, 16);
	machine_analyse(m);
	return m;
}

static void stale(void **state)
{
	static const struct {
		uint64_t iova;
		const char *text, *json;
	} want[] = {
		{ PENDING + 8, "ring entry 0 of iommu0, unproven",
		  "\"by\": \"command\", \"iommu\": 0, \"entry\": 0" },
		{ (LAZY + 1) << 12, "flush queue of CPU 0, not flushed",
		  "\"by\": \"flush-queue\", \"cpu\": 0" },
		{ LAZY << 12, "NOT MAPPED", "\"maybe_stale\": false" },
		{ PENDING - 1, "NOT MAPPED", "\"stale\": []" },
	};
	struct machine *m = unmapped();
	struct ami_request r = { .bdf = { 0, 0x10 } };
	size_t i;

	(void)state;
	r.view = AMI_VIEW_TRANSLATE;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		r.address = want[i].iova;
		r.json = false;
		shows(m, r, "NOT MAPPED", want[i].text);
		shows(m, r, i < 2 ? "STALE: not mapped now" : "DTE:",
		      want[i].text);
		r.json = true;
		shows(m, r, "\"phys\": null", want[i].json);
	}
	r.view = AMI_VIEW_MAP;
	shows(m, r, want[0].json, want[1].json);
	r.json = false;
	shows(m, r, want[0].text, want[1].text);
	machine_free(m);
}

/* A driver's name is never cut, and lines keep to 80 columns. */
static void driver_names(void **state)
{
	struct ami_request r = { .view = AMI_VIEW_DEVICES, .iommu = -1 };
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 5,
	};
	struct machine *m = machine_new(SHAPE_6_1, 0);
	char *text, *line, *rest;

	(void)state;
	dte.host_root = machine_v1(m, MEMORY, 3);
	machine_device(m, 0x10, "snd_hda_intel", 0);
	machine_dte(m, 0x10, &dte);
	machine_device(m, 0x18, "a_driver_with_a_very_long_name", 0);
	machine_dte(m, 0x18, &dte);
	machine_analyse(m);
	text = render_machine(m, &r);
	has(text, "snd_hda_intel      paging");
	has(text, "a_driver_with_a_very_long_name\n");
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		assert_true(strlen(line) <= 80);
	free(text);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps),
		cmocka_unit_test(translations),
		cmocka_unit_test(both_tables),
		cmocka_unit_test(stale),
		cmocka_unit_test(driver_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
