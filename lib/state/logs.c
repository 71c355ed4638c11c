// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Event, PPR and GA logs. Their heads and tails are in registers, which are in a
 * dump only if they were recorded (record.c). The driver zeroes an entry that it has handled (erratum 732),
 * except page faults, and with SNP all. So an entry that is not zero was not
 * handled, or is an old page fault. Kernel: drivers/iommu/amd/iommu.c,
 * iommu_print_event().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

#define DEFAULT_LOG_BYTES	8192u
#define GA_LOG_BYTES		4096u
#define MAX_LOG_BYTES		(512u << 10)

static uint32_t log_bytes(struct ami_state *s, enum ami_log_kind kind)
{
	uint64_t size = DEFAULT_LOG_BYTES;

	if (kind == AMI_LOG_GA)
		return GA_LOG_BYTES;
	state_fetch_symbol(s, kind == AMI_LOG_EVENT ? AMI_SYM_amd_iommu_evtlog_size :
			   AMI_SYM_amd_iommu_pprlog_size, 4, &size);
	if (size < DEFAULT_LOG_BYTES || size > MAX_LOG_BYTES ||
	    size % AMI_PAGE_SIZE)
		size = DEFAULT_LOG_BYTES;
	return size;
}

static void decode_record(enum ami_log_kind kind, const uint8_t *raw,
			  struct ami_log_entry *e)
{
	uint32_t w[4];
	uint64_t q[2];

	switch (kind) {
	case AMI_LOG_EVENT:
		memcpy(w, raw, sizeof(w));
		amdvi_event_decode(w, &e->event);
		break;
	case AMI_LOG_PPR:
		memcpy(q, raw, sizeof(q));
		amdvi_ppr_decode(q, &e->ppr);
		break;
	default:
		memcpy(q, raw, sizeof(q[0]));
		amdvi_ga_decode(q[0], &e->ga);
		break;
	}
}

static bool all_zero(const uint8_t *raw, uint32_t size)
{
	static const uint8_t zero[16];

	return !memcmp(raw, zero, size);
}

static int read_log_page(struct ami_log *log, enum ami_log_kind kind,
			 uint32_t first, const uint8_t *page)
{
	uint32_t i, n = AMI_PAGE_SIZE / log->entry_size;

	for (i = 0; i < n; i++) {
		const uint8_t *raw = page + i * log->entry_size;
		struct ami_log_entry e = {
			.index = first + i, .seen = AMI_SEEN_INTACT,
		};

		if (all_zero(raw, log->entry_size))
			continue;
		decode_record(kind, raw, &e);
		if (vec_push(log->list, log->count, log->entries, e))
			return -1;
	}
	return 0;
}

static int read_log(struct ami_state *s, struct ami_log *log,
		    enum ami_log_kind kind)
{
	uint32_t bytes = log_bytes(s, kind), at;
	uint8_t page[AMI_PAGE_SIZE];

	log->entry_size = kind == AMI_LOG_GA ? AMDVI_GA_SIZE :
			  AMDVI_EVENT_SIZE;
	log->entries = bytes / log->entry_size;
	log->located = ami_virt_to_phys(s->kernel, log->va,
					&log->phys) == AMI_MEM_OK;
	for (at = 0; at < bytes; at += AMI_PAGE_SIZE) {
		if (ami_read(s->kernel, log->va + at, page,
			     AMI_PAGE_SIZE) != AMI_MEM_OK)
			log->unread_pages++;
		else if (read_log_page(log, kind, at / log->entry_size, page))
			return -1;
	}
	return 0;
}

static void report_unread(struct ami_state *s, const struct ami_iommu *iommu,
			  enum ami_log_kind kind)
{
	const struct ami_log *log = &iommu->log[kind];
	uint32_t pages = log->entries * log->entry_size / AMI_PAGE_SIZE;
	char where[32];

