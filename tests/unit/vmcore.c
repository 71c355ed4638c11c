// SPDX-License-Identifier: GPL-2.0-or-later
#include <bpf/btf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "render.h"
#include "vmcore.h"

#define MAX_PARTS	64u

/* What every kernel has, for the scan by shape to find its way. */
#define FILLER		300u

struct part {
	char name[48];
	int type;
	uint32_t offset;
	const struct ami_member *scalar;	/* NULL: a structure */
};

static int named_int(struct btf *btf, uint32_t size)
{
	char name[8];
	int id;

	snprintf(name, sizeof(name), "u%u", 8 * size);
	id = btf__find_by_name(btf, name);
	return id > 0 ? id : btf__add_int(btf, name, size, 0);
}

static int scalar_type(struct btf *btf, uint32_t size)
{
	if (size == 1 || size == 2 || size == 4 || size == 8)
		return named_int(btf, size);
	return btf__add_array(btf, named_int(btf, 4), named_int(btf, 1), size);
}

static int add_struct(struct btf *btf, const struct ami_layout *l,
		      const char *type, const char *prefix, const char *name,
		      uint32_t size);

/* Offset of the first member below @prefix: where that structure starts. */
static uint32_t start_of(const struct ami_layout *l, const char *type,
			 const char *prefix)
{
	uint32_t start = UINT32_MAX;
	int i;

	for (i = 0; i < AMI_NR_CORE_FIELDS; i++)
		if (l->field[i].present &&
		    !strcmp(type, ami_field_wants[i].type) &&
		    !strncmp(prefix, ami_field_wants[i].path,
			     strlen(prefix)) && l->field[i].offset < start)
			start = l->field[i].offset;
	return *prefix ? start : 0;
}

/* What the layout says of a member that is a structure itself. */
static uint32_t whole_size(const struct ami_layout *l, const char *type,
			   const char *name)
{
	int i;

	for (i = 0; i < AMI_NR_CORE_FIELDS; i++)
		if (l->field[i].size &&
		    !strcmp(type, ami_field_wants[i].type) &&
		    !strcmp(name, ami_field_wants[i].path))
			return l->field[i].size;
	return SHAPE_INNER;
}

static bool have_part(const struct part *part, size_t n, const char *name,
		      size_t len)
{
	while (n--)
		if (strlen(part[n].name) == len &&
		    !strncmp(part[n].name, name, len))
			return true;
	return false;
}

/* "iop.mode" is a member "iop" of a structure that has "mode". */
static size_t find_parts(struct btf *btf, const struct ami_layout *l,
			 const char *type, const char *prefix,
			 struct part *part)
{
	size_t n = 0, len, skip = strlen(prefix);
	char inner[96];
	int i;

	for (i = 0; i < AMI_NR_CORE_FIELDS; i++) {
		const char *path = ami_field_wants[i].path;

		if (!l->field[i].present ||
		    strcmp(type, ami_field_wants[i].type) ||
		    strncmp(prefix, path, skip))
			continue;
		len = strcspn(path + skip, ".");
		if (have_part(part, n, path + skip, len))
			continue;
		assert_true(n < MAX_PARTS && len < sizeof(part->name));
		part[n] = (struct part){ .offset = l->field[i].offset };
		memcpy(part[n].name, path + skip, len);
		if (path[skip + len]) {
			snprintf(inner, sizeof(inner), "%.*s",
				 (int)(skip + len + 1), path);
			part[n].offset = start_of(l, type, inner);
			part[n].type = add_struct(btf, l, type, inner, NULL,
						  whole_size(l, type,
							     part[n].name));
		} else {
			part[n].scalar = &l->field[i];
			part[n].type = scalar_type(btf, l->field[i].size);
		}
		n++;
	}
	return n;
}

