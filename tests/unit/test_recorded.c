// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The record that amdiommu-record makes at a crash, in machines made by hand:
 * what it proves, when it proves nothing, and that damage to it proves nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <amdiommu/record.h>

#include "image.h"
#include "vmcore.h"

#define NIC		0x18
#define DOMAIN		7
#define MMIO		0xfeb80000ull
#define PAGES		(1 + AMI_RECORD_EACH)
#define MAP_AT		0xe00u	/* the structure, in the page before the data */
#define WAITS		9u	/* issued; the IOMMU did 5 of them */
#define DONE		5u
#define RUNNING		0x18ull
#define HALTED		0x08ull
#define CONTROL		0x148full

/**
 * struct rig - a machine with a record
 * @page: physical address of page 0; @copy: the pages, as they will be written
 */
struct rig {
	struct machine *m;
	uint64_t page, ring, log;
	uint8_t copy[PAGES][AMI_RECORD_PAGE];
};

static struct ami_member member(uint32_t offset, uint32_t size)
{
	return (struct ami_member){
		.present = true, .offset = offset, .size = size,
	};
}

static void head_of(struct rig *rig, uint32_t number, enum ami_record_kind kind)
{
	struct ami_record_head *h = (void *)rig->copy[number];

	*h = (struct ami_record_head){
		.magic = { AMI_RECORD_MAGIC0 ^ AMI_RECORD_MAGIC_KEY,
			   AMI_RECORD_MAGIC1 ^ AMI_RECORD_MAGIC_KEY },
		.version = AMI_RECORD_VERSION, .kind = kind, .page = number,
		.pages = PAGES, .id = 0x1234567, .run = 1,
		.self = image_va(rig->page + number * AMI_RECORD_PAGE),
	};
}

static struct ami_record_iommu *registers_of(struct rig *rig)
{
	return (void *)rig->copy[1];
}

static void fill_registers(struct rig *rig, uint64_t head, uint64_t tail,
			   uint64_t status)
{
	struct ami_record_iommu *r = registers_of(rig);
	const uint64_t reg[][2] = {
		{ 0x00, rig->m->seg->dev_table | rig->m->sme },
		{ 0x08, rig->m->ring | rig->m->sme | 9ull << 56 },
		{ 0x10, rig->log | rig->m->sme | 9ull << 56 },
		{ 0x18, CONTROL }, { 0x2010, 0 }, { 0x2018, 0 },
	};
	unsigned int i;

	r->va = rig->m->iommu;
	r->mmio_phys = MMIO;
	r->semaphore = DONE;
	for (i = 0; i < AMI_RECORD_REGISTERS; i++) {
		r->offset[i] = i < 6 ? reg[i][0] : UINT64_MAX;
		r->value[i] = i < 6 ? reg[i][1] : 0;
	}
	for (i = 0; i < AMI_RECORD_SAMPLES; i++)
		r->sample[i] = (struct ami_record_sample){
			i, head * 16, tail * 16, status,
		};
}

static void fill_copies(struct rig *rig, uint64_t phys, uint64_t va,
			uint32_t first, enum ami_record_kind kind)
{
	uint8_t whole[2 * AMI_RECORD_PAGE];
	uint32_t part, at = 0;

	image_read(rig->m->img, phys, whole, AMI_RECORD_PAGE);
	image_read(rig->m->img, phys + AMI_RECORD_PAGE,
		   whole + AMI_RECORD_PAGE, AMI_RECORD_PAGE);
	for (part = 0; part < AMI_RECORD_PARTS; part++) {
		struct ami_record_copy *c = (void *)rig->copy[first + part];

		head_of(rig, first + part, kind);
		c->iommu = 1;
		c->va = va;
		c->offset = at;
		c->bytes = sizeof(whole) - at < AMI_RECORD_DATA ?
			   sizeof(whole) - at : AMI_RECORD_DATA;
		memcpy(c->data, whole + at, c->bytes);
		at += c->bytes;
	}
}

static void seal_pages(struct rig *rig)
{
	uint32_t i;

	for (i = 0; i < PAGES; i++) {
		struct ami_record_head *h = (void *)rig->copy[i];

		h->sum = ami_record_sum(h);
		image_write(rig->m->img, rig->page + i * AMI_RECORD_PAGE, h,
			    AMI_RECORD_PAGE);
	}
}

