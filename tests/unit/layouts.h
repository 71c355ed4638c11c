/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where real kernels have the members that a reader wants: tests/unit/layouts/
 * READER.inc, made by `make layouts` from the kernels' own type information. A
 * machine that is laid out so shows that the reader finds its way in them.
 *
 *	static const struct layout_row igb_rows[] = {
 *	#include "layouts/igb.inc"
 *	};
 */
#ifndef LAYOUTS_H
#define LAYOUTS_H

#include "drivers.h"

/** enum real_kernel - in the order of the columns */
enum real_kernel { REAL_6_1, REAL_6_12, REAL_7_3, REAL_KERNELS };

/**
 * struct layout_row - a member, or a type, in each of them
 * @at: offset of the member; size of the type; -1: the kernel does not have it
 */
struct layout_row {
	bool is_type;
	int id;
	struct {
		int64_t at;
		uint32_t size;
	} in[REAL_KERNELS];
};

#define LAYOUT_M(id, ...)	{ false, AMI_F_##id, { __VA_ARGS__ } },
#define LAYOUT_S(id, ...)	{ true, AMI_T_##id, { __VA_ARGS__ } },

/** rig_layout() - lay out as this kernel does; call before anything is made */
void rig_layout(struct rig *rig, enum real_kernel kernel,
		const struct layout_row *rows, size_t count);

/** rig_interfaces() - the same for network interfaces and packets */
void rig_interfaces(struct rig *rig, enum real_kernel kernel);

/**
 * rig_open_interface() - a machine with "eth0", laid out as this kernel does
 * @rows, @count: of the driver; @size: bytes of its own part
 * @priv: set to the address of that part
 */
struct rig *rig_open_interface(const char *driver, enum real_kernel kernel,
			       const struct layout_row *rows, size_t count,
			       size_t size, uint64_t *priv);

/** rig_interface_up() - "eth0" is up and has a link; @priv: the driver's part */
void rig_interface_up(struct rig *rig, uint64_t priv);

/** rig_pool_pages() - pages of a page pool, which know their addresses: IOVA 0 on */
void rig_pool_pages(struct rig *rig, unsigned int count);

#endif
