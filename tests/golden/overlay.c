// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <amdiommu/pfnset.h>

#include "overlay.h"

#define MAX_DAMAGE	256
#define MAX_PAGES	(1u << 17)	/* an extract has far fewer */

/* A page frame as the file has it; bit n of @valid: granule n is real. */
struct kept_page {
	uint64_t pfn;
	uint64_t valid;
	uint8_t *data;
};

struct damaged_page {
	uint64_t pfn;
	enum ami_mem mem;	/* OK: @data replaces the page */
	uint64_t valid;
	uint8_t data[AMI_PAGE_SIZE];
};

struct overlay {
	struct ami_dump *file;
	struct kept_page *kept;	/* ascending by pfn */
	size_t nr_kept, room;
	struct damaged_page page[MAX_DAMAGE];
	size_t pages;
	uint64_t reads, max_reads;
	struct ami_layout layout;
	struct ami_pfnset *layout_pages;	/* NULL: not remembered */
};

static bool keep(struct overlay *o, uint64_t pfn, uint64_t valid,
		 const uint8_t *data)
{
	struct kept_page *more;

	if (o->nr_kept == MAX_PAGES)
		return false;
	if (o->nr_kept == o->room) {
		o->room = o->room ? 2 * o->room : 1024;
		more = realloc(o->kept, o->room * sizeof(*more));
		if (!more)
			return false;
		o->kept = more;
	}
	more = &o->kept[o->nr_kept];
	*more = (struct kept_page){ pfn, valid, malloc(AMI_PAGE_SIZE) };
	if (!more->data)
		return false;
	memcpy(more->data, data, AMI_PAGE_SIZE);
	o->nr_kept++;
	return true;
}

/* Granule by granule: an extract holds some pages only in part. */
static bool keep_page(struct overlay *o, uint64_t pfn)
{
	uint64_t before = ami_dump_pages_read(o->file), valid = 0;
	uint8_t page[AMI_PAGE_SIZE] = { 0 };
	unsigned int g;

	for (g = 0; g < AMI_PAGE_SIZE / AMI_GRANULE; g++)
		if (ami_dump_read(o->file, (pfn << AMI_PAGE_SHIFT) +
				  g * AMI_GRANULE, page + g * AMI_GRANULE,
				  AMI_GRANULE) == AMI_MEM_OK)
			valid |= 1ull << g;
		else if (ami_dump_pages_read(o->file) == before)
			break;		/* the file has nothing of it */
	return !valid || keep(o, pfn, valid, page);
}

static bool load(struct overlay *o)
{
	const struct ami_dump_info *info = ami_dump_info(o->file);
	size_t i;
	uint64_t n;

	for (i = 0; i < info->nr_ram; i++)
		for (n = 0; n < info->ram[i].count; n++)
			if (!keep_page(o, info->ram[i].first + n))
				return false;
	return true;
}

struct overlay *overlay_new(const char *path, struct ami_error *err)
{
	struct overlay *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->max_reads = UINT64_MAX;
	o->file = ami_dump_open(&path, 1, err);
	if (!o->file || !load(o)) {
		overlay_free(o);
		return NULL;
	}
	return o;
}

void overlay_free(struct overlay *o)
{
	if (!o)
		return;
	while (o->nr_kept)
		free(o->kept[--o->nr_kept].data);
	free(o->kept);
	ami_pfnset_free(o->layout_pages);
	ami_dump_close(o->file);
	free(o);
}

void overlay_reset(struct overlay *o)
{
	o->pages = 0;
}

size_t overlay_pages(const struct overlay *o)
{
	return o->nr_kept;
}

uint64_t overlay_pfn(const struct overlay *o, size_t index)
{
	return o->kept[index].pfn;
}

static int by_pfn(const void *key, const void *element)
{
	uint64_t pfn = *(const uint64_t *)key;
	uint64_t other = ((const struct kept_page *)element)->pfn;

	return (pfn > other) - (pfn < other);
}

static const struct kept_page *kept(const struct overlay *o, uint64_t pfn)
{
	return bsearch(&pfn, o->kept, o->nr_kept, sizeof(*o->kept), by_pfn);
}

const uint8_t *overlay_intact(const struct overlay *o, uint64_t pfn)
{
	const struct kept_page *k = kept(o, pfn);

	return k ? k->data : NULL;
}

uint64_t overlay_valid(const struct overlay *o, uint64_t pfn)
{
	const struct kept_page *k = kept(o, pfn);

	return k ? k->valid : 0;
}

static struct damaged_page *find(struct overlay *o, uint64_t pfn)
{
	size_t i;

	for (i = 0; i < o->pages; i++)
		if (o->page[i].pfn == pfn)
			return &o->page[i];
	return NULL;
}

static struct damaged_page *own(struct overlay *o, uint64_t pfn)
{
	struct damaged_page *p = find(o, pfn);

	if (!p && o->pages == MAX_DAMAGE)
		abort();
	if (!p)
		p = &o->page[o->pages++];
	p->pfn = pfn;
	return p;
}

void overlay_hide(struct overlay *o, uint64_t pfn, enum ami_mem mem)
{
	own(o, pfn)->mem = mem;
}

void overlay_replace(struct overlay *o, uint64_t pfn, const uint8_t *page)
{
	struct damaged_page *p = own(o, pfn);

	p->mem = AMI_MEM_OK;
	p->valid = UINT64_MAX;
	memcpy(p->data, page, AMI_PAGE_SIZE);
}

