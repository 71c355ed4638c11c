// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The IOVA allocator is a second witness of what is mapped. Zeros over a page
 * table look as if nothing had been mapped, but the ranges stay allocated. A
 * range without a mapping may be reserved, or may wait for a flush or for
 * reuse. Or a CPU was stopped between allocating and mapping it, or between
 * unmapping and freeing it. The rest was mapped.
 */
#include <stdlib.h>

#include "iova.h"
#include "needs.h"

/* The last commands of a ring explain at most this many. */
#define MAX_RECENT	1024u
/* CPUs that had just begun to use a fresh part of the table. */
#define BARE_IN_TRANSIT	1u

struct reading {
	struct ami_state *s;
	struct iova_alloc *a;
	bool no_memory;
};

/*
 * Is it certain that nothing is mapped there? @bare: there is no table either.
 * Goes on after the range of an entry that is not present.
 */
static bool is_open(struct ami_state *s, const struct ami_table *table,
		    uint64_t at, uint64_t last, bool *bare)
{
	struct ami_dump *dump = ami_kernel_dump(s->kernel);
	struct ami_step steps[AMI_MAX_STEPS];
	struct ami_mapping mapping;
	bool mapped;

	*bare = true;
	while (at <= last) {
		size_t n = ami_translate(dump, table, at, steps, &mapping,
					 &mapped);
		uint64_t size;

		if (!n)
			return true;	/* more levels than the table has */
		if (steps[n - 1].mem != AMI_MEM_OK ||
		    steps[n - 1].pte.kind != AMDVI_PTE_NONE)
			return false;
		*bare &= steps[n - 1].level > 1;
		size = 1ull << amdvi_level_shift(steps[n - 1].level);
		at = (at | (size - 1)) + 1;
		if (!at)
			break;
	}
	return true;
}

static bool take_range(void *ctx, uint64_t first, uint64_t last)
{
	struct reading *r = ctx;
	struct iova_alloc *a = r->a;
	uint64_t max = UINT64_MAX >> a->shift;
	bool bare;

	if (state_iova_is_reserved(a, first, last) || last > max)
		return true;
	if (!is_open(r->s, &a->d->table, first << a->shift,
		     ((last + 1) << a->shift) - 1, &bare)) {
		a->mapped++;
		return true;
	}
	if (!ami_index_add(&a->by_first, first, a->count) ||
	    vec_push(a->list, a->count, SIZE_MAX, (struct iova_open){
			.first = first, .last = last, .bare = bare })) {
		r->no_memory = true;
		return false;
	}
	a->left++;
	return true;
}

static void explain_queued(struct iova_alloc *a)
{
	const struct ami_flushq *q = &a->d->flushq;
	size_t i;

	for (i = 0; i < q->count; i++)
		state_iova_explain(a, q->list[i].iova >> a->shift);
	if (q->unread)
		a->hidden = SIZE_MAX;
}

/* Unmapped, but the CPU that did it had not freed it yet. */
static bool is_recent(struct ami_state *s, const struct iova_alloc *a,
		      uint64_t iova)
{
	struct ami_budget *work = ami_dump_budget(ami_kernel_dump(s->kernel));
	struct ami_stale found;
	int k = a->d->first_device;

	for (; k >= 0; k = s->devices[k].next_in_domain)
		if (!ami_budget_spend(work, AMI_RING_ENTRIES) ||
		    ami_unmapped_by(s, &s->devices[k], iova, true, &found))
			return true;
	return false;
}

static void explain_recent(struct ami_state *s, struct iova_alloc *a)
{
	size_t i;

	if (a->left > MAX_RECENT)
		return;
	for (i = 0; i < a->count && a->left; i++)
		if (!a->list[i].explained &&
		    is_recent(s, a, a->list[i].first << a->shift))
			state_iova_explain(a, a->list[i].first);
}

/*
 * Does a CPU hold the tree's lock, or wait for it? It may be freeing a whole
 * magazine of ranges. True if unreadable.
 */
static bool is_locked(struct ami_state *s, uint64_t iovad)
{
	/* With PREEMPT_RT, a spinlock is a mutex with an owner. */
	enum ami_field f = ami_has(s->kernel, AMI_F_iovad_lock_owner) ?
			   AMI_F_iovad_lock_owner : AMI_F_iovad_lock;
	uint64_t held;

	return ami_get(s->kernel, iovad, f, &held) != AMI_MEM_OK || held;
}

/*
 * Does this range count? A driver may allocate a large range and map its pages
 * one by one later (struct dma_iova_state). Unknown windows are large, too.
 */
static bool range_counts(const struct ami_state *s, const struct iova_alloc *a,
			 const struct iova_open *range)
{
	return !range->explained &&
	       (range->last - range->first < IOVA_MAX_CACHED ||
		(a->reserved_known &&
		 !ami_type_size(s->kernel, AMI_T_dma_iova_state)));
}

