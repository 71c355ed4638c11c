// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What lines of the kernel's log say: their words, and the devices they name.
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
#include "witnesses.h"

static struct witnessed rig;

static const struct {
	const char *text;
	enum ami_incident_kind kind;
} wording[] = {
	/* 5.10 to 7.3, as they print it */
	{ "AMD-Vi: Completion-Wait loop timed out", AMI_INCIDENT_WAIT_LOST },
	{ "AMD-Vi: IOMMU 0000:c0:00.2: Completion-Wait loop timed out",
	  AMI_INCIDENT_WAIT_LOST },
	{ "AMD-Vi: Command buffer timeout", AMI_INCIDENT_COMMAND_LOST },
	{ "AMD-Vi: IOMMU event log overflow", AMI_INCIDENT_EVENTS_LOST },
	{ "AMD-Vi: IOMMU Event log restarting", AMI_INCIDENT_EVENTS_LOST },
	{ "AMD-Vi: No event written to event log", AMI_INCIDENT_EVENTS_LOST },
	{ "amd_iommu_report_page_fault: 96 callbacks suppressed",
	  AMI_INCIDENT_EVENTS_LOST },
	{ "AMD-Vi: Event logged [IO_PAGE_FAULT device=05:00.0 domain=0x0012 address=0xff6101b0 flags=0x0070]",
	  AMI_INCIDENT_PAGE_FAULT },
	{ "iommu ivhd0: AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=0000:0b:00.0 address=0x1002147e0]",
	  AMI_INCIDENT_INVALIDATION_TIMEOUT },
	{ "iommu ivhd0: AMD-Vi: Event logged [COMMAND_HARDWARE_ERROR address=0x1002147e0 flags=0x0600]",
	  AMI_INCIDENT_COMMANDS_STOPPED },
	{ "iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_COMMAND_ERROR address=0x1002147e0]",
	  AMI_INCIDENT_COMMANDS_STOPPED },
	{ "iommu ivhd0: AMD-Vi: Event logged [DEV_TAB_HARDWARE_ERROR device=0b:00.0 address=0x100 flags=0x0600]",
	  AMI_INCIDENT_TABLE_ERROR },
	{ "iommu ivhd0: AMD-Vi: Event logged [PAGE_TAB_HARDWARE_ERROR device=0b:00.0 pasid=0x0005 address=0x100 flags=0x0600]",
	  AMI_INCIDENT_TABLE_ERROR },
	{ "iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=0b:00.0 pasid=0x00000 address=0x100 flags=0x0080]",
	  AMI_INCIDENT_DTE_REFUSED },
	{ "AMD-Vi: Event logged [RMP_HW_ERROR device=0000:0b:00.0, vmg_tag=0x0000, spa=0x100, flags=0x0000]",
	  AMI_INCIDENT_RMP_REFUSED },
	{ "AMD-Vi: Event logged [INVALID_PPR_REQUEST device=0b:00.0 pasid=0x00001 address=0x100 flags=0x0000 tag=0x001]",
	  AMI_INCIDENT_REQUEST_REFUSED },
	{ "AMD-Vi: Event logged [Device not attached to domain properly]",
	  AMI_INCIDENT_EVENT },
	{ "AMD-Vi: Reused DEV table from previous kernel.",
	  AMI_INCIDENT_TABLES_REUSED },
	{ "AMD-Vi: Copied DEV table from previous kernel.",
	  AMI_INCIDENT_TABLES_COPIED },
	/* none prints these: other order, case, punctuation */
	{ "amd-vi: iommu0: timeout in loop for completion_wait",
	  AMI_INCIDENT_WAIT_LOST },
	{ "AMD-Vi: ivhd1 COMPLETION WAIT TIMED-OUT (seq 12)",
	  AMI_INCIDENT_WAIT_LOST },
	{ "AMD-Vi: timed out waiting for the semaphore: wait stuck",
	  AMI_INCIDENT_WAIT_LOST },
	{ "iommu: ATC invalidation timed out for device 0000:0b:00.0",
	  AMI_INCIDENT_INVALIDATION_TIMEOUT },
	{ "pci 0000:0b:00.0: ATS invalidate request timeout",
	  AMI_INCIDENT_INVALIDATION_TIMEOUT },
	{ "AMD-Vi: io page fault, device 0b:00.0", AMI_INCIDENT_PAGE_FAULT },
	{ "AMD-Vi: timeout: ring full, command dropped",
	  AMI_INCIDENT_COMMAND_LOST },
	{ "AMD-Vi: iommu halted command processing",
	  AMI_INCIDENT_COMMANDS_STOPPED },
	{ "AMD-Vi: lost events, log full", AMI_INCIDENT_EVENTS_LOST },
	/* what a healthy machine prints */
	{ "AMD-Vi: IO/TLB flush on unmap enabled", AMI_INCIDENT_NONE },
	{ "AMD-Vi: Extended features (0x58f77ef22294ade, 0x0): PPR X2APIC NX",
	  AMI_INCIDENT_NONE },
	{ "AMD-Vi: Applying erratum: Increase Event log size to 0x80000",
	  AMI_INCIDENT_NONE },
	{ "AMD-Vi: Invalid command line: hid or uid", AMI_INCIDENT_NONE },
	{ "AMD-Vi: IOMMU GA Log overflow", AMI_INCIDENT_NONE },
	{ "AMD-Vi: IOMMU PPR log restarting", AMI_INCIDENT_NONE },
	{ "AMD-Vi: Using global IVHD EFR:0x0, EFR2:0x0", AMI_INCIDENT_NONE },
	{ "AMD-Vi: [Firmware Bug]: Invalid IVHD device type 0x5",
	  AMI_INCIDENT_NONE },
	{ "AMD-Vi: Failed to reuse DEV table from previous kernel.",
	  AMI_INCIDENT_NONE },
	{ "iommu: Default domain type: Translated", AMI_INCIDENT_NONE },
	{ "Kernel command line: amd_iommu=on event_log=full",
	  AMI_INCIDENT_NONE },
	{ " amd_iommu_report_page_fault+0x1a/0x200", AMI_INCIDENT_NONE },
	{ "BUG: unable to handle page fault for address: ff44dbc1e0994000",
	  AMI_INCIDENT_NONE },
	{ "i40e 0000:0b:00.0: wait for command completion timed out",
	  AMI_INCIDENT_NONE },
	{ "mlx5_core 0000:0b:00.0: command queue timeout", AMI_INCIDENT_NONE },
	{ "NETDEV WATCHDOG: eth0 (igb): transmit queue 0 timed out",
	  AMI_INCIDENT_NONE },
};

