// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What could pass for safe and is not: each machine here has a way to memory
 * that its tables do not show, or that damage hides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <marks/marks.h>
#include <kernel/printk.h>

#include "state.h"
#include "vmcore.h"

#define CLASS_NVME	0x010802
#define CLASS_HOST	0x060000
#define DEVICE		0x10

/* All of memory, by a device that is active. */
static void reaches_all(const struct machine *m, uint16_t devid,
			enum ami_certainty certainty)
{
	const struct ami_exposure *e;

	assert_int_equal(machine_state_of(m, devid)->translation, AMI_TRANSLATION_NONE);
	e = machine_exposure(m, devid, AMI_CLASS_PASSTHROUGH);
	assert_non_null(e);
	assert_true(e->all_ram);
	assert_int_equal(e->certainty, certainty);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
	assert_int_equal(m->ex->covered, AMI_COVERED_PARTIAL);
}

/*
 * No IOMMU serves it: its entry in the table, filled like all others, may be
 * one that nothing looks at. A host bridge masters nothing.
 */
static void no_iommu_in_charge(struct machine *m)
{
	image_write64(m->img, m->seg->rlookup + 8 * DEVICE, 0);
	image_write64(m->img, m->seg->rlookup, 0);
	machine_pci(m, DEVICE, CLASS_NVME);
	machine_pci(m, 0, CLASS_HOST);
	machine_pci(m, 2, 0x080600);	/* the IOMMU itself */
	machine_pci(m, 0x18, CLASS_NVME);
	vmcore_analyse(m);
	reaches_all(m, DEVICE, AMI_POSSIBLE);
	assert_int_equal(ami_findings_total(m->state->findings,
					    AMI_FIND_DEVICE_WITHOUT_IOMMU), 1);
	assert_null(machine_exposure(m, 0, AMI_CLASS_PASSTHROUGH));
	assert_null(machine_exposure(m, 2, AMI_CLASS_PASSTHROUGH));
	assert_null(machine_exposure(m, 0x18, AMI_CLASS_PASSTHROUGH));
}

/* Beyond the last device ID of the driver there is no entry at all. */
static void beyond_the_table(struct machine *m)
{
	machine_pci(m, 0x10, CLASS_NVME);
	machine_set(m, m->bus, AMI_F_pci_bus_number, 0x40);
	vmcore_analyse(m);
	reaches_all(m, 0x4010, AMI_PROVEN);
}

static void test_uncovered(void **state)
{
	(void)state;
	machine_over_shapes(no_iommu_in_charge);
	machine_over_shapes(beyond_the_table);
}

static void init_state(struct machine *m, uint64_t value)
{
	struct ami_layout *l = image_layout(m->img);

	l->enumerator[AMI_E_IOMMU_INITIALIZED].present = true;
	l->enumerator[AMI_E_IOMMU_INITIALIZED].value = 6;
	machine_variable(m, AMI_SYM_init_state, value);
	machine_pci(m, DEVICE, CLASS_NVME);
	vmcore_analyse(m);
}

/*
 * The driver gave up and made all entries V=0; a capture kernel that reuses
 * the table then made them valid.
 */
static void driver_failed(struct machine *m)
{
	init_state(m, 8);
	reaches_all(m, DEVICE, AMI_POSSIBLE);
	assert_true(machine_found(m, "iommu-not-initialised"));
}

static void driver_ready(struct machine *m)
{
	init_state(m, 6);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_TRUSTED);
	assert_false(machine_found(m, "iommu-not-initialised"));
}

static void test_not_initialised(void **state)
{
	(void)state;
	machine_over_shapes(driver_failed);
	machine_over_shapes(driver_ready);
}

/* The driver found no format of page tables that this IOMMU has. */
static void test_no_tables(void **state)
{
	struct machine *m = machine_new(SHAPE_7, 0);
	struct ami_layout *l = image_layout(m->img);

	(void)state;
	l->enumerator[AMI_E_PD_MODE_NONE].present = true;
	machine_variable(m, AMI_SYM_amd_iommu_pgtable, 0);
	machine_pci(m, DEVICE, CLASS_NVME);
	vmcore_analyse(m);
	reaches_all(m, DEVICE, AMI_POSSIBLE);
	machine_free(m);
}

