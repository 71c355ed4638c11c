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
#include "klog.h"
#include "render.h"
#include "vmcore.h"

#define BUFFER		0x8000000ull
#define PAGES		16u
#define DISK		0x0b00u
#define NIC		0x0e00u
#define TYPE_DMA	3u
#define RAM_PAGES	0x10000u

struct rig {
	struct machine *m;
	struct klog log;
	uint64_t events;
};

static void add_device(struct machine *m, uint16_t devid, const char *driver,
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

static void rig_start(struct rig *r, enum shape shape, uint64_t first)
{
	uint64_t phys;

	r->m = machine_new_sized(shape, 0, 0xffff, RAM_PAGES);
	klog_start(&r->log, r->m, first);
	klog_say(&r->log, "Linux version");
	phys = image_alloc(r->m->img, 2);
	r->events = image_va(phys);
	machine_set(r->m, r->m->iommu, AMI_F_amd_iommu_evt_buf, r->events);
	add_device(r->m, DISK, "ahci", 5);
	add_device(r->m, NIC, "igb", 6);
}

static void rig_event(struct rig *r, uint32_t w0, uint32_t w1, uint64_t address)
{
	const uint32_t w[4] = { w0, w1, address, address >> 32 };

	machine_write(r->m, r->events, w, sizeof(w));
	r->events += sizeof(w);
}

static struct rig rig;

static void rig_free(struct rig *r)
{
	machine_free(r->m);
}

/* --- by meaning ------------------------------------------------------------------ */

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

/* --- the same fact, whoever saw it -------------------------------------------------- */

enum by { EVENT, LINE, RING };

/**
 * struct fact - an incident and one way to know of it
 *
 * F1 IOTLB_INV_TIMEOUT in either log, F15 the device without its segment, F16
 * COMMAND_HARDWARE_ERROR, F17 a completion wait in the newest kernels' words, F5
 * lost events: of public reports.
 *
 * @w: the event log's entry; @line: the kernel's log
 * @code, @where: of its finding; @stale: which devices may use what was removed
 */
static const struct fact {
	enum by by;
	uint32_t w[2];
	const char *line;
	const char *code, *where;
	bool disk, nic;
	enum ami_verdict verdict;
} facts[] = {
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

/* The ring of a machine whose IOMMU never did what it was told. */
static void never_done(struct machine *m)
{
	machine_command(m, 0, (struct amdvi_command){
		.opcode = AMDVI_CMD_INVALIDATE_IOMMU_ALL });
	machine_command(m, 1, (struct amdvi_command){
		.opcode = AMDVI_CMD_COMPLETION_WAIT, .store = true,
		.store_addr = m->semaphore, .data = 1 });
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_sem_val, 1);
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_buf_tail, 2 * 16);
}

static bool all_stale(const struct machine *m, uint16_t devid)
{
	const struct ami_exposure *e = machine_exposure(m, devid,
							AMI_CLASS_STALE);

	return e && !e->complete && e->nr_iovas == 1 && !e->iovas[0].first &&
	       e->iovas[0].last == UINT64_MAX;
}

static void check_fact(const struct fact *f, enum shape shape)
{
	rig_start(&rig, shape, 0);
	if (f->by == EVENT)
		rig_event(&rig, f->w[0], f->w[1], 0x2147e0);
	else if (f->by == LINE)
		klog_say(&rig.log, f->line);
	else
		never_done(rig.m);
	machine_analyse(rig.m);
	print_message("# %s %s\n", f->code, f->line ? f->line : "");
	assert_non_null(machine_said_of(rig.m, f->code, f->where));
	assert_int_equal(all_stale(rig.m, DISK), f->disk);
	assert_int_equal(all_stale(rig.m, NIC), f->nic);
	assert_int_equal(rig.m->ex->verdict, f->verdict);
	rig_free(&rig);
}

static void whoever_saw_it(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		check_fact(&facts[i], SHAPE_RHEL_8_OLD);
		check_fact(&facts[i], SHAPE_6_1);
		check_fact(&facts[i], SHAPE_7);
	}
}

