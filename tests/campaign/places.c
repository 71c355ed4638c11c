// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include <kernel/page.h>

#include "places.h"

#define STRUCTURE	1024u	/* bytes of a structure that are aimed at */
#define RING_BYTES	8192u
#define MAX_PAGES	512u	/* struct pages of so many exposed frames */

const char *const what_name[AT_NR] = {
	[AT_AMD_IOMMU] = "amd_iommu",
	[AT_DEV_DATA] = "dev_data",
	[AT_DOMAIN] = "domain",
	[AT_PCI_DEVICE] = "PCI device",
	[AT_VIRTIO] = "virtio device",
	[AT_PAGE_TABLE] = "I/O page table",
	[AT_DTE] = "DTE",
	[AT_RING] = "command ring",
	[AT_SEMAPHORE] = "semaphore",
	[AT_LOG] = "log",
	[AT_STRUCT_PAGE] = "struct page",
	[AT_KERNEL_TABLE] = "kernel page table",
	[AT_ANY] = "any page read",
	[AT_LAYOUT] = "kallsyms, BTF",
};

struct finder {
	struct places *p;
	const struct overlay *o;
	const struct ami_analysis *a;
	enum what what;
	size_t left;
};

static void add_in_page(struct finder *f, uint64_t paddr, uint32_t len)
{
	size_t n = f->p->count[f->what];
	struct place *list = f->p->list[f->what];

	if (!overlay_intact(f->o, paddr >> AMI_PAGE_SHIFT))
		return;
	if (!(n & (n - 1))) {
		list = realloc(list, (n ? 2 * n : 1) * sizeof(*list));
		if (!list)
			abort();
		f->p->list[f->what] = list;
	}
	list[n] = (struct place){ paddr, len };
	f->p->count[f->what]++;
}

static void add(struct finder *f, enum what what, uint64_t paddr, uint64_t len)
{
	f->what = what;
	while (len) {
		uint64_t part = AMI_PAGE_SIZE - paddr % AMI_PAGE_SIZE;

		if (part > len)
			part = len;
		add_in_page(f, paddr, part);
		paddr += part;
		len -= part;
	}
}

static void add_va(struct finder *f, enum what what, uint64_t va, uint64_t len)
{
	uint64_t paddr;

	if (va && ami_virt_to_phys(f->a->kernel, va, &paddr) == AMI_MEM_OK)
		add(f, what, paddr, len);
}

static void find_iommus(struct finder *f)
{
	const struct ami_state *s = f->a->state;
	size_t i;
	int log;

	for (i = 0; i < s->nr_iommus; i++) {
		const struct ami_iommu *iommu = &s->iommus[i];

		add_va(f, AT_AMD_IOMMU, iommu->va, STRUCTURE);
		add(f, AT_RING, iommu->ring.phys, RING_BYTES);
		add(f, AT_SEMAPHORE, iommu->ring.semaphore_phys, 8);
		for (log = 0; log < AMI_LOGS; log++)
			if (iommu->log[log].phys)
				add(f, AT_LOG, iommu->log[log].phys,
				    iommu->log[log].entries *
				    (uint64_t)iommu->log[log].entry_size);
	}
}

static void find_devices(struct finder *f)
{
	const struct ami_state *s = f->a->state;
	size_t i;

	for (i = 0; i < s->nr_devices; i++) {
		const struct ami_device *d = &s->devices[i];

		add_va(f, AT_DEV_DATA, d->dev_data, STRUCTURE / 4);
		add_va(f, AT_PCI_DEVICE, d->pci_dev, STRUCTURE);
		add_va(f, AT_VIRTIO, d->virtio, STRUCTURE);
		if (d->segment >= 0)
			add(f, AT_DTE,
			    s->segments[d->segment].dev_table_phys +
			    d->bdf.devid * 32ull, 32);
	}
	for (i = 0; i < s->nr_domains; i++)
		add_va(f, AT_DOMAIN, s->domains[i].va, STRUCTURE / 2);
}

static bool add_frames(void *ctx, uint64_t first, uint64_t count)
{
	struct finder *f = ctx;

	for (; count; count--, first++)
		add(f, f->what, first << AMI_PAGE_SHIFT, AMI_PAGE_SIZE);
	return true;
}

static bool add_struct_pages(void *ctx, uint64_t first, uint64_t count)
{
	struct finder *f = ctx;

	for (; count && f->left; count--, f->left--)
		add_va(f, AT_STRUCT_PAGE,
		       ami_pfn_to_page(f->a->kernel, first++),
		       ami_type_size(f->a->kernel, AMI_T_page));
	return f->left;
}

static void kernel_table(void *ctx, uint64_t pfn)
{
	add(ctx, AT_KERNEL_TABLE, pfn << AMI_PAGE_SHIFT, AMI_PAGE_SIZE);
}

static void kernel_leaf(void *ctx, uint64_t va, uint64_t phys, uint64_t size)
{
	(void)ctx;
	(void)va;
	(void)phys;
	(void)size;
}

static void find_pages(struct finder *f)
{
	const struct ami_pfnset *layout = overlay_layout_pages(f->o);
	size_t i;

	for (i = 0; i < overlay_pages(f->o); i++) {
		uint64_t pfn = overlay_pfn(f->o, i);

		add(f, ami_pfnset_has(layout, pfn) ? AT_LAYOUT : AT_ANY,
		    pfn << AMI_PAGE_SHIFT, AMI_PAGE_SIZE);
	}
}

void places_find(struct places *p, const struct overlay *o,
		 const struct ami_analysis *a)
{
	static const struct ami_kernel_map map = { kernel_table, kernel_leaf };
	struct finder f = { .p = p, .o = o, .a = a, .left = MAX_PAGES };
	size_t i;

	*p = (struct places){ 0 };
	find_iommus(&f);
	find_devices(&f);
	f.what = AT_PAGE_TABLE;
	ami_pfnset_ranges(a->exposures->io_tables, add_frames, &f);
	for (i = 0; i < a->exposures->count; i++)
		if (a->exposures->list[i].pages)
			ami_pfnset_ranges(a->exposures->list[i].pages,
					  add_struct_pages, &f);
	ami_kernel_map_each(a->kernel, &map, &f);
	find_pages(&f);
}

void places_free(struct places *p)
{
	int what;

	for (what = 0; what < AT_NR; what++)
		free(p->list[what]);
}
