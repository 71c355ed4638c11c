// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Marks go into a dump that may be anything, in place: an ELF dump is refused,
 * and a dump that took marks has them, and its pages.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "carrier.h"
#include <amdiommu/fileio.h>
#include "hostile.h"

#define PAGES		64u	/* looked at, at the start of the RAM */
#define MARKS_MAX	6000u

/* What a dump says of its first pages, each with what it holds. */
struct facts {
	enum ami_mem mem[PAGES];
	uint8_t page[PAGES][AMI_PAGE_SIZE];
	bool opened, intact, elf, marked;
};

static void look_at_pages(struct ami_dump *dump, struct facts *f)
{
	const struct ami_dump_info *info = ami_dump_info(dump);
	uint64_t n, pfn;
	size_t i, at = 0;

	for (i = 0; i < info->nr_ram; i++)
		for (n = 0; n < info->ram[i].count && at < PAGES; n++, at++) {
			pfn = info->ram[i].first + n;
			f->mem[at] = ami_dump_read(dump, pfn << AMI_PAGE_SHIFT,
						   f->page[at],
						   AMI_PAGE_SIZE);
			if (f->mem[at] != AMI_MEM_OK)
				memset(f->page[at], 0, AMI_PAGE_SIZE);
		}
}

static void look(int fd, struct facts *f)
{
	const struct ami_dump_info *info;
	struct ami_error err;
	struct ami_dump *dump;
	char path[32];
	const char *name = path;
	size_t len;

	memset(f, 0, sizeof(*f));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	dump = ami_dump_open(&name, 1, &err);
	if (!dump)
		return;
	info = ami_dump_info(dump);
	f->opened = true;
	f->intact = !info->truncated;
	f->elf = !strcmp(info->format, "elf") && !info->flattened;
	f->marked = info->notes &&
		    carrier_note(info->notes, info->notes_size, &len);
	look_at_pages(dump, f);
	ami_dump_close(dump);
}

static void same(const struct facts *a, const struct facts *b)
{
	must(a->opened == b->opened);
	must(!memcmp(a->mem, b->mem, sizeof(a->mem)));
	must(!memcmp(a->page, b->page, sizeof(a->page)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct facts before, after;
	static const uint8_t marks[MARKS_MAX];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct carrier_plan plan;
	struct ami_error err;

	must(fd >= 0 && ami_file_write_at(fd, data, size, 0));
	look(fd, &before);
	if (before.opened && before.intact &&
	    !carrier_plan(fd, size, marks, size % MARKS_MAX, &plan, &err)) {
		must(!before.elf);
		must(carrier_apply(fd, &plan));
		look(fd, &after);
		must(after.marked);
		same(&before, &after);
		carrier_plan_free(&plan);
	}
	close(fd);
	return 0;
}
