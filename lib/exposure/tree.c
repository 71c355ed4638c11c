// SPDX-License-Identifier: GPL-2.0-or-later
/* Page tables, each walked once, because devices share domains. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exposure.h"

struct filling {
	struct ami_dump *dump;
	struct ami_tree *tree;
	struct ami_pfnbatch writable, iovas, tables, updated;
	bool no_memory;
};

static bool on_mapping(void *ctx, const struct ami_mapping *m)
{
	struct filling *f = ctx;
	uint64_t pages = m->size >> AMI_PAGE_SHIFT;

	f->tree->mapped += pages;
	if (m->write) {
		f->tree->writable_iovas += pages;
		f->tree->outside += exposure_batch_ram(&f->writable, f->dump,
						       m->phys >> AMI_PAGE_SHIFT,
						       pages);
		if (f->tree->iovas_in_ram)
			exposure_batch_ram(&f->iovas, f->dump,
					   m->iova >> AMI_PAGE_SHIFT, pages);
	}
	return true;
}

static void on_problem(void *ctx, enum ami_walk_fault fault, uint64_t first,
		       uint64_t last)
{
	struct filling *f = ctx;

	if (fault == AMI_WALK_MISSING &&
	    exposure_add_iovas(&f->tree->holes, &f->tree->nr_holes, first, last))
		f->no_memory = true;
}

/* Does the IOMMU have a reason to set bit A or D in this table page? */
static bool to_be_updated(const struct ami_tree *t, const uint64_t *entry,
			  unsigned int level)
{
	bool v2 = t->table.format == AMI_FORMAT_V2;
	struct amdvi_pte pte;
	unsigned int i;

	for (i = 0; i < AMDVI_TABLE_ENTRIES; i++) {
		if (!entry[i])
			continue;
		pte = v2 ? amdvi_v2_pte(entry[i], level, t->table.sme_mask) :
		      amdvi_v1_pte(entry[i], level, t->table.sme_mask);
		if ((pte.kind == AMDVI_PTE_TABLE && !pte.accessed) ||
		    (pte.kind == AMDVI_PTE_PAGE &&
		     (!pte.accessed || (pte.iw && !pte.dirty))))
			return true;
	}
	return false;
}

static void on_table(void *ctx, uint64_t pfn, unsigned int level)
{
	struct filling *f = ctx;
	const uint8_t *page;
	enum ami_mem mem;

	ami_pfnbatch_add(&f->tables, pfn, 1);
	if (!f->updated.set)
		return;
	page = ami_dump_page(f->dump, pfn, &mem);
	if (page && to_be_updated(f->tree, (const uint64_t *)page, level))
		ami_pfnbatch_add(&f->updated, pfn, 1);
	if (page)
		ami_dump_unpage(f->dump, page);
}

static void report_fault(const struct ami_state *s, const struct ami_tree *t,
			 enum ami_walk_fault fault)
{
	const struct ami_walk_problem *p = &t->stats.problem[fault];
	bool unread = fault == AMI_WALK_MISSING;
	const struct ami_fact facts[] = {
		AMI_SAYS_IF(unread, PAGES, p->count),
		AMI_SAYS_IF(!unread, COUNT, p->count),
		AMI_SAYS(PHYS, p->table), AMI_SAYS(LEVEL, p->level),
		AMI_SAYS(IOVA, p->iova),
		AMI_NAMES_IF(unread, READ, ami_mem_text(p->mem)),
		{ AMI_FACT_END, 0, NULL },
	};
	char where[48];

	if (!p->count)
		return;
	snprintf(where, sizeof(where), "table %#" PRIx64, t->table.root);
	switch (fault) {
	case AMI_WALK_MISSING:
		ami_finding_add_with(s->findings, AMI_FIND_TABLE_UNREAD, where, facts,
				"%" PRIu64 " page-table pages cannot be read. The first, at %#" PRIx64 " (level %u, IOVA %#" PRIx64 "), is %s. What they map is unknown.",
				p->count, p->table, p->level, p->iova,
				ami_mem_text(p->mem));
		break;
	case AMI_WALK_BAD_ENTRY:
		ami_finding_add_with(s->findings, AMI_FIND_TABLE_ENTRY_INVALID,
				where, facts,
				"%" PRIu64 " entries have a reserved encoding, the first in the page at %#" PRIx64 " (level %u, IOVA %#" PRIx64 "): the table is damaged.",
				p->count, p->table, p->level, p->iova);
		break;
	case AMI_WALK_FORBIDS:
		ami_finding_add_with(s->findings, AMI_FIND_TABLE_ENTRY_FORBIDS,
				where, facts,
				"%" PRIu64 " directory entries forbid reading or writing, which the driver does only in entries of pages; the first in the page at %#" PRIx64 " (level %u, IOVA %#" PRIx64 "): the table is damaged.",
				p->count, p->table, p->level, p->iova);
		break;
	default:
		ami_finding_add_with(s->findings, AMI_FIND_TABLE_LOOP, where, facts,
				"%" PRIu64 " entries point back to a table page already in this table, the first to %#" PRIx64 " (level %u, IOVA %#" PRIx64 "): the table is damaged.",
				p->count, p->table, p->level, p->iova);
		break;
	}
}

