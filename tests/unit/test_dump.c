// SPDX-License-Identifier: GPL-2.0-or-later
/* Physical memory through the page cache: what is read, kept and refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define RAM_PAGES	2048u
#define CACHE_PAGES	512u	/* of lib/dump/handle.h */
#define PAGE(pfn)	((uint64_t)(pfn) << AMI_PAGE_SHIFT)

enum { FIRST = 0x10, HIDDEN = 0x13, BROKEN = 0x15, HOLE = 0x17 };

/* Each page starts with its number; some cannot be read. */
static struct image *machine(void)
{
	struct image *img = image_new(RAM_PAGES);
	uint64_t pfn;

	for (pfn = 0; pfn < RAM_PAGES; pfn++)
		image_write64(img, PAGE(pfn), pfn ^ 0x5a5a);
	image_hide(img, HIDDEN, AMI_MEM_FILTERED);
	image_hide(img, BROKEN, AMI_MEM_ERROR);
	image_hide(img, HOLE, AMI_MEM_ABSENT);
	return img;
}

static uint64_t number_of(struct ami_dump *dump, uint64_t pfn)
{
	uint64_t value = 0;

	assert_int_equal(ami_dump_read(dump, PAGE(pfn), &value, 8),
			 AMI_MEM_OK);
	return value ^ 0x5a5a;
}

static const struct {
	uint64_t paddr;
	size_t len;
	enum ami_mem mem;
} reads[] = {
	{ PAGE(FIRST), 0, AMI_MEM_OK },
	{ PAGE(FIRST), 1, AMI_MEM_OK },
	{ PAGE(FIRST), 4096, AMI_MEM_OK },
	{ PAGE(FIRST) + 4095, 2, AMI_MEM_OK },
	{ PAGE(FIRST) + 1, 3 * 4096 - 1, AMI_MEM_OK },
	/* the first page that is not there decides */
	{ PAGE(FIRST) + 1, 3 * 4096, AMI_MEM_FILTERED },
	{ PAGE(HIDDEN), 1, AMI_MEM_FILTERED },
	{ PAGE(HIDDEN) - 1, 2, AMI_MEM_FILTERED },
	{ PAGE(HIDDEN) - 1, 1, AMI_MEM_OK },
	{ PAGE(HIDDEN) + 4095, 2, AMI_MEM_FILTERED },
	{ PAGE(HIDDEN + 1), 4, AMI_MEM_OK },
	{ PAGE(BROKEN) - 8, 16, AMI_MEM_ERROR },
	{ PAGE(HOLE) + 8, 8, AMI_MEM_ABSENT },
	{ PAGE(BROKEN), 3 * 4096, AMI_MEM_ERROR },
	{ PAGE(BROKEN + 1), 2 * 4096, AMI_MEM_ABSENT },
	/* past the cache, page by page into the caller's buffer */
	{ PAGE(0x20), 16 * 4096, AMI_MEM_OK },
	{ PAGE(0x20) + 7, 17 * 4096, AMI_MEM_OK },
	{ PAGE(0), 32 * 4096, AMI_MEM_FILTERED },
	{ PAGE(BROKEN - 1), 20 * 4096, AMI_MEM_ERROR },
	{ PAGE(BROKEN + 1), 20 * 4096, AMI_MEM_ABSENT },
	/* the ends of memory and of arithmetic */
	{ PAGE(RAM_PAGES) - 1, 1, AMI_MEM_OK },
	{ PAGE(RAM_PAGES) - 1, 2, AMI_MEM_ABSENT },
	{ PAGE(RAM_PAGES), 1, AMI_MEM_ABSENT },
	{ 1ull << 52, 8, AMI_MEM_ABSENT },
	{ UINT64_MAX, 1, AMI_MEM_ABSENT },
	{ UINT64_MAX, 2, AMI_MEM_ABSENT },
	{ UINT64_MAX - 4095, 4096, AMI_MEM_ABSENT },
	{ UINT64_MAX - 4095, 20 * 4096, AMI_MEM_ABSENT },
	{ UINT64_MAX - 6, 8, AMI_MEM_ABSENT },
};

