/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A real dump with damage laid over it: bytes changed, pages taken away. */
#ifndef OVERLAY_H
#define OVERLAY_H

#include <amdiommu/report.h>

struct overlay;

/** overlay_new() - @path is opened again for each analysis. */
struct overlay *overlay_new(const char *path);
void overlay_free(struct overlay *o);

/** overlay_poke() - replace @len bytes of physical memory. */
void overlay_poke(struct overlay *o, uint64_t paddr, const void *bytes,
		  size_t len);
void overlay_poke64(struct overlay *o, uint64_t paddr, uint64_t value);

/** overlay_hide() - reading this page frame gives @mem. */
void overlay_hide(struct overlay *o, uint64_t pfn, enum ami_mem mem);

/** overlay_reset() - forget all damage. */
void overlay_reset(struct overlay *o);

/** overlay_analyse() - the whole analysis over the damaged dump. */
struct ami_analysis *overlay_analyse(struct overlay *o, struct ami_error *err);

#endif
