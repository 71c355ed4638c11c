/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounce buffers (kernel/dma/swiotlb.c): where a device really writes if the
 * kernel mapped something else.
 */
#ifndef AMI_BOUNCE_H
#define AMI_BOUNCE_H

#include "evidence.h"

/**
 * struct bounces - slots in use
 * @by_origin: ascending by origin, @by_slot: by the slot's own address
 * @pages: all of them
 * @unread: some are unknown
 */
struct bounces {
	struct ami_bounce *by_origin, *by_slot;
	size_t count;
	struct ami_pfnset *pages;
	bool unread;
};

/**
 * evidence_find_bounces() - read the pools; must come before all other readers
 */
void evidence_find_bounces(struct ami_evidence *ev);

/**
 * evidence_name_bounces() - count slots that no reader named; must come last
 *
 * The kernel records neither the device nor the direction of a slot. A slot
 * that no reader explains counts as possible for each untranslated device
 * without a reader.
 */
void evidence_name_bounces(struct ami_evidence *ev);

void evidence_free_bounces(struct bounces *b);

/**
 * evidence_keep_bounces() - hand the lists over, for later questions about
 * originals
 */
void evidence_keep_bounces(struct ami_evidence *ev);

/**
 * evidence_add_memory() - the driver mapped these bytes of physical memory
 *
 * Like evidence_add_span(), but a bounced part leads to its slots.
 */
void evidence_add_memory(struct ami_evidence *ev, uint64_t phys, uint64_t len);

/** evidence_bounces_to() - is @slot a bounce buffer whose content goes to @phys? */
bool evidence_bounces_to(const struct ami_evidence *ev, uint64_t slot, uint64_t phys);

#endif
