// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kallsyms of a hostile kernel image, by VMCOREINFO and by shape. The input is
 * the kernel image; its first bytes say where the tables are.
 */
#include <inttypes.h>
#include <stdio.h>

#include "hostile.h"
#include "kallsyms.h"

#define RAM_PAGES	4096u
#define TEXT		UINT64_C(0xffffffff80000000)
/* Reads of pages: one sweep over all that may be kernel image, and more. */
#define WORK		400000u

struct input {
	uint32_t names, num_syms, base, table, index, offsets, stext;
	uint32_t by_shape;
};

static int resolve(void *ctx, struct ami_kernel *kernel,
		   struct ami_layout *layout, struct ami_error *err)
{
	(void)ctx;
	return kallsyms_resolve(kernel, layout->symbol, err);
}

static void keys(const struct input *in, char *text, size_t size)
{
	int n = snprintf(text, size,
			 "NUMBER(phys_base)=0\nSYMBOL(_stext)=%" PRIx64 "\n",
			 TEXT + in->stext);

	if (in->by_shape & 1)
		return;
	n += snprintf(text + n, size - n,
		      "SYMBOL(kallsyms_names)=%" PRIx64 "\n"
		      "SYMBOL(kallsyms_num_syms)=%" PRIx64 "\n"
		      "SYMBOL(kallsyms_token_table)=%" PRIx64 "\n"
		      "SYMBOL(kallsyms_token_index)=%" PRIx64 "\n"
		      "SYMBOL(kallsyms_offsets)=%" PRIx64 "\n",
		      TEXT + in->names, TEXT + in->num_syms, TEXT + in->table,
		      TEXT + in->index, TEXT + in->offsets);
	if (!(in->by_shape & 2))
		snprintf(text + n, size - n,
			 "SYMBOL(kallsyms_relative_base)=%" PRIx64 "\n",
			 TEXT + in->base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ami_layout_source source = {
		.name = "fuzz", .resolve = resolve, .ctx = NULL,
	};
	struct hostile h = { .ram = { 0, RAM_PAGES } };
	struct ami_dump *dump;
	struct ami_error err;
	struct input in;
	char text[1024];

	hostile_take(&data, &size, &in, sizeof(in));
	keys(&in, text, sizeof(text));
	h.data = data;
	h.size = size;
	h.vmcoreinfo = text;
	dump = hostile_dump(&h);
	ami_kernel_close(ami_kernel_open(dump, &source, &err));
	must(h.reads <= WORK);
	ami_dump_close(dump);
	return 0;
}
