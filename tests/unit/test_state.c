// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a vmcore file to verdict, over machines made by hand in each of the
 * shapes the driver's structures have had, with and without SME.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vmcore.h"

#define BUFFER		0x8000000ull	/* what devices may write */
#define C_BIT		(1ull << 47)
#define TYPE_DMA	0x3
#define TYPE_IDENTITY	0x4
#define TYPE_DMA_FQ	0xb

static const struct amdvi_dte rw = {
	.v = true, .tv = true, .ir = true, .iw = true,
};

/* Each test runs over every shape, plain and with SME. */
static void over_shapes(void (*test)(struct machine *m))
{
	machine_over_shapes(C_BIT, 1 << 16, test);
}

static struct amdvi_dte host(uint64_t root, unsigned int mode, uint16_t id)
{
	struct amdvi_dte dte = rw;

	dte.mode = mode;
	dte.host_root = root;
	dte.domain_id = id;
	return dte;
}

static const struct ami_device *device(const struct machine *m,
				       uint16_t devid)
{
	return ami_state_device(m->state, (struct ami_bdf){ 0, devid });
}

static void is_exposed(const struct machine *m, uint16_t devid,
		       uint64_t phys, uint64_t pages)
{
	const struct ami_exposure *e;

	e = machine_exposure(m, devid, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_true(e->complete);
	assert_int_equal(e->count, pages);
	assert_true(ami_pfnset_has(e->pages, phys >> 12));
	assert_true(ami_pfnset_has(e->pages, (phys >> 12) + pages - 1));
}

static void v1_domain(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 7);
	struct amdvi_dte dte = host(root, 2, 5);
	size_t i;

	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 5, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	assert_int_equal(device(m, 0x10)->dte_seen, AMI_SEEN_INTACT);
	assert_string_equal(device(m, 0x10)->driver, "nvme");
	is_exposed(m, 0x10, BUFFER, 7);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
	/* A machine without struct pages: whose the pages are is not known. */
	for (i = 0; i < m->state->findings->count; i++)
		assert_true(m->state->findings->list[i].severity == AMI_INFO ||
			    m->state->findings->list[i].code ==
			    AMI_FIND_OWNERS_UNREAD);
}

static void test_v1(void **state)
{
	(void)state;
	over_shapes(v1_domain);
}

static void guest_domain(struct machine *m)
{
	unsigned int glx, levels;
	uint16_t devid = 0x10;

	for (glx = 0; glx <= 2; glx++)
		for (levels = 4; levels <= 5; levels++, devid++) {
			uint64_t at = BUFFER + devid * 0x10000ull;
			uint64_t root = machine_v2(m, at, 3, levels);
			struct amdvi_dte dte = rw;

			dte.gv = dte.giov = true;
			dte.glx = glx;
			dte.guest_paging_mode = levels == 5;
			dte.gcr3_root = machine_gcr3(m, glx, 0, root);
			machine_device(m, devid, "gpu", 0);
			machine_dte(m, devid, &dte);
		}
	vmcore_analyse(m);
	for (devid = 0x10; devid < 0x16; devid++) {
		assert_int_equal(device(m, devid)->translation,
				 AMI_TRANSLATION_PAGING);
		is_exposed(m, devid, BUFFER + devid * 0x10000ull, 3);
	}
}

static void test_guest(void **state)
{
	(void)state;
	over_shapes(guest_domain);
}

