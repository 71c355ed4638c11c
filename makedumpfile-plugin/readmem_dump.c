// SPDX-License-Identifier: GPL-2.0-or-later
/* Physical memory through makedumpfile. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <amdiommu/headers.h>

#include "host.h"
#include "readmem_dump.h"

struct readmem_dump {
	struct ami_headers *headers;
	int fd;		/* only for headers, never for memory */
};

/* makedumpfile complains about unreadable pages: never ask for absent ones. */
static enum ami_mem read_page(void *ctx, uint64_t pfn, uint8_t *page)
{
	struct readmem_dump *d = ctx;
	enum ami_mem mem;

	if (!ami_headers_ram(d->headers, pfn))
		return AMI_MEM_ABSENT;
	mem = ami_headers_page(d->headers, d->fd, pfn);
	if (mem != AMI_MEM_OK)
		return mem;
	return readmem(HOST_PADDR, pfn << AMI_PAGE_SHIFT, page,
		       AMI_PAGE_SIZE) ? AMI_MEM_OK : AMI_MEM_ERROR;
}

static uint64_t valid(void *ctx, uint64_t pfn)
{
	const struct readmem_dump *d = ctx;

	return ami_headers_valid(d->headers, pfn);
}

static const char *vmcoreinfo(void *ctx)
{
	const struct readmem_dump *d = ctx;

	return ami_headers_vmcoreinfo(d->headers);
}

static void close_dump(void *ctx)
{
	struct readmem_dump *d = ctx;

	ami_headers_free(d->headers);
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

static int open_headers(struct readmem_dump *d, const char *input,
			struct ami_error *err)
{
	d->fd = open(input, O_RDONLY | O_CLOEXEC);
	if (!readmem)
		return ami_error_set(err, AMI_ERR_DATA,
				     "this makedumpfile exports no readmem()");
	if (d->fd < 0)
		return ami_error_set(err, AMI_ERR_INPUT, "cannot open %s: %s",
				     input, strerror(errno));
	d->headers = ami_headers_read(d->fd, input, err);
	return d->headers ? 0 : -1;
}

struct ami_dump *readmem_dump_open(const char *input, struct ami_error *err)
{
	struct readmem_dump *d = calloc(1, sizeof(*d));
	struct ami_dump_info info;
	struct ami_dump *dump;

	if (!d) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		return NULL;
	}
	if (open_headers(d, input, err)) {
		close_dump(d);
		return NULL;
	}
	info = *ami_headers_info(d->headers);
	info.path = input;
	dump = ami_dump_new(&ops, d, &info);
	if (!dump)
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	return dump;
}
