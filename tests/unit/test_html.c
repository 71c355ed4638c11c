// SPDX-License-Identifier: GPL-2.0-or-later
/* The HTML report of a large machine is small; names stay text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <amdiommu/report.h>
#include <analysis/analysis.h>

#include "render.h"

#define TERABYTE	(1ull << 28)	/* in pages */
#define DEVICES		40u
#define LEAVES		102u		/* page-table pages of each */
#define STRIDE		128u		/* pages from one mapped to the next */
#define LIMIT		(5u << 20)	/* bytes of the file */

/* Rendered into memory; into the file HTML_OUT too, to look at it. */
static char *html(struct machine *m)
{
	struct ami_request r = { .html = true, .iommu = -1 };
	const char *path = getenv("HTML_OUT");
	char *text = render_machine(m, &r);
	FILE *out = path ? fopen(path, "w") : NULL;

	if (out) {
		fputs(text, out);
		fclose(out);
	}
	return text;
}

static void attach(struct machine *m, uint16_t devid, const char *driver,
		   uint64_t root, unsigned int levels)
{
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true,
		.mode = levels, .host_root = root, .domain_id = devid,
	};

	machine_device(m, devid, driver,
		       machine_domain(m, devid, 3, AMI_FORMAT_V1, root,
				      levels));
	machine_dte(m, devid, &dte);
}

/* A table whose pages lie all over a share of the memory. */
static uint64_t scattered(struct machine *m, uint64_t first)
{
	uint64_t root = image_alloc(m->img, 1), leaf;
	unsigned int i, k;

	for (i = 0; i < LEAVES; i++) {
		leaf = image_alloc(m->img, 1);
		image_write64(m->img, root + 8 * i,
			      amdvi_v1_table(leaf, 1, true, true));
		for (k = 0; k < 512; k++)
			image_write64(m->img, leaf + 8 * k, amdvi_v1_page(
				(first + (i * 512ull + k) * STRIDE) << 12, 12,
				1, true, true));
	}
	return root;
}

static void a_terabyte(void **state)
{
	struct machine *m = machine_new_sized(SHAPE_6_12, 0, 0xfff, TERABYTE);
	char *text;
	uint16_t i;

	(void)state;
	for (i = 0; i < DEVICES; i++)
		attach(m, 0x100 + 8 * i, i % 3 ? "mlx5_core" : "nvme",
		       scattered(m, 0x100000 + i * (TERABYTE / DEVICES -
						    0x8000)), 2);
	machine_analyse(m);
	assert_int_equal(machine_exposure(m, 0x100, AMI_CLASS_MAPPED)->count,
			 LEAVES * 512);
	text = html(m);
	assert_true(strlen(text) < LIMIT);
	assert_non_null(strstr(text, "Estimated: one page in"));
	free(text);
	machine_free(m);
}

static void names_stay_text(void **state)
{
	struct machine *m = machine_new(SHAPE_6_12, 0);
	char *text;

	(void)state;
	attach(m, 0x20, "</script><script>x",
	       machine_v1(m, 0x100000, 3), 2);
	machine_analyse(m);
	text = html(m);
	assert_null(strstr(text, "<script>x"));
	assert_null(strstr(text, "</script><script>x"));
	assert_non_null(strstr(text, "&#60;/script&#62;&#60;"));
	free(text);
	machine_free(m);
}

/* Known by IOVA only: the one place of the page that can show them. */
static void stale_addresses_are_drawn(void **state)
{
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 1,
	};
	struct machine *m = machine_new(SHAPE_6_12, 0);
	uint64_t domain;
	char *text;

	(void)state;
	dte.host_root = machine_v1(m, 0x100000, 3);
	domain = machine_domain(m, 1, 3, AMI_FORMAT_V1, dte.host_root, 2);
	machine_device(m, 0x20, "nvme", domain);
	machine_dte(m, 0x20, &dte);
	machine_lazy(m, domain, 0x40, 6);	/* the first is flushed */
	machine_analyse(m);
	text = html(m);
	assert_non_null(strstr(text, "class=\"strip stale\""));
	assert_non_null(strstr(text, "not proven flushed, 5 pages (20 KiB)"));
	free(text);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_stay_text),
		cmocka_unit_test(stale_addresses_are_drawn),
		cmocka_unit_test(a_terabyte),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
