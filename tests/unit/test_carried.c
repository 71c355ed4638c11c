// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an extract carries of the kernel's log, which it does not hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <incidents/dmesg.h>

#include "incidents.h"
#include "render.h"
#include "vmcore.h"
#include "witnesses.h"

static struct witnessed rig;

/* All but the names of the files, and the log, that is in the dump alone. */
static char *all_said(const struct ami_analysis *a)
{
	struct ami_request r = { .iommu = -1, .verbose = true };
	char *text = render(a, &r), *at = strstr(text, "\nDEVICES");

	assert_non_null(at);
	memmove(text, at, strlen(at) + 1);
	return text;
}

static char *incidents_as_json(const struct ami_analysis *a)
{
	struct ami_request r = { .iommu = -1, .json = true };
	char *text = render(a, &r), *at = strstr(text, "\"incidents\"");
	char *end = strstr(text, "\"log_buffer\"");

	assert_true(at && end);
	*end = '\0';
	memmove(text, at, strlen(at) + 1);
	return text;
}

static void same_text(char *of_dump, char *of_extract)
{
	assert_string_equal(of_dump, of_extract);
	free(of_dump);
	free(of_extract);
}

static void same_in_extract(struct machine *m)
{
	struct ami_analysis *dump, *extract;

	vmcore_extract(m, NULL, &dump, &extract);
	assert_int_not_equal(extract->dmesg->mem, AMI_MEM_OK);
	assert_int_equal(extract->exposures->verdict,
			 dump->exposures->verdict);
	same_text(incidents_as_json(dump), incidents_as_json(extract));
	same_text(all_said(dump), all_said(extract));
	ami_analysis_free(dump);
	ami_analysis_free(extract);
}

static void extracts_know_what_the_log_knew(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nr_facts; i++) {
		if (facts[i].by != LINE)
			continue;
		witnessed_start(&rig, SHAPE_6_1, 0);
		klog_say(&rig.log, facts[i].line);
		same_in_extract(rig.m);
		witnessed_free(&rig);
	}
}

/* What the dump did not have either is not missing from its extract. */
static void extracts_of_no_log(void **state)
{
	(void)state;
	witnessed_start(&rig, SHAPE_6_1, 0);
	witnessed_never_done(rig.m);
	machine_variable(rig.m, AMI_SYM_prb, 0);
	same_in_extract(rig.m);
	witnessed_free(&rig);
}

/* More than are kept one by one, of one device, beside others. */
static void extracts_know_of_floods(void **state)
{
	char text[160];
	unsigned int i;

	(void)state;
	witnessed_start(&rig, SHAPE_7, 0);
	witnessed_event(&rig, DISK, 0x20200005, 0x5003000);
	for (i = 0; i < 3 * AMI_OCCURRENCES; i++) {
		snprintf(text, sizeof(text),
			 "ahci 0000:0b:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0005 address=0x%x000 flags=0x0020]",
			 0x5000 + i);
		klog_add(&rig.log, 3, 0, "+pci:0000:0b:00.0", text);
	}
	klog_say(&rig.log, "amd_iommu_report_page_fault: 7 callbacks suppressed");
	klog_say(&rig.log, "AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=0e:00.0 address=0x2147e0]");
	same_in_extract(rig.m);
	witnessed_free(&rig);
}

/* What stands there is no user's: numbers and the names of kinds. */
static void nothing_else_of_the_log(void **state)
{
	struct ami_analysis *dump, *extract;
	const char *info;

	(void)state;
	witnessed_start(&rig, SHAPE_6_1, 0);
	klog_say(&rig.log, "AMD-Vi: Completion-Wait loop timed out, planted");
	vmcore_extract(rig.m, NULL, &dump, &extract);
	assert_null(strstr(ami_dump_vmcoreinfo(dump->dump), "AMDIOMMU_"));
	info = ami_dump_vmcoreinfo(extract->dump);
	has(info, "\nAMDIOMMU_INCIDENTS=1 0\n"
	    "AMDIOMMU_INCIDENT=completion-wait-lost - - 0 1 0 2000000 2000000 0x1 0\n"
	    "AMDIOMMU_EVENT=2000000 0 0 0 0\n");
	lacks(info, "planted");
	ami_analysis_free(dump);
	ami_analysis_free(extract);
	witnessed_free(&rig);
}

#define HEAD1	"AMDIOMMU_INCIDENTS=1 0\n"

