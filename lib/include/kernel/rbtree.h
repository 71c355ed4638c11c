/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_RBTREE_H
#define AMDIOMMU_RBTREE_H

#include <kernel/kernel.h>

/**
 * struct ami_rbtree_walk - what a walk over a red-black tree met
 * @nodes: number of calls of the function
 * @broken: nodes that are not as a tree has them; @unread: nodes not read
 */
struct ami_rbtree_walk {
	uint64_t nodes, broken, unread;
};

/**
 * ami_rbtree_each() - go through a red-black tree, in its order
 * @root: address of its top node, what struct rb_root holds; 0: it is empty
 * @fn: called with the address of each struct rb_node; false stops
 *
 * A node points back to its parent. So each node can be entered from one place
 * only, and no loop is followed.
 */
struct ami_rbtree_walk ami_rbtree_each(struct ami_kernel *kernel, uint64_t root,
				       bool (*fn)(void *ctx, uint64_t node),
				       void *ctx);

#endif
