// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is free in a slab (mm/slub.c). Free objects are on a list of their slab, on
 * that of a CPU, or in sheaves of CPUs and nodes (6.18 and later). The pointer to
 * the next one lies in the object and may be hidden (freelist_ptr_encode()).
 */
#include <stdlib.h>
#include <string.h>

#include <common/vec.h>

#include "slab.h"

#define MAX_IDLE	(1u << 22)
#define MAX_CPUS	8192u
#define MAX_SHEAVES	4096u
#define MAX_SHEAF	512u
#define MAX_NODES	64u

/* Find the object at @va in a slab. False: no object begins there. */
static bool object_at(struct scan *s, const struct slab_view *v, uint64_t va,
		      uint32_t *index)
{
	uint64_t phys;

	if (ami_virt_to_phys(s->kernel, va, &phys) != AMI_MEM_OK ||
	    phys < v->base || (phys - v->base) % v->cache->size ||
	    (phys - v->base) / v->cache->size >= v->objects)
		return false;
	*index = (phys - v->base) / v->cache->size;
	return true;
}

static bool next_free(struct scan *s, const struct slab_cache *c, uint64_t va,
		      uint64_t *next)
{
	uint64_t at = va + c->offset;

	if (ami_read_u64(s->kernel, at, next) != AMI_MEM_OK)
		return false;
	if (c->random)
		*next ^= c->random ^ __builtin_bswap64(at);
	return true;
}

/* Where the word lies that led to no object. */
static void note_break(struct scan *s, struct slab_view *v, uint64_t last)
{
	if (!last || ami_virt_to_phys(s->kernel, last + v->cache->offset,
				      &v->broken) != AMI_MEM_OK)
		v->broken = 0;
	v->known = false;
}

/* The head is in struct page or on a CPU: it is not a sign in the slab. */
static void walk_list(struct scan *s, struct slab_view *v, uint64_t head)
{
	uint64_t va = head, last = 0;
	uint32_t index;

	while (va) {
		if (!object_at(s, v, va, &index) || v->free[index]) {
			note_break(s, v, last);
			return;
		}
		v->free[index] = 1;
		last = va;
		if (!next_free(s, v->cache, va, &va)) {
			v->known = false;
			return;
		}
	}
}