static void outcomes_stay_apart(void **state)
{
	static uint8_t buf[32 * AMI_PAGE_SIZE];
	struct image *img = machine();
	struct ami_dump *dump = image_dump(img);
	size_t i, round;

	(void)state;
	for (round = 0; round < 2; round++)
		for (i = 0; i < COUNT(reads); i++)
			assert_int_equal(ami_dump_read(dump, reads[i].paddr,
						       buf, reads[i].len),
					 reads[i].mem);
	ami_dump_close(dump);
	image_free(img);
}

static void bytes_are_right(void **state)
{
	static uint8_t once[20 * AMI_PAGE_SIZE], slow[20 * AMI_PAGE_SIZE];
	struct image *img = machine();
	struct ami_dump *dump = image_dump(img);
	size_t offset, i;

	(void)state;
	image_write(img, PAGE(0x31) - 3, "across", 6);
	for (offset = 0; offset < 4096; offset += 1365) {
		uint64_t paddr = PAGE(0x28) + offset;

		assert_int_equal(ami_dump_read(dump, paddr, once,
					       18 * AMI_PAGE_SIZE), AMI_MEM_OK);
		for (i = 0; i < 18 * AMI_PAGE_SIZE; i += 64)
			assert_int_equal(ami_dump_read(dump, paddr + i,
						       slow + i, 64),
					 AMI_MEM_OK);
		assert_memory_equal(once, slow, 18 * AMI_PAGE_SIZE);
		assert_memory_equal(once + 9 * AMI_PAGE_SIZE - offset - 3,
				    "across", 6);
	}
	ami_dump_close(dump);
	image_free(img);
}

/* More pages than the cache holds; one page is looked at all the time. */
static void eviction(void **state)
{
	struct image *img = machine();
	struct ami_dump *dump = image_dump(img);
	uint64_t pfn, round;

	(void)state;
	for (round = 0; round < 2; round++)
		for (pfn = 0x100; pfn < 0x100 + 3 * CACHE_PAGES; pfn++) {
			assert_int_equal(number_of(dump, pfn), pfn);
			assert_int_equal(number_of(dump, FIRST), FIRST);
		}
	assert_int_equal(image_reads(img, FIRST), 1);
	for (pfn = 0x100; pfn < 0x100 + 3 * CACHE_PAGES; pfn++)
		assert_int_equal(image_reads(img, pfn), 2);
	assert_int_equal(ami_dump_pages_read(dump), 2 * 3 * CACHE_PAGES + 1);
	ami_dump_close(dump);
	image_free(img);
}

static void a_page_that_fits_is_read_once(void **state)
{
	struct image *img = machine();
	struct ami_dump *dump = image_dump(img);
	uint64_t pfn, round;

	(void)state;
	for (round = 0; round < 3; round++)
		for (pfn = 0x100; pfn < 0x100 + CACHE_PAGES; pfn++)
			assert_int_equal(number_of(dump, pfn), pfn);
	for (pfn = 0x100; pfn < 0x100 + CACHE_PAGES; pfn++)
		assert_int_equal(image_reads(img, pfn), 1);
	ami_dump_close(dump);
	image_free(img);
}

static void borrowed_pages_stay(void **state)
{
	struct image *img = machine();
	struct ami_dump *dump = image_dump(img);
	const uint8_t *page, *again;
	enum ami_mem mem;
	uint64_t pfn;

	(void)state;
	page = ami_dump_page(dump, FIRST, &mem);
	assert_int_equal(mem, AMI_MEM_OK);
	again = ami_dump_page(dump, FIRST, &mem);
	assert_ptr_equal(page, again);
	ami_dump_unpage(dump, again);	/* still borrowed once */
	for (pfn = 0x100; pfn < 0x100 + 2 * CACHE_PAGES; pfn++)
		assert_int_equal(number_of(dump, pfn), pfn);
	assert_int_equal(*(const uint64_t *)page, FIRST ^ 0x5a5a);
	ami_dump_unpage(dump, page);
	for (pfn = 0x100; pfn < 0x100 + 2 * CACHE_PAGES; pfn++)
		assert_int_equal(number_of(dump, pfn), pfn);
	assert_int_equal(number_of(dump, FIRST), FIRST);
	assert_int_equal(image_reads(img, FIRST), 2);
	ami_dump_unpage(dump, NULL);
	ami_dump_close(dump);
	image_free(img);
}

