// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DTEs with a page table that no domain of the driver has. The driver writes
 * such an entry only for a domain of its own. So the driver state (the list of
 * device data, or the domain) has lost something, and with it what was queued
 * there (the flush queue). A list that damage ends early does not show it
 * otherwise: struct llist_head ends with NULL, and so does a page of zeros.
 */
#include <stdlib.h>

#include "state.h"

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Does the driver name no owner for the table of this intact entry? */
static bool is_candidate(const struct ami_state *s, const struct ami_device *d)
{
	if (d->dte_seen != AMI_SEEN_INTACT)
		return false;
	return d->domain < 0 ||
	       (s->domains[d->domain].readable &&
		s->domains[d->domain].table.format == AMI_FORMAT_NONE);
}

/*
 * The table that requests without PASID go through; 0: none. Not a nested one:
 * the driver's domain pointer does not lead to its host table.
 */
static uint64_t table_of(const struct ami_state *s, const struct ami_device *d)
{
	uint64_t root;

	if (amdvi_dte_nested(&d->dte))
		return 0;
	switch (amdvi_dte_dma(&d->dte)) {
	case AMDVI_DMA_HOST:
		return d->dte.host_root;
	case AMDVI_DMA_GUEST:
		state_first_guest_table(s, d, &root);
		return root;
	default:
		return 0;
	}
}

/*
 * Roots of all domains, sorted, two of each. While a table grows, the DTE may
 * still hold the old top, which is the first child of the new one.
 */
static uint64_t *claimed_roots(struct ami_state *s)
{
	uint64_t *root = calloc(2 * s->nr_domains + 1, sizeof(*root)), raw;
	size_t i;

	for (i = 0; root && i < s->nr_domains; i++) {
		const struct ami_table *t = &s->domains[i].table;
		struct amdvi_pte pte;

		root[2 * i] = t->root;
		if (t->format != AMI_FORMAT_V1 ||
		    ami_dump_read(ami_kernel_dump(s->kernel), t->root, &raw,
				  sizeof(raw)) != AMI_MEM_OK)
			continue;
		pte = amdvi_v1_pte(raw, t->levels, t->sme_mask);
		if (pte.kind == AMDVI_PTE_TABLE)
			root[2 * i + 1] = pte.addr;
	}
	if (root && s->nr_domains)
		qsort(root, 2 * s->nr_domains, sizeof(*root), by_value);
	return root;
}

int state_find_unclaimed(struct ami_state *s)
{
	uint64_t *claimed = claimed_roots(s), root;
	char where[AMI_BDF_TEXT];
	size_t i;

	if (!claimed)
		return -1;
	/*
	 * A missing page is not damage. The report already says that it is
	 * missing.
	 */
	for (i = 0; s->devices_whole && i < s->nr_devices; i++) {
		const struct ami_device *d = &s->devices[i];

		root = is_candidate(s, d) ? table_of(s, d) : 0;
		if (!root || bsearch(&root, claimed, 2 * s->nr_domains,
				     sizeof(*claimed), by_value))
			continue;
		s->incomplete = true;
		ami_finding_add_with(s->findings, AMI_FIND_DOMAIN_MISSING,
				ami_bdf_text(d->bdf, where),
				AMI_FACTS(AMI_SAYS(PHYS, root)),
				"Its DTE has the page table at %#llx, but no domain in the driver's state has that table. The list of devices or a domain was damaged. What that domain had queued for flushing is unknown.",
				(unsigned long long)root);
	}
	free(claimed);
	return 0;
}
