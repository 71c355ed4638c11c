// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A driver's bug, made on purpose: pages are given to a device to fill, freed at
 * once, and soon belong to somebody else when the device writes. With disk= they
 * are those of a read; else they go into the receive ring of an e1000e that its own
 * driver runs, in descriptors that the device has not come to.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/version.h>

#define RDBAL		0x2800	/* receive descriptors: Intel 82574, 10.2.5 */
#define RDBAH		0x2804
#define RDLEN		0x2808
#define RDH		0x2810
#define RDT		0x2818
#define REGISTERS	0x6000

static int pages = 100;		/* to misdirect */
module_param(pages, int, 0);
static int skip = 24;		/* descriptors left as they are, to win time */
module_param(skip, int, 0);
static int unmap;		/* 1: as a correct driver does, before the free */
module_param(unmap, int, 0);
static char *disk = "";
module_param(disk, charp, 0);

static void read_done(struct bio *bio)
{
	bio_put(bio);
}

static struct block_device *open_disk(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	struct file *file = bdev_file_open_by_path(disk, BLK_OPEN_READ, NULL,
						   NULL);

	return IS_ERR(file) ? ERR_CAST(file) : file_bdev(file);
#else
	return blkdev_get_by_path(disk, FMODE_READ, NULL);
#endif
}

static struct bio *make_read(struct block_device *bdev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
	return bio_alloc(bdev, 1, REQ_OP_READ, GFP_KERNEL);
#else
	struct bio *bio = bio_alloc(GFP_KERNEL, 1);

	bio_set_dev(bio, bdev);
	bio->bi_opf = REQ_OP_READ;
	return bio;
#endif
}

static int misdirect_reads(void)
{
	struct block_device *bdev = open_disk();
	struct page **page;
	struct bio *bio;
	int i;

	if (IS_ERR(bdev))
		return PTR_ERR(bdev);
	page = kcalloc(pages, sizeof(*page), GFP_KERNEL);
	for (i = 0; page && i < pages; i++)
		page[i] = alloc_page(GFP_KERNEL);
	for (i = 0; page && i < pages && page[i]; i++) {
		bio = make_read(bdev);
		bio->bi_iter.bi_sector = 65536 + i * 64;
		bio->bi_end_io = read_done;
		if (!bio_add_page(bio, page[i], PAGE_SIZE, 0))
			return -EIO;
		pr_info("== misdirected %lx\n", page_to_pfn(page[i]));
		submit_bio(bio);
	}
	for (i = 0; page && i < pages && page[i]; i++)
		__free_page(page[i]);	/* the bug */
	return 0;
}

/* The ring, by what the device was told of it. */
static u64 *find_ring(struct pci_dev *pdev, void __iomem *bar)
{
	u64 at = readl(bar + RDBAL) | (u64)readl(bar + RDBAH) << 32;
	struct iommu_domain *domain = iommu_get_domain_for_dev(&pdev->dev);

	if (domain && domain->type != IOMMU_DOMAIN_IDENTITY)
		at = iommu_iova_to_phys(domain, at);
	return phys_to_virt(at);
}

static void put_into_ring(struct pci_dev *pdev, u64 *ring, void __iomem *bar,
			  struct page **page, dma_addr_t *dma)
{
	u32 n = readl(bar + RDLEN) / 16, head = readl(bar + RDH);
	u32 tail = readl(bar + RDT), slot, i;

	for (i = 0; i < pages && page[i]; i++) {
		slot = (head + skip + i) % n;
		if (((tail - slot) % n + n) % n > n - skip - 1 || slot == tail)
			break;
		/* Buffers do not begin with the page. */
		ring[slot * 2] = dma[i] + 64 * (i % 8);
		if (!unmap)
			pr_info("== misdirected %lx\n", page_to_pfn(page[i]));
	}
	wmb();
}

static int misdirect_frames(void)
{
	struct pci_dev *pdev = pci_get_device(0x8086, 0x10d3, NULL);
	void __iomem *bar;
	struct page **page;
	dma_addr_t *dma;
	int i;

	if (!pdev)
		return -ENODEV;
	bar = ioremap(pci_resource_start(pdev, 0), REGISTERS);
	page = kcalloc(pages, sizeof(*page), GFP_KERNEL);
	dma = kcalloc(pages, sizeof(*dma), GFP_KERNEL);
	if (!bar || !page || !dma)
		return -ENOMEM;
	for (i = 0; i < pages; i++) {
		page[i] = alloc_page(GFP_KERNEL);
		if (!page[i])
			break;
		dma[i] = dma_map_page(&pdev->dev, page[i], 0, PAGE_SIZE,
				      DMA_FROM_DEVICE);
	}
	put_into_ring(pdev, find_ring(pdev, bar), bar, page, dma);
	for (i = 0; i < pages && page[i]; i++) {
		if (unmap)
			dma_unmap_page(&pdev->dev, dma[i], PAGE_SIZE,
				       DMA_FROM_DEVICE);
		__free_page(page[i]);	/* the bug */
	}
	return 0;
}

static int __init misdirect_init(void)
{
	return *disk ? misdirect_reads() : misdirect_frames();
}

static void __exit misdirect_exit(void)
{
}

module_init(misdirect_init);
module_exit(misdirect_exit);
MODULE_DESCRIPTION("DMA into pages that were freed, on purpose");
MODULE_LICENSE("GPL");
