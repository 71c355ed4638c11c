// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One fact, one path: whoever saw an incident, in whatever words, the finding,
 * the exposure and the verdict are the same.
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
#include "witnesses.h"

static struct witnessed rig;

static void check_fact(const struct fact *f, enum shape shape)
{
	witnessed_start(&rig, shape, 0);
	if (f->by == EVENT)
		witnessed_event(&rig, f->w[0], f->w[1], 0x2147e0);
	else if (f->by == LINE)
		klog_say(&rig.log, f->line);
	else
		witnessed_never_done(rig.m);
	machine_analyse(rig.m);
	print_message("# %s %s\n", f->code, f->line ? f->line : "");
	assert_non_null(machine_said_of(rig.m, f->code, f->where));
	assert_int_equal(witnessed_all_stale(rig.m, DISK), f->disk);
	assert_int_equal(witnessed_all_stale(rig.m, NIC), f->nic);
	assert_int_equal(rig.m->ex->verdict, f->verdict);
	witnessed_free(&rig);
}

static void whoever_saw_it(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nr_facts; i++) {
		check_fact(&facts[i], SHAPE_RHEL_8_OLD);
		check_fact(&facts[i], SHAPE_6_1);
		check_fact(&facts[i], SHAPE_7);
	}
}

/* A program may write anything into the log. */
static void programs_are_no_witnesses(void **state)
{
	size_t i;

	(void)state;
	witnessed_start(&rig, SHAPE_6_1, 0);
	for (i = 0; i < nr_facts; i++)
		if (facts[i].by == LINE)
			klog_add(&rig.log, 3, 1, "", facts[i].line);
	machine_analyse(rig.m);
	assert_int_equal(rig.m->incidents->count, 0);
	assert_int_equal(rig.m->ex->verdict, AMI_VERDICT_EXPOSED);
	witnessed_free(&rig);
}

/* The driver leaves page faults in the event log after it printed them. */
static void two_witnesses_of_one_fault(void **state)
{
	const struct ami_incident *in;

	(void)state;
	witnessed_start(&rig, SHAPE_6_1, 0);
	witnessed_event(&rig, DISK, 0x20200005, 0x5000000);
	witnessed_event(&rig, DISK, 0x20200005, 0x6000000);
	klog_add(&rig.log, 3, 0, "+pci:0000:0b:00.0",
		 "ahci 0000:0b:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0005 address=0x5000000 flags=0x0020]");
	klog_say(&rig.log, "amd_iommu_report_page_fault: 7 callbacks suppressed");
	machine_analyse(rig.m);
	assert_int_equal(rig.m->incidents->count, 2);
	in = &rig.m->incidents->list[0];
	assert_int_equal(in->kind, AMI_INCIDENT_PAGE_FAULT);
	assert_int_equal(in->kept, 2);
	assert_int_equal(in->count[AMI_WITNESS_EVENT_LOG], 2);
	assert_int_equal(in->count[AMI_WITNESS_KERNEL_LOG], 1);
	assert_int_equal(in->list[0].witnesses,
			 1 << AMI_WITNESS_EVENT_LOG |
			 1 << AMI_WITNESS_KERNEL_LOG);
	assert_int_equal(in->first_iova, 0x5000000);
	assert_int_equal(in->last_iova, 0x6000000);
	assert_int_equal(rig.m->incidents->list[1].suppressed, 7);
	witnessed_free(&rig);
}

/* However many devices are named, none is forgotten: then it may be any. */
static void floods_are_bounded(void **state)
{
	struct ami_incidents list = { .count = 0 };
	struct sighting s = {
		.kind = AMI_INCIDENT_INVALIDATION_TIMEOUT, .has_device = true,
		.iommu = 0,
	};
	uint32_t i;

	(void)state;
	for (i = 0; i < AMI_MAX_INCIDENTS + 5; i++) {
		s.bdf.devid = i;
		incidents_add(&list, &s);
	}
	assert_int_equal(list.count, AMI_MAX_INCIDENTS + 1);
	assert_int_equal(list.dropped, 5);
	assert_false(list.list[AMI_MAX_INCIDENTS].has_device);
	assert_int_equal(list.list[AMI_MAX_INCIDENTS].count[0], 5);
	free(list.list);
}

