// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <amdiommu/fileio.h>
#include <dump/kdumphdr.h>
#include "kdumpwrite.h"

#define BLOCK			KDUMP_BLOCK
#define PFNS_PER_BLOCK		(8ull * BLOCK)
#define NOTE_HEADER		12u
#define VMCOREINFO_NAME		"VMCOREINFO"

struct layout {
	size_t nr_partial;
	size_t vmcoreinfo_size;
	size_t notes_size;
	uint64_t vmcoreinfo;	/* offsets in the file */
	uint64_t notes;
	uint64_t bitmap[2];
	uint64_t bitmap_blocks;	/* of one */
	uint64_t desc;
	uint64_t data;
};

static uint64_t round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

static size_t note_size(const char *name, size_t desc)
{
	return NOTE_HEADER + round_up(strlen(name) + 1, 4) + round_up(desc, 4);
}

static bool plan(const struct kdump_image *image, struct layout *at)
{
	size_t i;

	memset(at, 0, sizeof(*at));
	for (i = 0; i < image->nr_pages; i++)
		at->nr_partial += image->page[i].mask != UINT64_MAX;
	at->vmcoreinfo_size = strlen(image->vmcoreinfo);
	if (image->max_pfn > KDUMP_MAX_PFN ||
	    at->vmcoreinfo_size > KDUMP_MAX_NOTES / 2 ||
	    at->nr_partial > KDUMP_MAX_NOTES / 4 / sizeof(*image->page) ||
	    image->nr_contents > KDUMP_MAX_NOTES / 8 / sizeof(*image->content))
		return false;
	at->notes = BLOCK + sizeof(struct kdump_sub_header);
	at->vmcoreinfo = at->notes + note_size(VMCOREINFO_NAME, 0);
	at->notes_size = note_size(VMCOREINFO_NAME, at->vmcoreinfo_size) +
			 note_size(EXTRACT_NOTE_NAME,
				   at->nr_partial * sizeof(*image->page));
	if (image->nr_contents)
		at->notes_size += note_size(EXTRACT_NOTE_NAME,
					    image->nr_contents *
					    sizeof(*image->content));
	at->bitmap_blocks = image->max_pfn / PFNS_PER_BLOCK +
			    !!(image->max_pfn % PFNS_PER_BLOCK);
	at->bitmap[0] = round_up(at->notes + at->notes_size, BLOCK);
	at->bitmap[1] = at->bitmap[0] + at->bitmap_blocks * BLOCK;
	at->desc = at->bitmap[1] + at->bitmap_blocks * BLOCK;
	at->data = at->desc + image->nr_pages * sizeof(struct kdump_page_desc);
	return true;
}

static bool write_header(int fd, const struct kdump_image *image,
			 const struct layout *at)
{
	struct kdump_header header = {
		.header_version = 6,
		.utsname = {
			"Linux", "(none)", "", "(unknown)", "x86_64", "(none)",
		},
		.timestamp[0] = image->crash_time,
		.status = KDUMP_COMPRESSED_ZLIB,
		.block_size = BLOCK,
		.sub_hdr_size = at->bitmap[0] / BLOCK - 1,
		.bitmap_blocks = 2 * at->bitmap_blocks,
		.max_mapnr = image->max_pfn < UINT32_MAX ? image->max_pfn :
			     UINT32_MAX,
		.nr_cpus = 1,	/* unknown here; crash warns about 0 */
	};

	memcpy(header.signature, KDUMP_SIGNATURE, sizeof(header.signature));
	/* Readers take the architecture from here only if no field is empty. */
	strncpy(header.utsname[2], image->release[0] ? image->release : "(unknown)",
		sizeof(header.utsname[2]) - 1);
	if (image->incomplete)
		header.status |= KDUMP_INCOMPLETE;
	return ami_file_write_at(fd, &header, sizeof(header), 0);
}

