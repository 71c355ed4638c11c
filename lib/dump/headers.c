// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <amdiommu/headers.h>
#include <dump/kdumphdr.h>

#include "elfhdr.h"

/**
 * struct ami_headers - of an ELF or kdump-compressed file
 * @elf, @kdump: the one that it is
 */
struct ami_headers {
	bool is_elf;
	struct elf_facts elf;
	struct kdump_facts kdump;
	struct ramlist kdump_ram;
	char *vmcoreinfo;
	struct ami_dump_info info;
};

char *ami_vmcoreinfo_in(const void *notes, size_t size)
{
	const void *text = NULL;
	size_t len = 0;
	char *copy;

	if (notes)
		text = kdump_note_find(notes, size, "VMCOREINFO", 0, &len);
	copy = text ? calloc(1, len + 1) : NULL;
	if (copy)
		memcpy(copy, text, len);
	return copy;
}

static int read_elf(struct ami_headers *h, int fd, const char *path,
		    struct ami_error *err)
{
	if (elf_facts_read(fd, path, &h->elf, err))
		return -1;
	h->is_elf = true;
	h->info.format = "elf";
	h->info.ram = h->elf.ram.range;
	h->info.nr_ram = h->elf.ram.count;
	h->info.ram_merged = h->elf.ram.merged;
	h->info.truncated = h->elf.truncated;
	h->info.notes = h->elf.notes;
	h->info.notes_size = h->elf.notes_size;
	h->vmcoreinfo = ami_vmcoreinfo_in(h->elf.notes, h->elf.notes_size);
	return 0;
}

static int read_kdump(struct ami_headers *h, int fd, const char *path,
		      struct ami_error *err)
{
	const struct kdump_facts *k = &h->kdump;

	if (kdump_facts_read(fd, path, &h->kdump, err))
		return -1;
	if (kdump_ram(fd, k, &h->kdump_ram))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "the page bitmap of %s cannot be read",
				     path);
	h->info.format = "kdump";
	h->info.compression = kdump_compression(k->header.status);
	h->info.incomplete = k->header.status & KDUMP_INCOMPLETE;
	h->info.truncated = k->truncated;
	h->info.notes = k->notes;
	h->info.notes_size = k->notes_size;
	h->info.dump_level = k->sub.dump_level;
	h->info.ram = h->kdump_ram.range;
	h->info.nr_ram = h->kdump_ram.count;
	h->info.ram_merged = h->kdump_ram.merged;
	h->vmcoreinfo = ami_vmcoreinfo_in(k->notes, k->notes_size);
	return 0;
}

static int read_any(struct ami_headers *h, int fd, const char *path,
		    struct ami_error *err)
{
	if (elf_is(fd))
		return read_elf(h, fd, path, err);
	if (kdump_is(fd))
		return read_kdump(h, fd, path, err);
	return ami_error_set(err, AMI_ERR_DATA,
			     "%s is neither an ELF nor a kdump-compressed dump; other formats do not say what is RAM",
			     path);
}

struct ami_headers *ami_headers_read(int fd, const char *path,
				     struct ami_error *err)
{
	struct ami_headers *h = calloc(1, sizeof(*h));
	const struct ami_range *last;

	if (!h) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		return NULL;
	}
	h->info.compression = "";
	h->info.dump_level = -1;
	if (read_any(h, fd, path, err)) {
		ami_headers_free(h);
		return NULL;
	}
	if (h->info.nr_ram) {
		last = &h->info.ram[h->info.nr_ram - 1];
		h->info.max_pfn = last->first + last->count;
	}
	return h;
}

void ami_headers_free(struct ami_headers *h)
{
	if (!h)
		return;
	elf_facts_free(&h->elf);
	kdump_facts_free(&h->kdump);
	free(h->kdump_ram.range);
	free(h->vmcoreinfo);
	free(h);
}

const struct ami_dump_info *ami_headers_info(const struct ami_headers *h)
{
	return &h->info;
}

const char *ami_headers_vmcoreinfo(const struct ami_headers *h)
{
	return h->vmcoreinfo;
}

bool ami_headers_extract(const struct ami_headers *h)
{
	const struct kdump_facts *k = &h->kdump;
	size_t size;

	return k->notes && kdump_note_find(k->notes, k->notes_size,
					   EXTRACT_NOTE_NAME,
					   EXTRACT_NOTE_TYPE, &size);
}

bool ami_headers_ram(const struct ami_headers *h, uint64_t pfn)
{
	return ramlist_has(h->is_elf ? &h->elf.ram : &h->kdump_ram, pfn);
}

uint64_t ami_headers_valid(const struct ami_headers *h, uint64_t pfn)
{
	return h->is_elf ? elf_valid(&h->elf, pfn) : UINT64_MAX;
}

enum ami_mem ami_headers_page(struct ami_headers *h, int fd, uint64_t pfn)
{
	struct kdump_page_desc desc;

	if (!ami_headers_valid(h, pfn))
		return AMI_MEM_FILTERED;
	return h->is_elf ? AMI_MEM_OK :
	       kdump_page_find(fd, &h->kdump, pfn, &desc);
}
