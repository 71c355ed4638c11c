// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IOVAs that are allocated for good so that nothing is mapped there: ranges of
 * MSIs and HyperTransport, the firmware's exclusion ranges, and the windows of
 * the host bridge, which would send such addresses to another device. Kernel:
 * iova_reserve_iommu_regions(), amd_iommu_get_resv_regions().
 */
#include <stdlib.h>

#include "iova.h"

#define MAX_RESERVED	256u
#define MAX_BUS_DEPTH	64u
#define MAX_ASKED	64u	/* devices of a domain */
#define MSI_FIRST	0xfee00000ull
#define MSI_LAST	0xfeefffffull
#define HT_FIRST	0xfd00000000ull
#define HT_LAST		0xffffffffffull

static int add_reserved(struct iova_alloc *a, uint64_t first, uint64_t last)
{
	size_t i;

	for (i = 0; i < a->nr_reserved; i++)
		if (a->reserved[i].first == first >> a->shift &&
		    a->reserved[i].last == last >> a->shift)
			return 0;
	if (first > last)
		return 0;
	switch (vec_push(a->reserved, a->nr_reserved, MAX_RESERVED,
			 (struct ami_iova_range){ first >> a->shift,
						  last >> a->shift })) {
	case VEC_OK:
		return 0;
	case VEC_FULL:
		a->reserved_known = false;
		return 0;
	default:
		return -1;
	}
}

/* The bus that has no other bus in front of it. */
static bool root_bus(struct ami_state *s, uint64_t pci_dev, uint64_t *bus)
{
	unsigned int depth;
	uint64_t parent;

	if (ami_get(s->kernel, pci_dev, AMI_F_pci_dev_bus, bus) != AMI_MEM_OK)
		return false;
	for (depth = 0; depth < MAX_BUS_DEPTH; depth++) {
		if (ami_get(s->kernel, *bus, AMI_F_pci_bus_parent, &parent) !=
		    AMI_MEM_OK)
			return false;
		if (!parent)
			return true;
		*bus = parent;
	}
	return false;
}

/* @entry: struct resource_entry. False: unreadable. */
static bool read_window(struct ami_state *s, uint64_t entry, uint64_t *first,
			uint64_t *last)
{
	uint64_t res, offset;

	if (ami_get(s->kernel, entry, AMI_F_resource_entry_res, &res) !=
	    AMI_MEM_OK ||
	    ami_get(s->kernel, entry, AMI_F_resource_entry_offset, &offset) !=
	    AMI_MEM_OK ||
	    ami_get(s->kernel, res, AMI_F_resource_start, first) !=
	    AMI_MEM_OK ||
	    ami_get(s->kernel, res, AMI_F_resource_end, last) != AMI_MEM_OK)
		return false;
	*first -= offset;
	*last -= offset;
	return true;
}

static int add_windows(struct ami_state *s, struct iova_alloc *a,
		       uint64_t bridge)
{
	uint64_t head = ami_addr(s->kernel, bridge, AMI_F_host_bridge_windows);
	uint64_t node, first, last;
	struct ami_list_iter it;

	ami_list_start(&it, s->kernel, head, MAX_RESERVED);
	while (ami_list_next(&it, &node)) {
		uint64_t entry = ami_container(s->kernel, node,
					       AMI_F_resource_entry_node);

		if (!read_window(s, entry, &first, &last))
			a->reserved_known = false;
		else if (add_reserved(a, first, last))
			return -1;
	}
	a->reserved_known &= it.mem == AMI_MEM_OK && !it.broken;
	return 0;
}

static int add_bridge(struct ami_state *s, struct iova_alloc *a,
		      const struct ami_device *d)
{
	uint64_t bus, dev;

	if (d->pci_dev && ami_has(s->kernel, AMI_F_host_bridge_windows) &&
	    ami_has(s->kernel, AMI_F_resource_entry_node) &&
	    root_bus(s, d->pci_dev, &bus) &&
	    ami_get(s->kernel, bus, AMI_F_pci_bus_bridge, &dev) ==
	    AMI_MEM_OK && dev)
		return add_windows(s, a, ami_container(s->kernel, dev,
						       AMI_F_host_bridge_dev));
	a->reserved_known = false;
	return 0;
}

static int add_unity(struct iova_alloc *a, const struct ami_segment *seg,
		     const struct ami_device *d)
{
	size_t i;

	for (i = 0; i < seg->nr_unity; i++)
		if (seg->unity[i].first.devid <= d->bdf.devid &&
		    seg->unity[i].last >= d->bdf.devid &&
		    seg->unity[i].end &&
		    add_reserved(a, seg->unity[i].start,
				 seg->unity[i].end - 1))
			return -1;
	return 0;
}

int state_iova_find_reserved(struct ami_state *s, struct iova_alloc *a)
{
	int i = a->d->first_device;
	unsigned int asked;

	a->reserved_known = i >= 0;
	if (add_reserved(a, MSI_FIRST, MSI_LAST) ||
	    add_reserved(a, HT_FIRST, HT_LAST))
		return -1;
	/* If devices share a domain, the kernel asks only the first. */
	for (asked = 0; i >= 0 && asked < MAX_ASKED; asked++) {
		const struct ami_device *d = &s->devices[i];

		if (d->segment >= 0 &&
		    add_unity(a, &s->segments[d->segment], d))
			return -1;
		if (d->dev_data && add_bridge(s, a, d))
			return -1;
		i = d->next_in_domain;
	}
	return 0;
}

static bool is_inside(const struct iova_alloc *a, uint64_t first,
		      uint64_t last)
{
	size_t i;

	/*
	 * Ranges may overlap or touch: go on after the one that holds @first.
	 */
	for (i = 0; i < a->nr_reserved; i++)
		if (a->reserved[i].first <= first &&
		    a->reserved[i].last >= first) {
			if (a->reserved[i].last >= last)
				return true;
			first = a->reserved[i].last + 1;
			i = -1;
		}
	return false;
}

/*
 * The kernel joins or cuts what overlaps, but only where a range begins or
 * ends. The windows of other host bridges are allocated like any IOVA.
 */
bool state_iova_is_reserved(const struct iova_alloc *a, uint64_t first,
			    uint64_t last)
{
	size_t i;

	for (i = 0; i < a->nr_reserved; i++)
		if (a->reserved[i].first == first ||
		    a->reserved[i].last == last)
			return is_inside(a, first, last);
	return false;
}
