// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel memory that drivers share with their devices: coherent buffers that
 * belong to the device (devres, dmam_alloc_coherent()), and DMA pools
 * (mm/dmapool.c). Only the driver knows what is in there, and whether the
 * device only reads it. So this counts only for devices whose driver has no
 * reader.
 */
#include <string.h>

#include "evidence.h"

#define MAX_RESOURCES	65536u
#define MAX_POOLS	4096u
#define MAX_BUFFER	(16u << 20)
#define BUDGET		(1u << 20)	/* resources and pages, all devices */
#define CLASS_NVME	0x0108u	/* its pools hold lists that it only reads */

struct managed {
	struct ami_evidence *ev;
	struct ami_kernel *k;
	const struct ami_device *device;
	uint64_t release;	/* release function of a coherent buffer */
	uint64_t budget;
};

static void report_managed_damage(struct managed *m, const char *what)
{
	char where[AMI_BDF_TEXT];

	ami_finding_add_with(m->ev->state->findings, AMI_FIND_COHERENT_UNREAD,
			ami_bdf_text(m->device->bdf, where),
			AMI_FACTS(AMI_NAMES(OBJECT, what)),
			"The list of its %s cannot be read to its end, or has impossible values: what the device shares with its driver may be missing.",
			what);
	evidence_cover_partly(m->ev, m->device, "coherent");
}

static bool spend_one(struct managed *m)
{
	if (!m->budget)
		return false;
	m->budget--;
	return true;
}

/* The function that frees a resource says what it is. */
static bool is_coherent(struct managed *m, uint64_t resource, bool *complete)
{
	enum ami_field f = ami_has(m->k, AMI_F_devres_release) ?
			   AMI_F_devres_release : AMI_F_devres_node_release;
	uint64_t release = 0;

	*complete &= ami_get(m->k, resource, f, &release) == AMI_MEM_OK;
	return release == m->release;
}

static bool add_coherent(struct managed *m, uint64_t resource)
{
	uint64_t data = ami_addr(m->k, resource, AMI_F_devres_data);
	uint64_t size, dma;

	if (ami_get(m->k, data, AMI_F_dma_devres_size, &size) != AMI_MEM_OK ||
	    ami_get(m->k, data, AMI_F_dma_devres_handle, &dma) !=
	    AMI_MEM_OK || size > MAX_BUFFER)
		return false;
	evidence_add_dma(m->ev, m->device, dma, size);
	return true;
}

static void coherent_buffers(struct managed *m)
{
	uint64_t head = ami_addr(m->k, m->device->dev, AMI_F_device_devres);
	struct ami_list_iter it;
	bool complete = true;
	uint64_t node;

	evidence_begin_transfer(m->ev, m->device, AMI_TRANSFER_POSTED, AMI_POSSIBLE,
				"coherent", "coherent buffers of the driver %s",
				m->device->driver);
	ami_list_start(&it, m->k, head, MAX_RESOURCES);
	while (ami_list_next(&it, &node) && spend_one(m)) {
		uint64_t resource = ami_container(m->k, node,
						  AMI_F_devres_entry);

		if (is_coherent(m, resource, &complete))
			complete &= add_coherent(m, resource);
	}
	evidence_end_transfer(m->ev);
	if (!complete || it.broken || it.mem != AMI_MEM_OK)
		report_managed_damage(m, "managed resources");
}

static bool one_pool(struct managed *m, uint64_t pool)
{
	char name[32];
	bool complete;

	if (ami_read_string(m->k, ami_addr(m->k, pool, AMI_F_dma_pool_name),
			    name, sizeof(name)) != AMI_MEM_OK)
		strcpy(name, "?");
	evidence_begin_transfer(m->ev, m->device, AMI_TRANSFER_POSTED, AMI_POSSIBLE,
				"coherent", "DMA pool \"%s\" of the driver %s", name,
				m->device->driver);
	complete = evidence_add_dma_pool(m->ev, m->device, pool, &m->budget);
	evidence_end_transfer(m->ev);
	return complete;
}

static void pools(struct managed *m)
{
	uint64_t head = ami_addr(m->k, m->device->dev, AMI_F_device_dma_pools);
	struct ami_list_iter it;
	bool complete = true;
	uint64_t node;

	ami_list_start(&it, m->k, head, MAX_POOLS);
	while (ami_list_next(&it, &node) && spend_one(m))
		complete &= one_pool(m, ami_container(m->k, node,
						      AMI_F_dma_pool_node));
	if (!complete || it.broken || it.mem != AMI_MEM_OK)
		report_managed_damage(m, "DMA pools");
}

static void one_device(struct managed *m)
{
	if (m->release && ami_has(m->k, AMI_F_device_devres) &&
	    ami_has(m->k, AMI_F_devres_data) &&
	    ami_has(m->k, AMI_F_dma_devres_handle))
		coherent_buffers(m);
	if (ami_has(m->k, AMI_F_device_dma_pools) &&
	    ami_has(m->k, AMI_F_dma_page_dma) &&
	    m->device->class >> 8 != CLASS_NVME)
		pools(m);
}

void evidence_find_managed(struct ami_evidence *ev)
{
	struct managed m = {
		.ev = ev, .k = ev->state->kernel,
		.budget = BUDGET,
	};
	size_t i;

	m.release = ami_symbol(m.k, AMI_SYM_dmam_release);
	for (i = 0; i < ev->state->nr_devices; i++) {
		m.device = &ev->state->devices[i];
		if (m.device->dev && m.device->driver[0] &&
		    !m.device->is_bridge && !evidence_driver_covers(ev, m.device->bdf))
			one_device(&m);
	}
	if (!m.budget)
		ami_finding_add(ev->state->findings,
				AMI_FIND_COHERENT_WORK_LIMIT, "devres",
				"There are more managed resources than any machine has: lists are damaged. The rest was not read.");
}
