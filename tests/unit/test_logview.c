// SPDX-License-Identifier: GPL-2.0-or-later
/* The rings that the IOMMU writes, as `log` shows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <amdiommu/report.h>
#include <analysis/analysis.h>

#include "render.h"

static uint64_t log_at(struct machine *m, enum ami_field f)
{
	uint64_t phys = image_alloc(m->img, 2);

	machine_set(m, m->iommu, f, image_va(phys));
	return phys;
}

/* @lost: the second page of the event log */
static struct machine *machine(bool lost)
{
	static const uint32_t fault[4] = {
		0x0010, 0x20000005, 0xdead1000, 0,	/* IO_PAGE_FAULT */
	};
	static const uint32_t request[4] = { 0x10010018, 0x10000007,
					     0x1234000, 0 };
	struct machine *m = machine_new(SHAPE_6_12, 0);
	uint64_t events = log_at(m, AMI_F_amd_iommu_evt_buf);

	image_write(m->img, events + 32, fault, sizeof(fault));
	if (lost)
		image_hide(m->img, (events >> AMI_PAGE_SHIFT) + 1,
			   AMI_MEM_FILTERED);
	image_write(m->img, log_at(m, AMI_F_amd_iommu_ppr_log), request,
		    sizeof(request));
	machine_analyse(m);
	return m;
}

static char *log_view(struct machine *m, bool json)
{
	struct ami_request r = {
		.view = AMI_VIEW_LOG, .json = json, .iommu = -1,
	};

	return render_machine(m, &r);
}

static void entries_are_shown(void **state)
{
	struct machine *m = machine(false);
	char *text = log_view(m, false);

	(void)state;
	has(text, "iommu0  event log: ");
	has(text, "1 not zero");
	has(text, "read of IOVA 0xdead1000 by 0000:00:02.0 blocked");
	has(text, "iommu0  PPR log: ");
	has(text, "iommu0  GA log: not in use");
	free(text);
	text = log_view(m, true);
	has(text, "\"index\": 0");
	has(text, "IO_PAGE_FAULT");
	has(text, "\"ga_log\": null");
	free(text);
	machine_free(m);
}

/* A page of it that the dump lacks is no page without entries. */
static void lost_pages_are_counted(void **state)
{
	struct machine *m = machine(true);
	char *text = log_view(m, false);

	(void)state;
	has(text, "1 not zero, 1 page not readable");
	has(text, "read of IOVA 0xdead1000");
	free(text);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_shown),
		cmocka_unit_test(lost_pages_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