static void words_are_understood(void **state)
{
	struct amdvi_event event;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wording) / sizeof(wording[0]); i++) {
		enum ami_incident_kind kind =
			incidents_wording(wording[i].text, &event);

		if (kind != wording[i].kind)
			print_error("%s: %s\n", wording[i].text,
				    ami_incident_name(kind));
		assert_int_equal(kind, wording[i].kind);
	}
}

/* What was printed of an entry of the event log is that entry. */
static void printed_events_are_events(void **state)
{
	static const uint32_t w[4] = { 0, 0x20700012, 0xff6101b0, 0x1 };
	struct amdvi_event printed, logged;

	(void)state;
	amdvi_event_decode(w, &logged);
	incidents_wording("AMD-Vi: Event logged [IO_PAGE_FAULT device=05:00.0 domain=0x0012 address=0x1ff6101b0 flags=0x0070]",
			  &printed);
	assert_memory_equal(&printed, &logged, sizeof(logged));
}

/* F6 lines of a crash, F7 devices by other names, F11 lines of the IOMMU. */
static const struct {
	const char *device, *text;
	enum ami_line_kind kind;
	int devid;	/* -1: none */
} lines[] = {
	{ "", "BUG kmalloc-256 (Not tainted): Poison overwritten",
	  AMI_LINE_CRASH, -1 },
	{ "", "BUG kmalloc-16 (Tainted: G  OE ): Object already free",
	  AMI_LINE_CRASH, -1 },
	{ "", "pagealloc: memory corruption", AMI_LINE_CRASH, -1 },
	{ "", "NMI watchdog: Watchdog detected hard LOCKUP on cpu 46",
	  AMI_LINE_CRASH, -1 },
	{ "", "watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [a:1]",
	  AMI_LINE_CRASH, -1 },
	{ "", "invalid opcode: 0000 [#1] PREEMPT SMP PTI", AMI_LINE_CRASH,
	  -1 },
	{ "", "general protection fault, probably for non-canonical address 0x1: 0000 [#1] SMP",
	  AMI_LINE_CRASH, -1 },
	{ "", "traps: PANIC: double fault, error_code: 0x0", AMI_LINE_CRASH,
	  -1 },
	{ "", "list_add double add: new=ffff888103, prev=ffff888104, next=ffff888103.",
	  AMI_LINE_CRASH, -1 },
	{ "", "BUG: KASAN: use-after-free in foo+0x1/0x2", AMI_LINE_CRASH,
	  -1 },
	{ "", "Oops: Oops: 0002 [#1] SMP NOPTI", AMI_LINE_CRASH, -1 },
	{ "", "UBSAN: array-index-out-of-bounds in a.c:1:2", AMI_LINE_CRASH,
	  -1 },
	{ "", "refcount_t: underflow; use-after-free.", AMI_LINE_CRASH, -1 },
	{ "", "BUG: Bad page state in process kworker  pfn:0012c zone",
	  AMI_LINE_CRASH, -1 },
	{ "", "rcu: INFO: rcu_sched self-detected stall on CPU",
	  AMI_LINE_CRASH, -1 },
	{ "", "INFO: task a:1 blocked for more than 120 seconds.",
	  AMI_LINE_CRASH, -1 },
	{ "", "watchdog: Delayed init of the lockup detector failed: -2",
	  AMI_LINE_OTHER, -1 },
	{ "", "mce: [Hardware Error]: Machine check events logged",
	  AMI_LINE_OTHER, -1 },
	{ "", "SEV-SNP: RMPUPDATE failed for PFN 56700, pg_level: 1, ret: 2",
	  AMI_LINE_IOMMU, -1 },
	{ "", "iommu: Default domain type: Passthrough (set via kernel command line)",
	  AMI_LINE_IOMMU, -1 },
	{ "", "NVRM: Xid (PCI:0000:0b:00): 31, pid=1234, name=python",
	  AMI_LINE_DEVICE, DISK },
	{ "", "NETDEV WATCHDOG: eth0 (igb): transmit queue 0 timed out",
	  AMI_LINE_DEVICE, NIC },
	{ "", "igb 0000:0e:00.0 enp14s0: igb: enp14s0 NIC Link is Up",
	  AMI_LINE_DEVICE, NIC },
	{ "", "enp14s0: hw csum failure", AMI_LINE_DEVICE, NIC },
	{ "", "scsi host3: ahci", AMI_LINE_DEVICE, DISK },
	{ "", "sd 3:0:0:0: [sda] tag#0 FAILED Result: hostbyte=DID_OK",
	  AMI_LINE_DEVICE, DISK },
	{ "", "ahci_cm0: fault_state(0x2100)!", AMI_LINE_DEVICE, DISK },
	{ "+pci:0000:00:01.1", "pcieport 0000:00:01.1: AER: Uncorrectable (Fatal) error message received from 0000:0b:00.0",
	  AMI_LINE_DEVICE, DISK },
};