/* PASIDs beside an identity mapping for requests without one. */
static void pasids_and_identity(struct machine *m)
{
	uint64_t first = machine_v2(m, BUFFER, 2, 4);
	uint64_t second = machine_v2(m, BUFFER + 0x100000, 4, 4);
	const struct ami_exposure *e;
	struct amdvi_dte dte = rw;

	dte.gv = true;
	dte.glx = 1;
	dte.gcr3_root = machine_gcr3(m, 1, 3, first);
	machine_device(m, 0x20, "gpu", 0);
	machine_dte(m, 0x20, &dte);
	/* A second PASID in another page of the GCR3 table: 512 + 9. */
	image_write64(m->img, dte.gcr3_root + 8,
		      machine_gcr3(m, 0, 9, second) | m->sme | AMDVI_GCR3_V);
	vmcore_analyse(m);
	assert_int_equal(device(m, 0x20)->translation,
			 AMI_TRANSLATION_PASSTHROUGH);
	assert_non_null(machine_exposure(m, 0x20, AMI_CLASS_PASSTHROUGH));
	e = machine_exposure(m, 0x20, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_true(e->complete);
	assert_int_equal(e->count, 6);
	assert_true(ami_pfnset_has(e->pages, (BUFFER >> 12) + 1));
	assert_true(ami_pfnset_has(e->pages, (BUFFER + 0x103000) >> 12));
}

static void test_pasids(void **state)
{
	(void)state;
	over_shapes(pasids_and_identity);
}

/*
 * The capture kernel replaced the DTE: PASIDs come from the driver's state,
 * which up to 6.8 stand in the domain and later in the device.
 */
static void pasids_of_the_books(struct machine *m)
{
	uint64_t guest = machine_v2(m, BUFFER, 2, 4);
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	uint64_t gcr3 = image_va(machine_gcr3(m, 1, 3, guest)), dom, data;
	struct amdvi_dte dte = host(foreign, 2, 4);

	machine_crashkernel(m, foreign, foreign + 0x1fff);
	dom = machine_domain(m, 1, TYPE_IDENTITY, AMI_FORMAT_NONE, 0, 0);
	data = machine_device(m, 0x20, "gpu", dom);
	machine_set(m, dom, AMI_F_pdom_gcr3_tbl, gcr3);
	machine_set(m, dom, AMI_F_pdom_glx, 1);
	machine_set(m, data, AMI_F_dev_data_gcr3_tbl, gcr3);
	machine_set(m, data, AMI_F_dev_data_gcr3_glx, 1);
	machine_dte(m, 0x20, &dte);
	vmcore_analyse(m);
	assert_int_equal(device(m, 0x20)->dte_seen, AMI_SEEN_OVERWRITTEN);
	assert_non_null(machine_exposure(m, 0x20, AMI_CLASS_PASSTHROUGH));
	is_exposed(m, 0x20, BUFFER, 2);
}

static void test_pasids_of_the_books(void **state)
{
	(void)state;
	over_shapes(pasids_of_the_books);
}

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
	struct machine *m = machine_new(SHAPE_6_12, C_BIT);
	uint64_t root = machine_v2(m, BUFFER, 9, 4);
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = rw;

	(void)state;
	machine_crashkernel(m, foreign, foreign + 0x1fff);
	dte.gv = dte.giov = true;
	dte.gcr3_root = machine_gcr3(m, 0, 0, root);
	machine_device(m, 0x18, "nic", 0);
	machine_dte(m, 0x18, &dte);
	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1,
				      machine_v1(m, BUFFER, 1), 2));
	dte = host(foreign, 2, 4);
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	assert_int_equal(m->state->capture, AMI_CAPTURE_REUSE);
	is_exposed(m, 0x18, BUFFER, 9);
	assert_null(machine_exposure(m, 0x18, AMI_CLASS_PASSTHROUGH));
	assert_false(machine_found(m, "guest-table-if-copied"));
	machine_free(m);
}

/* Ten devices with the same IOVAs: said once, eight are named. */
static void test_copied_said_once(void **state)
{
	struct machine *m = machine_new(SHAPE_6_12, C_BIT);
	struct amdvi_dte dte = rw;
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
	struct amdvi_dte dte = rw;
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
	assert_string_equal(device(m, 0x18)->disagreement, "");
	is_exposed(m, 0x18, BUFFER, 9);
	is_at_risk_if_copied(m, 0x18, 9);
}

/* The same when the capture kernel has taken the device over. */
static void v2_of_the_books(struct machine *m, unsigned int levels)
{
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = host(foreign, 2, 4);

	machine_crashkernel(m, foreign, foreign + 0x1fff);
	machine_device(m, 0x18, "nic",
		       machine_domain(m, 8, TYPE_DMA, AMI_FORMAT_V2,
				      machine_v2(m, BUFFER, 9, levels),
				      levels));
	machine_dte(m, 0x18, &dte);
	vmcore_analyse(m);
	assert_int_equal(device(m, 0x18)->dte_seen, AMI_SEEN_OVERWRITTEN);
	is_exposed(m, 0x18, BUFFER, 9);
}

