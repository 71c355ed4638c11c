// SPDX-License-Identifier: GPL-2.0-or-later
/* Headers, notes and bitmaps of kdump files, also those that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include <amdiommu/fileio.h>
#include <dump/kdumphdr.h>
#include "kdumpwrite.h"
#include "unpack.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define HEADER(member)	offsetof(struct kdump_header, member)
#define SUB(member)	(4096 + offsetof(struct kdump_sub_header, member))

static const struct ami_range ram[] = {
	{ 0, 3 }, { 60, 10 }, { 32760, 16 }, { 70000, 1 },
};
static const struct ami_granules pages[] = {
	{ 0, UINT64_MAX }, { 2, 0x1 }, { 63, UINT64_MAX }, { 64, UINT64_MAX },
	{ 32767, UINT64_MAX }, { 32768, 0x8000 }, { 70000, UINT64_MAX },
};

/* Pages that do not shrink, so that each has a place of its own. */
static int noise(void *ctx, size_t index, uint8_t *page)
{
	uint32_t seed = index + 1;
	size_t i;

	(void)ctx;
	for (i = 0; i < AMI_PAGE_SIZE; i++) {
		seed = seed * 1664525 + 1013904223;
		page[i] = seed >> 24;
	}
	return 0;
}

static struct kdump_image image(void)
{
	return (struct kdump_image){
		.ram = ram, .nr_ram = COUNT(ram),
		.page = pages, .nr_pages = COUNT(pages),
		.max_pfn = 70001, .vmcoreinfo = "OSRELEASE=6.1.0\n",
		.release = "6.1.0", .dump_level = 31, .read = noise,
	};
}

static bool lost(int fd, struct kdump_facts *facts, uint64_t pfn)
{
	struct kdump_page_desc desc;

	return kdump_page_find(fd, facts, pfn, &desc) == AMI_MEM_ERROR;
}

