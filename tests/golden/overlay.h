/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A real dump with damage laid over it: bytes changed, pages taken away. */
#ifndef OVERLAY_H
#define OVERLAY_H

#include <amdiommu/pfnset.h>
#include <amdiommu/report.h>
#include <analysis/analysis.h>

struct overlay;

/** overlay_new() - hold all of @path (an extract) in memory; NULL: @err */
struct overlay *overlay_new(const char *path, struct ami_error *err);
void overlay_free(struct overlay *o);

/** overlay_poke() - replace @len bytes of physical memory. */
void overlay_poke(struct overlay *o, uint64_t paddr, const void *bytes,
		  size_t len);
void overlay_poke64(struct overlay *o, uint64_t paddr, uint64_t value);

/** overlay_replace() - a whole page frame, whatever of it was there */
void overlay_replace(struct overlay *o, uint64_t pfn, const uint8_t *page);

/** overlay_hide() - reading this page frame gives @mem. */
void overlay_hide(struct overlay *o, uint64_t pfn, enum ami_mem mem);

/** overlay_reset() - forget all damage. */
void overlay_reset(struct overlay *o);

/** overlay_pages(), overlay_pfn() - the page frames that the file holds */
size_t overlay_pages(const struct overlay *o);
uint64_t overlay_pfn(const struct overlay *o, size_t index);

/** overlay_intact() - a page without damage, NULL when the file lacks it */
const uint8_t *overlay_intact(const struct overlay *o, uint64_t pfn);

/** overlay_valid() - bit n: the file really has granule n of this page */
uint64_t overlay_valid(const struct overlay *o, uint64_t pfn);

/** overlay_analyse() - the whole analysis over the damaged dump. */
struct ami_analysis *overlay_analyse(struct overlay *o, struct ami_error *err);

/** overlay_most_mapped() - the device with most mapped pages; NULL: none has any */
const struct ami_exposure *overlay_most_mapped(const struct ami_analysis *a);

/** overlay_kernel() - only the kernel; close it, then its dump. NULL: @err */
struct ami_kernel *overlay_kernel(struct overlay *o, struct ami_error *err);

/**
 * overlay_remember_layout() - read symbols and types once
 *
 * From now on they are only read again if a page that they come from is
 * damaged: they take most of the time. Forgets all damage.
 */
bool overlay_remember_layout(struct overlay *o);

/** overlay_layout_pages() - page frames that symbols and types come from */
const struct ami_pfnset *overlay_layout_pages(const struct overlay *o);

/** overlay_limit() - an analysis that reads more page frames is interrupted */
void overlay_limit(struct overlay *o, uint64_t max_reads);

/** overlay_reads() - page frames read since the last analysis began */
uint64_t overlay_reads(const struct overlay *o);

#endif
