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

/* What lies in front of the driver's own part. */
static uint64_t bytes_before(const struct ami_layout *l)
{
	return l->field[AMI_F_netdev_priv].present ?
	       l->field[AMI_F_netdev_priv].offset :
	       (l->type_size[AMI_T_net_device] + 31) / 32 * 32;
}

/* IFF_UP; started, present, with a link */
void rig_interface_up(struct rig *rig, uint64_t priv)
{
	uint64_t netdev = priv - bytes_before(image_layout(rig->m->img));

	rig_set(rig, netdev, AMI_F_netdev_flags, 0x1003);
	rig_set(rig, netdev, AMI_F_netdev_state, 3);
}

struct rig *rig_open_interface(const char *driver, enum real_kernel kernel,
			       const struct layout_row *rows, size_t count,
			       size_t size, uint64_t *priv)
{
	struct rig *rig = rig_new(driver);
	struct ami_layout *l = image_layout(rig->m->img);
	uint64_t netdev, own;

	rig_layout(rig, kernel, rows, count);
	rig_interfaces(rig, kernel);
	own = bytes_before(l);
	netdev = machine_object(rig->m, own + size);
	*priv = netdev + own;
	machine_write(rig->m, rig_member(rig, netdev, AMI_F_netdev_name),
		      "eth0", 5);
	rig_child(rig, rig_member(rig, netdev, AMI_F_netdev_dev),
		  AMI_SYM_net_class);
	return rig;
}

void rig_pool_pages(struct rig *rig, unsigned int count)
{
	unsigned int i;

	image_layout(rig->m->img)->field[AMI_F_page_dma_addr] =
		(struct ami_member){
			.present = true, .offset = 32, .size = 8,
		};
	machine_vmemmap(rig->m);
	for (i = 0; i < count; i++)
		rig_set(rig, machine_page(rig->m, RIG_BUFFER + (uint64_t)i *
					  AMI_PAGE_SIZE), AMI_F_page_dma_addr,
			(uint64_t)i * AMI_PAGE_SIZE);
}
