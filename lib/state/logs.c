// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Event, PPR and GA logs. Their heads and tails are in registers, which are not
 * in a dump. The driver zeroes an entry that it has handled (erratum 732),
 * except page faults, and with SNP all. So an entry that is not zero was not
 * handled, or is an old page fault. Kernel: drivers/iommu/amd/iommu.c,
 * iommu_print_event().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

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
		    enum ami_log_kind kind, const char *where)
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
	if (log->unread_pages)
		ami_finding_add_with(s->findings, AMI_FIND_LOG_UNREAD, where,
				AMI_FACTS(AMI_SAYS(PAGES, log->unread_pages),
					  AMI_SAYS(OF, bytes / AMI_PAGE_SIZE),
					  AMI_NAMES(RING, ami_log_name(kind))),
				"%u of %u pages of the %s log cannot be read from this dump.",
				log->unread_pages, bytes / AMI_PAGE_SIZE,
				ami_log_name(kind));
	return 0;
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
		if (log->va && read_log(s, log, kind, where))
			return -1;
	}
	if (state_fetch(s, where, iommu->va, AMI_F_amd_iommu_ga_log_tail, &va) && va)
		ami_virt_to_phys(s->kernel, va, &iommu->ga_tail_phys);
	return 0;
}