/* --- in an extract -------------------------------------------------------------------- */

/* All but the names of the files, and the log, that is in the dump alone. */
static char *all_said(const struct ami_analysis *a)
{
	struct ami_request r = { .iommu = -1, .verbose = true };
	char *text = render(a, &r), *at = strstr(text, "\nDEVICES");

	assert_non_null(at);
	memmove(text, at, strlen(at) + 1);
	return text;
}

static char *incidents_as_json(const struct ami_analysis *a)
{
	struct ami_request r = { .iommu = -1, .json = true };
	char *text = render(a, &r), *at = strstr(text, "\"incidents\"");
	char *end = strstr(text, "\"log_buffer\"");

	assert_true(at && end);
	*end = '\0';
	memmove(text, at, strlen(at) + 1);
	return text;
}

static void same_text(char *of_dump, char *of_extract)
{
	assert_string_equal(of_dump, of_extract);
	free(of_dump);
	free(of_extract);
}

static void same_in_extract(struct machine *m)
{
	struct ami_analysis *dump, *extract;

	vmcore_extract(m, NULL, &dump, &extract);
	assert_int_not_equal(extract->dmesg->mem, AMI_MEM_OK);
	assert_int_equal(extract->exposures->verdict,
			 dump->exposures->verdict);
	same_text(incidents_as_json(dump), incidents_as_json(extract));
	same_text(all_said(dump), all_said(extract));
	ami_analysis_free(dump);
	ami_analysis_free(extract);
}

static void extracts_know_what_the_log_knew(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (facts[i].by != LINE)
			continue;
		rig_start(&rig, SHAPE_6_1, 0);
		klog_say(&rig.log, facts[i].line);
		same_in_extract(rig.m);
		rig_free(&rig);
	}
}

/* What the dump did not have either is not missing from its extract. */
static void extracts_of_no_log(void **state)
{
	(void)state;
	rig_start(&rig, SHAPE_6_1, 0);
	never_done(rig.m);
	machine_variable(rig.m, AMI_SYM_prb, 0);
	same_in_extract(rig.m);
	rig_free(&rig);
}

/* More than are kept one by one, of one device, beside others. */
static void extracts_know_of_floods(void **state)
{
	char text[160];
	unsigned int i;

	(void)state;
	rig_start(&rig, SHAPE_7, 0);
	rig_event(&rig, DISK, 0x20200005, 0x5003000);
	for (i = 0; i < 3 * AMI_OCCURRENCES; i++) {
		snprintf(text, sizeof(text),
			 "ahci 0000:0b:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0005 address=0x%x000 flags=0x0020]",
			 0x5000 + i);
		klog_add(&rig.log, 3, 0, "+pci:0000:0b:00.0", text);
	}
	klog_say(&rig.log, "amd_iommu_report_page_fault: 7 callbacks suppressed");
	klog_say(&rig.log, "AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=0e:00.0 address=0x2147e0]");
	same_in_extract(rig.m);
	rig_free(&rig);
}

/* What stands there is no user's: numbers and the names of kinds. */
static void nothing_else_of_the_log(void **state)
{
	struct ami_analysis *dump, *extract;
	const char *info;

	(void)state;
	rig_start(&rig, SHAPE_6_1, 0);
	klog_say(&rig.log, "AMD-Vi: Completion-Wait loop timed out, planted");
	vmcore_extract(rig.m, NULL, &dump, &extract);
	assert_null(strstr(ami_dump_vmcoreinfo(dump->dump), "AMDIOMMU_"));
	info = ami_dump_vmcoreinfo(extract->dump);
	has(info, "\nAMDIOMMU_INCIDENTS=1 0\n"
	    "AMDIOMMU_INCIDENT=completion-wait-lost - - 0 1 0 2000000 2000000 0x1 0\n"
	    "AMDIOMMU_EVENT=2000000 0 0 0 0\n");
	lacks(info, "planted");
	ami_analysis_free(dump);
	ami_analysis_free(extract);
	rig_free(&rig);
}

