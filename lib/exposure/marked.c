// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the marks that came with the dump add: pages that were marked while more
 * was readable, and class "observed", pages that changed while the dump was
 * saved. Marks are not trusted: only RAM of this dump counts.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <marks/marks.h>

#include "exposure.h"

static struct ami_pfnset *all_ram(const struct ami_exposures *ex)
{
	const struct ami_dump *dump = ami_kernel_dump(ex->state->kernel);
	const struct ami_dump_info *info = ami_dump_info(dump);
	struct ami_pfnset *ram = ami_pfnset_new();
	size_t i;

	for (i = 0; ram && i < info->nr_ram; i++)
		ami_pfnset_add(ram, info->ram[i].first, info->ram[i].count);
	return ram;
}

/* --- marks against this analysis ---------------------------------------------- */

static int compare_marks(struct ami_exposures *ex, const struct ami_marks *m,
			 const struct ami_pfnset *ram)
{
	struct ami_pfnset *marked = ami_marks_pages(m, AMI_CLASSES);
	struct ami_pfnset *found = ami_exposures_pages(ex), *both = NULL;

	if (marked && found)
		both = ami_pfnset_and(marked, ram);
	if (both) {
		ex->marks_common = ami_pfnset_common(both, found);
		ex->marks_without = ami_pfnset_count(found) - ex->marks_common;
	}
	ami_pfnset_free(marked);
	ami_pfnset_free(found);
	ami_pfnset_free(both);
	return both ? 0 : -1;
}

static bool same_requester(const struct ami_requester *a,
			   const struct ami_requester *b)
{
	return a->is_iommu == b->is_iommu &&
	       (a->is_iommu ? a->index == b->index :
		!memcmp(&a->bdf, &b->bdf, sizeof(a->bdf)));
}

/* False: too much work. */
static bool subtract_one(const struct ami_exposures *ex,
			 const struct ami_exposure *e,
			 struct ami_pfnset *pages)
{
	if (!e->pages)
		return true;
	if (!ami_exposures_spend_sets(ex, pages, e->pages))
		return false;
	ami_pfnset_subtract(pages, e->pages);
	return true;
}

static bool subtract_known(const struct ami_exposures *ex,
			   const struct ami_mark *mark,
			   struct ami_pfnset *pages)
{
	const struct ami_exposure *e = NULL;
	bool ok = true;
	size_t i;

	if (mark->requester.is_iommu) {
		ok = ami_exposures_spend(ex, ex->count * AMI_COST_READ);
		for (i = 0; ok && i < ex->count; i++)
			if (same_requester(&ex->list[i].requester,
					   &mark->requester))
				ok = subtract_one(ex, &ex->list[i], pages);
		return ok;
	}
	while (ok && (e = ami_exposure_next(ex, mark->requester.bdf, e)))
		if (e->class == mark->class)
			ok = subtract_one(ex, e, pages);
	return ok;
}

/*
 * The exposure for marks like this, searched from position @first on. Many
 * marks of a device must not make a long chain that each of them searches.
 */
static struct ami_exposure *exposure_for(struct ami_exposures *ex,
					 const struct ami_mark *mark,
					 size_t first)
{
	const struct ami_exposure *e = NULL;
	size_t i;

	for (i = first; mark->requester.is_iommu && i < ex->count; i++)
		if (same_requester(&ex->list[i].requester, &mark->requester) &&
		    ex->list[i].class == mark->class &&
		    ex->list[i].certainty == mark->certainty)
			return &ex->list[i];
	while (!mark->requester.is_iommu &&
	       (e = ami_exposure_next(ex, mark->requester.bdf, e)))
		if (e >= ex->list + first && e->class == mark->class &&
		    e->certainty == mark->certainty)
			return &ex->list[e - ex->list];
	return exposure_add(ex, mark->requester, mark->class, mark->certainty);
}

/*
 * What the marks know of a device and this analysis does not. There may be many
 * marks, and many runs in a set that all of them share.
 */
static int add_mark(struct ami_exposures *ex, const struct ami_marks *m,
		    const struct ami_mark *mark, const struct ami_pfnset *ram,
		    size_t first)
{
	struct ami_pfnset *pages;
	struct ami_exposure *e = NULL;

	if (!ami_exposures_spend_sets(ex, m->sets[mark->set], ram))
		return 0;
	pages = ami_pfnset_and(m->sets[mark->set], ram);
	if (!pages)
		return -1;
	if (!subtract_known(ex, mark, pages) || !ami_pfnset_count(pages)) {
		ami_pfnset_free(pages);
		return 0;
	}
	e = exposure_for(ex, mark, first);
	if (!e) {
		ami_pfnset_free(pages);
		return -1;
	}
	ex->marks_only += ami_pfnset_count(pages);
	if (e->pages) {
		ami_pfnset_union(e->pages, pages);
		ami_pfnset_free(pages);
	} else {
		e->pages = pages;
	}
	e->count = ami_pfnset_count(e->pages);
	return 0;
}

static int add_marks(struct ami_exposures *ex, const struct ami_marks *m,
		     const struct ami_pfnset *ram)
{
	size_t i, first = ex->count;

	if (compare_marks(ex, m, ram))
		return -1;
	for (i = 0; i < m->count && ami_exposures_spend(ex, AMI_COST_READ); i++)
		if (m->list[i].set >= 0 && add_mark(ex, m, &m->list[i], ram,
						  first))
			return -1;
	if (ex->marks_only)
		ami_finding_add_with(ex->state->findings,
				AMI_FIND_MARKS_KNOW_MORE,
				"marks",
				AMI_FACTS(AMI_SAYS(PAGES, ex->marks_only)),
				"The marks name %" PRIu64 " pages that the dump itself does not show. The report includes them.",
				ex->marks_only);
	return 0;
}

