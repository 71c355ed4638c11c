// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an analysis asks of a vmlinux file: symbols from .symtab and types from
 * DWARF, and where the kernel lies if the dump does not say.
 */
#include <stdlib.h>
#include <string.h>

#include "place.h"
#include "vmlinux.h"

static int resolve_vmlinux(void *ctx, struct ami_kernel *k, struct ami_layout *layout,
			   struct ami_error *err)
{
	struct vmlinux v = { .path = ctx, .kernel = k, .err = err, .fd = -1 };
	int ret = -1;

	if (!vmlinux_open(&v) &&
	    !vmlinux_resolve_symbols(&v, layout->symbol))
		ret = vmlinux_resolve_types(&v, layout);
	if (!ret)
		vmlinux_keep_text(&v);
	vmlinux_close(&v);
	return ret;
}

static int place_by(struct vmlinux *v, const struct vmlinux_symbols *s)
{
	struct kernel_file file = {
		.banner_at = s->banner, .stext = s->wanted[AMI_SYM__stext],
		.top_pgt = s->top_pgt, .level2_pgt = s->level2_pgt,
		.sme_mask = s->sme_mask,
	};
	const char *banner;
	size_t max = 0;
	char *text;
	bool found;

	banner = s->banner ? vmlinux_string_at(v->elf, s->banner, &max) : NULL;
	text = banner ? strndup(banner, max) : NULL;
	if (!text || strncmp(text, "Linux version ", 14)) {
		free(text);
		return vmlinux_refuse(v, "%s has no linux_banner", v->path);
	}
	file.banner = text;
	vmlinux_build_id(v, file.build_id);
	found = kernel_place_kernel(v->kernel->dump, &file);
	free(text);
	return found ? 0 :
	       vmlinux_refuse(v, "the kernel of %s is not in %s, which holds no VMCOREINFO that would say where its kernel lies",
			      v->path, ami_dump_info(v->kernel->dump)->path);
}

static int place_kernel(void *ctx, struct ami_kernel *k, struct ami_error *err)
{
	struct vmlinux v = { .path = ctx, .kernel = k, .err = err, .fd = -1 };
	struct vmlinux_symbols s = { .banner = 0 };
	int ret = -1;

	if (!vmlinux_open(&v) && !vmlinux_find_symbols(&v, &s))
		ret = place_by(&v, &s);
	vmlinux_close(&v);
	return ret;
}

static bool all_symbols(void *ctx, struct ami_kernel *k, struct ami_symbols *to)
{
	struct ami_error err;
	struct vmlinux v = { .path = ctx, .kernel = k, .err = &err, .fd = -1 };
	bool found = !vmlinux_open(&v) && !vmlinux_all_symbols(&v, to);

	vmlinux_close(&v);
	return found;
}

struct ami_layout_source ami_layout_vmlinux(const char *path)
{
	return (struct ami_layout_source){
		.name = "DWARF",
		.resolve = resolve_vmlinux,
		.ctx = (void *)path,
		.place = place_kernel,
		.symbols = all_symbols,
	};
}
