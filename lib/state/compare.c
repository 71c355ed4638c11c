// SPDX-License-Identifier: GPL-2.0-or-later
/* A device table entry against the driver's state: where they disagree. */
#include "state.h"

/*
 * While the table grows, the DTE may still hold the old top, which is now a
 * child of the new one. It is the same tree, not a contradiction.
 */
static bool same_tree(struct ami_state *s, const struct ami_table *domain,
		      const struct amdvi_dte *dte)
{
	struct ami_dump *dump = ami_kernel_dump(s->kernel);
	struct amdvi_pte pte;
	uint64_t raw;

	if (domain->root == dte->host_root && domain->levels == dte->mode)
		return true;
	if (domain->levels != dte->mode + 1u ||
	    ami_dump_read(dump, domain->root, &raw, sizeof(raw)) != AMI_MEM_OK)
		return false;
	pte = amdvi_v1_pte(raw, domain->levels, domain->sme_mask);
	return pte.kind == AMDVI_PTE_TABLE && pte.addr == dte->host_root;
}

static void compare_paging(struct ami_state *s, struct ami_device *d,
			   const struct ami_domain *dom, enum amdvi_dma dma)
{
	bool v2 = dom->table.format == AMI_FORMAT_V2;

	if (!dom->readable || dom->table.format == AMI_FORMAT_NONE)
		return;
	if (dma != (v2 ? AMDVI_DMA_GUEST : AMDVI_DMA_HOST))
		state_differ(d, AMI_FACTS(AMI_NAMES(DRIVER_SAYS,
					    ami_format_name(dom->table.format)),
				  AMI_NAMES(DTE_SAYS, amdvi_dma_name(dma))),
			     "driver: %s paging, DTE: %s",
			 ami_format_name(dom->table.format),
			 amdvi_dma_name(dma));
	else if (!v2 && !same_tree(s, &dom->table, &d->dte))
		state_differ(d,
			     AMI_FACTS(AMI_SAYS(DRIVER_ROOT, dom->table.root),
				  AMI_SAYS(DRIVER_LEVELS, dom->table.levels),
				  AMI_SAYS(DTE_ROOT, d->dte.host_root),
				  AMI_SAYS(DTE_LEVELS, d->dte.mode)),
			     "root: driver %#llx (%u levels), DTE %#llx (%u)",
			 (unsigned long long)dom->table.root,
			 dom->table.levels,
			 (unsigned long long)d->dte.host_root, d->dte.mode);
}

/* Devices that the driver translates or passes through may read and write. */
static void compare_permissions(struct ami_device *d,
				const struct ami_domain *dom)
{
	const char *dte;

	if (dom->kind != AMI_DOMAIN_IDENTITY &&
	    dom->table.format == AMI_FORMAT_NONE)
		return;
	if (amdvi_dte_may_read(&d->dte) && amdvi_dte_may_write(&d->dte))
		return;
	dte = amdvi_dte_may_read(&d->dte) ? "read only" :
	      amdvi_dte_may_write(&d->dte) ? "write only" : "neither";
	state_differ(d, AMI_FACTS(AMI_NAMES(DRIVER_SAYS, "read and write"),
				  AMI_NAMES(DTE_SAYS, dte)),
		     "driver: read and write, DTE: %s", dte);
}

void state_compare_dte(struct ami_state *s, struct ami_device *d)
{
	enum amdvi_dma dma = amdvi_dte_dma(&d->dte);
	const struct ami_domain *dom;

	if (d->domain < 0)
		return;
	/* A nested attach does not change the driver's domain pointer. */
	if (amdvi_dte_nested(&d->dte) &&
	    ami_type_size(s->kernel, AMI_T_nested_domain))
		return;
	dom = &s->domains[d->domain];
	if (dom->kind == AMI_DOMAIN_IDENTITY) {
		if (dma != AMDVI_DMA_IDENTITY && dma != AMDVI_DMA_GUEST)
			state_differ(d, AMI_FACTS(AMI_NAMES(DRIVER_SAYS, "identity"),
					  AMI_NAMES(DTE_SAYS, amdvi_dma_name(dma))),
				     "driver: identity, DTE: %s",
				 amdvi_dma_name(dma));
	} else {
		compare_paging(s, d, dom, dma);
	}
	if (!d->disagreement[0])
		compare_permissions(d, dom);
	state_compare_gcr3(s, d);
	/* The ID in an entry with GV is the device's own (gcr3_info.domid). */
	if (!d->disagreement[0] && dom->id_known && !d->dte.gv &&
	    dom->id != d->dte.domain_id)
		state_differ(d, AMI_FACTS(AMI_SAYS(DRIVER_DOMAIN, dom->id),
					  AMI_SAYS(DTE_DOMAIN, d->dte.domain_id)),
			     "domain ID: driver %u, DTE %u", dom->id,
			 d->dte.domain_id);
}
