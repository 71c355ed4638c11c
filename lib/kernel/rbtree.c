// SPDX-License-Identifier: GPL-2.0-or-later
/* Red-black trees: include/linux/rbtree_types.h. */
#include <kernel/rbtree.h>

#define MAX_DEPTH	128u	/* depth of a balanced tree: below twice 64 */
#define COLOUR		3ull	/* bits of the parent pointer */

struct tree {
	struct ami_kernel *kernel;
	bool (*fn)(void *ctx, uint64_t node);
	void *ctx;
	struct ami_rbtree_walk met;
	bool stopped;
};

/** struct node - a struct rb_node */
struct node {
	uint64_t parent, left, right;
};

static bool read_node(const struct tree *t, uint64_t at, struct node *n)
{
	return ami_get(t->kernel, at, AMI_F_rb_parent, &n->parent) ==
	       AMI_MEM_OK &&
	       ami_get(t->kernel, at, AMI_F_rb_left, &n->left) ==
	       AMI_MEM_OK &&
	       ami_get(t->kernel, at, AMI_F_rb_right, &n->right) ==
	       AMI_MEM_OK;
}

static void walk_below(struct tree *t, uint64_t at, uint64_t parent,
		       unsigned int depth)
{
	struct node n;

	if (!at || t->stopped)
		return;
	if (!ami_kernel_address(at) || depth == MAX_DEPTH) {
		t->met.broken++;
		return;
	}
	if (!read_node(t, at, &n)) {
		t->met.unread++;
		return;
	}
	if ((n.parent & ~COLOUR) != parent ||
	    (n.left && n.left == n.right)) {
		t->met.broken++;
		return;
	}
	walk_below(t, n.left, at, depth + 1);
	if (!t->stopped) {
		t->met.nodes++;
		t->stopped = !t->fn(t->ctx, at);
	}
	walk_below(t, n.right, at, depth + 1);
}

struct ami_rbtree_walk ami_rbtree_each(struct ami_kernel *kernel, uint64_t root,
				       bool (*fn)(void *ctx, uint64_t node),
				       void *ctx)
{
	struct tree t = { .kernel = kernel, .fn = fn, .ctx = ctx };

	walk_below(&t, root, 0, 0);
	return t.met;
}
