// SPDX-License-Identifier: GPL-2.0-or-later
/* Symbols from kallsyms, types from BTF: both in the dump itself. */
#include "btf.h"
#include "kallsyms.h"

static int resolve_btf(void *ctx, struct ami_kernel *k, struct ami_layout *layout,
		       struct ami_error *err)
{
	struct btf *btf;
	const char *why;

	(void)ctx;
	if (kallsyms_resolve(k, layout->symbol, err))
		return -1;
	btf = btf_of_kernel(k, &why);
	if (!btf)
		return kernel_refuse(k, err,
				     "the kernel's type information (BTF) %s",
				     why);
	btf_resolve(btf, NULL, NULL, true, layout);
	return 0;
}

static bool all_symbols(void *ctx, struct ami_kernel *k, struct ami_symbols *to)
{
	(void)ctx;
	return kallsyms_each(k, to);
}

const struct ami_layout_source ami_layout_btf = {
	.name = "BTF",
	.resolve = resolve_btf,
	.symbols = all_symbols,
};
