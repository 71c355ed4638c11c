// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices that the IOMMU covers, but that bypass the table it has for them. A
 * virtio device without VIRTIO_F_ACCESS_PLATFORM is given physical addresses
 * and reaches memory as a part of the hypervisor (VIRTIO 1.2, 6).
 * virtio_ring.c does not use the DMA API then. A DTE can exempt a range of
 * addresses (EX). A device with ATS may send addresses that it translated
 * itself.
 */
#include <string.h>

#include <kernel/device.h>

#include "state.h"

#define VENDOR_VIRTIO	0x1af4
#define VIRTIO_FIRST	0x1000	/* PCI device IDs, VIRTIO 1.2, 4.1.2 */
#define VIRTIO_LAST	0x107f
#define ACCESS_PLATFORM	33	/* feature bit */
#define MAX_QUEUES	4096u

const char *ami_bypass_name(enum ami_bypass bypass)
{
	static const char *const name[] = {
		NULL, "virtio", "virtio-unknown", "exclusion", "ats",
	};

	return name[bypass];
}

const char *ami_bypass_text(enum ami_bypass bypass)
{
	static const char *const text[] = {
		NULL,
		"virtio without ACCESS_PLATFORM: it does not use its table",
		"virtio, and whether it uses its table is unknown",
		"its DTE exempts a range of addresses (EX)",
		"with ATS it may send addresses that nothing checks",
	};

	return text[bypass];
}

/* By its ID or by its driver: damage may change either one. */
static bool looks_virtio(const struct ami_device *d)
{
	bool id = d->is_pci && d->vendor == VENDOR_VIRTIO &&
		  d->device >= VIRTIO_FIRST && d->device <= VIRTIO_LAST;
	bool driver = !strncmp(d->driver, "virtio", 6);

	/* Without a driver nothing was negotiated, and nothing was set up. */
	return driver || (id && (d->driver[0] || (ami_device_active(d) &&
						  d->busmaster_known)));
}

/* What a queue says about itself. False: it does not say. */
static bool queue_uses_dma_api(struct ami_kernel *k, uint64_t queue,
			       uint64_t *uses)
{
	return ami_get(k, queue, AMI_F_vvq_use_dma_api, uses) == AMI_MEM_OK ||
	       ami_get(k, queue, AMI_F_vvq_use_map_api, uses) == AMI_MEM_OK;
}

/*
 * One bit decides whether all memory is within reach. So it is compared with
 * what each queue kept of it. Damage may change either one.
 */
static enum ami_bypass by_queues(struct ami_kernel *k, uint64_t virtio)
{
	struct ami_list_iter it;
	uint64_t node, uses;

	if (!ami_has(k, AMI_F_virtio_device_vqs) ||
	    !ami_has(k, AMI_F_virtqueue_list))
		return AMI_BYPASS_NO;
	ami_list_start(&it, k, ami_addr(k, virtio, AMI_F_virtio_device_vqs),
		       MAX_QUEUES);
	while (ami_list_next(&it, &node))
		if (queue_uses_dma_api(k, ami_container(k, node,
							AMI_F_virtqueue_list),
				       &uses) && !(uses & 1))
			return AMI_BYPASS_UNKNOWN;
	return AMI_BYPASS_NO;
}

static void decide_virtio(struct ami_state *s, struct ami_device *d, uint64_t virtio)
{
	struct ami_kernel *k = s->kernel;
	char where[AMI_BDF_TEXT];
	uint64_t features;

	if (ami_get(k, virtio, AMI_F_virtio_device_features, &features) !=
	    AMI_MEM_OK)
		return;
	d->virtio = virtio;
	if (!(features >> ACCESS_PLATFORM & 1)) {
		d->bypass = AMI_BYPASS_VIRTIO;
		return;
	}
	d->bypass = by_queues(k, virtio);
	if (d->bypass != AMI_BYPASS_NO)
		ami_finding_add(s->findings, AMI_FIND_VIRTIO_CONTRADICTION,
			 ami_bdf_text(d->bdf, where),
			 "The features of its virtio device say that it goes through the IOMMU, but one of its virtqueues says that it does not. One of them was overwritten.");
}

static bool try_device(void *ctx, uint64_t dev)
{
	struct ami_state *s = ctx;
	uint64_t parent;
	size_t i;

	if (!state_is_on_bus(s->kernel, dev, "virtio") ||
	    ami_get(s->kernel, dev, AMI_F_device_parent, &parent) !=
	    AMI_MEM_OK || !parent)
		return true;
	for (i = 0; i < s->nr_devices; i++)
		if (s->devices[i].dev == parent)
			decide_virtio(s, &s->devices[i],
				      ami_container(s->kernel, dev,
						    AMI_F_virtio_device_dev));
	return !ami_dump_interrupted(ami_kernel_dump(s->kernel));
}

/* The driver's own data begins with the virtio device: virtio_pci_common.h. */
static void by_driver_data(struct ami_state *s, struct ami_device *d)
{
	struct ami_kernel *k = s->kernel;
	uint64_t virtio, parent;

	if (ami_get(k, d->dev, AMI_F_device_driver_data, &virtio) ==
	    AMI_MEM_OK && virtio &&
	    ami_get(k, ami_addr(k, virtio, AMI_F_virtio_device_dev),
		    AMI_F_device_parent, &parent) == AMI_MEM_OK &&
	    parent == d->dev)
		decide_virtio(s, d, virtio);
}

static void report_unknown(struct ami_state *s, const struct ami_device *d)
{
	char where[AMI_BDF_TEXT];

	ami_finding_add(s->findings, AMI_FIND_VIRTIO_BYPASS_UNKNOWN,
		 ami_bdf_text(d->bdf, where),
		 "This dump does not show whether this virtio device goes through the IOMMU (VIRTIO_F_ACCESS_PLATFORM). It may reach all of memory, whatever its table says.");
}

void state_find_bypass(struct ami_state *s)
{
	bool typed = ami_has(s->kernel, AMI_F_virtio_device_dev) &&
		     ami_has(s->kernel, AMI_F_virtio_device_features);
	size_t i, n = 0;

	for (i = 0; i < s->nr_devices; i++)
		if (looks_virtio(&s->devices[i])) {
			s->devices[i].bypass = AMI_BYPASS_UNKNOWN;
			n++;
		}
	if (n && typed)
		ami_device_each(s->kernel, 0, try_device, s);
	for (i = 0; n && i < s->nr_devices; i++) {
		struct ami_device *d = &s->devices[i];

		if (d->bypass != AMI_BYPASS_UNKNOWN || d->virtio)
			continue;
		if (typed && d->dev)
			by_driver_data(s, d);
		if (!d->virtio)
			report_unknown(s, d);
	}
}
