// SPDX-License-Identifier: GPL-2.0-or-later
/* Network interfaces: from the device tree to the driver's own structures. */
#include <inttypes.h>
#include <string.h>

#include "nic.h"

#define PRIV_ALIGN	32u	/* NETDEV_ALIGN, include/linux/netdevice.h */
#define MAX_RING	65536u	/* descriptors; drivers stop at 8192 */
#define MAX_BUFFER	65536u
#define COMMON_BUFFER	2048u

struct search {
	struct ami_evidence *ev;
	const struct nic_driver *driver;
	enum ami_mem above;	/* why an interface has no known device */
};

static bool find_priv(struct nic *nic)
{
	uint64_t size = ami_type_size(nic->kernel, AMI_T_net_device);

	if (ami_has(nic->kernel, AMI_F_netdev_priv))
		nic->priv = ami_addr(nic->kernel, nic->netdev,
				     AMI_F_netdev_priv);
	else if (size)
		nic->priv = nic->netdev +
			    (size + PRIV_ALIGN - 1) / PRIV_ALIGN * PRIV_ALIGN;
	return nic->priv;
}

static void read_nic(struct nic *nic, const struct nic_driver *driver)
{
	if (ami_read_string(nic->kernel, ami_addr(nic->kernel, nic->netdev,
						  AMI_F_netdev_name),
			    nic->name, sizeof(nic->name)) != AMI_MEM_OK)
		strcpy(nic->name, "?");
	if (!find_priv(nic)) {
		ami_finding_add(nic->ev->state->findings,
				AMI_FIND_DRIVER_TYPES_MISSING, nic->where,
				"The dump does not describe network interfaces: the receive buffers of %s cannot be read.",
				nic->name);
		return;
	}
	if (ami_has(nic->kernel, driver->needs)) {
		nic->lost |= !driver->read(nic);
	} else if (!driver->guess(nic)) {
		return;
	}
	(nic->lost ? evidence_cover_partly : evidence_cover_device)(nic->ev, nic->device, driver->name);
}

static bool try_device(void *ctx, uint64_t device)
{
	struct search *s = ctx;
	enum ami_mem mem;
	struct nic nic = {
		.ev = s->ev, .kernel = s->ev->state->kernel,
		.device = evidence_device_above(s->ev, device, &mem),
		.provider = s->driver->name,
	};

	if (mem != AMI_MEM_OK)
		s->above = mem;
	if (!nic.device || strcmp(nic.device->driver, s->driver->name))
		return true;
	nic.netdev = ami_container(nic.kernel, device, AMI_F_netdev_dev);
	ami_bdf_text(nic.device->bdf, nic.where);
	read_nic(&nic, s->driver);
	return !ami_dump_interrupted(ami_kernel_dump(nic.kernel));
}

static bool has_driver(const struct ami_state *s, const char *driver)
{
	size_t i;

	for (i = 0; i < s->nr_devices; i++)
		if (!strcmp(s->devices[i].driver, driver))
			return true;
	return false;
}

/* Whichever of them the interfaces that are not known belong to. */
static void doubt_driver(struct ami_evidence *ev, const char *driver)
{
	size_t i;

	for (i = 0; i < ev->state->nr_devices; i++)
		if (!strcmp(ev->state->devices[i].driver, driver))
			evidence_cover_partly(ev, &ev->state->devices[i], driver);
}

void nic_read_all(struct ami_evidence *ev, const struct nic_driver *driver)
{
	struct ami_kernel *k = ev->state->kernel;
	uint64_t class = ami_symbol(k, AMI_SYM_net_class);
	struct search s = { .ev = ev, .driver = driver };
	enum ami_mem mem = AMI_MEM_NO_FIELD;

	if (!has_driver(ev->state, driver->name))
		return;
	if (class && ami_has(k, AMI_F_netdev_dev))
		mem = ami_device_each(k, class, try_device, &s);
	if (mem == AMI_MEM_OK)
		mem = s.above;
	if (mem == AMI_MEM_OK)
		return;
	ami_finding_add(ev->state->findings, AMI_FIND_INTERFACES_UNREAD,
			driver->name,
			"The list of network interfaces cannot be read to its end (%s): receive buffers of the driver %s are missing.",
			ami_mem_text(mem), driver->name);
	doubt_driver(ev, driver->name);
}

