// SPDX-License-Identifier: GPL-2.0-or-later
/* Which machine and crash it was: what is told, and why something is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <amdiommu/report.h>
#include <analysis/analysis.h>

#include "klog.h"
#include "render.h"

#define HOST	"box-7\"\\x"
#define PANIC	"Kernel panic - not syncing: \"odd\" state"
#define UTS	(4 + 6 * 65u)

/* @release: beside the name; @offset: VMCOREINFO says where the names begin */
static void plant_names(struct machine *m, const char *release,
			const char *offset)
{
	uint64_t at = machine_object(m, UTS), names = at - IMAGE_DIRECT_MAP;
	char line[128];

	names += *offset ? 0 : 4;
	image_write(m->img, names + 65, HOST, sizeof(HOST));
	image_write(m->img, names + 2 * 65, release, strlen(release) + 1);
	snprintf(line, sizeof(line), "SYMBOL(init_uts_ns)=%llx\n%s",
		 (unsigned long long)at, offset);
	image_vmcoreinfo_add(m->img, line);
}

static struct machine *machine(const char *release, const char *offset)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct klog log;

	plant_names(m, release, offset);
	image_vmcoreinfo_add(m->img, "BUILD-ID=0123abcd\n");
	machine_variable(m, AMI_SYM_tainted_mask, 1 | 1 << 12 | 1ull << 40);
	klog_start(&log, m, 0);
	klog_say(&log, "BUG: unable to handle page fault");
	klog_say(&log, PANIC);
	klog_say(&log, "AMD-Vi: " HOST " speaks");
	machine_analyse(m);
	return m;
}

static char *show(struct machine *m, enum ami_view view, bool json, bool bug,
		  bool without)
{
	struct ami_request r = { .view = view, .iommu = -1, .json = json,
				 .bug = bug, .no_identity = without };

	return render_machine(m, &r);
}

static char *identity(struct machine *m, bool without)
{
	return show(m, AMI_VIEW_CHECK, true, false, without);
}

static void all_known(void **state)
{
	static const char *const offset[] = { "OFFSET(uts_namespace.name)=0\n",
					      "" };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct machine *m = machine("made-by-hand", offset[i]);
		char *text = identity(m, false);

		has(text, "\"tool\": \"amdiommu ");
		has(text, "\"host\": \"box-7\\\"\\\\x\"");
		has(text, "\"build_id\": \"0123abcd\"");
		has(text, "\"panic\": \"Kernel panic - not syncing: \\\"odd\\\" state\"");
		has(text, "\"mask\": \"0x10000001001\"");
		has(text, "\"bits\": [0, 12, 40]");
		has(text, "\"words\": [\"proprietary-module\", \"oot-module\", null]");
		has(text, "\"missing\": {}");
		lacks(text, "\"uptime_us\": null");
		free(text);
		machine_free(m);
	}
}

static void nothing_known(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	char *text;

	(void)state;
	machine_analyse(m);
	text = identity(m, false);
	has(text, "\"host\": null");
	has(text, "\"taint\": null");
	has(text, "\"missing\": {\"host\": \"absent\", \"build_id\": \"absent\", "
	    "\"uptime_us\": \"absent\", \"panic\": \"absent\", \"taint\": \"absent\"}");
	free(text);
	machine_free(m);
}

/* Where the release is not, the host's name is not either. */
static void names_elsewhere(void **state)
{
	struct machine *m = machine("another", "OFFSET(uts_namespace.name)=0\n");
	char *text = identity(m, false);

	(void)state;
	has(text, "\"host\": null");
	has(text, "\"host\": \"unreadable\"");
	free(text);
	machine_free(m);
}

static void names_not_in_dump(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	char line[64], *text;
	uint64_t at = image_alloc(m->img, 1);

	(void)state;
	snprintf(line, sizeof(line), "SYMBOL(init_uts_ns)=%llx\n",
		 (unsigned long long)(at + IMAGE_DIRECT_MAP));
	image_vmcoreinfo_add(m->img, line);
	image_hide(m->img, at / AMI_PAGE_SIZE, AMI_MEM_FILTERED);
	machine_analyse(m);
	text = identity(m, false);
	has(text, "\"host\": \"not-in-dump\"");
	free(text);
	machine_free(m);
}

/* Neither name nor panic is in anything that is shown. */
static void left_out(void **state)
{
	struct machine *m = machine("made-by-hand", "");
	char *text = identity(m, true);
	static const struct {
		enum ami_view view;
		bool json, bug;
	} form[] = {
		{ AMI_VIEW_CHECK, true, false }, { AMI_VIEW_CHECK, false, false },
		{ AMI_VIEW_REPORT, false, true }, { AMI_VIEW_DMESG, true, false },
		{ AMI_VIEW_DMESG, false, false },
	};
	size_t i;

	(void)state;
	has(text, "\"host\": \"withheld\"");
	has(text, "\"panic\": \"withheld\"");
	has(text, "\"build_id\": \"0123abcd\"");
	lacks(text, "\"uptime_us\": null");
	free(text);
	for (i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		text = show(m, form[i].view, form[i].json, form[i].bug, true);
		lacks(text, "box-7");
		lacks(text, "not syncing");
		lacks(text, "unable to handle");
		free(text);
	}
	text = show(m, AMI_VIEW_DMESG, false, false, false);
	has(text, "box-7");
	has(text, "not syncing");
	free(text);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_known),
		cmocka_unit_test(nothing_known),
		cmocka_unit_test(names_elsewhere),
		cmocka_unit_test(names_not_in_dump),
		cmocka_unit_test(left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
