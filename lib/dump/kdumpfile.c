// SPDX-License-Identifier: GPL-2.0-or-later
/* Dump files: the back end of the command. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elfhdr.h"
#include "filepages.h"
#include "flattened.h"
#include "formats.h"
#include "record.h"
#include "unpack.h"
#include "withheld.h"

#define MAX_FILES	AMI_DUMP_PARTS

struct file_dump {
	int fd[MAX_FILES];
	size_t nr_fd;
	char *path;
	char *vmcoreinfo;
	struct ami_dump_info info;
	struct elf_facts elf;		/* either this ... */
	struct kdump_facts *part;	/* ... or these, one per file */
	struct unpacker unpacker;
	struct ramlist ram;
	struct ami_record partial;	/* extracts: pages that are not whole */
	bool extract;
	struct ami_content *content;	/* extracts only */
};

/* Is the page frame in a part of a split dump that was not given? */
static bool in_missing_part(const struct file_dump *file, uint64_t pfn)
{
	size_t i;

	if (pfn >= file->part[0].max_pfn)
		return false;
	for (i = 0; i < file->nr_fd; i++)
		if (pfn >= file->part[i].first_pfn &&
		    pfn < file->part[i].end_pfn)
			return false;
	return true;
}

static enum ami_mem read_kdump_page(struct file_dump *file, uint64_t pfn,
				    uint8_t *page)
{
	enum ami_mem mem;
	size_t i;

	for (i = 0; i < file->nr_fd; i++) {
		mem = kdump_page_read(file->fd[i], &file->part[i],
				      &file->unpacker, pfn, page);
		if (mem != AMI_MEM_FILTERED)
			return mem;
	}
	if (!ramlist_has(&file->ram, pfn))
		return AMI_MEM_ABSENT;
	return in_missing_part(file, pfn) ? AMI_MEM_ERROR : AMI_MEM_FILTERED;
}

static enum ami_mem file_read_page(void *ctx, uint64_t pfn, uint8_t *page)
{
	struct file_dump *file = ctx;

	if (file->part)
		return read_kdump_page(file, pfn, page);
	return elf_read_page(&file->elf, file->fd[0], pfn, page);
}

static size_t file_read_run(void *ctx, uint64_t first, uint8_t *const *page,
			    size_t count)
{
	struct file_dump *file = ctx;
	uint64_t offset;

	size_t n = 0, i;

	/* In an extract, not all of a page is real. */
	if (file->extract)
		return 0;
	if (file->part) {
		for (i = 0; i < file->nr_fd && !n; i++)
			n = kdump_run_read(file->fd[i], &file->part[i],
					   &file->unpacker, first, page,
					   count);
		return n;
	}
	count = elf_run(&file->elf, first, count, &offset);
	return count ? file_read_pages(file->fd[0], page, count, offset) : 0;
}

static uint64_t file_valid(void *ctx, uint64_t pfn)
{
	struct file_dump *file = ctx;
	uint64_t in_file = UINT64_MAX, kept = 0;

	if (!file->part)
		in_file = elf_valid(&file->elf, pfn);
	if (file->extract)
		kept = ami_record_mask(&file->partial, pfn);
	return kept ? kept & in_file : in_file;
}

static const char *file_vmcoreinfo(void *ctx)
{
	struct file_dump *file = ctx;

	return file->vmcoreinfo;
}

static void file_close(void *ctx)
{
	struct file_dump *file = ctx;
	size_t i;

	for (i = 0; i < file->nr_fd; i++) {
		if (file->part)
			kdump_facts_free(&file->part[i]);
		close(file->fd[i]);
	}
	free(file->part);
	unpacker_free(&file->unpacker);
	if (file->extract)
		ami_record_free(&file->partial);
	elf_facts_free(&file->elf);
	free(file->ram.range);
	free(file->content);
	free(file->vmcoreinfo);
	free(file->path);
	free(file);
}

static const struct ami_dump_ops file_ops = {
	.read_page = file_read_page,
	.read_run = file_read_run,
	.valid = file_valid,
	.vmcoreinfo = file_vmcoreinfo,
	.close = file_close,
};

static int put_in_order(struct file_dump *file, const char *path,
			struct ami_error *err)
{
	size_t last = file->nr_fd - 1;
	bool cut = false;
	int ordered = flattened_unpack(file->fd[last], path, &cut, err);

	if (ordered < 0)
		return -1;
	close(file->fd[last]);
	file->fd[last] = ordered;
	file->info.flattened = true;
	file->info.truncated |= cut;
	if (cut && !ami_file_size(ordered))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s ends within its headers, no page of it can be read; copy the dump again",
				     path);
	return 0;
}