bool nic_get(struct nic *nic, uint64_t va, enum ami_field f, uint64_t *value)
{
	enum ami_mem mem = ami_get(nic->kernel, va, f, value);

	if (mem == AMI_MEM_OK)
		return true;
	ami_finding_add(nic->ev->state->findings, AMI_FIND_DRIVER_STATE_UNREAD,
			nic->where, "%s.%s of %s at %#" PRIx64 " cannot be read: %s.",
			ami_field_wants[f].type, ami_field_wants[f].path, nic->name,
			va, ami_mem_text(mem));
	return false;
}

void nic_unread(struct nic *nic, const char *what, uint64_t va,
		enum ami_mem mem)
{
	ami_finding_add(nic->ev->state->findings, AMI_FIND_DRIVER_STATE_UNREAD,
			nic->where, "The %s of %s at %#" PRIx64 " is %s: what the device was to write there is not known.",
			what, nic->name, va, ami_mem_text(mem));
	nic->lost = true;
}

void nic_damaged(struct nic *nic, const char *what, uint64_t va)
{
	nic->lost = true;
	ami_finding_add(nic->ev->state->findings, AMI_FIND_DRIVER_STATE_DAMAGED,
			nic->where,
			"The %s of %s at %#" PRIx64 " has impossible values: what the device was to write there is not known.",
			what, nic->name, va);
}

uint32_t nic_buffer_size(struct nic *nic, uint64_t size)
{
	if (size && size <= MAX_BUFFER)
		return size;
	nic_damaged(nic, "receive buffer size", nic->priv);
	return COMMON_BUFFER;
}

enum ring_state nic_ring_check(struct nic *nic, uint64_t va, struct ring *ring)
{
	if (!ring->desc)
		return RING_NONE;
	if (!ring->count || ring->count > MAX_RING ||
	    ring->to_use >= ring->count || ring->to_clean >= ring->count ||
	    !ami_kernel_address(ring->desc)) {
		nic_damaged(nic, "descriptor ring", va);
		return RING_BAD;
	}
	ring->owned = (ring->to_use + ring->count - ring->to_clean) %
		      ring->count;
	return RING_READY;
}

enum ring_state nic_ring_read(struct nic *nic, uint64_t va,
			      const struct ring_members *m, uint32_t stride,
			      struct ring *ring)
{
	uint64_t count, to_use, to_clean;

	if (!nic_get(nic, va, m->desc, &ring->desc) ||
	    !nic_get(nic, va, m->dma, &ring->dma) ||
	    !nic_get(nic, va, m->count, &count) ||
	    !nic_get(nic, va, m->to_use, &to_use) ||
	    !nic_get(nic, va, m->to_clean, &to_clean) ||
	    !nic_get(nic, va, m->buffers, &ring->buffers))
		return RING_BAD;
	/* None is wider than 32 bits. */
	ring->count = count;
	ring->to_use = to_use;
	ring->to_clean = to_clean;
	ring->stride = stride;
	return nic_ring_check(nic, va, ring);
}

bool nic_ring_desc(const struct nic *nic, const struct ring *ring, uint32_t index,
		   void *desc)
{
	return ami_read(nic->kernel, ring->desc + (uint64_t)index *
			ring->stride, desc, ring->stride) == AMI_MEM_OK;
}

uint64_t evidence_phys_of(struct nic *nic, uint64_t va)
{
	uint64_t phys;

	return va && ami_virt_to_phys(nic->kernel, va, &phys) == AMI_MEM_OK ?
	       phys : 0;
}

uint64_t evidence_phys_of_page(struct nic *nic, uint64_t page)
{
	uint64_t pfn;

	return page && ami_page_to_pfn(nic->kernel, page, &pfn) ?
	       pfn << AMI_PAGE_SHIFT : 0;
}

uint64_t evidence_phys_of_skb(struct nic *nic, uint64_t skb)
{
	uint64_t data;

	if (!skb || ami_get(nic->kernel, skb, AMI_F_sk_buff_data, &data) !=
	    AMI_MEM_OK)
		return 0;
	return evidence_phys_of(nic, data);
}