static int write_image(const struct kdump_image *image)
{
	int fd = memfd_create("kdump", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(kdump_write(fd, image), KDUMP_WRITTEN);
	return fd;
}

static int good(void)
{
	struct kdump_image im = image();

	return write_image(&im);
}

static void all_is_told(void **state)
{
	static const char text[] = "OSRELEASE=6.1.0\n";
	struct kdump_facts facts;
	struct ramlist list = { .count = 0 };
	struct ami_error err;
	struct kdump_page_desc desc;
	int fd = good();
	const void *note;
	size_t size, i, found = 0;

	(void)state;
	assert_true(kdump_is(fd));
	assert_int_equal(kdump_facts_read(fd, "f", &facts, &err), 0);
	assert_int_equal(facts.max_pfn, 70001);
	assert_int_equal(facts.end_pfn, 70001);
	assert_int_equal(facts.sub.dump_level, 31);
	assert_false(facts.truncated);
	note = kdump_note_find(facts.notes, facts.notes_size, "VMCOREINFO", 0,
			       &size);
	assert_int_equal(size, strlen(text));
	assert_memory_equal(note, text, size);
	note = kdump_note_find(facts.notes, facts.notes_size,
			       EXTRACT_NOTE_NAME, EXTRACT_NOTE_TYPE, &size);
	assert_int_equal(size, 2 * sizeof(pages[0]));
	assert_memory_equal(note, &pages[1], sizeof(pages[0]));
	assert_int_equal(kdump_ram(fd, &facts, &list), 0);
	assert_int_equal(list.count, COUNT(ram));
	assert_memory_equal(list.range, ram, sizeof(ram));
	for (i = 0; i < 80000; i++) {
		enum ami_mem mem = kdump_page_find(fd, &facts, i, &desc);
		bool here = found < COUNT(pages) && i == pages[found].pfn;

		assert_int_equal(mem, here ? AMI_MEM_OK : AMI_MEM_FILTERED);
		found += here;
	}
	assert_int_equal(found, COUNT(pages));
	free(list.range);
	kdump_facts_free(&facts);
	close(fd);
}

static const struct {
	uint64_t offset, size, value;
	enum ami_status status;
} lies[] = {
	{ HEADER(header_version), 4, 0, AMI_ERR_INPUT },
	{ HEADER(header_version), 4, UINT32_MAX, AMI_ERR_INPUT },
	{ HEADER(header_version), 4, 7, AMI_OK },	/* may come */
	{ HEADER(utsname[4]), 8, 0x34366863726161, AMI_ERR_DATA },
	{ HEADER(utsname[4]), 8, 0x656c3436637070, AMI_ERR_DATA },
	{ HEADER(utsname[4]), 8, 0x7830393373, AMI_ERR_DATA },
	/* QEMU's "Unknown"; nothing at all; damage */
	{ HEADER(utsname[4]), 8, 0x6e776f6e6b6e55, AMI_OK },
	{ HEADER(utsname[4]), 8, 0, AMI_OK },
	{ HEADER(utsname[4]) + 6, 1, 'x', AMI_OK },
	{ HEADER(block_size), 4, 0, AMI_ERR_INPUT },
	{ HEADER(block_size), 4, 65536, AMI_ERR_INPUT },
	{ HEADER(sub_hdr_size), 4, 0, AMI_ERR_INPUT },
	{ HEADER(sub_hdr_size), 4, UINT32_MAX, AMI_ERR_INPUT },
	{ HEADER(sub_hdr_size), 4, INT32_MAX, AMI_ERR_INPUT },
	{ HEADER(bitmap_blocks), 4, 0, AMI_ERR_INPUT },
	{ HEADER(bitmap_blocks), 4, 1, AMI_ERR_INPUT },
	{ HEADER(bitmap_blocks), 4, 4, AMI_ERR_INPUT },	/* too few */
	{ HEADER(bitmap_blocks), 4, UINT32_MAX, AMI_ERR_INPUT },
	{ HEADER(bitmap_blocks), 4, 1u << 31, AMI_ERR_INPUT },
	{ HEADER(max_mapnr), 4, UINT32_MAX, AMI_ERR_INPUT },
	{ SUB(max_mapnr_64), 8, UINT64_MAX, AMI_ERR_INPUT },
	{ SUB(max_mapnr_64), 8, KDUMP_MAX_PFN + 1, AMI_ERR_INPUT },
	{ SUB(max_mapnr_64), 8, 3 * 32768 + 1, AMI_ERR_INPUT },
	{ SUB(max_mapnr_64), 8, 3 * 32768, AMI_OK },
	{ SUB(max_mapnr_64), 8, 0, AMI_OK },
	{ SUB(offset_note), 8, UINT64_MAX, AMI_ERR_INPUT },
	{ SUB(offset_note), 8, 1u << 20, AMI_ERR_INPUT },
	{ SUB(offset_note), 8, 0, AMI_OK },
	{ SUB(size_note), 8, UINT64_MAX, AMI_ERR_INPUT },
	{ SUB(size_note), 8, 1u << 20, AMI_ERR_INPUT },
	{ SUB(size_note), 8, KDUMP_MAX_NOTES + 1, AMI_ERR_INPUT },
	{ SUB(size_note), 8, 5, AMI_OK },
	{ SUB(size_note), 8, 0, AMI_OK },
	{ SUB(offset_vmcoreinfo), 8, UINT64_MAX, AMI_ERR_INPUT },
	{ SUB(size_vmcoreinfo), 8, UINT64_MAX, AMI_ERR_INPUT },
	/* one part of a split dump: without bounds it holds nothing */
	{ SUB(split), 4, 1, AMI_OK },
};

static void lies_are_refused(void **state)
{
	struct kdump_facts facts;
	struct ami_error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lies); i++) {
		int fd = good(), ret;

		assert_true(ami_file_write_at(fd, &lies[i].value, lies[i].size,
					  lies[i].offset));
		memset(&err, 0, sizeof(err));
		ret = kdump_facts_read(fd, "vmcore", &facts, &err);
		if (err.status != lies[i].status)
			fail_msg("lie %zu: status %d, %s", i, err.status,
				 err.text);
		assert_int_equal(ret, lies[i].status ? -1 : 0);
		assert_true(!ret || strstr(err.text, "vmcore"));
		kdump_facts_free(&facts);
		close(fd);
	}
}

