/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/state: PCI functions, and what speaks for them. */
#ifndef AMI_STATE_PCI_H
#define AMI_STATE_PCI_H

#include "state.h"

/** enum pci_name - what the name of a PCI function is */
enum pci_name {
	PCI_NAME_NONE,	/* not read, or no address */
	PCI_NAME_BDF,
	PCI_NAME_WIDE,	/* of a segment that no IOMMU knows (Intel VMD) */
};

/** pci_name() - of the struct device at @dev; @bdf if it is one */
enum pci_name pci_name(struct ami_state *s, uint64_t dev, struct ami_bdf *bdf);

/** add_function() - the PCI function at @bdf; -1: no memory */
int add_function(struct ami_state *s, uint64_t pci_dev, struct ami_bdf bdf);

/**
 * find_lost_functions() - those that only the list of all devices has
 * @cut: the lists of the buses are not all in the dump: it need not be damage
 */
int find_lost_functions(struct ami_state *s, bool cut);

/** check_busmaster() - is it idle, as the kernel's flag says? */
void check_busmaster(struct ami_state *s, struct ami_device *d,
		     const char *where);

/** check_bridges() - @self: bridges that a bus says it is behind; sorted here */
void check_bridges(struct ami_state *s, uint64_t *self, size_t count);

#endif
