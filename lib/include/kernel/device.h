/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_DEVICE_H
#define AMDIOMMU_DEVICE_H

#include <kernel/kernel.h>

/**
 * ami_device_each() - go through all struct devices of the kernel's device tree
 * @class: address of a struct class, for only its devices; 0 for all
 * @fn: called with the address of each struct device; false stops
 *
 * Returns AMI_MEM_OK when the whole list was seen, AMI_MEM_NO_FIELD when this
 * kernel's list cannot be found, AMI_MEM_ERROR when the list is broken.
 */
enum ami_mem ami_device_each(struct ami_kernel *kernel, uint64_t class,
			     bool (*fn)(void *ctx, uint64_t device), void *ctx);

#endif
