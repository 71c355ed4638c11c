// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What later commands of a ring prove of an incident.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "witnesses.h"

static struct witnessed rig;

static void flush_all(struct machine *m, uint32_t index, bool guest)
{
	machine_command(m, index, (struct amdvi_command){
		.opcode = AMDVI_CMD_INVALIDATE_IOTLB_PAGES, .devid = DISK,
		.queue_id = DISK, .s = true, .gn = guest,
		.address = 0x7ffffffffffff000 });
}

/**
 * struct later - a flush of the device's whole TLB, at entry @flush of the ring,
 * a completion wait behind it, and the time-out of entry @blamed
 */
static const struct later {
	uint32_t blamed, flush;
	bool done, guest, lost;
	bool settled;
} later[] = {
	{ 0, 2, true, false, false, true },
	{ 0, 2, false, false, false, false },	/* not proven */
	{ 2, 2, true, false, false, false },	/* that one timed out */
	{ 3, 2, true, false, false, false },	/* it was before */
	{ 0, 2, true, true, false, false },	/* of one PASID */
	{ 0, 2, true, false, true, false },	/* another may be unseen */
};

static void check_later(const struct later *l)
{
	struct machine *m;

	witnessed_start(&rig, SHAPE_6_1, 0);
	m = rig.m;
	flush_all(m, 0, false);
	machine_command(m, 1, (struct amdvi_command){
		.opcode = AMDVI_CMD_INVALIDATE_IOMMU_ALL });
	flush_all(m, l->flush, l->guest);
	machine_command(m, 3, (struct amdvi_command){
		.opcode = AMDVI_CMD_COMPLETION_WAIT, .store = true,
		.store_addr = m->semaphore, .data = 1 });
	image_write64(m->img, m->semaphore, l->done);
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_sem_val, 1);
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_buf_tail, 4 * 16);
	witnessed_event(&rig, DISK, 0x70000000, m->ring + 16 * l->blamed);
	if (l->lost)
		klog_say(&rig.log, "AMD-Vi: IOMMU event log overflow");
	machine_analyse(m);
	assert_int_equal(machine_found(m, "invalidation-recovered"),
			 l->settled);
	assert_int_equal(!!machine_said_of(m, "invalidation-lost", "0000:0b:00.0"),
			 !l->settled);
	assert_int_equal(witnessed_all_stale(m, DISK), !l->settled);
	witnessed_free(&rig);
}

static void a_later_flush_settles_it(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		check_later(&later[i]);
}

/*
 * A CPU that was stopped while it queued a wait had given out its number: under
 * the lock, or before it (6.16 to 6.18). That is no lost wait.
 */
static const struct given {
	enum shape shape;
	bool queued, locked, lost;
} given[] = {
	{ SHAPE_6_1, false, true, false },
	{ SHAPE_6_1, false, false, true },
	{ SHAPE_6_1, true, true, true },
	{ SHAPE_6_1, true, false, true },
	{ SHAPE_6_18, false, false, false },
	{ SHAPE_6_18, true, false, true },
};

static void check_given(const struct given *g)
{
	struct machine *m;

	witnessed_start(&rig, g->shape, 0);
	m = rig.m;
	if (g->queued)
		witnessed_never_done(m);
	else
		machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_sem_val, 1);
	machine_set(m, m->iommu, AMI_F_amd_iommu_lock, g->locked);
	machine_analyse(m);
	if (machine_found(m, "invalidation-lost") != g->lost)
		fail_msg("row %zu", (size_t)(g - given));
	witnessed_free(&rig);
}

static void a_wait_that_was_not_queued_yet(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		check_given(&given[i]);
}

/* A wait that was given up came after all, and so did all before it. */
static void a_later_wait_settles_it(void **state)
{
	struct machine *m;

	(void)state;
	witnessed_start(&rig, SHAPE_6_1, 0);
	m = rig.m;
	witnessed_never_done(m);
	image_write64(m->img, m->semaphore, 1);
	klog_say(&rig.log, "AMD-Vi: Completion-Wait loop timed out");
	machine_analyse(m);
	assert_non_null(machine_said_of(m, "invalidation-recovered", "iommu0"));
	assert_false(machine_found(m, "invalidation-lost"));
	assert_null(machine_exposure(m, DISK, AMI_CLASS_STALE));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
	witnessed_free(&rig);
}

/* Of two IOMMUs, the one that never issued a wait did not lose one. */
static void only_those_it_can_be(void **state)
{
	struct machine *m;

	(void)state;
	witnessed_start(&rig, SHAPE_6_1, 0);
	m = rig.m;
	machine_iommu(m, 0x4002, NIC, NIC);
	witnessed_never_done(m);
	klog_say(&rig.log, "AMD-Vi: Completion-Wait loop timed out");
	machine_analyse(m);
	assert_non_null(machine_said_of(m, "invalidation-lost", "iommu0"));
	assert_int_equal(m->incidents->count, 1);
	assert_true(witnessed_all_stale(m, DISK));
	assert_null(machine_exposure(m, NIC, AMI_CLASS_STALE));
	witnessed_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_later_flush_settles_it),
		cmocka_unit_test(a_wait_that_was_not_queued_yet),
		cmocka_unit_test(a_later_wait_settles_it),
		cmocka_unit_test(only_those_it_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