static struct amdvi_dte guest(uint64_t gcr3, uint16_t id)
{
	return (struct amdvi_dte){
		.v = true, .tv = true, .ir = true, .iw = true, .gv = true,
		.giov = true, .gcr3_root = gcr3, .domain_id = id,
	};
}

static bool has_v2(const struct machine *m)
{
	return machine_has(m, AMI_F_pdom_iop_pgd) ||
	       machine_has(m, AMI_F_pdom_amdv2_top);
}

static const struct ami_exposure *of_iommu(const struct machine *m)
{
	size_t i;

	for (i = 0; i < m->ex->count; i++)
		if (m->ex->list[i].requester.is_iommu)
			return &m->ex->list[i];
	return NULL;
}

/* --- the entry was damaged, the driver knows better ---------------------------- */

/* A bit of the entry is lost: what the driver attached could write. */
static void lost_permission(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 3);
	struct amdvi_dte dte = machine_paging(root, 2, 5);
	const struct ami_exposure *e;

	dte.iw = false;
	machine_device(m, DEVICE, "nvme",
		       machine_domain(m, 5, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	machine_dte(m, DEVICE, &dte);
	vmcore_analyse(m);
	assert_int_equal(machine_state_of(m, DEVICE)->dte_seen, AMI_SEEN_INCONSISTENT);
	e = machine_exposure(m, DEVICE, AMI_CLASS_MAPPED);
	assert_non_null(e);
	assert_int_equal(e->count, 3);
	assert_int_equal(e->certainty, AMI_LIKELY);
}

static void lost_identity(struct machine *m)
{
	struct amdvi_dte blocked = { .v = true, .tv = true };
	const struct ami_exposure *e;

	machine_device(m, DEVICE, "nvme",
		       machine_domain(m, 1, 0x4, AMI_FORMAT_NONE, 0, 0));
	machine_dte(m, DEVICE, &blocked);
	vmcore_analyse(m);
	e = machine_exposure(m, DEVICE, AMI_CLASS_PASSTHROUGH);
	assert_non_null(e);
	assert_int_equal(e->certainty, AMI_LIKELY);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
}

static void test_lost_bits(void **state)
{
	(void)state;
	machine_over_shapes(lost_permission);
	machine_over_shapes(lost_identity);
}

/*
 * @wrong: the entry leads to another GCR3 table, which is empty; else its table
 * is the right one, but PASID 0 in it is overwritten.
 */
static void guest_table(struct machine *m, bool wrong)
{
	uint64_t root = machine_v2(m, BUFFER, 4, 4);
	uint64_t gcr3 = machine_gcr3(m, 0, 0, root);
	struct amdvi_dte dte = guest(wrong ? image_alloc(m->img, 1) : gcr3, 8);
	uint64_t dom, data;

	dom = machine_domain(m, 8, TYPE_DMA, AMI_FORMAT_V2, root, 4);
	data = machine_device(m, DEVICE, "nic", dom);
	machine_set(m, dom, AMI_F_pdom_gcr3_tbl, image_va(gcr3));
	machine_set(m, data, AMI_F_dev_data_gcr3_tbl, image_va(gcr3));
	machine_dte(m, DEVICE, &dte);
	if (!wrong)
		image_write64(m->img, gcr3, 0);
	vmcore_analyse(m);
	assert_int_equal(machine_state_of(m, DEVICE)->dte_seen, AMI_SEEN_INCONSISTENT);
	assert_non_null(machine_exposure(m, DEVICE, AMI_CLASS_MAPPED));
	assert_int_equal(machine_exposure(m, DEVICE, AMI_CLASS_MAPPED)->count,
			 4);
}

/* What cannot be read contradicts nothing; what it maps is unknown. */
static void test_gcr3_unread(void **state)
{
	struct machine *m = machine_new(SHAPE_6_12, MACHINE_SME);
	uint64_t root = machine_v2(m, BUFFER, 4, 4);
	uint64_t gcr3 = machine_gcr3(m, 0, 0, root);
	struct amdvi_dte dte = guest(gcr3, 8);

	(void)state;
	machine_device(m, DEVICE, "nic",
		       machine_domain(m, 8, TYPE_DMA, AMI_FORMAT_V2, root, 4));
	machine_dte(m, DEVICE, &dte);
	image_hide(m->img, gcr3 >> AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	machine_analyse(m);
	assert_int_equal(machine_state_of(m, DEVICE)->dte_seen, AMI_SEEN_INTACT);
	assert_false(machine_exposure(m, DEVICE, AMI_CLASS_MAPPED)->complete);
	machine_free(m);
}

/* Process tables behind the GCR3 table that the entry no longer leads to. */
static void pasid_table(struct machine *m)
{
	uint64_t gcr3 = machine_gcr3(m, 0, 3, machine_v2(m, BUFFER, 4, 4));
	struct amdvi_dte dte = guest(image_alloc(m->img, 1), 1);
	uint64_t dom, data;

	dte.giov = false;
	dom = machine_domain(m, 1, 0x4, AMI_FORMAT_NONE, 0, 0);
	data = machine_device(m, DEVICE, "gpu", dom);
	machine_set(m, dom, AMI_F_pdom_gcr3_tbl, image_va(gcr3));
	machine_set(m, data, AMI_F_dev_data_gcr3_tbl, image_va(gcr3));
	machine_dte(m, DEVICE, &dte);
	vmcore_analyse(m);
	assert_int_equal(machine_exposure(m, DEVICE, AMI_CLASS_MAPPED)->count,
			 4);
}

static void reserved_levels(struct machine *m)
{
	struct amdvi_dte dte = guest(machine_gcr3(m, 0, 0,
				     machine_v2(m, BUFFER, 4, 4)), 1);

	dte.guest_paging_mode = 2;
	machine_device(m, DEVICE, "gpu", 0);
	machine_dte(m, DEVICE, &dte);
	vmcore_analyse(m);
	assert_false(machine_exposure(m, DEVICE, AMI_CLASS_MAPPED)->complete);
	assert_true(machine_found(m, "gcr3-invalid"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_CORRUPT);
}

static void test_gcr3(void **state)
{
	int shape, wrong;

	(void)state;
	machine_over_shapes(pasid_table);
	machine_over_shapes(reserved_levels);
	for (shape = 0; shape < SHAPES; shape++)
		for (wrong = 0; wrong < 2; wrong++) {
			struct machine *m = machine_new(shape, MACHINE_SME);

			if (has_v2(m))
				guest_table(m, wrong);
			machine_free(m);
		}
}

/* --- what was invalidated, and for whom ---------------------------------------- */

/* At the tail, and no wait behind it. */
static void put_last(struct machine *m, uint32_t index,
		     struct amdvi_command c)
{
	machine_command(m, index, c);
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_buf_tail,
		    16 * (index + 1));
	machine_set(m, m->iommu, AMI_F_amd_iommu_need_sync, 1);
}

static void flush_domain(struct machine *m, uint16_t id)
{
	put_last(m, 0, (struct amdvi_command){
		.opcode = AMDVI_CMD_INVALIDATE_IOMMU_PAGES, .domain_id = id,
		.address = 0x7000,
	});
}

static void is_stale(const struct machine *m)
{
	const struct ami_exposure *e;

	e = machine_exposure(m, DEVICE, AMI_CLASS_STALE);
	assert_non_null(e);
	assert_int_equal(e->nr_iovas, 1);
	assert_int_equal(e->iovas[0].first, 0x7000);
	assert_int_not_equal(m->ex->verdict, AMI_VERDICT_TRUSTED);
	assert_int_equal(m->ex->covered, AMI_COVERED_PARTIAL);
}

/* Entry and driver differ: a pending invalidation may be of either's domain. */
static void flush_of(struct machine *m, uint16_t id)
{
	uint64_t root = machine_v1(m, BUFFER, 3);
	struct amdvi_dte dte = machine_paging(machine_v1(m, BUFFER, 3), 2, 6);

	machine_device(m, DEVICE, "nvme",
		       machine_domain(m, 5, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	machine_dte(m, DEVICE, &dte);
	flush_domain(m, id);
	vmcore_analyse(m);
	is_stale(m);
}

static void flush_of_driver(struct machine *m)
{
	flush_of(m, 5);
}

static void flush_of_entry(struct machine *m)
{
	flush_of(m, 6);
}

/*
 * Behind guest tables the device has a domain ID of its own; here only the
 * driver's state still has it, as the capture kernel overwrote the entry.
 */
static void flush_of_device(struct machine *m)
{
	uint64_t root = machine_v2(m, BUFFER, 3, 4);
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = machine_paging(foreign, 2, 1);
	uint64_t data;

	if (!machine_has(m, AMI_F_dev_data_gcr3_domid))
		return;
	machine_crashkernel(m, foreign, foreign + 0x1fff);
	data = machine_device(m, DEVICE, "nic",
			      machine_domain(m, 8, TYPE_DMA, AMI_FORMAT_V2,
					     root, 4));
	machine_set(m, data, AMI_F_dev_data_gcr3_tbl,
		    image_va(machine_gcr3(m, 0, 0, root)));
	machine_set(m, data, AMI_F_dev_data_gcr3_domid, 77);
	machine_dte(m, DEVICE, &dte);
	flush_domain(m, 77);
	vmcore_analyse(m);
	assert_int_equal(machine_state_of(m, DEVICE)->dte_seen, AMI_SEEN_OVERWRITTEN);
	is_stale(m);
}

/* Whose it was is not known: anybody's translations may be stale. */
static void flush_of_nobody(struct machine *m)
{
	const struct ami_exposure *e;
	uint64_t root = machine_v1(m, BUFFER, 3);
	struct amdvi_dte dte = machine_paging(root, 2, 5);

	machine_device(m, DEVICE, "nvme",
		       machine_domain(m, 5, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	machine_dte(m, DEVICE, &dte);
	flush_domain(m, 6);
	vmcore_analyse(m);
	assert_true(machine_found(m, "commands-for-nobody"));
	e = machine_exposure(m, DEVICE, AMI_CLASS_STALE);
	assert_non_null(e);
	assert_int_equal(e->iovas[0].last, UINT64_MAX);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
}

static void test_whose_flush(void **state)
{
	(void)state;
	machine_over_shapes(flush_of_nobody);
	machine_over_shapes(flush_of_driver);
	machine_over_shapes(flush_of_entry);
	machine_over_shapes(flush_of_device);
}

/* The device did not answer: its TLB keeps what it had, the ring goes on. */
static void tlb_timeout(struct machine *m)
{
	uint64_t root = machine_v1(m, BUFFER, 3), log = image_alloc(m->img, 2);
	struct amdvi_dte dte = machine_paging(root, 2, 5);

	machine_device(m, DEVICE, "gpu",
		       machine_domain(m, 5, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	machine_dte(m, DEVICE, &dte);
	machine_set(m, m->iommu, AMI_F_amd_iommu_evt_buf, image_va(log));
	image_write64(m->img, log, 7ull << 60 | DEVICE);
	image_write64(m->img, log + 8, m->ring);
	vmcore_analyse(m);
	assert_non_null(machine_exposure(m, DEVICE, AMI_CLASS_STALE));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
}

OVER_SHAPES(tlb_timeout)

/* --- what the IOMMU writes itself ----------------------------------------------- */

/* In the upper table all bits are set already, in the next one is not. */
static void ad_bits(struct machine *m, uint64_t accessed, uint64_t root,
		    const struct amdvi_dte *dte)
{
	uint64_t pte, next;

	image_read(m->img, root, &pte, sizeof(pte));
	image_write64(m->img, root, pte | accessed);
	next = pte & AMDVI_ADDR_MASK & ~m->sme;
	image_read(m->img, next, &pte, sizeof(pte));
	image_write64(m->img, next, pte & ~accessed);
	machine_device(m, DEVICE, "gpu", 0);
	machine_dte(m, DEVICE, dte);
	vmcore_analyse(m);
	assert_false(ami_pfnset_has(of_iommu(m)->pages, root >> 12));
	assert_true(ami_pfnset_has(of_iommu(m)->pages, next >> 12));
}

/* A process shares its tables with a device: the IOMMU sets bits there. */
static void guest_ad_bits(struct machine *m)
{
	uint64_t root = machine_v2(m, BUFFER, 3, 4);
	struct amdvi_dte dte = guest(machine_gcr3(m, 0, 3, root), 1);

	dte.giov = false;
	ad_bits(m, AMDVI_V2_A, root, &dte);
}

/* DTE and driver disagree: the IOMMU may set bits in the driver's tables, too. */
static void driver_ad_bits(struct machine *m, bool blocked)
{
	uint64_t root = machine_v2(m, BUFFER, 3, 4), pte;
	struct amdvi_dte dte = guest(image_alloc(m->img, 1), 8);

	if (!has_v2(m))
		return;
	if (blocked)
		dte = (struct amdvi_dte){ .v = true, .tv = true };
	image_read(m->img, root, &pte, sizeof(pte));
	image_write64(m->img, root, pte & ~AMDVI_V2_A);
	machine_device(m, DEVICE, "nic",
		       machine_domain(m, 8, TYPE_DMA, AMI_FORMAT_V2, root, 4));
	machine_dte(m, DEVICE, &dte);
	vmcore_analyse(m);
	assert_int_equal(machine_state_of(m, DEVICE)->dte_seen, AMI_SEEN_INCONSISTENT);
	assert_true(ami_pfnset_has(of_iommu(m)->pages, root >> 12));
}

static void other_table_ad_bits(struct machine *m)
{
	driver_ad_bits(m, false);
}

static void blocked_ad_bits(struct machine *m)
{
	driver_ad_bits(m, true);
}

static void host_ad_bits(struct machine *m)
{
	struct amdvi_dte dte = machine_paging(machine_v1(m, BUFFER, 3), 2, 5);

	dte.had = 3;
	ad_bits(m, AMDVI_V1_A, dte.host_root, &dte);
}

/* Without HAD host tables are only read. */
static void no_ad_bits(struct machine *m)
{
	struct amdvi_dte dte = machine_paging(machine_v1(m, BUFFER, 3), 2, 5);

	machine_device(m, DEVICE, "nvme", 0);
	machine_dte(m, DEVICE, &dte);
	vmcore_analyse(m);
	assert_false(ami_pfnset_has(of_iommu(m)->pages, dte.host_root >> 12));
}

static void test_ad_bits(void **state)
{
	(void)state;
	machine_over_shapes(guest_ad_bits);
	machine_over_shapes(other_table_ad_bits);
	machine_over_shapes(blocked_ad_bits);
	machine_over_shapes(host_ad_bits);
	machine_over_shapes(no_ad_bits);
}

/* Interrupts of a device of a guest are posted into a page of its vCPU. */
static void posted(struct machine *m, unsigned int guest_ir, bool expected)
{
	uint64_t irt = image_alloc(m->img, 2), page = BUFFER + 0x5000;
	struct amdvi_dte dte = {
		.v = true, .tv = true, .iv = true, .irt_ptr = irt,
		.irt_len_log2 = 9, .int_ctl = AMDVI_INT_REMAP,
	};

	machine_variable(m, AMI_SYM_amd_iommu_guest_ir, guest_ir);
	/* Remapped, not valid, and posted: bits 0 (valid), 7 (guest). */
	image_write64(m->img, irt, 1);
	image_write64(m->img, irt + 16, 0x80);
	image_write64(m->img, irt + 24, (page + 0x1000) | m->sme);
	image_write64(m->img, irt + 16 * 511, 0x81);
	image_write64(m->img, irt + 16 * 511 + 8, page | m->sme);
	machine_device(m, DEVICE, "vfio-pci", 0);
	machine_dte(m, DEVICE, &dte);
	vmcore_analyse(m);
	assert_int_equal(ami_pfnset_has(of_iommu(m)->pages, page >> 12),
			 expected);
	assert_false(ami_pfnset_has(of_iommu(m)->pages, (page >> 12) + 1));
}

static void posted_interrupts(struct machine *m)
{
	posted(m, 2, true);
}

static void remapped_interrupts(struct machine *m)
{
	posted(m, 1, false);
}

static void test_posted(void **state)
{
	(void)state;
	machine_over_shapes(posted_interrupts);
	machine_over_shapes(remapped_interrupts);
}

/* A command as no driver writes it still stores where it says. */
static void wait_elsewhere(struct machine *m)
{
	put_last(m, 0, (struct amdvi_command){
		.opcode = AMDVI_CMD_COMPLETION_WAIT, .store = true,
		.store_addr = BUFFER + 0x10, .data = 1,
	});
	vmcore_analyse(m);
	assert_true(ami_pfnset_has(of_iommu(m)->pages, BUFFER >> 12));
	assert_true(machine_found(m, "completion-wait-elsewhere"));
}

OVER_SHAPES(wait_elsewhere)

/* --- memory of the capture kernel ------------------------------------------------ */

/* crashkernel=SIZE,cma: its tables may lie where programs were. */
static void test_crash_cma(void **state)
{
	struct machine *m = machine_new(SHAPE_7, MACHINE_SME);
	uint64_t root = machine_v1(m, BUFFER, 5), at;
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1);
	struct amdvi_dte dte = machine_paging(foreign, 2, 5);
	const uint64_t ranges[4] = { 0x1000, 0x1fff, foreign, foreign + 0xfff };

	(void)state;
	at = machine_object(m, sizeof(ranges));
	machine_write(m, at, ranges, sizeof(ranges));
	image_layout(m->img)->symbol[AMI_SYM_crashk_cma_ranges] =
		image_text_va(at - IMAGE_DIRECT_MAP);
	machine_variable(m, AMI_SYM_crashk_cma_cnt, 2);
	machine_device(m, DEVICE, "nvme",
		       machine_domain(m, 5, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	machine_dte(m, DEVICE, &dte);
	vmcore_analyse(m);
	assert_int_equal(m->state->capture, AMI_CAPTURE_REUSE);
	assert_int_equal(machine_state_of(m, DEVICE)->dte_seen, AMI_SEEN_OVERWRITTEN);
	assert_int_equal(machine_exposure(m, DEVICE, AMI_CLASS_MAPPED)->count,
			 5);
	machine_free(m);
}

/* --- what the log shows ----------------------------------------------------------- */

/* Each of them alone: nothing else can be written in this machine. */
static void not_trusted(struct machine *m, enum ami_finding_code code,
			enum ami_verdict verdict)
{
	machine_analyse(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_TRUSTED);
	ami_finding_add(m->state->findings, code, "here", "so");
	machine_judge(m);
	assert_int_equal(m->ex->verdict, verdict);
	machine_free(m);
}

static void test_not_trusted(void **state)
{
	(void)state;
	not_trusted(machine_new(SHAPE_6_1, 0), AMI_FIND_INVALIDATION_LOST,
		    AMI_VERDICT_SUSPECT);
	not_trusted(machine_new(SHAPE_6_1, 0), AMI_FIND_IOMMU_MAY_BE_OFF,
		    AMI_VERDICT_UNKNOWN);
	not_trusted(machine_new(SHAPE_6_1, 0), AMI_FIND_SEMAPHORE_UNREAD,
		    AMI_VERDICT_UNKNOWN);
}

/*
 * No device is known to reach memory, but one had been asked to write there, as
 * marks tell that were made when more could be read.
 */
static void test_asked(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct ami_pfnset *pages = ami_pfnset_new();
	struct ami_mark mark = {
		.requester.bdf.devid = DEVICE, .class = AMI_CLASS_INFLIGHT,
		.certainty = AMI_LIKELY, .complete = true, .count = 3,
	};
	struct ami_marks marks = {
		.sets = &pages, .nr_sets = 1, .list = &mark, .count = 1,
	};

	(void)state;
	ami_pfnset_add(pages, BUFFER >> 12, 3);
	machine_analyse(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_TRUSTED);
	m->marks = &marks;
	machine_judge(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
	assert_int_equal(m->ex->reasons.count, 1);
	ami_pfnset_free(pages);
	machine_free(m);
}

/* --- other ways ----------------------------------------------------------------- */

static void shutting_down(struct machine *m, uint64_t value, bool found)
{
	struct ami_layout *l = image_layout(m->img);

	l->enumerator[AMI_E_SYSTEM_HALT].present = true;
	l->enumerator[AMI_E_SYSTEM_HALT].value = 4;
	machine_variable(m, AMI_SYM_system_state, value);
	vmcore_analyse(m);
	assert_int_equal(machine_found(m, "iommu-may-be-off"), found);
	machine_free(m);
}

static void test_system_state(void **state)
{
	(void)state;
	shutting_down(machine_new(SHAPE_6_1, 0), 3, false);
	shutting_down(machine_new(SHAPE_6_1, 0), 6, true);
}

/* That it cannot be read must not pass for a machine that was running. */
static void test_system_state_unread(void **state)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	struct ami_layout *l = image_layout(m->img);

	(void)state;
	l->enumerator[AMI_E_SYSTEM_HALT].present = true;
	l->symbol[AMI_SYM_system_state] = AMI_SYMBOL_UNREAD;
	machine_analyse(m);
	assert_true(machine_found(m, "symbol-unread"));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
	machine_free(m);
}

/* The device is gone from all lists; the flush of its entry is not proven. */
static void unplugged(struct machine *m)
{
	put_last(m, 0, (struct amdvi_command){
		.opcode = AMDVI_CMD_INVALIDATE_DEVTAB_ENTRY, .devid = 0x40,
	});
	vmcore_analyse(m);
	assert_non_null(machine_exposure(m, 0x40, AMI_CLASS_STALE));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_EXPOSED);
	assert_int_equal(m->ex->covered, AMI_COVERED_PARTIAL);
}

OVER_SHAPES(unplugged)

/* The driver's state alone are left, and their domain has lost its table. */
static void no_table(struct machine *m, bool pasids)
{
	uint64_t gcr3 = machine_gcr3(m, 0, 3, machine_v2(m, BUFFER, 4, 4));
	uint64_t foreign = machine_v1(m, BUFFER + 0x400000, 1), dom, data;
	struct amdvi_dte dte = machine_paging(foreign, 2, 1);

	machine_crashkernel(m, foreign, foreign + 0x1fff);
	dom = machine_domain(m, 5, 0x1, AMI_FORMAT_NONE, 0, 0);
	data = machine_device(m, DEVICE, "gpu", dom);
	machine_dte(m, DEVICE, &dte);
	if (pasids) {
		machine_set(m, dom, AMI_F_pdom_gcr3_tbl, image_va(gcr3));
		machine_set(m, data, AMI_F_dev_data_gcr3_tbl, image_va(gcr3));
	}
	vmcore_analyse(m);
	if (pasids && machine_has(m, AMI_F_pdom_gcr3_tbl))
		assert_non_null(machine_exposure(m, DEVICE,
						 AMI_CLASS_PASSTHROUGH));
	else
		assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
}

static void lost_table(struct machine *m)
{
	no_table(m, false);
}

static void table_for_pasids(struct machine *m)
{
	no_table(m, true);
}

static void test_no_table_of_domain(void **state)
{
	(void)state;
	machine_over_shapes(lost_table);
	machine_over_shapes(table_for_pasids);
}

/* Its domain is in no list: what was queued there for a flush is lost. */
static void test_guest_domain_missing(void **state)
{
	struct machine *m = machine_new(SHAPE_7, MACHINE_SME);
	uint64_t known = machine_v2(m, BUFFER, 2, 4);
	uint64_t root = machine_v2(m, BUFFER + 0x400000, 3, 4);
	uint64_t gcr3 = machine_gcr3(m, 0, 0, known);
	struct amdvi_dte dte = guest(gcr3, 5);

	(void)state;
	machine_set(m, machine_device(m, DEVICE, "nvme",
				      machine_domain(m, 5, TYPE_DMA,
						     AMI_FORMAT_V2, known, 4)),
		    AMI_F_dev_data_gcr3_tbl, image_va(gcr3));
	machine_dte(m, DEVICE, &dte);
	machine_dte(m, 0x11, &dte);	/* an alias */
	dte = guest(machine_gcr3(m, 0, 0, root), 6);
	machine_dte(m, 0x20, &dte);
	vmcore_analyse(m);
	assert_int_equal(ami_findings_total(m->state->findings,
					    AMI_FIND_DOMAIN_MISSING), 1);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
	machine_free(m);
}

/* Nobody knows a device with this ID, and what has it writes everywhere. */
static void open_entry(struct machine *m)
{
	struct amdvi_dte open = { .v = false };

	machine_dte(m, 0x77, &open);
	vmcore_analyse(m);
	assert_int_equal(m->ex->verdict, AMI_VERDICT_UNKNOWN);
}

OVER_SHAPES(open_entry)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_trusted),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_system_state),
		cmocka_unit_test(test_system_state_unread),
		cmocka_unit_test(all_unplugged),
		cmocka_unit_test(test_no_table_of_domain),
		cmocka_unit_test(test_guest_domain_missing),
		cmocka_unit_test(all_open_entry),
		cmocka_unit_test(test_lost_bits),
		cmocka_unit_test(test_gcr3),
		cmocka_unit_test(test_gcr3_unread),
		cmocka_unit_test(test_whose_flush),
		cmocka_unit_test(all_tlb_timeout),
		cmocka_unit_test(test_ad_bits),
		cmocka_unit_test(test_posted),
		cmocka_unit_test(all_wait_elsewhere),
		cmocka_unit_test(test_crash_cma),
		cmocka_unit_test(test_uncovered),
		cmocka_unit_test(test_not_initialised),
		cmocka_unit_test(test_no_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
