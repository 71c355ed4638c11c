// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <amdiommu/display.h>

#include "btf.h"

/* x86-64, Documentation/arch/x86/x86_64/mm.rst: without KASLR of regions. */
#define DIRECT_MAP_4	0xffff888000000000ull
#define DIRECT_MAP_5	0xff11000000000000ull
#define PUD_MASK	((1ull << 30) - 1)

/* The text may reach a terminal: no escape sequences. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (!ami_plain(*text))
			*text = '?';
}

int kernel_refuse(struct ami_kernel *k, struct ami_error *err,
		  const char *fmt, ...)
{
	const char *path = ami_dump_info(k->dump)->path;
	const char *cut = ami_dump_cut(k->dump);
	const char *from = ami_dump_vmcoreinfo_from(k->dump);
	char what[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (cut)
		return ami_error_set(err, AMI_ERR_DATA,
				     "%s is %s; in the part that is left, %s; copy the dump again",
				     path, cut, what);
	if (from)
		ami_error_set(err, AMI_ERR_DATA,
			      "in %s, %s; VMCOREINFO was found %s and may belong to another kernel",
			      path, what, from);
	else
		ami_error_set(err, AMI_ERR_DATA, "in %s, %s", path, what);
	return ami_error_advise(err, AMI_ADVICE_VMLINUX);
}

static int find_vmcoreinfo(struct ami_kernel *k,
			   const struct ami_layout_source *source,
			   struct ami_error *err)
{
	if (ami_dump_vmcoreinfo(k->dump) || kernel_locate_vmcoreinfo(k->dump))
		return 0;
	if (source->place)
		return source->place(source->ctx, k, err);
	ami_error_set(err, AMI_ERR_DATA,
		      "%s holds no VMCOREINFO, as a note or in memory, so the kernel in it cannot be located",
		      ami_dump_info(k->dump)->path);
	return ami_error_advise(err, AMI_ADVICE_VMCOREINFO);
}

static int read_vmcoreinfo(struct ami_kernel *k, struct ami_error *err)
{
	uint64_t pgd, l5 = 0;

	ami_vmcoreinfo_get(k->dump, "OSRELEASE", k->release,
			   sizeof(k->release));
	make_printable(k->release);
	if (!ami_vmcoreinfo_number(k->dump, "NUMBER(phys_base)", 10,
				   &k->phys_base))
		return ami_error_set(err, AMI_ERR_DATA,
				     "VMCOREINFO of %s has no NUMBER(phys_base); only x86-64 Linux kernels from 5.10 on are supported",
				     ami_dump_info(k->dump)->path);
	if (!ami_vmcoreinfo_number(k->dump, "NUMBER(KERNEL_IMAGE_SIZE)", 10,
				   &k->image_size))
		k->image_size = 1ull << 30;
	ami_vmcoreinfo_number(k->dump, "NUMBER(sme_mask)", 10, &k->sme_mask);
	ami_vmcoreinfo_number(k->dump, "NUMBER(pgtable_l5_enabled)", 10, &l5);
	k->five_levels = l5 == 1;
	if (ami_vmcoreinfo_number(k->dump, "SYMBOL(init_top_pgt)", 16, &pgd) ||
	    ami_vmcoreinfo_number(k->dump, "SYMBOL(swapper_pg_dir)", 16, &pgd))
		k->pgd = pgd - START_KERNEL_MAP + k->phys_base;
	return 0;
}

/*
 * DMA may have damaged page_offset_base. Believe it only if it is possible,
 * else take the architecture's default.
 */
static void find_direct_map(struct ami_kernel *k)
{
	uint64_t base = 0, at = ami_symbol(k, AMI_SYM_page_offset_base);
	uint64_t lowest = k->five_levels ? DIRECT_MAP_5 : DIRECT_MAP_4;

	if (at && ami_read_u64(k, at, &base) == AMI_MEM_OK &&
	    base >= (lowest & ~((1ull << 48) - 1)) && !(base & PUD_MASK))
		k->direct_map = base;
	else
		k->direct_map = lowest;
}

/* For ciphertext, no other explanation would help. */
static void blame_cipher(struct ami_dump *dump, struct ami_error *err)
{
	unsigned int seen, random;

	if (err && err->status == AMI_ERR_DATA &&
	    kernel_looks_encrypted(dump, &seen, &random))
		ami_error_set(err, AMI_ERR_DATA,
			      "the memory in %s is encrypted (SME or SEV): %u of %u pages in it are random bytes; a guest with SEV has to write its dump itself, by kdump; with SME, the capture kernel needs mem_encrypt=on",
			      ami_dump_info(dump)->path, random, seen);
}

struct ami_kernel *ami_kernel_open(struct ami_dump *dump,
				   const struct ami_layout_source *source,
				   struct ami_error *err)
{
	struct ami_kernel *k = calloc(1, sizeof(*k));

	if (!k) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		return NULL;
	}
	k->dump = dump;
	k->source = source->name;
	k->from = *source;
	if (find_vmcoreinfo(k, source, err) || read_vmcoreinfo(k, err) ||
	    source->resolve(source->ctx, k, &k->layout, err)) {
		blame_cipher(dump, err);
		btf_forget(k);
		free(k);
		return NULL;
	}
	find_direct_map(k);
	kernel_find_vmemmap(k);
	kernel_prove_layout(k);
	modules_resolve(k);
	btf_forget(k);
	return k;
}

void ami_kernel_close(struct ami_kernel *k)
{
	if (k && k->text.size)
		close(k->text.fd);
	free(k);
}
