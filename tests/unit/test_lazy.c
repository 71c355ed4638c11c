// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What devices may still reach through translations of what is unmapped, in
 * each shape of the driver's structures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmcore.h"

static void unmaps_wait(struct machine *m, bool single)
{
	uint64_t root = machine_v1(m, BUFFER, 5), dom;
	struct amdvi_dte dte = machine_paging(root, 2, 4);
	const struct ami_exposure *e;

	dom = machine_domain(m, 4, machine_has(m, AMI_F_iovad_fq) ? TYPE_DMA :
			     TYPE_DMA_FQ, AMI_FORMAT_V1, root, 2);
	machine_lazy(m, dom, 0xff003, 3);
	if (single)
		machine_single_queue(m);
	machine_device(m, 0x10, "nvme", dom);
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	assert_int_equal(m->state->domains[0].flushq.unread, 0);
	assert_int_equal(m->state->domains[0].flushq.start_count, 11);
	assert_int_equal(m->state->domains[0].flushq.finish_count, 10);
	assert_true(m->state->domains[0].flushq.list[0].flushed);
	assert_int_equal(m->state->domains[0].flushq.count, 3);
	assert_int_equal(m->state->domains[0].flushq.pending, 2);
	e = machine_exposure(m, 0x10, AMI_CLASS_STALE);
	assert_non_null(e);
	assert_false(e->complete);
	assert_int_equal(e->nr_iovas, 1);
	assert_int_equal(e->iovas[0].first, 0xff004000);
	assert_int_equal(e->iovas[0].last, 0xff005fff);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
	assert_int_equal(m->ex->covered, AMI_COVERED_PARTIAL);
}

static void lazy(struct machine *m)
{
	unmaps_wait(m, false);
}

static void lazy_single(struct machine *m)
{
	if (machine_has(m, AMI_F_cookie_single_fq))
		unmaps_wait(m, true);
}

static void test_lazy(void **state)
{
	(void)state;
	machine_over_shapes(lazy);
	machine_over_shapes(lazy_single);
}

/*
 * Page-table pages wait in the queue too: empty as a rule; one that is not
 * still translates. Those of an entry that was flushed do not count.
 */
static void freed_tables(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 5), dom, table[3], pte;
	struct amdvi_dte dte = machine_paging(root, 2, 4);
	const struct ami_exposure *e;
	int i;

	for (i = 0; i < 3; i++)
		table[i] = image_alloc(m->img, 1);
	pte = amdvi_v1_page(BUFFER + 0x900000, 12, 1, true, true) | m->sme;
	image_write64(m->img, table[0] + 8, pte);
	image_write64(m->img, table[1] + 8, pte + 0x1000);
	dom = machine_domain(m, 4, TYPE_DMA_FQ, AMI_FORMAT_V1, root, 2);
	machine_lazy(m, dom, 0xff003, 3);
	machine_freed_tables(m, 3, table, 1);
	machine_freed_tables(m, 4, table + 1, 2);
	machine_device(m, 0x10, "nvme", dom);
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	e = machine_exposure(m, 0x10, AMI_CLASS_STALE);
	assert_non_null(e);
	assert_false(e->complete);
	assert_int_equal(m->state->domains[0].flushq.unread, 0);
	if (!machine_has(m, AMI_F_fq_entry_freelist)) {
		assert_int_equal(e->count, 0);
		return;
	}
	assert_int_equal(m->state->domains[0].flushq.nr_tables, 2);
	assert_int_equal(e->count, 1);
	assert_true(ami_pfnset_has(e->pages, (BUFFER + 0x901000) >> 12));
}

OVER_SHAPES(freed_tables)

/*
 * The capture kernel took a device with v2 tables over. Its translations are
 * cached under an ID of its own where the driver gives it one (6.9 and later),
 * else under the domain's: what is not proven flushed of it is stale.
 */
static void stale_under_own_id(struct machine *m)
{
	uint64_t root = machine_v2(m, BUFFER, 2, 4), dom, data;
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = machine_paging(foreign, 2, 4);
	bool own = machine_has(m, AMI_F_dev_data_gcr3_domid);
	const struct ami_exposure *e;

	machine_crashkernel(m, foreign, foreign + 0x1fff);
	dom = machine_domain(m, 8, TYPE_DMA, AMI_FORMAT_V2, root, 4);
	data = machine_device(m, 0x18, "nic", dom);
	machine_set(m, data, AMI_F_dev_data_gcr3_tbl,
		    image_va(machine_gcr3(m, 0, 0, root)));
	machine_set(m, data, AMI_F_dev_data_gcr3_domid, 77);
	machine_set(m, dom, AMI_F_pdom_gcr3_tbl,
		    image_va(machine_gcr3(m, 0, 0, root)));
	machine_dte(m, 0x18, &dte);
	machine_command(m, 0, (struct amdvi_command){
		.opcode = AMDVI_CMD_INVALIDATE_IOMMU_PAGES,
		.domain_id = own ? 77 : 8, .address = 0x7000,
	});
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_buf_tail, 16);
	machine_set(m, m->iommu, AMI_F_amd_iommu_need_sync, 1);
	vmcore_analyse(m);
	assert_int_equal(machine_state_of(m, 0x18)->dte_seen, AMI_SEEN_OVERWRITTEN);
	e = machine_exposure(m, 0x18, AMI_CLASS_STALE);
	assert_non_null(e);
	assert_int_equal(e->nr_iovas, 1);
	assert_int_equal(e->iovas[0].first, 0x7000);
}

OVER_SHAPES(stale_under_own_id)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lazy),
		cmocka_unit_test(all_freed_tables),
		cmocka_unit_test(all_stale_under_own_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