/* The list of maps has this one, or leads to what is not in the dump. */
static void list_maps(struct rig *rig, uint64_t entry)
{
	struct machine *m = rig->m;
	struct ami_layout *l = image_layout(m->img);
	uint64_t idr = machine_variable(m, AMI_SYM_map_idr, 0);

	l->field[AMI_F_bpf_map_name] = member(0x40, 16);
	l->field[AMI_F_bpf_map_value_size] = member(0x20, 4);
	l->field[AMI_F_xarray_head] = member(8, 8);
	l->field[AMI_F_xa_node_shift] = member(0, 1);
	l->field[AMI_F_xa_node_slots] = member(0x28, 512);
	machine_write(m, idr + 8, &entry, sizeof(entry));
}

static void fill_ring(struct machine *m)
{
	uint32_t i;

	for (i = 0; i < WAITS; i++) {
		machine_command(m, 2 * i, (struct amdvi_command){
			.opcode = AMDVI_CMD_INVALIDATE_IOMMU_PAGES,
			.domain_id = DOMAIN, .address = 0x10000ull + i * 0x1000 });
		machine_command(m, 2 * i + 1, (struct amdvi_command){
			.opcode = AMDVI_CMD_COMPLETION_WAIT, .store = true,
			.store_addr = m->semaphore, .data = i + 1 });
	}
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_sem_val, WAITS);
	machine_set(m, m->iommu, AMI_F_amd_iommu_cmd_buf_tail, WAITS * 32);
	image_write64(m->img, m->semaphore, DONE);
}

/* A NIC that unmapped, an IOMMU that did not follow; and the record of it. */
static void set_up(struct rig *rig, enum shape shape, uint64_t sme)
{
	struct ami_record_machine *page;
	struct machine *m = machine_new(shape, sme);
	struct amdvi_dte dte;
	uint64_t root, map;

	memset(rig, 0, sizeof(*rig));
	rig->m = m;
	root = machine_v1(m, BUFFER, 3);
	machine_device(m, NIC, "nic",
		       machine_domain(m, DOMAIN, TYPE_DMA, AMI_FORMAT_V1, root, 2));
	dte = machine_paging(root, 2, DOMAIN);
	machine_dte(m, NIC, &dte);
	fill_ring(m);
	machine_set(m, m->iommu, AMI_F_amd_iommu_mmio_phys, MMIO);
	rig->log = image_alloc(m->img, 2);
	machine_set(m, m->iommu, AMI_F_amd_iommu_evt_buf, image_va(rig->log));
	map = image_alloc(m->img, 1 + PAGES);
	rig->page = map + AMI_RECORD_PAGE;
	map += MAP_AT;
	image_write(m->img, map + 0x40, AMI_RECORD_MAP, sizeof(AMI_RECORD_MAP));
	image_write32(m->img, map + 0x20, PAGES * AMI_RECORD_PAGE);
	list_maps(rig, image_va(map));

	head_of(rig, 0, AMI_RECORD_MACHINE);
	page = (void *)rig->copy[0];
	page->iommus = 1;
	page->crashing_known = 1;
	page->cpu = page->crashing_cpu = 3;
	page->begun_ns = 77000;
	head_of(rig, 1, AMI_RECORD_IOMMU);
	fill_registers(rig, 12, 2 * WAITS, HALTED);
	fill_copies(rig, m->ring, image_va(m->ring), 2, AMI_RECORD_RING);
	fill_copies(rig, rig->log, image_va(rig->log), 2 + AMI_RECORD_PARTS,
		    AMI_RECORD_LOG);
	seal_pages(rig);
}

static const struct ami_iommu *the_iommu(const struct rig *rig)
{
	assert_int_equal(rig->m->state->nr_iommus, 1);
	return &rig->m->state->iommus[0];
}

static const struct ami_ring *the_ring(const struct rig *rig)
{
	return &the_iommu(rig)->ring;
}

static void is_unused(const struct rig *rig)
{
	assert_int_equal(the_ring(rig)->count[AMI_ENTRY_NOT_EXECUTED], 0);
	assert_int_equal(the_ring(rig)->count[AMI_ENTRY_UNPROVEN],
			 2 * (WAITS - DONE));
	assert_int_equal(the_ring(rig)->replaced, 0);
	assert_false(machine_found(rig->m, "commands-not-executed"));
	assert_false(machine_found(rig->m, "commands-stopped"));
}

