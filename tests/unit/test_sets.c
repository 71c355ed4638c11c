// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets of page frames, lists of IOVAs, collections of findings. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exposure.h"

struct seen {
	char text[256];
	size_t used;
	int stop_after;
};

static bool note(void *ctx, uint64_t first, uint64_t count)
{
	struct seen *s = ctx;

	s->used += snprintf(s->text + s->used, sizeof(s->text) - s->used,
			    "%llx+%llx ", (unsigned long long)first,
			    (unsigned long long)count);
	return !s->stop_after || --s->stop_after;
}

static void pfn_ranges(void **state)
{
	struct ami_pfnset *set = ami_pfnset_new();
	struct seen s = { "", 0, 0 };

	(void)state;
	ami_pfnset_add(set, 5, 1);
	ami_pfnset_add(set, 6, 3);
	ami_pfnset_add(set, 0x100, 0x5000);
	/* Across the seam between two 32-bit bitmaps. */
	ami_pfnset_add(set, (1ull << 32) - 2, 4);
	ami_pfnset_add(set, (1ull << 40) - 1, 10);
	ami_pfnset_add(set, 1ull << 50, 1);
	ami_pfnset_add(set, 77, 0);
	assert_int_equal(ami_pfnset_count(set), 4 + 0x5000 + 4 + 1);
	ami_pfnset_ranges(set, note, &s);
	assert_string_equal(s.text, "5+4 100+5000 fffffffe+4 ffffffffff+1 ");
	ami_pfnset_compact(set);
	s = (struct seen){ .stop_after = 2 };
	ami_pfnset_ranges(set, note, &s);
	assert_string_equal(s.text, "5+4 100+5000 ");
	ami_pfnset_remove(set, 0x200, 0x100);
	assert_true(ami_pfnset_has(set, 0x1ff));
	assert_false(ami_pfnset_has(set, 0x200));
	assert_true(ami_pfnset_has(set, 0x300));
	assert_false(ami_pfnset_has(set, 1ull << 50));
	ami_pfnset_free(set);
}

static void pfn_union(void **state)
{
	struct ami_pfnset *a = ami_pfnset_new(), *b = ami_pfnset_new();

	(void)state;
	assert_false(ami_pfnset_test_add(a, 3ull << 33));
	assert_true(ami_pfnset_test_add(a, 3ull << 33));
	ami_pfnset_add(b, 1, 2);
	ami_pfnset_union(b, a);
	assert_int_equal(ami_pfnset_count(b), 3);
	assert_true(ami_pfnset_has(b, 3ull << 33));
	assert_int_equal(ami_pfnset_count(a), 1);
	ami_pfnset_free(a);
	ami_pfnset_free(b);
}

static void iova_merging(void **state)
{
	static const struct {
		struct ami_iova_range in[5];
		size_t n;
		struct ami_iova_range out[5];
		size_t m;
	} cases[] = {
		{ { { 5, 9 } }, 1, { { 5, 9 } }, 1 },
		{ { { 20, 29 }, { 0, 9 } }, 2, { { 0, 9 }, { 20, 29 } }, 2 },
		{ { { 10, 19 }, { 0, 9 } }, 2, { { 0, 19 } }, 1 },
		{ { { 0, 100 }, { 10, 20 } }, 2, { { 0, 100 } }, 1 },
		{ { { 0, UINT64_MAX }, { 5, 6 } }, 2, { { 0, UINT64_MAX } },
		  1 },
		{ { { 5, 6 }, { 1, 2 }, { 3, 4 }, { 9, 9 } }, 4,
		  { { 1, 6 }, { 9, 9 } }, 2 },
		{ { { UINT64_MAX, UINT64_MAX }, { 0, 0 } }, 2,
		  { { 0, 0 }, { UINT64_MAX, UINT64_MAX } }, 2 },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ami_iova_range *list = NULL;
		size_t n = 0;

		for (k = 0; k < cases[i].n; k++)
			assert_int_equal(exposure_add_iovas(&list, &n,
							    cases[i].in[k].first,
							    cases[i].in[k].last), 0);
		exposure_merge_iovas(list, &n);
		assert_int_equal(n, cases[i].m);
		for (k = 0; k < n; k++) {
			assert_int_equal(list[k].first, cases[i].out[k].first);
			assert_int_equal(list[k].last, cases[i].out[k].last);
		}
		free(list);
	}
}

