// SPDX-License-Identifier: GPL-2.0-or-later
/* Dump files through libkdumpfile: the stand-alone back end. */
#include <errno.h>
#include <fcntl.h>
#include <libkdumpfile/kdumpfile.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flattened.h"
#include "kdumphdr.h"
#include "record.h"

#define MAX_FILES	64
#define MAX_RAM_RANGES	65536

struct file_dump {
	kdump_ctx_t *kdump;
	int fd[MAX_FILES];
	size_t nr_fd;
	char *path;
	char *vmcoreinfo;
	struct ami_range *ram;
	struct ami_record kept;	/* of an extract: the granules that are real */
	bool extract;
	kdump_bmp_t *memory;
	struct ami_dump_info info;
};

static enum ami_mem file_read_page(void *ctx, uint64_t pfn, uint8_t *page)
{
	struct file_dump *file = ctx;
	size_t len = AMI_PAGE_SIZE;
	unsigned char bits = 0;
	kdump_status st;

	if (pfn > UINT64_MAX >> AMI_PAGE_SHIFT)
		return AMI_MEM_ABSENT;
	st = kdump_read(file->kdump, KDUMP_MACHPHYSADDR,
			pfn << AMI_PAGE_SHIFT, page, &len);
	if (st == KDUMP_OK && len == AMI_PAGE_SIZE)
		return AMI_MEM_OK;
	kdump_clear_err(file->kdump);
	if (st != KDUMP_ERR_NODATA)
		return AMI_MEM_ERROR;
	if (file->memory &&
	    kdump_bmp_get_bits(file->memory, pfn, pfn, &bits) == KDUMP_OK)
		return bits & 1 ? AMI_MEM_FILTERED : AMI_MEM_ABSENT;
	return AMI_MEM_ABSENT;
}

static uint64_t file_valid(void *ctx, uint64_t pfn)
{
	struct file_dump *file = ctx;

	return file->extract ? ami_record_mask(&file->kept, pfn) : UINT64_MAX;
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

	if (file->memory)
		kdump_bmp_decref(file->memory);
	if (file->kdump)
		kdump_free(file->kdump);
	for (i = 0; i < file->nr_fd; i++)
		close(file->fd[i]);
	if (file->extract)
		ami_record_free(&file->kept);
	free(file->vmcoreinfo);
	free(file->ram);
	free(file->path);
	free(file);
}

static const struct ami_dump_ops file_ops = {
	.read_page = file_read_page,
	.valid = file_valid,
	.vmcoreinfo = file_vmcoreinfo,
	.close = file_close,
};

static int open_one(struct file_dump *file, const char *path,
		    struct ami_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ordered;
	bool cut = false;
	struct stat st;

	if (fd < 0)
		return ami_error_set(err, AMI_ERR_INPUT, "cannot open %s: %s",
				     path, strerror(errno));
	file->fd[file->nr_fd++] = fd;
	if (!fstat(fd, &st) && S_ISDIR(st.st_mode))
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s is a directory; name the dump file in it",
				     path);
	if (!flattened_is(fd))
		return 0;
	ordered = flattened_unpack(fd, path, &cut, err);
	if (ordered < 0)
		return -1;
	close(fd);
	file->fd[file->nr_fd - 1] = ordered;
	file->info.flattened = true;
	file->info.truncated |= cut;
	return 0;
}

/* RAM of the machine as runs of page frames; libkdumpfile keeps a bitmap. */
static int read_ram(struct file_dump *file)
{
	kdump_attr_t attr = { .type = KDUMP_BITMAP };
	kdump_addr_t first = 0, end;
	size_t room = 0;

	if (kdump_get_typed_attr(file->kdump, KDUMP_ATTR_MEMORY_PAGEMAP,
				 &attr) != KDUMP_OK) {
		kdump_clear_err(file->kdump);
		return 0;
	}
	file->memory = attr.val.bitmap;
	kdump_bmp_incref(file->memory);
	while (file->info.nr_ram < MAX_RAM_RANGES &&
	       kdump_bmp_find_set(file->memory, &first) == KDUMP_OK) {
		end = first;
		if (kdump_bmp_find_clear(file->memory, &end) != KDUMP_OK ||
		    end <= first)
			break;
		if (file->info.nr_ram == room) {
			struct ami_range *more;

			room = room ? 2 * room : 64;
			more = realloc(file->ram, room * sizeof(*more));
			if (!more)
				return -1;
			file->ram = more;
		}
		file->ram[file->info.nr_ram++] = (struct ami_range){
			first, end - first,
		};
		first = end;
	}
	file->info.ram = file->ram;
	if (file->info.nr_ram)
		file->info.max_pfn = end;
	return 0;
}

