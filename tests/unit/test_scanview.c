// SPDX-License-Identifier: GPL-2.0-or-later
/* `scan` shows the pages that it is asked for, and totals of all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <amdiommu/report.h>
#include <analysis/analysis.h>

#include "pages.h"
#include "render.h"

#define NIC	0x10
#define DISK	0x20
#define WORD	0x4b5349444241434dull	/* text */

struct scene {
	struct machine *m;
	uint64_t top, table, stack;
};

/*
 * A stack and a page table of a process hold text. The first device alone could
 * write the stack, the second alone the table.
 */
static void make_scene(struct scene *s)
{
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 3,
	};
	struct machine *m = machine_new_sized(SHAPE_7, 0, 0xff, 1 << 15);
	unsigned int i;

	*s = (struct scene){ .m = m };
	pages_make(m);
	s->top = image_alloc(m->img, 1);
	s->table = image_alloc(m->img, 1);
	s->stack = image_alloc(m->img, 4);
	image_write64(m->img, s->top, s->table | 0x067);
	pages_mark(m, s->top, AMI_F_page_refcount, 1);
	pages_process(m, s->top, s->stack);
	for (i = 0; i < 32; i++)
		image_write64(m->img, s->stack + 0x1000 + i * 8, WORD);
	image_write64(m->img, s->table, WORD);
	dte.domain_id = 4;
	dte.host_root = machine_v1(m, s->stack + 0x1000, 1);
	machine_device(m, NIC, "nic",
		       machine_domain(m, 4, 0x3, AMI_FORMAT_V1, dte.host_root,
				      3));
	machine_dte(m, NIC, &dte);
	dte.domain_id = 5;
	dte.host_root = machine_v1(m, s->table, 1);
	machine_device(m, DISK, "disk",
		       machine_domain(m, 5, 0x3, AMI_FORMAT_V1, dte.host_root,
				      3));
	machine_dte(m, DISK, &dte);
	machine_analyse(m);
}

static char *scan(const struct scene *s, struct ami_request r)
{
	const struct ami_analysis a = {
		.dump = s->m->dump, .kernel = s->m->kernel,
		.state = s->m->state, .incidents = s->m->incidents,
		.exposures = s->m->ex, .contents = s->m->contents,
	};

	r.view = AMI_VIEW_SCAN;
	r.iommu = -1;
	return render(&a, &r);
}

static char place[2][24];

/* Which of the two pages are in the list, in text and in JSON. */
static void lists(const struct scene *s, struct ami_request r, bool stack,
		  bool table)
{
	const bool listed[] = { stack, table };
	char *text, *at, key[64];
	int i, json;

	snprintf(place[0], sizeof(place[0]), "%#llx",
		 (unsigned long long)s->stack + 0x1000);
	snprintf(place[1], sizeof(place[1]), "%#llx",
		 (unsigned long long)s->table);
	for (json = 0; json < 2; json++) {
		r.json = json;
		text = scan(s, r);
		has(text, json ? "\"count\": 2" : "2 pages: ");
		at = strstr(text, json ? "\"list\"" : "PHYSICAL");
		assert_non_null(at);
		for (i = 0; i < 2; i++) {
			snprintf(key, sizeof(key), json ? "\"phys\": \"%s\"" :
				 "%s ", place[i]);
			assert_int_equal(!!strstr(at, key), listed[i]);
		}
		free(text);
	}
}

static void all(void **state)
{
	struct scene s;

	(void)state;
	make_scene(&s);
	lists(&s, (struct ami_request){ .json = false }, true, true);
	machine_free(s.m);
}

static void of_owner(void **state)
{
	struct scene s;

	(void)state;
	make_scene(&s);
	lists(&s, (struct ami_request){ .owner = "stack" }, true, false);
	lists(&s, (struct ami_request){ .owner = "page-table" }, false, true);
	/* Another class of the machine, of which none was overwritten. */
	lists(&s, (struct ami_request){ .owner = "anonymous" }, false, false);
	machine_free(s.m);
}

static void of_device(void **state)
{
	struct ami_request r = { .has_bdf = true, .bdf = { 0, NIC } };
	struct scene s;

	(void)state;
	make_scene(&s);
	lists(&s, r, true, false);
	r.bdf.devid = DISK;
	lists(&s, r, false, true);
	r.owner = "stack";
	lists(&s, r, false, false);
	machine_free(s.m);
}

/* A word that is no owner is an error, not an empty list. */
static void of_nothing(void **state)
{
	struct ami_request r = {
		.view = AMI_VIEW_SCAN, .iommu = -1, .owner = "stacks",
	};
	struct ami_error err = { .status = AMI_OK };
	struct ami_analysis a = { .dump = NULL };
	char *text = NULL;
	struct scene s;
	size_t size;
	FILE *out;

	(void)state;
	make_scene(&s);
	a = (struct ami_analysis){
		.dump = s.m->dump, .kernel = s.m->kernel, .state = s.m->state,
		.incidents = s.m->incidents, .exposures = s.m->ex,
		.contents = s.m->contents,
	};
	out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_int_not_equal(ami_render(&a, &r, out, &err), 0);
	fclose(out);
	assert_int_equal(err.status, AMI_ERR_USAGE);
	has(err.text, "stacks");
	free(text);
	machine_free(s.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all), cmocka_unit_test(of_owner),
		cmocka_unit_test(of_device), cmocka_unit_test(of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