static struct damaged_page *own_copy(struct overlay *o, uint64_t pfn)
{
	struct damaged_page *p = find(o, pfn);
	const struct kept_page *k;

	if (p && p->mem == AMI_MEM_OK)
		return p;
	k = kept(o, pfn);
	if (!k)
		abort();
	overlay_replace(o, pfn, k->data);
	p = find(o, pfn);
	p->valid = k->valid;
	return p;
}

void overlay_poke(struct overlay *o, uint64_t paddr, const void *bytes,
		  size_t len)
{
	const uint8_t *from = bytes;

	while (len--) {
		struct damaged_page *p = own_copy(o, paddr >> AMI_PAGE_SHIFT);
		size_t at = paddr++ % AMI_PAGE_SIZE;

		p->data[at] = *from++;
		p->valid |= 1ull << at / AMI_GRANULE;
	}
}

void overlay_poke64(struct overlay *o, uint64_t paddr, uint64_t value)
{
	overlay_poke(o, paddr, &value, sizeof(value));
}

static enum ami_mem layer_read(void *ctx, uint64_t pfn, uint8_t *page)
{
	struct overlay *o = ctx;
	const struct damaged_page *p = find(o, pfn);
	const struct kept_page *k;

	o->reads++;
	if (p && p->mem == AMI_MEM_OK)
		memcpy(page, p->data, AMI_PAGE_SIZE);
	if (p)
		return p->mem;
	k = kept(o, pfn);
	if (!k)
		return ami_dump_ram(o->file, pfn) ? AMI_MEM_FILTERED :
						    AMI_MEM_ABSENT;
	memcpy(page, k->data, AMI_PAGE_SIZE);
	return AMI_MEM_OK;
}

static uint64_t layer_valid(void *ctx, uint64_t pfn)
{
	const struct damaged_page *p = find(ctx, pfn);
	const struct kept_page *k = kept(ctx, pfn);

	return p ? p->valid : k ? k->valid : 0;
}

static const char *layer_vmcoreinfo(void *ctx)
{
	return ami_dump_vmcoreinfo(((struct overlay *)ctx)->file);
}

static bool layer_interrupted(void *ctx)
{
	const struct overlay *o = ctx;

	return o->reads > o->max_reads;
}

/* Nothing of what the layout was read from is damaged. */
static bool layout_intact(const struct overlay *o)
{
	size_t i;

	for (i = 0; o->layout_pages && i < o->pages; i++)
		if (ami_pfnset_has(o->layout_pages, o->page[i].pfn))
			return false;
	return o->layout_pages;
}

static int layer_resolve(void *ctx, struct ami_kernel *kernel,
			 struct ami_layout *layout, struct ami_error *err)
{
	const struct overlay *o = ctx;

	if (!layout_intact(o))
		return ami_layout_btf.resolve(NULL, kernel, layout, err);
	*layout = o->layout;
	return 0;
}

static struct ami_dump *open_layers(struct overlay *o)
{
	static const struct ami_dump_ops ops = {
		.read_page = layer_read,
		.valid = layer_valid,
		.vmcoreinfo = layer_vmcoreinfo,
		.interrupted = layer_interrupted,
	};

	o->reads = 0;
	return ami_dump_new(&ops, o, ami_dump_info(o->file));
}

struct ami_analysis *overlay_analyse(struct overlay *o, struct ami_error *err)
{
	struct ami_layout_source source = {
		.name = ami_layout_btf.name, .resolve = layer_resolve,
		.ctx = o,
	};

	return ami_analyse(open_layers(o), &source, NULL, err);
}

const struct ami_exposure *overlay_most_mapped(const struct ami_analysis *a)
{
	const struct ami_exposure *best = NULL;
	size_t i;

	for (i = 0; i < a->exposures->count; i++) {
		const struct ami_exposure *e = &a->exposures->list[i];

		if (e->class == AMI_CLASS_MAPPED &&
		    (!best || e->count > best->count))
			best = e;
	}
	return best;
}

struct ami_kernel *overlay_kernel(struct overlay *o, struct ami_error *err)
{
	struct ami_layout_source source = {
		.name = ami_layout_btf.name, .resolve = layer_resolve,
		.ctx = o,
	};
	struct ami_dump *dump = open_layers(o);
	struct ami_kernel *k = ami_kernel_open(dump, &source, err);

	if (!k)
		ami_dump_close(dump);
	return k;
}

bool overlay_remember_layout(struct overlay *o)
{
	struct ami_pfnset *pages = ami_pfnset_new();
	struct ami_dump *dump = open_layers(o);
	struct ami_kernel *k;

	overlay_reset(o);
	ami_dump_note_reads(dump, pages);
	k = ami_kernel_open(dump, &ami_layout_btf, NULL);
	if (k) {
		o->layout = *ami_kernel_layout(k);
		o->layout_pages = pages;
	} else {
		ami_pfnset_free(pages);
	}
	ami_kernel_close(k);
	ami_dump_close(dump);
	return k;
}

const struct ami_pfnset *overlay_layout_pages(const struct overlay *o)
{
	return o->layout_pages;
}

void overlay_limit(struct overlay *o, uint64_t max_reads)
{
	o->max_reads = max_reads;
}

uint64_t overlay_reads(const struct overlay *o)
{
	return o->reads;
}
