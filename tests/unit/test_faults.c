// SPDX-License-Identifier: GPL-2.0-or-later
/* What the IOMMU refused, and why: each story that a dump can tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render.h"

#define PAGES		9u		/* mapped from IOVA 0 on */
#define NIC		0x10u
#define GPU		0x18u
#define PASID		0x30007u
#define DOMAIN		5u
#define DOMAIN_DMA	3u
#define DOMAIN_IDENTITY	4u
#define LAZY		0x100u		/* IOVA page frames, put off */
#define TAKEN		0x200000u	/* invalidated, executed */
#define PENDING		0x202000u	/* invalidated, not proven */
#define WHOLE		0x7ffff000u	/* as a size: 4 GiB, no buffer */
#define WRITE		(1u << 21)
#define GUEST		(1u << 16)
#define INTERRUPT	(1u << 19)

static void invalidate(struct machine *m, uint32_t index, uint16_t domain,
		       uint64_t iova, bool many)
{
	machine_command(m, index, (struct amdvi_command){
		.opcode = AMDVI_CMD_INVALIDATE_IOMMU_PAGES,
		.domain_id = domain, .address = iova, .s = many,
	});
}

/* Proven: what stands before the wait. */
static void fill_ring(struct machine *m)
{
	invalidate(m, 0, DOMAIN, WHOLE, true);
	invalidate(m, 1, DOMAIN, TAKEN, false);
	invalidate(m, 2, DOMAIN + 1, TAKEN + AMI_PAGE_SIZE, false);
	machine_command(m, 3, (struct amdvi_command){
		.opcode = AMDVI_CMD_COMPLETION_WAIT, .store = true,
		.store_addr = m->semaphore, .data = 1,
	});
	invalidate(m, 4, DOMAIN, PENDING, false);
	image_write64(m->img, m->semaphore, 1);
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_sem_val, 1);
	machine_set(m, m->iommu, AMI_F_amd_iommu_need_sync, 1);
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_buf_tail, 5 * 16);
}

static struct machine *faulting(uint16_t devid, uint32_t flags, uint32_t pasid,
				uint64_t iova)
{
	struct machine *m = machine_new(SHAPE_6_1, 0);
	const uint32_t w[4] = {
		devid | (pasid & 0xf0000),
		2u << 28 | flags | (flags & GUEST ? pasid & 0xffff : DOMAIN),
		iova, iova >> 32,
	};
	uint64_t log = image_alloc(m->img, 2), domain;
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = DOMAIN, .host_root = machine_v1(m, BUFFER, PAGES),
	};

	domain = machine_domain(m, DOMAIN, DOMAIN_DMA, AMI_FORMAT_V1,
				dte.host_root, 2);
	machine_lazy(m, domain, LAZY, 2);
	machine_device(m, NIC, "nic", domain);
	machine_dte(m, NIC, &dte);
	dte = (struct amdvi_dte){
		.v = true, .tv = true, .ir = true, .iw = true, .gv = true,
		.glx = 1, .domain_id = 2,
		.gcr3_root = machine_gcr3(m, 1, PASID,
					  machine_v2(m, BUFFER, 2, 4)),
	};
	machine_device(m, GPU, "gpu", machine_domain(m, 2, DOMAIN_IDENTITY,
						     AMI_FORMAT_NONE, 0, 0));
	machine_dte(m, GPU, &dte);
	fill_ring(m);
	machine_set(m, m->iommu, AMI_F_amd_iommu_evt_buf, image_va(log));
	image_write(m->img, log, w, sizeof(w));
	machine_analyse(m);
	return m;
}

static const char *said(const struct machine *m)
{
	const struct ami_findings *f = m->state->findings;
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->list[i].code == AMI_FIND_IO_PAGE_FAULT)
			return f->list[i].text;
	return "";
}

