/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of a machine share, and tests need not know. */
#ifndef PARTS_H
#define PARTS_H

#include "machine.h"

#define MACHINE_VMEMMAP	0xffd4000000000000ull	/* 5 levels, no KASLR */

/** machine_phys() - of an address in the direct map or the kernel image */
uint64_t machine_phys(uint64_t va);

/** machine_global_tables() - one set of tables for all, as before PCI segments */
bool machine_global_tables(const struct machine *m);

/** machine_structure() - a zeroed object of this type */
uint64_t machine_structure(struct machine *m, enum ami_type t);

/** machine_member() - address of a member of @object */
uint64_t machine_member(struct machine *m, uint64_t object, enum ami_field f);

/** machine_link() - nodes of a list: @to follows @from */
void machine_link(struct machine *m, uint64_t from, uint64_t to);

#endif