static void older_versions(void **state)
{
	static const struct {
		int32_t version;
		int dump_level;
		uint64_t first, end;
		bool notes;
	} cases[] = {
		{ 1, 31, 0, 70001, false }, { 2, 31, 5, 9, false },
		{ 3, 31, 5, 9, false }, { 4, 31, 5, 9, true },
		{ 5, 31, 5, 9, true }, { 6, 31, 100, 200, true },
	};
	static const int32_t one = 1;
	static const uint64_t bounds[] = { 5, 9 }, wide[] = { 100, 200 };
	struct kdump_facts facts;
	struct ami_error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		int fd = good();

		assert_true(ami_file_write_at(fd, &cases[i].version, 4,
					  HEADER(header_version)));
		assert_true(ami_file_write_at(fd, &one, 4, SUB(split)));
		assert_true(ami_file_write_at(fd, bounds, 16, SUB(start_pfn)));
		assert_true(ami_file_write_at(fd, wide, 16, SUB(start_pfn_64)));
		assert_int_equal(kdump_facts_read(fd, "f", &facts, &err), 0);
		assert_int_equal(facts.sub.dump_level, cases[i].dump_level);
		assert_int_equal(facts.first_pfn, cases[i].first);
		assert_int_equal(facts.end_pfn, cases[i].end);
		assert_int_equal(facts.notes != NULL, cases[i].notes);
		kdump_facts_free(&facts);
		close(fd);
	}
}

/* Pages whose descriptor or data are not wholly in the file. */
static size_t lost_pages(int fd, struct kdump_facts *facts)
{
	size_t count = 0, i;

	for (i = 0; i < COUNT(pages); i++)
		count += lost(fd, facts, pages[i].pfn);
	assert_false(lost(fd, facts, 1));	/* never dumped */
	assert_false(lost(fd, facts, 65));
	assert_false(lost(fd, facts, UINT64_MAX));
	return count;
}

static void cut_off(void **state)
{
	struct kdump_facts facts;
	struct ami_error err;
	uint64_t whole, cut, data;
	int fd = good();

	(void)state;
	assert_int_equal(kdump_facts_read(fd, "f", &facts, &err), 0);
	whole = facts.size;
	data = whole - COUNT(pages) * AMI_PAGE_SIZE;
	kdump_facts_free(&facts);
	for (cut = 1; cut < whole; cut += 509) {
		uint64_t size = whole - cut;
		size_t fit = size < data ? 0 : (size - data) / AMI_PAGE_SIZE;

		assert_int_equal(ftruncate(fd, size), 0);
		memset(&err, 0, sizeof(err));
		if (kdump_facts_read(fd, "f", &facts, &err)) {
			assert_true(size < data);
			assert_int_equal(err.status, AMI_ERR_INPUT);
		} else {
			assert_true(facts.truncated);
			assert_int_equal(lost_pages(fd, &facts),
					 COUNT(pages) - fit);
		}
		kdump_facts_free(&facts);
	}
	close(fd);
}

/* A dump that makedumpfile had no room for has blank descriptors. */
static void blank_descriptor(void **state)
{
	static const struct kdump_page_desc blank;
	struct kdump_facts facts;
	struct ami_error err;
	int fd = good();

	(void)state;
	assert_int_equal(kdump_facts_read(fd, "f", &facts, &err), 0);
	assert_true(ami_file_write_at(fd, &blank, sizeof(blank), facts.bitmap +
				  2 * facts.bitmap_size + 3 * sizeof(blank)));
	assert_false(lost(fd, &facts, pages[2].pfn));
	assert_true(lost(fd, &facts, pages[3].pfn));
	assert_false(lost(fd, &facts, pages[4].pfn));
	kdump_facts_free(&facts);
	close(fd);
}

