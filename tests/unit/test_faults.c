// SPDX-License-Identifier: GPL-2.0-or-later
/* What the IOMMU refused, and why: each story that a dump can tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "machine.h"

#define BUFFER		0x8000000ull
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
		{ NIC, WRITE, 0, 0x2010, "it is mapped writable at the panic" },
		{ NIC, WRITE, 0, (LAZY << 12) + 8, "flush queue, flushed" },
		{ NIC, WRITE, 0, (LAZY + 1) << 12,
		  "it was unmapped shortly before" },
		{ NIC, WRITE, 0, PENDING + 0xfff,
		  "it was unmapped shortly before" },
		{ NIC, WRITE, 0, TAKEN + 0x123,
		  "command ring, entry 1: its invalidation was executed" },
		{ NIC, WRITE, 0, TAKEN + 0x1123,
		  "it is not mapped, nor is anything right before it" },
		{ NIC, WRITE, 0, PAGES * AMI_PAGE_SIZE + 0x10,
		  "16 bytes behind the end of what is mapped at IOVA 0" },
		{ NIC, WRITE, 0, PAGES * AMI_PAGE_SIZE + 0x10000,
		  "it is not mapped, nor is anything right before it" },
		{ GPU, WRITE | GUEST, PASID, 0x1000,
		  "it is mapped writable at the panic" },
		{ GPU, WRITE | GUEST, PASID, 0x2008,
		  "8 bytes behind the end of what is mapped at IOVA 0" },
		{ GPU, WRITE | GUEST, PASID + 1, 0x1000, "it is not mapped" },
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
