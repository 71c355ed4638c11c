// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory regions of RDMA: what programs registered with an adapter. Where a region
 * is writable, another machine may write to it at any time, and this one does not
 * notice. The core lists them for each adapter (restrack); the driver's part has the
 * pages, a struct ib_umem. Kernel: drivers/infiniband.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <kernel/xarray.h>

#include "evidence.h"

#define MAX_REGIONS	(1u << 20)
#define MAX_ENTRIES	(1u << 24)	/* of scatter lists, all regions */
#define REGIONS		4u	/* RDMA_RESTRACK_MR */
#define CHAIN		1u	/* page_link: this entry leads to more */
#define LINK_BITS	3ull
#define CLASS_NAME	"infiniband"

/**
 * struct keeper - where a driver keeps a region's pages
 * @id: enum rdma_driver_id, include/uapi/rdma/ib_user_ioctl_verbs.h
 * @region: the core's part in the driver's; @umem: pointer to a struct ib_umem
 */
static const struct keeper {
	uint32_t id;
	enum ami_field region, umem;
} keepers[] = {
	{ 1, AMI_F_mr_in_mlx5, AMI_F_mr_mlx5 },
	{ 2, AMI_F_mr_in_mlx4, AMI_F_mr_mlx4 },
	{ 6, AMI_F_mr_in_bnxt, AMI_F_mr_bnxt },
	{ 9, AMI_F_mr_in_irdma, AMI_F_mr_irdma },
	{ 11, AMI_F_mr_in_qedr, AMI_F_mr_qedr },
};

/** struct pinned - members of struct ib_umem, by the module that describes it */
static const struct pinned {
	enum ami_field table, writable, odp;
} pinneds[] = {
	{ AMI_F_core_umem_table, AMI_F_core_umem_writable,
	  AMI_F_core_umem_odp },
	{ AMI_F_uverbs_umem_table, AMI_F_uverbs_umem_writable,
	  AMI_F_uverbs_umem_odp },
	{ AMI_F_ib_umem_table, AMI_F_ib_umem_writable, AMI_F_ib_umem_odp },
};

/**
 * struct adapter - an RDMA adapter, being read
 * @class: address of the struct class of all of them, once it is known
 * @lost: some region is not known; @on_demand: regions whose pages come and go
 */
struct adapter {
	struct ami_evidence *ev;
	struct ami_kernel *k;
	const struct keeper *keeper;
	const struct pinned *pinned;
	const struct ami_device *device;
	uint64_t class, left, lost, on_demand;
};

static bool add_entries(struct adapter *a, uint64_t table)
{
	uint64_t size = ami_type_size(a->k, AMI_T_scatterlist), at, count, i = 0;
	uint64_t link, dma, len;
	bool chained = false;

	if (ami_get(a->k, table, AMI_F_ib_sg_list, &at) != AMI_MEM_OK ||
	    ami_get(a->k, table, AMI_F_ib_sg_count, &count) != AMI_MEM_OK || !size)
		return false;
	while (i < count) {
		if (!a->left-- || !evidence_spend(a->ev, 1) ||
		    ami_get(a->k, at, AMI_F_sg_page_link, &link) != AMI_MEM_OK)
			return false;
		if (link & CHAIN && chained)
			return false;
		chained = link & CHAIN;
		if (chained) {
			at = link & ~LINK_BITS;
			continue;
		}
		if (ami_get(a->k, at, AMI_F_sg_dma, &dma) != AMI_MEM_OK ||
		    ami_get(a->k, at, AMI_F_sg_dma_length, &len) != AMI_MEM_OK)
			return false;
		evidence_add_dma(a->ev, a->device, dma, len);
		at += size;
		i++;
	}
	return true;
}

static bool post_region(struct adapter *a, uint64_t entry, uint64_t mr,
			uint64_t umem)
{
	uint64_t key = 0, task = 0;
	char program[48];
	bool complete;

	if (ami_get(a->k, entry, AMI_F_ib_task, &task) != AMI_MEM_OK)
		task = 0;
	ami_get(a->k, mr, AMI_F_ib_mr_key, &key);
	evidence_begin_transfer(a->ev, a->device, AMI_TRANSFER_POSTED,
				AMI_LIKELY, "rdma",
				"memory region %#" PRIx64 " of %s: other machines may write to it",
				key, evidence_program_text(a->ev, task, program));
	complete = add_entries(a, ami_addr(a->k, umem, a->pinned->table));
	evidence_end_transfer(a->ev);
	return complete;
}

