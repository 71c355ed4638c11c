// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Symbols and types from crash. It answers at once about members, but does not
 * know bit fields. For these, gdb prints the structure. An expression with a
 * member's name costs gdb a search through the whole kernel, so it is used only
 * for dotted paths.
 */
#include <defs.h>

#include "crash.h"

static bool found_plain(const struct ami_field_want *want,
			struct ami_member *out, int *typecode)
{
	struct datatype_member dm = { .name = NULL };

	if (datatype_info((char *)want->type, (char *)want->path, &dm) < 0)
		return false;
	*out = (struct ami_member){
		.present = true, .offset = dm.member_offset,
		.size = dm.member_size,
	};
	*typecode = dm.member_typecode;
	return true;
}

static void resolve_path(const struct ami_field_want *want,
			 struct ami_member *out)
{
	int len = strcspn(want->path, ".");
	char first[BUFSIZE];
	long offset, size;

	snprintf(first, sizeof(first), "%.*s", len, want->path);
	if (!MEMBER_EXISTS((char *)want->type, first))
		return;
	size = ANON_MEMBER_SIZE((char *)want->type, (char *)want->path);
	if (size < 0)
		return;
	offset = ANON_MEMBER_OFFSET((char *)want->type, (char *)want->path);
	if (offset < 0) {
		error(WARNING, "%s.%s is a bit field inside another structure: ignored\n",
		      want->type, want->path);
		return;
	}
	*out = (struct ami_member){
		.present = true, .offset = offset, .size = size,
	};
}

/* "  unsigned int is_busmaster : 1;" */
static bool declares(const char *line, const char *name, unsigned int *width)
{
	const char *colon = strstr(line, " : ");
	size_t len = strlen(name);

	return colon && (size_t)(colon - line) > len &&
	       colon[-1 - (long)len] == ' ' &&
	       !strncmp(colon - len, name, len) &&
	       sscanf(colon, " : %u;", width) == 1 && *width <= 64;
}

static bool print_type(const char *keyword, const char *type)
{
	char command[BUFSIZE];

	snprintf(command, sizeof(command), "ptype %s %s", keyword, type);
	return gdb_pass_through(command, pc->tmpfile2, GNU_RETURN_ON_ERROR);
}

/* Widths of the bit fields among the wanted members of @type. */
static void read_widths(const char *type, struct ami_layout *layout)
{
	char line[BUFSIZE];
	unsigned int width;
	int i;

	open_tmpfile2();
	if (print_type("struct", type) || print_type("union", type)) {
		rewind(pc->tmpfile2);
		while (fgets(line, sizeof(line), pc->tmpfile2))
			for (i = 0; i < AMI_NR_CORE_FIELDS; i++)
				if (layout->field[i].present &&
				    !strcmp(ami_field_wants[i].type, type) &&
				    declares(line, ami_field_wants[i].path,
					     &width))
					layout->field[i].bit_size = width;
	}
	close_tmpfile2();
}

/* datatype_info() rounds the offset to bytes, the request below does not. */
static void place_bits(const struct ami_field_want *want,
		       struct ami_member *m)
{
	struct gnu_request req = {
		.command = GNU_GET_DATATYPE, .flags = GNU_RETURN_ON_ERROR,
		.name = (char *)want->type, .member = (char *)want->path,
		.fp = pc->nullfp,
	};

	gdb_interface(&req);
	if (req.flags & GNU_COMMAND_FAILED || req.member_offset < 0) {
		m->present = false;
		return;
	}
	m->offset = req.member_offset / 8;
	m->bit_offset = req.member_offset % 8;
	m->size = (m->bit_offset + m->bit_size + 7u) / 8;
}

static bool may_be_bits(int typecode)
{
	return typecode != TYPE_CODE_PTR && typecode != TYPE_CODE_STRUCT &&
	       typecode != TYPE_CODE_UNION && typecode != TYPE_CODE_ARRAY;
}

static void resolve_members(const char *type, struct ami_layout *layout)
{
	bool ask = false;
	int i, typecode;

	for (i = 0; i < AMI_NR_CORE_FIELDS; i++) {
		const struct ami_field_want *want = &ami_field_wants[i];

		if (strcmp(want->type, type))
			continue;
		if (strchr(want->path, '.'))
			resolve_path(want, &layout->field[i]);
		else if (found_plain(want, &layout->field[i], &typecode))
			ask |= may_be_bits(typecode);
	}
	if (!ask)
		return;
	read_widths(type, layout);
	for (i = 0; i < AMI_NR_CORE_FIELDS; i++)
		if (layout->field[i].bit_size &&
		    !strcmp(ami_field_wants[i].type, type))
			place_bits(&ami_field_wants[i], &layout->field[i]);
}

static bool first_of_type(int field)
{
	int i;

	for (i = 0; i < field; i++)
		if (!strcmp(ami_field_wants[i].type,
			    ami_field_wants[field].type))
			return false;
	return true;
}

static int resolve_types(struct ami_layout *layout)
{
	long size;
	int i;

	for (i = 0; i < AMI_NR_CORE_TYPES; i++) {
		size = STRUCT_SIZE((char *)ami_type_wants[i].name);
		if (size > 0)
			layout->type_size[i] = size;
	}
	for (i = 0; i < AMI_NR_CORE_FIELDS; i++) {
		const char *type = ami_field_wants[i].type;

		if (crash_sigint_pending())
			return -1;
		if (first_of_type(i) && STRUCT_EXISTS((char *)type))
			resolve_members(type, layout);
	}
	return 0;
}

static void resolve_names(struct ami_layout *layout)
{
	long value;
	int i;

	for (i = 0; i < AMI_NR_ENUMERATORS; i++) {
		if (!enumerator_value((char *)ami_enum_wants[i].id, &value))
			continue;
		layout->enumerator[i].present = true;
		layout->enumerator[i].value = value;
	}
	for (i = 0; i < AMI_NR_SYMBOLS; i++) {
		char *name = (char *)ami_symbol_wants[i].name;

		if (kernel_symbol_exists(name))
			layout->symbol[i] = symbol_value(name);
	}
}

bool crash_symbols(void *ctx, struct ami_kernel *kernel, struct ami_symbols *to)
{
	const struct syment *s;

	(void)ctx;
	(void)kernel;
	for (s = st->symtable; s < st->symend; s++)
		ami_symbols_take(to, s->name, s->value);
	return st->symtable;
}

const struct ami_layout *crash_layout(struct ami_error *err)
{
	static struct ami_layout layout;
	static bool known;

	if (known)
		return &layout;
	memset(&layout, 0, sizeof(layout));
	resolve_names(&layout);
	if (resolve_types(&layout)) {
		ami_error_set(err, AMI_ERR_INTERRUPTED, "interrupted");
		return NULL;
	}
	if (!layout.type_size[AMI_T_device]) {
		ami_error_set(err, AMI_ERR_DATA,
			      "gdb does not know struct device; was %s built without debug information?",
			      pc->namelist);
		return NULL;
	}
	known = true;
	return &layout;
}
