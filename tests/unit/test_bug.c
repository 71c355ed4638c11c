// SPDX-License-Identifier: GPL-2.0-or-later
/* The bug report of a machine made by hand: what it tells, what it keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <kernel/identity.h>
#include <amdiommu/report.h>
#include <analysis/analysis.h>

#include "render.h"

static uint64_t string(struct machine *m, const char *text)
{
	uint64_t at = machine_object(m, strlen(text) + 1);

	image_write(m->img, at - IMAGE_DIRECT_MAP, text, strlen(text) + 1);
	return at;
}

static struct machine *machine(const char *command_line, const char *banner,
			       uint64_t taint)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	uint64_t at;

	machine_variable(m, AMI_SYM_saved_command_line,
			 string(m, command_line));
	at = string(m, banner);
	image_layout(m->img)->symbol[AMI_SYM_linux_banner] =
		image_text_va(at - IMAGE_DIRECT_MAP);
	machine_variable(m, AMI_SYM_tainted_mask, taint);
	machine_analyse(m);
	return m;
}

static char *bug(struct machine *m)
{
	struct ami_request r = { .iommu = -1, .bug = true };

	return render_machine(m, &r);
}

static void user_data_stays_away(void **state)
{
	static const char *const secret[] = {
		"root=", "UUID", "secret", "joe", "example", "vmlinuz",
		"fips", "/etc", "192.168", "iommu.x",
	};
	struct machine *m = machine(
		"BOOT_IMAGE=/vmlinuz root=UUID=12-34 iommu=pt ro fips=1 "
		"ip=192.168.0.1 systemd.hostname=secret amd_iommu=pgtbl_v2 "
		"iommu.x=secret iommu.strict=0 pci=/etc/shadow "
		"swiotlb=\"secret\" -- iommu=secret",
		"Linux version 6.1 (joe@host.example) (gcc 12) #1 SMP Debian\n",
		1 << 9 | 1 << 12);
	char *text = bug(m);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		lacks(text, secret[i]);
	has(text, "iommu=pt amd_iommu=pgtbl_v2 iommu.strict=0 (and 11 other");
	has(text, "#1 SMP Debian\n");
	has(text, "Tainted:      W O\n");
	free(text);
	machine_free(m);
}

static void what_is_missing_is_said(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	char *text;

	(void)state;
	machine_analyse(m);
	text = bug(m);
	has(text, "(its banner is not in the dump)");
	has(text, "Tainted:      unknown");
	has(text, "Command line: (not in this dump)");
	has(text, "Kernel log: this kernel's log has an unknown form");
	free(text);
	machine_free(m);
}

static unsigned int lines_of(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* A long line of one word, an endless line of the smallest words. */
static void command_lines_are_bounded(void **state)
{
	char line[3 * AMI_COMMAND_LINE];
	struct machine *m;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i + 6 < sizeof(line); i += 6)
		memcpy(line + i, "pci=a ", 6);
	line[i] = '\0';
	m = machine(line, "", 0);
	text = bug(m);
	assert_true(lines_of(text) > 60 && lines_of(text) < 200);
	has(text, "(its banner is not in the dump)");
	has(text, "Tainted:      no\n");
	free(text);
	machine_free(m);
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	m = machine(line, "", 0);
	text = bug(m);
	has(text, "(and 1 other");
	free(text);
	machine_free(m);
}

/* Devices with the same story make one reason. */
static void reasons_are_told_once(void **state)
{
	static const struct amdvi_dte none = { .v = false };
	struct machine *m = machine_new(SHAPE_6_1, 0);
	uint64_t domain = machine_domain(m, 1, 4, AMI_FORMAT_NONE, 0, 0);
	unsigned int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		machine_device(m, 0x10 + 8 * i, "nvme", domain);
		machine_dte(m, 0x10 + 8 * i, &none);
	}
	machine_analyse(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
	/* The entries contradict the driver, and one more for what follows. */
	assert_int_equal(m->ex->reasons.count, 2);
	assert_true(machine_because(m, "dte-disagrees", "(and 4 more)"));
	assert_true(machine_because(m, "untranslated",
			    "0000:00:02.0 (nvme), 0000:00:03.0 (nvme), 0000:00:04.0 (nvme), ... are active and DMA is not translated: they could write any page"));
	assert_int_equal(m->ex->reasons.list[1].nr_devices, 5);
	machine_free(m);
}