static void stories(void **state)
{
	static const struct {
		uint16_t devid;
		uint32_t flags, pasid;
		uint64_t iova;
		const char *story;
	} want[] = {
		{ NIC, WRITE, 0, 0x2010, "this address is mapped writable at the panic" },
		{ NIC, WRITE, 0, (LAZY << 12) + 8, "flush queue, flushed" },
		{ NIC, WRITE, 0, (LAZY + 1) << 12,
		  "this address was unmapped shortly before" },
		{ NIC, WRITE, 0, PENDING + 0xfff,
		  "this address was unmapped shortly before" },
		{ NIC, WRITE, 0, TAKEN + 0x123,
		  "command ring, entry 1: its invalidation was executed" },
		{ NIC, WRITE, 0, TAKEN + 0x1123,
		  "this address is not mapped, nor is anything right before it" },
		{ NIC, WRITE, 0, PAGES * AMI_PAGE_SIZE + 0x10,
		  "16 bytes past the end of what is mapped at IOVA 0" },
		{ NIC, WRITE, 0, PAGES * AMI_PAGE_SIZE + 0x10000,
		  "this address is not mapped, nor is anything right before it" },
		{ GPU, WRITE | GUEST, PASID, 0x1000,
		  "this address is mapped writable at the panic" },
		{ GPU, WRITE | GUEST, PASID, 0x2008,
		  "8 bytes past the end of what is mapped at IOVA 0" },
		{ GPU, WRITE | GUEST, PASID + 1, 0x1000, "this address is not mapped" },
		{ 0x77, WRITE, 0, 0x1000, "no device of the kernel has this" },
		{ NIC, INTERRUPT, 0, 0xfee00000, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct machine *m = faulting(want[i].devid, want[i].flags,
					     want[i].pasid, want[i].iova);

		print_message("# %zu %s\n", i, said(m));
		assert_int_equal(machine_found(m, "io-page-fault"),
				 !!want[i].story);
		if (want[i].story)
			assert_non_null(strstr(said(m), want[i].story));
		machine_free(m);
	}
}

/* --- public reports of faults ---------------------------------------------------- */

#define DEVICE		0x100u	/* 0000:01:00.0 */
#define MSI_HIGH	0xfffffffdf8000000ull
#define EFR_SNP		0xa5bf7320a2294aeeull

enum access { READ_WRITE, WRITE_ONLY, READ_ONLY, PASSES, BLOCKED };

/**
 * struct report - a fault that someone reported
 * @what: its name in the issue, and what an engineer sees in it
 * @w1: code, flags and domain of the entry
 * @code, @where: of the finding; @bug: words of the bug report
 */
static const struct report {
	const char *what;
	enum access access;
	uint16_t devid;
	uint32_t w1;
	uint64_t address, efr, efr2;
	const char *code, *where;
	const char *said, *not_said, *bug;
} reports[] = {
	{ "F2 a read of a page that is mapped for writing only", WRITE_ONLY,
	  DEVICE, 0x20500005, 0x3010, 0, 0, "io-page-fault", "0000:01:00.0",
	  "this address is mapped write-only, which does not allow it", "after the fault",
	  NULL },
	{ "F2 a write to a page that is mapped for reading only", READ_ONLY,
	  DEVICE, 0x20700005, 0x3010, 0, 0, "io-page-fault", "0000:01:00.0",
	  "this address is mapped read-only, which does not allow it", "after the fault",
	  NULL },
	{ "F2 the page was absent, and is mapped now", READ_WRITE, DEVICE,
	  0x20200005, 0x4010, 0, 0, "io-page-fault", "0000:01:00.0",
	  "mapped after the fault", NULL, NULL },
	{ "F2 an entry refused it that allows it now", READ_WRITE, DEVICE,
	  0x20700005, 0x4010, 0, 0, "io-page-fault", "0000:01:00.0",
	  "its permissions were changed after the fault", NULL, NULL },
	{ "F2 a reserved bit in the entry", READ_WRITE, DEVICE, 0x20900005,
	  0x4010, 0, 0, "io-page-fault", "0000:01:00.0",
	  "its page-table entry had a reserved bit set", "so it was mapped after", NULL },
	{ "F3 its DMA passes", PASSES, DEVICE, 0x20700000, 0x3010, 0, 0,
	  "io-page-fault", "0000:01:00.0",
	  "its DMA is not translated at the panic", "unmapped", NULL },
	{ "F3 it is blocked", BLOCKED, DEVICE, 0x20700000, 0x3010, 0, 0,
	  "io-page-fault", "0000:01:00.0",
	  "the device is blocked at the panic", "unmapped", NULL },
	{ "F8 an interrupt, in the range as hardware logs it", READ_WRITE,
	  DEVICE, 0x20080005, MSI_HIGH, 0, 0, "interrupt-refused",
	  "0000:01:00.0", "interrupt request to 0xfffffffdf8000000",
	  "not mapped", "0xfffffffdf8000000 (interrupt" },
	{ "F9 type 5: an interrupt that its entry forbids", READ_WRITE, DEVICE,
	  0x8a000000, MSI_HIGH, 0, 0, "request-refused", "0000:01:00.0",
	  "interrupt/EOI range, not allowed by the device table entry (IntCtl=00b)",
	  NULL, "0000:01:00.0" },
	{ "F10 an address beyond the table", READ_WRITE, DEVICE, 0x20100005,
	  0xffffffffffcc0000, 0, 0, "io-page-fault", "0000:01:00.0",
	  "this address is beyond what the device's table of 2 levels covers",
	  "invalid page table entry", "address beyond the table" },
	{ "F12 a function that the device does not have", READ_WRITE,
	  DEVICE + 1, 0x20200000, 0xffe00000, 0, 0, "io-page-fault",
	  "0000:01:00.1",
	  "0000:01:00.0 (nic) is in the same slot: some devices send requests with the ID of another function",
	  NULL, NULL },
	{ "F13 identity, where SNP refuses it", PASSES, DEVICE, 0x10200000,
	  0x3737b01000, EFR_SNP, 0, "dma-refused", "0000:01:00.0",
	  "passthrough (identity), which hardware refuses where SNP is on",
	  NULL, "illegal device table entry" },
	{ "F13 the same without SNP: the entry is legal", PASSES, DEVICE,
	  0x10200000, 0x3737b01000, 0, 0, "dma-refused", "0000:01:00.0",
	  "its entry in the dump is legal (passthrough)", "SNP is on", NULL },
	{ "F13 the same where identity is legal with SNP", PASSES, DEVICE,
	  0x10200000, 0x3737b01000, EFR_SNP, 1 << 13, "dma-refused",
	  "0000:01:00.0", "its entry in the dump is legal (passthrough)",
	  "SNP is on", NULL },
};

/* The only table's leaf, with one permission for each page of it. */
static uint64_t restricted(struct machine *m, bool write)
{
	uint64_t root = image_alloc(m->img, 1), leaf = image_alloc(m->img, 1);
	unsigned int i;

	image_write64(m->img, root, amdvi_v1_table(leaf, 1, true, true));
	for (i = 0; i < PAGES; i++)
		image_write64(m->img, leaf + 8 * i,
			      amdvi_v1_page(BUFFER + i * 4096ull, 12, 1,
					    !write, write));
	return root;
}

static void add_reported(struct machine *m, enum access access)
{
	bool passes = access == PASSES, blocked = access == BLOCKED;
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = !blocked, .iw = !blocked,
		.domain_id = blocked ? 0 : DOMAIN,
	};
	uint64_t domain = 0;

	if (!passes && !blocked) {
		dte.mode = 2;
		dte.host_root = access == READ_WRITE ?
				machine_v1(m, BUFFER, PAGES) :
				restricted(m, access == WRITE_ONLY);
	}
	if (!blocked)
		domain = machine_domain(m, DOMAIN, passes ? DOMAIN_IDENTITY :
					DOMAIN_DMA, passes ? AMI_FORMAT_NONE :
					AMI_FORMAT_V1, dte.host_root, dte.mode);
	machine_device(m, DEVICE, "nic", domain);
	machine_dte(m, DEVICE, &dte);
}

