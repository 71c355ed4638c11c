/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/state: PCI functions, and witnesses for them. */
#ifndef AMI_STATE_PCI_H
#define AMI_STATE_PCI_H

#include "state.h"

/** enum state_pci_name - what the name of a PCI function is */
enum state_pci_name {
	PCI_NAME_NONE,	/* unread, or not an address */
	PCI_NAME_BDF,
	PCI_NAME_WIDE,	/* in a segment that no IOMMU knows (Intel VMD) */
};

/**
 * state_pci_name() - name of the struct device at @dev; fills @bdf if it is one
 */
enum state_pci_name state_pci_name(struct ami_state *s, uint64_t dev, struct ami_bdf *bdf);

/** state_read_pci() - each function on the buses; -1: no memory */
int state_read_pci(struct ami_state *s);

/** state_add_function() - add the PCI function at @bdf; -1: no memory */
int state_add_function(struct ami_state *s, uint64_t pci_dev, struct ami_bdf bdf);

/**
 * state_find_lost_functions() - functions that only the list of all devices has
 * @cut: parts of the buses' lists are not in the dump, so it need not be damage
 */
int state_find_lost_functions(struct ami_state *s, bool cut);

/** state_check_busmaster() - is it really idle, as the kernel's flag says? */
void state_check_busmaster(struct ami_state *s, struct ami_device *d,
			   const char *where);

/** state_check_bridges() - @self: bridges that buses name; sorted here */
void state_check_bridges(struct ami_state *s, uint64_t *self, size_t count);

#endif