static bool write_sub_header(int fd, const struct kdump_image *image,
			     const struct layout *at)
{
	const struct kdump_sub_header sub = {
		.phys_base = image->phys_base,
		.dump_level = image->dump_level,
		.offset_vmcoreinfo = at->vmcoreinfo,
		.size_vmcoreinfo = at->vmcoreinfo_size,
		.offset_note = at->notes,
		.size_note = at->notes_size,
		.max_mapnr_64 = image->max_pfn,
	};

	return ami_file_write_at(fd, &sub, sizeof(sub), BLOCK);
}

/* Returns where the next note goes. The caller fills in @desc. */
static uint8_t *put_note(uint8_t *p, const char *name, uint32_t type,
			 size_t size, uint8_t **desc)
{
	uint32_t head[3] = { strlen(name) + 1, size, type };

	memcpy(p, head, sizeof(head));
	memcpy(p + NOTE_HEADER, name, head[0]);
	*desc = p + note_size(name, 0);
	return p + note_size(name, size);
}

static void put_contents(uint8_t *p, const struct kdump_image *image)
{
	size_t size = image->nr_contents * sizeof(*image->content);
	uint8_t *desc;

	if (!size)
		return;
	put_note(p, EXTRACT_NOTE_NAME, CONTENT_NOTE_TYPE, size, &desc);
	memcpy(desc, image->content, size);
}

static bool write_notes(int fd, const struct kdump_image *image,
			const struct layout *at)
{
	uint8_t *notes = calloc(1, at->notes_size), *p, *desc;
	size_t i;
	bool ok;

	if (!notes) {
		errno = ENOMEM;
		return false;
	}
	p = put_note(notes, VMCOREINFO_NAME, 0, at->vmcoreinfo_size, &desc);
	memcpy(desc, image->vmcoreinfo, at->vmcoreinfo_size);
	p = put_note(p, EXTRACT_NOTE_NAME, EXTRACT_NOTE_TYPE,
		     at->nr_partial * sizeof(*image->page), &desc);
	for (i = 0; i < image->nr_pages; i++) {
		if (image->page[i].mask == UINT64_MAX)
			continue;
		memcpy(desc, &image->page[i], sizeof(*image->page));
		desc += sizeof(*image->page);
	}
	put_contents(p, image);
	ok = ami_file_write_at(fd, notes, at->notes_size, at->notes);
	free(notes);
	return ok;
}

/*
 * A bitmap is written block by block, ascending, and only where bits are set.
 * With terabytes of RAM, neither memory nor disk has to hold the rest.
 */
struct bitmap {
	int fd;
	uint64_t offset;
	uint64_t block;
	bool dirty;
	uint8_t bits[BLOCK];
};

static bool bitmap_flush(struct bitmap *map)
{
	if (map->dirty && !ami_file_write_at(map->fd, map->bits, BLOCK,
					 map->offset + map->block * BLOCK))
		return false;
	memset(map->bits, 0, BLOCK);
	map->dirty = false;
	return true;
}

static void set_bits(uint8_t *bits, unsigned int first, unsigned int count)
{
	while (count && first % 8) {
		bits[first / 8] |= 1u << first % 8;
		first++;
		count--;
	}
	memset(bits + first / 8, 0xff, count / 8);
	first += count / 8 * 8;
	if (count % 8)
		bits[first / 8] |= (1u << count % 8) - 1;
}

static bool bitmap_add(struct bitmap *map, uint64_t pfn, uint64_t count)
{
	while (count) {
		uint64_t block = pfn / PFNS_PER_BLOCK;
		uint64_t part = PFNS_PER_BLOCK - pfn % PFNS_PER_BLOCK;

		if (part > count)
			part = count;
		if (block != map->block && !bitmap_flush(map))
			return false;
		map->block = block;
		set_bits(map->bits, pfn % PFNS_PER_BLOCK, part);
		map->dirty = true;
		pfn += part;
		count -= part;
	}
	return true;
}

