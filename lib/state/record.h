/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/state: what amdiommu-record left in memory. */
#ifndef AMI_STATE_RECORD_H
#define AMI_STATE_RECORD_H

#include <amdiommu/record.h>

#include "state.h"

#define RECORD_COPY	(AMI_RING_ENTRIES * AMDVI_COMMAND_SIZE)

/** state_find_record() - find the record of the crash, into s->recording */
void state_find_record(struct ami_state *s);

/**
 * state_each_record() - go through the places in memory that may be a record
 * @fn: called with the address of page 0 and the number of pages; nothing there
 *	is checked yet
 */
void state_each_record(struct ami_state *s,
		       void (*fn)(void *ctx, uint64_t va, uint64_t pages),
		       void *ctx);

/**
 * state_record_page() - a page as it was written: marks, place and sum agree
 * @page: filled in any case
 *
 * False: it cannot be read, or is not what was written there.
 */
bool state_record_page(struct ami_state *s, uint64_t va, uint32_t number,
		       enum ami_record_kind kind, void *page);

/**
 * state_read_registers() - what was recorded of an IOMMU, if it is its own
 */
void state_read_registers(struct ami_state *s, struct ami_iommu *iommu);

/**
 * state_record_copy() - command ring or event log as it was at the crash
 * @copy: as much of it as was recorded
 * @have: for each part, how many bytes of it; 0: none
 */
void state_record_copy(struct ami_state *s, const struct ami_iommu *iommu,
		       enum ami_record_kind kind, uint8_t copy[RECORD_COPY],
		       uint32_t have[AMI_RECORD_PARTS]);

/** state_ring_as_recorded() - replace entries that the dump has otherwise */
void state_ring_as_recorded(struct ami_state *s, struct ami_iommu *iommu);

/** state_log_as_recorded() - the same for the event log; -1: no memory */
int state_log_as_recorded(struct ami_state *s, struct ami_iommu *iommu);

/** state_hold_registers() - what head and tail say of a ring that is graded */
void state_hold_registers(struct ami_state *s, struct ami_iommu *iommu);

/** state_all_on() - was each IOMMU found at work, by its recorded registers? */
bool state_all_on(const struct ami_state *s);

#endif
