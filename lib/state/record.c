// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What amdiommu-record left in memory (docs/recorder.md), read as if somebody had
 * damaged it. A page counts only with the right marks, at the right place and
 * with the right sum. Registers count only if they lead to the tables that the
 * driver has. What the record says then is what the hardware was at at the crash;
 * it says nothing of what the hardware did later, unless it had stopped.
 */
#include <stdio.h>
#include <string.h>

#include "record.h"

#define CONTROL_IOMMU	(1ull << 0)
#define CONTROL_RING	(1ull << 12)
#define STATUS_RING	(1ull << 4)
#define BASE_ADDRESS	0x000ffffffffff000ull
#define RING_SIZE_512	9u	/* bits 56 to 59 of its base register */

bool state_record_page(struct ami_state *s, uint64_t va, uint32_t number,
		       enum ami_record_kind kind, void *page)
{
	struct ami_record_head *head = page;

	memset(page, 0, AMI_RECORD_PAGE);
	va += number * (uint64_t)AMI_RECORD_PAGE;
	return ami_kernel_address(va) &&
	       ami_read(s->kernel, va, page, AMI_RECORD_PAGE) == AMI_MEM_OK &&
	       head->magic[0] == (AMI_RECORD_MAGIC0 ^ AMI_RECORD_MAGIC_KEY) &&
	       head->magic[1] == (AMI_RECORD_MAGIC1 ^ AMI_RECORD_MAGIC_KEY) &&
	       head->version == AMI_RECORD_VERSION && head->kind == kind &&
	       head->page == number && head->self == va &&
	       head->sum == ami_record_sum(page);
}

static bool makes_sense(const struct ami_record_machine *m, uint64_t pages)
{
	return m->iommus && m->iommus <= AMI_RECORD_IOMMUS &&
	       m->head.pages == 1 + m->iommus * AMI_RECORD_EACH &&
	       m->head.pages <= pages;
}

/* Is it of the crash, and later than what was found before? */
static bool is_better(const struct ami_recording *r,
		      const struct ami_record_machine *m)
{
	if (!r->found || r->damaged)
		return true;
	if (!m->head.run || !r->crashed)
		return m->head.run || !r->crashed;
	return m->begun_ns > r->begun_ns;
}

static void take_record(void *ctx, uint64_t va, uint64_t pages)
{
	struct ami_state *s = ctx;
	struct ami_recording *r = &s->recording;
	struct ami_record_machine m;

	if (!state_record_page(s, va, 0, AMI_RECORD_MACHINE, &m) ||
	    !makes_sense(&m, pages)) {
		r->damaged |= !r->found;
		r->found = true;
		return;
	}
	if (!is_better(r, &m))
		return;
	*r = (struct ami_recording){
		.found = true, .crashed = m.head.run, .va = va,
		.id = m.head.id, .pages = m.head.pages, .iommus = m.iommus,
		.cpu = m.cpu, .others = m.others, .loaded_ns = m.loaded_ns,
		.begun_ns = m.begun_ns, .ended_ns = m.ended_ns,
		.alone = m.crashing_known &&
			 (uint32_t)m.crashing_cpu == (uint32_t)m.cpu,
	};
}

void state_find_record(struct ami_state *s)
{
	struct ami_recording *r = &s->recording;

	state_each_record(s, take_record, s);
	if (r->damaged)
		ami_finding_add(s->findings, AMI_FIND_RECORD_DAMAGED, "record",
				"amdiommu-record was loaded, but the first page of its record is not in the dump or is not as it was written: the record is not used.");
	else if (r->found && !r->crashed && s->crash != AMI_CRASH_NO)
		ami_finding_add(s->findings, AMI_FIND_RECORD_EMPTY, "record",
				"amdiommu-record was loaded, but it did not run at the crash: no register was recorded.");
	else if (r->crashed && !r->alone)
		ami_finding_add_with(s->findings, AMI_FIND_RECORD_EARLY,
				"record",
				AMI_FACTS(AMI_SAYS(CPU, r->cpu)),
				"The registers were recorded on CPU %u while other CPUs may still have been running: the record is shown, and nothing rests on it.",
				r->cpu);
}

