// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IOMMU groups: a second witness of what a device was attached to. The kernel
 * puts a device into a group when the driver takes it on, attaches the group to
 * a domain, and the driver then has data of the device that name the domain.
 */
#include "state.h"

static void read_domain(struct ami_state *s, uint64_t va,
			struct ami_group_domain *g)
{
	uint64_t v;

	g->va = va;
	g->kind = AMI_DOMAIN_UNKNOWN;
	if (ami_get(s->kernel, va, AMI_F_iommu_domain_type, &v) == AMI_MEM_OK)
		g->kind = state_domain_kind(v);
	if (!ami_has(s->kernel, AMI_F_pdom_domain) ||
	    g->kind == AMI_DOMAIN_BLOCKED)
		return;		/* that one may be a bare iommu_domain */
	va = ami_container(s->kernel, va, AMI_F_pdom_domain);
	g->id_known = ami_get(s->kernel, va, AMI_F_pdom_id, &v) == AMI_MEM_OK;
	g->id = g->id_known ? v : 0;
}

/* A group that is attached to nothing has no default domain either. */
static void find_domain(struct ami_state *s, uint64_t group,
			struct ami_group_domain *g)
{
	uint64_t va = 0;

	ami_get(s->kernel, group, AMI_F_group_domain, &va);
	if (!va)
		ami_get(s->kernel, group, AMI_F_group_default_domain, &va);
	if (va)
		read_domain(s, va, g);
}

void state_read_group(struct ami_state *s, struct ami_device *d)
{
	char where[AMI_BDF_TEXT];
	uint64_t group = 0, v;

	ami_bdf_text(d->bdf, where);
	if (!state_fetch(s, where, d->dev, AMI_F_device_group, &group) || !group)
		return;
	if (state_fetch(s, where, group, AMI_F_group_id, &v))
		d->group = (int)v;
	find_domain(s, group, &d->group_domain);
}

/* Does the entry let through at least what the group's domain does? */
static bool entry_agrees(const struct ami_device *d)
{
	const struct ami_group_domain *g = &d->group_domain;

	switch (d->translation) {
	case AMI_TRANSLATION_NONE:
	case AMI_TRANSLATION_PASSTHROUGH:
		return true;
	case AMI_TRANSLATION_PAGING:
		return g->id_known && g->id == d->dte.domain_id;
	case AMI_TRANSLATION_BLOCKED:
	case AMI_TRANSLATION_UNKNOWN:
	case AMI_TRANSLATION_OTHER:
		break;
	}
	return false;
}

/* What the driver itself says of the device's domain; NULL: the same. */
static const char *driver_says(const struct ami_state *s,
			       const struct ami_device *d)
{
	if (d->domain < 0)
		return d->dev_data ? "has no domain for the device" :
				     "has no data for the device";
	if (!ami_has(s->kernel, AMI_F_pdom_domain) ||
	    ami_addr(s->kernel, s->domains[d->domain].va, AMI_F_pdom_domain) ==
	    d->group_domain.va)
		return NULL;
	return "has another domain for the device";
}

static void compare_domain(struct ami_state *s, struct ami_device *d)
{
	bool agrees = entry_agrees(d), blocks;
	const char *says = driver_says(s, d);
	char where[AMI_BDF_TEXT];

	blocks = d->translation == AMI_TRANSLATION_BLOCKED;
	/* Data that the dump does not have are no contradiction. */
	if (!says || (d->domain < 0 && !s->devices_whole && !blocks))
		return;
	ami_finding_add_with(s->findings, AMI_FIND_DEVICE_UNKNOWN_TO_DRIVER,
			ami_bdf_text(d->bdf, where),
			AMI_FACTS(
				AMI_SAYS(GROUP, d->group),
				AMI_NAMES(DOMAIN_TYPE,
					  ami_domain_kind_name(d->group_domain.kind))),
			"Its IOMMU group %d is attached to a domain of type %s, but the driver %s%s: one of them was overwritten%s.",
			d->group, ami_domain_kind_name(d->group_domain.kind),
			says, blocks ? ", and the DTE blocks it" :
			agrees ? "" : ", and the DTE is not of that domain",
			agrees ? "" : ", and what the device could reach is unknown");
	if (!agrees)
		d->translation = AMI_TRANSLATION_UNKNOWN;
}

static void report_lost(struct ami_state *s, struct ami_device *d)
{
	char where[AMI_BDF_TEXT];

	d->translation = AMI_TRANSLATION_UNKNOWN;
	ami_finding_add_with(s->findings, AMI_FIND_DEVICE_UNKNOWN_TO_DRIVER,
			ami_bdf_text(d->bdf, where),
			AMI_FACTS(AMI_SAYS(GROUP, d->group)),
			"It is in IOMMU group %d, but the driver has no data for it, and its DTE blocks it: the driver's list or the entry was overwritten.",
			d->group);
}

/*
 * Without data and domain, an entry that blocks the device is one that was never
 * filled, or is not its own. A group may block its devices all the same, as
 * while a program claims them. A nested domain is not in the driver's list.
 */
void state_hold_against_group(struct ami_state *s, struct ami_device *d)
{
	const struct ami_group_domain *g = &d->group_domain;

	if (d->group < 0 || s->guard != AMI_GUARD_AMD)
		return;
	if (g->va && g->kind != AMI_DOMAIN_BLOCKED &&
	    g->kind != AMI_DOMAIN_NESTED)
		compare_domain(s, d);
	else if (!d->dev_data && s->devices_whole &&
		 d->translation == AMI_TRANSLATION_BLOCKED)
		report_lost(s, d);
}
