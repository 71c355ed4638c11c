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
#include <time.h>

#include <cmocka.h>

#include "kallsyms.h"
#include "symbols.h"

#define TABLES		(IMAGE_TEXT + 0x300000)
#define FILLER		1200u	/* symbols around the interesting ones */
#define OPTIONAL	(2 * FILLER)	/* its address in a page of its own */
#define COUNT		(4 * FILLER)

static const struct symbol wanted[] = {
	{ "_stext", IMAGE_TEXT },
	{ "amd_iommu_list", IMAGE_TEXT + 0x123450 },
	{ "amd_iommu_list_suffix", IMAGE_TEXT + 0x1 },
	{ "pci_root_buses", IMAGE_TEXT + 0x200008 },
};

#define COUNT_WANTED	(sizeof(wanted) / sizeof(wanted[0]))

static const struct symbol optional = { "page_pools", IMAGE_TEXT + 0x200010 };

struct made {
	struct image *img;
	struct symbols at;
};

static uint64_t to_phys(uint64_t va)
{
	return va - IMAGE_MAP + IMAGE_PHYS_BASE;
}

static void put(struct made *m, uint64_t va, const void *bytes, size_t n)
{
	image_write(m->img, to_phys(va), bytes, n);
}

static void make(struct made *m, enum symbols_rule rule)
{
	static struct symbol symbol[COUNT];
	static char filler[COUNT][16];
	uint32_t i;

	for (i = 0; i < COUNT; i++) {
		snprintf(filler[i], sizeof(filler[i]), "filler_%u", i);
		symbol[i] = (struct symbol){ filler[i], IMAGE_TEXT + 16 * i };
	}
	memcpy(symbol + FILLER, wanted, sizeof(wanted));
	symbol[OPTIONAL] = optional;
	m->img = image_new(1 << 16);
	symbols_write(m->img, TABLES, rule, symbol, COUNT, &m->at);
}

static void keys(struct made *m, bool all)
{
	char info[1024];
	int n = snprintf(info, sizeof(info),
			 "NUMBER(phys_base)=%llu\nSYMBOL(_stext)=%llx\n",
			 (unsigned long long)IMAGE_PHYS_BASE,
			 (unsigned long long)IMAGE_TEXT);

	if (all)
		symbols_keys(&m->at, info + n, sizeof(info) - n);
	image_vmcoreinfo(m->img, info);
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
	assert_int_equal(symbol[AMI_SYM__stext], wanted[0].address);
	assert_int_equal(symbol[AMI_SYM_amd_iommu_list], wanted[1].address);
	assert_int_equal(symbol[AMI_SYM_pci_root_buses], wanted[3].address);
	assert_int_equal(symbol[AMI_SYM_page_pools], optional.address);
	assert_int_equal(symbol[AMI_SYM_dev_data_list], 0);
}

static void by_keys(void **state)
{
	struct made m;
	int rule;

	(void)state;
	for (rule = SIGNED_BASE; rule <= SELF_RELATIVE; rule++) {
		make(&m, rule);
		keys(&m, true);
		check(&m);
		image_free(m.img);
	}
}

static void by_shape(void **state)
{
	struct made m;
	int rule;

	(void)state;
	for (rule = SIGNED_BASE_LONG; rule <= SIGNED_BASE; rule++) {
		make(&m, rule);
		keys(&m, false);
		check(&m);
		image_free(m.img);
	}
}

/* Symbols with these names in place of the fillers from the first on. */
static void resolve_renamed(const struct symbol *more, size_t count,
			    uint64_t *found)
{
	struct symbol symbol[8];
	struct ami_error err;
	struct made m;

	memcpy(symbol, wanted, sizeof(wanted));
	memcpy(symbol + COUNT_WANTED, more, count * sizeof(*more));
	m.img = image_new(1 << 16);
	symbols_write(m.img, TABLES, SIGNED_BASE, symbol, COUNT_WANTED + count,
		      &m.at);
	keys(&m, true);
	assert_int_equal(resolve(&m, found, &err), 0);
	image_free(m.img);
}

/* Link-time optimisation gives static symbols a suffix. */
static void renamed(void **state)
{
	static const struct symbol clang[] = {
		{ "prb.llvm.8190732541", IMAGE_TEXT + 0x300000 },
		{ "init_state.lto_priv.0", IMAGE_TEXT + 0x300008 },
		{ "dev_data_list.cold", IMAGE_TEXT + 0x300010 },
	};
	static const struct symbol several[] = {
		{ "prb.llvm.1", IMAGE_TEXT + 0x300000 },
		{ "prb.llvm.2", IMAGE_TEXT + 0x300008 },
		{ "init_state.llvm.1", IMAGE_TEXT + 0x300010 },
		{ "init_state", IMAGE_TEXT + 0x300018 },
	};
	uint64_t symbol[AMI_NR_SYMBOLS];

	(void)state;
	resolve_renamed(clang, 3, symbol);
	assert_int_equal(symbol[AMI_SYM_prb], clang[0].address);
	assert_int_equal(symbol[AMI_SYM_init_state], clang[1].address);
	assert_int_equal(symbol[AMI_SYM_dev_data_list], 0);
	resolve_renamed(several, 4, symbol);
	assert_int_equal(symbol[AMI_SYM_prb], AMI_SYMBOL_UNREAD);
	assert_int_equal(symbol[AMI_SYM_init_state], several[3].address);
}