static int open_one(struct file_dump *file, const char *path,
		    struct ami_error *err)
{
	/* O_NONBLOCK: with a FIFO, open() would wait for a writer */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return ami_error_set(err, AMI_ERR_INPUT, "cannot open %s: %s%s",
				     path, strerror(errno), errno == EACCES ?
				     "; try again as root" : "");
	file->fd[file->nr_fd++] = fd;
	if (!fstat(fd, &st) && S_ISDIR(st.st_mode))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s is a directory; name the dump file in it%s",
				     path, !faccessat(fd, "vmcore", R_OK, 0) ?
				     ": vmcore" : "");
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s is not a file; save the dump to a file first",
				     path);
	if (flattened_is(fd) && put_in_order(file, path, err))
		return -1;
	fd = file->fd[file->nr_fd - 1];
	return elf_is(fd) || kdump_is(fd) ? 0 : dump_format_refuse(fd, path, err);
}

static int read_partial(struct file_dump *file, const void *notes, size_t size)
{
	const uint8_t *from = kdump_note_find(notes, size, EXTRACT_NOTE_NAME,
					      EXTRACT_NOTE_TYPE, &size);
	struct ami_granules one;

	if (!from)
		return 0;
	if (!file->extract && ami_record_init(&file->partial))
		return -1;
	file->extract = true;
	file->info.format = "extract";
	for (; size >= sizeof(one); size -= sizeof(one)) {
		memcpy(&one, from, sizeof(one));
		ami_record_add(&file->partial, one.pfn, one.mask);
		from += sizeof(one);
	}
	return file->partial.overflow ? -1 : 0;
}

/* Sorted again, because the file is not trusted. */
static int read_contents(struct file_dump *file, const void *notes, size_t size)
{
	const void *from = kdump_note_find(notes, size, EXTRACT_NOTE_NAME,
					   CONTENT_NOTE_TYPE, &size);
	size_t count = size / sizeof(*file->content);

	if (!from || !count || file->content)
		return 0;
	file->content = calloc(count, sizeof(*file->content));
	if (!file->content)
		return -1;
	memcpy(file->content, from, count * sizeof(*file->content));
	qsort(file->content, count, sizeof(*file->content), dump_content_by_page);
	file->info.content = file->content;
	file->info.nr_contents = count;
	return 0;
}

static int read_vmcoreinfo(struct file_dump *file, const void *notes,
			   size_t size)
{
	const char *text = kdump_note_find(notes, size, "VMCOREINFO", 0, &size);

	if (!text || file->vmcoreinfo)
		return 0;
	file->vmcoreinfo = strndup(text, size);
	return file->vmcoreinfo ? 0 : -1;
}

static int open_elf(struct file_dump *file, struct ami_error *err)
{
	struct elf_facts *elf = &file->elf;

	if (elf_facts_read(file->fd[0], file->path, elf, err))
		return -1;
	if (!elf->ram.count)
		return ami_error_set(err, AMI_ERR_INPUT,
				     file->info.truncated ?
				     "%s ends before its program headers, which makedumpfile writes last; copy the dump again" :
				     "%s holds no memory with physical addresses; name a vmcore of the whole machine",
				     file->path);
	file->info.format = "elf";
	if (read_partial(file, elf->notes, elf->notes_size) ||
	    read_contents(file, elf->notes, elf->notes_size) ||
	    read_vmcoreinfo(file, elf->notes, elf->notes_size))
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	file->info.compression = "";
	file->info.dump_level = -1;
	file->info.truncated |= elf->truncated;
	file->info.notes = elf->notes;
	file->info.notes_size = elf->notes_size;
	file->info.ram = elf->ram.range;
	file->info.nr_ram = elf->ram.count;
	file->info.ram_merged = elf->ram.merged;
	return 0;
}

bool ami_dump_is_part(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct kdump_sub_header sub;
	char magic[8];
	bool is_part;

	if (fd < 0)
		return false;
	is_part = ami_file_read_at(fd, magic, sizeof(magic), 0) &&
		  !memcmp(magic, KDUMP_SIGNATURE, sizeof(magic)) &&
		  ami_file_read_at(fd, &sub, sizeof(sub), KDUMP_BLOCK) && sub.split;
	close(fd);
	return is_part;
}

/* A part given twice would hide a missing one. */
static bool overlaps(const struct file_dump *file, size_t last)
{
	const struct kdump_facts *part = file->part;
	size_t i;

	for (i = 0; i < last; i++)
		if (part[i].first_pfn < part[last].end_pfn &&
		    part[last].first_pfn < part[i].end_pfn)
			return true;
	return false;
}