/* --- observed ------------------------------------------------------------------- */

/**
 * struct suspects - who could have written the pages that changed
 * @reach: of each requester, at the position of its first exposure
 * @shared: pages that several of them reach
 */
struct suspects {
	struct ami_pfnset **reach;
	size_t count;
	struct ami_pfnset *any, *shared;
};

static size_t first_of(const struct ami_exposures *ex, size_t i)
{
	const struct ami_exposure *e = &ex->list[i];
	size_t k;

	if (!e->requester.is_iommu)
		return ami_exposure_next(ex, e->requester.bdf, NULL) -
		       ex->list;
	ami_exposures_spend(ex, i * AMI_COST_ENTRY);
	for (k = 0; k < i; k++)
		if (same_requester(&ex->list[k].requester, &e->requester))
			break;
	return k;
}

static int add_reach(const struct ami_exposures *ex, struct suspects *s,
		     size_t i)
{
	const struct ami_exposure *e = &ex->list[i];
	struct ami_pfnset **reach = &s->reach[first_of(ex, i)], *both;

	if ((!e->pages && !e->all_ram) || !ami_exposures_spend_sets(ex, ex->observed, e->pages ?
						       e->pages : ex->observed))
		return 0;
	if (!*reach)
		*reach = ami_pfnset_new();
	if (!*reach)
		return -1;
	if (e->all_ram || !e->pages) {
		ami_pfnset_union(*reach, ex->observed);
		return 0;
	}
	both = ami_pfnset_and(e->pages, ex->observed);
	if (both)
		ami_pfnset_union(*reach, both);
	ami_pfnset_free(both);
	return both ? 0 : -1;
}

static int find_reach(const struct ami_exposures *ex, struct suspects *s)
{
	struct ami_pfnset *both;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (add_reach(ex, s, i))
			return -1;
	for (i = 0; i < s->count; i++) {
		if (!s->reach[i] || !ami_exposures_spend_sets(ex, s->any, s->reach[i]))
			continue;
		both = ami_pfnset_and(s->any, s->reach[i]);
		if (!both)
			return -1;
		ami_pfnset_union(s->shared, both);
		ami_pfnset_union(s->any, s->reach[i]);
		ami_pfnset_free(both);
	}
	return 0;
}

/* Takes ownership of @pages. */
static int add_observed(struct ami_exposures *ex, struct ami_requester who,
			enum ami_certainty certainty, struct ami_pfnset *pages)
{
	struct ami_exposure *e = NULL;
	bool some = pages && ami_pfnset_count(pages);

	if (some)
		e = exposure_add(ex, who, AMI_CLASS_OBSERVED, certainty);
	if (!e) {
		ami_pfnset_free(pages);
		return pages && !some ? 0 : -1;
	}
	e->pages = pages;
	e->count = ami_pfnset_count(pages);
	return 0;
}

static int blame(struct ami_exposures *ex, const struct suspects *s)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		struct ami_requester who = ex->list[i].requester;
		struct ami_pfnset *several;

		if (!s->reach[i] || !ami_exposures_spend_sets(ex, s->reach[i], s->shared))
			continue;
		several = ami_pfnset_and(s->reach[i], s->shared);
		ami_pfnset_subtract(s->reach[i], s->shared);
		if (add_observed(ex, who, AMI_PROVEN, s->reach[i])) {
			s->reach[i] = NULL;
			ami_pfnset_free(several);
			return -1;
		}
		s->reach[i] = NULL;
		if (add_observed(ex, who, AMI_LIKELY, several))
			return -1;
	}
	return 0;
}

static void report_unexplained(struct ami_exposures *ex, struct suspects *s)
{
	ex->unexplained = ami_pfnset_count(ex->observed) -
			  ami_pfnset_count(s->any);
	if (ex->unexplained)
		ami_finding_add_with(ex->state->findings,
				AMI_FIND_OBSERVED_UNEXPLAINED, "marks",
				AMI_FACTS(AMI_SAYS(PAGES, ex->unexplained)),
				"%" PRIu64 " pages changed while the dump was saved, though no device is known to reach them: the list of exposed pages is incomplete.",
				ex->unexplained);
}

static int find_observed(struct ami_exposures *ex)
{
	struct suspects s = {
		.count = ex->count, .any = ami_pfnset_new(),
		.shared = ami_pfnset_new(),
		.reach = calloc(ex->count + 1, sizeof(*s.reach)),
	};
	int ret = -1;
	size_t i;

	if (s.any && s.shared && s.reach && !find_reach(ex, &s)) {
		report_unexplained(ex, &s);
		ret = blame(ex, &s);
	}
	for (i = 0; s.reach && i < s.count; i++)
		ami_pfnset_free(s.reach[i]);
	ami_pfnset_free(s.any);
	ami_pfnset_free(s.shared);
	free(s.reach);
	return ret;
}

int exposure_find_marked(struct ami_exposures *ex)
{
	const struct ami_marks *m = ex->on.marks;
	struct ami_pfnset *ram, *observed;
	size_t i;
	int ret;

	if (!m)
		return 0;
	ram = all_ram(ex);
	observed = ami_pfnset_new();
	for (i = 0; observed && i < m->nr_observed; i++)
		ami_pfnset_union(observed, m->sets[m->observed[i].set]);
	if (ram && observed)
		ex->observed = ami_pfnset_and(observed, ram);
	ami_pfnset_free(observed);
	ret = ex->observed ? add_marks(ex, m, ram) : -1;
	ami_pfnset_free(ram);
	if (!ret && ami_pfnset_count(ex->observed))
		ret = find_observed(ex);
	return ret;
}