static int read_kept(struct file_dump *file, const struct kdump_facts *facts)
{
	const struct ami_granules *from;
	size_t size, i;

	from = kdump_note_find(facts->notes, facts->notes_size,
			       EXTRACT_NOTE_NAME, EXTRACT_NOTE_TYPE, &size);
	if (!from)
		return 0;
	if (ami_record_init(&file->kept))
		return -1;
	file->extract = true;
	file->info.format = "extract";
	for (i = 0; i < size / sizeof(*from); i++) {
		struct ami_granules one;

		memcpy(&one, &from[i], sizeof(one));
		ami_record_add(&file->kept, one.pfn, one.mask);
	}
	return 0;
}

static int read_headers(struct file_dump *file)
{
	struct kdump_facts facts;
	const char *format;
	size_t i;
	int ret = 0;

	if (kdump_get_string_attr(file->kdump, KDUMP_ATTR_FILE_FORMAT,
				  &format) != KDUMP_OK)
		format = "unknown";
	file->info.format = strcmp(format, "diskdump") ? format : "kdump";
	file->info.compression = "";
	file->info.dump_level = -1;
	for (i = 0; i < file->nr_fd && !ret; i++) {
		if (!kdump_facts_read(file->fd[i], &facts))
			continue;
		file->info.compression = kdump_compression(facts.header.status);
		file->info.incomplete |=
			!!(facts.header.status & KDUMP_INCOMPLETE);
		file->info.truncated |= facts.truncated;
		file->info.dump_level = facts.sub.dump_level;
		ret = read_kept(file, &facts);
		free(facts.notes);
	}
	return ret;
}

static int open_kdump(struct file_dump *file, struct ami_error *err)
{
	kdump_status st;
	const char *arch;

	file->kdump = kdump_new();
	if (!file->kdump)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	st = kdump_open_fdset(file->kdump, file->nr_fd, file->fd);
	if (st != KDUMP_OK)
		return ami_error_set(err, AMI_ERR_INPUT,
				     "%s is not a dump this program reads (ELF or kdump-compressed, also flattened): %s",
				     file->path, kdump_get_err(file->kdump));
	if (kdump_get_string_attr(file->kdump, KDUMP_ATTR_ARCH_NAME,
				  &arch) != KDUMP_OK ||
	    strcmp(arch, KDUMP_ARCH_X86_64))
		return ami_error_set(err, AMI_ERR_DATA,
				     "%s is a dump of another architecture; AMD IOMMUs exist on x86-64 only",
				     file->path);
	if (kdump_set_string_attr(file->kdump, KDUMP_ATTR_OSTYPE,
				  "linux") != KDUMP_OK ||
	    kdump_vmcoreinfo_raw(file->kdump, &file->vmcoreinfo) != KDUMP_OK)
		file->vmcoreinfo = NULL;
	kdump_clear_err(file->kdump);
	if (read_ram(file) || read_headers(file))
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	return 0;
}

struct ami_dump *ami_dump_open(const char *const *paths, size_t nr_paths,
			       struct ami_error *err)
{
	struct file_dump *file = calloc(1, sizeof(*file));
	struct ami_dump *dump;
	size_t i;

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
	for (i = 0; i < nr_paths; i++)
		if (open_one(file, paths[i], err))
			goto fail;
	if (open_kdump(file, err))
		goto fail;
	dump = ami_dump_new(&file_ops, file, &file->info);
	if (!dump)
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	return dump;
fail:
	file_close(file);
	return NULL;
}
