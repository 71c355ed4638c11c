/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_INDEX_H
#define AMDIOMMU_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct ami_index - maps a 64-bit key to a position in an array
 *
 * Starts as all zeros. A machine may have 65 536 devices, each with a domain
 * and a table of its own. No list of them may be searched one by one.
 */
struct ami_index {
	struct {
		uint64_t key;
		size_t next;	/* position + 1, 0: free */
	} *slot;
	size_t count, room;
};

/** ami_index_find() - position of @key; false if it was never added */
bool ami_index_find(const struct ami_index *index, uint64_t key,
		    size_t *position);

/** ami_index_add() - add a new key; false when out of memory */
bool ami_index_add(struct ami_index *index, uint64_t key, size_t position);

/** ami_index_free() - forget all keys; @index may be used again */
void ami_index_free(struct ami_index *index);

#endif
