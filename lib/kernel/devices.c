// SPDX-License-Identifier: GPL-2.0-or-later
/* The driver core's list of all devices: devices_kset, drivers/base/core.c. */
#include <amdiommu/device.h>

#define MAX_DEVICES	(1u << 20)

static bool of_class(struct ami_kernel *k, uint64_t device, uint64_t class)
{
	uint64_t is;

	return !class || (ami_get(k, device, AMI_F_device_class, &is) ==
			  AMI_MEM_OK && is == class);
}

enum ami_mem ami_device_each(struct ami_kernel *k, uint64_t class,
			     bool (*fn)(void *ctx, uint64_t device), void *ctx)
{
	uint64_t at = ami_symbol(k, AMI_SYM_devices_kset), kset, node;
	struct ami_list_iter it;
	enum ami_mem mem;

	if (ami_kernel_layout(k)->field[AMI_F_kset_list].doubt)
		return AMI_MEM_NO_PLACE;
	if (!at || !ami_has(k, AMI_F_kset_list) ||
	    !ami_has(k, AMI_F_kobject_entry) || !ami_has(k, AMI_F_device_kobj))
		return AMI_MEM_NO_FIELD;
	mem = ami_read_u64(k, at, &kset);
	if (mem != AMI_MEM_OK)
		return mem;
	ami_list_start(&it, k, ami_addr(k, kset, AMI_F_kset_list), MAX_DEVICES);
	while (ami_list_next(&it, &node)) {
		uint64_t kobj = ami_container(k, node, AMI_F_kobject_entry);
		uint64_t device = ami_container(k, kobj, AMI_F_device_kobj);

		if (of_class(k, device, class) && !fn(ctx, device))
			return AMI_MEM_OK;
	}
	return it.broken ? AMI_MEM_DAMAGED : it.mem;
}
