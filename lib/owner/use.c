// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is a slab object in use? SLUB has its free objects on a list of their slab, or on
 * that of a CPU (mm/slub.c). Those in sheaves (6.18 and later) look the same as
 * those in use, so there nothing is said of what no list has.
 */
#include "owner.h"

#define MAX_OBJECTS	32767u	/* of a slab: SLUB counts them in 15 bits */
#define MAX_CPUS	8192u

/** struct freed - how to walk the free objects of a cache */
struct freed {
	struct ami_owners *o;
	const struct ami_object *object;
	uint64_t offset, random;
	bool found, broken;
};

/* The pointer may be hidden: freelist_ptr_encode(). */
static bool next_object(const struct freed *f, uint64_t *va)
{
	uint64_t at = *va + f->offset;

	if (ami_read_u64(f->o->kernel, at, va) != AMI_MEM_OK)
		return false;
	if (f->random)
		*va ^= f->random ^ __builtin_bswap64(at);
	return true;
}

static void walk_freed(struct freed *f, uint64_t va)
{
	uint32_t left = MAX_OBJECTS;
	uint64_t phys;

	for (; va && !f->found; left--) {
		if (!left || ami_virt_to_phys(f->o->kernel, va, &phys) !=
			     AMI_MEM_OK) {
			f->broken = true;
			return;
		}
		f->found = phys == f->object->phys;
		if (!next_object(f, &va)) {
			f->broken = true;
			return;
		}
	}
}

static bool read_cache(struct freed *f)
{
	struct ami_kernel *k = f->o->kernel;
	uint64_t cache = f->object->cache;

	if (ami_has(k, AMI_F_kmem_cache_num) ||
	    ami_get(k, cache, AMI_F_kmem_cache_offset, &f->offset) != AMI_MEM_OK)
		return false;
	return !ami_has(k, AMI_F_kmem_cache_random) ||
	       ami_get(k, cache, AMI_F_kmem_cache_random, &f->random) ==
	       AMI_MEM_OK;
}

static void walk_slab(struct freed *f)
{
	struct ami_kernel *k = f->o->kernel;
	uint64_t page = ami_pfn_to_page(k, f->object->base >> AMI_PAGE_SHIFT);
	uint64_t head;

	if (ami_get(k, page, ami_has(k, AMI_F_slab_freelist) ?
		    AMI_F_slab_freelist : AMI_F_page_freelist, &head) ==
	    AMI_MEM_OK)
		walk_freed(f, head);
	else
		f->broken = true;
}

static void walk_cpus(struct freed *f)
{
	struct ami_kernel *k = f->o->kernel;
	uint64_t base = ami_symbol(k, AMI_SYM___per_cpu_offset), slab, offset;
	uint64_t head;
	uint32_t cpus, cpu;

	if (!ami_has(k, AMI_F_kmem_cache_cpu_slab))
		return;
	if (!base || ami_read_u32(k, ami_symbol(k, AMI_SYM_nr_cpu_ids), &cpus) !=
		     AMI_MEM_OK || cpus > MAX_CPUS ||
	    ami_get(k, f->object->cache, AMI_F_kmem_cache_cpu_slab, &slab) !=
		     AMI_MEM_OK) {
		f->broken = true;
		return;
	}
	for (cpu = 0; cpu < cpus && slab && !f->found; cpu++)
		if (ami_read_u64(k, base + cpu * 8ull, &offset) == AMI_MEM_OK &&
		    ami_get(k, slab + offset, AMI_F_cpu_slab_freelist, &head) ==
		    AMI_MEM_OK)
			walk_freed(f, head);
		else
			f->broken = true;
}

static bool has_sheaves(const struct freed *f)
{
	uint64_t at;

	return ami_has(f->o->kernel, AMI_F_kmem_cache_cpu_sheaves) &&
	       (ami_get(f->o->kernel, f->object->cache,
			AMI_F_kmem_cache_cpu_sheaves, &at) != AMI_MEM_OK || at);
}

enum ami_use ami_owner_use(struct ami_owners *o, const struct ami_object *object)
{
	struct freed f = { .o = o, .object = object };

	if (!object->found || !read_cache(&f))
		return AMI_USE_UNKNOWN;
	walk_slab(&f);
	if (!f.found)
		walk_cpus(&f);
	if (f.found)
		return AMI_USE_FREE;
	return f.broken || has_sheaves(&f) ? AMI_USE_UNKNOWN :
					     AMI_USE_ALLOCATED;
}
