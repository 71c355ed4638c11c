// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "overlay.h"

#define MAX_DAMAGE	256

struct damaged_page {
	uint64_t pfn;
	enum ami_mem mem;	/* OK: @data replaces the page */
	uint8_t data[AMI_PAGE_SIZE];
};

struct overlay {
	const char *path;
	struct damaged_page page[MAX_DAMAGE];
	size_t pages;
};

/* What ami_dump_new() needs: the dump below, read through its own cache. */
struct layer {
	struct overlay *o;
	struct ami_dump *below;
};

struct overlay *overlay_new(const char *path)
{
	struct overlay *o = calloc(1, sizeof(*o));

	if (o)
		o->path = path;
	return o;
}

void overlay_free(struct overlay *o)
{
	free(o);
}

void overlay_reset(struct overlay *o)
{
	o->pages = 0;
}

static struct damaged_page *find(struct overlay *o, uint64_t pfn)
{
	size_t i;

	for (i = 0; i < o->pages; i++)
		if (o->page[i].pfn == pfn)
			return &o->page[i];
	return NULL;
}

static struct ami_dump *open_below(struct overlay *o, struct ami_error *err)
{
	return ami_dump_open(&o->path, 1, err);
}

void overlay_hide(struct overlay *o, uint64_t pfn, enum ami_mem mem)
{
	struct damaged_page *p = find(o, pfn);

	if (!p && o->pages == MAX_DAMAGE)
		abort();
	if (!p)
		p = &o->page[o->pages++];
	p->pfn = pfn;
	p->mem = mem;
}

/* A page granule by granule: an extract holds some pages only in part. */
static enum ami_mem read_granules(struct ami_dump *below, uint64_t pfn,
				  uint8_t *page)
{
	enum ami_mem mem = AMI_MEM_FILTERED, one;
	size_t at;

	memset(page, 0, AMI_PAGE_SIZE);
	for (at = 0; at < AMI_PAGE_SIZE; at += AMI_GRANULE) {
		one = ami_dump_read(below, (pfn << AMI_PAGE_SHIFT) + at,
				    page + at, AMI_GRANULE);
		if (one == AMI_MEM_OK || mem != AMI_MEM_OK)
			mem = one;
	}
	return mem;
}

static struct damaged_page *own_copy(struct overlay *o, uint64_t pfn)
{
	struct damaged_page *p = find(o, pfn);
	struct ami_dump *below;

	if (p && p->mem == AMI_MEM_OK)
		return p;
	overlay_hide(o, pfn, AMI_MEM_OK);
	p = find(o, pfn);
	below = open_below(o, NULL);
	if (!below || read_granules(below, pfn, p->data) != AMI_MEM_OK)
		abort();
	ami_dump_close(below);
	return p;
}

void overlay_poke(struct overlay *o, uint64_t paddr, const void *bytes,
		  size_t len)
{
	const uint8_t *from = bytes;

	while (len--) {
		own_copy(o, paddr >> AMI_PAGE_SHIFT)
			->data[paddr % AMI_PAGE_SIZE] = *from++;
		paddr++;
	}
}

void overlay_poke64(struct overlay *o, uint64_t paddr, uint64_t value)
{
	overlay_poke(o, paddr, &value, sizeof(value));
}

static enum ami_mem layer_read(void *ctx, uint64_t pfn, uint8_t *page)
{
	struct layer *l = ctx;
	struct damaged_page *p = find(l->o, pfn);

	if (!p)
		return read_granules(l->below, pfn, page);
	if (p->mem == AMI_MEM_OK)
		memcpy(page, p->data, AMI_PAGE_SIZE);
	return p->mem;
}

static const char *layer_vmcoreinfo(void *ctx)
{
	struct layer *l = ctx;

	return ami_dump_vmcoreinfo(l->below);
}

static void layer_close(void *ctx)
{
	struct layer *l = ctx;

	ami_dump_close(l->below);
	free(l);
}

struct ami_analysis *overlay_analyse(struct overlay *o, struct ami_error *err)
{
	static const struct ami_dump_ops ops = {
		.read_page = layer_read,
		.vmcoreinfo = layer_vmcoreinfo,
		.close = layer_close,
	};
	struct layer *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->o = o;
	l->below = open_below(o, err);
	if (!l->below) {
		free(l);
		return NULL;
	}
	return ami_analyse(ami_dump_new(&ops, l, ami_dump_info(l->below)),
			   &ami_layout_btf, err);
}