/* The descriptors of a part begin with its own first page. */
static void split_parts(void **state)
{
	static const int32_t one = 1;
	static const uint64_t bounds[] = { 63, 32768 };
	struct kdump_page_desc desc[3];
	struct kdump_facts facts;
	struct ami_error err;
	int fd = good();

	(void)state;
	assert_true(ami_file_write_at(fd, &one, 4, SUB(split)));
	assert_true(ami_file_write_at(fd, bounds, 16, SUB(start_pfn_64)));
	assert_int_equal(kdump_facts_read(fd, "f", &facts, &err), 0);
	assert_false(lost(fd, &facts, 63));
	assert_true(ami_file_read_at(fd, desc, sizeof(desc), facts.bitmap +
				 2 * facts.bitmap_size));
	desc[1].offset = UINT64_MAX;
	assert_true(ami_file_write_at(fd, desc, sizeof(desc), facts.bitmap +
				  2 * facts.bitmap_size));
	assert_false(lost(fd, &facts, 0));	/* of other parts */
	assert_false(lost(fd, &facts, 32768));
	assert_false(lost(fd, &facts, 63));
	assert_true(lost(fd, &facts, 64));
	assert_false(lost(fd, &facts, 32767));
	kdump_facts_free(&facts);
	close(fd);
}

/* Terabytes of holes cost neither disk nor time. */
static void sparse(void **state)
{
	static const struct ami_range far[] = {
		{ 0, 16 }, { KDUMP_MAX_PFN - 100, 100 },
	};
	static const struct ami_granules page[] = {
		{ 1, UINT64_MAX }, { KDUMP_MAX_PFN - 1, UINT64_MAX },
	};
	struct kdump_image im = image();
	struct kdump_facts facts;
	struct ami_error err;
	struct stat st;
	int fd;

	(void)state;
	im.ram = far;
	im.nr_ram = COUNT(far);
	im.page = page;
	im.nr_pages = COUNT(page);
	im.max_pfn = KDUMP_MAX_PFN;
	fd = write_image(&im);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size > 1ll << 32);
	assert_true(st.st_blocks * 512 < 1 << 20);
	close(fd);
	im.max_pfn++;
	fd = memfd_create("kdump", MFD_CLOEXEC);
	assert_int_equal(kdump_write(fd, &im), KDUMP_WRITE_TOO_BIG);
	assert_int_equal(kdump_facts_read(fd, "f", &facts, &err), -1);
	kdump_facts_free(&facts);
	close(fd);
}

/* RAM that the host did not list, before, between and behind what it did. */
static void ram_of_pages(void **state)
{
	static const struct ami_range listed[] = { { 4, 2 }, { 9, 1 } };
	static const struct ami_granules page[] = {
		{ 1, UINT64_MAX }, { 2, UINT64_MAX }, { 4, UINT64_MAX },
		{ 7, UINT64_MAX }, { 9, UINT64_MAX }, { 11, UINT64_MAX },
	};
	static const struct ami_range want[] = {
		{ 1, 2 }, { 4, 2 }, { 7, 1 }, { 9, 1 }, { 11, 1 },
	};
	struct kdump_image im = image();
	struct ramlist list = { .count = 0 };
	struct kdump_facts facts;
	struct ami_error err;
	int fd;

	(void)state;
	im.ram = listed;
	im.nr_ram = COUNT(listed);
	im.page = page;
	im.nr_pages = COUNT(page);
	im.max_pfn = 12;
	fd = write_image(&im);
	assert_int_equal(kdump_facts_read(fd, "f", &facts, &err), 0);
	assert_int_equal(kdump_ram(fd, &facts, &list), 0);
	assert_int_equal(list.count, COUNT(want));
	assert_memory_equal(list.range, want, sizeof(want));
	free(list.range);
	kdump_facts_free(&facts);
	close(fd);
}