static char *shown(bool bug, enum ami_view view)
{
	struct ami_request r = { .view = view, .iommu = -1, .bug = bug };

	return render_machine(rig.m, &r);
}

/* F4: hundreds of faults of one device, each elsewhere, hide nothing else. */
static void floods_hide_nothing(void **state)
{
	char text[160];
	unsigned int i;
	char *bug;

	(void)state;
	witnessed_start(&rig, SHAPE_6_1, 0);
	klog_add(&rig.log, 3, 0, "+pci:0000:0b:00.0",
		 "ahci 0000:0b:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0006 address=0xc5f3f000 flags=0x0050]");
	klog_say(&rig.log, "BUG: unable to handle page fault for address: ff44dbc1e0994000");
	klog_say(&rig.log, "Oops: 0002 [#1] SMP NOPTI");
	for (i = 0; i < 1500; i++) {
		snprintf(text, sizeof(text),
			 "igb 0000:0e:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0005 address=0x%x080 flags=0x0020]",
			 0x4d70 + i);
		klog_add(&rig.log, 3, 0, "+pci:0000:0e:00.0", text);
	}
	klog_say(&rig.log, "Kernel panic - not syncing: Fatal exception");
	machine_analyse(rig.m);
	bug = shown(true, AMI_VIEW_REPORT);
	has(bug, "BUG: unable to handle page fault");
	has(bug, "ahci 0000:0b:00.0: AMD-Vi");
	has(bug, "read of IOVA 0xc5f3f000 by 0000:0b:00.0 blocked");
	has(bug, "(1500 times, last at");
	has(bug, "Kernel panic - not syncing");
	has(bug, "0000:0e:00.0 (igb): page fault, 1500 times (kernel log)");
	free(bug);
	witnessed_free(&rig);
}

/* F5: that there were more faults is trouble, and said where faults are listed. */
static void lost_events_are_counted(void **state)
{
	char *text;

	(void)state;
	witnessed_start(&rig, SHAPE_6_1, 0);
	klog_add(&rig.log, 4, 0, "", "AMD-Vi: IOMMU event log overflow");
	klog_add(&rig.log, 4, 0, "",
		 "amd_iommu_report_page_fault: 96 callbacks suppressed");
	machine_analyse(rig.m);
	text = shown(false, AMI_VIEW_REPORT);
	has(text, "2 of them report IOMMU trouble");
	has(text, "the list of faults is");
	has(text, "96 more not printed");
	free(text);
	witnessed_free(&rig);
}

/* F6: what SLUB and the page allocator found is a trace of DMA into freed memory. */
static void overwritten_memory_is_in_the_bug_report(void **state)
{
	static const char *const said[] = {
		"BUG kmalloc-256 (Not tainted): Poison overwritten",
		"BUG kmalloc-16 (Tainted: G OE ): Object already free",
		"pagealloc: memory corruption",
		"Kernel panic - not syncing: Fatal exception",
	};
	char *bug;
	size_t i;

	(void)state;
	witnessed_start(&rig, SHAPE_6_1, 0);
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		klog_say(&rig.log, said[i]);
	machine_analyse(rig.m);
	bug = shown(true, AMI_VIEW_REPORT);
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		has(bug, said[i]);
	free(bug);
	witnessed_free(&rig);
}

static void a_wrapped_log_is_said(void **state)
{
	char *text;

	(void)state;
	witnessed_start(&rig, SHAPE_6_1, 312);
	klog_say(&rig.log, "AMD-Vi: IOMMU event log overflow");
	machine_analyse(rig.m);
	assert_int_equal(rig.m->incidents->dmesg->gone, 312);
	text = shown(false, AMI_VIEW_REPORT);
	has(text, "LOG      2 lines (the log wrapped: 312 older lines were");
	has(text, "events-lost");
	free(text);
	text = shown(false, AMI_VIEW_DMESG);
	has(text, "the log wrapped: 312 older lines");
	free(text);
	witnessed_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_saw_it),
		cmocka_unit_test(programs_are_no_witnesses),
		cmocka_unit_test(two_witnesses_of_one_fault),
		cmocka_unit_test(floods_are_bounded),
		cmocka_unit_test(floods_hide_nothing),
		cmocka_unit_test(lost_events_are_counted),
		cmocka_unit_test(overwritten_memory_is_in_the_bug_report),
		cmocka_unit_test(a_wrapped_log_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