static void no_page_to_borrow(void **state)
{
	static const enum ami_mem want[] = {
		[HIDDEN - FIRST] = AMI_MEM_FILTERED,
		[BROKEN - FIRST] = AMI_MEM_ERROR,
		[HOLE - FIRST] = AMI_MEM_ABSENT,
	};
	struct image *img = machine();
	struct ami_dump *dump = image_dump(img);
	const uint8_t *page;
	enum ami_mem mem;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(want); i++) {
		page = ami_dump_page(dump, FIRST + i, &mem);
		assert_int_equal(mem, want[i]);
		assert_int_equal(page != NULL, want[i] == AMI_MEM_OK);
		ami_dump_unpage(dump, page);
	}
	assert_null(ami_dump_page(dump, UINT64_MAX, &mem));
	assert_int_equal(mem, AMI_MEM_ABSENT);
	ami_dump_close(dump);
	image_free(img);
}

/* A caller that gives nothing back is refused, and others get on after. */
static void all_borrowed(void **state)
{
	static const uint8_t *page[CACHE_PAGES];
	struct image *img = machine();
	struct ami_dump *dump = image_dump(img);
	enum ami_mem mem;
	uint64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < CACHE_PAGES; i++) {
		page[i] = ami_dump_page(dump, 0x100 + i, &mem);
		assert_non_null(page[i]);
	}
	assert_null(ami_dump_page(dump, FIRST, &mem));
	assert_int_equal(mem, AMI_MEM_ERROR);
	assert_int_equal(ami_dump_read(dump, PAGE(FIRST), &value, 8),
			 AMI_MEM_ERROR);
	assert_int_equal(number_of(dump, 0x100), 0x100);
	for (i = 0; i < CACHE_PAGES; i++) {
		assert_int_equal(*(const uint64_t *)page[i],
				 (0x100 + i) ^ 0x5a5a);
		ami_dump_unpage(dump, page[i]);
	}
	assert_int_equal(number_of(dump, FIRST), FIRST);
	ami_dump_close(dump);
	image_free(img);
}

/* The machine again, by a host that says which granules are real. */
struct host {
	struct ami_dump *machine;
	uint64_t valid;		/* of page FIRST */
	bool interrupted;
	bool closed;
};

static enum ami_mem host_read(void *ctx, uint64_t pfn, uint8_t *page)
{
	struct host *host = ctx;

	return ami_dump_read(host->machine, PAGE(pfn), page, AMI_PAGE_SIZE);
}

static uint64_t host_valid(void *ctx, uint64_t pfn)
{
	return pfn == FIRST ? ((struct host *)ctx)->valid : UINT64_MAX;
}

static bool host_interrupted(void *ctx)
{
	return ((struct host *)ctx)->interrupted;
}

static void host_close(void *ctx)
{
	((struct host *)ctx)->closed = true;
}

static struct ami_dump *host_dump(struct host *host)
{
	static const struct ami_dump_ops ops = {
		.read_page = host_read, .valid = host_valid,
		.interrupted = host_interrupted, .close = host_close,
	};
	static const struct ami_range ram[] = { { 2, 3 }, { 9, 1 }, { 20, 4 } };
	static const struct ami_dump_info info = {
		.path = "host", .ram = ram, .nr_ram = COUNT(ram),
		.max_pfn = 24,
	};

	return ami_dump_new(&ops, host, &info);
}