#define HEAD1	"AMDIOMMU_INCIDENTS=1 0\n"

/* Each costs a finding, and is never taken for "nothing happened". */
static void damaged_lines_are_said(void **state)
{
	static const struct {
		const char *lines;
		bool bad, lost;
	} rows[] = {
		{ "AMDIOMMU_INCIDENTS=0 0\n", false, false },
		{ HEAD1 "AMDIOMMU_INCIDENT=completion-wait-lost - - 0 1 0 1 1 1 0\n",
		  false, true },
		{ HEAD1 "AMDIOMMU_INCIDENT=invalidation-timeout 0000:0b:00.0 - 0 1 0 1 1 1 0\n",
		  false, true },
		/* a number of no IOMMU: any of them */
		{ HEAD1 "AMDIOMMU_INCIDENT=completion-wait-lost - - 999 1 0 1 1 1 0\n",
		  false, true },
		/* of a kind that this version does not know */
		{ HEAD1 "AMDIOMMU_INCIDENT=teapot - - 0 1 0 1 1 1 0\n", true,
		  false },
		{ HEAD1 "AMDIOMMU_INCIDENT=none - - 0 1 0 1 1 1 0\n", true,
		  false },
		{ HEAD1 "AMDIOMMU_INCIDENT=completion-wait-lost - - 0 0 0 1 1 1 0\n",
		  true, false },
		{ HEAD1 "AMDIOMMU_INCIDENT=completion-wait-lost - - 0 1 0\n",
		  true, false },
		{ HEAD1 "AMDIOMMU_INCIDENT=completion-wait-lost x - 0 1 0 1 1 1 0\n",
		  true, false },
		{ HEAD1 "AMDIOMMU_INCIDENT=completion-wait-lost 01:00.0 01:00.0 0 1 0 1 1 1 0\n",
		  true, false },
		{ HEAD1 "AMDIOMMU_INCIDENT=completion-wait-lost - - 0 18446744073709551615 0 1 1 1 0\n",
		  true, false },
		/* lines that are gone, or came on top */
		{ HEAD1, true, false },
		{ "AMDIOMMU_INCIDENTS=\n", true, false },
		{ HEAD1 HEAD1, true, false },
		{ "AMDIOMMU_INCIDENT=completion-wait-lost - - 0 1 0 1 1 1 0\n",
		  true, true },
		{ "AMDIOMMU_INCIDENTS=0 0\nAMDIOMMU_EVENT=1 0 0 0 0\n", true,
		  false },
		{ HEAD1 "AMDIOMMU_INCIDENT=page-fault 0000:0b:00.0 - 0 1 0 1 1 1 0\n"
		  "AMDIOMMU_EVENT=1 0xb00 0x20200005 0 0\n"
		  "AMDIOMMU_EVENT=1 0xb00 0x20200005 0 0\n", true, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rig_start(&rig, SHAPE_6_1, 0);
		/* Without a log of its own, as an extract is. */
		machine_variable(rig.m, AMI_SYM_prb, 0);
		image_vmcoreinfo_add(rig.m->img, rows[i].lines);
		machine_analyse(rig.m);
		print_message("# %s", rows[i].lines);
		assert_int_equal(machine_found(rig.m, "incidents-unread"),
				 rows[i].bad);
		assert_int_equal(machine_found(rig.m, "invalidation-lost"),
				 rows[i].lost);
		assert_int_equal(all_stale(rig.m, DISK), rows[i].lost);
		rig_free(&rig);
	}
}

/* As versions did that carried no incidents. */
static void forget_incidents(const struct ami_analysis *dump)
{
	ami_dump_carry(dump->dump, strdup(""));
}

static void an_old_extract_says_so(void **state)
{
	struct ami_analysis *dump, *extract;
	char *text;

	(void)state;
	rig_start(&rig, SHAPE_6_1, 0);
	vmcore_extract(rig.m, forget_incidents, &dump, &extract);
	text = all_said(extract);
	has(text, "incidents-unread");
	free(text);
	text = all_said(dump);
	lacks(text, "incidents-unread");
	free(text);
	ami_analysis_free(dump);
	ami_analysis_free(extract);
	rig_free(&rig);
}

/* However many lines there are. */
static void carried_floods_are_bounded(void **state)
{
	static const char line[] =
		"AMDIOMMU_INCIDENT=page-fault %04x:00:00.0 - 0 1 0 1 1 1 0\n";
	size_t size = 12000 * sizeof(line), used, i;
	char *lines = malloc(size);

	(void)state;
	assert_non_null(lines);
	used = snprintf(lines, size, "AMDIOMMU_INCIDENTS=12000 0\n");
	for (i = 0; i < 12000; i++)
		used += snprintf(lines + used, size - used, line, (int)i);
	rig_start(&rig, SHAPE_6_1, 0);
	machine_variable(rig.m, AMI_SYM_prb, 0);
	image_vmcoreinfo_add(rig.m->img, lines);
	machine_analyse(rig.m);
	assert_true(machine_found(rig.m, "incidents-unread"));
	assert_int_equal(rig.m->incidents->count, AMI_MAX_INCIDENTS + 1);
	rig_free(&rig);
	free(lines);
}

/* A program may write anything into the log. */
static void programs_are_no_witnesses(void **state)
{
	size_t i;

	(void)state;
	rig_start(&rig, SHAPE_6_1, 0);
	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (facts[i].by == LINE)
			klog_add(&rig.log, 3, 1, "", facts[i].line);
	machine_analyse(rig.m);
	assert_int_equal(rig.m->incidents->count, 0);
	assert_int_equal(rig.m->ex->verdict, AMI_VERDICT_EXPOSED);
	rig_free(&rig);
}

/* The driver leaves page faults in the event log after it printed them. */
static void two_witnesses_of_one_fault(void **state)
{
	const struct ami_incident *in;

	(void)state;
	rig_start(&rig, SHAPE_6_1, 0);
	rig_event(&rig, DISK, 0x20200005, 0x5000000);
	rig_event(&rig, DISK, 0x20200005, 0x6000000);
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
	rig_free(&rig);
}

/* --- what a ring proves later ------------------------------------------------------- */

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

	rig_start(&rig, SHAPE_6_1, 0);
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
	rig_event(&rig, DISK, 0x70000000, m->ring + 16 * l->blamed);
	if (l->lost)
		klog_say(&rig.log, "AMD-Vi: IOMMU event log overflow");
	machine_analyse(m);
	assert_int_equal(machine_found(m, "invalidation-recovered"),
			 l->settled);
	assert_int_equal(!!machine_said_of(m, "invalidation-lost", "0000:0b:00.0"),
			 !l->settled);
	assert_int_equal(all_stale(m, DISK), !l->settled);
	rig_free(&rig);
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

	rig_start(&rig, g->shape, 0);
	m = rig.m;
	if (g->queued)
		never_done(m);
	else
		machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_sem_val, 1);
	machine_set(m, m->iommu, AMI_F_amd_iommu_lock, g->locked);
	machine_analyse(m);
	if (machine_found(m, "invalidation-lost") != g->lost)
		fail_msg("row %zu", (size_t)(g - given));
	rig_free(&rig);
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
	rig_start(&rig, SHAPE_6_1, 0);
	m = rig.m;
	never_done(m);
	image_write64(m->img, m->semaphore, 1);
	klog_say(&rig.log, "AMD-Vi: Completion-Wait loop timed out");
	machine_analyse(m);
	assert_non_null(machine_said_of(m, "invalidation-recovered", "iommu0"));
	assert_false(machine_found(m, "invalidation-lost"));
	assert_null(machine_exposure(m, DISK, AMI_CLASS_STALE));
	assert_int_equal(m->ex->verdict, AMI_VERDICT_SUSPECT);
	rig_free(&rig);
}