	if (!log->unread_pages)
		return;
	snprintf(where, sizeof(where), "iommu%u", iommu->index);
	ami_finding_add_with(s->findings, AMI_FIND_LOG_UNREAD, where,
			AMI_FACTS(AMI_SAYS(PAGES, log->unread_pages),
				  AMI_SAYS(OF, pages),
				  AMI_NAMES(RING, ami_log_name(kind))),
			"%u of %u pages of the %s log cannot be read from this dump.",
			log->unread_pages, pages, ami_log_name(kind));
}

/* An entry that the dump has as well may have been handled since. */
static bool has_entry(const struct ami_log *log, uint32_t index,
		      const uint8_t *raw)
{
	size_t i;

	for (i = 0; i < log->count; i++)
		if (log->list[i].index == index)
			return !memcmp(log->list[i].event.w, raw,
				       log->entry_size);
	return false;
}

static bool is_missing(const struct ami_log *log, const uint8_t *copy,
		       uint32_t bytes)
{
	uint32_t at;

	for (at = 0; at < bytes; at += log->entry_size)
		if (!all_zero(copy + at, log->entry_size) &&
		    !has_entry(log, at / log->entry_size, copy + at))
			return true;
	return false;
}

static int take_copy(struct ami_log *log, const uint8_t *copy, uint32_t bytes)
{
	uint32_t at;

	log->count = 0;
	log->unread_pages = 0;
	log->recorded = true;
	for (at = 0; at < bytes; at += AMI_PAGE_SIZE)
		if (read_log_page(log, AMI_LOG_EVENT, at / log->entry_size,
				  copy + at))
			return -1;
	return 0;
}

/* The dump may have what was logged after the record was made. */
static void keep_own(const struct ami_log *log, uint8_t *copy)
{
	size_t i, at;

	for (i = 0; i < log->count; i++) {
		at = (size_t)log->list[i].index * log->entry_size;
		if (at + log->entry_size <= RECORD_COPY)
			memcpy(copy + at, log->list[i].event.w, log->entry_size);
	}
}

int state_log_as_recorded(struct ami_state *s, struct ami_iommu *iommu)
{
	struct ami_log *log = &iommu->log[AMI_LOG_EVENT];
	uint32_t have[AMI_RECORD_PARTS], part;
	uint8_t copy[RECORD_COPY];

	/* Larger logs are not recorded as a whole. */
	if (!log->located || log->entries * log->entry_size != RECORD_COPY)
		return 0;
	state_record_copy(s, iommu, AMI_RECORD_LOG, copy, have);
	for (part = 0; part < AMI_RECORD_PARTS; part++)
		if (!have[part])
			return 0;
	if (!log->unread_pages && s->capture != AMI_CAPTURE_REUSE &&
	    !is_missing(log, copy, RECORD_COPY))
		return 0;
	if (s->capture != AMI_CAPTURE_REUSE)
		keep_own(log, copy);
	return take_copy(log, copy, RECORD_COPY);
}

int state_read_logs(struct ami_state *s, struct ami_iommu *iommu)
{
	static const enum ami_field field[AMI_LOGS] = {
		AMI_F_amd_iommu_evt_buf, AMI_F_amd_iommu_ppr_log,
		AMI_F_amd_iommu_ga_log,
	};
	char where[32];
	uint64_t va;
	int kind;

	snprintf(where, sizeof(where), "iommu%u", iommu->index);
	for (kind = 0; kind < AMI_LOGS; kind++) {
		struct ami_log *log = &iommu->log[kind];

		state_fetch(s, where, iommu->va, field[kind], &log->va);
		if (log->va && read_log(s, log, kind))
			return -1;
	}
	if (state_fetch(s, where, iommu->va, AMI_F_amd_iommu_ga_log_tail, &va) && va)
		ami_virt_to_phys(s->kernel, va, &iommu->ga_tail_phys);
	return 0;
}

void state_report_logs(struct ami_state *s, const struct ami_iommu *iommu)
{
	int kind;

	for (kind = 0; kind < AMI_LOGS; kind++)
		if (iommu->log[kind].va)
			report_unread(s, iommu, kind);
}