static void partial_pages(void **state)
{
	static const struct {
		uint64_t valid;
		size_t offset, len;
		enum ami_mem mem;
	} cases[] = {
		{ 0x1, 0, 64, AMI_MEM_OK },
		{ 0x1, 63, 2, AMI_MEM_FILTERED },
		{ 0x1, 64, 1, AMI_MEM_FILTERED },
		{ 0x6, 64, 128, AMI_MEM_OK },
		{ 0x6, 63, 128, AMI_MEM_FILTERED },
		{ 0x6, 0, 4096, AMI_MEM_FILTERED },
		{ 1ull << 63, 4095, 1, AMI_MEM_OK },
		{ 1ull << 63, 4095, 2, AMI_MEM_OK },	/* and the next page */
		{ UINT64_MAX >> 1, 4032, 1, AMI_MEM_FILTERED },
		{ UINT64_MAX >> 1, 4032, 20 * 4096, AMI_MEM_FILTERED },
		{ UINT64_MAX >> 1, 0, 20 * 4096, AMI_MEM_FILTERED },
		{ UINT64_MAX, 0, 3 * 4096, AMI_MEM_OK },
		{ 0, 0, 1, AMI_MEM_FILTERED },
	};
	static uint8_t buf[20 * AMI_PAGE_SIZE];
	struct image *img = machine();
	struct host host = { .machine = image_dump(img) };
	size_t i, count;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct ami_dump *dump = host_dump(&host);
		bool ok = cases[i].mem == AMI_MEM_OK;
		enum ami_mem mem;

		host.valid = cases[i].valid;
		assert_int_equal(ami_dump_record(dump), 0);
		assert_int_equal(ami_dump_read(dump, PAGE(FIRST) +
					       cases[i].offset, buf,
					       cases[i].len), cases[i].mem);
		free(ami_dump_recorded(dump, &count));
		assert_int_equal(count > 0, ok);
		ami_dump_unpage(dump, ami_dump_page(dump, FIRST, &mem));
		assert_int_equal(mem, cases[i].valid == UINT64_MAX ?
				      AMI_MEM_OK : AMI_MEM_FILTERED);
		ami_dump_close(dump);
		assert_true(host.closed);
	}
	ami_dump_close(host.machine);
	image_free(img);
}

static void what_the_host_says(void **state)
{
	static const uint64_t in[] = { 2, 3, 4, 9, 20, 23 };
	static const uint64_t out[] = { 0, 1, 5, 8, 10, 19, 24, UINT64_MAX };
	struct host host = { .interrupted = false };
	struct ami_dump *dump = host_dump(&host);
	char value[8];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(in); i++)
		assert_true(ami_dump_ram(dump, in[i]));
	for (i = 0; i < COUNT(out); i++)
		assert_false(ami_dump_ram(dump, out[i]));
	assert_int_equal(ami_dump_ram_pages(dump), 8);
	assert_string_equal(ami_dump_info(dump)->path, "host");
	assert_false(ami_dump_interrupted(dump));
	host.interrupted = true;
	assert_true(ami_dump_interrupted(dump));
	/* no VMCOREINFO at all */
	assert_null(ami_dump_vmcoreinfo(dump));
	assert_false(ami_vmcoreinfo_get(dump, "OSRELEASE", value, 8));
	ami_dump_close(dump);
	ami_dump_close(NULL);
}

