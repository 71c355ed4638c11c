// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices: the driver's iommu_dev_data of each segment, and every function on
 * the PCI buses (pcibus.c), so that a device the IOMMU driver never met is listed
 * too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "needs.h"
#include "pci.h"

static void fetch_name(struct ami_state *s, struct ami_device *d)
{
	uint64_t name = 0, driver = 0;
	char where[AMI_BDF_TEXT];

	ami_bdf_text(d->bdf, where);
	if (!state_fetch(s, where, d->dev, AMI_F_device_kobj_name, &name) || !name)
		state_fetch(s, where, d->dev, AMI_F_device_init_name, &name);
	if (name)
		ami_read_string(s->kernel, name, d->name, sizeof(d->name));
	if (state_fetch(s, where, d->dev, AMI_F_device_driver, &driver) && !driver)
		return;
	if (driver &&
	    state_fetch(s, where, driver, AMI_F_device_driver_name, &name) && name &&
	    ami_read_string(s->kernel, name, d->driver,
			    sizeof(d->driver)) == AMI_MEM_OK)
		return;
	/*
	 * A driver is bound, though its name is unknown. It must not look like
	 * none.
	 */
	snprintf(d->driver, sizeof(d->driver), "?");
}

static void fetch_dev_data(struct ami_state *s, uint64_t va,
			   struct ami_device *d)
{
	char where[AMI_BDF_TEXT];
	uint64_t v, pdev = 0;

	ami_bdf_text(d->bdf, where);
	d->dev_data = va;
	if (state_fetch_vital(s, where, va, AMI_F_dev_data_ats_enabled, &v) ||
	    state_fetch_vital(s, where, va, AMI_F_dev_data_ats_510, &v))
		d->ats = v;
	if (state_fetch(s, where, va, AMI_F_dev_data_defer_attach, &v))
		d->deferred = v;
	state_fetch(s, where, va, AMI_F_dev_data_dev, &d->dev);
	if (state_fetch(s, where, va, AMI_F_dev_data_pdev, &pdev) && pdev &&
	    ami_has(s->kernel, AMI_F_pci_dev_dev))
		d->dev = ami_addr(s->kernel, pdev, AMI_F_pci_dev_dev);
}

static int read_dev_data(struct ami_state *s, size_t segment)
{
	uint64_t head = s->segments[segment].dev_data_head, node, devid;
	struct ami_list_iter it;

	if (!head || state_misses_member(s, NEED_DEV_DATA))
		return 0;
	ami_llist_start(&it, s->kernel, head, 65536);
	while (ami_list_next(&it, &node)) {
		uint64_t va = ami_container(s->kernel, node,
					    AMI_F_dev_data_node);
		struct ami_device *d;

		if (!state_fetch(s, "device data", va, AMI_F_dev_data_devid,
				 &devid)) {
			s->incomplete = true;
			s->devices_whole = false;
			continue;
		}
		if (state_device_at(s, (struct ami_bdf){
				s->segments[segment].id, devid }, &d))
			return -1;
		/*
		 * Unplugged devices stay listed. The newest entry comes first.
		 */
		if (d && !d->dev_data)
			fetch_dev_data(s, va, d);
	}
	state_list_report(s, &it, "list of device data");
	s->devices_whole &= it.mem == AMI_MEM_OK;
	return 0;
}

/* The driver keeps data only of devices for which it found an IOMMU. */
static void check_iommu(struct ami_state *s, const struct ami_device *d,
			uint64_t va)
{
	char where[AMI_BDF_TEXT];

	if (d->iommu >= 0 || (!va && !d->dev_data))
		return;
	s->incomplete = true;
	if (!s->iommus_whole)
		return;	/* the list's finding says it */
	ami_finding_add_with(s->findings, AMI_FIND_IOMMU_OF_DEVICE_UNKNOWN,
			ami_bdf_text(d->bdf, where),
			AMI_FACTS(AMI_SAYS(VALUE, va)),
			"The driver's table of IOMMUs by device has %#llx for it, but no known IOMMU is there. An IOMMU is missing from the list, or the table was overwritten.",
			(unsigned long long)va);
}

