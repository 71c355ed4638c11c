// SPDX-License-Identifier: GPL-2.0-or-later
/* Symbols from .symtab of a vmlinux file. */
#include <string.h>

#include "vmlinux.h"

/* kallsyms is sorted, and its reader takes the first of equal names. */
static void take_lowest(uint64_t *slot, uint64_t value)
{
	if (value && (!*slot || value < *slot))
		*slot = value;
}

static void take_symbol(void *ctx, const char *name, uint64_t value)
{
	struct vmlinux_symbols *s = ctx;
	size_t len = kernel_name_length(name);
	int i;

	for (i = 0; i < AMI_NR_SYMBOLS; i++) {
		const char *wanted = ami_symbol_wants[i].name;

		if (strncmp(name, wanted, len) || wanted[len])
			continue;
		take_lowest(name[len] ? &s->renamed[i] : &s->wanted[i], value);
		s->renamings[i] += !!name[len];
	}
	if (!strcmp(name, "linux_banner"))
		take_lowest(&s->banner, value);
	else if (!strcmp(name, "init_top_pgt"))
		take_lowest(&s->top_pgt, value);
	else if (!strcmp(name, "level2_kernel_pgt"))
		take_lowest(&s->level2_pgt, value);
	else if (!strcmp(name, "sme_me_mask"))
		take_lowest(&s->sme_mask, value);
}

typedef void take_fn(void *ctx, const char *name, uint64_t value);

static int scan_symtab(const struct vmlinux *v, Elf_Scn *scn,
		       const GElf_Shdr *sh, take_fn *take, void *ctx)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t i, count;

	if (!data || !data->d_buf || data->d_size < sh->sh_size)
		return vmlinux_damaged(v, "the symbol table");
	count = data->d_size / sizeof(Elf64_Sym);
	for (i = 1; i < count; i++) {
		const char *name;
		GElf_Sym sym;

		if (i > INT32_MAX || !gelf_getsym(data, i, &sym))
			return vmlinux_damaged(v, "the symbol table");
		if (sym.st_shndx == SHN_UNDEF ||
		    GELF_ST_TYPE(sym.st_info) > STT_FUNC)
			continue;
		name = elf_strptr(v->elf, sh->sh_link, sym.st_name);
		if (!name)
			return vmlinux_damaged(v, "the symbol table");
		take(ctx, name, sym.st_value);
	}
	return 0;
}

static int scan_symbols(const struct vmlinux *v, take_fn *take, void *ctx)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(v->elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_SYMTAB)
			return scan_symtab(v, scn, &sh, take, ctx);
	return vmlinux_refuse(v, "%s is stripped: it has no symbol table (.symtab)",
			      v->path);
}

int vmlinux_find_symbols(const struct vmlinux *v, struct vmlinux_symbols *s)
{
	return scan_symbols(v, take_symbol, s);
}

struct moved {
	struct ami_symbols *to;
	uint64_t slide;
};

static void take_moved(void *ctx, const char *name, uint64_t value)
{
	const struct moved *m = ctx;

	ami_symbols_take(m->to, name,
			 value >= START_KERNEL_MAP ? value + m->slide : value);
}

/* The build ID was compared when the file was read for the first time. */
int vmlinux_all_symbols(const struct vmlinux *v, struct ami_symbols *to)
{
	struct moved m = { .to = to };

	ami_vmcoreinfo_number(v->kernel->dump, "KERNELOFFSET", 16, &m.slide);
	return scan_symbols(v, take_moved, &m);
}

/* Where the kernel was loaded (KASLR). Absolute symbols do not move. */
static int move_symbols(const struct vmlinux *v, const struct vmlinux_symbols *s,
			uint64_t *symbol)
{
	const struct ami_dump *dump = v->kernel->dump;
	uint64_t file = s->wanted[AMI_SYM__stext], slide = 0, stext;
	int i;

	ami_vmcoreinfo_number(dump, "KERNELOFFSET", 16, &slide);
	if (!file)
		return vmlinux_refuse(v, "%s is not a Linux kernel: it has no symbol _stext",
				      v->path);
	if (!ami_vmcoreinfo_number(dump, "SYMBOL(_stext)", 16, &stext))
		return ami_error_set(v->err, AMI_ERR_DATA,
				     "VMCOREINFO of %s has no SYMBOL(_stext), so the place of the kernel in memory is unknown",
				     ami_dump_info(dump)->path);
	if (file + slide != stext)
		return vmlinux_refuse(v, "%s and the dump disagree on _stext: %#llx plus KERNELOFFSET %#llx is not %#llx; it is not the dumped kernel, or VMCOREINFO is damaged",
				      v->path, (unsigned long long)file,
				      (unsigned long long)slide,
				      (unsigned long long)stext);
	for (i = 0; i < AMI_NR_SYMBOLS; i++) {
		symbol[i] = s->wanted[i] || s->renamings[i] != 1 ?
			    s->wanted[i] : s->renamed[i];
		if (symbol[i] >= START_KERNEL_MAP)
			symbol[i] += slide;
		else if (!symbol[i] && s->renamings[i])
			symbol[i] = AMI_SYMBOL_UNREAD;
	}
	return 0;
}

int vmlinux_resolve_symbols(const struct vmlinux *v, uint64_t *symbol)
{
	char build_id[2 * BUILD_ID + 1];
	struct vmlinux_symbols s = { .banner = 0 };
	bool identified = vmlinux_dump_build_id(v, build_id);

	if (identified && vmlinux_check_build_id(v, build_id))
		return -1;
	if (vmlinux_find_symbols(v, &s))
		return -1;
	if (!identified && vmlinux_check_banner(v, s.banner))
		return -1;
	return move_symbols(v, &s, symbol);
}
