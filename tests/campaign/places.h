/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in physical memory the things lie that damage is aimed at. */
#ifndef PLACES_H
#define PLACES_H

#include "overlay.h"

enum what {
	AT_AMD_IOMMU,
	AT_DEV_DATA,
	AT_DOMAIN,
	AT_PCI_DEVICE,
	AT_VIRTIO,		/* virtio devices */
	AT_PAGE_TABLE,
	AT_DTE,
	AT_RING,
	AT_SEMAPHORE,
	AT_LOG,
	AT_STRUCT_PAGE,
	AT_KERNEL_TABLE,
	AT_ANY,			/* any page that the analysis reads */
	AT_LAYOUT,		/* kallsyms and BTF: many pages, slow */
	AT_NR
};

extern const char *const what_name[AT_NR];

/** struct place - @len bytes within one page frame that the extract has */
struct place {
	uint64_t paddr;
	uint32_t len;
};

struct places {
	struct place *list[AT_NR];
	size_t count[AT_NR];
};

/** places_find() - from an intact analysis of @o; aborts without memory */
void places_find(struct places *p, const struct overlay *o,
		 const struct ami_analysis *a);
void places_free(struct places *p);

#endif
