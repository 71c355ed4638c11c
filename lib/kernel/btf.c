// SPDX-License-Identifier: GPL-2.0-or-later
/* Symbols from kallsyms, types from BTF: both found in the dump itself. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

#include "kallsyms.h"

#define MAX_BTF		(256u << 20)
#define MAX_DEPTH	16
#define MAX_MEMBERS	65536u	/* looked at for one path: no kernel has more */

/* Typedefs and qualifiers stand between a member and its type. */
static const struct btf_type *strip(const struct btf *btf, __u32 id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	int depth;

	for (depth = 0; t && depth < MAX_DEPTH; depth++) {
		if (!btf_is_mod(t) && !btf_is_typedef(t))
			return t;
		t = btf__type_by_id(btf, t->type);
	}
	return NULL;
}

static bool is_composite(const struct btf_type *t)
{
	return t && (btf_is_struct(t) || btf_is_union(t));
}

/* One look-up; @budget ends it where nameless members nest without end. */
struct search {
	const struct btf *btf;
	const char *name;
	size_t len;
	struct ami_member *out;
	__u32 type;
	unsigned int budget;
};

static bool find_member(struct search *s, const struct btf_type *t,
			uint64_t bits, int depth)
{
	const struct btf_member *m = btf_members(t);
	int i;

	if (depth > MAX_DEPTH)
		return false;
	for (i = 0; i < btf_vlen(t); i++) {
		const char *is = btf__name_by_offset(s->btf, m[i].name_off);
		uint64_t at = bits + btf_member_bit_offset(t, i);
		const struct btf_type *inner;

		if (!s->budget)
			return false;
		s->budget--;
		if (is && *is) {
			if (strncmp(is, s->name, s->len) || is[s->len])
				continue;
			s->out->bit_size = btf_member_bitfield_size(t, i);
			s->out->offset = at / 8;
			s->out->bit_offset = s->out->bit_size ? at % 8 : 0;
			s->type = m[i].type;
			return true;
		}
		inner = strip(s->btf, m[i].type);
		if (is_composite(inner) &&
		    find_member(s, inner, at, depth + 1))
			return true;
	}
	return false;
}