/* Of two IOMMUs, the one that never issued a wait did not lose one. */
static void only_those_it_can_be(void **state)
{
	struct machine *m;

	(void)state;
	rig_start(&rig, SHAPE_6_1, 0);
	m = rig.m;
	machine_iommu(m, 0x4002, NIC, NIC);
	never_done(m);
	klog_say(&rig.log, "AMD-Vi: Completion-Wait loop timed out");
	machine_analyse(m);
	assert_non_null(machine_said_of(m, "invalidation-lost", "iommu0"));
	assert_int_equal(m->incidents->count, 1);
	assert_true(all_stale(m, DISK));
	assert_null(machine_exposure(m, NIC, AMI_CLASS_STALE));
	rig_free(&rig);
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

/* --- lines of the log ---------------------------------------------------------------- */

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
	rig_start(&rig, SHAPE_6_1, 0);
	for (i = 0; i < LINES; i++)
		klog_add(&rig.log, 3, 0, lines[i].device, lines[i].text);
	machine_analyse(rig.m);
	seen.s = rig.m->state;
	ami_dmesg_each(rig.m->state, see, &seen);
	assert_int_equal(seen.i, LINES + 1);
	assert_int_equal(rig.m->incidents->dmesg->stats.records, LINES + 1);
	rig_free(&rig);
}

