// SPDX-License-Identifier: GPL-2.0-or-later
/* BTF through our use of it: the input is the kernel's type information. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "btf.h"
#include "hostile.h"

#define TEXT	0xffffffff80000000ull

/* The kernel's own types, then as those of a module that extends them. */
static int resolve(void *ctx, struct ami_kernel *k, struct ami_layout *layout,
		   struct ami_error *err)
{
	uint64_t size = *(const uint64_t *)ctx;
	struct btf *own, *module;
	struct btf_names index;
	const char *why;

	(void)err;
	layout->symbol[AMI_SYM___start_BTF] = TEXT;
	layout->symbol[AMI_SYM___stop_BTF] = TEXT + size;
	k->layout = *layout;
	own = btf_of_kernel(k, &why);
	must(why);
	if (!own)
		return 0;
	btf_resolve(own, NULL, NULL, true, layout);
	btf_index(own, &index);
	module = btf_read(k, TEXT, size, own, &why);
	if (module)
		btf_resolve(module, "nvme", &index, true, layout);
	btf__free(module);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t bytes = size;
	const struct ami_layout_source source = {
		.name = "fuzz", .resolve = resolve, .ctx = &bytes,
	};
	struct hostile h = {
		.data = data, .size = size,
		.ram = { 0, size / AMI_PAGE_SIZE + 1 },
		.vmcoreinfo = "NUMBER(phys_base)=0\n",
	};
	struct ami_dump *dump = hostile_dump(&h);

	ami_kernel_close(ami_kernel_open(dump, &source, NULL));
	ami_dump_close(dump);
	return 0;
}
