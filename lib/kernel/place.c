// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "place.h"

#define STEP		(2ull << 20)	/* the kernel is aligned to it */
#define ENTRY_ADDR	0x000ffffffffff000ull
#define ENTRIES		512u
#define MAX_BANNER	512u

/**
 * struct placed - where it lies
 * @delta: physical address of address 0 of the file
 * @slide: how far its addresses were moved (KASLR)
 */
struct placed {
	struct ami_dump *dump;
	const struct kernel_file *file;
	uint64_t delta, slide, sme_mask;
	bool five_levels;
};

static uint64_t entry_at(const struct placed *p, uint64_t table,
			 unsigned int index)
{
	uint64_t entry = 0;

	if (ami_dump_read(p->dump, table + 8ull * index, &entry,
			  sizeof(entry)) != AMI_MEM_OK || !(entry & 1))
		return 0;
	return entry & ENTRY_ADDR & ~p->sme_mask;
}

static bool has_banner(const struct placed *p, uint64_t paddr)
{
	size_t len = strlen(p->file->banner);
	char text[MAX_BANNER];

	return len < sizeof(text) &&
	       ami_dump_read(p->dump, paddr, text, len) == AMI_MEM_OK &&
	       !memcmp(text, p->file->banner, len);
}

/* A mask has one bit, or none. Anything else is not the mask. */
static void read_sme_mask(struct placed *p)
{
	uint64_t mask;

	p->sme_mask = 0;
	if (p->file->sme_mask &&
	    ami_dump_read(p->dump, p->file->sme_mask + p->delta, &mask,
			  sizeof(mask)) == AMI_MEM_OK && !(mask & (mask - 1)))
		p->sme_mask = mask;
}

/* The top table leads to the image's table through one or two others. */
static bool find_levels(struct placed *p)
{
	uint64_t wanted = p->file->level2_pgt + p->delta, next;

	next = entry_at(p, p->file->top_pgt + p->delta, ENTRIES - 1);
	if (!next)
		return false;
	p->five_levels = entry_at(p, next, ENTRIES - 2) != wanted;
	if (p->five_levels)
		next = entry_at(p, next, ENTRIES - 1);
	return next && entry_at(p, next, ENTRIES - 2) == wanted;
}

/* Which 2 MiB of the image's addresses lead to the banner? */
static bool find_slide(struct placed *p)
{
	uint64_t table = p->file->level2_pgt + p->delta;
	uint64_t at = p->file->banner_at & ~(STEP - 1);
	unsigned int i;

	for (i = 0; i < ENTRIES; i++)
		if (entry_at(p, table, i) == ((at + p->delta) & ENTRY_ADDR)) {
			p->slide = START_KERNEL_MAP + i * STEP - at;
			return true;
		}
	return false;
}

static bool try_place(struct placed *p, uint64_t paddr)
{
	if (!has_banner(p, paddr))
		return false;
	p->delta = paddr - p->file->banner_at;
	read_sme_mask(p);
	return find_levels(p) && find_slide(p);
}

static bool search_kernel(struct placed *p)
{
	const struct ami_dump_info *info = ami_dump_info(p->dump);
	uint64_t offset = p->file->banner_at % STEP, at, end;
	size_t i;

	for (i = 0; i < info->nr_ram; i++) {
		at = info->ram[i].first << AMI_PAGE_SHIFT;
		end = at + (info->ram[i].count << AMI_PAGE_SHIFT);
		for (at = (at & ~(STEP - 1)) + offset; at < end; at += STEP)
			if (try_place(p, at))
				return true;
	}
	return false;
}

/* What kdump would have written, as far as it is needed here. */
static bool write_vmcoreinfo(const struct placed *p)
{
	const struct kernel_file *f = p->file;
	unsigned long long slide = p->slide;
	char text[1024], release[128] = "";

	sscanf(f->banner, "Linux version %127s", release);
	snprintf(text, sizeof(text),
		 "OSRELEASE=%s\n%s%s%sNUMBER(phys_base)=%lld\nNUMBER(KERNEL_IMAGE_SIZE)=1073741824\nNUMBER(pgtable_l5_enabled)=%d\nNUMBER(sme_mask)=%llu\nKERNELOFFSET=%llx\nSYMBOL(_stext)=%llx\nSYMBOL(init_top_pgt)=%llx\n",
		 release, *f->build_id ? "BUILD-ID=" : "", f->build_id,
		 *f->build_id ? "\n" : "",
		 (long long)(p->delta - p->slide + START_KERNEL_MAP),
		 p->five_levels, (unsigned long long)p->sme_mask, slide,
		 (unsigned long long)(f->stext + slide),
		 (unsigned long long)(f->top_pgt + slide));
	return !ami_dump_set_vmcoreinfo(p->dump, text,
					"by the vmlinux, whose banner lies in memory");
}

bool kernel_place_kernel(struct ami_dump *dump, const struct kernel_file *file)
{
	struct placed p = { .dump = dump, .file = file };

	return file->stext && file->top_pgt && file->level2_pgt &&
	       search_kernel(&p) && write_vmcoreinfo(&p);
}
