// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Class "passthrough": the device's addresses are physical addresses. By an
 * identity DTE (iommu=pt), by a DTE with V=0, or because no IOMMU covers it or
 * the driver left DMA alone.
 */
#include "exposure.h"

/* Either may have been in force: the entry, or what the driver set. */
static bool maybe_identity(const struct ami_state *s,
			   const struct ami_device *d)
{
	return d->dte_seen == AMI_SEEN_INCONSISTENT && d->domain >= 0 &&
	       s->domains[d->domain].kind == AMI_DOMAIN_IDENTITY;
}

static bool untranslated(const struct ami_device *d)
{
	return (d->translation == AMI_TRANSLATION_PASSTHROUGH ||
		d->translation == AMI_TRANSLATION_NONE) && d->may_write;
}

static void report(struct ami_state *s, const struct ami_device *d)
{
	char where[AMI_BDF_TEXT];

	ami_bdf_text(d->bdf, where);
	if (d->translation != AMI_TRANSLATION_NONE)
		return;
	if (s->untranslated && d->iommu >= 0)
		return;		/* said once, of the driver */
	if (d->iommu < 0)
		ami_finding_add(&s->findings, AMI_FIND_DEVICE_WITHOUT_IOMMU,
				where, "No IOMMU covers this device (%s): its DMA is not translated.",
				d->driver[0] ? d->driver : "no driver");
	else
		ami_finding_add(&s->findings, AMI_FIND_DTE_NOT_VALID, where,
				"Its DTE has V=0: its DMA was forwarded untranslated.");
}

/*
 * An entry that looks as if it blocked may not have been looked at. Without an
 * IOMMU there is no entry to agree with.
 */
static enum ami_certainty certainty(const struct ami_device *d)
{
	if (d->translation == AMI_TRANSLATION_NONE && ami_believes_dte(d) &&
	    d->dte.v)
		return AMI_POSSIBLE;
	return d->dte_seen == AMI_SEEN_INTACT || d->iommu < 0 ? AMI_PROVEN :
								AMI_LIKELY;
}

int find_passthrough(struct ami_exposures *ex)
{
	struct ami_state *s = ex->state;
	size_t i;

	for (i = 0; i < s->nr_devices; i++) {
		const struct ami_device *d = &s->devices[i];
		struct ami_exposure *e;

		if (!untranslated(d) && !maybe_identity(s, d))
			continue;
		report(s, d);
		e = add_exposure(ex, device_requester(d),
				 AMI_CLASS_PASSTHROUGH, certainty(d));
		if (!e)
			return -1;
		e->all_ram = true;
		e->count = ami_dump_ram_pages(ami_kernel_dump(s->kernel));
	}
	return 0;
}
