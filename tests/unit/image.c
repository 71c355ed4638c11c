// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image.h"

#define MAX_PAGES	4096

struct image_page {
	uint64_t pfn;
	enum ami_mem mem;
	unsigned int reads;
	uint8_t *data;		/* NULL: zeros */
};

struct image {
	struct image_page page[MAX_PAGES];
	size_t pages;
	struct ami_range ram;
	uint64_t next;		/* page frame to give out */
	struct ami_layout layout;
	char vmcoreinfo[1024];
};

struct image *image_new(uint64_t ram_pages)
{
	struct image *img = calloc(1, sizeof(*img));

	assert_non_null(img);
	img->ram.count = ram_pages;
	img->next = 0x100;
	snprintf(img->vmcoreinfo, sizeof(img->vmcoreinfo),
		 "OSRELEASE=made-by-hand\nNUMBER(phys_base)=%llu\n"
		 "NUMBER(pgtable_l5_enabled)=1\nNUMBER(sme_mask)=0\n",
		 (unsigned long long)IMAGE_PHYS_BASE);
	return img;
}

void image_free(struct image *img)
{
	size_t i;

	for (i = 0; i < img->pages; i++)
		free(img->page[i].data);
	free(img);
}

static struct image_page *page_at(struct image *img, uint64_t pfn, bool add)
{
	size_t i;

	for (i = 0; i < img->pages; i++)
		if (img->page[i].pfn == pfn)
			return &img->page[i];
	if (!add)
		return NULL;
	assert_true(img->pages < MAX_PAGES);
	img->page[img->pages].pfn = pfn;
	return &img->page[img->pages++];
}

uint64_t image_alloc(struct image *img, unsigned int pages)
{
	uint64_t paddr = img->next << AMI_PAGE_SHIFT;

	img->next += pages;
	assert_true(img->next <= img->ram.count);
	return paddr;
}

void image_write(struct image *img, uint64_t paddr, const void *bytes,
		 size_t len)
{
	const uint8_t *from = bytes;

	for (; len; len--, paddr++) {
		struct image_page *p = page_at(img, paddr >> AMI_PAGE_SHIFT,
					       true);

		if (!p->data)
			p->data = calloc(1, AMI_PAGE_SIZE);
		assert_non_null(p->data);
		p->data[paddr % AMI_PAGE_SIZE] = *from++;
	}
}

void image_write64(struct image *img, uint64_t paddr, uint64_t value)
{
	image_write(img, paddr, &value, sizeof(value));
}

void image_write32(struct image *img, uint64_t paddr, uint32_t value)
{
	image_write(img, paddr, &value, sizeof(value));
}

void image_hide(struct image *img, uint64_t pfn, enum ami_mem mem)
{
	page_at(img, pfn, true)->mem = mem;
}

void image_vmcoreinfo(struct image *img, const char *text)
{
	assert_true(strlen(text) < sizeof(img->vmcoreinfo));
	strcpy(img->vmcoreinfo, text);
}

unsigned int image_reads(const struct image *img, uint64_t pfn)
{
	struct image_page *p = page_at((struct image *)img, pfn, false);

	return p ? p->reads : 0;
}

uint64_t image_va(uint64_t paddr)
{
	return IMAGE_DIRECT_MAP + paddr;
}

struct ami_layout *image_layout(struct image *img)
{
	return &img->layout;
}

static enum ami_mem image_read_page(void *ctx, uint64_t pfn, uint8_t *page)
{
	struct image *img = ctx;
	struct image_page *p = page_at(img, pfn, false);

	if (pfn >= img->ram.count)
		return AMI_MEM_ABSENT;
	if (p)
		p->reads++;
	if (p && p->mem != AMI_MEM_OK)
		return p->mem;
	if (p && p->data)
		memcpy(page, p->data, AMI_PAGE_SIZE);
	else
		memset(page, 0, AMI_PAGE_SIZE);
	return AMI_MEM_OK;
}

static const char *get_vmcoreinfo(void *ctx)
{
	return ((struct image *)ctx)->vmcoreinfo;
}

struct ami_dump *image_dump(struct image *img)
{
	static const struct ami_dump_ops ops = {
		.read_page = image_read_page,
		.vmcoreinfo = get_vmcoreinfo,
	};
	struct ami_dump_info info = {
		.path = "image", .format = "image", .compression = "",
		.dump_level = -1, .max_pfn = img->ram.count,
		.ram = &img->ram, .nr_ram = 1,
	};
	struct ami_dump *dump = ami_dump_new(&ops, img, &info);

	assert_non_null(dump);
	return dump;
}

static int image_resolve(void *ctx, struct ami_kernel *kernel,
			 struct ami_layout *layout, struct ami_error *err)
{
	(void)kernel;
	(void)err;
	*layout = ((struct image *)ctx)->layout;
	return 0;
}

struct ami_kernel *image_kernel(struct image *img, struct ami_dump *dump)
{
	struct ami_layout_source source = { "hand", image_resolve, img };
	struct ami_error err;
	struct ami_kernel *k = ami_kernel_open(dump, &source, &err);

	assert_non_null(k);
	return k;
}
