// SPDX-License-Identifier: GPL-2.0-or-later
/* The wanted types, wherever a vmlinux file defines them (DWARF). */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "vmlinux.h"

/* Different definitions of one name. One in a header is in many units. */
struct wanted_type {
	size_t count;
	Dwarf_Die die[MAX_SAME_NAME];
	uint64_t size[MAX_SAME_NAME];
	int line[MAX_SAME_NAME];
};

#define MAX_WANTED	(MAX_WANTED_NAMES + AMI_NR_ENUMERATORS)

/* Names are sorted and unique. */
struct wanted_types {
	const char *name[MAX_WANTED];
	struct wanted_type type[MAX_WANTED];
	size_t count;
	bool any;
};

static void collect_types(struct wanted_types *w)
{
	size_t i;

	for (i = 0; i < AMI_NR_FIELDS; i++)
		w->name[w->count++] = ami_field_wants[i].type;
	for (i = 0; i < AMI_NR_TYPES; i++)
		w->name[w->count++] = ami_type_wants[i].name;
	for (i = 0; i < AMI_NR_ENUMERATORS; i++)
		w->name[w->count++] = ami_enum_wants[i].type;
	w->count = kernel_sort_names(w->name, w->count);
}

static struct wanted_type *wanted_type(struct wanted_types *w,
				       const char *name)
{
	int at = kernel_find_name(w->name, w->count, name);

	return at < 0 ? NULL : &w->type[at];
}

static void add_definition(struct wanted_type *t, Dwarf_Die *die)
{
	Dwarf_Word size = 0;
	Dwarf_Attribute attr;
	int line = 0;
	size_t i;

	if (dwarf_attr(die, DW_AT_byte_size, &attr))
		dwarf_formudata(&attr, &size);
	dwarf_decl_line(die, &line);
	for (i = 0; i < t->count && i < MAX_SAME_NAME; i++)
		if (t->size[i] == size && t->line[i] == line)
			return;
	if (i < MAX_SAME_NAME) {
		t->die[i] = *die;
		t->size[i] = size;
		t->line[i] = line;
	}
	if (t->count <= MAX_SAME_NAME)
		t->count++;
}

/* No name is both a structure's and an enumeration's: see fields.h. */
static void consider_die(struct wanted_types *w, Dwarf_Die *die)
{
	int tag = dwarf_tag(die);
	struct wanted_type *t;
	const char *name;

	if (!vmlinux_is_composite(tag) && tag != DW_TAG_enumeration_type)
		return;
	name = vmlinux_name(die);
	t = name ? wanted_type(w, name) : NULL;
	if (!t || dwarf_hasattr(die, DW_AT_declaration))
		return;
	add_definition(t, die);
	w->any = true;
}

/* C types that other files can share are at the top level of a unit. */
static int scan_unit(struct wanted_types *w, Dwarf_Die *unit)
{
	Dwarf_Die die;
	int ret;

	for (ret = dwarf_child(unit, &die); !ret;
	     ret = dwarf_siblingof(&die, &die))
		consider_die(w, &die);
	return ret < 0 ? -1 : 0;
}

static int find_types(const struct vmlinux *v, struct wanted_types *w)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	int ret = 0;

	for (;;) {
		ret = dwarf_get_units(v->dwarf, cu, &cu, NULL, NULL, &unit,
				      NULL);
		if (ret)
			break;
		if (ami_dump_interrupted(v->kernel->dump))
			return ami_error_set(v->err, AMI_ERR_INTERRUPTED,
					     "interrupted");
		if (scan_unit(w, &unit))
			return vmlinux_bad_dwarf(v);
	}
	if (ret < 0)
		return vmlinux_bad_dwarf(v);
	if (!w->any)
		return vmlinux_refuse(v, "%s has no debug information (DWARF) on types",
				      v->path);
	return 0;
}
/** struct choice - the definitions of one name, for kernel_choose_type() */
struct choice {
	struct wanted_type *types;
	const char *const *names;	/* everything wanted of the module */
	size_t nr_names, name;
};

