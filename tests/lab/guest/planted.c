// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A driver for QEMU's "edu" device that can have a bug: with freed=1 it gives
 * the pages of a buffer back to the kernel while the device still has them
 * mapped and is about to write there. With freed=0 it does the same transfer
 * as it should be done. Registers: QEMU, docs/specs/edu.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>

#define SOURCE		0x80
#define DESTINATION	0x88
#define COUNT		0x90
#define COMMAND		0x98
#define RUN		1
#define TO_MEMORY	2
#define DEVICE_BUFFER	0x40000
#define ADDRESS_BITS	28
#define LENGTH		2048	/* the whole buffer is too much for its check */

/* A block of this order is given to the allocator, not to a CPU's own list. */
#define ORDER		5
#define BYTES		(PAGE_SIZE << ORDER)
#define WRITTEN		(3 * PAGE_SIZE)

static int freed;
module_param(freed, int, 0444);
static char mark[] = "LABEDU";
static unsigned long long pfn, iova;
module_param(pfn, ullong, 0444);
module_param(iova, ullong, 0444);

static int finish(void __iomem *bar)
{
	int i;

	for (i = 0; i < 1000; i++) {
		if (!(readq(bar + COMMAND) & RUN))
			return 0;
		msleep(10);
	}
	return -ETIMEDOUT;
}

static void start(void __iomem *bar, u64 from, u64 to, u64 command)
{
	writeq(from, bar + SOURCE);
	writeq(to, bar + DESTINATION);
	writeq(LENGTH, bar + COUNT);
	writeq(RUN | command, bar + COMMAND);
}

/* The device learns what to write, and begins to write it. */
static int transfer(struct pci_dev *pdev, void __iomem *bar)
{
	struct page *pages = alloc_pages(GFP_KERNEL, ORDER);
	dma_addr_t dma;
	int err, i;

	if (!pages)
		return -ENOMEM;
	for (i = 0; i < BYTES; i++)
		((char *)page_address(pages))[i] = mark[i % (sizeof(mark) - 1)];
	dma = dma_map_page(&pdev->dev, pages, 0, BYTES, DMA_BIDIRECTIONAL);
	err = dma_mapping_error(&pdev->dev, dma);
	if (err) {
		__free_pages(pages, ORDER);
		return err;
	}
	pfn = page_to_pfn(pages) + WRITTEN / PAGE_SIZE;
	iova = dma + WRITTEN;
	start(bar, dma, DEVICE_BUFFER, 0);
	err = finish(bar);
	start(bar, DEVICE_BUFFER, iova, TO_MEMORY);
	if (freed) {
		__free_pages(pages, ORDER);
		return finish(bar);
	}
	err = finish(bar);
	dma_unmap_page(&pdev->dev, dma, BYTES, DMA_BIDIRECTIONAL);
	__free_pages(pages, ORDER);
	return err;
}

static int planted_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	void __iomem *bar;
	int err = pcim_enable_device(pdev);

	if (err)
		return err;
	pci_set_master(pdev);
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(ADDRESS_BITS));
	if (err)
		return err;
	bar = pcim_iomap(pdev, 0, 0);
	return bar ? transfer(pdev, bar) : -ENOMEM;
}

static const struct pci_device_id planted_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};

static struct pci_driver planted_driver = {
	.name = "planted",
	.id_table = planted_ids,
	.probe = planted_probe,
};
module_pci_driver(planted_driver);

MODULE_DESCRIPTION("DMA into freed memory, on purpose");
MODULE_LICENSE("GPL");
