// SPDX-License-Identifier: GPL-2.0-or-later
/* One PCI function: its name, which is its address, and what it is. */
#include <stdio.h>
#include <string.h>

#include "pci.h"

#define PCI_HEADER_BRIDGE	1
#define PCI_CLASS_BRIDGE	0x0604u
#define PCI_CLASS_HALF_BRIDGE	0x0609u	/* semi-transparent */

enum state_pci_name state_pci_name(struct ami_state *s, uint64_t dev, struct ami_bdf *bdf)
{
	unsigned int segment, bus, slot, fn;
	uint64_t name = 0;
	char text[24];
	int end = 0;

	if (ami_get(s->kernel, dev, AMI_F_device_kobj_name, &name) !=
	    AMI_MEM_OK || !name ||
	    ami_read_string(s->kernel, name, text, sizeof(text)) != AMI_MEM_OK)
		return PCI_NAME_NONE;
	if (strlen(text) == strlen("0000:00:00.0") && ami_bdf_parse(text, bdf))
		return PCI_NAME_BDF;
	if (sscanf(text, "%8x:%2x:%2x.%1x%n", &segment, &bus, &slot, &fn,
		   &end) == 4 && !text[end] && segment > UINT16_MAX)
		return PCI_NAME_WIDE;
	return PCI_NAME_NONE;
}

/*
 * A function with MSI enabled is a bus master, because its interrupts are
 * writes. The IOMMU itself needs no permission.
 */
void state_check_busmaster(struct ami_state *s, struct ami_device *d,
			   const char *where)
{
	uint64_t msi = 0, msix = 0;

	if (!d->busmaster_known || d->busmaster || d->is_bridge ||
	    state_is_iommu(s, d->bdf))
		return;
	ami_get(s->kernel, d->pci_dev, AMI_F_pci_dev_msi_enabled, &msi);
	ami_get(s->kernel, d->pci_dev, AMI_F_pci_dev_msix_enabled, &msix);
	if (!msi && !msix)
		return;
	d->busmaster_known = false;
	ami_finding_add(s->findings, AMI_FIND_BUS_MASTER_CONTRADICTION, where,
			"The kernel's flag says that it is not a bus master, but it has message-signalled interrupts, which are writes. It counts as active.");
}

/* A bridge does nothing by itself. Damage must not turn a device into one. */
static void check_bridge(struct ami_state *s, struct ami_device *d,
			 const char *where)
{
	if (!d->is_bridge || d->class >> 8 == PCI_CLASS_BRIDGE ||
	    d->class >> 8 == PCI_CLASS_HALF_BRIDGE)
		return;
	d->is_bridge = false;
	ami_finding_add_with(s->findings, AMI_FIND_PCI_CONTRADICTION, where,
			AMI_FACTS(AMI_SAYS(PCI_CLASS, d->class)),
			"Its header is a PCI bridge's, but its class %06x is not. It counts as a device.",
			d->class);
}

static void fetch_pci(struct ami_state *s, struct ami_device *d)
{
	char where[AMI_BDF_TEXT];
	bool class_known;
	uint64_t v;

	ami_bdf_text(d->bdf, where);
	d->is_pci = true;
	if (state_fetch(s, where, d->pci_dev, AMI_F_pci_dev_vendor, &v))
		d->vendor = v;
	if (state_fetch(s, where, d->pci_dev, AMI_F_pci_dev_device, &v))
		d->device = v;
	class_known = state_fetch(s, where, d->pci_dev, AMI_F_pci_dev_class, &v);
	d->class = v;
	if (state_fetch(s, where, d->pci_dev, AMI_F_pci_dev_hdr_type, &v))
		d->is_bridge = (v & 0x7f) == PCI_HEADER_BRIDGE;
	if (class_known)
		check_bridge(s, d, where);
	d->busmaster_known = state_fetch(s, where, d->pci_dev,
					 AMI_F_pci_dev_is_busmaster, &v);
	d->busmaster = v;
	state_check_busmaster(s, d, where);
}

/*
 * Two functions at one address: the address of one of them is unknown, and it
 * could write.
 */
static void merge_function(struct ami_state *s, struct ami_device *d,
			   uint64_t pci_dev)
{
	struct ami_device other = *d;
	char where[AMI_BDF_TEXT];

	other.pci_dev = pci_dev;
	fetch_pci(s, &other);
	d->busmaster |= other.busmaster;
	d->busmaster_known &= other.busmaster_known;
	d->is_bridge &= other.is_bridge;
	s->incomplete = true;
	ami_finding_add(s->findings, AMI_FIND_PCI_FUNCTION_TWICE,
			ami_bdf_text(d->bdf, where),
			"Two PCI functions have this address. The address of one of them was overwritten, and what that one could write is unknown.");
}

int state_add_function(struct ami_state *s, uint64_t pci_dev, struct ami_bdf bdf)
{
	struct ami_device *d;

	if (state_device_at(s, bdf, &d))
		return -1;
	if (!d)
		return 0;
	if (d->pci_dev && d->pci_dev != pci_dev) {
		merge_function(s, d, pci_dev);
		return 0;
	}
	d->pci_dev = pci_dev;
	if (!d->dev)
		d->dev = ami_addr(s->kernel, pci_dev, AMI_F_pci_dev_dev);
	fetch_pci(s, d);
	return 0;
}
