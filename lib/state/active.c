// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which devices may be at work. Asked for every device that could write memory.
 */
#include <string.h>

#include <state/state.h>

/*
 * A user driver makes the device a bus master through its configuration space.
 * The kernel's flag does not follow (drivers/vfio/pci/vfio_pci_config.c).
 */
static bool has_user_driver(const struct ami_device *d)
{
	return strstr(d->driver, "vfio") || strstr(d->driver, "uio");
}

bool ami_device_active(const struct ami_device *d)
{
	if (!d->is_pci || has_user_driver(d))
		return true;
	/*
	 * Devices without a driver count too: one that has left may not have
	 * stopped its device.
	 */
	return !d->is_bridge && (!d->busmaster_known || d->busmaster);
}

bool ami_device_undecided(const struct ami_device *d)
{
	return d->translation == AMI_TRANSLATION_UNKNOWN &&
	       (d->iommu >= 0 || ami_device_active(d));
}

bool ami_device_direct(const struct ami_device *d)
{
	return d->translation == AMI_TRANSLATION_PASSTHROUGH ||
	       d->translation == AMI_TRANSLATION_NONE;
}
