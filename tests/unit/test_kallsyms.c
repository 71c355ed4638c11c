// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kallsyms tables made by hand as scripts/kallsyms.c writes them, in all three
 * address rules, with VMCOREINFO keys and without.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kallsyms.h"
#include "image.h"

#define START_KERNEL	0xffffffff80000000ull
#define FILLER		700u	/* symbols around the interesting ones */

enum rule { SIGNED_BASE, UNSIGNED_BASE, SELF_RELATIVE };

struct symbol {
	const char *name;
	uint64_t address;
};

static const struct symbol wanted[] = {
	{ "_stext", IMAGE_TEXT },
	{ "amd_iommu_list", IMAGE_TEXT + 0x123450 },
	{ "amd_iommu_list_suffix", IMAGE_TEXT + 0x1 },
	{ "pci_root_buses", IMAGE_TEXT + 0x200008 },
};

struct made {
	struct image *img;
	char info[1024];
	uint64_t names, num_syms, base, markers, table, index, offsets;
};

static uint64_t to_phys(uint64_t va)
{
	return va - START_KERNEL + IMAGE_PHYS_BASE;
}

static uint64_t align8(uint64_t v)
{
	return (v + 7) & ~7ull;
}

static uint64_t put(struct made *m, uint64_t va, const void *bytes, size_t n)
{
	image_write(m->img, to_phys(va), bytes, n);
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

static uint64_t put_tokens(struct made *m, uint64_t at)
{
	uint16_t index[256], used = 0;
	int t;

	m->table = at = align8(at);
	for (t = 0; t < 256; t++) {
		size_t n = strlen(token(t)) + 1;

		index[t] = used;
		at = put(m, at, token(t), n);
		used += n;
	}
	m->index = align8(at);
	return put(m, m->index, index, sizeof(index));
}

static size_t encode(const char *name, uint8_t *out)
{
	size_t n = 1;

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

static struct symbol nth(uint32_t i)
{
	static char filler[32];

	if (i >= FILLER && i < FILLER + 4)
		return wanted[i - FILLER];
	snprintf(filler, sizeof(filler), "filler_%u", i);
	return (struct symbol){ filler, IMAGE_TEXT + 16ull * i };
}

static uint64_t put_names(struct made *m, uint64_t at, uint32_t count)
{
	uint32_t marker[64], i, markers = 0;
	uint8_t code[64];

	m->names = at = align8(at);
	for (i = 0; i < count; i++) {
		if (i % 256 == 0)
			marker[markers++] = at - m->names;
		at = put(m, at, code, encode(nth(i).name, code));
	}
	m->markers = align8(at);
	return put(m, m->markers, marker, 4 * markers);
}

static uint64_t put_offsets(struct made *m, uint64_t at, uint32_t count,
			    enum rule rule, uint64_t base)
{
	uint32_t i;

	m->offsets = at = align8(at);
	for (i = 0; i < count; i++, at += 4) {
		uint64_t address = nth(i).address;
		uint32_t off = rule == SIGNED_BASE ? base - 1 - address :
			       rule == UNSIGNED_BASE ? address - base :
			       address - at;

		put(m, at, &off, 4);
	}
	return at;
}

/* The order of 5.10; newer kernels differ, but their keys say where. */
static void make(struct made *m, enum rule rule)
{
	uint64_t base = IMAGE_TEXT, at = IMAGE_TEXT + 0x300000;
	uint32_t count = 2 * FILLER;

	m->img = image_new(1 << 16);
	at = put_offsets(m, at, count, rule, base);
	m->base = align8(at);
	at = put(m, m->base, &base, 8);
	m->num_syms = at;
	at = put(m, at, &count, 4);
	at = put_names(m, at, count);
	put_tokens(m, at);
}

static void keys(struct made *m, bool all, bool with_base)
{
	int n = snprintf(m->info, sizeof(m->info),
			 "NUMBER(phys_base)=%llu\nSYMBOL(_stext)=%llx\n",
			 (unsigned long long)IMAGE_PHYS_BASE,
			 (unsigned long long)IMAGE_TEXT);

	if (all)
		n += snprintf(m->info + n, sizeof(m->info) - n,
			      "SYMBOL(kallsyms_names)=%llx\n"
			      "SYMBOL(kallsyms_num_syms)=%llx\n"
			      "SYMBOL(kallsyms_token_table)=%llx\n"
			      "SYMBOL(kallsyms_token_index)=%llx\n"
			      "SYMBOL(kallsyms_offsets)=%llx\n",
			      (unsigned long long)m->names,
			      (unsigned long long)m->num_syms,
			      (unsigned long long)m->table,
			      (unsigned long long)m->index,
			      (unsigned long long)m->offsets);
	if (all && with_base)
		snprintf(m->info + n, sizeof(m->info) - n,
			 "SYMBOL(kallsyms_relative_base)=%llx\n",
			 (unsigned long long)m->base);
	image_vmcoreinfo(m->img, m->info);
}

static int resolve(struct made *m, uint64_t *symbol, struct ami_error *err)
{
	struct ami_dump *dump = image_dump(m->img);
	struct ami_kernel *k = image_kernel(m->img, dump);
	int ret;

	memset(symbol, 0, AMI_NR_SYMBOLS * sizeof(*symbol));
	ret = kallsyms_resolve(k, symbol, err);
	ami_kernel_close(k);
	ami_dump_close(dump);
	return ret;
}

static void check(struct made *m)
{
	uint64_t symbol[AMI_NR_SYMBOLS];
	struct ami_error err;

	assert_int_equal(resolve(m, symbol, &err), 0);
	assert_int_equal(symbol[AMI_Y__stext], wanted[0].address);
	assert_int_equal(symbol[AMI_Y_amd_iommu_list], wanted[1].address);
	assert_int_equal(symbol[AMI_Y_pci_root_buses], wanted[3].address);
	assert_int_equal(symbol[AMI_Y_dev_data_list], 0);
}

static void by_keys(void **state)
{
	struct made m;
	int rule;

	(void)state;
	for (rule = SIGNED_BASE; rule <= SELF_RELATIVE; rule++) {
		make(&m, rule);
		keys(&m, true, rule != SELF_RELATIVE);
		check(&m);
		image_free(m.img);
	}
}

static void by_shape(void **state)
{
	struct made m;

	(void)state;
	make(&m, SIGNED_BASE);
	keys(&m, false, false);
	check(&m);
	image_free(m.img);
}

static void refused(struct made *m)
{
	uint64_t symbol[AMI_NR_SYMBOLS];
	struct ami_error err = { AMI_OK, "" };

	assert_int_equal(resolve(m, symbol, &err), -1);
	assert_int_equal(err.status, AMI_ERR_DATA);
	assert_non_null(strstr(err.text, "--vmlinux"));
	image_free(m->img);
}

/* Damage must be noticed, not decoded to some address. */
static void damaged(void **state)
{
	uint64_t huge = UINT32_MAX, wrong = IMAGE_TEXT + 0x1000;
	uint8_t long_name = 0x7f;
	struct made m;

	(void)state;
	make(&m, SIGNED_BASE);
	keys(&m, true, true);
	put(&m, m.num_syms, &huge, 4);
	refused(&m);

	make(&m, SIGNED_BASE);
	keys(&m, true, true);
	put(&m, m.base, &wrong, 8);
	refused(&m);

	make(&m, SIGNED_BASE);
	keys(&m, true, true);
	put(&m, m.names, &long_name, 1);
	refused(&m);

	make(&m, SIGNED_BASE);
	keys(&m, true, true);
	image_hide(m.img, to_phys(m.index) >> AMI_PAGE_SHIFT,
		   AMI_MEM_FILTERED);
	refused(&m);

	make(&m, SIGNED_BASE);
	keys(&m, false, false);
	put(&m, m.markers, &huge, 4);
	refused(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_keys),
		cmocka_unit_test(by_shape),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
