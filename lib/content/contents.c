// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <common/vec.h>

#include "content.h"
#include "scan.h"

/*
 * What an extract keeps of a sign: struct ami_content with these kinds, which
 * follow those of lib/verdict. A frame is packed into the count.
 */
#define KIND_FRAME	64u
#define KIND_SIGN	65u	/* and the number of the sign */
/* These belong to page 0. A number is in the place of the address. */
#define KIND_CHECKED	96u
#define KIND_UNREAD	97u
#define KIND_OWNER	98u	/* of a page: index of kept_owners[] */
/* The read for a page: what is in the count, and in the place of the address. */
#define KIND_READ_FROM	99u	/* namespace, block */
#define KIND_READ_BY	100u	/* blocks, segment and device ID */
#define INTERFACE_BITS	12u
#define NO_INTERFACE		((1u << INTERFACE_BITS) - 1)
#define LEN_BITS	14u

const char *ami_frame_strength_name(enum ami_frame_strength strength)
{
	static const char *const name[] = { "none", "weak", "header", "whole" };

	return name[strength];
}

const char *ami_sign_name(enum ami_sign sign)
{
	static const char *const name[AMI_SIGNS] = {
		"frame", "entries", "stack_run", "free_list", "pointers",
		"frame_part", "stack_end", "code",
	};

	return name[__builtin_ctz(sign)];
}

const char *ami_sign_text(enum ami_sign sign)
{
	switch (sign) {
	case AMI_SIGN_FRAME:
		return "an Ethernet frame";
	case AMI_SIGN_ENTRIES:
		return "entries that lead to no memory";
	case AMI_SIGN_STACK_RUN:
		return "words that no stack has";
	case AMI_SIGN_FREE_LIST:
		return "a broken list of free objects";
	case AMI_SIGN_POINTERS:
		return "destroyed pointers";
	case AMI_SIGN_FRAME_PART:
		return "the rest of an Ethernet frame";
	case AMI_SIGN_STACK_END:
		return "no number at the end of the stack";
	case AMI_SIGN_CODE:
		return "other code than in the kernel's file";
	}
	return "";
}

/* The struct page that says it is not in the extract. Numbers never change. */
static const enum ami_owner kept_owners[] = {
	AMI_OWNER_UNKNOWN, AMI_OWNER_PAGE_TABLE, AMI_OWNER_STACK,
	AMI_OWNER_OBJECT, AMI_OWNER_IOMMU_TABLE, AMI_OWNER_IOMMU,
	AMI_OWNER_MEMMAP, AMI_OWNER_TEXT, AMI_OWNER_RODATA,
};

#define KEPT_OWNERS	(sizeof(kept_owners) / sizeof(kept_owners[0]))

static uint32_t number_of_owner(enum ami_owner owner)
{
	uint32_t i;

	for (i = 0; i < KEPT_OWNERS; i++)
		if (kept_owners[i] == owner)
			return i;
	return 0;
}

static uint32_t pack_frame(const struct ami_frame *f)
{
	uint32_t at = f->interface < 0 || f->interface >= (int)NO_INTERFACE ?
		      NO_INTERFACE : (uint32_t)f->interface;

	return (uint32_t)f->strength << (INTERFACE_BITS + LEN_BITS) |
	       at << LEN_BITS | (f->len & ((1u << LEN_BITS) - 1));
}

static struct ami_frame unpack_frame(uint64_t phys, uint32_t count)
{
	uint32_t at = count >> LEN_BITS & NO_INTERFACE;

	return (struct ami_frame){
		.phys = phys, .len = count & ((1u << LEN_BITS) - 1),
		.strength = count >> (INTERFACE_BITS + LEN_BITS) & 3,
		.interface = at == NO_INTERFACE ? -1 : (int)at,
	};
}

static void keep_page(struct ami_dump *dump, const struct ami_overwritten *w)
{
	uint32_t n;

	ami_dump_content_add(dump, &(struct ami_content){
		w->pfn, w->phys, KIND_OWNER, number_of_owner(w->owner) });
	if (w->signs & AMI_SIGN_FRAME)
		ami_dump_content_add(dump, &(struct ami_content){
			w->pfn, w->frame.phys, KIND_FRAME,
			pack_frame(&w->frame) });
	if (w->has_read) {
		ami_dump_content_add(dump, &(struct ami_content){
			w->pfn, w->read.block, KIND_READ_FROM, w->read.nsid });
		ami_dump_content_add(dump, &(struct ami_content){
			w->pfn, (uint64_t)w->read.bdf.segment << 16 |
			w->read.bdf.devid, KIND_READ_BY, w->read.blocks });
	}
	for (n = 0; n < AMI_SIGNS; n++)
		if (w->signs >> n & 1)
			ami_dump_content_add(dump, &(struct ami_content){
				w->pfn, w->phys, KIND_SIGN + n, w->count[n] });
}

