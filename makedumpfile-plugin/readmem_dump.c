// SPDX-License-Identifier: GPL-2.0-or-later
/* Physical memory through makedumpfile. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headers.h"
#include "host.h"
#include "readmem_dump.h"

struct readmem_dump {
	struct dump_headers headers;
	int fd;		/* only for headers, never for memory */
};

/* makedumpfile complains about unreadable pages: never ask for absent ones. */
static enum ami_mem read_page(void *ctx, uint64_t pfn, uint8_t *page)
{
	struct readmem_dump *d = ctx;
	struct kdump_page_desc desc;
	enum ami_mem mem;

	if (!dump_headers_ram(&d->headers, pfn))
		return AMI_MEM_ABSENT;
	if (!dump_headers_valid(&d->headers, pfn))
		return AMI_MEM_FILTERED;
	if (!d->headers.is_elf) {
		mem = kdump_page_find(d->fd, &d->headers.kdump, pfn, &desc);
		if (mem != AMI_MEM_OK)
			return mem;
	}
	return readmem(HOST_PADDR, pfn << AMI_PAGE_SHIFT, page,
		       AMI_PAGE_SIZE) ? AMI_MEM_OK : AMI_MEM_ERROR;
}

static uint64_t valid(void *ctx, uint64_t pfn)
{
	const struct readmem_dump *d = ctx;

	return dump_headers_valid(&d->headers, pfn);
}

static const char *vmcoreinfo(void *ctx)
{
	const struct readmem_dump *d = ctx;

	return d->headers.vmcoreinfo;
}

static void close_dump(void *ctx)
{
	struct readmem_dump *d = ctx;

	dump_headers_free(&d->headers);
	if (d->fd >= 0)
		close(d->fd);
	free(d);
}

static const struct ami_dump_ops ops = {
	.read_page = read_page,
	.valid = valid,
	.vmcoreinfo = vmcoreinfo,
	.close = close_dump,
};

struct ami_dump *readmem_dump_open(const char *input, struct ami_error *err)
{
	struct readmem_dump *d = calloc(1, sizeof(*d));
	struct ami_dump *dump = NULL;

	if (!d) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		return NULL;
	}
	d->fd = open(input, O_RDONLY | O_CLOEXEC);
	if (!readmem) {
		ami_error_set(err, AMI_ERR_DATA,
			      "this makedumpfile exports no readmem()");
	} else if (d->fd < 0) {
		ami_error_set(err, AMI_ERR_INPUT, "cannot open %s: %s", input,
			      strerror(errno));
	} else if (!dump_headers_read(d->fd, input, &d->headers, err)) {
		d->headers.info.path = input;
		dump = ami_dump_new(&ops, d, &d->headers.info);
		if (!dump)
			ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		return dump;
	}
	close_dump(d);
	return NULL;
}