/* In shapes whose driver has v2 tables for the DMA API. */
static void over_v2_shapes(void (*test)(struct machine *m, unsigned int levels))
{
	unsigned int levels;
	int shape;

	for (shape = 0; shape < SHAPES; shape++)
		for (levels = 4; levels <= 5; levels++) {
			struct machine *m = machine_new(shape, C_BIT);

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
	over_v2_shapes(v2_of_the_books);
}

static void untranslated(struct machine *m)
{
	struct amdvi_dte none = { .v = false };

	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 1, TYPE_IDENTITY, AMI_FORMAT_NONE, 0,
				      0));
	machine_dte(m, 0x10, &(struct amdvi_dte){
		.v = true, .tv = true, .ir = true, .iw = true,
		.domain_id = 1,
	});
	machine_device(m, 0x18, "nic", 0);
	machine_dte(m, 0x18, &none);
	vmcore_analyse(m);
	assert_int_equal(device(m, 0x10)->translation,
			 AMI_TRANSLATION_PASSTHROUGH);
	assert_int_equal(device(m, 0x18)->translation, AMI_TRANSLATION_NONE);
	assert_true(machine_exposure(m, 0x10, AMI_CLASS_PASSTHROUGH)->all_ram);
	assert_true(machine_exposure(m, 0x18, AMI_CLASS_PASSTHROUGH)->all_ram);
	assert_true(machine_found(m, "dte-not-valid"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
	assert_int_equal(m->ex->covered, AMI_COVERED_PARTIAL);
}

static void test_untranslated(void **state)
{
	(void)state;
	over_shapes(untranslated);
}

/* A bridge's alias carries a copy of the DTE and no domain of its own. */
static void alias(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 4);
	struct amdvi_dte dte = host(root, 2, 6);
	uint16_t to = 0x30;

	machine_device(m, 0x28, "old-nic",
		       machine_domain(m, 6, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	machine_dte(m, 0x28, &dte);
	machine_dte(m, to, &dte);
	machine_alias(m, 0x28, to);
	vmcore_analyse(m);
	assert_int_equal(device(m, 0x28)->alias.devid, to);
	is_exposed(m, 0x28, BUFFER, 4);
	is_exposed(m, to, BUFFER, 4);
}

static void test_alias(void **state)
{
	(void)state;
	over_shapes(alias);
}

/* A DTE that nobody claims but that lets DMA through must not be missed. */
static void unclaimed(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 2);
	struct amdvi_dte dte = host(root, 2, 9);

	machine_dte(m, 0x77, &dte);
	vmcore_analyse(m);
	is_exposed(m, 0x77, BUFFER, 2);
}

static void test_unclaimed(void **state)
{
	(void)state;
	over_shapes(unclaimed);
}

/* The table grew: the DTE still holds the old top, a child of the new one. */
static void growth(struct machine *m)
{
	uint64_t old = machine_v1(m, BUFFER, 5);
	uint64_t top = image_alloc(m->img, 1);
	struct amdvi_dte dte = host(old, 2, 4);

	image_write64(m->img, top,
		      amdvi_v1_table(old, 2, true, true) | m->sme);
	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1, top, 3));
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	assert_string_equal(device(m, 0x10)->disagreement, "");
	assert_int_equal(device(m, 0x10)->dte_seen, AMI_SEEN_INTACT);
	is_exposed(m, 0x10, BUFFER, 5);
}

static void test_growth(void **state)
{
	(void)state;
	over_shapes(growth);
}

/* The capture kernel put its own table into the DTE: the driver's counts. */
static void overwritten(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 5);
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = host(foreign, 2, 4);

	machine_crashkernel(m, foreign, foreign + 0x1fff);
	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	assert_int_equal(device(m, 0x10)->dte_seen, AMI_SEEN_OVERWRITTEN);
	assert_int_equal(m->state->capture, AMI_CAPTURE_REUSE);
	is_exposed(m, 0x10, BUFFER, 5);
	assert_int_equal(machine_exposure(m, 0x10, AMI_CLASS_MAPPED)
			 ->certainty, AMI_LIKELY);
}

