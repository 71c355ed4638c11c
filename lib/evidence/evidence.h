/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/evidence. */
#ifndef AMI_EVIDENCE_PRIVATE_H
#define AMI_EVIDENCE_PRIVATE_H

#include <common/vec.h>
#include <kernel/device.h>
#include <evidence/evidence.h>
#include <kernel/page.h>

#define BLOCK_PROVIDER	"block"
#define PCI_CLASS_USB	0x0c03

void evidence_find_managed(struct ami_evidence *ev);
void evidence_find_page_pools(struct ami_evidence *ev);
void evidence_find_dma_debug(struct ami_evidence *ev);
void evidence_find_regions(struct ami_evidence *ev);

#define DMA_ROUTES	8u

/** struct dma_routes - what a device's requests without PASID go through */
struct dma_routes {
	const struct ami_device *device;
	struct ami_route list[DMA_ROUTES];
	size_t count;
	bool complete;
};

/**
 * struct ami_collector - evidence that is being collected
 * @open: the current transfer, @set: where its pages go
 * @by_address: devices, ascending by address of their struct device
 * @searches: addresses that were looked up in rings and flush queues
 */
struct ami_collector {
	struct ami_transfer open;
	struct ami_evidence_set *set;
	struct device_address {
		uint64_t dev;
		const struct ami_device *device;
	} *by_address;
	size_t nr_devices;
	struct bounces *bounces;
	struct dma_routes routes;
	uint32_t searches;
	bool no_memory;
};

/**
 * evidence_begin_transfer() - start to collect one transfer; @what: printf-like
 *
 * A transfer without any bytes is dropped at its end. If memory runs out,
 * that is remembered, and the caller of all readers reports it.
 */
void evidence_begin_transfer(struct ami_evidence *ev, const struct ami_device *device,
			     enum ami_transfer_kind kind, enum ami_certainty certainty,
			     const char *provider, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/** evidence_grown() - is there memory? if not, that is remembered */
static inline bool evidence_grown(struct ami_evidence *ev, enum vec_room room)
{
	ev->collector->no_memory |= room == VEC_NO_MEMORY;
	return room == VEC_OK;
}

/**
 * evidence_transfer_age() - when the open transfer was issued, ms before the
 * panic
 */
void evidence_transfer_age(struct ami_evidence *ev, int64_t age_ms);

/** evidence_add_span() - the device may write these bytes of physical memory. */
void evidence_add_span(struct ami_evidence *ev, uint64_t phys, uint64_t len);

/**
 * evidence_add_dma() - the device may write @len bytes at its own address @iova
 *
 * Through all routes of @device (struct ami_route): where DTE and driver
 * disagree, both places count. Bytes that are no longer mapped (or not
 * writable) count as unnamed. Returns how many those are.
 */
uint64_t evidence_add_dma(struct ami_evidence *ev, const struct ami_device *device,
			  uint64_t iova, uint64_t len);

/**
 * evidence_dma_phys() - where the device's address @iova leads
 *
 * On the first route of @device that leads anywhere; false: none does. The
 * size in @map is what is mapped from @iova on.
 */
bool evidence_dma_phys(struct ami_evidence *ev, const struct ami_device *device,
		       uint64_t iova, struct ami_mapping *map);

/**
 * evidence_dma_leads_to() - does any route of @device lead to a wanted place?
 * @fn: is this physical address wanted?
 */
bool evidence_dma_leads_to(struct ami_evidence *ev, const struct ami_device *device,
			   uint64_t iova, bool (*fn)(void *ctx, uint64_t phys),
			   void *ctx);

/** evidence_name_unnamed() - report addresses that name no memory */
void evidence_name_unnamed(struct ami_evidence *ev);

/** evidence_read_dma() - read memory at the device's address, all or nothing */
enum ami_mem evidence_read_dma(struct ami_evidence *ev, const struct ami_device *device,
			       uint64_t iova, void *buf, size_t len);

void evidence_end_transfer(struct ami_evidence *ev);

/** evidence_spend() - account for work; false: the limit is reached */
static inline bool evidence_spend(struct ami_evidence *ev, uint64_t units)
{
	return ami_budget_spend(ami_dump_budget(
			ami_kernel_dump(ev->state->kernel)), units);
}

/**
 * evidence_cover_device() - @provider knows all that @device had to do
 *
 * A driver's reader replaces the block layer's, which knows only a disk's
 * data.
 */
void evidence_cover_device(struct ami_evidence *ev, const struct ami_device *device,
			   const char *provider);

/**
 * evidence_cover_partly() - some of @device's work is missing or damaged
 *
 * This holds whatever another reader knows. The caller reports the reason.
 */
void evidence_cover_partly(struct ami_evidence *ev, const struct ami_device *device,
			   const char *provider);

/** evidence_cover_guessed() - of a covered device: its reader went by shape */
void evidence_cover_guessed(struct ami_evidence *ev,
			    const struct ami_device *device);

/**
 * evidence_cover_rest_partly() - something is missing of all that @provider
 * covers
 */
void evidence_cover_rest_partly(struct ami_evidence *ev, const char *provider);

/** evidence_driver_covers() - did the driver's own reader cover @device? */
bool evidence_driver_covers(const struct ami_evidence *ev, struct ami_bdf device);

/**
 * evidence_device_above() - the PCI (or other DMA) device above a struct device
 *
 * Climbs the parents of the struct device at @dev until one is known to the
 * IOMMU or to PCI. NULL: none is, or @mem says why that is unknown.
 */
const struct ami_device *evidence_device_above(const struct ami_evidence *ev,
					       uint64_t dev, enum ami_mem *mem);

/**
 * evidence_add_virtual() - the device may write to kernel virtual memory
 *
 * For what the kernel allocated for the device (rings, queues). Returns the
 * bytes that have no translation.
 */
uint64_t evidence_add_virtual(struct ami_evidence *ev, uint64_t va, uint64_t len);

/**
 * evidence_panic_clock() - CLOCK_MONOTONIC of the last timer tick, ns; 0:
 * unknown
 */
uint64_t evidence_panic_clock(struct ami_kernel *kernel);

/**
 * evidence_age_at() - ms from @start to @now, both CLOCK_MONOTONIC; -1: unknown
 */
int64_t evidence_age_at(uint64_t now, uint64_t start);

/**
 * evidence_add_dma_pool() - the device may write the pages of a struct dma_pool
 * @budget: pages that may still be looked at; it shrinks
 *
 * Returns false if they could not all be read.
 */
bool evidence_add_dma_pool(struct ami_evidence *ev,
			   const struct ami_device *device, uint64_t pool,
			   uint64_t *budget);

/** evidence_program_text() - "qemu (pid 77)" of a struct task_struct; returns @buf */
char *evidence_program_text(struct ami_evidence *ev, uint64_t task, char buf[48]);

/** evidence_bytes_text() - "128 KiB"; returns @buf */
char *evidence_bytes_text(uint64_t bytes, char buf[24]);

#endif
