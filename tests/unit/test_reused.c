// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables, logs and rings that a capture kernel copies, or goes on to use: what
 * they held at the panic, in each shape of the driver's structures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmcore.h"

/*
 * IOVAs 0 to @pages taken as physical addresses: what a copying capture kernel
 * makes of guest tables. A kernel that reuses tables hardly has such a one.
 */
static void is_at_risk_if_copied(const struct machine *m, uint16_t devid,
				 uint64_t pages)
{
	const struct ami_exposure *e;

	e = machine_exposure(m, devid, AMI_CLASS_PASSTHROUGH);
	assert_true(machine_found(m, "guest-table-if-copied"));
	if (machine_has(m, AMI_F_amd_iommu_cmd_sem_paddr)) {
		assert_null(e);
		assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
		return;
	}
	assert_non_null(e);
	assert_false(e->all_ram);
	assert_int_equal(e->certainty, AMI_POSSIBLE);
	assert_int_equal(e->count, pages);
	assert_true(ami_pfnset_has(e->pages, 0));
	assert_true(ami_pfnset_has(e->pages, pages - 1));
	assert_false(ami_pfnset_has(e->pages, pages));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
}

/* A capture kernel that was seen to reuse tables did not copy them. */
static void test_not_copied(void **state)
{
	struct machine *m = machine_new(SHAPE_6_12, MACHINE_SME);
	uint64_t root = machine_v2(m, BUFFER, 9, 4);
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = machine_paging(0, 0, 0);

	(void)state;
	machine_crashkernel(m, foreign, foreign + 0x1fff);
	dte.gv = dte.giov = true;
	dte.gcr3_root = machine_gcr3(m, 0, 0, root);
	machine_device(m, 0x18, "nic", 0);
	machine_dte(m, 0x18, &dte);
	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1,
				      machine_v1(m, BUFFER, 1), 2));
	dte = machine_paging(foreign, 2, 4);
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	assert_int_equal(m->state->capture, AMI_CAPTURE_REUSE);
	machine_maps(m, 0x18, BUFFER, 9);
	assert_null(machine_exposure(m, 0x18, AMI_CLASS_PASSTHROUGH));
	assert_false(machine_found(m, "guest-table-if-copied"));
	machine_free(m);
}

/* Ten devices with the same IOVAs: said once, eight are named. */
static void test_copied_said_once(void **state)
{
	struct machine *m = machine_new(SHAPE_6_12, MACHINE_SME);
	struct amdvi_dte dte = machine_paging(0, 0, 0);
	const struct ami_findings *f;
	unsigned int i;

	(void)state;
	dte.gv = dte.giov = true;
	for (i = 0; i < 10; i++) {
		dte.gcr3_root = machine_gcr3(m, 0, 0,
					     machine_v2(m, BUFFER, 9, 4));
		machine_device(m, 0x18 + 8 * i, "nic", 0);
		machine_dte(m, 0x18 + 8 * i, &dte);
	}
	vmcore_analyse(m);
	f = m->state->findings;
	assert_int_equal(ami_findings_total(f, AMI_FIND_GUEST_TABLE_IF_COPIED),
			 1);
	for (i = 0; i < f->count; i++)
		if (f->list[i].code == AMI_FIND_GUEST_TABLE_IF_COPIED)
			assert_non_null(strstr(f->list[i].text,
					       "and 2 more. Until"));
	for (i = 0; i < f->count; i++)
		if (f->list[i].code == AMI_FIND_GUEST_TABLE_IF_COPIED)
			assert_non_null(strstr(f->list[i].text,
					       "(9 pages of RAM)"));
	machine_free(m);
}

static void v2_dma_domain(struct machine *m, unsigned int levels)
{
	uint64_t root = machine_v2(m, BUFFER, 9, levels);
	struct amdvi_dte dte = machine_paging(0, 0, 0);
	uint64_t dom;

	dom = machine_domain(m, 8, TYPE_DMA, AMI_FORMAT_V2, root, levels);
	dte.gv = dte.giov = true;
	dte.guest_paging_mode = levels == 5;
	dte.domain_id = 8;
	dte.gcr3_root = machine_gcr3(m, 0, 0, root);
	machine_device(m, 0x18, "nic", dom);
	machine_dte(m, 0x18, &dte);
	vmcore_analyse(m);
	assert_int_equal(m->state->domains[0].table.format, AMI_FORMAT_V2);
	assert_int_equal(m->state->domains[0].table.levels, levels);
	assert_string_equal(machine_state_of(m, 0x18)->disagreement, "");
	machine_maps(m, 0x18, BUFFER, 9);
	is_at_risk_if_copied(m, 0x18, 9);
}

