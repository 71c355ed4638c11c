// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Caches that were merged into one: its objects are of several kinds, and only
 * /sys/kernel/slab has the names. There each is a link to the one that holds them
 * (mm/slub.c, sysfs_slab_alias()).
 */
#include <common/vec.h>

#include "owner.h"

#define MAX_LINKS	8192u
#define MAX_BRANCHES	64u
#define MAX_NAME	32u
#define KERNFS_TYPE	0xfull	/* include/linux/kernfs.h */
#define KERNFS_LINK	4ull

struct branches {
	unsigned int count;
	uint64_t node[MAX_BRANCHES];
};

/* @target: the directory of the cache that has the objects. */
static void count_name(struct ami_owners *o, uint64_t target, bool bookkeeping)
{
	size_t at;

	if (!ami_index_find(&o->by_directory, target, &at)) {
		at = o->nr_names;
		if (!ami_index_add(&o->by_directory, target, at) ||
		    vec_push(o->names, o->nr_names, MAX_LINKS,
			     (struct cache_names){ 0 }) != VEC_OK) {
			o->no_memory = true;
			return;
		}
	}
	o->names[at].count++;
	o->names[at].others |= !bookkeeping;
}

/* What cannot be read is not counted, but remembered. */
static bool note_read(struct ami_owners *o, enum ami_mem mem)
{
	o->aliases_unread |= mem != AMI_MEM_OK && mem != AMI_MEM_NO_FIELD;
	return mem == AMI_MEM_OK;
}

static bool read_member(struct ami_owners *o, uint64_t at, enum ami_field f,
			uint64_t *value)
{
	return note_read(o, ami_get(o->kernel, at, f, value));
}

static void take_link(struct ami_owners *o, uint64_t node)
{
	uint64_t flags, target, at;
	char name[MAX_NAME];

	if (read_member(o, node, AMI_F_kernfs_flags, &flags) &&
	    (flags & KERNFS_TYPE) == KERNFS_LINK &&
	    read_member(o, node, AMI_F_kernfs_target, &target) &&
	    read_member(o, node, AMI_F_kernfs_name, &at) &&
	    note_read(o, ami_read_string(o->kernel, at, name, sizeof(name))))
		count_name(o, target, owner_name_bookkeeping(name));
}

static void push_branch(struct ami_owners *o, struct branches *b, uint64_t node,
			enum ami_field side)
{
	uint64_t next;

	if (b->count < MAX_BRANCHES && read_member(o, node, side, &next) && next)
		b->node[b->count++] = next;
}

/* The entries of a directory are a tree. */
static void read_links(struct ami_owners *o, uint64_t root)
{
	struct branches b = { 1, { root } };
	unsigned int left = MAX_LINKS;

	while (b.count && left--) {
		uint64_t node = b.node[--b.count];

		take_link(o, ami_container(o->kernel, node, AMI_F_kernfs_rb));
		push_branch(o, &b, node, AMI_F_rb_left);
		push_branch(o, &b, node, AMI_F_rb_right);
	}
}

void owner_aliases_collect(struct ami_owners *o)
{
	uint64_t at = ami_symbol(o->kernel, AMI_SYM_slab_kset);
	uint64_t kset, directory, root;

	if (at && ami_has(o->kernel, AMI_F_kernfs_rb) &&
	    note_read(o, ami_read_u64(o->kernel, at, &kset)) &&
	    read_member(o, kset, AMI_F_kset_directory, &directory) &&
	    read_member(o, directory, AMI_F_kernfs_children, &root) &&
	    ami_kernel_address(root))
		read_links(o, root);
}

bool owner_aliases_bookkeeping(struct ami_owners *o, uint64_t cache,
			       uint32_t users)
{
	uint64_t directory;
	size_t at;

	return ami_get(o->kernel, cache, AMI_F_kmem_cache_directory,
		       &directory) == AMI_MEM_OK &&
	       ami_index_find(&o->by_directory, directory, &at) &&
	       !o->names[at].others && o->names[at].count >= users;
}