/* The device's entry of @size bytes. */
static bool fetch_lookup(struct ami_state *s, const struct ami_device *d,
			 uint64_t table, void *entry, size_t size)
{
	uint64_t at = table + size * d->bdf.devid;
	enum ami_mem mem = ami_read(s->kernel, at, entry, size);
	char where[AMI_BDF_TEXT];

	if (mem == AMI_MEM_OK)
		return true;
	s->incomplete = true;
	ami_finding_add_with(s->findings, AMI_FIND_LOOKUP_UNREAD,
			ami_bdf_text(d->bdf, where),
			AMI_FACTS(AMI_SAYS(ADDRESS, at),
				  AMI_NAMES(READ, ami_mem_text(mem))),
			"Its entry at %#llx in a table by device ID is %s. It is unknown which IOMMU serves it, or which requester ID it uses.",
			(unsigned long long)at, ami_mem_text(mem));
	return false;
}

/*
 * rlookup_table[devid]: the IOMMU in charge, or NULL. Devices that the
 * firmware's table leaves out have NULL, and so have those that the driver gave
 * up on (iommu_ignore_device()).
 */
static void find_iommu(struct ami_state *s, struct ami_device *d)
{
	const struct ami_segment *seg;
	uint64_t va;
	size_t i;

	d->uncovered = d->segment < 0 && s->segments_whole;
	if (d->segment < 0)
		return;
	seg = &s->segments[d->segment];
	if (seg->rlookup_table && seg->last_bdf_known &&
	    d->bdf.devid > seg->last_bdf)
		d->uncovered = true;
	if (!seg->rlookup_table || d->bdf.devid > seg->last_bdf)
		return;
	if (!fetch_lookup(s, d, seg->rlookup_table, &va, sizeof(va)))
		return;
	d->uncovered = !va;
	for (i = 0; i < s->nr_iommus; i++)
		if (va && s->iommus[i].va == va)
			d->iommu = i;
	check_iommu(s, d, va);
}

static void find_alias(struct ami_state *s, struct ami_device *d)
{
	const struct ami_segment *seg;
	uint16_t alias;

	if (d->segment < 0)
		return;
	seg = &s->segments[d->segment];
	if (!seg->alias_table || d->bdf.devid > seg->last_bdf)
		return;
	if (fetch_lookup(s, d, seg->alias_table, &alias, sizeof(alias)))
		d->alias.devid = alias;
}

/* The alias is a requester too. Its DTE is a copy of the device's own. */
static int add_aliases(struct ami_state *s)
{
	struct ami_bdf *todo = NULL;
	struct ami_device *added;
	size_t n = 0, i;
	int ret = 0;

	for (i = 0; i < s->nr_devices && !ret; i++) {
		find_alias(s, &s->devices[i]);
		if (s->devices[i].alias.devid == s->devices[i].bdf.devid)
			continue;
		if (vec_push(todo, n, s->nr_devices, s->devices[i].alias))
			ret = -1;
	}
	for (i = 0; i < n && !ret; i++)
		ret = state_device_at(s, todo[i], &added);
	free(todo);
	return ret;
}

/*
 * An unplugged device is in no list. But while an invalidation is not proven,
 * the IOMMU may still have its entry or its translations.
 */
static int add_flushed(struct ami_state *s, const struct ami_iommu *iommu)
{
	const struct ami_ring *ring = &iommu->ring;
	struct ami_device *added;
	uint32_t i;

	for (i = 0; i < AMI_RING_ENTRIES; i++) {
		const struct amdvi_command *c = &ring->entry[i];

		if (!ami_outstanding(ring, i) ||
		    (c->opcode != AMDVI_CMD_INVALIDATE_DEVTAB_ENTRY &&
		     c->opcode != AMDVI_CMD_INVALIDATE_IOTLB_PAGES) ||
		    iommu->segment < 0 ||
		    c->devid > s->segments[iommu->segment].last_bdf)
			continue;
		if (state_device_at(s, (struct ami_bdf){ iommu->bdf.segment,
							 c->devid }, &added))
			return -1;
	}
	return 0;
}

int state_read_devices(struct ami_state *s)
{
	size_t i;

	s->devices_whole = true;
	for (i = 0; i < s->nr_segments; i++)
		if (read_dev_data(s, i))
			return -1;
	for (i = 0; i < s->nr_iommus; i++)
		if (add_flushed(s, &s->iommus[i]))
			return -1;
	if (state_read_pci(s) || add_aliases(s))
		return -1;
	for (i = 0; i < s->nr_devices; i++) {
		struct ami_device *d = &s->devices[i];

		if (d->dev) {
			fetch_name(s, d);
			state_read_group(s, d);
		}
		find_iommu(s, d);
	}
	return 0;
}
