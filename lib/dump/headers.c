// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "headers.h"

char *vmcoreinfo_in(const void *notes, size_t size)
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

static int read_elf(struct dump_headers *h, int fd, const char *path,
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
	h->vmcoreinfo = vmcoreinfo_in(h->elf.notes, h->elf.notes_size);
	return 0;
}

static int read_kdump(struct dump_headers *h, int fd, const char *path,
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
	h->vmcoreinfo = vmcoreinfo_in(k->notes, k->notes_size);
	return 0;
}

int dump_headers_read(int fd, const char *path, struct dump_headers *h,
		      struct ami_error *err)
{
	const struct ami_range *last;
	int ret;

	memset(h, 0, sizeof(*h));
	h->info.compression = "";
	h->info.dump_level = -1;
	if (elf_is(fd))
		ret = read_elf(h, fd, path, err);
	else if (kdump_is(fd))
		ret = read_kdump(h, fd, path, err);
	else
		ret = ami_error_set(err, AMI_ERR_DATA,
				    "%s is neither an ELF nor a kdump-compressed dump; other formats do not tell what is RAM",
				    path);
	if (!ret && h->info.nr_ram) {
		last = &h->info.ram[h->info.nr_ram - 1];
		h->info.max_pfn = last->first + last->count;
	}
	return ret;
}

void dump_headers_free(struct dump_headers *h)
{
	elf_facts_free(&h->elf);
	kdump_facts_free(&h->kdump);
	free(h->kdump_ram.range);
	free(h->vmcoreinfo);
}

bool dump_headers_ram(const struct dump_headers *h, uint64_t pfn)
{
	return ramlist_has(h->is_elf ? &h->elf.ram : &h->kdump_ram, pfn);
}

uint64_t dump_headers_valid(const struct dump_headers *h, uint64_t pfn)
{
	return h->is_elf ? elf_valid(&h->elf, pfn) : UINT64_MAX;
}
