/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine's memory made by hand: pages, VMCOREINFO, kernel layout. */
#ifndef IMAGE_H
#define IMAGE_H

#include <kernel/kernel.h>

/* Where the kernel image and the direct map of the made machine lie. */
#define IMAGE_DIRECT_MAP	0xff11000000000000ull
#define IMAGE_TEXT		0xffffffff81000000ull
#define IMAGE_MAP		0xffffffff80000000ull
#define IMAGE_PHYS_BASE		0x01000000ull

struct image;

/** image_new() - a machine with RAM from page frame 0 to @ram_pages */
struct image *image_new(uint64_t ram_pages);
void image_free(struct image *img);

/** image_alloc() - physical address of @pages fresh zero pages */
uint64_t image_alloc(struct image *img, unsigned int pages);

/** image_alloc_text() - the same within reach of the kernel image's map */
uint64_t image_alloc_text(struct image *img, unsigned int pages);

void image_write(struct image *img, uint64_t paddr, const void *bytes,
		 size_t len);
/** image_read() - what was written, within one page */
void image_read(struct image *img, uint64_t paddr, void *bytes, size_t len);
void image_write64(struct image *img, uint64_t paddr, uint64_t value);
void image_write32(struct image *img, uint64_t paddr, uint32_t value);

/** image_hide() - reading this page frame gives @mem */
void image_hide(struct image *img, uint64_t pfn, enum ami_mem mem);

/** image_filter() - the dump says that it was filtered with -d @level */
void image_filter(struct image *img, int level);

/** image_merge_ram() - the file has RAM in too many pieces to keep apart */
void image_merge_ram(struct image *img);

/** image_vmcoreinfo() - replace the VMCOREINFO text, "": none; it is copied */
void image_vmcoreinfo(struct image *img, const char *text);

/** image_vmcoreinfo_add() - append lines to it */
void image_vmcoreinfo_add(struct image *img, const char *text);

/** image_reads() - how often this page frame was read from the host */
unsigned int image_reads(const struct image *img, uint64_t pfn);

/** image_va() - direct-map address of a physical one */
uint64_t image_va(uint64_t paddr);

/** image_text_va() - the same in the kernel image map, where symbols lie */
uint64_t image_text_va(uint64_t paddr);

/** image_layout() - the layout that image_kernel() hands out; change it. */
struct ami_layout *image_layout(struct image *img);

/** image_dump(), image_kernel() - open it; the image must outlive them */
struct ami_dump *image_dump(struct image *img);
struct ami_kernel *image_kernel(struct image *img, struct ami_dump *dump);

/** image_save() - write it as an ELF vmcore, as /proc/vmcore would be */
void image_save(struct image *img, const char *path);

#endif
