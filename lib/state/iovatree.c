// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The IOVA allocator's red-black tree has a struct iova for each range that is
 * in use, reserved, or kept for reuse. The anchor comes last. Kernel:
 * drivers/iommu/iova.c.
 */
#include "iova.h"

#define MAX_DEPTH	128u	/* depth of a balanced tree: below twice 64 */
#define ANCHOR		UINT64_MAX
#define COLOUR		3ull	/* bits of the parent pointer */

struct tree {
	struct ami_kernel *kernel;
	struct iova_walk *met;
	bool (*fn)(void *ctx, uint64_t first, uint64_t last);
	void *ctx;
	uint64_t anchor;	/* this allocator's anchor */
	uint64_t next;		/* ranges start here or later */
	bool anchored, stopped;
};

/** struct node - a struct iova and its struct rb_node */
struct node {
	uint64_t parent, left, right, first, last;
};

static bool read_node(struct tree *t, uint64_t at, struct node *n)
{
	uint64_t iova = ami_container(t->kernel, at, AMI_F_iova_node);

	return ami_get(t->kernel, at, AMI_F_rb_parent, &n->parent) ==
	       AMI_MEM_OK &&
	       ami_get(t->kernel, at, AMI_F_rb_left, &n->left) ==
	       AMI_MEM_OK &&
	       ami_get(t->kernel, at, AMI_F_rb_right, &n->right) ==
	       AMI_MEM_OK &&
	       ami_get(t->kernel, iova, AMI_F_iova_pfn_lo, &n->first) ==
	       AMI_MEM_OK &&
	       ami_get(t->kernel, iova, AMI_F_iova_pfn_hi, &n->last) ==
	       AMI_MEM_OK;
}

static void visit(struct tree *t, uint64_t at, const struct node *n)
{
	bool is_anchor = at == t->anchor;

	if (n->first > n->last || n->first < t->next || t->anchored ||
	    is_anchor != (n->first == ANCHOR)) {
		t->met->broken++;
		return;
	}
	t->anchored = is_anchor;
	if (is_anchor)
		return;
	t->next = n->last + 1;
	t->met->nodes++;
	t->stopped = !t->fn(t->ctx, n->first, n->last);
}

/*
 * A node points back to its parent. So each node can be entered from one place
 * only, and no loop is followed.
 */
static void walk_below(struct tree *t, uint64_t at, uint64_t parent,
		       unsigned int depth)
{
	struct node n;

	if (!at || t->stopped)
		return;
	if (!ami_kernel_address(at) || depth == MAX_DEPTH) {
		t->met->broken++;
		return;
	}
	if (!read_node(t, at, &n)) {
		t->met->unread++;
		return;
	}
	if ((n.parent & ~COLOUR) != parent ||
	    (n.left && n.left == n.right)) {
		t->met->broken++;
		return;
	}
	walk_below(t, n.left, at, depth + 1);
	if (!t->stopped)
		visit(t, at, &n);
	walk_below(t, n.right, at, depth + 1);
}

bool state_iova_each_range(struct ami_state *s, uint64_t iovad,
			   struct iova_walk *met,
			   bool (*fn)(void *ctx, uint64_t first, uint64_t last),
			   void *ctx)
{
	struct tree t = {
		.kernel = s->kernel, .met = met, .fn = fn, .ctx = ctx,
	};
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
	walk_below(&t, root, 0, 0);
	/* The anchor is always there, and nothing comes behind it. */
	met->broken += !t.anchored && !t.stopped && !met->unread;
	return !t.stopped;
}
