/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_XARRAY_H
#define AMDIOMMU_XARRAY_H

#include <kernel/kernel.h>

/**
 * struct ami_xarray_walk - what a walk over an xarray (or IDR) met
 * @entries: number of calls of @fn
 * @unread: number of nodes that could not be read or made no sense
 */
struct ami_xarray_walk {
	uint64_t entries;
	uint64_t unread;
};

/**
 * ami_xarray_each() - go through a struct xarray, ascending by index
 * @xa: address of the struct xarray
 * @max: number of entries and nodes to look at, at most
 * @fn: called with each entry that is not a node, zero or retry mark (values
 *	have bit 0 set); false stops
 *
 * Format: include/linux/xarray.h. Nodes get smaller on the way down, so a
 * damaged one cannot lead in a circle.
 */
struct ami_xarray_walk ami_xarray_each(struct ami_kernel *kernel, uint64_t xa,
				       uint64_t max,
				       bool (*fn)(void *ctx, uint64_t index,
						  uint64_t entry),
				       void *ctx);

#endif