/* The same when the capture kernel has taken the device over. */
static void v2_of_the_driver(struct machine *m, unsigned int levels)
{
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = machine_paging(foreign, 2, 4);

	machine_crashkernel(m, foreign, foreign + 0x1fff);
	machine_device(m, 0x18, "nic",
		       machine_domain(m, 8, TYPE_DMA, AMI_FORMAT_V2,
				      machine_v2(m, BUFFER, 9, levels),
				      levels));
	machine_dte(m, 0x18, &dte);
	vmcore_analyse(m);
	assert_int_equal(machine_state_of(m, 0x18)->dte_seen, AMI_SEEN_OVERWRITTEN);
	machine_maps(m, 0x18, BUFFER, 9);
}

/* In shapes whose driver has v2 tables for the DMA API. */
static void over_v2_shapes(void (*test)(struct machine *m, unsigned int levels))
{
	unsigned int levels;
	int shape;

	for (shape = 0; shape < SHAPES; shape++)
		for (levels = 4; levels <= 5; levels++) {
			struct machine *m = machine_new(shape, MACHINE_SME);

			machine_variable(m, AMI_SYM_amd_iommu_gpt_level, levels);
			if (machine_has(m, AMI_F_pdom_iop_pgd) ||
			    machine_has(m, AMI_F_pdom_amdv2_top))
				test(m, levels);
			machine_free(m);
		}
}

static void test_v2_dma(void **state)
{
	(void)state;
	over_v2_shapes(v2_dma_domain);
	over_v2_shapes(v2_of_the_driver);
}

/* A page fault of 00:02.0 in entry @index of the log at @log. */
static void put_fault(struct machine *m, uint64_t log, uint32_t index,
		      uint16_t domain)
{
	image_write64(m->img, log + 16 * index,
		      2ull << 60 | (uint64_t)domain << 32 | 0x10);
	image_write64(m->img, log + 16 * index + 8, 0x1000 * (index + 1));
}

/*
 * A log that the capture kernel may have reused: where entry 2 names its domain
 * for the device, entry 0 is of its time, too, though it names the old one. Of
 * entries 3 and 4 nothing is known then.
 */
static void event_log(struct machine *m, uint16_t domain, enum ami_seen first,
		      enum ami_seen last)
{
	uint64_t log = image_alloc(m->img, 2);
	const struct ami_log *found;
	size_t i;

	machine_set(m, m->iommu, AMI_F_amd_iommu_evt_buf, image_va(log));
	for (i = 0; i < 5; i++)
		if (i != 1)
			put_fault(m, log, i, i == 2 ? domain : 4);
	vmcore_analyse(m);
	found = &m->state->iommus[0].log[AMI_LOG_EVENT];
	assert_int_equal(found->count, 4);
	for (i = 0; i < 2; i++)
		assert_int_equal(found->list[i].seen, first);
	for (i = 2; i < 4; i++)
		assert_int_equal(found->list[i].seen, last);
	assert_int_equal(machine_found(m, "log-reused"),
			 last != AMI_SEEN_INTACT);
}

static void reused_log(struct machine *m, uint16_t domain,
		       enum ami_seen first)
{
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = machine_paging(foreign, 2, 9);

	machine_crashkernel(m, foreign, foreign + 0x1fff);
	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1,
				      machine_v1(m, BUFFER, 5), 2));
	machine_dte(m, 0x10, &dte);
	event_log(m, domain, first, AMI_SEEN_INCONSISTENT);
}

static void log_with_its_domain(struct machine *m)
{
	reused_log(m, 9, AMI_SEEN_OVERWRITTEN);
}

static void log_without_its_domain(struct machine *m)
{
	reused_log(m, 4, AMI_SEEN_INCONSISTENT);
}