/* Too many ranges: the gaps between the last ones count as RAM, none is lost. */
static void too_many_ranges(void **state)
{
	struct ramlist list = { .count = 0 };
	uint64_t i;

	(void)state;
	for (i = 0; i < RAMLIST_MAX; i++)
		assert_int_equal(ramlist_add(&list, 2 * i, 2 * i + 1), 0);
	assert_false(list.merged);
	for (; i < RAMLIST_MAX + 3; i++)
		assert_int_equal(ramlist_add(&list, 2 * i, 2 * i + 1), 0);
	assert_true(list.merged);
	assert_int_equal(list.count, RAMLIST_MAX);
	for (i = 0; i < RAMLIST_MAX + 3; i++)
		assert_true(ramlist_has(&list, 2 * i));
	assert_false(ramlist_has(&list, 2 * (RAMLIST_MAX - 1) - 1));
	assert_true(ramlist_has(&list, 2 * RAMLIST_MAX - 1));
	assert_false(ramlist_has(&list, 2 * i));
	free(list.range);
}

/* A RAM bitmap word by word against the same bits one by one. */
static void bitmap_words(void **state)
{
	static const uint64_t words[] = {
		0, UINT64_MAX, 1, 1ull << 63, 0x8000000000000001ull,
		0x7ffffffffffffffeull, 0x5555555555555555ull, 0xff00ff,
		UINT64_MAX << 1, UINT64_MAX >> 1,
	};
	uint64_t pfn;
	size_t a, b;

	(void)state;
	for (a = 0; a < COUNT(words); a++)
		for (b = 0; b < COUNT(words); b++) {
			uint64_t pair[] = { words[a], words[b] };
			struct ramlist list = { .count = 0 };
			struct kdump_facts facts;
			struct ami_error err;
			int fd = good();

			assert_int_equal(kdump_facts_read(fd, "f", &facts,
							  &err), 0);
			facts.max_pfn = 120;
			assert_true(ami_file_write_at(fd, pair, 16, facts.bitmap));
			assert_int_equal(kdump_ram(fd, &facts, &list), 0);
			for (pfn = 0; pfn < 130; pfn++)
				assert_int_equal(ramlist_has(&list, pfn),
						 pfn < 120 && (pair[pfn / 64] >>
							       pfn % 64 & 1));
			free(list.range);
			kdump_facts_free(&facts);
			close(fd);
		}
}

#define NOTE(namesz, descsz, type, ...) { namesz, descsz, type, __VA_ARGS__ }
#define VMCI 0x4f434d56u, 0x4e494552u, 0x00004f46u	/* "VMCOREINFO" */

static const struct {
	uint32_t words[16];
	size_t size;
	int64_t desc;	/* offset of the right descriptor, -1: none */
	size_t desc_size;
} notes[] = {
	{ NOTE(11, 4, 0, VMCI, 7), 28, 24, 4 },
	{ NOTE(11, 1, 0, VMCI, 7), 28, 24, 1 },
	{ NOTE(11, 0, 0, VMCI), 24, 24, 0 },
	{ NOTE(11, 4, 1, VMCI, 7), 28, -1, 0 },		/* other type */
	{ NOTE(10, 4, 0, VMCI, 7), 28, -1, 0 },		/* no NUL */
	{ NOTE(12, 4, 0, VMCI, 7), 28, -1, 0 },
	{ NOTE(11, 4, 0, VMCI, 7), 27, -1, 0 },		/* cut */
	{ NOTE(11, 5, 0, VMCI, 7), 28, -1, 0 },
	{ NOTE(11, UINT32_MAX, 0, VMCI, 7), 28, -1, 0 },
	{ NOTE(11, UINT32_MAX - 2, 0, VMCI, 7), 28, -1, 0 },
	{ NOTE(UINT32_MAX, 4, 0, VMCI, 7), 28, -1, 0 },
	{ NOTE(UINT32_MAX, UINT32_MAX, 0, VMCI, 7), 28, -1, 0 },
	{ NOTE(11, 4, 0, VMCI, 7), 11, -1, 0 },
	{ NOTE(11, 4, 0, VMCI, 7), 0, -1, 0 },
	/* empty notes before it */
	{ { 0, 0, 0, 0, 0, 9, 11, 4, 0, VMCI, 7 }, 52, 48, 4 },
	{ { 0, 2, 9, 5, 11, 4, 0, VMCI, 7 }, 44, 40, 4 },
};