static void test_overwritten(void **state)
{
	(void)state;
	over_shapes(overwritten);
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
	struct amdvi_dte dte = host(foreign, 2, 9);

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
	struct amdvi_dte dte = host(machine_v1(m, BUFFER, 5), 2, 4);

	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1,
				      dte.host_root, 2));
	machine_dte(m, 0x10, &dte);
	event_log(m, 4, AMI_SEEN_INTACT, AMI_SEEN_INTACT);
}

static void test_event_log(void **state)
{
	(void)state;
	over_shapes(log_with_its_domain);
	over_shapes(log_without_its_domain);
	over_shapes(log_of_the_dead);
}

static void unmaps_wait(struct machine *m, bool single)
{
	uint64_t root = machine_v1(m, BUFFER, 5), dom;
	struct amdvi_dte dte = host(root, 2, 4);
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
	over_shapes(lazy);
	over_shapes(lazy_single);
}

/*
 * Damage ends the driver's list of device data, or wipes a domain: the DTE
 * alone still tells of its table. Who shares a known table is no such case.
 */
static void domain_missing(struct machine *m)
{
	uint64_t known = machine_v1(m, BUFFER, 2);
	uint64_t root = machine_v1(m, BUFFER + 0x400000, 3);
	struct amdvi_dte dte = host(known, 2, 4);

	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 4, 3, AMI_FORMAT_V1, known, 2));
	machine_dte(m, 0x10, &dte);
	machine_dte(m, 0x11, &dte);
	dte = host(root, 2, 5);
	machine_dte(m, 0x20, &dte);
	vmcore_analyse(m);
	is_exposed(m, 0x20, BUFFER + 0x400000, 3);
	assert_int_equal(ami_findings_total(m->state->findings,
					    AMI_FIND_DOMAIN_MISSING), 1);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
}

/* Only where nothing is left to write, a dump is simply trusted. */
static void nothing_writable(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 0);
	struct amdvi_dte dte = host(root, 2, 5);
	struct amdvi_dte blocked = { .v = true, .tv = true };

	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 5, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	machine_dte(m, 0x10, &dte);
	machine_dte(m, 0x18, &blocked);
	vmcore_analyse(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_TRUSTED);
	assert_int_equal(m->ex->reasons.count, 1);
	assert_int_equal(m->ex->covered, AMI_COVERED_COMPLETE);
}

static void test_trusted(void **state)
{
	(void)state;
	over_shapes(nothing_writable);
}

static void test_domain_missing(void **state)
{
	(void)state;
	over_shapes(domain_missing);
}

/*
 * Behind a guest's tables: their addresses are no host addresses, so that
 * whatever lies at those must not count; all of the host table does. With and
 * without GIoV, that is for requests without and with PASID.
 */
