// SPDX-License-Identifier: GPL-2.0-or-later
/* A dump that breaks off must never look better than the whole one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "vmcore.h"

#define PAGES		0x4000u
#define DEVICE		0x10
#define STEPS		40u

/* What it maps lies last in memory, and with it the table. */
static void save(const char *path)
{
	struct machine *m = machine_new_sized(SHAPE_6_12, 0, 0xff, PAGES);
	uint64_t root = machine_v1(m, 0x5000, 4);
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 4, .host_root = root,
	};

	machine_device(m, DEVICE, "e1000e",
		       machine_domain(m, 4, 3, AMI_FORMAT_V1, root, 2));
	machine_dte(m, DEVICE, &dte);
	vmcore_save(m, path);
	machine_free(m);
}

static struct ami_analysis *analyse(const char *path, struct ami_error *err)
{
	struct ami_dump *dump = ami_dump_open(&path, 1, err);

	return dump ? ami_analyse(dump, &ami_layout_btf, NULL, err) : NULL;
}

static bool found(const struct ami_analysis *a)
{
	return ami_findings_total(a->state->findings,
				  AMI_FIND_DUMP_TRUNCATED);
}

static void is_honest(const struct ami_analysis *a, uint64_t whole)
{
	uint64_t lost = ami_dump_cut_reads(a->dump);

	assert_true(found(a));
	assert_non_null(strstr(a->exposures->reasons.list[0].text, "truncated"));
	assert_false(ami_findings_total(a->state->findings,
					AMI_FIND_KERNEL_PAGES_DROPPED));
	if (lost)
		assert_true(a->exposures->verdict >= AMI_VERDICT_CORRUPT);
	else
		assert_int_equal(a->exposures->verdict, whole);
}

static void never_better(void **state)
{
	char path[] = "/tmp/cut.XXXXXX";
	unsigned int i, seen = 0, lossless = 0, refused = 0;
	enum ami_verdict whole;
	struct ami_analysis *a;
	struct ami_error err;
	struct stat st;

	(void)state;
	close(mkstemp(path));
	save(path);
	a = analyse(path, &err);
	assert_non_null(a);
	assert_false(found(a));
	whole = a->exposures->verdict;
	assert_int_equal(whole, AMI_VERDICT_EXPOSED);
	ami_analysis_free(a);
	assert_int_equal(stat(path, &st), 0);
	for (i = STEPS - 1; i; i--) {
		assert_int_equal(truncate(path, st.st_size * i / STEPS), 0);
		a = analyse(path, &err);
		if (!a) {
			refused++;
			assert_non_null(strstr(err.text, "truncated"));
			assert_int_equal(err.advice, AMI_ADVICE_NONE);
			continue;
		}
		seen++;
		lossless += !ami_dump_cut_reads(a->dump);
		is_honest(a, whole);
		ami_analysis_free(a);
	}
	unlink(path);
	print_message("%u analysed, %u of them whole, %u refused\n", seen,
		      lossless, refused);
	assert_true(lossless && refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_better),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
