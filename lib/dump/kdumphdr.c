// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <amdiommu/fileio.h>
#include "formats.h"
#include <dump/kdumphdr.h>

#define BLOCK	KDUMP_BLOCK

bool kdump_is(int fd)
{
	char signature[8];

	return ami_file_read_at(fd, signature, sizeof(signature), 0) &&
	       !memcmp(signature, KDUMP_SIGNATURE, sizeof(signature));
}

static int set_damaged_header(const char *path, const char *what, struct ami_error *err)
{
	return ami_error_set(err, AMI_ERR_INPUT,
			     "%s is damaged: %s; copy the dump again", path,
			     what);
}

static int check_header(const struct kdump_facts *facts, const char *path,
			struct ami_error *err)
{
	const struct kdump_header *h = &facts->header;

	/* QEMU writes "Unknown". The content shows the architecture then. */
	if (dump_format_foreign_machine(h->utsname[4]))
		return ami_error_set(err, AMI_ERR_DATA,
				     "%s comes from another architecture: %.64s; AMD IOMMUs exist on x86-64 only",
				     path, h->utsname[4]);
	if (h->block_size != BLOCK || h->header_version < 1 ||
	    h->sub_hdr_size < 1 || h->bitmap_blocks < 2 ||
	    h->bitmap_blocks > 2 * (KDUMP_MAX_PFN / (8 * BLOCK)))
		return set_damaged_header(path, "its header is impossible", err);
	if (facts->size / BLOCK <
	    1ull + h->sub_hdr_size + h->bitmap_blocks)
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s ends within its headers, no page of it can be read; copy the dump again",
				     path);
	return 0;
}

/*
 * Newer versions have a larger sub-header. Clear what this one does not have.
 */
static void forget_newer(struct kdump_sub_header *sub, int version)
{
	static const size_t known[] = {
		offsetof(struct kdump_sub_header, dump_level),
		offsetof(struct kdump_sub_header, split),
		offsetof(struct kdump_sub_header, offset_vmcoreinfo),
		offsetof(struct kdump_sub_header, offset_note),
		offsetof(struct kdump_sub_header, offset_eraseinfo),
		offsetof(struct kdump_sub_header, start_pfn_64),
	};

	if (version < (int)(sizeof(known) / sizeof(known[0])))
		memset((uint8_t *)sub + known[version], 0,
		       sizeof(*sub) - known[version]);
}

static int place_regions(struct kdump_facts *facts, const char *path,
			 struct ami_error *err)
{
	const struct kdump_header *h = &facts->header;
	const struct kdump_sub_header *sub = &facts->sub;
	bool wide = h->header_version >= 6;

	facts->bitmap = (1ull + h->sub_hdr_size) * BLOCK;
	facts->bitmap_size = (uint64_t)(h->bitmap_blocks / 2) * BLOCK;
	facts->max_pfn = wide ? sub->max_mapnr_64 : h->max_mapnr;
	facts->end_pfn = facts->max_pfn;
	if (sub->split) {
		facts->first_pfn = wide ? sub->start_pfn_64 : sub->start_pfn;
		facts->end_pfn = wide ? sub->end_pfn_64 : sub->end_pfn;
	}
	if (facts->end_pfn > facts->max_pfn)
		facts->end_pfn = facts->max_pfn;
	if (facts->max_pfn > KDUMP_MAX_PFN)
		return set_damaged_header(path, "it claims more than 64 TiB of memory",
					  err);
	if (facts->max_pfn > facts->bitmap_size * 8 ||
	    h->max_mapnr > facts->bitmap_size * 8 ||
	    facts->first_pfn > facts->end_pfn)
		return set_damaged_header(path, "its bitmaps do not cover its memory", err);
	return 0;
}

static bool inside(const struct kdump_facts *facts, uint64_t offset,
		   uint64_t size)
{
	return size <= KDUMP_MAX_NOTES && offset <= facts->size &&
	       size <= facts->size - offset;
}

static int read_notes(int fd, struct kdump_facts *facts, const char *path,
		      struct ami_error *err)
{
	const struct kdump_sub_header *sub = &facts->sub;

	if (!inside(facts, sub->offset_note, sub->size_note) ||
	    !inside(facts, sub->offset_vmcoreinfo, sub->size_vmcoreinfo))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s ends before its notes, which say what kernel it belongs to; copy the dump again",
				     path);
	if (!sub->size_note)
		return 0;
	facts->notes = malloc(sub->size_note);
	if (!facts->notes)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	if (!ami_file_read_at(fd, facts->notes, sub->size_note, sub->offset_note))
		return set_damaged_header(path, "its notes cannot be read", err);
	facts->notes_size = sub->size_note;
	return 0;
}

int kdump_facts_read(int fd, const char *path, struct kdump_facts *facts,
		     struct ami_error *err)
{
	memset(facts, 0, sizeof(*facts));
	facts->size = ami_file_size(fd);
	if (!ami_file_read_at(fd, &facts->header, sizeof(facts->header), 0))
		return set_damaged_header(path, "it ends within its header", err);
	if (check_header(facts, path, err))
		return -1;
	if (!ami_file_read_at(fd, &facts->sub, sizeof(facts->sub), BLOCK))
		return set_damaged_header(path, "its sub-header cannot be read", err);
	forget_newer(&facts->sub, facts->header.header_version);
	if (place_regions(facts, path, err) || read_notes(fd, facts, path, err))
		return -1;
	if (kdump_index(fd, facts))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "the page bitmaps of %s cannot be read; copy the dump again",
				     path);
	return 0;
}

void kdump_facts_free(struct kdump_facts *facts)
{
	free(facts->notes);
	free(facts->rank);
	facts->notes = NULL;
	facts->rank = NULL;
}

const char *kdump_compression(uint32_t status)
{
	if (status & KDUMP_COMPRESSED_ZLIB)
		return "zlib";
	if (status & KDUMP_COMPRESSED_LZO)
		return "lzo";
	if (status & KDUMP_COMPRESSED_SNAPPY)
		return "snappy";
	if (status & KDUMP_COMPRESSED_ZSTD)
		return "zstd";
	return "";
}