/* Where the DTEs are missing, too, a device without a domain stays open. */
static void the_unknown_is_named(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);

	(void)state;
	machine_device(m, 0x10, "nvme", 0);
	image_hide(m->img, m->seg->dev_table >> AMI_PAGE_SHIFT,
		   AMI_MEM_FILTERED);
	machine_analyse(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
	assert_string_equal(m->ex->reasons.list[0].text,
			    "this dump does not show what 0000:00:02.0 (nvme) could write");
	machine_free(m);
}

#define MANY_DEVICES	60u

/* What matters most is shown, however many there are, and stands first. */
static void the_strongest_come_first(void **state)
{
	static const struct amdvi_dte none = { .v = false };
	static const char last[] = "0000:00:10.6", first[] = "0000:00:02.0";
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct ami_request r = { .iommu = -1, .longer = "-v" };
	struct amdvi_dte dte = { .v = true, .tv = true, .ir = true, .iw = true,
				 .mode = 2, .domain_id = 1 };
	uint64_t domain, identity;
	char *text, *list;
	unsigned int i;

	(void)state;
	dte.host_root = machine_v1(m, 0x100000, 3);
	domain = machine_domain(m, 1, 3, AMI_FORMAT_V1, dte.host_root, 2);
	identity = machine_domain(m, 2, 4, AMI_FORMAT_NONE, 0, 0);
	for (i = 0; i < MANY_DEVICES; i++) {
		bool strongest = i == MANY_DEVICES - 1;

		machine_device(m, 0x10 + 2 * i, "nvme",
			       strongest ? identity : domain);
		machine_dte(m, 0x10 + 2 * i, strongest ? &none : &dte);
	}
	machine_analyse(m);
	text = bug(m);
	list = strstr(text, "\nDevices: ");
	assert_non_null(list);
	assert_non_null(strstr(list, last));
	assert_true(strstr(list, last) < strstr(list, first));
	free(text);
	text = render_machine(m, &r);
	list = strstr(text, "\nDEVICES");
	assert_non_null(list);
	assert_non_null(strstr(list, last));
	assert_true(strstr(list, last) < strstr(list, first));
	has(text, "... and 20 more (-v)");
	free(text);
	machine_free(m);
}

/* It reaches fewer pages, but one of them is an I/O page table. */
static void what_the_verdict_names_comes_first(void **state)
{
	struct amdvi_dte dte = { .v = true, .tv = true, .ir = true, .iw = true,
				 .mode = 2 };
	struct machine *m = machine_new(SHAPE_6_1, 0);
	uint64_t table = machine_v1(m, 0x100000, 3);
	char *text, *list;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		dte.host_root = i ? machine_v1(m, table, 1) : table;
		dte.domain_id = 1 + i;
		machine_device(m, 0x10 + 8 * i, i ? "planted" : "nvme",
			       machine_domain(m, 1 + i, 3, AMI_FORMAT_V1,
					      dte.host_root, 2));
		machine_dte(m, 0x10 + 8 * i, &dte);
	}
	machine_analyse(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
	text = bug(m);
	list = strstr(text, "\nDevices: ");
	assert_non_null(list);
	assert_non_null(strstr(list, "0000:00:02.0"));
	assert_true(strstr(list, "0000:00:03.0") < strstr(list, "0000:00:02.0"));
	free(text);
	machine_free(m);
}

/* Neither gets into an extract. */
static void not_recorded(void **state)
{
	struct machine *m = machine("root=secret", "(joe@host) #1\n", 0);
	char line[AMI_COMMAND_LINE];
	struct ami_granules *kept;
	size_t n;

	(void)state;
	assert_int_equal(ami_dump_record(m->dump), 0);
	assert_int_equal(ami_command_line(m->kernel, line), AMI_MEM_OK);
	assert_string_equal(line, "root=secret");
	assert_int_equal(ami_kernel_build(m->kernel, line, sizeof(line)),
			 AMI_MEM_OK);
	assert_string_equal(line, "#1");
	kept = ami_dump_recorded(m->dump, &n);
	assert_int_equal(n, 0);
	free(kept);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(user_data_stays_away),
		cmocka_unit_test(what_is_missing_is_said),
		cmocka_unit_test(command_lines_are_bounded),
		cmocka_unit_test(reasons_are_told_once),
		cmocka_unit_test(the_unknown_is_named),
		cmocka_unit_test(the_strongest_come_first),
		cmocka_unit_test(what_the_verdict_names_comes_first),
		cmocka_unit_test(not_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