static void refused(struct made *m)
{
	uint64_t symbol[AMI_NR_SYMBOLS];
	struct ami_error err = { .status = AMI_OK };

	assert_int_equal(resolve(m, symbol, &err), -1);
	assert_int_equal(err.status, AMI_ERR_DATA);
	assert_int_equal(err.advice, AMI_ADVICE_VMLINUX);
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
	keys(&m, true);
	put(&m, m.at.num_syms, &huge, 4);
	refused(&m);

	make(&m, SIGNED_BASE);
	keys(&m, true);
	put(&m, m.at.base, &wrong, 8);
	refused(&m);

	make(&m, SIGNED_BASE);
	keys(&m, true);
	put(&m, m.at.names, &long_name, 1);
	refused(&m);

	make(&m, SIGNED_BASE);
	keys(&m, true);
	image_hide(m.img, to_phys(m.at.index) >> AMI_PAGE_SHIFT,
		   AMI_MEM_FILTERED);
	refused(&m);

	/* A symbol that cannot be read is not one that this kernel lacks. */
	make(&m, SIGNED_BASE);
	keys(&m, true);
	image_hide(m.img, to_phys(m.at.markers - 16) >> AMI_PAGE_SHIFT,
		   AMI_MEM_ERROR);
	image_hide(m.img, to_phys(m.at.markers - 16 - AMI_PAGE_SIZE) >>
		   AMI_PAGE_SHIFT, AMI_MEM_ERROR);
	refused(&m);

	make(&m, SIGNED_BASE);
	keys(&m, true);
	image_hide(m.img, to_phys(m.at.offsets + 4 * FILLER + 8) >>
		   AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	refused(&m);

	make(&m, SIGNED_BASE);
	keys(&m, false);
	put(&m, m.at.markers, &huge, 4);
	refused(&m);
}

/* An older extract has no address of what a newer version asks for. */
static void lacks_what_is_optional(void **state)
{
	uint64_t symbol[AMI_NR_SYMBOLS];
	struct ami_error err;
	struct made m;

	(void)state;
	make(&m, SIGNED_BASE);
	keys(&m, true);
	image_hide(m.img, to_phys(m.at.offsets + 4 * OPTIONAL) >>
		   AMI_PAGE_SHIFT, AMI_MEM_FILTERED);
	assert_int_equal(resolve(&m, symbol, &err), 0);
	assert_int_equal(symbol[AMI_SYM_page_pools], AMI_SYMBOL_UNREAD);
	assert_int_equal(symbol[AMI_SYM_block_class], 0);
	assert_int_equal(symbol[AMI_SYM_amd_iommu_list], wanted[1].address);
	image_free(m.img);
}

/*
 * Memory full of places where the names might begin, each with as many names
 * behind it as a real table has: the work must not be their product.
 */
#define HOSTILE_NAMES	(1u << 20)
#define HOSTILE_STEP	16u

static void many_places(void **state)
{
	static uint32_t marker[HOSTILE_NAMES / 256 + 16];
	struct { uint64_t base; uint32_t count, pad; } place = {
		UINT64_MAX << 8 | (HOSTILE_STEP - 1), sizeof(marker) / 4 * 256,
		0,
	};
	const uint64_t names = IMAGE_TEXT + (8u << 20);
	const uint64_t markers = names + HOSTILE_STEP * HOSTILE_NAMES;
	uint64_t symbol[AMI_NR_SYMBOLS], at;
	struct ami_error err;
	struct made m;
	clock_t start;
	size_t i;

	(void)state;
	m.img = image_new(1 << 16);
	keys(&m, false);
	for (i = 0; i < sizeof(marker) / sizeof(marker[0]); i++)
		marker[i] = i * (HOSTILE_STEP * 240u);
	for (at = names; at < markers; at += HOSTILE_STEP)
		put(&m, at, &place, sizeof(place));
	put(&m, markers, marker, sizeof(marker));
	symbols_tokens(m.img, markers + sizeof(marker), &m.at);
	start = clock();
	assert_int_equal(resolve(&m, symbol, &err), -1);
	assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
	image_free(m.img);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_keys),
		cmocka_unit_test(by_shape),
		cmocka_unit_test(renamed),
		cmocka_unit_test(damaged),
		cmocka_unit_test(lacks_what_is_optional),
		cmocka_unit_test(many_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