static void hostile_notes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(notes); i++) {
		/* of the exact size: the sanitizer sees a byte too much */
		uint8_t *copy = malloc(notes[i].size + 1);
		const uint8_t *found;
		size_t size = 99;

		assert_non_null(copy);
		memmove(copy + 1, notes[i].words, notes[i].size);
		found = kdump_note_find(copy + 1, notes[i].size, "VMCOREINFO",
					0, &size);
		if (notes[i].desc < 0 && found)
			fail_msg("note %zu found", i);
		if (notes[i].desc >= 0) {
			assert_ptr_equal(found, copy + 1 + notes[i].desc);
			assert_int_equal(size, notes[i].desc_size);
		}
		free(copy);
	}
	assert_null(kdump_note_find(NULL, 0, "VMCOREINFO", 0, &i));
}

static uint8_t packed[5 * AMI_PAGE_SIZE];

/* A page of the letter a, packed in each of the ways. */
static size_t pack(uint32_t flags)
{
	static const uint8_t lzo[] = {
		/* 4 literals; a match of 4092 bytes at distance 1; the end */
		0x15, 'a', 'a', 'a', 'a',
		0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		4092 - 33 - 15 * 255, 0, 0, 0x11, 0, 0,
	};
	static const uint8_t zstd[] = {
		/* frame of 4096 bytes in one segment: one run of 4096 */
		0x28, 0xb5, 0x2f, 0xfd, 0x60, 0x00, 0x0f, 0x03, 0x80, 0x00,
		'a',
	};
	uLongf size = sizeof(packed);
	uint8_t page[AMI_PAGE_SIZE];
	unsigned int left;

	memset(page, 'a', sizeof(page));
	switch (flags) {
	case KDUMP_COMPRESSED_ZLIB:
		assert_int_equal(compress(packed, &size, page, sizeof(page)),
				 Z_OK);
		return size;
	case KDUMP_COMPRESSED_LZO:
		memcpy(packed, lzo, sizeof(lzo));
		return sizeof(lzo);
	case KDUMP_COMPRESSED_ZSTD:
		memcpy(packed, zstd, sizeof(zstd));
		return sizeof(zstd);
	case KDUMP_COMPRESSED_SNAPPY:
		/* 4096 bytes: a literal, then copies of 64 at distance 1 */
		memcpy(packed, "\x80\x20\x00" "a", 4);
		size = 4;
		for (left = 4095; left; left -= left < 64 ? left : 64) {
			packed[size++] = ((left < 64 ? left : 64) - 1) << 2 | 2;
			packed[size++] = 1;
			packed[size++] = 0;
		}
		return size;
	}
	memcpy(packed, page, sizeof(page));
	return sizeof(page);
}

static void ways_to_pack(void **state)
{
	static const uint32_t flags[] = {
		0, KDUMP_COMPRESSED_ZLIB, KDUMP_COMPRESSED_LZO,
		KDUMP_COMPRESSED_SNAPPY, KDUMP_COMPRESSED_ZSTD,
	};
	uint8_t page[AMI_PAGE_SIZE], want[AMI_PAGE_SIZE];
	size_t i, size, cut;

	(void)state;
	memset(want, 'a', sizeof(want));
	for (i = 0; i < COUNT(flags); i++) {
		size = pack(flags[i]);
		memset(page, 0, sizeof(page));
		if (!unpack_page(NULL, flags[i], packed, size, page))
			fail_msg("flags %x", flags[i]);
		assert_memory_equal(page, want, sizeof(page));
		for (cut = 0; cut < size; cut++)
			assert_false(unpack_page(NULL, flags[i], packed, cut,
						 page));
	}
	size = pack(0);
	assert_false(unpack_page(NULL, 0, packed, size + 1, page));
	assert_false(unpack_page(NULL, 3, packed, size, page));
	assert_false(unpack_page(NULL, 0x40, packed, size, page));
}

