// SPDX-License-Identifier: GPL-2.0-or-later
/* What hosts want from an analysis, besides views. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <analysis/analysis.h>

struct ami_dump *ami_analysis_dump(const struct ami_analysis *a)
{
	return a->dump;
}

enum ami_covered ami_analysis_covered(const struct ami_analysis *a)
{
	return a->exposures->covered;
}

enum ami_verdict ami_analysis_verdict(const struct ami_analysis *a)
{
	return a->exposures->verdict;
}

bool ami_analysis_lost(const struct ami_analysis *a)
{
	return a->spill.failed;
}

struct ami_pfnset *ami_analysis_pages(const struct ami_analysis *a)
{
	return ami_exposures_pages(a->exposures);
}

/* "coherent-dma" names the owner "coherent DMA". */
static bool is_named(const char *text, size_t len, const char *owner)
{
	size_t i;

	for (i = 0; i < len && owner[i]; i++)
		if (tolower((unsigned char)text[i]) !=
		    (owner[i] == ' ' ? '-' : tolower((unsigned char)owner[i])))
			return false;
	return len && i == len && !owner[i];
}

struct choice {
	struct ami_owners *owners;
	bool wanted[AMI_OWNERS];
	struct ami_pfnset *pages;
};

static bool choose_owners(struct choice *c, const char *text)
{
	bool any = false;
	int i;

	while (text && *text) {
		size_t len = strcspn(text, ",");

		for (i = 0; i < AMI_OWNERS; i++)
			if (is_named(text, len, ami_owner_name(i)))
				any = c->wanted[i] = true;
		text += len + (text[len] == ',');
	}
	return any;
}

static bool add_owned(void *ctx, uint64_t first, uint64_t count)
{
	struct choice *c = ctx;
	uint64_t pfn;

	for (pfn = first; pfn < first + count; pfn++)
		if (c->wanted[ami_owner_of(c->owners, pfn)])
			ami_pfnset_add(c->pages, pfn, 1);
	return true;
}

struct ami_pfnset *ami_analysis_owned(const struct ami_analysis *a,
				      const char *owners)
{
	const struct ami_exposures *ex = a->exposures;
	struct choice c = { .owners = ex->owners, .pages = ami_pfnset_new() };
	size_t i;

	if (!c.pages || !c.owners || !choose_owners(&c, owners))
		return c.pages;
	for (i = 0; i < ex->count; i++)
		if (ex->list[i].pages)
			ami_pfnset_ranges(ex->list[i].pages, add_owned, &c);
	return c.pages;
}

struct ami_pfnset *ami_analysis_read(const struct ami_analysis *a)
{
	struct ami_pfnset *set = ami_pfnset_new();
	struct ami_granules *page;
	size_t count = 0, i;

	page = ami_dump_recorded(a->dump, &count);
	for (i = 0; set && page && i < count; i++)
		ami_pfnset_add(set, page[i].pfn, 1);
	if (!page) {
		ami_pfnset_free(set);
		set = NULL;
	}
	free(page);
	return set;
}

static int fill_marks(struct ami_marks *m, const struct ami_analysis *a,
		      const struct ami_marking *how)
{
	if (a->marks && ami_marks_inherit(m, a->marks))
		return -1;
	return how->save ? ami_marks_save_state(m, a->exposures,
						AMI_MARKS_MAX_SAVED) : 0;
}

struct ami_marks *ami_analysis_marks(const struct ami_analysis *a,
				     const struct ami_marking *how,
				     struct ami_error *err)
{
	struct ami_marks *m = ami_marks_build(a->exposures, how->in_capture,
					      err);

	if (m && fill_marks(m, a, how)) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		ami_marks_free(m);
		m = NULL;
	}
	return m;
}