/* For an extract: results go with it, the pages do not. */
static void keep_results(struct ami_dump *dump, const struct ami_contents *c)
{
	size_t i;

	ami_dump_content_add(dump, &(struct ami_content){
		0, c->checked, KIND_CHECKED, c->whole });
	ami_dump_content_add(dump, &(struct ami_content){
		0, c->unread, KIND_UNREAD,
		c->residue < UINT32_MAX ? c->residue : UINT32_MAX });
	for (i = 0; i < c->count; i++)
		keep_page(dump, &c->list[i]);
}

static void take_total(struct ami_contents *c, const struct ami_content *found)
{
	if (found->kind == KIND_CHECKED) {
		c->checked = found->phys;
		c->whole = found->count;
	} else if (found->kind == KIND_UNREAD) {
		c->unread = found->phys;
		c->residue = found->count;
	}
}

static void take_frame(struct scan *s, struct ami_overwritten *w,
		       const struct ami_content *found)
{
	w->frame = unpack_frame(found->phys, found->count);
	if (w->frame.interface >= (int)s->c->nr_interfaces)
		w->frame.interface = -1;
}

static bool is_kept(uint32_t kind)
{
	return kind == KIND_OWNER || kind == KIND_FRAME ||
	       (kind >= KIND_SIGN && kind < KIND_SIGN + AMI_SIGNS);
}

static void take_read(struct scan *s, const struct ami_content *found)
{
	struct ami_overwritten *w = NULL;
	size_t at;

	if (found->kind != KIND_READ_FROM && found->kind != KIND_READ_BY)
		return;
	if (ami_index_find(&s->by_page, found->pfn, &at))
		w = &s->c->list[at];
	if (!w)
		return;
	if (found->kind == KIND_READ_FROM) {
		w->read.block = found->phys;
		w->read.nsid = found->count;
		return;
	}
	w->read.bdf.segment = found->phys >> 16;
	w->read.bdf.devid = found->phys;
	w->read.blocks = found->count;
	w->has_read = true;
}

/* The file may say anything. */
static void take_result(struct scan *s, const struct ami_content *found)
{
	struct ami_overwritten *w;

	take_total(s->c, found);
	if (!is_kept(found->kind) ||
	    found->pfn >= ami_dump_info(s->dump)->max_pfn ||
	    found->phys >> AMI_PAGE_SHIFT != found->pfn)
		return;
	w = content_page(s, found->pfn, AMI_OWNER_UNKNOWN, found->phys);
	if (!w)
		return;
	if (found->kind == KIND_OWNER && found->count < KEPT_OWNERS)
		w->owner = kept_owners[found->count];
	else if (found->kind == KIND_FRAME)
		take_frame(s, w, found);
	if (found->kind < KIND_SIGN || found->kind >= KIND_SIGN + AMI_SIGNS)
		return;
	w->signs |= 1u << (found->kind - KIND_SIGN);
	w->count[found->kind - KIND_SIGN] = found->count;
}

static int take_results(struct ami_contents *c, const struct ami_exposures *ex)
{
	struct scan s = {
		.c = c, .ex = ex,
		.dump = ami_kernel_dump(ex->state->kernel),
	};
	const struct ami_dump_info *info = ami_dump_info(s.dump);
	size_t i;

	for (i = 0; i < info->nr_contents; i++)
		take_result(&s, &info->content[i]);
	/* These are sorted by block, so they may come before their page. */
	for (i = 0; i < info->nr_contents; i++)
		take_read(&s, &info->content[i]);
	content_pages_end(&s);
	return s.no_memory ? -1 : 0;
}

struct ami_contents *ami_contents_find(const struct ami_exposures *ex,
				       bool large, struct ami_error *err)
{
	struct ami_dump *dump = ami_kernel_dump(ex->state->kernel);
	struct ami_contents *c = calloc(1, sizeof(*c));

	ami_dump_doing(dump, "contents of pages");
	if (!c || content_interfaces_read(c, ex->state) ||
	    (ami_dump_is_extract(dump) ? take_results(c, ex) :
					 content_scan(c, ex, large))) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		ami_contents_free(c);
		return NULL;
	}
	keep_results(dump, c);
	return c;
}

void ami_contents_free(struct ami_contents *c)
{
	if (!c)
		return;
	free(c->interfaces);
	free(c->macs);
	free(c->list);
	free(c->events);
	free(c);
}

const struct ami_overwritten *ami_overwritten_at(const struct ami_contents *c,
						 uint64_t pfn)
{
	size_t low = 0, high = c ? c->count : 0;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (c->list[middle].pfn == pfn)
			return &c->list[middle];
		if (c->list[middle].pfn < pfn)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
