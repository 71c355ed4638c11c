// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ranges of IOVAs that are kept for reuse: freed and not mapped, but still in
 * the allocator's tree. There are six sizes. Each has two magazines on each
 * CPU, and a depot of full ones: an array, in later kernels a list through
 * their first word. Kernel: drivers/iommu/iova.c, struct iova_rcache.
 */
#include "iova.h"

#define MAX_MAGAZINE	1024u	/* at most 128 so far */
#define MAX_DEPOT	65536u

struct cache {
	struct ami_state *s;
	struct iova_alloc *a;
	uint32_t room;		/* ranges in a magazine */
};

static const struct ami_member *member(const struct ami_state *s,
				       enum ami_field f)
{
	return &ami_kernel_layout(s->kernel)->field[f];
}

/* Unreadable memory may hold as many ranges as fit. */
static void hide(struct cache *c, size_t magazines)
{
	size_t more = magazines * c->room;

	c->a->hidden = magazines > SIZE_MAX / MAX_MAGAZINE ||
		       c->a->hidden > SIZE_MAX - more ? SIZE_MAX :
		       c->a->hidden + more;
}

static bool read_magazine(struct cache *c, uint64_t va, uint64_t count)
{
	uint64_t pfn[MAX_MAGAZINE], at;
	uint64_t i;

	at = ami_addr(c->s->kernel, va, AMI_F_magazine_pfns);
	if (count > c->room ||
	    ami_read(c->s->kernel, at, pfn, count * sizeof(*pfn)) !=
	    AMI_MEM_OK)
		return false;
	for (i = 0; i < count; i++)
		state_iova_explain(c->a, pfn[i]);
	return true;
}

/* A CPU's magazine. It may be absent. */
static void read_counted(struct cache *c, uint64_t owner, enum ami_field f)
{
	uint64_t va, count;

	if (ami_get(c->s->kernel, owner, f, &va) != AMI_MEM_OK ||
	    (va && (ami_get(c->s->kernel, va, AMI_F_magazine_size, &count) !=
		    AMI_MEM_OK || !read_magazine(c, va, count))))
		hide(c, 1);
}

static void read_cpus(struct cache *c, uint64_t rcache)
{
	uint64_t base, offset;
	uint32_t cpu;

	if (ami_get(c->s->kernel, rcache, AMI_F_rcache_cpus, &base) !=
	    AMI_MEM_OK || !base) {
		hide(c, SIZE_MAX);
		return;
	}
	for (cpu = 0; cpu < c->a->cpus->count && c->a->left; cpu++) {
		if (!state_cpu_offset(c->s, cpu, &offset)) {
			hide(c, 2);
			continue;
		}
		read_counted(c, base + offset, AMI_F_cpu_rcache_loaded);
		read_counted(c, base + offset, AMI_F_cpu_rcache_prev);
	}
}

/* Up to 6.5. Each magazine in it is full, but still has its count. */
static void read_depot_array(struct cache *c, uint64_t rcache)
{
	uint64_t at = ami_addr(c->s->kernel, rcache, AMI_F_rcache_depot);
	uint64_t count, i, va, pfns;

	if (ami_get(c->s->kernel, rcache, AMI_F_rcache_depot_size, &count) !=
	    AMI_MEM_OK || count > member(c->s, AMI_F_rcache_depot)->size / 8) {
		hide(c, SIZE_MAX);
		return;
	}
	for (i = 0; i < count && c->a->left; i++)
		if (ami_read_u64(c->s->kernel, at + 8 * i, &va) !=
		    AMI_MEM_OK ||
		    ami_get(c->s->kernel, va, AMI_F_magazine_size, &pfns) !=
		    AMI_MEM_OK || !read_magazine(c, va, pfns))
			hide(c, 1);
}

/* The first word leads to the next one. All of these are full. */
static void read_depot_list(struct cache *c, uint64_t rcache)
{
	uint64_t va, steps;

	if (ami_get(c->s->kernel, rcache, AMI_F_rcache_depot, &va) !=
	    AMI_MEM_OK)
		va = UINT64_MAX;
	for (steps = 0; va && c->a->left; steps++)
		if (!ami_kernel_address(va) || steps == MAX_DEPOT ||
		    !read_magazine(c, va, c->room) ||
		    ami_get(c->s->kernel, va, AMI_F_magazine_next, &va) !=
		    AMI_MEM_OK) {
			hide(c, SIZE_MAX);
			return;
		}
}

static void read_size(struct cache *c, uint64_t rcache)
{
	read_cpus(c, rcache);
	if (member(c->s, AMI_F_rcache_depot)->size > 8)
		read_depot_array(c, rcache);
	else
		read_depot_list(c, rcache);
}

/* Up to 5.17 they are in the allocator, later behind a pointer. */
static bool locate(struct ami_state *s, uint64_t iovad, uint64_t *first)
{
	*first = ami_addr(s->kernel, iovad, AMI_F_iovad_rcaches);
	if (member(s, AMI_F_iovad_rcaches)->size > 8)
		return true;
	return ami_get(s->kernel, iovad, AMI_F_iovad_rcaches, first) ==
	       AMI_MEM_OK && ami_kernel_address(*first);
}

void state_iova_explain_cached(struct ami_state *s, struct iova_alloc *a)
{
	uint64_t size = ami_type_size(s->kernel, AMI_T_iova_rcache), first;
	struct cache c = {
		.s = s, .a = a,
		.room = member(s, AMI_F_magazine_pfns)->size / 8,
	};
	unsigned int i;

	state_find_cpus(s, a->cpus);
	if (!a->cpus->certain || !size || !c.room || c.room > MAX_MAGAZINE ||
	    !locate(s, a->iovad, &first)) {
		hide(&c, SIZE_MAX);
		return;
	}
	for (i = 0; i < IOVA_CACHE_SIZES && a->left; i++)
		read_size(&c, first + i * size);
}
