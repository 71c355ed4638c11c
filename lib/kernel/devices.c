// SPDX-License-Identifier: GPL-2.0-or-later
/* The driver core's list of all devices: devices_kset, drivers/base/core.c. */
#include <kernel/device.h>

#define MAX_DEVICES	(1u << 20)

static enum ami_mem of_class(struct ami_kernel *k, uint64_t device,
			     uint64_t class, bool *is)
{
	uint64_t found = class;
	enum ami_mem mem = AMI_MEM_OK;

	if (class)
		mem = ami_get(k, device, AMI_F_device_class, &found);
	*is = mem == AMI_MEM_OK && found == class;
	return mem;
}

enum ami_mem ami_device_each(struct ami_kernel *k, uint64_t class,
			     bool (*fn)(void *ctx, uint64_t device), void *ctx)
{
	uint64_t at = ami_symbol(k, AMI_SYM_devices_kset), kset, node;
	enum ami_mem mem, unread = AMI_MEM_OK;
	struct ami_list_iter it;
	bool is;

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

		mem = of_class(k, device, class, &is);
		if (mem != AMI_MEM_OK)
			unread = mem;
		if (is && !fn(ctx, device))
			return unread;
	}
	if (it.broken)
		return AMI_MEM_DAMAGED;
	return it.mem != AMI_MEM_OK ? it.mem : unread;
}
