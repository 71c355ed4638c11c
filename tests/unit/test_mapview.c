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

#include "render.h"

#define BUFFER	0x4000000ull
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
	uint64_t table = machine_v2(m, BUFFER, 3, 4);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps),
		cmocka_unit_test(translations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
