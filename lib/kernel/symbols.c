// SPDX-License-Identifier: GPL-2.0-or-later
/* All symbols, by name and by address. */
#include <stdlib.h>
#include <string.h>

#include <amdiommu/display.h>
#include <common/vec.h>
#include <kernel/symbols.h>

#include "kernel.h"

#define MAX_SYMBOLS	(8u << 20)
#define MAX_TEXT	(256u << 20)

/**
 * struct symbol - one of them
 * @name: where it begins in the text
 * @gap: the next one in the table has no address: it may lie in between
 */
struct symbol {
	uint64_t va;
	uint32_t name;
	bool gap;
};

/**
 * struct ami_symbols - the table
 * @by_va: ascending, without those that have no address
 * @by_name: all, ascending by name
 */
struct ami_symbols {
	struct symbol *by_va, *by_name;
	size_t count, placed;
	char *text;
	size_t used, room;
	bool known, no_memory;
};

static bool keep_text(struct ami_symbols *s, const char *name, size_t len)
{
	char *more;

	if (s->used + len + 1 > MAX_TEXT)
		return false;
	if (s->used + len + 1 > s->room) {
		size_t room = s->room ? 2 * s->room : 1u << 20;

		more = realloc(s->text, room);
		if (!more)
			return false;
		s->text = more;
		s->room = room;
	}
	memcpy(s->text + s->used, name, len);
	s->text[s->used + len] = '\0';
	s->used += len + 1;
	return true;
}

static void clean_name(char *name)
{
	for (; *name; name++)
		if (!ami_plain(*name))
			*name = '?';
}

void ami_symbols_take(struct ami_symbols *s, const char *name, uint64_t va)
{
	uint32_t at = s->used;

	if (s->count && va == AMI_SYMBOL_UNREAD)
		s->by_name[s->count - 1].gap = true;
	if (!keep_text(s, name, strnlen(name, 1024)) ||
	    vec_push(s->by_name, s->count, MAX_SYMBOLS,
		     (struct symbol){ .va = va, .name = at }) != VEC_OK) {
		s->no_memory = true;
		return;
	}
	clean_name(s->text + at);
}

static int compare_va(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->va != y->va)
		return x->va < y->va ? -1 : 1;
	return (x->name > y->name) - (x->name < y->name);
}

static int compare_names(const void *a, const void *b, void *text)
{
	const struct symbol *x = a, *y = b;
	int order = strcmp((char *)text + x->name, (char *)text + y->name);

	return order ? order : compare_va(a, b);
}

static bool sort_symbols(struct ami_symbols *s)
{
	size_t i;

	s->by_va = calloc(s->count + 1, sizeof(*s->by_va));
	if (!s->by_va)
		return false;
	for (i = 0; i < s->count; i++)
		if (ami_kernel_address(s->by_name[i].va))
			s->by_va[s->placed++] = s->by_name[i];
	if (!s->count)
		return true;
	qsort(s->by_va, s->placed, sizeof(*s->by_va), compare_va);
	qsort_r(s->by_name, s->count, sizeof(*s->by_name), compare_names,
		s->text);
	return true;
}

struct ami_symbols *ami_symbols_read(struct ami_kernel *k)
{
	struct ami_symbols *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	ami_dump_record_pause(k->dump, true);
	s->known = k->from.symbols && k->from.symbols(k->from.ctx, k, s);
	ami_dump_record_pause(k->dump, false);
	if (!s->no_memory && sort_symbols(s))
		return s;
	ami_symbols_free(s);
	return NULL;
}

void ami_symbols_free(struct ami_symbols *s)
{
	if (!s)
		return;
	free(s->by_va);
	free(s->by_name);
	free(s->text);
	free(s);
}

bool ami_symbols_known(const struct ami_symbols *s)
{
	return s->known;
}

/* The first that is not before @name. */
static size_t first_named(const struct ami_symbols *s, const char *name)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(s->text + s->by_name[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* One symbol may be in several tables, at one address. */
size_t ami_symbols_find(const struct ami_symbols *s, const char *name,
			uint64_t *va, size_t max)
{
	size_t i, n = 0;

	for (i = first_named(s, name); i < s->count; i++) {
		const struct symbol *one = &s->by_name[i];

		if (strcmp(s->text + one->name, name))
			break;
		if (n && n <= max && va[n - 1] == one->va)
			continue;
		if (n < max)
			va[n] = one->va;
		n++;
	}
	return n;
}

const char *ami_symbols_at(const struct ami_symbols *s, uint64_t va,
			   uint64_t *offset)
{
	size_t low = 0, high = s->placed;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->by_va[middle].va <= va)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || (s->by_va[low - 1].gap && s->by_va[low - 1].va != va))
		return NULL;
	/* Of several at one address, the first. */
	for (low--; low && s->by_va[low - 1].va == s->by_va[low].va;)
		low--;
	*offset = va - s->by_va[low].va;
	return s->text + s->by_va[low].name;
}