/* What is not exactly one page is refused, however it came about. */
static void not_one_page(void **state)
{
	static const size_t sizes[] = {
		0, 1, AMI_PAGE_SIZE - 1, AMI_PAGE_SIZE + 1, 4 * AMI_PAGE_SIZE,
	};
	static uint8_t bytes[4 * AMI_PAGE_SIZE];
	uint8_t page[AMI_PAGE_SIZE];
	uLongf size;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++) {
		size = sizeof(packed);
		assert_int_equal(compress(packed, &size, bytes, sizes[i]),
				 Z_OK);
		assert_false(unpack_page(NULL, KDUMP_COMPRESSED_ZLIB, packed,
					 size, page));
	}
}

/* A descriptor may claim any size; it is no size of ours. */
static void hostile_descriptors(void **state)
{
	static const struct kdump_page_desc descs[] = {
		{ .offset = 0, .size = UINT32_MAX },
		{ .offset = 0, .size = 2 * AMI_PAGE_SIZE + 1, .flags = 1 },
		{ .offset = 0, .size = 2 * AMI_PAGE_SIZE, .flags = 1 },
		{ .offset = 0, .size = AMI_PAGE_SIZE - 1 },
		{ .offset = 0, .size = 0, .flags = 1 },
		{ .offset = UINT64_MAX, .size = AMI_PAGE_SIZE },
		{ .offset = UINT64_MAX - 5, .size = AMI_PAGE_SIZE, .flags = 2 },
		{ .offset = 0, .size = AMI_PAGE_SIZE, .flags = UINT32_MAX },
	};
	uint8_t page[AMI_PAGE_SIZE];
	struct kdump_facts facts;
	struct ami_error err;
	int fd = good();
	size_t i;

	(void)state;
	assert_int_equal(kdump_facts_read(fd, "f", &facts, &err), 0);
	for (i = 0; i < COUNT(descs); i++) {
		assert_true(ami_file_write_at(fd, &descs[i], sizeof(descs[i]),
					  facts.bitmap + 2 * facts.bitmap_size));
		assert_int_equal(kdump_page_read(fd, &facts, NULL, 0, page),
				 AMI_MEM_ERROR);
		assert_int_equal(kdump_page_read(fd, &facts, NULL, 63, page),
				 AMI_MEM_OK);
	}
	kdump_facts_free(&facts);
	close(fd);
}

static void compression_names(void **state)
{
	static const struct {
		uint32_t status;
		const char *name;
	} cases[] = {
		{ 0, "" }, { 1, "zlib" }, { 2, "lzo" }, { 4, "snappy" },
		{ 8, "" }, { 9, "zlib" }, { 0x20, "zstd" }, { 0x10, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_string_equal(kdump_compression(cases[i].status),
				    cases[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_told),
		cmocka_unit_test(too_many_ranges),
		cmocka_unit_test(lies_are_refused),
		cmocka_unit_test(older_versions),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(blank_descriptor),
		cmocka_unit_test(split_parts),
		cmocka_unit_test(sparse),
		cmocka_unit_test(ram_of_pages),
		cmocka_unit_test(bitmap_words),
		cmocka_unit_test(hostile_notes),
		cmocka_unit_test(ways_to_pack),
		cmocka_unit_test(not_one_page),
		cmocka_unit_test(hostile_descriptors),
		cmocka_unit_test(compression_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