static void log_of_the_dead(struct machine *m)
{
	struct amdvi_dte dte = machine_paging(machine_v1(m, BUFFER, 5), 2, 4);

	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1,
				      dte.host_root, 2));
	machine_dte(m, 0x10, &dte);
	event_log(m, 4, AMI_SEEN_INTACT, AMI_SEEN_INTACT);
}

static void test_event_log(void **state)
{
	(void)state;
	machine_over_shapes(log_with_its_domain);
	machine_over_shapes(log_without_its_domain);
	machine_over_shapes(log_of_the_dead);
}

static void put_wait(struct machine *m, uint32_t index, uint64_t number)
{
	machine_command(m, index, (struct amdvi_command){
		.opcode = AMDVI_CMD_COMPLETION_WAIT, .store = true,
		.store_addr = m->semaphore, .data = number,
	});
}

/* What the capture kernel of an SNP machine writes: two waits, 1 and 2. */
static void put_capture(struct machine *m)
{
	machine_command(m, 0, (struct amdvi_command){
		.opcode = AMDVI_CMD_INVALIDATE_IOMMU_ALL,
	});
	put_wait(m, 1, 1);
	machine_command(m, 2, (struct amdvi_command){
		.opcode = AMDVI_CMD_INVALIDATE_DEVTAB_ENTRY, .devid = 0x10,
	});
	put_wait(m, 3, 2);
	image_write64(m->img, m->semaphore, 2);
}

/*
 * With SNP the capture kernel's waits store where the dead kernel's did.
 * @issued: the dead kernel's last number; all entries are waits of its
 */
static void snp(struct machine *m, uint64_t issued, uint32_t tail,
		bool captured)
{
	uint64_t root = machine_v1(m, BUFFER, 4);
	struct amdvi_dte dte = machine_paging(root, 2, 5);
	uint32_t n;

	for (n = 0; n < issued && n < AMI_RING_ENTRIES; n++)
		put_wait(m, (tail + 2 * AMI_RING_ENTRIES - 1 - n) %
			 AMI_RING_ENTRIES, issued - n);
	image_write64(m->img, m->semaphore, issued);
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_buf_tail, 16 * tail);
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_sem_val, issued);
	if (captured)
		put_capture(m);
	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 5, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	machine_maps(m, 0x10, BUFFER, 4);
}

struct snp_case {
	uint64_t issued;
	uint32_t tail;
	bool snp, captured, seen;
};

static void snp_seen(enum shape shape, const struct snp_case *c)
{
	struct machine *m = machine_new(shape, MACHINE_SME);
	const struct ami_ring *ring;

	machine_variable(m, AMI_SYM_amd_iommu_snp_en, c->snp);
	snp(m, c->issued, c->tail, c->captured);
	ring = &m->state->iommus[0].ring;
	assert_int_equal(m->state->snp, c->snp);
	assert_int_equal(machine_found(m, "ring-restarted"), c->seen);
	assert_int_equal(ring->count[AMI_ENTRY_OVERWRITTEN], c->seen ? 4 : 0);
	assert_int_equal(ring->semaphore_known, !c->seen);
	assert_int_equal(ring->blind, c->seen);
	assert_int_equal(m->state->capture, c->seen ? AMI_CAPTURE_REUSE :
			 AMI_CAPTURE_NONE);
	if (c->seen)
		assert_non_null(machine_exposure(m, 0x10, AMI_CLASS_STALE));
	machine_free(m);
}

/* In the shapes of kernels that reuse tables. */
static void test_snp(void **state)
{
	static const struct snp_case cases[] = {
		{ 5000, 100, true, true, true },
		{ 5000, 2, true, true, true },	/* into the pending ones */
		{ 300, 300, true, true, true },	/* never went round */
		{ 600, 88, true, true, true },
		{ 5000, 100, true, false, false },
		{ 5, 5, true, false, false },
		{ 512, 0, true, false, false },
		{ 5000, 100, false, true, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("# case %zu\n", i);
		snp_seen(SHAPE_6_18, &cases[i]);
		snp_seen(SHAPE_7, &cases[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v2_dma),
		cmocka_unit_test(test_not_copied),
		cmocka_unit_test(test_copied_said_once),
		cmocka_unit_test(test_event_log),
		cmocka_unit_test(test_snp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
