// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "symbols.h"

#define MAX_NAME	64u

static uint64_t align8(uint64_t v)
{
	return (v + 7) & ~7ull;
}

static uint64_t put(struct image *img, uint64_t va, const void *bytes,
		    size_t n)
{
	image_write(img, va - IMAGE_MAP + IMAGE_PHYS_BASE, bytes, n);
	return va + n;
}

/* Token t is the character t, but for two longer ones. */
static const char *token(int t)
{
	static char one[2];

	if (t == 1)
		return "amd_";
	if (t == 2)
		return "iommu";
	one[0] = t;
	return one;
}

void symbols_tokens(struct image *img, uint64_t at, struct symbols *out)
{
	uint16_t index[256], used = 0;
	int t;

	out->table = at = align8(at);
	for (t = 0; t < 256; t++) {
		size_t n = strlen(token(t)) + 1;

		index[t] = used;
		at = put(img, at, token(t), n);
		used += n;
	}
	out->index = align8(at);
	put(img, out->index, index, sizeof(index));
}

static size_t encode(const char *name, uint8_t *out)
{
	size_t n = 1;

	assert_true(strlen(name) + 2 <= MAX_NAME);
	out[n++] = 'T';
	while (*name) {
		if (!strncmp(name, "amd_", 4)) {
			out[n++] = 1;
			name += 4;
		} else if (!strncmp(name, "iommu", 5)) {
			out[n++] = 2;
			name += 5;
		} else {
			out[n++] = *name++;
		}
	}
	out[0] = n - 1;
	return n;
}

static uint64_t put_names(struct image *img, uint64_t at,
			  const struct symbol *symbol, uint32_t count,
			  struct symbols *out)
{
	size_t width = out->rule == SIGNED_BASE_LONG ? 8 : 4;
	uint64_t marker[64];
	uint32_t i, markers = 0;
	uint8_t code[MAX_NAME];

	out->names = at = align8(at);
	for (i = 0; i < count; i++) {
		if (i % 256 == 0) {
			assert_true(markers < 64);
			marker[markers++] = at - out->names;
		}
		at = put(img, at, code, encode(symbol[i].name, code));
	}
	out->markers = at = align8(at);
	for (i = 0; i < markers; i++)
		at = put(img, at, &marker[i], width);
	return at;
}

static uint64_t put_offsets(struct image *img, uint64_t at,
			    const struct symbol *symbol, uint32_t count,
			    struct symbols *out)
{
	uint64_t base = IMAGE_TEXT;
	uint32_t i;

	out->offsets = at = align8(at);
	for (i = 0; i < count; i++, at += 4) {
		uint64_t address = symbol[i].address;
		uint32_t off = out->rule <= SIGNED_BASE ? base - 1 - address :
			       out->rule == UNSIGNED_BASE ? address - base :
			       address - at;

		put(img, at, &off, 4);
	}
	out->base = align8(at);
	return put(img, out->base, &base, 8);
}

size_t symbols_size(const struct symbol *symbol, uint32_t count)
{
	size_t size = 8192;	/* tokens, index, markers, alignment */
	uint32_t i;

	for (i = 0; i < count; i++)
		size += strlen(symbol[i].name) + 2 + 4;
	return size;
}

void symbols_write(struct image *img, uint64_t va, enum symbols_rule rule,
		   const struct symbol *symbol, uint32_t count,
		   struct symbols *out)
{
	uint64_t at;

	out->rule = rule;
	at = put_offsets(img, va, symbol, count, out);
	out->num_syms = at;
	at = put(img, at, &count, 4);
	at = put_names(img, at, symbol, count, out);
	symbols_tokens(img, at, out);
}

int symbols_keys(const struct symbols *s, char *text, size_t size)
{
	int n = snprintf(text, size,
			 "SYMBOL(kallsyms_names)=%llx\n"
			 "SYMBOL(kallsyms_num_syms)=%llx\n"
			 "SYMBOL(kallsyms_token_table)=%llx\n"
			 "SYMBOL(kallsyms_token_index)=%llx\n"
			 "SYMBOL(kallsyms_offsets)=%llx\n",
			 (unsigned long long)s->names,
			 (unsigned long long)s->num_syms,
			 (unsigned long long)s->table,
			 (unsigned long long)s->index,
			 (unsigned long long)s->offsets);

	if (s->rule != SELF_RELATIVE)
		n += snprintf(text + n, size - n,
			      "SYMBOL(kallsyms_relative_base)=%llx\n",
			      (unsigned long long)s->base);
	assert_true((size_t)n < size);
	return n;
}
