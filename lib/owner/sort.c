// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The owners of many page frames at once. What layout decides is taken out of
 * the set as a whole; struct pages are read for the rest, in ascending order.
 */
#include "owner.h"

/**
 * struct sorter - @run frames from @first on belong to @owner
 */
struct sorter {
	struct ami_owners *o;
	struct ami_pfnset **of;
	enum ami_owner owner;
	uint64_t first, run;
};

static void end_run(struct sorter *s)
{
	if (s->run)
		ami_pfnset_add(s->of[s->owner], s->first, s->run);
	s->run = 0;
}

static void put(struct sorter *s, uint64_t pfn, enum ami_owner owner)
{
	if (s->run && s->owner == owner && s->first + s->run == pfn) {
		s->run++;
		return;
	}
	end_run(s);
	s->owner = owner;
	s->first = pfn;
	s->run = 1;
}

static bool by_layout_and_page(void *ctx, uint64_t first, uint64_t count)
{
	struct sorter *s = ctx;
	uint64_t pfn;

	for (pfn = first; pfn < first + count; pfn++)
		put(s, pfn, ami_owner_of(s->o, pfn));
	return !ami_dump_interrupted(ami_kernel_dump(s->o->kernel));
}

static bool by_page(void *ctx, uint64_t first, uint64_t count)
{
	struct sorter *s = ctx;
	struct page_view v;
	uint64_t pfn;

	for (pfn = first; pfn < first + count; pfn++)
		put(s, pfn, owner_by_struct_page(s->o, pfn, &v));
	return !ami_dump_interrupted(ami_kernel_dump(s->o->kernel));
}

/* Move what @set has of @from. False: no memory. */
static bool take(struct ami_pfnset *from, const struct ami_pfnset *set,
		 struct ami_pfnset *to)
{
	struct ami_pfnset *both = ami_pfnset_and(from, set);

	if (!both)
		return false;
	ami_pfnset_union(to, both);
	ami_pfnset_subtract(from, both);
	ami_pfnset_free(both);
	return true;
}

/* Kernel image and crashkernel: few pages, each with exceptions. */
static struct ami_pfnset *special_pages(const struct ami_owners *o)
{
	struct ami_pfnset *set = ami_pfnset_new();
	int i;

	for (i = 0; set && i < (int)IMAGE_PARTS; i++)
		if (o->image[i].first < o->image[i].end)
			ami_pfnset_add(set, o->image[i].first,
				       o->image[i].end - o->image[i].first);
	for (i = 0; set && i < 2; i++)
		ami_pfnset_add(set, o->state->crashkernel[i].first,
			       o->state->crashkernel[i].count);
	return set;
}

static bool sort_special(struct sorter *s, struct ami_pfnset *rest)
{
	struct ami_pfnset *special = special_pages(s->o), *both;

	both = special ? ami_pfnset_and(rest, special) : NULL;
	if (both) {
		ami_pfnset_ranges(both, by_layout_and_page, s);
		end_run(s);
		ami_pfnset_subtract(rest, both);
	}
	ami_pfnset_free(special);
	ami_pfnset_free(both);
	return both;
}

static bool sort_rest(struct sorter *s, struct ami_pfnset *rest)
{
	struct ami_owners *o = s->o;
	struct ami_pfnset **of = s->of;

	/* In the order of ami_owner_of(). */
	if (!take(rest, o->io_tables, of[AMI_OWNER_IOMMU_TABLE]) ||
	    !take(rest, o->tables, of[AMI_OWNER_PAGE_TABLE]) ||
	    !take(rest, o->stacks, of[AMI_OWNER_STACK]) ||
	    !take(rest, o->coherent, of[AMI_OWNER_COHERENT]) ||
	    !take(rest, o->memmap, of[AMI_OWNER_MEMMAP]))
		return false;
	ami_pfnset_ranges(rest, by_page, s);
	end_run(s);
	return true;
}

/* Mapped by vmalloc and marked as nothing else. */
static bool sort_vmalloc(struct ami_owners *o, const struct ami_pfnset *rest,
			 struct ami_pfnset **of)
{
	static const enum ami_owner plain[] = {
		AMI_OWNER_KERNEL, AMI_OWNER_UNKNOWN,
	};
	struct ami_pfnset *mapped = ami_pfnset_and(rest, o->vmalloc);
	bool ok = mapped;
	size_t i;

	for (i = 0; ok && i < sizeof(plain) / sizeof(plain[0]); i++)
		ok = take(of[plain[i]], mapped, of[AMI_OWNER_VMALLOC]);
	ami_pfnset_free(mapped);
	return ok;
}

int ami_owners_sort(struct ami_owners *o, const struct ami_pfnset *pages,
		    struct ami_pfnset *of[AMI_OWNERS])
{
	struct sorter s = { .o = o, .of = of };
	struct ami_pfnset *rest = ami_pfnset_new();
	bool ok = rest;

	if (ok)
		ami_pfnset_union(rest, pages);
	ok = ok && sort_special(&s, rest) && sort_rest(&s, rest) &&
	     sort_vmalloc(o, rest, of);
	ami_pfnset_free(rest);
	return ok ? 0 : -1;
}