/* Each costs a finding, and is never taken for "nothing happened". */
static void damaged_lines_are_said(void **state)
{
	static const struct {
		const char *lines;
		bool bad, lost;
	} rows[] = {
		{ "AMDIOMMU_INCIDENTS=0 0\n", false, false },
		{ HEAD1 "AMDIOMMU_INCIDENT=completion-wait-lost - - 0 1 0 1 1 1 0\n",
		  false, true },
		{ HEAD1 "AMDIOMMU_INCIDENT=invalidation-timeout 0000:0b:00.0 - 0 1 0 1 1 1 0\n",
		  false, true },
		/* a number of no IOMMU: any of them */
		{ HEAD1 "AMDIOMMU_INCIDENT=completion-wait-lost - - 999 1 0 1 1 1 0\n",
		  false, true },
		/* of a kind that this version does not know */
		{ HEAD1 "AMDIOMMU_INCIDENT=teapot - - 0 1 0 1 1 1 0\n", true,
		  false },
		{ HEAD1 "AMDIOMMU_INCIDENT=none - - 0 1 0 1 1 1 0\n", true,
		  false },
		{ HEAD1 "AMDIOMMU_INCIDENT=completion-wait-lost - - 0 0 0 1 1 1 0\n",
		  true, false },
		{ HEAD1 "AMDIOMMU_INCIDENT=completion-wait-lost - - 0 1 0\n",
		  true, false },
		{ HEAD1 "AMDIOMMU_INCIDENT=completion-wait-lost x - 0 1 0 1 1 1 0\n",
		  true, false },
		{ HEAD1 "AMDIOMMU_INCIDENT=completion-wait-lost 01:00.0 01:00.0 0 1 0 1 1 1 0\n",
		  true, false },
		{ HEAD1 "AMDIOMMU_INCIDENT=completion-wait-lost - - 0 18446744073709551615 0 1 1 1 0\n",
		  true, false },
		/* lines that are gone, or came on top */
		{ HEAD1, true, false },
		{ "AMDIOMMU_INCIDENTS=\n", true, false },
		{ HEAD1 HEAD1, true, false },
		{ "AMDIOMMU_INCIDENT=completion-wait-lost - - 0 1 0 1 1 1 0\n",
		  true, true },
		{ "AMDIOMMU_INCIDENTS=0 0\nAMDIOMMU_EVENT=1 0 0 0 0\n", true,
		  false },
		{ HEAD1 "AMDIOMMU_INCIDENT=page-fault 0000:0b:00.0 - 0 1 0 1 1 1 0\n"
		  "AMDIOMMU_EVENT=1 0xb00 0x20200005 0 0\n"
		  "AMDIOMMU_EVENT=1 0xb00 0x20200005 0 0\n", true, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		witnessed_start(&rig, SHAPE_6_1, 0);
		/* Without a log of its own, as an extract is. */
		machine_variable(rig.m, AMI_SYM_prb, 0);
		image_vmcoreinfo_add(rig.m->img, rows[i].lines);
		machine_analyse(rig.m);
		print_message("# %s", rows[i].lines);
		assert_int_equal(machine_found(rig.m, "incidents-unread"),
				 rows[i].bad);
		assert_int_equal(machine_found(rig.m, "invalidation-lost"),
				 rows[i].lost);
		assert_int_equal(witnessed_all_stale(rig.m, DISK), rows[i].lost);
		witnessed_free(&rig);
	}
}

/* As versions did that carried no incidents. */
static void forget_incidents(const struct ami_analysis *dump)
{
	ami_dump_carry(dump->dump, strdup(""));
}

static void an_old_extract_says_so(void **state)
{
	struct ami_analysis *dump, *extract;
	char *text;

	(void)state;
	witnessed_start(&rig, SHAPE_6_1, 0);
	vmcore_extract(rig.m, forget_incidents, &dump, &extract);
	text = all_said(extract);
	has(text, "incidents-unread");
	free(text);
	text = all_said(dump);
	lacks(text, "incidents-unread");
	free(text);
	ami_analysis_free(dump);
	ami_analysis_free(extract);
	witnessed_free(&rig);
}

/* However many lines there are. */
static void carried_floods_are_bounded(void **state)
{
	static const char line[] =
		"AMDIOMMU_INCIDENT=page-fault %04x:00:00.0 - 0 1 0 1 1 1 0\n";
	size_t size = 12000 * sizeof(line), used, i;
	char *lines = malloc(size);

	(void)state;
	assert_non_null(lines);
	used = snprintf(lines, size, "AMDIOMMU_INCIDENTS=12000 0\n");
	for (i = 0; i < 12000; i++)
		used += snprintf(lines + used, size - used, line, (int)i);
	witnessed_start(&rig, SHAPE_6_1, 0);
	machine_variable(rig.m, AMI_SYM_prb, 0);
	image_vmcoreinfo_add(rig.m->img, lines);
	machine_analyse(rig.m);
	assert_true(machine_found(rig.m, "incidents-unread"));
	assert_int_equal(rig.m->incidents->count, AMI_MAX_INCIDENTS + 1);
	witnessed_free(&rig);
	free(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extracts_know_what_the_log_knew),
		cmocka_unit_test(extracts_know_of_floods),
		cmocka_unit_test(extracts_of_no_log),
		cmocka_unit_test(nothing_else_of_the_log),
		cmocka_unit_test(damaged_lines_are_said),
		cmocka_unit_test(an_old_extract_says_so),
		cmocka_unit_test(carried_floods_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
