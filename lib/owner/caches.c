// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Slab caches of objects that are never buffers. kmalloc() memory is legal for
 * DMA, and so is a driver's own cache. A page of dentries is not: a device that
 * can write there has a mapping that outlived its buffer.
 */
#include <string.h>

#include "owner.h"

#define MAX_CACHES	4096u	/* a damaged struct page may name any address */
#define MAX_NAME	32u

/* What @caches keeps. */
enum cache_holds { MAY_BE_BUFFERS, NEVER_BUFFERS };

/*
 * Names as in the kernel's kmem_cache_create() calls: kernel/fork.c,
 * kernel/cred.c, kernel/pid.c, fs/{dcache,inode,file_table,buffer}.c,
 * mm/rmap.c, mm/slub.c, lib/{radix-tree,maple_tree}.c, net/core/skbuff.c (the
 * sk_buff, not its data), drivers/iommu/amd/init.c (only the IOMMU reads it)
 * and file systems. A device never reads or writes any of these. (names_cache
 * is left out: its pages serve as scratch memory, too.)
 */
static bool is_bookkeeping(const char *name)
{
	static const char *const known[] = {
		"task_struct", "signal_cache", "sighand_cache", "files_cache",
		"fs_cache", "mm_struct", "vm_area_struct", "vma_lock",
		"anon_vma", "anon_vma_chain", "cred", "cred_jar", "pid",
		"dentry", "inode_cache", "filp", "buffer_head", "mnt_cache",
		"radix_tree_node", "maple_node", "kernfs_node_cache",
		"kmem_cache", "kmem_cache_node", "proc_inode_cache",
		"shmem_inode_cache", "sock_inode_cache", "ext4_inode_cache",
		"xfs_inode", "btrfs_inode", "skbuff_head_cache",
		"skbuff_fclone_cache", "irq_remap_cache",
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(name, known[i]))
			return true;
	return false;
}

/* A cache that others were merged into holds their objects under its name. */
static bool is_merged(struct ami_owners *o, uint64_t cache)
{
	uint64_t users;

	return ami_get(o->kernel, cache, AMI_F_kmem_cache_refcount, &users) !=
		       AMI_MEM_OK ||
	       (int32_t)users > 1;
}

static enum cache_holds look_at(struct ami_owners *o, uint64_t cache)
{
	char name[MAX_NAME];
	uint64_t at;

	if (!ami_kernel_address(cache) || is_merged(o, cache) ||
	    ami_get(o->kernel, cache, AMI_F_kmem_cache_name, &at) !=
		    AMI_MEM_OK ||
	    ami_read_string(o->kernel, at, name, sizeof(name)) != AMI_MEM_OK)
		return MAY_BE_BUFFERS;
	return is_bookkeeping(name) ? NEVER_BUFFERS : MAY_BE_BUFFERS;
}

bool owner_cache_never_buffer(struct ami_owners *o, uint64_t cache)
{
	size_t holds;

	if (ami_index_find(&o->caches, cache, &holds))
		return holds == NEVER_BUFFERS;
	holds = look_at(o, cache);
	if (o->caches.count < MAX_CACHES)
		ami_index_add(&o->caches, cache, holds);
	return holds == NEVER_BUFFERS;
}