/* From the head on: not executed. Before it: fetched, and not proven. */
static void stopped_at_head(struct machine *unused)
{
	struct rig rig;
	uint32_t i;

	set_up(&rig, unused->shape, unused->sme);
	machine_analyse(rig.m);
	assert_int_equal(the_iommu(&rig)->registers.use, AMI_REGISTERS_KNOWN);
	assert_int_equal(the_iommu(&rig)->registers.pending, 2 * WAITS - 12);
	assert_int_equal(the_ring(&rig)->proven, 2 * DONE - 1);
	for (i = 2 * DONE; i < 2 * WAITS; i++)
		assert_int_equal(the_ring(&rig)->state[i], i < 12 ?
				 AMI_ENTRY_UNPROVEN : AMI_ENTRY_NOT_EXECUTED);
	assert_true(machine_found(rig.m, "commands-not-executed"));
	assert_true(machine_found(rig.m, "commands-stopped"));
	/* Those that were fetched, and no others. */
	assert_memory_equal(machine_said_of(rig.m, "commands-unproven", "iommu0"),
			    "2 commands ", 11);
	assert_non_null(machine_exposure(rig.m, NIC, AMI_CLASS_STALE));
	machine_free(rig.m);
}
OVER_SHAPES(stopped_at_head)

/* At work: it may have done the rest a moment later. */
static void test_running(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, SHAPE_6_1, 0);
	fill_registers(&rig, 12, 2 * WAITS, RUNNING);
	seal_pages(&rig);
	machine_analyse(rig.m);
	is_unused(&rig);
	assert_int_equal(the_iommu(&rig)->registers.pending, 2 * WAITS - 12);
	assert_true(machine_found(rig.m, "commands-pending"));
	machine_free(rig.m);
}

/* A CPU was stopped between writing its command and the tail register. */
static void test_not_handed_over(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, SHAPE_6_1, 0);
	fill_registers(&rig, 2 * WAITS - 1, 2 * WAITS - 1, RUNNING);
	seal_pages(&rig);
	machine_analyse(rig.m);
	assert_int_equal(the_ring(&rig)->state[2 * WAITS - 1],
			 AMI_ENTRY_NOT_EXECUTED);
	assert_int_equal(the_ring(&rig)->count[AMI_ENTRY_NOT_EXECUTED], 1);
	machine_free(rig.m);
}

static void overwrite_ring(struct machine *m)
{
	uint64_t foreign = 0x8000000;
	uint32_t i;

	machine_crashkernel(m, foreign, foreign + 0xffffff);
	for (i = 0; i < AMI_RING_ENTRIES; i++)
		machine_command(m, i, (struct amdvi_command){
			.opcode = AMDVI_CMD_COMPLETION_WAIT, .store = true,
			.store_addr = foreign, .data = i + 1 });
}

/* The capture kernel overwrote the ring: the record has it still. */
static void ring_comes_from_record(struct machine *unused)
{
	struct rig rig;

	set_up(&rig, unused->shape, unused->sme);
	overwrite_ring(rig.m);
	machine_analyse(rig.m);
	assert_int_equal(the_ring(&rig)->replaced, AMI_RING_ENTRIES);
	assert_int_equal(the_ring(&rig)->count[AMI_ENTRY_OVERWRITTEN], 0);
	assert_int_equal(the_ring(&rig)->proven, 2 * DONE - 1);
	assert_int_equal(the_ring(&rig)->count[AMI_ENTRY_NOT_EXECUTED],
			 2 * WAITS - 12);
	assert_false(the_ring(&rig)->blind);
	assert_true(machine_found(rig.m, "ring-from-record"));
	machine_free(rig.m);
}
OVER_SHAPES(ring_comes_from_record)

