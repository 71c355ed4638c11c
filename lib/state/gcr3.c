// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GCR3 tables: PASID to guest page table. GLX + 1 levels of 512 entries. Bit 0
 * of an entry is "valid", bits 51:12 are its address.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <amdvi/features.h>
#include <amdiommu/pfnset.h>

#include "needs.h"

struct gcr3 {
	struct ami_dump *dump;
	uint64_t sme_mask;
	const struct ami_gcr3 *of;
	bool (*fn)(void *ctx, uint32_t pasid, const struct ami_table *table);
	void *ctx;
	struct ami_pfnseen seen;
	uint64_t unread;
};

static struct ami_table guest_table(const struct ami_gcr3 *gcr3,
				    uint64_t sme_mask, uint64_t root)
{
	return (struct ami_table){
		.format = AMI_FORMAT_V2, .root = root, .levels = gcr3->levels,
		.sme_mask = sme_mask, .user_only = gcr3->user_only,
		.ad_bits = true,
	};
}

/*
 * Each page is a table only once. If damaged entries lead to one again, the
 * PASIDs behind them would have the same guest tables.
 */
static bool walk_gcr3(struct gcr3 *g, uint64_t table, unsigned int level,
		      uint32_t pasid)
{
	const uint64_t *entry;
	const uint8_t *page;
	enum ami_mem mem;
	bool go_on = true;
	unsigned int i;

	if (!ami_pfnseen_add(&g->seen, level, table >> AMI_PAGE_SHIFT)) {
		g->unread++;
		return true;
	}
	ami_budget_spend(ami_dump_budget(g->dump),
			 AMDVI_TABLE_ENTRIES * AMI_COST_ENTRY);
	page = ami_dump_page(g->dump, table >> AMI_PAGE_SHIFT, &mem);
	if (!page) {
		g->unread++;
		return true;
	}
	entry = (const uint64_t *)page;
	for (i = 0; i < AMDVI_TABLE_ENTRIES && go_on; i++) {
		uint32_t id = pasid | i << (9 * level);
		struct ami_table found;
		uint64_t next;

		/* A PASID has 20 bits. */
		if (id >= 1u << 20 ||
		    !amdvi_gcr3_entry(entry[i], g->sme_mask, &next))
			continue;
		found = guest_table(g->of, g->sme_mask, next);
		go_on = level ? walk_gcr3(g, next, level - 1, id) :
			g->fn(g->ctx, id, &found);
	}
	ami_dump_unpage(g->dump, page);
	return go_on && !ami_dump_stopped(g->dump);
}

uint64_t ami_gcr3_tables(struct ami_dump *dump, const struct ami_gcr3 *gcr3,
			 uint64_t sme_mask,
			 bool (*fn)(void *ctx, uint32_t pasid,
				    const struct ami_table *table),
			 void *ctx)
{
	struct gcr3 g = {
		.dump = dump, .sme_mask = sme_mask, .of = gcr3, .fn = fn,
		.ctx = ctx,
	};

	if (!gcr3->root || gcr3->glx > 2 || !gcr3->levels)
		return 0;
	walk_gcr3(&g, gcr3->root, gcr3->glx, 0);
	if (ami_dump_budget(dump)->over)
		g.unread++;
	ami_pfnseen_free(&g.seen);
	return g.unread;
}

bool ami_gcr3_table(struct ami_dump *dump, const struct ami_gcr3 *gcr3,
		    uint64_t sme_mask, uint32_t pasid, struct ami_table *table)
{
	uint64_t at = gcr3->root, raw;
	unsigned int level;

	*table = (struct ami_table){ .format = AMI_FORMAT_NONE };
	if (!gcr3->root || gcr3->glx > 2 || !gcr3->levels)
		return true;
	for (level = gcr3->glx + 1; level-- > 0;) {
		if (ami_dump_read(dump, at + 8 * amdvi_gcr3_index(pasid, level),
				  &raw, sizeof(raw)) != AMI_MEM_OK)
			return false;
		if (!amdvi_gcr3_entry(raw, sme_mask, &at))
			return true;
	}
	*table = guest_table(gcr3, sme_mask, at);
	return true;
}

static bool has_guest_tables(const struct amdvi_dte *dte)
{
	/*
	 * Nested: these are guest addresses, and must not be read as physical.
	 */
	return dte->v && dte->tv && dte->gv && !amdvi_dte_nested(dte);
}

static void from_dte(struct ami_state *s, struct ami_device *d,
		     const char *where)
{
	if (!has_guest_tables(&d->dte))
		return;
	d->gcr3 = (struct ami_gcr3){
		.root = d->dte.gcr3_root, .glx = d->dte.glx,
		.levels = amdvi_dte_guest_levels(&d->dte),
	};
	if (!d->gcr3.levels)
		ami_finding_add_with(s->findings, AMI_FIND_GCR3_INVALID, where,
				AMI_FACTS(
					AMI_SAYS(VALUE,
						 d->dte.guest_paging_mode)),
				"Its DTE has guest tables with an unknown number of levels (GuestPagingMode %u). What they map is unknown.",
				d->dte.guest_paging_mode);
}