/* With two disks of one driver only what named it before says which. */
static void names_are_learned(void **state)
{
	const struct ami_dmesg *d;

	(void)state;
	rig_start(&rig, SHAPE_6_1, 0);
	add_device(rig.m, 0x100, "nvme", 7);
	add_device(rig.m, 0x200, "nvme", 8);
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
	rig_free(&rig);
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
	rig_start(&rig, SHAPE_6_1, 0);
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
	rig_free(&rig);
}

/* F5: that there were more faults is trouble, and said where faults are listed. */
static void lost_events_are_counted(void **state)
{
	char *text;

	(void)state;
	rig_start(&rig, SHAPE_6_1, 0);
	klog_add(&rig.log, 4, 0, "", "AMD-Vi: IOMMU event log overflow");
	klog_add(&rig.log, 4, 0, "",
		 "amd_iommu_report_page_fault: 96 callbacks suppressed");
	machine_analyse(rig.m);
	text = shown(false, AMI_VIEW_REPORT);
	has(text, "2 of them report IOMMU trouble");
	has(text, "the list of faults is");
	has(text, "96 more not printed");
	free(text);
	rig_free(&rig);
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
	rig_start(&rig, SHAPE_6_1, 0);
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		klog_say(&rig.log, said[i]);
	machine_analyse(rig.m);
	bug = shown(true, AMI_VIEW_REPORT);
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		has(bug, said[i]);
	free(bug);
	rig_free(&rig);
}

static void a_wrapped_log_is_said(void **state)
{
	char *text;

	(void)state;
	rig_start(&rig, SHAPE_6_1, 312);
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
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_understood),
		cmocka_unit_test(printed_events_are_events),
		cmocka_unit_test(whoever_saw_it),
		cmocka_unit_test(extracts_know_what_the_log_knew),
		cmocka_unit_test(extracts_know_of_floods),
		cmocka_unit_test(extracts_of_no_log),
		cmocka_unit_test(nothing_else_of_the_log),
		cmocka_unit_test(damaged_lines_are_said),
		cmocka_unit_test(an_old_extract_says_so),
		cmocka_unit_test(carried_floods_are_bounded),
		cmocka_unit_test(programs_are_no_witnesses),
		cmocka_unit_test(two_witnesses_of_one_fault),
		cmocka_unit_test(a_later_flush_settles_it),
		cmocka_unit_test(a_wait_that_was_not_queued_yet),
		cmocka_unit_test(a_later_wait_settles_it),
		cmocka_unit_test(only_those_it_can_be),
		cmocka_unit_test(floods_are_bounded),
		cmocka_unit_test(lines_matter),
		cmocka_unit_test(names_are_learned),
		cmocka_unit_test(floods_hide_nothing),
		cmocka_unit_test(lost_events_are_counted),
		cmocka_unit_test(overwritten_memory_is_in_the_bug_report),
		cmocka_unit_test(a_wrapped_log_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
