// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

static int resolve(void *ctx, struct ami_kernel *kernel,
		   struct ami_layout *layout, struct ami_error *err)
{
	(void)ctx;
	(void)kernel;
	(void)layout;
	(void)err;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const key[] = {
		"OSRELEASE", "NUMBER(phys_base)", "SYMBOL(_stext)", "CRASHTIME",
		"BUILD-ID", "",
	};
	const struct ami_layout_source source = {
		.name = "fuzz", .resolve = resolve, .ctx = NULL,
	};
	char *text = strndup((const char *)data, size), value[64];
	struct hostile h = { .ram = { 0, 1 }, .vmcoreinfo = text };
	struct ami_dump *dump = hostile_dump(&h);
	struct ami_kernel *k;
	struct ami_error err;
	uint64_t number;
	size_t i;

	must(text);
	for (i = 0; i < sizeof(key) / sizeof(key[0]); i++) {
		if (ami_vmcoreinfo_get(dump, key[i], value, sizeof(value)))
			must(!strchr(value, '\n'));
		ami_vmcoreinfo_number(dump, key[i], 16, &number);
	}
	k = ami_kernel_open(dump, &source, &err);
	if (k)
		for (i = 0; ami_kernel_release(k)[i]; i++)
			must(ami_kernel_release(k)[i] >= ' ' &&
			     ami_kernel_release(k)[i] < 0x7f);
	ami_kernel_close(k);
	ami_dump_close(dump);
	free(text);
	return 0;
}
