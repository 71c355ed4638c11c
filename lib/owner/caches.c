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
enum cache_holds { MAY_BE_BUFFERS, NEVER_BUFFERS, NOT_READ };

/* A kernel without the member has nothing to say; what it has may be missing. */
static enum cache_holds by_answer(enum ami_mem mem)
{
	return mem == AMI_MEM_NO_FIELD ? MAY_BE_BUFFERS : NOT_READ;
}

static enum cache_holds look_at(struct ami_owners *o, uint64_t cache)
{
	char name[MAX_NAME];
	uint64_t at, users;
	enum ami_mem mem;

	if (!ami_kernel_address(cache))
		return ami_has(o->kernel, AMI_F_slab_slab_cache) ||
		       ami_has(o->kernel, AMI_F_page_slab_cache) ?
		       NOT_READ : MAY_BE_BUFFERS;
	mem = ami_get(o->kernel, cache, AMI_F_kmem_cache_refcount, &users);
	if (mem == AMI_MEM_OK)
		mem = ami_get(o->kernel, cache, AMI_F_kmem_cache_name, &at);
	if (mem == AMI_MEM_OK)
		mem = ami_read_string(o->kernel, at, name, sizeof(name));
	if (mem != AMI_MEM_OK)
		return by_answer(mem);
	if (!owner_name_bookkeeping(name))
		return MAY_BE_BUFFERS;
	/* A cache that others were merged into has their objects, too. */
	if ((int32_t)users <= 1 || owner_aliases_bookkeeping(o, cache, users))
		return NEVER_BUFFERS;
	return o->aliases_unread ? NOT_READ : MAY_BE_BUFFERS;
}

bool owner_cache_never_buffer(struct ami_owners *o, uint64_t cache)
{
	size_t holds;

	if (!ami_index_find(&o->caches, cache, &holds)) {
		holds = look_at(o, cache);
		if (o->caches.count < MAX_CACHES)
			ami_index_add(&o->caches, cache, holds);
	}
	o->unread_caches += holds == NOT_READ;
	return holds == NEVER_BUFFERS;
}
