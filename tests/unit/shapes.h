/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shapes in which kernels have the structures we read: of each structure
 * the variant. A new mix is a line in shapes.c.
 */
#ifndef SHAPES_H
#define SHAPES_H

#include <kernel/kernel.h>

#include "symbols.h"

enum shape {
	SHAPE_RHEL_8_OLD,
	SHAPE_RHEL_8,
	SHAPE_5_10,
	SHAPE_UBUNTU_5_15,
	SHAPE_5_17,
	SHAPE_SLES_5_14,
	SHAPE_6_1,
	SHAPE_SLES_6_4,
	SHAPE_UBUNTU_6_8,
	SHAPE_RHEL_9,
	SHAPE_6_12,
	SHAPE_6_18,
	SHAPE_7,
	SHAPES
};

/** enum where_symbols - how VMCOREINFO helps to find kallsyms */
enum where_symbols { SYMBOLS_BY_SHAPE, SYMBOLS_BY_KEYS };

/* Size of a structure within a structure. */
#define SHAPE_INNER	0x40u
/** SHAPE_FQ_ENTRIES - of a flush queue, at 5 members or less */
#define SHAPE_FQ_ENTRIES	256u
/* Of iova_magazine.pfns; kernels have 127 or 128. */
#define SHAPE_MAGAZINE	8u

struct shape_info {
	const char *name;
	unsigned int variants;
	enum symbols_rule rule;
	enum where_symbols where;
};

extern const struct shape_info shapes[SHAPES];

/** shape_layout() - members and sizes as a kernel of this shape has them */
void shape_layout(enum shape shape, struct ami_layout *layout);

#endif