/* Regions of the kernel have no pinned memory: their users fill them. */
static bool one_region(void *ctx, uint64_t id, uint64_t entry)
{
	struct adapter *a = ctx;
	uint64_t mr = ami_container(a->k, entry, AMI_F_ib_mr_entry);
	uint64_t own = ami_container(a->k, mr, a->keeper->region);
	uint64_t umem, writable, odp;

	(void)id;
	if (ami_get(a->k, own, a->keeper->umem, &umem) != AMI_MEM_OK) {
		a->lost++;
		return true;
	}
	if (!umem)
		return true;
	if (ami_get(a->k, umem, a->pinned->writable, &writable) != AMI_MEM_OK ||
	    ami_get(a->k, umem, a->pinned->odp, &odp) != AMI_MEM_OK)
		a->lost++;
	else if (odp)
		a->on_demand += writable;
	else if (writable)
		a->lost += !post_region(a, entry, mr, umem);
	return a->left && !a->ev->collector->no_memory;
}

static const struct keeper *keeper_of(struct adapter *a, uint64_t ibdev)
{
	uint64_t id;
	size_t i;

	if (ami_get(a->k, ibdev, AMI_F_ib_driver_id, &id) != AMI_MEM_OK)
		return NULL;
	for (i = 0; i < sizeof(keepers) / sizeof(keepers[0]); i++)
		if (keepers[i].id == id && ami_has(a->k, keepers[i].umem))
			return &keepers[i];
	return NULL;
}

static const struct pinned *pinned_of(struct ami_kernel *k)
{
	size_t i;

	for (i = 0; i < sizeof(pinneds) / sizeof(pinneds[0]); i++)
		if (ami_has(k, pinneds[i].table))
			return &pinneds[i];
	return NULL;
}

/* Its queues, and what the kernel itself uses it for, are not read. */
static void report_adapter(struct adapter *a)
{
	char where[AMI_BDF_TEXT];

	ami_finding_add_with(a->ev->state->findings,
			AMI_FIND_DRIVER_PART_NOT_READ,
			ami_bdf_text(a->device->bdf, where),
			AMI_FACTS(AMI_NAMES(OBJECT, "queues"),
				  AMI_NAMES(DRIVER, a->device->driver)),
			"The reader of RDMA reads the writable memory regions of programs%s%s. It does not read queues, nor what the kernel itself uses RDMA for.",
			a->lost ? ", but not all of them" : "",
			a->on_demand ? ", except those paged on demand" : "");
	evidence_cover_partly(a->ev, a->device, "rdma");
}

static void read_regions(struct adapter *a, uint64_t ibdev)
{
	uint64_t size = ami_type_size(a->k, AMI_T_ib_list), lists;

	a->keeper = keeper_of(a, ibdev);
	a->pinned = pinned_of(a->k);
	if (!a->keeper || !a->pinned || !size ||
	    ami_get(a->k, ibdev, AMI_F_ib_resources, &lists) != AMI_MEM_OK ||
	    !lists) {
		a->lost++;
		return;
	}
	a->lost += ami_xarray_each(a->k, ami_addr(a->k, lists + REGIONS * size,
						  AMI_F_ib_list),
				   MAX_REGIONS, one_region, a).unread;
}

static void read_adapter(struct adapter *a, uint64_t ibdev)
{
	uint64_t dev;
	enum ami_mem mem;

	a->lost = a->on_demand = 0;
	/* One that exists in software alone has none. */
	if (ami_get(a->k, ibdev, AMI_F_ib_dma_device, &dev) != AMI_MEM_OK ||
	    !dev)
		return;
	a->device = evidence_device_above(a->ev, dev, &mem);
	if (!a->device)
		return;
	read_regions(a, ibdev);
	report_adapter(a);
}

/* The class is the module's own. Its name distinguishes it. */
static bool one_device(void *ctx, uint64_t device)
{
	struct adapter *a = ctx;
	char name[32];
	uint64_t class, text;

	if (ami_get(a->k, device, AMI_F_device_class, &class) != AMI_MEM_OK ||
	    !class)
		return true;
	if (!a->class && ami_get(a->k, class, AMI_F_class_name, &text) ==
	    AMI_MEM_OK &&
	    ami_read_string(a->k, text, name, sizeof(name)) == AMI_MEM_OK &&
	    !strcmp(name, CLASS_NAME))
		a->class = class;
	if (a->class && class == a->class)
		read_adapter(a, ami_container(a->k, device, AMI_F_ib_dev));
	return true;
}

void evidence_find_regions(struct ami_evidence *ev)
{
	struct adapter a = {
		.ev = ev, .k = ev->state->kernel, .left = MAX_ENTRIES,
	};

	/* One of its modules is loaded. */
	if (pinned_of(a.k) && ami_has(a.k, AMI_F_class_name))
		ami_device_each(a.k, 0, one_device, &a);
}