/* A CPU that had not stopped went on: the dump is newer than the record. */
static void test_newer_is_kept(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, SHAPE_6_1, 0);
	machine_command(rig.m, 2 * WAITS, (struct amdvi_command){
		.opcode = AMDVI_CMD_INVALIDATE_IOMMU_PAGES,
		.domain_id = DOMAIN, .address = 0x77000 });
	machine_set(rig.m, rig.m->iommu, AMI_F_amd_iommu_cmd_buf_tail,
		    WAITS * 32 + 16);
	machine_analyse(rig.m);
	assert_int_equal(the_ring(&rig)->replaced, 0);
	assert_int_equal(the_ring(&rig)->entry[2 * WAITS].opcode,
			 AMDVI_CMD_INVALIDATE_IOMMU_PAGES);
	assert_false(machine_found(rig.m, "ring-from-record"));
	machine_free(rig.m);
}

/* A tail that the driver never reached: no entry of that record is taken. */
static void test_misfit_takes_nothing(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, SHAPE_6_1, 0);
	overwrite_ring(rig.m);
	fill_registers(&rig, 12, 2 * WAITS + 4, HALTED);
	seal_pages(&rig);
	machine_analyse(rig.m);
	assert_int_equal(the_ring(&rig)->replaced, 0);
	assert_int_equal(the_ring(&rig)->count[AMI_ENTRY_OVERWRITTEN],
			 AMI_RING_ENTRIES);
	assert_true(machine_found(rig.m, "record-contradicted"));
	machine_free(rig.m);
}

static void test_ring_not_in_dump(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, SHAPE_6_1, 0);
	image_hide(rig.m->img, rig.m->ring >> AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	machine_analyse(rig.m);
	assert_int_equal(the_ring(&rig)->replaced, AMI_RING_ENTRIES / 2);
	assert_int_equal(the_ring(&rig)->count[AMI_ENTRY_UNREAD], 0);
	assert_false(machine_found(rig.m, "ring-unread"));
	machine_free(rig.m);
}