#define LINES	(sizeof(lines) / sizeof(lines[0]))

struct seen {
	size_t i;
	const struct ami_state *s;
};

static bool see(void *ctx, const struct ami_line *line)
{
	struct seen *seen = ctx;

	if (!seen->i++)
		return true;	/* the banner */
	assert_true(seen->i <= LINES + 1);
	if (line->kind != lines[seen->i - 2].kind)
		print_error("%s: %s\n", line->text,
			    ami_line_kind_name(line->kind));
	assert_int_equal(line->kind, lines[seen->i - 2].kind);
	assert_int_equal(line->device < 0 ? -1 :
			 seen->s->devices[line->device].bdf.devid,
			 lines[seen->i - 2].devid);
	return true;
}

static void lines_matter(void **state)
{
	struct seen seen = { 0 };
	size_t i;

	(void)state;
	witnessed_start(&rig, SHAPE_6_1, 0);
	for (i = 0; i < LINES; i++)
		klog_add(&rig.log, 3, 0, lines[i].device, lines[i].text);
	machine_analyse(rig.m);
	seen.s = rig.m->state;
	ami_dmesg_each(rig.m->state, see, &seen);
	assert_int_equal(seen.i, LINES + 1);
	assert_int_equal(rig.m->incidents->dmesg->stats.records, LINES + 1);
	witnessed_free(&rig);
}

/* With two disks of one driver only what named it before says which. */
static void names_are_learned(void **state)
{
	const struct ami_dmesg *d;

	(void)state;
	witnessed_start(&rig, SHAPE_6_1, 0);
	witnessed_device(rig.m, 0x100, "nvme", 7);
	witnessed_device(rig.m, 0x200, "nvme", 8);
	klog_say(&rig.log, "nvme nvme0: I/O 384 QID 3 timeout, aborting");
	klog_say(&rig.log, "nvme nvme1: pci function 0000:02:00.0");
	klog_say(&rig.log, "nvme nvme1: I/O 384 QID 3 timeout, aborting");
	klog_say(&rig.log, "nvme1n1: I/O Cmd(0x2) @ LBA 8, 8 blocks");
	machine_analyse(rig.m);
	d = rig.m->incidents->dmesg;
	assert_int_equal(d->count, 4);
	assert_int_equal(d->list[0].kind, AMI_LINE_DEVICE);
	assert_int_equal(d->list[0].device, -1);
	assert_int_equal(rig.m->state->devices[d->list[2].device].bdf.devid,
			 0x200);
	assert_int_equal(rig.m->state->devices[d->list[3].device].bdf.devid,
			 0x200);
	witnessed_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_understood),
		cmocka_unit_test(printed_events_are_events),
		cmocka_unit_test(lines_matter),
		cmocka_unit_test(names_are_learned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