/* RAM, and pages that exist but are missing from the host's list of RAM. */
static bool write_ram(struct bitmap *map, const struct kdump_image *image)
{
	size_t i = 0, r;

	for (r = 0; r <= image->nr_ram; r++) {
		const struct ami_range *ram = &image->ram[r];
		bool last = r == image->nr_ram;

		for (; i < image->nr_pages; i++) {
			if (!last && image->page[i].pfn >= ram->first)
				break;
			if (!bitmap_add(map, image->page[i].pfn, 1))
				return false;
		}
		if (last)
			break;
		if (!bitmap_add(map, ram->first, ram->count))
			return false;
		while (i < image->nr_pages &&
		       image->page[i].pfn - ram->first < ram->count)
			i++;
	}
	return bitmap_flush(map);
}

static bool write_bitmaps(int fd, const struct kdump_image *image,
			  const struct layout *at)
{
	struct bitmap map = { .fd = fd, .offset = at->bitmap[0] };
	size_t i;

	if (!write_ram(&map, image))
		return false;
	map.offset = at->bitmap[1];
	for (i = 0; i < image->nr_pages; i++)
		if (!bitmap_add(&map, image->page[i].pfn, 1))
			return false;
	return bitmap_flush(&map);
}

struct packed {
	const uint8_t *data;
	uint32_t size;
	uint32_t flags;
};

static bool pack(const uint8_t *page, uint8_t *room, uLong room_size,
		 struct packed *out)
{
	uLongf size = room_size;

	if (compress2(room, &size, page, AMI_PAGE_SIZE, 9) != Z_OK) {
		errno = ENOMEM;
		return false;
	}
	*out = (struct packed){ room, size, KDUMP_COMPRESSED_ZLIB };
	if (size >= AMI_PAGE_SIZE)
		*out = (struct packed){ page, AMI_PAGE_SIZE, 0 };
	return true;
}

static bool all_zero(const uint8_t *page)
{
	return !page[0] && !memcmp(page, page + 1, AMI_PAGE_SIZE - 1);
}

static enum kdump_written write_pages(int fd, const struct kdump_image *image,
				      const struct layout *at,
				      struct kdump_page_desc *desc)
{
	uint8_t page[AMI_PAGE_SIZE], room[2 * AMI_PAGE_SIZE];
	const struct kdump_page_desc *zero = NULL;
	uint64_t offset = at->data;
	size_t i;

	for (i = 0; i < image->nr_pages; i++) {
		struct packed out;

		if (image->read(image->ctx, i, page))
			return KDUMP_WRITE_STOPPED;
		if (all_zero(page) && zero) {
			desc[i] = *zero;
			continue;
		}
		if (!pack(page, room, sizeof(room), &out) ||
		    !ami_file_write_at(fd, out.data, out.size, offset))
			return KDUMP_WRITE_FAILED;
		desc[i] = (struct kdump_page_desc){
			.offset = offset, .size = out.size, .flags = out.flags,
		};
		offset += out.size;
		if (all_zero(page))
			zero = &desc[i];
	}
	return KDUMP_WRITTEN;
}

enum kdump_written kdump_write(int fd, const struct kdump_image *image)
{
	struct kdump_page_desc *desc;
	enum kdump_written ret;
	struct layout at;

	if (!plan(image, &at))
		return KDUMP_WRITE_TOO_BIG;
	desc = calloc(image->nr_pages + 1, sizeof(*desc));
	if (!desc) {
		errno = ENOMEM;
		return KDUMP_WRITE_FAILED;
	}
	ret = write_pages(fd, image, &at, desc);
	if (ret == KDUMP_WRITTEN &&
	    !(write_header(fd, image, &at) &&
	      write_sub_header(fd, image, &at) &&
	      write_notes(fd, image, &at) && write_bitmaps(fd, image, &at) &&
	      ami_file_write_at(fd, desc, image->nr_pages * sizeof(*desc), at.desc)))
		ret = KDUMP_WRITE_FAILED;
	free(desc);
	return ret;
}
