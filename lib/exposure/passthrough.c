// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Class "passthrough": the device's addresses are physical addresses. Reasons:
 * an identity DTE (iommu=pt); a DTE with V=0; no IOMMU covers the device; the
 * driver left DMA alone; the device bypasses its table; another IOMMU's tables
 * may bound the device, and they are not read.
 */
#include "exposure.h"

/* Either may have been in force: the entry, or what the driver set. */
static bool maybe_identity(const struct ami_state *s,
			   const struct ami_device *d)
{
	return d->dte_seen == AMI_SEEN_INCONSISTENT && d->domain >= 0 &&
	       s->domains[d->domain].kind == AMI_DOMAIN_IDENTITY;
}

/* By an exempt range, or by addresses that it translated itself. */
static bool partly_untranslated(const struct ami_device *d)
{
	return d->bypass == AMI_BYPASS_EXCLUSION || d->bypass == AMI_BYPASS_ATS;
}

static bool unbounded(const struct ami_device *d)
{
	return ami_device_direct(d) || ami_device_elsewhere(d);
}

static void report_bypass(const struct ami_state *s, const struct ami_device *d,
			  const char *where)
{
	switch (d->bypass) {
	case AMI_BYPASS_VIRTIO:
		ami_finding_add(s->findings, AMI_FIND_VIRTIO_BYPASSES_IOMMU,
			 where, "This virtio device was set up without VIRTIO_F_ACCESS_PLATFORM. Its DMA bypasses the IOMMU and is not translated, whatever its DTE says.");
		break;
	case AMI_BYPASS_EXCLUSION:
		ami_finding_add(s->findings, AMI_FIND_DTE_EXCLUSION, where,
			 "Its DTE exempts the exclusion range (EX) from translation. Linux never sets EX: firmware set it, or the entry was damaged. The range is in a register, which is not in the dump, so it may be any memory.");
		break;
	case AMI_BYPASS_ATS:
		ami_finding_add(s->findings, AMI_FIND_ATS_UNCHECKED, where,
			 "It may use ATS: the IOMMU does not check addresses that the device translated itself. Its tables bound it only as far as the device is trusted.");
		break;
	default:
		break;
	}
}

static void report_untranslated(const struct ami_state *s, const struct ami_device *d)
{
	char where[AMI_BDF_TEXT];

	ami_bdf_text(d->bdf, where);
	report_bypass(s, d, where);
	if (d->bypass != AMI_BYPASS_NO ||
	    d->translation != AMI_TRANSLATION_NONE)
		return;
	if (s->guard == AMI_GUARD_NONE || (s->untranslated && d->iommu >= 0))
		return;		/* reported once, for the machine or the driver */
	if (d->iommu < 0)
		ami_finding_add_with(s->findings, AMI_FIND_DEVICE_WITHOUT_IOMMU,
				where,
				AMI_FACTS(AMI_NAMES(DRIVER, d->driver)),
				"No IOMMU covers this device (%s): its DMA is not translated.",
				d->driver[0] ? d->driver : "no driver");
	else
		ami_finding_add(s->findings, AMI_FIND_DTE_NOT_VALID, where,
				"Its DTE has V=0: its DMA was forwarded untranslated.");
}

/*
 * The hardware may not have looked at an entry that seems to block. Without an
 * IOMMU there is no entry to agree with.
 */
static enum ami_certainty certainty_of_passthrough(const struct ami_device *d)
{
	if (partly_untranslated(d) || ami_device_elsewhere(d))
		return AMI_POSSIBLE;
	if (d->bypass == AMI_BYPASS_VIRTIO)
		return AMI_PROVEN;
	if (d->translation == AMI_TRANSLATION_NONE && ami_believes_dte(d) &&
	    d->dte.v)
		return AMI_POSSIBLE;
	return d->dte_seen == AMI_SEEN_INTACT || d->iommu < 0 ? AMI_PROVEN :
								AMI_LIKELY;
}

int exposure_find_passthrough(struct ami_exposures *ex)
{
	const struct ami_state *s = ex->state;
	size_t i;

	for (i = 0; i < s->nr_devices; i++) {
		const struct ami_device *d = &s->devices[i];
		struct ami_exposure *e;

		if (!(unbounded(d) && d->may_write) &&
		    !partly_untranslated(d) && !maybe_identity(s, d))
			continue;
		report_untranslated(s, d);
		e = exposure_add(ex, device_requester(d),
				 AMI_CLASS_PASSTHROUGH, certainty_of_passthrough(d));
		if (!e)
			return -1;
		e->all_ram = true;
		e->count = ami_dump_ram_pages(ami_kernel_dump(s->kernel));
	}
	return 0;
}
