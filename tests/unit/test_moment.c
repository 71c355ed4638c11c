// SPDX-License-Identifier: GPL-2.0-or-later
/* Hypervisors dump running machines, too: of those nothing is "at the panic". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render.h"

#define NIC		0x10u
#define PASSING		0x18u
#define MEMORY		0x2000000ull
#define DOMAIN_DMA	3u
#define DOMAIN_IDENTITY	4u
#define ABSENT		UINT64_MAX

/* Each device has a fault whose story says how it is mapped now. */
static struct machine *busy_machine(void)
{
	static const uint32_t w[2][4] = {
		{ NIC, 0x20200005, 0x1000, 0 },
		{ PASSING, 0x20200006, 0x1000, 0 },
	};
	struct machine *m = machine_new(SHAPE_6_1, 0);
	uint64_t log = image_alloc(m->img, 2);
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 5, .host_root = machine_v1(m, MEMORY, 4),
	};

	machine_device(m, NIC, "nic", machine_domain(m, 5, DOMAIN_DMA,
						     AMI_FORMAT_V1,
						     dte.host_root, 2));
	machine_dte(m, NIC, &dte);
	dte = (struct amdvi_dte){ .v = true, .tv = true, .ir = true,
				  .iw = true, .domain_id = 6 };
	machine_device(m, PASSING, "disk",
		       machine_domain(m, 6, DOMAIN_IDENTITY, AMI_FORMAT_NONE,
				      0, 0));
	machine_dte(m, PASSING, &dte);
	machine_set(m, m->iommu, AMI_F_amd_iommu_evt_buf, image_va(log));
	image_write(m->img, log, w, sizeof(w));
	return m;
}

static const struct moment {
	uint64_t panic_cpu;
	const char *vmcoreinfo;
	enum ami_crash crash;
	const char *json;
} moments[] = {
	{ ABSENT, "", AMI_CRASH_UNKNOWN, "\"crashed\": null" },
	{ ABSENT, "CRASHTIME=1700000000\n", AMI_CRASH_YES,
	  "\"crashed\": true" },
	{ UINT32_MAX, "CRASHTIME=1700000000\n", AMI_CRASH_YES,
	  "\"crashed\": true" },
	{ 0, "", AMI_CRASH_YES, "\"crashed\": true" },
	{ 3, "", AMI_CRASH_YES, "\"crashed\": true" },
	{ UINT32_MAX, "", AMI_CRASH_NO, "\"crashed\": false" },
};

static char *shown(struct machine *m, struct ami_request r)
{
	r.iommu = -1;
	return render_machine(m, &r);
}

static void check_text(char *text, bool panicked)
{
	if (panicked) {
		has(text, "at the panic");
		lacks(text, "when the dump was taken");
	} else {
		has(text, "when the dump was taken");
		lacks(text, "at the panic");
		lacks(text, "crashed at");
	}
	free(text);
}

static void check_moment(const struct moment *at)
{
	struct machine *m = busy_machine();
	bool panicked = at->crash != AMI_CRASH_NO;
	char *text;

	if (at->panic_cpu != ABSENT)
		machine_variable(m, AMI_SYM_panic_cpu, at->panic_cpu);
	image_vmcoreinfo_add(m->img, at->vmcoreinfo);
	machine_analyse(m);
	assert_int_equal(m->state->crash, at->crash);
	check_text(shown(m, (struct ami_request){ .verbose = true }),
		   panicked);
	check_text(shown(m, (struct ami_request){ .bug = true }), panicked);
	check_text(shown(m, (struct ami_request){ .html = true }), panicked);
	text = shown(m, (struct ami_request){ .json = true });
	has(text, at->json);
	check_text(text, panicked);
	machine_free(m);
}

static void when_it_was_so(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
		check_moment(&moments[i]);
}

/* "No device could write this page ... when the dump was taken." */
static void who_says_when(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	char *text;

	(void)state;
	machine_variable(m, AMI_SYM_panic_cpu, UINT32_MAX);
	machine_analyse(m);
	text = shown(m, (struct ami_request){ .view = AMI_VIEW_WHO,
					      .address = MEMORY });
	has(text, "when the dump was");
	lacks(text, "panic");
	free(text);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(when_it_was_so),
		cmocka_unit_test(who_says_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