static uint32_t page_of(uint32_t iommu)
{
	return 1 + iommu * AMI_RECORD_EACH;
}

static bool same_record(const struct ami_state *s,
			const struct ami_record_head *head)
{
	return head->id == s->recording.id && head->run;
}

/* The page of this IOMMU; 0: there is none. */
static uint32_t find_page(struct ami_state *s, const struct ami_iommu *iommu,
			  struct ami_record_iommu *page, bool *damaged)
{
	uint32_t i;

	*damaged = false;
	for (i = 0; s->recording.crashed && i < s->recording.iommus; i++) {
		bool whole = state_record_page(s, s->recording.va, page_of(i),
					       AMI_RECORD_IOMMU, page) &&
			     same_record(s, &page->head);

		if (whole && page->va == iommu->va)
			return page_of(i);
		*damaged |= !whole;
	}
	return 0;
}

static bool register_value(const struct ami_record_iommu *page,
			   uint64_t offset, uint64_t *value)
{
	uint32_t i;

	for (i = 0; i < AMI_RECORD_REGISTERS; i++)
		if (page->offset[i] == offset) {
			*value = page->value[i];
			return true;
		}
	return false;
}

/* Where head and tail are in a ring of 8 KiB. */
static bool is_entry(uint64_t at)
{
	return at < RECORD_COPY && at % AMDVI_COMMAND_SIZE == 0;
}

static bool take_registers(struct ami_registers *r,
			   const struct ami_record_iommu *page)
{
	const struct ami_record_sample *first = &page->sample[0];
	const struct ami_record_sample *last =
		&page->sample[AMI_RECORD_SAMPLES - 1];
	uint64_t head = 0, tail = 0;

	if (!register_value(page, 0x00, &r->device_table) ||
	    !register_value(page, 0x08, &r->ring) ||
	    !register_value(page, 0x10, &r->event_log) ||
	    !register_value(page, 0x18, &r->control) ||
	    !register_value(page, 0x2010, &head) ||
	    !register_value(page, 0x2018, &tail) || page->bad ||
	    !is_entry(last->head) || !is_entry(last->tail))
		return false;
	r->event_head = head;
	r->event_tail = tail;
	r->head = last->head / AMDVI_COMMAND_SIZE;
	r->tail = last->tail / AMDVI_COMMAND_SIZE;
	r->status = last->status;
	r->semaphore = page->semaphore;
	r->moved = first->head != last->head;
	r->on = r->control & CONTROL_IOMMU;
	r->stopped = !(r->control & CONTROL_RING) ||
		     !(last->status & STATUS_RING);
	return true;
}

static bool report_contradiction(struct ami_state *s, struct ami_iommu *iommu,
				 const char *name, uint64_t value,
				 uint64_t expected)
{
	char where[32];

	iommu->registers.use = AMI_REGISTERS_CONTRADICTED;
	/* Nothing rests on a record from before the other CPUs had stopped. */
	if (!s->recording.alone)
		return false;
	snprintf(where, sizeof(where), "iommu%u", iommu->index);
	ami_finding_add_with(s->findings, AMI_FIND_RECORD_CONTRADICTED, where,
			AMI_FACTS(AMI_NAMES(REGISTER, name),
				  AMI_SAYS(VALUE, value),
				  AMI_SAYS(DRIVER_VALUE, expected)),
			"The recorded register %s is %#llx, and the driver's state says %#llx: either the hardware used other tables than the driver's, or one of the two was overwritten. The record of this IOMMU is not used.",
			name, (unsigned long long)value,
			(unsigned long long)expected);
	return false;
}

