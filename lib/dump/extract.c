// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A small dump with only the memory that an analysis read. The rest of these
 * pages is blanked, and the extract says so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <amdiommu/newfile.h>

#include "kdumpwrite.h"
#include "withheld.h"

struct extract {
	struct ami_dump *dump;
	struct ami_granules *page;	/* readable, with real granules */
	size_t nr_pages;
	const struct ami_withheld *withheld;
	struct kdump_image image;
	char *vmcoreinfo;
	char release[65];
};

/* Copy what is readable of @want into the blank @page. Returns its mask. */
static uint64_t read_wanted(struct ami_dump *dump,
			    const struct ami_granules *want, uint8_t *page)
{
	uint64_t mask = 0, paddr = want->pfn << AMI_PAGE_SHIFT;
	unsigned int i;

	if (want->mask == UINT64_MAX &&
	    ami_dump_read(dump, paddr, page, AMI_PAGE_SIZE) == AMI_MEM_OK)
		return UINT64_MAX;
	memset(page, 0, AMI_PAGE_SIZE);
	for (i = 0; i < AMI_PAGE_SIZE / AMI_GRANULE; i++)
		if (want->mask >> i & 1 &&
		    ami_dump_read(dump, paddr + i * AMI_GRANULE,
				  page + i * AMI_GRANULE,
				  AMI_GRANULE) == AMI_MEM_OK)
			mask |= 1ull << i;
	return mask;
}

static int read_page(void *ctx, size_t index, uint8_t *page)
{
	struct extract *x = ctx;

	if (ami_dump_interrupted(x->dump))
		return -1;
	if (read_wanted(x->dump, &x->page[index], page) != x->page[index].mask)
		return -1;
	dump_withheld_blank(x->withheld, x->page[index].pfn, page);
	return 0;
}

/*
 * Recorded pages were readable once. If the file changes meanwhile, some may no
 * longer be. The size of the headers depends on what remains.
 */
static int choose_pages(struct extract *x, struct ami_error *err)
{
	uint8_t page[AMI_PAGE_SIZE];
	size_t i, count = 0;

	x->page = ami_dump_recorded(x->dump, &count);
	x->withheld = dump_withheld(x->dump);
	if (!x->page || !x->withheld)
		return ami_error_set(err, AMI_ERR_MEMORY,
				     "out of memory for the list of pages to extract");
	for (i = 0; i < count && !ami_dump_interrupted(x->dump); i++) {
		x->page[i].mask = read_wanted(x->dump, &x->page[i], page);
		if (x->page[i].mask)
			x->page[x->nr_pages++] = x->page[i];
	}
	if (ami_dump_interrupted(x->dump))
		return ami_error_set(err, AMI_ERR_INTERRUPTED, "interrupted");
	if (!x->nr_pages)
		return ami_error_set(err, AMI_ERR_DATA,
				     "nothing was read from %s that could go into an extract",
				     ami_dump_info(x->dump)->path);
	return 0;
}

#define OUR_LINES	"AMDIOMMU_"

/* The machine's VMCOREINFO, and our lines. Lines of an older extract go. */
static int join_vmcoreinfo(struct extract *x, const char *from,
			   struct ami_error *err)
{
	const char *ours = x->withheld->lines;
	size_t size = strlen(from) + (ours ? strlen(ours) : 0) + 2;
	char *to = x->vmcoreinfo = calloc(1, size);

	if (!to)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	while (*from) {
		size_t len = strcspn(from, "\n");

		len += from[len] == '\n';
		if (!ours || strncmp(from, OUR_LINES, strlen(OUR_LINES)))
			to = mempcpy(to, from, len);
		from += len;
	}
	if (ours && to > x->vmcoreinfo && to[-1] != '\n')
		*to++ = '\n';
	if (ours)
		strcpy(to, ours);
	x->image.vmcoreinfo = x->vmcoreinfo;
	return 0;
}

static int write_description(struct extract *x, struct ami_error *err)
{
	const struct ami_dump_info *info = ami_dump_info(x->dump);
	const char *text = ami_dump_vmcoreinfo(x->dump);
	struct kdump_image *image = &x->image;
	const struct ami_range *last = info->nr_listed ?
		&info->listed[info->nr_listed - 1] : NULL;
	uint64_t time;

	*image = (struct kdump_image){
		.ram = info->listed,
		.nr_ram = info->nr_listed,
		.page = x->page,
		.nr_pages = x->nr_pages,
		.content = x->withheld->content,
		.nr_contents = x->withheld->nr_contents,
		.max_pfn = last ? last->first + last->count : 0,
		.release = x->release,
		/* makedumpfile takes -1 for "filter everything" */
		.dump_level = info->dump_level > 0 ? info->dump_level : 0,
		.incomplete = info->incomplete || info->truncated,
		.read = read_page,
		.ctx = x,
	};
	if (!text)
		return ami_error_set(err, AMI_ERR_DATA,
				     "%s has no VMCOREINFO, and an extract without it could not be analysed",
				     info->path);
	if (join_vmcoreinfo(x, text, err))
		return -1;
	if (image->max_pfn <= x->page[x->nr_pages - 1].pfn)
		image->max_pfn = x->page[x->nr_pages - 1].pfn + 1;
	ami_vmcoreinfo_get(x->dump, "OSRELEASE", x->release,
			   sizeof(x->release));
	ami_vmcoreinfo_number(x->dump, "NUMBER(phys_base)", 10,
			      &image->phys_base);
	if (ami_vmcoreinfo_number(x->dump, "CRASHTIME", 10, &time))
		image->crash_time = (int64_t)time;
	return 0;
}

static int write_failed(struct extract *x, const char *path,
			enum kdump_written why, struct ami_error *err)
{
	if (why == KDUMP_WRITE_TOO_BIG)
		return ami_error_set(err, AMI_ERR_DATA,
				     "an extract of %s would be larger than the kdump format allows",
				     ami_dump_info(x->dump)->path);
	if (why == KDUMP_WRITE_FAILED)
		return ami_error_set(err, AMI_ERR_OUTPUT,
				     "writing the extract %s failed: %s; nothing of it remains",
				     path, strerror(errno));
	if (ami_dump_interrupted(x->dump))
		return ami_error_set(err, AMI_ERR_INTERRUPTED, "interrupted");
	return ami_error_set(err, AMI_ERR_INPUT,
			     "%s changed while the extract was written; try again on a copy of it",
			     ami_dump_info(x->dump)->path);
}

static int write_file(struct extract *x, const char *path,
		      const struct ami_newfile_rules *rules,
		      struct ami_error *err)
{
	enum kdump_written done;
	struct ami_newfile file;

	if (ami_newfile_begin(&file, path, rules, err))
		return -1;
	done = kdump_write(file.fd, &x->image);
	if (done == KDUMP_WRITTEN)
		return ami_newfile_finish(&file, err);
	write_failed(x, path, done, err);
	ami_newfile_drop(&file);
	return -1;
}

int ami_extract_write(struct ami_dump *dump, const char *path,
		      const struct ami_newfile_rules *rules,
		      struct ami_error *err)
{
	struct extract x = { .dump = dump };
	int ret;

	ami_dump_copy(dump);
	ret = choose_pages(&x, err) || write_description(&x, err) ||
	      write_file(&x, path, rules, err) ? -1 : 0;
	free(x.page);
	free(x.vmcoreinfo);
	return ret;
}