static void resolve_member(const struct btf *btf, const struct btf_type *t,
			   const char *path, struct ami_member *out)
{
	struct ami_member found = { 0 };
	struct search search = {
		.btf = btf, .out = &found, .budget = MAX_MEMBERS,
	};
	uint64_t bits = 0;

	for (;;) {
		search.name = path;
		search.len = strcspn(path, ".");
		if (!is_composite(t) || !find_member(&search, t, bits, 0))
			return;
		if (!path[search.len])
			break;
		bits = found.offset * 8ull;
		path += search.len + 1;
		t = strip(btf, search.type);
	}
	if (found.bit_size) {
		found.size = (found.bit_offset + found.bit_size + 7u) / 8;
	} else {
		__s64 size = btf__resolve_size(btf, search.type);

		if (size < 0)
			return;
		found.size = size;
	}
	found.present = true;
	*out = found;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Distinct names of all wanted composite types, sorted, and their BTF ids. */
struct names {
	const char *name[AMI_NR_FIELDS + AMI_NR_TYPES];
	__u32 id[AMI_NR_FIELDS + AMI_NR_TYPES];
	size_t count;
};

static void collect_names(struct names *n)
{
	size_t i, unique = 0;

	for (i = 0; i < AMI_NR_FIELDS; i++)
		n->name[n->count++] = ami_field_wants[i].type;
	for (i = 0; i < AMI_NR_TYPES; i++)
		n->name[n->count++] = ami_type_wants[i];
	qsort(n->name, n->count, sizeof(*n->name), by_name);
	for (i = 0; i < n->count; i++)
		if (!unique || strcmp(n->name[unique - 1], n->name[i]))
			n->name[unique++] = n->name[i];
	n->count = unique;
}

static __u32 *id_of(struct names *n, const char *name)
{
	const char **found = bsearch(&name, n->name, n->count,
				     sizeof(*n->name), by_name);

	return found ? &n->id[found - n->name] : NULL;
}

static void take_enum(const struct btf *btf, const struct btf_type *t,
		      struct ami_layout *layout)
{
	const struct btf_enum *e = btf_enum(t);
	int i, w;

	for (i = 0; i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(btf, e[i].name_off);

		for (w = 0; name && w < AMI_NR_ENUMERATORS; w++) {
			if (strcmp(name, ami_enum_wants[w].id))
				continue;
			layout->enumerator[w].present = true;
			layout->enumerator[w].value = e[i].val;
		}
	}
}

static bool enum_wanted(const char *name)
{
	int w;

	for (w = 0; w < AMI_NR_ENUMERATORS; w++)
		if (!strcmp(name, ami_enum_wants[w].type))
			return true;
	return false;
}

static void scan_types(const struct btf *btf, struct names *names,
		       struct ami_layout *layout)
{
	__u32 id, count = btf__type_cnt(btf);

	for (id = 1; id < count; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *name;
		__u32 *slot;

		if (!t || (!is_composite(t) && !btf_is_enum(t)))
			continue;
		name = btf__name_by_offset(btf, t->name_off);
		if (!name || !*name)
			continue;
		if (btf_is_enum(t)) {
			if (enum_wanted(name))
				take_enum(btf, t, layout);
			continue;
		}
		slot = id_of(names, name);
		if (slot && !*slot)
			*slot = id;
	}
}

static void resolve_types(const struct btf *btf, struct ami_layout *layout)
{
	struct names names = { .count = 0 };
	int i;

	collect_names(&names);
	scan_types(btf, &names, layout);
	for (i = 0; i < AMI_NR_TYPES; i++) {
		__u32 id = *id_of(&names, ami_type_wants[i]);

		if (id)
			layout->type_size[i] = btf__type_by_id(btf, id)->size;
	}
	for (i = 0; i < AMI_NR_FIELDS; i++) {
		__u32 id = *id_of(&names, ami_field_wants[i].type);

		if (id)
			resolve_member(btf, btf__type_by_id(btf, id),
				       ami_field_wants[i].path,
				       &layout->field[i]);
	}
}

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static int no_btf(struct ami_kernel *k, const char *why,
		  struct ami_error *err)
{
	return ami_error_set(err, AMI_ERR_DATA,
			     "the kernel's type information (BTF) %s in %s; give the kernel's vmlinux with --vmlinux",
			     why, ami_dump_info(k->dump)->path);
}

static int resolve_btf(struct ami_kernel *k, struct ami_layout *layout,
		       struct ami_error *err)
{
	uint64_t start = layout->symbol[AMI_Y___start_BTF];
	uint64_t size = layout->symbol[AMI_Y___stop_BTF] - start;
	libbpf_print_fn_t print;
	enum ami_mem mem;
	struct btf *btf;
	void *raw;

	if (!start || size < sizeof(struct btf_header) || size > MAX_BTF)
		return no_btf(k, "was not built in, or its bounds are damaged,",
			      err);
	raw = malloc(size);
	if (!raw)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	mem = ami_read(k, start, raw, size);
	if (mem != AMI_MEM_OK) {
		free(raw);
		return no_btf(k, ami_mem_text(mem), err);
	}
	print = libbpf_set_print(silent);
	btf = btf__new(raw, size);
	libbpf_set_print(print);
	free(raw);
	if (!btf || libbpf_get_error(btf))
		return no_btf(k, "is damaged", err);
	resolve_types(btf, layout);
	btf__free(btf);
	return 0;
}

static int resolve(void *ctx, struct ami_kernel *k, struct ami_layout *layout,
		   struct ami_error *err)
{
	(void)ctx;
	if (kallsyms_resolve(k, layout->symbol, err))
		return -1;
	return resolve_btf(k, layout, err);
}

const struct ami_layout_source ami_layout_btf = {
	.name = "BTF",
	.resolve = resolve,
};
