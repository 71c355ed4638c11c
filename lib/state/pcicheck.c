// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel keeps of PCI functions besides the lists of its buses: the
 * driver core's list of all devices. Damage may move a function, or remove it from a list. What it could
 * write must not get lost with it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kernel/device.h>

#include "pci.h"

/**
 * struct search - the search for functions that no bus leads to
 * @known: struct devices of functions on buses, sorted
 * @pci, @other: struct bus_types looked at last
 */
struct search {
	struct ami_state *s;
	uint64_t *known;
	size_t count;
	uint64_t pci, other;
	bool cut;		/* parts of the lists are not in the dump */
	bool failed;
};

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool on_pci_bus(struct search *l, uint64_t dev)
{
	struct ami_kernel *k = l->s->kernel;
	uint64_t bus = 0, name = 0;
	char text[8] = "";

	if (ami_get(k, dev, AMI_F_device_bus, &bus) != AMI_MEM_OK || !bus ||
	    bus == l->other)
		return false;
	if (bus == l->pci)
		return true;
	if (ami_get(k, bus, AMI_F_bus_type_name, &name) != AMI_MEM_OK ||
	    ami_read_string(k, name, text, sizeof(text)) != AMI_MEM_OK ||
	    strcmp(text, "pci")) {
		l->other = bus;
		return false;
	}
	l->pci = bus;
	return true;
}

static bool take_lost(void *ctx, uint64_t dev)
{
	struct search *l = ctx;
	struct ami_state *s = l->s;
	char where[AMI_BDF_TEXT] = "PCI";
	struct ami_bdf bdf;
	enum state_pci_name is;

	if (!on_pci_bus(l, dev) ||
	    bsearch(&dev, l->known, l->count, sizeof(dev), by_value))
		return true;
	is = state_pci_name(s, dev, &bdf);
	if (is == PCI_NAME_WIDE)
		return true;
	if (is == PCI_NAME_NONE)
		s->incomplete = true;
	else
		l->failed |= state_add_function(s, ami_container(s->kernel, dev,
								 AMI_F_pci_dev_dev),
						bdf);
	if (!l->cut)
		ami_finding_add(
			s->findings, AMI_FIND_PCI_FUNCTION_LOST,
			is == PCI_NAME_BDF ? ami_bdf_text(bdf, where) : where,
			"The kernel's list of all devices has this PCI function, but the lists of the PCI buses do not lead to it: one of these lists was damaged.");
	return !l->failed &&
	       !ami_dump_interrupted(ami_kernel_dump(s->kernel));
}

int state_find_lost_functions(struct ami_state *s, bool cut)
{
	struct search l = { .s = s, .cut = cut };
	size_t i;

	l.known = calloc(s->nr_devices + 1, sizeof(*l.known));
	if (!l.known)
		return -1;
	for (i = 0; i < s->nr_devices; i++)
		if (s->devices[i].pci_dev)
			l.known[l.count++] =
				ami_addr(s->kernel, s->devices[i].pci_dev,
					 AMI_F_pci_dev_dev);
	qsort(l.known, l.count, sizeof(*l.known), by_value);
	ami_device_each(s->kernel, 0, take_lost, &l);
	free(l.known);
	return l.failed ? -1 : 0;
}

/*
 * Header and class of a bridge are in one object. The bus behind it is another.
 */
void state_check_bridges(struct ami_state *s, uint64_t *self, size_t count)
{
	char where[AMI_BDF_TEXT];
	size_t i;

	if (count)
		qsort(self, count, sizeof(*self), by_value);
	for (i = 0; i < s->nr_devices; i++) {
		struct ami_device *d = &s->devices[i];

		if (!d->is_bridge ||
		    (count && bsearch(&d->pci_dev, self, count, sizeof(*self),
				      by_value)))
			continue;
		d->is_bridge = false;
		ami_finding_add(s->findings, AMI_FIND_PCI_CONTRADICTION,
				ami_bdf_text(d->bdf, where),
				"Its header is a PCI bridge's, but no bus is behind it. It counts as a device.");
	}
}
