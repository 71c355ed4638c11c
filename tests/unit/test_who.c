// SPDX-License-Identifier: GPL-2.0-or-later
/* The answer of `who`: what it says first, in words and as data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers.h"
#include "render.h"

#define DEV		0x20u
#define DOMAIN_DMA	3
#define NVME		0x010802u
#define MEMORY		0x9000000ull
#define ELSEWHERE	0x5000123ull

static void translated(struct machine *m, uint16_t devid, bool lazy)
{
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = 4, .host_root = machine_v1(m, MEMORY, 4),
	};
	uint64_t domain = machine_domain(m, 4, DOMAIN_DMA, AMI_FORMAT_V1,
					 dte.host_root, 2);

	if (lazy)
		machine_lazy(m, domain, 0xff003, 3);
	machine_pci(m, devid, NVME);
	machine_dte(m, devid, &dte);
	machine_device(m, devid, "nvme", domain);
}

static void direct(struct machine *m, uint16_t devid)
{
	const struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true,
	};

	machine_pci(m, devid, NVME);
	machine_dte(m, devid, &dte);
}

/* The machine is made without a kernel's free lists: that is no gap here. */
static void analyse(struct machine *m)
{
	struct ami_findings *f;

	machine_analyse(m);
	f = m->state->findings;
	f->noted[AMI_FIND_OWNERS_UNREAD] = f->total[AMI_FIND_OWNERS_UNREAD];
}

static void answers(struct machine *m, uint64_t at, const char *code,
		    const char *words)
{
	struct ami_request r = { .view = AMI_VIEW_WHO, .address = at };
	char *text = render_machine(m, &r), *data, key[64], *end;

	end = strstr(text, "physical 0x");
	assert_non_null(end);
	*end = '\0';
	for (end = strchr(text, '\n'); end; end = strchr(end, '\n'))
		*end = ' ';
	has(text, words);
	r.json = true;
	data = render_machine(m, &r);
	snprintf(key, sizeof(key), "\"code\": \"%s\"", code);
	has(data, key);
	free(data);
	free(text);
}

static void tables_bound(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);

	(void)state;
	translated(m, DEV, false);
	analyse(m);
	answers(m, ELSEWHERE, "bounded",
		"No device could write this page at the panic: a page table bounds the only");
	answers(m, MEMORY + 0x123, "could",
		"nvme (0000:00:04.0) could write this page (mapped). ");
	answers(m, 0xfee00010, "interrupts", "is an interrupt (MSI)");
	answers(m, 0xfffffff000, "no-ram", "No RAM of this dump");
	machine_free(m);
}

/* How many pages is known, and not which. */
static void unmapped_lazily(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);

	(void)state;
	translated(m, DEV, true);
	analyse(m);
	assert_int_equal(m->ex->uncovered[0].why, AMI_REASON_LAZY);
	answers(m, ELSEWHERE, "not-excluded",
		"Cannot be excluded: at most 2 pages were unmapped lazily");
	answers(m, MEMORY, "could", "(mapped). Others cannot be excluded.");
	machine_free(m);
}

/* No reader: any page, whatever other devices have. */
static void not_read(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct ami_request r = { .view = AMI_VIEW_WHO, .address = ELSEWHERE };
	char *text;

	(void)state;
	translated(m, DEV, false);
	direct(m, DEV + 8);
	direct(m, DEV + 16);
	analyse(m);
	answers(m, ELSEWHERE, "not-excluded",
		"Cannot be excluded: 2 devices are not bounded, and what drivers had asked was not read to the end: 0000:00:05.0 (no driver), 0000:00:06.0 (no driver).");
	text = render_machine(m, &r);
	has(text, "2 devices     -                 passthrough  proven");
	has(text, "all memory: no driver (2)\n");
	free(text);
	machine_free(m);
}

static void state_missing(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);

	(void)state;
	translated(m, DEV, false);
	analyse(m);
	m->state->incomplete = true;
	machine_judge(m);
	answers(m, ELSEWHERE, "unknown",
		"Unknown: the state is incomplete or damaged");
	answers(m, MEMORY, "could", "Others cannot be excluded.");
	machine_free(m);
}

/* RAM that no header lists is never called safe. */
static void unlisted(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);

	(void)state;
	translated(m, DEV, false);
	analyse(m);
	assert_int_equal(m->ex->covered, AMI_COVERED_COMPLETE);
	m->state->unlisted = ami_pfnset_new();
	ami_pfnset_add(m->state->unlisted, ELSEWHERE >> AMI_PAGE_SHIFT, 1);
	answers(m, ELSEWHERE, "unknown", "Unknown: the file may not list");
	answers(m, ELSEWHERE + 0x1000, "bounded", "No device could write");
	machine_free(m);
}

/* What is known of the page's content stands with the answer. */
static void findings_of_page(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct ami_request r = { .view = AMI_VIEW_WHO, .address = MEMORY };
	char *text;

	(void)state;
	translated(m, DEV, false);
	analyse(m);
	ami_finding_add_with(m->state->findings, AMI_FIND_RED_ZONE_WRITTEN,
			     "0000:00:04.0",
			     AMI_FACTS(AMI_SAYS(PHYS, MEMORY + 0x800)),
			     "A red zone is damaged at %#llx.", MEMORY + 0x800);
	text = render_machine(m, &r);
	has(text, "finding  0000:00:04.0 red-zone-written: A red zone is damaged at 0x9000800.\n");
	free(text);
	r.address = MEMORY + 0x1000;
	text = render_machine(m, &r);
	lacks(text, "red-zone-written");
	free(text);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_bound),
		cmocka_unit_test(unmapped_lazily),
		cmocka_unit_test(not_read),
		cmocka_unit_test(state_missing),
		cmocka_unit_test(unlisted),
		cmocka_unit_test(findings_of_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