static void recording(void **state)
{
	static const struct ami_granules want[] = {
		{ FIRST, 0x3 }, { FIRST + 1, UINT64_MAX },
		{ HIDDEN - 1, 1ull << 63 }, { 0x40, 0x10 },
		{ 0x50, 1ull << 63 }, { 0x51, UINT64_MAX }, { 0x52, 0x3 },
	};
	struct image *img = machine();
	struct ami_dump *dump = image_dump(img);
	struct ami_granules *got;
	uint8_t buf[128], large[4096 + 66];
	enum ami_mem mem;
	size_t count, i;

	(void)state;
	assert_null(ami_dump_recorded(dump, &count));
	assert_false(ami_dump_recording(dump));
	assert_int_equal(ami_dump_record(dump), 0);
	assert_int_equal(ami_dump_record(dump), 0);
	assert_true(ami_dump_recording(dump));
	ami_dump_read(dump, PAGE(FIRST) + 60, buf, 8);
	ami_dump_unpage(dump, ami_dump_page(dump, FIRST + 1, &mem));
	/* what was read before it came to a page that is not there */
	ami_dump_read(dump, PAGE(HIDDEN) - 1, buf, 2);
	ami_dump_read(dump, PAGE(BROKEN), buf, 2);
	ami_dump_read(dump, PAGE(0x40) + 256, buf, 64);
	ami_dump_read(dump, PAGE(0x51) - 1, large, sizeof(large));
	ami_dump_read(dump, PAGE(0x60), buf, 0);
	ami_dump_record_pause(dump, true);
	ami_dump_record_pause(dump, true);
	ami_dump_read(dump, PAGE(0x41), buf, 64);
	ami_dump_record_pause(dump, false);
	ami_dump_read(dump, PAGE(0x41), buf, 64);
	ami_dump_record_pause(dump, false);
	got = ami_dump_recorded(dump, &count);
	assert_int_equal(count, COUNT(want));
	for (i = 0; i < count; i++) {
		assert_int_equal(got[i].pfn, want[i].pfn);
		assert_int_equal(got[i].mask, want[i].mask);
	}
	free(got);
	ami_dump_close(dump);
	image_free(img);
}

static void vmcoreinfo_lines(void **state)
{
	static const struct {
		const char *key, *value;
		int base;
		bool number;
		uint64_t expect;
	} lines[] = {
		{ "OSRELEASE", "6.1.0", 10, false, 0 },
		{ "SYMBOL(_stext)", "ffffffff81000000", 16, true,
		  0xffffffff81000000ull },
		{ "SYMBOL(_stex", NULL, 16, false, 0 },
		{ "NUMBER(phys_base)", "-1048576", 10, true, -1048576ull },
		{ "NUMBER(huge)", "99999999999999999999", 10, false, 0 },
		{ "NUMBER(none)", "", 10, false, 0 },
		{ "NUMBER(blank)", " 5", 10, false, 0 },
		{ "NUMBER(tail)", "5x", 10, false, 0 },
		{ "BASE", NULL, 10, false, 0 },
		{ "LAST", "12", 10, true, 12 },
	};
	struct image *img = image_new(1);
	struct ami_dump *dump = image_dump(img);
	char value[64];
	uint64_t number;
	size_t i;

	(void)state;
	image_vmcoreinfo(img, "OSRELEASE=6.1.0\nSYMBOL(_stext)="
			 "ffffffff81000000\nNUMBER(phys_base)=-1048576\n"
			 "NUMBER(huge)=99999999999999999999\nNUMBER(none)=\n"
			 "NUMBER(blank)= 5\nNUMBER(tail)=5x\nDATABASE=1\n"
			 "\n=\nLAST=12");
	for (i = 0; i < COUNT(lines); i++) {
		assert_int_equal(ami_vmcoreinfo_get(dump, lines[i].key, value,
						    sizeof(value)),
				 lines[i].value != NULL);
		if (lines[i].value)
			assert_string_equal(value, lines[i].value);
		number = 0;
		assert_int_equal(ami_vmcoreinfo_number(dump, lines[i].key,
						       lines[i].base, &number),
				 lines[i].number);
		if (lines[i].number)
			assert_int_equal(number, lines[i].expect);
	}
	/* a value that does not fit is not cut */
	assert_false(ami_vmcoreinfo_get(dump, "OSRELEASE", value, 5));
	assert_true(ami_vmcoreinfo_get(dump, "OSRELEASE", value, 6));
	ami_dump_close(dump);
	image_free(img);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes_stay_apart),
		cmocka_unit_test(bytes_are_right),
		cmocka_unit_test(eviction),
		cmocka_unit_test(a_page_that_fits_is_read_once),
		cmocka_unit_test(borrowed_pages_stay),
		cmocka_unit_test(no_page_to_borrow),
		cmocka_unit_test(all_borrowed),
		cmocka_unit_test(partial_pages),
		cmocka_unit_test(what_the_host_says),
		cmocka_unit_test(recording),
		cmocka_unit_test(vmcoreinfo_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
