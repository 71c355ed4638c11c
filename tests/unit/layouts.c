// SPDX-License-Identifier: GPL-2.0-or-later
#include "layouts.h"

static const struct layout_row kernel_rows[] = {
#include "layouts/kernel.inc"
};

void rig_layout(struct rig *rig, enum real_kernel kernel,
		const struct layout_row *rows, size_t count)
{
	struct ami_layout *l = image_layout(rig->m->img);
	size_t i;

	for (i = 0; i < count; i++) {
		int64_t at = rows[i].in[kernel].at;

		if (rows[i].is_type)
			l->type_size[rows[i].id] = at < 0 ? 0 : at;
		else
			l->field[rows[i].id] = (struct ami_member){
				.present = at >= 0, .offset = at < 0 ? 0 : at,
				.size = rows[i].in[kernel].size,
			};
	}
}

void rig_interfaces(struct rig *rig, enum real_kernel kernel)
{
	rig_layout(rig, kernel, kernel_rows,
		   sizeof(kernel_rows) / sizeof(kernel_rows[0]));
}
