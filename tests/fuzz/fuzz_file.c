// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A dump file: ELF, kdump-compressed, flattened; all of its first pages, and
 * marks in its notes.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <marks/marks.h>

#include <amdiommu/fileio.h>
#include "hostile.h"

#define LOOK_AT		64u	/* page frames at the start of each RAM range */
#define MAX_RANGES	32u

static void read_some(struct ami_dump *dump)
{
	const struct ami_dump_info *info = ami_dump_info(dump);
	uint64_t i, n, sum = 0;
	uint8_t buf[256];

	for (i = 0; i < info->nr_ram; i++) {
		must(info->ram[i].count);
		must(!i || info->ram[i].first >= info->ram[i - 1].first +
						 info->ram[i - 1].count);
		sum += info->ram[i].count;
	}
	must(sum == ami_dump_ram_pages(dump));
	for (i = 0; i < info->nr_ram && i < MAX_RANGES; i++)
		for (n = 0; n < LOOK_AT && n < info->ram[i].count; n++)
			ami_dump_read(dump, (info->ram[i].first + n) <<
				      AMI_PAGE_SHIFT, buf, sizeof(buf));
	ami_dump_read(dump, info->max_pfn << AMI_PAGE_SHIFT, buf, 1);
}

static void find_marks(struct ami_dump *dump)
{
	struct ami_error err = { .status = AMI_OK };
	enum ami_marks_from from;
	struct ami_marks *m = ami_marks_find(dump, NULL, &from, &err);

	must(m || err.status == AMI_OK || err.text[0]);
	ami_marks_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct ami_error err = { .status = AMI_OK };
	struct ami_dump *dump;
	const char *name;
	char path[32];
	uint64_t value;

	must(fd >= 0 && ami_file_write_at(fd, data, size, 0));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	name = path;
	dump = ami_dump_open(&name, 1, &err);
	if (dump) {
		read_some(dump);
		find_marks(dump);
		ami_vmcoreinfo_number(dump, "NUMBER(phys_base)", 10, &value);
	} else {
		must(err.status == AMI_ERR_DATA || err.status == AMI_ERR_INPUT ||
		     err.status == AMI_ERR_MEMORY);
		must(err.text[0]);
	}
	ami_dump_close(dump);
	close(fd);
	return 0;
}