/* The parts of a split dump. A missing part makes the dump incomplete. */
static int read_parts(struct file_dump *file, const char *const *paths,
		      struct ami_error *err)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < file->nr_fd; i++) {
		struct kdump_facts *part = &file->part[i];
		uint32_t status;

		if (kdump_facts_read(file->fd[i], paths[i], part, err))
			return -1;
		if (file->nr_fd > 1 && (!part->sub.split ||
					part->max_pfn != file->part[0].max_pfn))
			return ami_error_set(err, AMI_ERR_USAGE,
					     "the %zu files are not parts of one split dump; name one dump",
					     file->nr_fd);
		if (overlaps(file, i))
			return ami_error_set(err, AMI_ERR_USAGE,
					     "%s holds the same part of the dump as another file; name each part once",
					     paths[i]);
		pages += part->end_pfn - part->first_pfn;
		status = part->header.status;
		file->info.compression = kdump_compression(status);
		file->info.incomplete |= !!(status & KDUMP_INCOMPLETE);
		file->info.truncated |= part->truncated;
		file->info.dump_level = part->sub.dump_level;
		if (read_partial(file, part->notes, part->notes_size) ||
		    read_contents(file, part->notes, part->notes_size) ||
		    read_vmcoreinfo(file, part->notes, part->notes_size))
			return ami_error_set(err, AMI_ERR_MEMORY,
					     "out of memory");
	}
	file->info.incomplete |= pages < file->part[0].max_pfn;
	return 0;
}

static int open_kdump(struct file_dump *file, const char *const *paths,
		      struct ami_error *err)
{
	file->part = calloc(MAX_FILES, sizeof(*file->part));
	if (!file->part)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	file->info.format = "kdump";
	if (read_parts(file, paths, err))
		return -1;
	file->info.notes = file->part[0].notes;
	file->info.notes_size = file->part[0].notes_size;
	if (kdump_ram(file->fd[0], &file->part[0], &file->ram))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "the bitmap of RAM in %s cannot be read",
				     file->path);
	file->info.ram = file->ram.range;
	file->info.nr_ram = file->ram.count;
	file->info.ram_merged = file->ram.merged;
	return 0;
}

/* Pages that the headers declare, as far as the file has room for them. */
static uint64_t pages_present(const struct file_dump *file)
{
	uint64_t named = 0, room = 0, bytes = 0;
	size_t i;

	for (i = 0; i < file->nr_fd; i++) {
		room += file_pages(file->fd[i]);
		if (file->part)
			named += file->part[i].pages;
	}
	for (i = 0; i < file->elf.nr_pieces; i++)
		bytes += file->elf.piece[i].size;
	named += bytes >> AMI_PAGE_SHIFT;
	/* 0 would mean unknown. */
	return (named < room ? named : room) + 1;
}

static int open_all(struct file_dump *file, const char *const *paths,
		    size_t nr_paths, struct ami_error *err)
{
	const struct ami_range *last;
	size_t i, elfs = 0;

	for (i = 0; i < nr_paths; i++) {
		if (open_one(file, paths[i], err))
			return -1;
		elfs += elf_is(file->fd[i]);
	}
	if (elfs && nr_paths > 1)
		return ami_error_set(err, AMI_ERR_USAGE,
				     "only kdump-compressed dumps can be split; name one dump");
	if (elfs ? open_elf(file, err) : open_kdump(file, paths, err))
		return -1;
	if (file->info.nr_ram) {
		last = &file->info.ram[file->info.nr_ram - 1];
		file->info.max_pfn = last->first + last->count;
	}
	file->info.present = pages_present(file);
	return 0;
}

struct ami_dump *ami_dump_open(const char *const *paths, size_t nr_paths,
			       struct ami_error *err)
{
	struct file_dump *file = calloc(1, sizeof(*file));
	struct ami_dump *dump;

	if (file)
		file->path = strdup(nr_paths ? paths[0] : "");
	if (!file || !file->path) {
		free(file);
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		return NULL;
	}
	file->info.path = file->path;
	if (!nr_paths || nr_paths > MAX_FILES) {
		ami_error_set(err, AMI_ERR_USAGE,
			      "a dump has 1 to %d files, not %zu", MAX_FILES,
			      nr_paths);
		goto fail;
	}
	if (open_all(file, paths, nr_paths, err))
		goto fail;
	dump = ami_dump_new(&file_ops, file, &file->info);
	if (!dump)
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	return dump;
fail:
	file_close(file);
	return NULL;
}