static bool bases_agree(struct ami_state *s, struct ami_iommu *iommu,
		   const struct ami_record_iommu *page)
{
	const struct ami_registers *r = &iommu->registers;
	const struct ami_log *log = &iommu->log[AMI_LOG_EVENT];
	uint64_t sme = ami_kernel_sme(s->kernel);
	uint64_t base = r->device_table & BASE_ADDRESS & ~sme, table = 0;

	if (iommu->segment >= 0)
		table = s->segments[iommu->segment].dev_table_phys;
	if (iommu->mmio_phys && page->mmio_phys != iommu->mmio_phys)
		return report_contradiction(s, iommu, "MMIO", page->mmio_phys,
					    iommu->mmio_phys);
	if (table && base != table)
		return report_contradiction(s, iommu, "DevTabBase", base,
					    table);
	base = r->ring & BASE_ADDRESS & ~sme;
	if (iommu->ring.located && (base != iommu->ring.phys ||
				    (r->ring >> 56 & 0xf) != RING_SIZE_512))
		return report_contradiction(s, iommu, "ComBase", r->ring,
					    iommu->ring.phys);
	base = r->event_log & BASE_ADDRESS & ~sme;
	if (log->located && base != log->phys)
		return report_contradiction(s, iommu, "EventBase", base,
					    log->phys);
	return true;
}

static void report_damaged(struct ami_state *s, struct ami_iommu *iommu,
			   enum ami_registers_use use)
{
	char where[32];

	iommu->registers = (struct ami_registers){ .use = use };
	snprintf(where, sizeof(where), "iommu%u", iommu->index);
	ami_finding_add(s->findings, AMI_FIND_RECORD_DAMAGED, where,
			use == AMI_REGISTERS_UNREAD ?
			"Registers of this IOMMU could not be read when the record was made: the record of it is not used." :
			"The page of this IOMMU in the record is not in the dump or is not as it was written: the record of it is not used.");
}

void state_read_registers(struct ami_state *s, struct ami_iommu *iommu)
{
	struct ami_record_iommu page;
	bool damaged;

	if (!find_page(s, iommu, &page, &damaged)) {
		if (damaged)
			report_damaged(s, iommu, AMI_REGISTERS_DAMAGED);
		return;
	}
	if (!take_registers(&iommu->registers, &page)) {
		report_damaged(s, iommu, AMI_REGISTERS_UNREAD);
		return;
	}
	if (bases_agree(s, iommu, &page))
		iommu->registers.use = AMI_REGISTERS_KNOWN;
}

void state_record_copy(struct ami_state *s, const struct ami_iommu *iommu,
		       enum ami_record_kind kind, uint8_t copy[RECORD_COPY],
		       uint32_t have[AMI_RECORD_PARTS])
{
	uint64_t va = kind == AMI_RECORD_RING ? iommu->ring.va :
		      iommu->log[AMI_LOG_EVENT].va;
	uint32_t first, part, at = 0, want;
	struct ami_record_iommu page;
	struct ami_record_copy c;
	bool damaged;

	memset(have, 0, AMI_RECORD_PARTS * sizeof(*have));
	if (!s->recording.alone ||
	    iommu->registers.use != AMI_REGISTERS_KNOWN)
		return;
	first = find_page(s, iommu, &page, &damaged);
	for (part = 0; first && part < AMI_RECORD_PARTS; part++, at += want) {
		uint32_t number = first + 1 + part +
			(kind == AMI_RECORD_LOG ? AMI_RECORD_PARTS : 0);

		want = RECORD_COPY - at < AMI_RECORD_DATA ? RECORD_COPY - at :
		       AMI_RECORD_DATA;
		if (!state_record_page(s, s->recording.va, number, kind, &c) ||
		    !same_record(s, &c.head) || c.iommu != first ||
		    c.va != va || c.offset != at || c.bytes != want || c.bad)
			continue;
		memcpy(copy + at, c.data, want);
		have[part] = want;
	}
}

bool state_all_on(const struct ami_state *s)
{
	size_t i;

	for (i = 0; i < s->nr_iommus; i++)
		if (s->iommus[i].registers.use != AMI_REGISTERS_KNOWN ||
		    !s->iommus[i].registers.on)
			return false;
	return s->nr_iommus && s->iommus_whole && s->recording.alone;
}

const char *ami_registers_use_name(enum ami_registers_use use)
{
	static const char *const name[] = {
		"none", "known", "damaged", "unread", "contradicted",
	};

	return name[use];
}
