// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices that write memory and are on no PCI bus: those of Hyper-V and Xen, and
 * virtio devices behind a platform device. A hypervisor carries out what they do,
 * so no IOMMU of this machine restrains them.
 */
#include <stdio.h>
#include <string.h>

#include <kernel/device.h>

#include "state.h"

bool state_is_on_bus(struct ami_kernel *k, uint64_t dev, const char *name)
{
	uint64_t bus = 0, at = 0;
	char text[16];

	return ami_get(k, dev, AMI_F_device_bus, &bus) == AMI_MEM_OK && bus &&
	       ami_get(k, bus, AMI_F_bus_type_name, &at) == AMI_MEM_OK &&
	       ami_read_string(k, at, text, sizeof(text)) == AMI_MEM_OK &&
	       !strcmp(text, name);
}

/* The bus in words; NULL: a device that is known, or writes nothing. */
static const char *writing_bus(struct ami_kernel *k, uint64_t dev)
{
	uint64_t parent = 0;

	if (state_is_on_bus(k, dev, "vmbus"))
		return "Hyper-V's vmbus";
	if (state_is_on_bus(k, dev, "xen"))
		return "Xen's bus";
	if (!state_is_on_bus(k, dev, "virtio") ||
	    ami_get(k, dev, AMI_F_device_parent, &parent) != AMI_MEM_OK ||
	    !parent || !state_is_on_bus(k, parent, "platform"))
		return NULL;
	return "virtio, behind a platform device";
}

static bool driver_name(struct ami_kernel *k, uint64_t dev, char *buf, size_t size)
{
	uint64_t driver = 0, name = 0;

	if (ami_get(k, dev, AMI_F_device_driver, &driver) != AMI_MEM_OK)
		driver = 0;
	else if (!driver)
		return false;
	if (!driver ||
	    ami_get(k, driver, AMI_F_device_driver_name, &name) != AMI_MEM_OK ||
	    ami_read_string(k, name, buf, size) != AMI_MEM_OK)
		snprintf(buf, size, "?");
	return true;
}

static bool report_device(void *ctx, uint64_t dev)
{
	struct ami_state *s = ctx;
	const char *bus = writing_bus(s->kernel, dev);
	char driver[32], where[40] = "device";
	uint64_t name = 0;

	if (!bus || !driver_name(s->kernel, dev, driver, sizeof(driver)))
		return true;
	if (ami_get(s->kernel, dev, AMI_F_device_kobj_name, &name) != AMI_MEM_OK ||
	    ami_read_string(s->kernel, name, where, sizeof(where)) != AMI_MEM_OK)
		snprintf(where, sizeof(where), "device");
	ami_finding_add_with(s->findings, AMI_FIND_DEVICE_OFF_PCI, where,
			AMI_FACTS(AMI_NAMES(DRIVER, driver),
				  AMI_NAMES(BUS, bus)),
			"This device (%s) is on %s: no IOMMU restrains it, and no reader knows what it was asked to write. It may write any page.",
			driver, bus);
	return !ami_dump_interrupted(ami_kernel_dump(s->kernel));
}

void state_find_off_pci(struct ami_state *s)
{
	ami_device_each(s->kernel, 0, report_device, s);
}