static int add_struct(struct btf *btf, const struct ami_layout *l,
		      const char *type, const char *prefix, const char *name,
		      uint32_t size)
{
	struct part *part = calloc(MAX_PARTS, sizeof(*part));
	uint32_t base = start_of(l, type, prefix);
	size_t i, n;
	int id;

	assert_non_null(part);
	n = find_parts(btf, l, type, prefix, part);
	id = btf__add_struct(btf, name, size);
	assert_true(id > 0);
	for (i = 0; i < n; i++) {
		const struct ami_member *m = part[i].scalar;
		uint32_t bit = 8 * (part[i].offset - base);

		assert_int_equal(btf__add_field(btf, part[i].name,
						part[i].type,
						bit + (m ? m->bit_offset : 0),
						m ? m->bit_size : 0), 0);
	}
	free(part);
	return id;
}

static uint32_t size_of(const struct ami_layout *l, const char *type)
{
	uint32_t size = 0;
	int i;

	for (i = 0; i < AMI_NR_CORE_TYPES; i++)
		if (!strcmp(type, ami_type_wants[i].name))
			return l->type_size[i];
	for (i = 0; i < AMI_NR_CORE_FIELDS; i++)
		if (l->field[i].present &&
		    !strcmp(type, ami_field_wants[i].type) &&
		    l->field[i].offset + l->field[i].size > size)
			size = l->field[i].offset + l->field[i].size;
	return size;
}

static void add_types(struct btf *btf, const struct ami_layout *l)
{
	int i;

	for (i = 0; i < AMI_NR_CORE_FIELDS; i++) {
		const char *type = ami_field_wants[i].type;

		if (size_of(l, type) && btf__find_by_name(btf, type) < 0)
			add_struct(btf, l, type, "", type, size_of(l, type));
	}
	for (i = 0; i < AMI_NR_CORE_TYPES; i++)
		if (l->type_size[i] &&
		    btf__find_by_name(btf, ami_type_wants[i].name) < 0)
			btf__add_struct(btf, ami_type_wants[i].name,
					l->type_size[i]);
	for (i = 0; i < AMI_NR_ENUMERATORS; i++) {
		if (!l->enumerator[i].present)
			continue;
		btf__add_enum(btf, ami_enum_wants[i].type, 4);
		btf__add_enum_value(btf, ami_enum_wants[i].id,
				    l->enumerator[i].value);
	}
}

static uint64_t put(struct machine *m, const void *bytes, size_t size)
{
	uint64_t at = image_alloc_text(m->img, 1 + size / AMI_PAGE_SIZE);

	image_write(m->img, at, bytes, size);
	return image_text_va(at);
}

static void put_btf(struct machine *m)
{
	struct ami_layout *l = image_layout(m->img);
	struct btf *btf = btf__new_empty();
	const void *raw;
	__u32 size;

	assert_non_null(btf);
	add_types(btf, l);
	raw = btf__raw_data(btf, &size);
	assert_non_null(raw);
	l->symbol[AMI_SYM___start_BTF] = put(m, raw, size);
	l->symbol[AMI_SYM___stop_BTF] = l->symbol[AMI_SYM___start_BTF] + size;
	btf__free(btf);
}

static uint32_t list_symbols(const struct ami_layout *l,
			     struct symbol *symbol, char filler[][16])
{
	uint32_t n = 0;
	int i;

	for (; n < FILLER; n++) {
		snprintf(filler[n], sizeof(filler[n]), "filler_%u", n);
		symbol[n] = (struct symbol){ filler[n], IMAGE_TEXT + 16 * n };
	}
	symbol[n++] = (struct symbol){ "_stext", IMAGE_TEXT };
	for (i = 0; i < AMI_NR_SYMBOLS; i++)
		if (l->symbol[i])
			symbol[n++] = (struct symbol){ ami_symbol_wants[i].name,
						       l->symbol[i] };
	return n;
}