/* Up to 6.8 the domain has the table, later the device (gcr3_info). */
static void gcr3_from_driver(struct ami_state *s, const struct ami_device *d,
			     const char *where, struct ami_gcr3 *gcr3)
{
	const struct ami_domain *dom = d->domain >= 0 ?
				       &s->domains[d->domain] : NULL;
	uint64_t va = 0, glx = 0, id;
	enum ami_mem mem;
	bool known = true;

	if (state_misses_member(s, NEED_GCR3)) {
		s->incomplete = true;
		return;
	}
	if (d->dev_data && ami_has(s->kernel, AMI_F_dev_data_gcr3_tbl)) {
		known = state_fetch_vital(s, where, d->dev_data,
					  AMI_F_dev_data_gcr3_tbl, &va) &&
			state_fetch_vital(s, where, d->dev_data,
					  AMI_F_dev_data_gcr3_glx, &glx);
		gcr3->has_domain = state_fetch(s, where, d->dev_data,
					       AMI_F_dev_data_gcr3_domid, &id);
		gcr3->domain_id = id;
	} else if (dom) {
		known = state_fetch_vital(s, where, dom->va, AMI_F_pdom_gcr3_tbl,
					  &va) &&
			state_fetch_vital(s, where, dom->va, AMI_F_pdom_glx, &glx);
	}
	if (!va || !known)
		return;
	mem = ami_virt_to_phys(s->kernel, va, &gcr3->root);
	if (mem != AMI_MEM_OK && !ami_mem_wild(mem)) {
		gcr3->root = 0;
		s->incomplete = true;
		state_report_untranslated(s, where, va, mem);
		return;
	}
	if (glx > 2 || mem != AMI_MEM_OK) {
		gcr3->root = 0;
		ami_finding_add_with(s->findings, AMI_FIND_GCR3_INVALID, where,
				AMI_FACTS(AMI_SAYS(ADDRESS, va),
					  AMI_SAYS(GLX, glx)),
				"The driver's state has a GCR3 table at %#llx with GLX %llu, which is not a number of levels.",
				(unsigned long long)va, (unsigned long long)glx);
		return;
	}
	gcr3->glx = glx;
	gcr3->levels = state_guest_levels(s);
	s->incomplete |= !gcr3->levels;
}

bool state_first_guest_table(const struct ami_state *s, const struct ami_device *d,
			     uint64_t *root)
{
	struct ami_gcr3 gcr3 = {
		.root = d->dte.gcr3_root, .glx = d->dte.glx, .levels = 4,
	};
	struct ami_table first;
	bool read = ami_gcr3_table(ami_kernel_dump(s->kernel), &gcr3,
				   ami_kernel_sme(s->kernel), 0, &first);

	*root = first.root;
	return read;
}

/*
 * Damage to the DTE or the GCR3 table would hide what the driver has there.
 * Requests without PASID go through the first table, which is the domain's.
 */
void state_differ(struct ami_device *d, const struct ami_fact *facts,
		  const char *fmt, ...)
{
	size_t i;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d->disagreement, sizeof(d->disagreement), fmt, ap);
	va_end(ap);
	for (i = 0; i < AMI_DIFFERS && facts[i].key != AMI_FACT_END; i++)
		d->differs[i] = facts[i];
	d->differs[i].key = AMI_FACT_END;
}

void state_compare_gcr3(struct ami_state *s, struct ami_device *d)
{
	const struct ami_domain *dom = &s->domains[d->domain];
	struct ami_gcr3 driver = { .root = 0 };
	uint64_t root;
	char where[AMI_BDF_TEXT];

	if (!has_guest_tables(&d->dte))
		return;
	gcr3_from_driver(s, d, ami_bdf_text(d->bdf, where), &driver);
	if (driver.root && (driver.root != d->dte.gcr3_root ||
			   driver.glx != d->dte.glx ||
			   driver.levels != amdvi_dte_guest_levels(&d->dte))) {
		d->gcr3_driver = driver;
		state_differ(d, AMI_FACTS(AMI_SAYS(DRIVER_ROOT, driver.root),
				  AMI_SAYS(GLX, driver.glx),
				  AMI_SAYS(DRIVER_LEVELS, driver.levels),
				  AMI_SAYS(DTE_ROOT, d->dte.gcr3_root)),
			     "GCR3 table: driver %#llx (GLX %u, %u levels), DTE %#llx",
			 (unsigned long long)driver.root, driver.glx,
			 driver.levels, (unsigned long long)d->dte.gcr3_root);
		return;
	}
	if (dom->table.format != AMI_FORMAT_V2)
		return;
	if (!state_first_guest_table(s, d, &root) || root == dom->table.root)
		return;
	state_differ(d, AMI_FACTS(AMI_SAYS(DRIVER_ROOT, dom->table.root),
				  AMI_SAYS(DTE_ROOT, root)),
		     "guest table: driver %#llx, by the DTE %#llx",
		 (unsigned long long)dom->table.root,
		 (unsigned long long)root);
}

/*
 * A process that shares its address space has the kernel's half in its tables.
 * The driver enables PASIDs without the privileged mode ("Only allow access to
 * user-accessible pages"). Its own guest tables have US everywhere.
 */
static bool user_only(const struct ami_state *s, const struct ami_device *d)
{
	return d->iommu >= 0 &&
	       s->iommus[d->iommu].features & AMDVI_EFR_USSUP;
}

void state_find_gcr3(struct ami_state *s, struct ami_device *d)
{
	char where[AMI_BDF_TEXT];

	if (ami_believes_dte(d))
		from_dte(s, d, ami_bdf_text(d->bdf, where));
	else
		gcr3_from_driver(s, d, ami_bdf_text(d->bdf, where), &d->gcr3);
	d->gcr3.user_only = d->gcr3_driver.user_only = user_only(s, d);
}