/* Are there more than may be under way at any time? */
static bool is_lost(struct ami_state *s, const struct iova_alloc *a)
{
	size_t room = ami_kernel_layout(s->kernel)
		      ->field[AMI_F_magazine_pfns].size / 8;
	size_t bare = 0, all = 0, spare = a->hidden, i;

	for (i = 0; i < a->count; i++)
		if (range_counts(s, a, &a->list[i])) {
			all++;
			bare += a->list[i].bare;
		}
	if (is_locked(s, a->iovad) && spare < SIZE_MAX - MAX_RECENT * room)
		spare += a->cpus->count * room;
	if (all <= spare)
		return false;
	return !a->mapped || bare > spare + BARE_IN_TRANSIT ||
	       all > spare + a->cpus->count;
}

static int keep_lost(struct ami_state *s, struct iova_alloc *a,
		     const char *where)
{
	struct ami_domain *d = a->d;
	size_t i;

	for (i = 0; i < a->count; i++) {
		if (a->list[i].explained)
			continue;
		if (vec_push(d->lost, d->nr_lost, SIZE_MAX,
			     (struct ami_iova_range){
			a->list[i].first << a->shift,
			((a->list[i].last + 1) << a->shift) - 1,
		}))
			return -1;
	}
	ami_finding_add_with(s->findings, AMI_FIND_IOVA_WITHOUT_MAPPING, where,
			AMI_FACTS(AMI_SAYS(RANGES, d->nr_lost),
				  AMI_SAYS(IOVA, d->lost[0].first),
				  AMI_SAYS(IOVA_LAST, d->lost[0].last)),
			"%zu allocated IOVA range%s not mapped, the first from %#llx to %#llx, and nothing explains that: its page table was overwritten, and what it mapped is unknown.",
			d->nr_lost, d->nr_lost == 1 ? " is" : "s are",
			(unsigned long long)d->lost[0].first,
			(unsigned long long)d->lost[0].last);
	return 0;
}

static void report_walk(struct ami_state *s, const struct iova_alloc *a,
			const struct iova_walk *met, const char *where)
{
	/* While a CPU changes the tree, any link may be half done. */
	if (met->broken && !is_locked(s, a->iovad))
		ami_finding_add_with(s->findings, AMI_FIND_IOVA_TREE_DAMAGED,
				where,
				AMI_FACTS(AMI_SAYS(COUNT, met->broken),
					  AMI_SAYS(OF, met->nodes)),
				"Its tree of %llu IOVA ranges has %llu links or ranges that contradict each other.",
				(unsigned long long)met->nodes,
				(unsigned long long)met->broken);
	if (met->unread && !state_is_extract(s))
		ami_finding_add_with(s->findings, AMI_FIND_IOVA_TREE_UNREAD,
				where,
				AMI_FACTS(AMI_SAYS(COUNT, met->unread),
					  AMI_SAYS(READABLE, met->nodes)),
				"%llu nodes of its tree of IOVA ranges cannot be read, %llu can. It is unknown whether its page table lost mappings.",
				(unsigned long long)met->unread,
				(unsigned long long)met->nodes);
}

static int hold_against_table(struct ami_state *s, struct iova_alloc *a,
			      const char *where)
{
	struct reading r = { .s = s, .a = a };
	struct iova_walk met;

	state_iova_each_range(s, a->iovad, &met, take_range, &r);
	if (r.no_memory)
		return -1;
	report_walk(s, a, &met, where);
	if (!a->left)
		return 0;
	explain_queued(a);
	if (a->left)
		state_iova_explain_cached(s, a);
	explain_recent(s, a);
	return is_lost(s, a) ? keep_lost(s, a, where) : 0;
}

static int read_allocator(struct ami_state *s, struct ami_domain *d,
			  struct cpus *cpus)
{
	struct iova_alloc a = { .d = d, .iovad = d->iovad, .cpus = cpus };
	char where[DOMAIN_TEXT];
	uint64_t granule;
	int ret = -1;

	/* Not a page size, so it is damaged: flushq.c reports it. */
	if (ami_get(s->kernel, d->iovad, AMI_F_iovad_granule, &granule) !=
	    AMI_MEM_OK || granule < AMI_PAGE_SIZE || granule > MAX_GRANULE ||
	    (granule & (granule - 1)))
		return 0;
	state_name_domain(d, where);
	a.shift = __builtin_ctzll(granule);
	if (!state_iova_find_reserved(s, &a))
		ret = hold_against_table(s, &a, where);
	free(a.reserved);
	free(a.list);
	ami_index_free(&a.by_first);
	return ret;
}

int state_read_allocators(struct ami_state *s, struct cpus *cpus)
{
	size_t i;

	if (state_misses_member(s, NEED_IOVA))
		return 0;
	ami_dump_doing(ami_kernel_dump(s->kernel), "IOVA allocators");
	for (i = 0; i < s->nr_domains; i++) {
		struct ami_domain *d = &s->domains[i];

		if (d->iovad && d->readable && !d->overwritten &&
		    d->table.format != AMI_FORMAT_NONE &&
		    read_allocator(s, d, cpus))
			return -1;
	}
	return 0;
}
