// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The IOVA allocator's red-black tree has a struct iova for each range that is
 * in use, reserved, or kept for reuse. The anchor comes last. Kernel:
 * drivers/iommu/iova.c.
 */
#include <kernel/rbtree.h>

#include "iova.h"

#define ANCHOR		UINT64_MAX

struct tree {
	struct ami_kernel *kernel;
	struct iova_walk *met;
	bool (*fn)(void *ctx, uint64_t first, uint64_t last);
	void *ctx;
	uint64_t anchor;	/* this allocator's anchor */
	uint64_t next;		/* ranges start here or later */
	bool anchored, stopped;
};

static bool visit_node(void *ctx, uint64_t at)
{
	struct tree *t = ctx;
	bool is_anchor = at == t->anchor;
	uint64_t iova = ami_container(t->kernel, at, AMI_F_iova_node);
	uint64_t first, last;

	if (ami_get(t->kernel, iova, AMI_F_iova_pfn_lo, &first) != AMI_MEM_OK ||
	    ami_get(t->kernel, iova, AMI_F_iova_pfn_hi, &last) != AMI_MEM_OK) {
		t->met->unread++;
		return true;
	}
	if (first > last || first < t->next || t->anchored ||
	    is_anchor != (first == ANCHOR)) {
		t->met->broken++;
		return true;
	}
	t->anchored = is_anchor;
	if (is_anchor)
		return true;
	t->next = last + 1;
	t->met->nodes++;
	t->stopped = !t->fn(t->ctx, first, last);
	return !t->stopped;
}

bool state_iova_each_range(struct ami_state *s, uint64_t iovad,
			   struct iova_walk *met,
			   bool (*fn)(void *ctx, uint64_t first, uint64_t last),
			   void *ctx)
{
	struct tree t = {
		.kernel = s->kernel, .met = met, .fn = fn, .ctx = ctx,
	};
	struct ami_rbtree_walk walk;
	uint64_t root;

	t.anchor = ami_addr(s->kernel, ami_addr(s->kernel, iovad,
						AMI_F_iovad_anchor),
			    AMI_F_iova_node);
	*met = (struct iova_walk){ .nodes = 0 };
	if (ami_get(s->kernel, iovad, AMI_F_iovad_rbroot, &root) !=
	    AMI_MEM_OK) {
		met->unread++;
		return true;
	}
	walk = ami_rbtree_each(s->kernel, root, visit_node, &t);
	met->unread += walk.unread;
	/* The anchor is always there, and nothing comes after it. */
	met->broken += walk.broken +
		       (!t.anchored && !t.stopped && !met->unread);
	return !t.stopped;
}