/* Does the member lead to a wanted structure of another name? */
static bool leads_to_wanted(const struct choice *c, Dwarf_Die *member)
{
	Dwarf_Die type = *member;
	const char *name;
	int depth;

	for (depth = 0; depth < MAX_DEPTH; depth++) {
		if (!vmlinux_type_of(&type, &type))
			return false;
		if (dwarf_tag(&type) != DW_TAG_pointer_type &&
		    dwarf_tag(&type) != DW_TAG_array_type)
			break;
	}
	name = vmlinux_is_composite(dwarf_tag(&type)) ? vmlinux_name(&type) : NULL;
	return name && strcmp(name, c->names[c->name]) &&
	       kernel_find_name(c->names, c->nr_names, name) >= 0;
}

static int resolve_in(void *ctx, size_t i, const char *path,
		      struct ami_member *out, bool *companion)
{
	const struct choice *c = ctx;
	Dwarf_Die member;
	int ret = vmlinux_find_path(&c->types->die[i], path, out, &member);

	if (ret > 0)
		*companion = leads_to_wanted(c, &member);
	return ret;
}

static uint64_t size_in(void *ctx, size_t i)
{
	return ((const struct choice *)ctx)->types->size[i];
}

/* If the driver is not built in, the name is missing, or another driver's. */
static int fill_module(struct wanted_types *w, const char *module,
		       struct ami_layout *layout)
{
	const char *name[MAX_WANTED_NAMES];
	struct choice choice = {
		.names = name, .nr_names = kernel_wanted_names(module, name),
	};
	struct type_choice c = {
		.module = module, .resolve = resolve_in, .size = size_in,
		.ctx = &choice,
	};
	size_t i;

	for (i = 0; module && i < choice.nr_names; i++)
		c.doubtful |= !wanted_type(w, name[i])->count;
	for (; choice.name < choice.nr_names; choice.name++) {
		c.name = name[choice.name];
		choice.types = wanted_type(w, c.name);
		c.count = choice.types->count;
		if (kernel_choose_type(&c, layout))
			return -1;
	}
	return 0;
}

static int fill_enumerators(struct wanted_types *w, struct ami_layout *layout)
{
	int i, ret;

	for (i = 0; i < AMI_NR_ENUMERATORS; i++) {
		struct wanted_type *t = wanted_type(w, ami_enum_wants[i].type);

		if (!t->count)
			continue;
		ret = vmlinux_find_enumerator(&t->die[0], ami_enum_wants[i].id,
					      &layout->enumerator[i].value);
		if (ret < 0)
			return -1;
		layout->enumerator[i].present = ret;
	}
	return 0;
}

static int fill_layout(struct wanted_types *w, struct ami_layout *layout)
{
	const char *module[MAX_WANTED_NAMES];
	size_t i, count = kernel_wanted_modules(module);

	if (fill_module(w, NULL, layout) || fill_enumerators(w, layout))
		return -1;
	for (i = 0; i < count; i++)
		if (fill_module(w, module[i], layout))
			return -1;
	return 0;
}

static int read_types(struct vmlinux *v, struct wanted_types *w,
		      struct ami_layout *layout)
{
	collect_types(w);
	if (find_types(v, w))
		return -1;
	return fill_layout(w, layout) ? vmlinux_bad_dwarf(v) : 0;
}

int vmlinux_resolve_types(struct vmlinux *v, struct ami_layout *layout)
{
	struct wanted_types *w;
	int ret;

	v->dwarf = dwarf_begin_elf(v->elf, DWARF_C_READ, NULL);
	if (!v->dwarf)
		return vmlinux_refuse(v, "%s has no debug information (DWARF)",
				      v->path);
	w = calloc(1, sizeof(*w));
	if (!w)
		return ami_error_set(v->err, AMI_ERR_MEMORY, "out of memory");
	ret = read_types(v, w, layout);
	free(w);
	return ret;
}