static char *bug_text(struct machine *m)
{
	struct ami_request r = { .iommu = -1, .bug = true };

	return render_machine(m, &r);
}

static void check_report(const struct report *r)
{
	struct machine *m = machine_new_sized(SHAPE_6_1, 0, 0xffff, 0x10000);
	const uint32_t w[4] = { r->devid, r->w1, r->address, r->address >> 32 };
	uint64_t log = image_alloc(m->img, 2);
	const char *text;
	char *bug;

	print_message("# %s\n", r->what);
	machine_set(m, m->iommu, AMI_F_amd_iommu_features, r->efr);
	machine_set(m, m->iommu, AMI_F_amd_iommu_features2, r->efr2);
	machine_set(m, m->iommu, AMI_F_amd_iommu_evt_buf, image_va(log));
	image_write(m->img, log, w, sizeof(w));
	add_reported(m, r->access);
	machine_analyse(m);
	text = machine_said_of(m, r->code, r->where);
	assert_non_null(text);
	has(text, r->said);
	if (r->not_said)
		lacks(text, r->not_said);
	bug = bug_text(m);
	if (r->bug)
		has(bug, r->bug);
	free(bug);
	machine_free(m);
}

static void public_reports(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
		check_report(&reports[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stories),
		cmocka_unit_test(public_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