/* Too many ranges: the list stays bounded and still covers everything. */
static void iova_overflow(void **state)
{
	struct ami_iova_range *list = NULL;
	size_t n = 0, i;

	(void)state;
	for (i = 0; i < 2 * MAX_IOVA_RANGES; i++)
		assert_int_equal(exposure_add_iovas(&list, &n, i * 4, i * 4 + 1), 0);
	assert_int_equal(n, MAX_IOVA_RANGES);
	exposure_merge_iovas(list, &n);
	assert_int_equal(list[n - 1].last, (i - 1) * 4 + 1);
	free(list);
}

static void findings_are_bounded(void **state)
{
	struct ami_findings f = { NULL };
	int i;

	(void)state;
	ami_finding_add(&f, AMI_FIND_LOG_REUSED, "here", "first");
	for (i = 0; i < 1000; i++)
		ami_finding_add_with(&f, AMI_FIND_LIST_CUT, "there",
				     AMI_FACTS(AMI_SAYS(COUNT, i)),
				     "number %d", i);
	ami_finding_note(&f, AMI_FIND_FIELD_MISSING, "there", "a note");
	assert_false(ami_findings_have(&f, AMI_EFFECT_CORRUPT));
	ami_finding_add(&f, AMI_FIND_TABLE_LOOP, "there", "last");
	assert_true(ami_findings_have(&f, AMI_EFFECT_CORRUPT));
	assert_false(ami_findings_have(&f, AMI_EFFECT_GAP));
	assert_int_equal(f.count, 3 + AMI_FINDINGS_PER_CODE);
	assert_int_equal(ami_findings_total(&f, AMI_FIND_LIST_CUT), 1000);
	assert_int_equal(ami_findings_total(&f, AMI_FIND_RING_UNREAD), 0);
	assert_int_equal(ami_findings_worst(&f), AMI_ERROR);
	ami_findings_sort(&f);
	assert_int_equal(f.list[0].code, AMI_FIND_TABLE_LOOP);
	assert_string_equal(f.list[1].text, "number 0");
	assert_int_equal(f.list[f.count - 2].code, AMI_FIND_LOG_REUSED);
	assert_int_equal(f.list[f.count - 1].severity, AMI_INFO);
	ami_findings_free(&f);
}

/* What the table says of itself: rules and documents rest on it. */
static void classes_are_whole(void **state)
{
	unsigned int code;

	(void)state;
	for (code = 0; code < AMI_NR_FINDINGS; code++) {
		const struct ami_finding_class *c = ami_finding_class(code);
		size_t i;

		assert_int_equal(ami_finding_code(c->name), code);
		for (i = 0; c->name[i]; i++)
			assert_true(islower((unsigned char)c->name[i]) ||
				    isdigit((unsigned char)c->name[i]) ||
				    c->name[i] == '-');
		if (code)
			assert_true(strcmp(ami_finding_class(code - 1)->name,
					   c->name) < 0);
		assert_int_equal(c->meaning[strlen(c->meaning) - 1], '.');
		assert_int_equal(c->advice[strlen(c->advice) - 1], '.');
		assert_int_equal(c->severity == AMI_ERROR,
				 c->effect == AMI_EFFECT_CORRUPT);
	}
	assert_int_equal(ami_finding_code("no-such-finding"), AMI_NR_FINDINGS);
}

static void bdf_text(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint16_t segment, devid;
	} cases[] = {
		{ "0000:03:00.0", true, 0, 0x300 },
		{ "00:1f.7", true, 0, 0xff },
		{ "10ab:ff:1f.7", true, 0x10ab, 0xffff },
		{ "0:2.0", true, 0, 0x10 },
		{ "00:20.0", false, 0, 0 },
		{ "00:1f.8", false, 0, 0 },
		{ "00:1f", false, 0, 0 },
		{ "00:1f.0x", false, 0, 0 },
		{ "", false, 0, 0 },
		{ "zz:00.0", false, 0, 0 },
	};
	struct ami_bdf bdf;
	char text[AMI_BDF_TEXT];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ami_bdf_parse(cases[i].text, &bdf),
				 cases[i].ok);
		if (!cases[i].ok)
			continue;
		assert_int_equal(bdf.segment, cases[i].segment);
		assert_int_equal(bdf.devid, cases[i].devid);
	}
	bdf = (struct ami_bdf){ 0x10ab, 0xffff };
	assert_string_equal(ami_bdf_text(bdf, text), "10ab:ff:1f.7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pfn_ranges),
		cmocka_unit_test(pfn_union),
		cmocka_unit_test(iova_merging),
		cmocka_unit_test(iova_overflow),
		cmocka_unit_test(findings_are_bounded),
		cmocka_unit_test(classes_are_whole),
		cmocka_unit_test(bdf_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