static void put_symbols(struct machine *m)
{
	const struct shape_info *shape = &shapes[m->shape];
	struct symbol symbol[FILLER + 1 + AMI_NR_SYMBOLS];
	char filler[FILLER][16], keys[512];
	struct symbols at;
	uint32_t count;
	size_t size;

	count = list_symbols(image_layout(m->img), symbol, filler);
	size = symbols_size(symbol, count);
	symbols_write(m->img, image_text_va(image_alloc_text(m->img, 1 + size /
							AMI_PAGE_SIZE)),
		      shape->rule, symbol, count, &at);
	if (shape->where == SYMBOLS_BY_SHAPE)
		return;
	symbols_keys(&at, keys, sizeof(keys));
	image_vmcoreinfo_add(m->img, keys);
}

void vmcore_save_without(struct machine *m, const char *path,
			 bool (*absent)(const char *symbol))
{
	uint64_t *symbol = image_layout(m->img)->symbol;
	int i;

	put_btf(m);
	for (i = 0; absent && i < AMI_NR_SYMBOLS; i++)
		if (absent(ami_symbol_wants[i].name))
			symbol[i] = 0;
	put_symbols(m);
	image_save(m->img, path);
}

void vmcore_save(struct machine *m, const char *path)
{
	vmcore_save_without(m, path, NULL);
}

struct ami_analysis *vmcore_file(const char *path, bool record)
{
	struct ami_error err = { .status = AMI_OK };
	struct ami_dump *dump = ami_dump_open(&path, 1, &err);
	struct ami_analysis *a = NULL;

	if (dump && record)
		assert_int_equal(ami_dump_record(dump), 0);
	if (dump)
		a = ami_analyse(dump, &ami_layout_btf, NULL, &err);
	if (!a)
		fail_msg("%s", err.text);
	return a;
}

static struct ami_analysis *save_and_open(struct machine *m, bool record)
{
	char path[] = "/tmp/vmcore.XXXXXX";
	struct ami_analysis *a;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	vmcore_save(m, path);
	a = vmcore_file(path, record);
	unlink(path);
	return a;
}

struct ami_analysis *vmcore_open(struct machine *m)
{
	return save_and_open(m, false);
}

/* Every view, as the command's extract does. */
static void look_everywhere(const struct ami_analysis *a)
{
	struct ami_request r = { .iommu = -1, .verbose = true };

	for (r.view = 0; r.view < AMI_VIEWS; r.view++)
		if (!ami_views[r.view].min_args)
			free(render(a, &r));
}

void vmcore_extract(struct machine *m,
		    void (*look)(const struct ami_analysis *dump),
		    struct ami_analysis **dump, struct ami_analysis **extract)
{
	char path[] = "/tmp/extract.XXXXXX";
	struct ami_error err = { .status = AMI_OK };
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	unlink(path);
	*dump = save_and_open(m, true);
	look_everywhere(*dump);
	if (look)
		look(*dump);
	if (ami_extract_write((*dump)->dump, path, NULL, &err))
		fail_msg("%s", err.text);
	*extract = vmcore_file(path, false);
	unlink(path);
}

static void print_report(const struct ami_analysis *a, bool json)
{
	struct ami_request r = {
		.view = AMI_VIEW_REPORT, .json = json, .iommu = -1,
	};
	char *text = render(a, &r);

	assert_non_null(strstr(text, ami_verdict_name(a->exposures->verdict)));
	free(text);
}

void vmcore_analyse(struct machine *m)
{
	struct ami_analysis *a = vmcore_open(m);

	print_report(a, false);
	print_report(a, true);
	m->dump = a->dump;
	m->kernel = a->kernel;
	m->findings = a->findings;
	m->state = a->state;
	m->state->findings = &m->findings;
	m->state_pages = a->state_pages;
	m->incidents = a->incidents;
	m->evidence = a->evidence;
	m->evidence_pages = a->evidence_pages;
	m->ex = a->exposures;
	m->contents = a->contents;
	free(a);
}