static void nested(struct machine *m, bool giov)
{
	uint64_t root = machine_v1(m, BUFFER, 6);
	uint64_t trap = machine_v2(m, BUFFER + 0x800000, 2, 4);
	uint64_t elsewhere = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = host(root, 2, 77);
	const struct ami_exposure *e;

	dte.gv = true;
	dte.giov = giov;
	dte.gcr3_root = machine_gcr3(m, 0, 0, trap);
	machine_device(m, 0x10, "vfio-pci",
		       machine_domain(m, 3, 1, AMI_FORMAT_V1, elsewhere, 2));
	machine_dte(m, 0x10, &dte);
	/* Guest addresses may well be no RAM of the host. */
	dte.gcr3_root = 0xfff000000000;
	machine_device(m, 0x18, "vfio-pci", 0);
	machine_dte(m, 0x18, &dte);
	vmcore_analyse(m);
	is_exposed(m, 0x10, BUFFER, 6);
	is_exposed(m, 0x18, BUFFER, 6);
	e = machine_exposure(m, 0x10, AMI_CLASS_MAPPED);
	assert_int_equal(e->certainty, AMI_LIKELY);
	assert_string_equal(device(m, 0x10)->disagreement, "");
	assert_true(machine_found(m, "nested-translation"));
	assert_false(machine_found(m, "dte-root-outside-ram"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
}

static void test_nested(void **state)
{
	int giov, sme;

	(void)state;
	for (giov = 0; giov < 2; giov++)
		for (sme = 0; sme < 2; sme++) {
			struct machine *m = machine_new(SHAPE_7, sme * C_BIT);

			nested(m, giov);
			machine_free(m);
		}
}

/* A kernel that knows no nesting has no such DTE: then it contradicts. */
static void test_nested_unknown(void **state)
{
	struct machine *m = machine_new(SHAPE_6_12, 0);
	uint64_t root = machine_v1(m, BUFFER, 6);
	struct amdvi_dte dte = host(root, 2, 77);

	(void)state;
	dte.gv = dte.giov = true;
	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 3, 1, AMI_FORMAT_V1, root, 2));
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	assert_int_equal(device(m, 0x10)->dte_seen, AMI_SEEN_INCONSISTENT);
	is_exposed(m, 0x10, BUFFER, 6);
	machine_free(m);
}

/*
 * Page-table pages wait in the queue too: empty as a rule; one that is not
 * still translates. Those of an entry that was flushed do not count.
 */
static void freed_tables(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 5), dom, table[3], pte;
	struct amdvi_dte dte = host(root, 2, 4);
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

static void test_freed_tables(void **state)
{
	(void)state;
	over_shapes(freed_tables);
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
	struct amdvi_dte dte = host(root, 2, 5);
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
	is_exposed(m, 0x10, BUFFER, 4);
}

struct snp_case {
	uint64_t issued;
	uint32_t tail;
	bool snp, captured, seen;
};

static void snp_seen(enum shape shape, const struct snp_case *c)
{
	struct machine *m = machine_new(shape, C_BIT);
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

/*
 * The capture kernel took a device with v2 tables over. Its translations are
 * cached under an ID of its own where the driver gives it one (6.9 and later),
 * else under the domain's: what is not proven flushed of it is stale.
 */
static void stale_under_own_id(struct machine *m)
{
	uint64_t root = machine_v2(m, BUFFER, 2, 4), dom, data;
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = host(foreign, 2, 4);
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
	assert_int_equal(device(m, 0x18)->dte_seen, AMI_SEEN_OVERWRITTEN);
	e = machine_exposure(m, 0x18, AMI_CLASS_STALE);
	assert_non_null(e);
	assert_int_equal(e->nr_iovas, 1);
	assert_int_equal(e->iovas[0].first, 0x7000);
}

static void test_stale_under_own_id(void **state)
{
	(void)state;
	over_shapes(stale_under_own_id);
}

/*
 * Nothing tells what a device could write: the capture kernel replaced its DTE,
 * and in its domain, which damage hit, there is no table any more.
 */
static void no_table_left(struct machine *m)
{
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = host(foreign, 2, 4);
	const struct ami_exposure *e;

	machine_crashkernel(m, foreign, foreign + 0x1fff);
	machine_device(m, 0x10, "nvme",
		       machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1, 0, 3));
	machine_dte(m, 0x10, &dte);
	vmcore_analyse(m);
	e = machine_exposure(m, 0x10, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_false(e->complete);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
}

static void test_no_table_left(void **state)
{
	(void)state;
	over_shapes(no_table_left);
}

static void two_devices(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 3);
	struct amdvi_dte dte = host(root, 2, 4);
	uint64_t dom = machine_domain(m, 4, TYPE_DMA, AMI_FORMAT_V1, root, 2);

	machine_device(m, 0x10, "nvme", dom);
	machine_device(m, 0x18, "nvme", dom);
	machine_dte(m, 0x10, &dte);
	machine_dte(m, 0x18, &dte);
}

struct ways {
	uint64_t iova[8];
	size_t count;
};