static void test_log_not_in_dump(void **state)
{
	const struct ami_log *log;
	struct rig rig;

	(void)state;
	set_up(&rig, SHAPE_6_1, 0);
	image_write64(rig.m->img, rig.log + 32, 0x2000000000000018);
	fill_copies(&rig, rig.log, image_va(rig.log), 2 + AMI_RECORD_PARTS,
		    AMI_RECORD_LOG);
	seal_pages(&rig);
	image_hide(rig.m->img, rig.log >> AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	machine_analyse(rig.m);
	log = &the_iommu(&rig)->log[AMI_LOG_EVENT];
	assert_true(log->recorded);
	assert_int_equal(log->count, 1);
	assert_int_equal(log->list[0].index, 2);
	assert_false(machine_found(rig.m, "log-unread"));
	machine_free(rig.m);
}

/* The list of maps is not in the dump: the pages show themselves. */
static void test_found_by_pages(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, SHAPE_6_1, 0);
	list_maps(&rig, image_va(BUFFER) | 2);
	image_hide(rig.m->img, BUFFER >> AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	machine_analyse(rig.m);
	assert_int_equal(the_iommu(&rig)->registers.use, AMI_REGISTERS_KNOWN);
	assert_int_equal(the_ring(&rig)->count[AMI_ENTRY_NOT_EXECUTED],
			 2 * WAITS - 12);
	machine_free(rig.m);
}

/* Through a file with symbols and types, and through an extract of it. */
static void kept_by_extract(struct machine *unused)
{
	struct ami_analysis *dump, *extract;
	struct rig rig;

	set_up(&rig, unused->shape, unused->sme);
	vmcore_extract(rig.m, NULL, &dump, &extract);
	assert_int_equal(dump->state->iommus[0].registers.use,
			 AMI_REGISTERS_KNOWN);
	assert_int_equal(extract->state->iommus[0].registers.use,
			 AMI_REGISTERS_KNOWN);
	assert_int_equal(extract->state->recording.begun_ns, 77000);
	assert_memory_equal(extract->state->iommus[0].ring.state,
			    dump->state->iommus[0].ring.state,
			    sizeof(dump->state->iommus[0].ring.state));
	ami_analysis_free(extract);
	ami_analysis_free(dump);
	machine_free(rig.m);
}
OVER_SHAPES(kept_by_extract)

/* A change to the pages, and what is found then. */
static void changed(void (*change)(struct rig *rig), const char *finding)
{
	struct rig rig;

	set_up(&rig, SHAPE_6_1, 0);
	change(&rig);
	machine_analyse(rig.m);
	is_unused(&rig);
	assert_true(machine_found(rig.m, finding));
	machine_free(rig.m);
}

static void before_crash(struct rig *rig)
{
	uint32_t i;

	for (i = 0; i < PAGES; i++)
		((struct ami_record_head *)rig->copy[i])->run = 0;
	seal_pages(rig);
}

static void others_running(struct rig *rig)
{
	((struct ami_record_machine *)rig->copy[0])->crashing_cpu = UINT32_MAX;
	seal_pages(rig);
}

static void other_table(struct rig *rig)
{
	registers_of(rig)->value[0] += 0x1000;
	seal_pages(rig);
}

static void other_ring(struct rig *rig)
{
	registers_of(rig)->value[1] += 0x2000;
	seal_pages(rig);
}

static void head_before_proven(struct rig *rig)
{
	fill_registers(rig, 2, 2 * WAITS, HALTED);
	seal_pages(rig);
}

static void failed_read(struct rig *rig)
{
	registers_of(rig)->bad = 1;
	seal_pages(rig);
}

static void page_missing(struct rig *rig)
{
	image_hide(rig->m->img, rig->page / AMI_RECORD_PAGE + 1,
		   AMI_MEM_FILTERED);
}

static void first_page_missing(struct rig *rig)
{
	image_hide(rig->m->img, rig->page / AMI_RECORD_PAGE, AMI_MEM_FILTERED);
}

static void two_top_bits(struct rig *rig)
{
	registers_of(rig)->sample[0].head ^= 1ull << 63;
	registers_of(rig)->sample[0].tail ^= 1ull << 63;
	image_write(rig->m->img, rig->page + AMI_RECORD_PAGE, rig->copy[1],
		    AMI_RECORD_PAGE);
}

static void torn(struct rig *rig)
{
	registers_of(rig)->sample[3].status = RUNNING;
	image_write(rig->m->img, rig->page + AMI_RECORD_PAGE, rig->copy[1],
		    AMI_RECORD_PAGE);
}

static void test_not_used(void **state)
{
	(void)state;
	changed(before_crash, "record-empty");
	changed(others_running, "record-early");
	changed(other_table, "record-contradicted");
	changed(other_ring, "record-contradicted");
	changed(head_before_proven, "record-contradicted");
	changed(failed_read, "record-damaged");
	changed(page_missing, "record-damaged");
	changed(first_page_missing, "record-damaged");
	changed(two_top_bits, "record-damaged");
	changed(torn, "record-damaged");
}

/* A hypervisor's dump of a machine that went on running: nothing is missing. */
static void test_no_crash(void **state)
{
	struct rig rig;

	(void)state;
	set_up(&rig, SHAPE_6_1, 0);
	before_crash(&rig);
	machine_variable(rig.m, AMI_SYM_panic_cpu, UINT32_MAX);
	machine_analyse(rig.m);
	assert_int_equal(rig.m->state->crash, AMI_CRASH_NO);
	assert_false(machine_found(rig.m, "record-empty"));
	machine_free(rig.m);
}

/* The register says whether translation was on, whatever the machine did. */
static void was_off(uint64_t control, bool off, bool may_be)
{
	struct rig rig;
	struct ami_layout *l;

	set_up(&rig, SHAPE_6_1, 0);
	l = image_layout(rig.m->img);
	l->enumerator[AMI_E_SYSTEM_HALT].present = true;
	l->enumerator[AMI_E_SYSTEM_HALT].value = 4;
	machine_variable(rig.m, AMI_SYM_system_state, 6);
	registers_of(&rig)->value[3] = control;
	seal_pages(&rig);
	machine_analyse(rig.m);
	assert_int_equal(machine_found(rig.m, "iommu-was-off"), off);
	assert_int_equal(machine_found(rig.m, "iommu-may-be-off"), may_be);
	machine_free(rig.m);
}

static void test_was_off(void **state)
{
	(void)state;
	was_off(CONTROL, false, false);
	was_off(CONTROL & ~1ull, true, true);
}

/* --- damage --------------------------------------------------------------- */

struct outcome {
	enum ami_verdict verdict;
	enum ami_covered covered;
	uint32_t outstanding, unproven, not_executed, unread, done, replaced;
	bool blind, stale;
};

static struct outcome outcome_of(struct rig *rig)
{
	const struct ami_ring *ring;

	machine_analyse(rig->m);
	ring = the_ring(rig);
	return (struct outcome){
		.verdict = rig->m->ex->verdict, .covered = rig->m->ex->covered,
		.outstanding = ring->outstanding,
		.unproven = ring->count[AMI_ENTRY_UNPROVEN],
		.not_executed = ring->count[AMI_ENTRY_NOT_EXECUTED],
		.unread = ring->count[AMI_ENTRY_UNREAD] +
			  ring->count[AMI_ENTRY_OVERWRITTEN],
		.done = ring->count[AMI_ENTRY_DONE],
		.replaced = ring->replaced, .blind = ring->blind,
		.stale = machine_exposure(rig->m, NIC, AMI_CLASS_STALE),
	};
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void damage_page(struct rig *rig, uint64_t *seed)
{
	uint32_t page = next_random(seed) % PAGES, i;
	uint8_t *at = rig->copy[page];
	uint32_t n = 1 + next_random(seed) % 8;
	uint32_t from = next_random(seed) % (AMI_RECORD_PAGE - 64);

	switch (next_random(seed) % 5) {
	case 0:		/* bits */
		for (i = 0; i < n; i++)
			at[next_random(seed) % AMI_RECORD_PAGE] ^=
				1u << next_random(seed) % 8;
		break;
	case 1:		/* a frame from the network */
		for (i = 0; i < 64; i++)
			at[from + i] = next_random(seed);
		break;
	case 2:		/* zeros, to the end */
		memset(at + from, 0, AMI_RECORD_PAGE - from);
		break;
	case 3:		/* another page of the record */
		memcpy(at, rig->copy[(page + n) % PAGES], AMI_RECORD_PAGE);
		break;
	default:	/* words that change places */
		memmove(at + (from & ~7u), at + (from & ~7u) + 8, 8 * n);
		break;
	}
	image_write(rig->m->img, rig->page + page * AMI_RECORD_PAGE, at,
		    AMI_RECORD_PAGE);
}

/*
 * As without the record, or as with all of it, or what the pages that are whole
 * prove. Never fewer commands that may be outstanding.
 */
static void is_no_better(const struct outcome *o, const struct outcome *without,
			 const struct outcome *with, uint64_t seed)
{
	if (o->outstanding < without->outstanding ||
	    o->done > without->done || o->unread > without->unread ||
	    o->verdict < without->verdict || !o->stale ||
	    (o->not_executed && o->not_executed != with->not_executed) ||
	    o->unproven + o->not_executed !=
	    without->unproven + without->not_executed)
		fail_msg("damage %#llx looks better",
			 (unsigned long long)seed);
}

static void test_damage(void **state)
{
	const char *times = getenv("AMDIOMMU_DAMAGES");
	unsigned long n = times ? strtoul(times, NULL, 0) : 300, i;
	struct outcome with, without, o;
	uint64_t seed = 0x20261130, before;
	struct rig rig;

	(void)state;
	set_up(&rig, SHAPE_6_1, 0);
	with = outcome_of(&rig);
	machine_free(rig.m);
	set_up(&rig, SHAPE_6_1, 0);
	list_maps(&rig, 0);
	without = outcome_of(&rig);
	machine_free(rig.m);
	assert_true(with.not_executed && !without.not_executed);
	for (i = 0; i < n; i++) {
		before = seed;
		set_up(&rig, SHAPE_6_1, 0);
		damage_page(&rig, &seed);
		o = outcome_of(&rig);
		is_no_better(&o, &without, &with, before);
		machine_free(rig.m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_stopped_at_head),
		cmocka_unit_test(test_running),
		cmocka_unit_test(test_not_handed_over),
		cmocka_unit_test(all_ring_comes_from_record),
		cmocka_unit_test(test_newer_is_kept),
		cmocka_unit_test(test_misfit_takes_nothing),
		cmocka_unit_test(test_ring_not_in_dump),
		cmocka_unit_test(test_log_not_in_dump),
		cmocka_unit_test(test_found_by_pages),
		cmocka_unit_test(all_kept_by_extract),
		cmocka_unit_test(test_not_used),
		cmocka_unit_test(test_no_crash),
		cmocka_unit_test(test_was_off),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
