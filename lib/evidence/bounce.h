/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounce buffers (kernel/dma/swiotlb.c): where a device really writes when the
 * kernel mapped something else.
 */
#ifndef AMI_BOUNCE_H
#define AMI_BOUNCE_H

#include "evidence.h"

/**
 * struct bounces - slots in use
 * @by_origin: ascending by origin, @by_slot: by the slot's own address
 * @pages: all of them
 * @unread: some are not known
 */
struct bounces {
	struct ami_bounce *by_origin, *by_slot;
	size_t count;
	struct ami_pfnset *pages;
	bool unread;
};

/** find_bounces() - read the pools; must come before all other providers. */
void find_bounces(struct ami_evidence *ev);

/**
 * name_bounces() - speak for what nobody named; must come after all others
 *
 * The kernel records neither the device nor the direction of a slot. What no
 * provider explains counts as possible for each untranslated device without
 * a provider.
 */
void name_bounces(struct ami_evidence *ev);

void free_bounces(struct bounces *b);

/** keep_bounces() - who asks later wants the originals: hand the lists over */
void keep_bounces(struct ami_evidence *ev);

/**
 * add_memory() - the driver mapped these bytes of physical memory
 *
 * Like add_span(), but a bounced part leads to its slots.
 */
void add_memory(struct ami_evidence *ev, uint64_t phys, uint64_t len);

/** bounces_to() - is @slot a bounce buffer whose content goes to @phys? */
bool bounces_to(const struct ami_evidence *ev, uint64_t slot, uint64_t phys);

#endif