static bool take_way(void *ctx, const struct ami_writer *w)
{
	struct ways *ways = ctx;

	assert_true(ways->count < 8);
	ways->iova[ways->count++] = w->has_iova ? w->iova : UINT64_MAX;
	return true;
}

/* Reverse lookup returns every IOVA of a page, and no other page. */
static void test_writers(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct ways ways = { .count = 0 };

	(void)state;
	two_devices(m);
	vmcore_analyse(m);
	ami_writers(m->ex, BUFFER + 0x1234, take_way, &ways);
	assert_int_equal(ways.count, 2);
	assert_int_equal(ways.iova[0], 0x1234);
	assert_int_equal(ways.iova[1], 0x1234);
	ways.count = 0;
	ami_writers(m->ex, BUFFER + 0x3000, take_way, &ways);
	assert_int_equal(ways.count, 0);
	/* The semaphore belongs to the IOMMU itself. */
	ami_writers(m->ex, m->semaphore, take_way, &ways);
	assert_int_equal(ways.count, 1);
	assert_int_equal(ways.iova[0], UINT64_MAX);
	machine_free(m);
}

/* A table page is read once, however many devices share the domain. */
static void test_shared_table_is_read_once(void **state)
{
	struct machine *m = machine_new(SHAPE_7, 0);
	uint64_t root;

	(void)state;
	two_devices(m);
	machine_analyse(m);	/* its memory counts the reads */
	root = m->state->domains[0].table.root;
	assert_int_equal(m->ex->nr_trees, 1);
	assert_int_equal(image_reads(m->img, root >> 12), 1);
	machine_free(m);
}

/* A device that nothing names may be where nothing could be looked at. */
static void nothing_seen_is_not_nothing(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);

	(void)state;
	image_layout(m->img)->symbol[AMI_SYM_pci_root_buses] = 0;
	machine_analyse(m);
	assert_int_equal(ami_findings_total(m->state->findings,
					    AMI_FIND_PCI_UNKNOWN), 1);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
	machine_free(m);
}

/* What may be at work, when in doubt. */
static void active_devices(void **state)
{
	static const struct {
		struct ami_device d;
		bool active;
	} want[] = {
		{ { .is_pci = false }, true },	/* such as one of ACPI */
		{ { .is_pci = true, .driver = "nvme", .busmaster_known = true,
		    .busmaster = true }, true },
		{ { .is_pci = true, .driver = "lpc_ich",
		    .busmaster_known = true }, false },
		{ { .is_pci = true, .busmaster_known = true }, false },
		{ { .is_pci = true, .busmaster_known = true,
		    .busmaster = true }, true },
		{ { .is_pci = true, .driver = "?" }, true },
		{ { .is_pci = true, .is_bridge = true, .driver = "pcieport",
		    .busmaster_known = true, .busmaster = true }, false },
		{ { .is_pci = true, .driver = "vfio-pci",
		    .busmaster_known = true }, true },
		{ { .is_pci = true, .driver = "uio_pci_generic",
		    .busmaster_known = true }, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(ami_device_active(&want[i].d),
				 want[i].active);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v1),
		cmocka_unit_test(test_guest),
		cmocka_unit_test(test_pasids),
		cmocka_unit_test(test_pasids_of_the_books),
		cmocka_unit_test(test_v2_dma),
		cmocka_unit_test(test_not_copied),
		cmocka_unit_test(test_copied_said_once),
		cmocka_unit_test(test_untranslated),
		cmocka_unit_test(test_alias),
		cmocka_unit_test(test_unclaimed),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_overwritten),
		cmocka_unit_test(test_event_log),
		cmocka_unit_test(test_lazy),
		cmocka_unit_test(test_trusted),
		cmocka_unit_test(test_domain_missing),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_nested_unknown),
		cmocka_unit_test(test_freed_tables),
		cmocka_unit_test(test_snp),
		cmocka_unit_test(test_stale_under_own_id),
		cmocka_unit_test(test_no_table_left),
		cmocka_unit_test(test_writers),
		cmocka_unit_test(test_shared_table_is_read_once),
		cmocka_unit_test(nothing_seen_is_not_nothing),
		cmocka_unit_test(active_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
