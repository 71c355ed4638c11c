// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

static enum ami_mem read_page(void *ctx, uint64_t pfn, uint8_t *page)
{
	struct hostile *h = ctx;
	uint64_t at = pfn << AMI_PAGE_SHIFT;
	size_t part = AMI_PAGE_SIZE;

	h->reads++;
	if (pfn >= h->ram.count)
		return AMI_MEM_ABSENT;
	if (at >= h->size)
		return AMI_MEM_FILTERED;
	if (part > h->size - at)
		part = h->size - at;
	memset(page, 0, AMI_PAGE_SIZE);
	memcpy(page, h->data + at, part);
	return AMI_MEM_OK;
}

static const char *vmcoreinfo(void *ctx)
{
	return ((struct hostile *)ctx)->vmcoreinfo;
}

struct ami_dump *hostile_dump(struct hostile *h)
{
	static const struct ami_dump_ops ops = {
		.read_page = read_page,
		.vmcoreinfo = vmcoreinfo,
	};
	struct ami_dump_info info = {
		.path = "fuzz", .format = "fuzz", .compression = "",
		.dump_level = -1, .max_pfn = h->ram.count,
		.ram = &h->ram, .nr_ram = 1,
	};
	struct ami_dump *dump = ami_dump_new(&ops, h, &info);

	if (!dump)
		abort();
	return dump;
}

void hostile_take(const uint8_t **data, size_t *size, void *to, size_t len)
{
	size_t part = len < *size ? len : *size;

	memset(to, 0, len);
	memcpy(to, *data, part);
	*data += part;
	*size -= part;
}