/* A root has 52 bits. */
static uint64_t key_of(const struct ami_table *t)
{
	return t->root | (uint64_t)t->format << 60 |
	       (uint64_t)t->ad_bits << 55 |
	       (uint64_t)t->user_only << 59 | (uint64_t)t->levels << 56;
}

const struct ami_tree *ami_tree_of(const struct ami_exposures *ex,
				   const struct ami_table *table)
{
	size_t at;

	return ami_index_find(&ex->tree_index, key_of(table), &at) ?
	       &ex->trees[at] : NULL;
}

static struct ami_tree *add_tree(struct ami_exposures *ex,
				 const struct ami_table *table)
{
	struct ami_tree *t;

	if (vec_push(ex->trees, ex->nr_trees, SIZE_MAX,
		     (struct ami_tree){ .table = *table }))
		return NULL;
	t = &ex->trees[ex->nr_trees - 1];
	if (!ami_index_add(&ex->tree_index, key_of(table), ex->nr_trees - 1))
		return NULL;
	t->writable = ami_pfnset_new();
	if (table->format == AMI_FORMAT_V2)
		t->iovas_in_ram = ami_pfnset_new();
	if (table->ad_bits)
		t->updated = ami_pfnset_new();
	return t->writable && (t->updated || !table->ad_bits) &&
	       (t->iovas_in_ram || table->format != AMI_FORMAT_V2) ? t : NULL;
}

struct ami_tree *exposure_tree_get(struct ami_exposures *ex,
				   const struct ami_table *table)
{
	static const struct ami_walk_ops ops = {
		on_mapping, on_problem, on_table,
	};
	struct ami_tree *t = (struct ami_tree *)ami_tree_of(ex, table);
	struct filling f = { .dump = ami_kernel_dump(ex->state->kernel) };
	int fault;

	if (t)
		return t;
	t = add_tree(ex, table);
	if (!t)
		return NULL;
	f.tree = t;
	f.tables.set = ex->io_tables;
	f.writable.set = t->writable;
	f.iovas.set = t->iovas_in_ram;
	f.updated.set = t->updated;
	ami_walk(f.dump, table, &ops, &f, &t->stats);
	ami_pfnbatch_flush(&f.writable);
	ami_pfnbatch_flush(&f.iovas);
	ami_pfnbatch_flush(&f.tables);
	ami_pfnbatch_flush(&f.updated);
	ami_pfnset_compact(t->writable);
	f.no_memory |= ami_pfnset_failed(t->writable) ||
		       ami_pfnset_failed(ex->io_tables);
	f.no_memory |= t->updated && ami_pfnset_failed(t->updated);
	if (t->iovas_in_ram) {
		ami_pfnset_compact(t->iovas_in_ram);
		f.no_memory |= ami_pfnset_failed(t->iovas_in_ram);
	}
	if (ex->on.spill)
		ami_pfnset_spill(t->writable, ex->on.spill);
	exposure_merge_iovas(t->holes, &t->nr_holes);
	for (fault = 0; fault < AMI_WALK_FAULTS; fault++)
		report_fault(ex->state, t, fault);
	return f.no_memory || t->stats.no_memory ? NULL : t;
}

static int add_unknown(const struct ami_exposures *ex, struct ami_exposure *e,
		       const struct ami_iova_range *list, size_t count)
{
	size_t i;

	if (count && !ami_exposures_spend(ex, count * AMI_COST_READ))
		return exposure_all_iovas_unknown(e);
	for (i = 0; i < count; i++) {
		e->complete = false;
		if (exposure_add_iovas(&e->iovas, &e->nr_iovas, list[i].first,
				       list[i].last))
			return -1;
	}
	return 0;
}

int exposure_add_holes(const struct ami_exposures *ex, struct ami_exposure *e,
		       const struct ami_tree *t)
{
	return add_unknown(ex, e, t->holes, t->nr_holes);
}

int exposure_add_lost(const struct ami_exposures *ex, struct ami_exposure *e,
		      const struct ami_device *d)
{
	const struct ami_domain *dom = ami_stale_domain(ex->state, d);

	return dom ? add_unknown(ex, e, dom->lost, dom->nr_lost) : 0;
}
