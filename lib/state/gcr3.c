// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GCR3 tables: PASID to guest page table. GLX + 1 levels of 512 entries; bit 0
 * of an entry is "valid", bits 51:12 its address.
 */
#include <stdlib.h>

#include "state.h"

struct gcr3 {
	struct ami_dump *dump;
	uint64_t sme_mask;
	unsigned int guest_levels;
	bool (*fn)(void *ctx, uint32_t pasid, const struct ami_table *table);
	void *ctx;
	uint64_t unread;
};

static bool walk_gcr3(struct gcr3 *g, uint64_t table, unsigned int level,
		      uint32_t pasid)
{
	const uint64_t *entry;
	const uint8_t *page;
	enum ami_mem mem;
	bool go_on = true;
	unsigned int i;

	page = ami_dump_page(g->dump, table >> AMI_PAGE_SHIFT, &mem);
	if (!page) {
		g->unread++;
		return true;
	}
	entry = (const uint64_t *)page;
	for (i = 0; i < AMDVI_TABLE_ENTRIES && go_on; i++) {
		uint32_t id = pasid | i << (9 * level);
		struct ami_table found = {
			.format = AMI_FORMAT_V2, .levels = g->guest_levels,
			.sme_mask = g->sme_mask,
		};

		/* A PASID has 20 bits. */
		if (id >= 1u << 20 ||
		    !amdvi_gcr3_entry(entry[i], g->sme_mask, &found.root))
			continue;
		go_on = level ? walk_gcr3(g, found.root, level - 1, id) :
			g->fn(g->ctx, id, &found);
	}
	ami_dump_unpage(g->dump, page);
	return go_on && !ami_dump_interrupted(g->dump);
}

uint64_t ami_gcr3_tables(struct ami_dump *dump, const struct amdvi_dte *dte,
			 uint64_t sme_mask,
			 bool (*fn)(void *ctx, uint32_t pasid,
				    const struct ami_table *table),
			 void *ctx)
{
	struct gcr3 g = {
		.dump = dump, .sme_mask = sme_mask,
		.guest_levels = amdvi_dte_guest_levels(dte),
		.fn = fn, .ctx = ctx,
	};

	/* Nested: these are guest addresses, not to be read as physical. */
	if (!dte->gv || dte->glx > 2 || !g.guest_levels ||
	    amdvi_dte_nested(dte))
		return 0;
	walk_gcr3(&g, dte->gcr3_root, dte->glx, 0);
	return g.unread;
}
