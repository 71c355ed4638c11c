// SPDX-License-Identifier: GPL-2.0-or-later
/* Structure members and type sizes from BTF, the kernel's or a module's. */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "btf.h"
#include "choose.h"

#define MAX_BTF		(256u << 20)
#define MAX_DEPTH	16
#define MAX_MEMBERS	65536u	/* limit for one path: no kernel has more */

/* Typedefs and qualifiers come between a member and its type. */
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

/* One look-up. @budget ends it if nameless members nest without end. */
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

/* @type: type of the member */
static bool resolve_member(const struct btf *btf, const struct btf_type *t,
			   const char *path, struct ami_member *out,
			   __u32 *type)
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
			return false;
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
			return false;
		found.size = size;
	}
	found.present = true;
	*out = found;
	*type = search.type;
	return true;
}

static struct btf_same *same_name(struct btf_names *n, const char *name)
{
	int at = kernel_find_name(n->name, n->count, name);

	return at < 0 ? NULL : &n->same[at];
}

static void add_same(struct btf_same *same, __u32 id)
{
	if (same->count < MAX_SAME_NAME)
		same->id[same->count] = id;
	if (same->count <= MAX_SAME_NAME)
		same->count++;
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

/* Types from ID @first on. Enumerators go into @layout, if it is set. */
static void scan_types(const struct btf *btf, __u32 first,
		       struct btf_names *names, struct ami_layout *layout)
{
	const struct btf_type *t;
	__u32 id;

	for (id = first; (t = btf__type_by_id(btf, id)); id++) {
		struct btf_same *same;
		const char *name;

		if (!is_composite(t) && !(layout && btf_is_enum(t)))
			continue;
		name = btf__name_by_offset(btf, t->name_off);
		if (!name || !*name)
			continue;
		if (btf_is_enum(t)) {
			if (enum_wanted(name))
				take_enum(btf, t, layout);
			continue;
		}
		same = same_name(names, name);
		if (same)
			add_same(same, id);
	}
	names->end = id;
}

void btf_index(const struct btf *btf, struct btf_names *names)
{
	int i;

	memset(names, 0, sizeof(*names));
	for (i = AMI_NR_CORE_FIELDS; i < AMI_NR_FIELDS; i++)
		names->name[names->count++] = ami_field_wants[i].type;
	for (i = AMI_NR_CORE_TYPES; i < AMI_NR_TYPES; i++)
		names->name[names->count++] = ami_type_wants[i].name;
	names->count = kernel_sort_names(names->name, names->count);
	scan_types(btf, 1, names, NULL);
}

/* A type of the module itself comes first. */
static void find_types(const struct btf *btf, const char *module,
		       struct btf_names *base, struct btf_names *names,
		       struct ami_layout *layout)
{
	size_t i;

	memset(names, 0, sizeof(*names));
	names->count = kernel_wanted_names(module, names->name);
	scan_types(btf, base ? base->end : 1, names, module ? NULL : layout);
	for (i = 0; base && i < names->count; i++)
		if (!names->same[i].count)
			names->same[i] = *same_name(base, names->name[i]);
}

/* The types of one name, for kernel_choose_type(). */
struct choice {
	const struct btf *btf;
	struct btf_names *names;
	size_t name;
};

static const struct btf_type *chosen(const struct choice *c, size_t i)
{
	return btf__type_by_id(c->btf, c->names->same[c->name].id[i]);
}

/* Does the member lead to a wanted structure of another name? */
static bool leads_to_wanted(const struct choice *c, __u32 id)
{
	const struct btf_type *t = strip(c->btf, id);
	const char *name;
	int depth;

	for (depth = 0; t && depth < MAX_DEPTH; depth++) {
		if (btf_is_ptr(t))
			t = strip(c->btf, t->type);
		else if (btf_is_array(t))
			t = strip(c->btf, btf_array(t)->type);
		else
			break;
	}
	if (!is_composite(t))
		return false;
	name = btf__name_by_offset(c->btf, t->name_off);
	return name && strcmp(name, c->names->name[c->name]) &&
	       same_name(c->names, name);
}

static int resolve_in(void *ctx, size_t i, const char *path,
		      struct ami_member *out, bool *companion)
{
	const struct choice *c = ctx;
	__u32 type;

	if (!resolve_member(c->btf, chosen(c, i), path, out, &type))
		return 0;
	*companion = leads_to_wanted(c, type);
	return 1;
}

static uint64_t size_in(void *ctx, size_t i)
{
	return chosen(ctx, i)->size;
}

static bool all_found(const struct btf_names *names)
{
	size_t i;

	for (i = 0; i < names->count && names->same[i].count; i++)
		;
	return i == names->count;
}

void btf_resolve(const struct btf *btf, const char *module,
		 struct btf_names *base, bool own, struct ami_layout *layout)
{
	struct btf_names names;
	struct choice choice = { btf, &names, 0 };
	struct type_choice c = {
		.module = module, .resolve = resolve_in, .size = size_in,
		.ctx = &choice,
	};

	find_types(btf, module, base, &names, layout);
	c.doubtful = !own && !all_found(&names);
	for (; choice.name < names.count; choice.name++) {
		c.name = names.name[choice.name];
		c.count = names.same[choice.name].count;
		kernel_choose_type(&c, layout);
	}
}

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/*
 * libbpf reads a module's BTF from memory only since 1.6. All versions read it
 * from a file.
 */
static struct btf *parse_split(const void *raw, uint64_t size,
			       struct btf *base)
{
	int fd = memfd_create("btf", MFD_CLOEXEC);
	struct btf *btf = NULL;
	char path[32];

	if (fd < 0)
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, raw, size) == (ssize_t)size)
		btf = btf__parse_raw_split(path, base);
	close(fd);
	return btf;
}

struct btf *btf_read(struct ami_kernel *k, uint64_t va, uint64_t size,
		     struct btf *base, const char **why)
{
	libbpf_print_fn_t print;
	enum ami_mem mem;
	struct btf *btf;
	void *raw;

	*why = "has impossible bounds";
	if (!va || size < sizeof(struct btf_header) || size > MAX_BTF)
		return NULL;
	raw = malloc(size);
	*why = "does not fit into memory";
	if (!raw)
		return NULL;
	mem = ami_read(k, va, raw, size);
	*why = mem == AMI_MEM_ERROR ? "is unreadable" : "is not in the dump";
	if (mem != AMI_MEM_OK) {
		free(raw);
		return NULL;
	}
	print = libbpf_set_print(silent);
	btf = base ? parse_split(raw, size, base) : btf__new(raw, size);
	libbpf_set_print(print);
	free(raw);
	*why = "is damaged";
	return libbpf_get_error(btf) ? NULL : btf;
}

struct btf *btf_of_kernel(struct ami_kernel *k, const char **why)
{
	const uint64_t *symbol = k->layout.symbol;
	uint64_t start = symbol[AMI_SYM___start_BTF];

	*why = "was not built in";
	if (!k->types && start)
		k->types = btf_read(k, start,
				    symbol[AMI_SYM___stop_BTF] - start, NULL,
				    why);
	return k->types;
}

void btf_forget(struct ami_kernel *k)
{
	btf__free(k->types);
	k->types = NULL;
}