static size_t first_idle(const struct slab_cache *c, uint64_t phys)
{
	size_t low = 0, high = c->nr_idle;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (c->idle[middle] < phys)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void mark_idle(struct slab_view *v)
{
	uint64_t size = v->cache->size, end = v->base + v->objects * size;
	size_t i;

	for (i = first_idle(v->cache, v->base);
	     i < v->cache->nr_idle && v->cache->idle[i] < end; i++)
		if ((v->cache->idle[i] - v->base) % size == 0)
			v->free[(v->cache->idle[i] - v->base) / size] = 1;
}

void content_slab_place(struct scan *s, const struct slab_cache *cache,
			uint64_t base, struct slab_place *p)
{
	bool apart = ami_has(s->kernel, AMI_F_slab_freelist);
	uint64_t page = ami_pfn_to_page(s->kernel, base >> AMI_PAGE_SHIFT);
	uint64_t objects;

	*p = (struct slab_place){ .base = base };
	if (ami_get(s->kernel, page, apart ? AMI_F_slab_objects :
		    AMI_F_page_objects, &objects) == AMI_MEM_OK &&
	    objects <= MAX_OBJECTS &&
	    objects * cache->size <= (AMI_PAGE_SIZE << 10) &&
	    ami_get(s->kernel, page, apart ? AMI_F_slab_freelist :
		    AMI_F_page_freelist, &p->head) == AMI_MEM_OK)
		p->objects = objects;
}

bool content_slab_view(struct scan *s, struct slab_cache *cache,
		       const struct slab_place *p, struct slab_view *v)
{
	v->cache = cache;
	v->base = p->base;
	v->objects = p->objects;
	v->broken = 0;
	v->known = true;
	memset(v->free, 0, v->objects);
	walk_list(s, v, p->head);
	mark_idle(v);
	return v->objects;
}

static void add_idle(struct scan *s, struct slab_cache *c, uint64_t va)
{
	uint64_t phys;

	if (ami_virt_to_phys(s->kernel, va, &phys) == AMI_MEM_OK)
		s->no_memory |= vec_push(c->idle, c->nr_idle, MAX_IDLE, phys) ==
				VEC_NO_MEMORY;
}

/*
 * A CPU's list, all of one slab. What breaks it off is in the object before: if
 * that is a slab of this cache, the word there is a sign.
 */
static void add_cpu_list(struct scan *s, struct slab_cache *c, uint64_t head)
{
	uint64_t va = head, last = 0, phys, base = 0;
	uint32_t left = MAX_OBJECTS;

	while (va && left--) {
		if (ami_virt_to_phys(s->kernel, va, &phys) != AMI_MEM_OK ||
		    ami_owner_cache(s->ex->owners, phys >> AMI_PAGE_SHIFT,
				    &base) != c->va ||
		    phys < base || (phys - base) % c->size) {
			if (last && ami_virt_to_phys(s->kernel,
						     last + c->offset, &phys) ==
			    AMI_MEM_OK)
				content_sign(s, phys, AMI_OWNER_OBJECT,
					     AMI_SIGN_FREE_LIST, 1);
			return;
		}
		add_idle(s, c, va);
		last = va;
		if (!next_free(s, c, va, &va))
			return;
	}
}

static void add_sheaf(struct scan *s, struct slab_cache *c, uint64_t sheaf)
{
	uint64_t size, at = ami_addr(s->kernel, sheaf, AMI_F_sheaf_objects), va;
	uint32_t i;

	if (!ami_kernel_address(sheaf) ||
	    ami_get(s->kernel, sheaf, AMI_F_sheaf_size, &size) != AMI_MEM_OK ||
	    size > MAX_SHEAF)
		return;
	for (i = 0; i < size; i++)
		if (ami_read_u64(s->kernel, at + i * 8ull, &va) == AMI_MEM_OK)
			add_idle(s, c, va);
}

static void add_cpu(struct scan *s, struct slab_cache *c, uint64_t offset)
{
	static const enum ami_field sheaves[] = {
		AMI_F_cpu_sheaves_main, AMI_F_cpu_sheaves_spare,
		AMI_F_cpu_sheaves_rcu_free,
	};
	uint64_t at, value;
	size_t i;

	if (ami_get(s->kernel, c->va, AMI_F_kmem_cache_cpu_slab, &at) ==
		    AMI_MEM_OK && at &&
	    ami_get(s->kernel, at + offset, AMI_F_cpu_slab_freelist, &value) ==
		    AMI_MEM_OK)
		add_cpu_list(s, c, value);
	if (ami_get(s->kernel, c->va, AMI_F_kmem_cache_cpu_sheaves, &at) !=
		    AMI_MEM_OK || !at)
		return;
	for (i = 0; i < sizeof(sheaves) / sizeof(sheaves[0]); i++)
		if (ami_get(s->kernel, at + offset, sheaves[i], &value) ==
		    AMI_MEM_OK)
			add_sheaf(s, c, value);
}

/* Full sheaves that a node keeps for its CPUs. */
static void add_barn(struct scan *s, struct slab_cache *c, uint64_t barn)
{
	struct ami_list_iter it;
	uint64_t node;

	if (!ami_kernel_address(barn))
		return;
	ami_busy_list_start(&it, s->kernel,
			    ami_addr(s->kernel, barn, AMI_F_barn_full),
			    MAX_SHEAVES);
	while (ami_list_next(&it, &node))
		add_sheaf(s, c, ami_container(s->kernel, node,
					      AMI_F_sheaf_list));
}

static void add_barns(struct scan *s, struct slab_cache *c)
{
	uint64_t step = ami_type_size(s->kernel, AMI_T_kmem_cache_per_node_ptrs);
	uint64_t at, barn;
	unsigned int i;

	for (i = 0; i < MAX_NODES; i++) {
		if (ami_has(s->kernel, AMI_F_kmem_cache_per_node) && step)
			at = ami_addr(s->kernel, c->va,
				      AMI_F_kmem_cache_per_node) + i * step;
		else if (!ami_has(s->kernel, AMI_F_cache_node_barn) ||
			 ami_read_u64(s->kernel,
				      ami_addr(s->kernel, c->va,
					       AMI_F_kmem_cache_node_array) +
				      i * 8ull, &at) != AMI_MEM_OK ||
			 !ami_kernel_address(at))
			return;
		if (ami_get(s->kernel, at, step ? AMI_F_per_node_barn :
			    AMI_F_cache_node_barn, &barn) != AMI_MEM_OK ||
		    !ami_kernel_address(barn))
			return;
		add_barn(s, c, barn);
	}
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void content_idle_collect(struct scan *s, struct slab_cache *c)
{
	uint64_t base = ami_symbol(s->kernel, AMI_SYM___per_cpu_offset);
	uint64_t offset;
	uint32_t cpus, cpu;

	if (base && ami_read_u32(s->kernel,
				 ami_symbol(s->kernel, AMI_SYM_nr_cpu_ids),
				 &cpus) == AMI_MEM_OK && cpus <= MAX_CPUS)
		for (cpu = 0; cpu < cpus && !ami_dump_stopped(s->dump); cpu++)
			if (ami_read_u64(s->kernel, base + cpu * 8ull,
					 &offset) == AMI_MEM_OK)
				add_cpu(s, c, offset);
	add_barns(s, c);
	if (c->nr_idle)
		qsort(c->idle, c->nr_idle, sizeof(*c->idle), by_address);
}
