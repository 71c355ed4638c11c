// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Members that readers want, looked up in the type information of a kernel and
 * its modules, without a dump: by the code that a report uses.
 *
 * usage: resolve --modules
 *	names of the modules that something is wanted of
 * usage: resolve FOLDER
 *	FOLDER/vmlinux and FOLDER/MODULE hold BTF. A line for each member and size,
 *	its columns separated by tabs: M, reader, ID, module, type, path, which
 *	kernels have it, offset, size; S, reader, ID, module, type, which kernels, size. In place of
 *	the numbers an absent one has no-module, no-type, no-member or ambiguous.
 */
#include <bpf/libbpf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "btf.h"
#include "choose.h"

/* @file: drivers/READER.def; @when: kernels that have it, "" for all */
static const struct {
	const char *id, *file, *when;
} fields[] = {
#define FIELD(id, type, path)	{ #id, "kernel.def", "" },
	AMI_FIELDS(FIELD)
#define AMI_M(id, module, type, path)		{ #id, __FILE__, "" },
#define AMI_V(id, module, type, path, when)	{ #id, __FILE__, when },
#include <amdiommu/drivers.def>
}, types[] = {
#define TYPE(id)	{ #id, "kernel.def", "" },
	AMI_TYPES(TYPE)
#define AMI_S(id, module, type)			{ #id, __FILE__, "" },
#define AMI_SV(id, module, type, when)		{ #id, __FILE__, when },
#include <amdiommu/drivers.def>
};

static struct ami_layout layout;

static int list_modules(void)
{
	const char *name[MAX_WANTED_NAMES];
	size_t count = kernel_wanted_modules(name), i;

	for (i = 0; i < count; i++)
		puts(name[i]);
	return 0;
}

static struct btf *load(const char *folder, const char *module, struct btf *base)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, module);
	if (access(path, R_OK))
		return NULL;
	return base ? btf__parse_raw_split(path, base) : btf__parse_raw(path);
}

/* ".../igb.def" is of the reader igb. */
static const char *reader_of(const char *file, char name[64])
{
	const char *slash = strrchr(file, '/');

	snprintf(name, 64, "%s", slash ? slash + 1 : file);
	name[strcspn(name, ".")] = '\0';
	return name;
}

static bool has_type(const struct btf *btf, const char *type)
{
	return btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT) >= 0 ||
	       btf__find_by_name_kind(btf, type, BTF_KIND_UNION) >= 0;
}

/* @own: the module's own types; NULL: it has no file, and may be built in */
static const char *why_absent(const struct btf *own, const struct btf *base,
			      const char *type)
{
	if (has_type(own ? own : base, type))
		return "no-member";
	return own ? "no-type" : "no-module";
}

static void print_member(int f, const struct btf *own, const struct btf *base)
{
	const struct ami_field_want *want = &ami_field_wants[f];
	const struct ami_member *m = &layout.field[f];
	char reader[64];

	printf("M\t%s\t%s\t%s\t%s\t%s\t%s\t",
	       reader_of(fields[f].file, reader), fields[f].id,
	       want->module ? want->module : "-", want->type, want->path,
	       fields[f].when);
	if (m->present)
		printf("%u\t%u\n", m->offset, m->size);
	else
		printf("%s\n", m->doubt == AMI_DOUBT_SAME_NAME ? "ambiguous" :
		       why_absent(own, base, want->type));
}

static void print_type(int t, const struct btf *own, const struct btf *base)
{
	const struct ami_type_want *want = &ami_type_wants[t];
	char reader[64];

	printf("S\t%s\t%s\t%s\t%s\t%s\t",
	       reader_of(types[t].file, reader), types[t].id,
	       want->module ? want->module : "-", want->name, types[t].when);
	if (layout.type_size[t])
		printf("%llu\n", (unsigned long long)layout.type_size[t]);
	else
		printf("%s\n", why_absent(own, base, want->name));
}

static void print_all(const char *module, const struct btf *own,
		      const struct btf *base)
{
	int i;

	for (i = 0; i < AMI_NR_FIELDS; i++)
		if (kernel_same_module(ami_field_wants[i].module, module))
			print_member(i, own, base);
	for (i = 0; i < AMI_NR_TYPES; i++)
		if (kernel_same_module(ami_type_wants[i].module, module))
			print_type(i, own, base);
}

/* Built in, its types are the kernel's. */
static void one_module(const char *folder, const char *module, struct btf *base,
		       struct btf_names *index)
{
	struct btf *btf = load(folder, module, base);

	btf_resolve(btf ? btf : base, module, index, btf, &layout);
	print_all(module, btf, base);
	btf__free(btf);
}

int main(int argc, char **argv)
{
	const char *name[MAX_WANTED_NAMES];
	struct btf_names index;
	struct btf *base;
	size_t count, i;

	if (argc != 2) {
		fprintf(stderr, "usage: resolve --modules | FOLDER\n");
		return 2;
	}
	if (!strcmp(argv[1], "--modules"))
		return list_modules();
	base = load(argv[1], "vmlinux", NULL);
	if (!base) {
		fprintf(stderr, "resolve: no type information in %s/vmlinux\n",
			argv[1]);
		return 1;
	}
	btf_resolve(base, NULL, NULL, true, &layout);
	print_all(NULL, base, base);
	btf_index(base, &index);
	count = kernel_wanted_modules(name);
	for (i = 0; i < count; i++)
		one_module(argv[1], name[i], base, &index);
	btf__free(base);
	return 0;
}
