// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "witnesses.h"

#define PAGES		16u
#define RAM_PAGES	0x10000u

const struct fact facts[] = {
	{ EVENT, { DISK, 0x70000000 }, NULL, "invalidation-lost",
	  "0000:0b:00.0", true, false, AMI_VERDICT_SUSPECT },
	{ LINE, { 0 }, "AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=0b:00.0 address=0x2147e0]",
	  "invalidation-lost", "0000:0b:00.0", true, false,
	  AMI_VERDICT_SUSPECT },
	{ LINE, { 0 }, "iommu ivhd0: AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=0000:0b:00.0 address=0x2147e0]",
	  "invalidation-lost", "0000:0b:00.0", true, false,
	  AMI_VERDICT_SUSPECT },
	{ LINE, { 0 }, "iommu: IOTLB flush of device 0000:0b:00.0 timed out",
	  "invalidation-lost", "0000:0b:00.0", true, false,
	  AMI_VERDICT_SUSPECT },
	{ LINE, { 0 }, "AMD-Vi: Completion-Wait loop timed out",
	  "invalidation-lost", "iommu0", true, true, AMI_VERDICT_SUSPECT },
	{ LINE, { 0 }, "AMD-Vi: IOMMU 0000:00:00.2: Completion-Wait loop timed out",
	  "invalidation-lost", "iommu0", true, true, AMI_VERDICT_SUSPECT },
	{ LINE, { 0 }, "AMD-Vi: IOMMU 0000:c0:00.2: Completion-Wait loop timed out",
	  "invalidation-lost", "0000:c0:00.2", true, true,
	  AMI_VERDICT_SUSPECT },
	{ LINE, { 0 }, "amd-vi: ivhd0: completion wait: time-out in loop",
	  "invalidation-lost", "iommu0", true, true, AMI_VERDICT_SUSPECT },
	{ RING, { 0 }, NULL, "invalidation-lost", "iommu0", true, true,
	  AMI_VERDICT_SUSPECT },
	{ LINE, { 0 }, "AMD-Vi: Command buffer timeout", "invalidation-lost",
	  "iommu0", true, true, AMI_VERDICT_SUSPECT },
	{ EVENT, { 0, 0x60000000 }, NULL, "commands-stopped", "iommu0", true,
	  true, AMI_VERDICT_SUSPECT },
	{ LINE, { 0 }, "iommu ivhd0: AMD-Vi: Event logged [COMMAND_HARDWARE_ERROR address=0x2147e0 flags=0x0000]",
	  "commands-stopped", "iommu0", true, true, AMI_VERDICT_SUSPECT },
	{ EVENT, { 0, 0x50000000 }, NULL, "commands-stopped", "iommu0", true,
	  true, AMI_VERDICT_SUSPECT },
	{ LINE, { 0 }, "AMD-Vi: Event logged [ILLEGAL_COMMAND_ERROR address=0x2147e0]",
	  "commands-stopped", "iommu0", true, true, AMI_VERDICT_SUSPECT },
	{ LINE, { 0 }, "AMD-Vi: IOMMU event log overflow", "events-lost",
	  "iommu0", false, false, AMI_VERDICT_EXPOSED },
	{ LINE, { 0 }, "amd_iommu_report_page_fault: 7 callbacks suppressed",
	  "events-lost", "iommu0", false, false, AMI_VERDICT_EXPOSED },
	{ EVENT, { DISK, 0x20200005 }, NULL, "io-page-fault", "0000:0b:00.0",
	  false, false, AMI_VERDICT_EXPOSED },
	{ LINE, { 0 }, "ahci 0000:0b:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0005 address=0x2147e0 flags=0x0020]",
	  "io-page-fault", "0000:0b:00.0", false, false,
	  AMI_VERDICT_EXPOSED },
	{ EVENT, { DISK, 0x10000000 }, NULL, "dma-refused", "0000:0b:00.0",
	  false, false, AMI_VERDICT_EXPOSED },
	{ LINE, { 0 }, "AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=0000:0b:00.0 pasid=0x00000 address=0x2147e0 flags=0x0000]",
	  "dma-refused", "0000:0b:00.0", false, false,
	  AMI_VERDICT_EXPOSED },
	{ EVENT, { DISK, 0x30000000 }, NULL, "table-hardware-error",
	  "0000:0b:00.0", false, false, AMI_VERDICT_SUSPECT },
	{ LINE, { 0 }, "AMD-Vi: Event logged [DEV_TAB_HARDWARE_ERROR device=0000:0b:00.0 address=0x2147e0 flags=0x0000]",
	  "table-hardware-error", "0000:0b:00.0", false, false,
	  AMI_VERDICT_SUSPECT },
};

const size_t nr_facts = sizeof(facts) / sizeof(facts[0]);

void witnessed_device(struct machine *m, uint16_t devid, const char *driver,
		      uint16_t domain)
{
	struct amdvi_dte dte = {
		.v = true, .tv = true, .ir = true, .iw = true, .mode = 2,
		.domain_id = domain, .host_root = machine_v1(m, BUFFER, PAGES),
	};

	machine_device(m, devid, driver,
		       machine_domain(m, domain, TYPE_DMA, AMI_FORMAT_V1,
				      dte.host_root, 2));
	machine_dte(m, devid, &dte);
}

void witnessed_start(struct witnessed *r, enum shape shape, uint64_t first)
{
	uint64_t phys;

	r->m = machine_new_sized(shape, 0, 0xffff, RAM_PAGES);
	klog_start(&r->log, r->m, first);
	klog_say(&r->log, "Linux version");
	phys = image_alloc(r->m->img, 2);
	r->events = image_va(phys);
	machine_set(r->m, r->m->iommu, AMI_F_amd_iommu_evt_buf, r->events);
	witnessed_device(r->m, DISK, "ahci", 5);
	witnessed_device(r->m, NIC, "igb", 6);
}

void witnessed_event(struct witnessed *r, uint32_t w0, uint32_t w1, uint64_t address)
{
	const uint32_t w[4] = { w0, w1, address, address >> 32 };

	machine_write(r->m, r->events, w, sizeof(w));
	r->events += sizeof(w);
}

void witnessed_free(struct witnessed *r)
{
	machine_free(r->m);
}

void witnessed_never_done(struct machine *m)
{
	machine_command(m, 0, (struct amdvi_command){
		.opcode = AMDVI_CMD_INVALIDATE_IOMMU_ALL });
	machine_command(m, 1, (struct amdvi_command){
		.opcode = AMDVI_CMD_COMPLETION_WAIT, .store = true,
		.store_addr = m->semaphore, .data = 1 });
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_sem_val, 1);
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_buf_tail, 2 * 16);
}

bool witnessed_all_stale(const struct machine *m, uint16_t devid)
{
	const struct ami_exposure *e = machine_exposure(m, devid,
							AMI_CLASS_STALE);

	return e && !e->complete && e->nr_iovas == 1 && !e->iovas[0].first &&
	       e->iovas[0].last == UINT64_MAX;
}
