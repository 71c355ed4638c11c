// SPDX-License-Identifier: GPL-2.0-or-later
/* ELF vmcores: what is in the file, what is RAM, what is neither. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "elfhdr.h"
#include <amdiommu/fileio.h>
#include <dump/kdumphdr.h>

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define DATA		0x10000u	/* where the segments' bytes start */

struct segment {
	uint64_t paddr, filesz, memsz, offset;
};

/* Byte at file offset DATA + n: tells the pages, and bytes within, apart. */
static uint8_t byte_at(uint64_t n)
{
	return n / AMI_PAGE_SIZE * 31 + n + 1;
}

static int elf_file(const struct segment *seg, size_t count, size_t data)
{
	Elf64_Ehdr head = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE, .e_machine = EM_X86_64,
		.e_version = EV_CURRENT, .e_phoff = sizeof(head),
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = count,
	};
	int fd = memfd_create("elf", MFD_CLOEXEC);
	uint8_t *bytes = malloc(data + 1);
	size_t i;

	assert_true(fd >= 0 && bytes);
	for (i = 0; i < data; i++)
		bytes[i] = byte_at(i);
	assert_true(ami_file_write_at(fd, bytes, data, DATA));
	free(bytes);
	assert_true(ami_file_write_at(fd, &head, sizeof(head), 0));
	for (i = 0; i < count; i++) {
		Elf64_Phdr ph = {
			.p_type = PT_LOAD, .p_paddr = seg[i].paddr,
			.p_filesz = seg[i].filesz, .p_memsz = seg[i].memsz,
			.p_offset = DATA + seg[i].offset,
		};

		assert_true(ami_file_write_at(fd, &ph, sizeof(ph),
					  sizeof(head) + i * sizeof(ph)));
	}
	return fd;
}

/* makedumpfile -E: p_memsz beyond p_filesz is what was left out. */
static const struct segment filtered[] = {
	{ 0x1000, 0x2000, 0x8000, 0 },
	{ 0x9000, 0x1000, 0x1000, 0x2000 },	/* right behind a hole */
	{ 0x20000, 0, 0x2000, 0 },
	{ 0x30000, 0x1000, 0, 0x3000 },
};

static const struct {
	uint64_t pfn;
	enum ami_mem mem;
	uint64_t data;
} filtered_pages[] = {
	{ 0x0, AMI_MEM_ABSENT, 0 }, { 0x1, AMI_MEM_OK, 0 },
	{ 0x2, AMI_MEM_OK, 0x1000 }, { 0x3, AMI_MEM_FILTERED, 0 },
	{ 0x8, AMI_MEM_FILTERED, 0 }, { 0x9, AMI_MEM_OK, 0x2000 },
	{ 0xa, AMI_MEM_ABSENT, 0 }, { 0x20, AMI_MEM_FILTERED, 0 },
	{ 0x21, AMI_MEM_FILTERED, 0 }, { 0x22, AMI_MEM_ABSENT, 0 },
	{ 0x30, AMI_MEM_OK, 0x3000 },
	{ (1ull << 40) + 1, AMI_MEM_ABSENT, 0 },
	{ (1ull << 52) + 1, AMI_MEM_ABSENT, 0 },
	{ UINT64_MAX, AMI_MEM_ABSENT, 0 },
};

static void filtered_is_not_zero(void **state)
{
	int fd = elf_file(filtered, COUNT(filtered), 0x4000);
	struct elf_facts elf;
	struct ami_error err;
	uint8_t page[AMI_PAGE_SIZE];
	size_t i, k;

	(void)state;
	assert_int_equal(elf_facts_read(fd, "f", &elf, &err), 0);
	assert_false(elf.truncated);
	for (i = 0; i < COUNT(filtered_pages); i++) {
		if (elf_read_page(&elf, fd, filtered_pages[i].pfn, page) !=
		    filtered_pages[i].mem)
			fail_msg("page %zu", i);
		if (filtered_pages[i].mem != AMI_MEM_OK)
			continue;
		assert_int_equal(elf_valid(&elf, filtered_pages[i].pfn),
				 UINT64_MAX);
		for (k = 0; k < AMI_PAGE_SIZE; k++)
			assert_int_equal(page[k], byte_at(filtered_pages[i].data
							  + k));
	}
	elf_facts_free(&elf);
	close(fd);
}

/* Order, overlap and odd bounds of segments. */
static const struct {
	const char *what;
	struct segment seg[3];
	size_t count;
	enum ami_mem mem;	/* of page 0x10 */
	uint64_t valid;
	size_t at;		/* offset in the page ... */
	uint64_t data;		/* ... whose byte comes from here */
} shapes[] = {
	{ "kernel text twice",
	  { { 0x10000, 0x1000, 0x1000, 0x1000 },
	    { 0x8000, 0x10000, 0x10000, 0x2000 } },
	  2, AMI_MEM_OK, UINT64_MAX, 0, 0xa000 },
	{ "the second has the rest",
	  { { 0x10000, 0x800, 0x1000, 0 }, { 0x10400, 0xc00, 0xc00, 0x4000 } },
	  2, AMI_MEM_OK, UINT64_MAX, 0x800, 0x4400 },
	{ "the first has no bytes",
	  { { 0x10000, 0, 0x1000, 0 }, { 0x10000, 0x1000, 0x1000, 0x40 } },
	  2, AMI_MEM_OK, UINT64_MAX, 0, 0x40 },
	{ "ends within a granule",
	  { { 0x10000, 0xff, 0x1000, 0 } },
	  1, AMI_MEM_OK, 0x7, 0xbf, 0xbf },
	{ "starts within a granule",
	  { { 0x10001, 0xfff, 0xfff, 0 } },
	  1, AMI_MEM_OK, ~1ull, 0x40, 0x3f },
	{ "two halves of a granule",
	  { { 0x10000, 0x20, 0x20, 0 }, { 0x10020, 0x20, 0x20, 0x100 } },
	  2, AMI_MEM_OK, 0x1, 0x20, 0x100 },
	{ "a gap within a granule",
	  { { 0x10000, 0x20, 0x20, 0 }, { 0x10021, 0x40, 0x40, 0x100 } },
	  2, AMI_MEM_FILTERED, 0, 0, 0 },
	{ "less than a granule",
	  { { 0x10010, 0x20, 0x20, 0 } },
	  1, AMI_MEM_FILTERED, 0, 0, 0 },
	{ "bytes at both ends",
	  { { 0xf000, 0x1040, 0x1040, 0 }, { 0x10fc0, 0x40, 0x40, 0x2000 } },
	  2, AMI_MEM_OK, 1ull << 63 | 1, 0xfc0, 0x2000 },
	{ "all beyond the file",
	  { { 0x10000, 0x1000, 0x1000, 0x20000 } },
	  1, AMI_MEM_ERROR, 0, 0, 0 },
	{ "half beyond the file",
	  { { 0x10000, 0x1000, 0x1000, 0x1f800 } },
	  1, AMI_MEM_OK, UINT64_MAX >> 32, 0x7ff, 0x1ffff },
	{ "offset overflows",
	  { { 0x10000, 0x1000, 0x1000, UINT64_MAX - DATA - 0x7ff } },
	  1, AMI_MEM_ERROR, 0, 0, 0 },
	{ "size overflows",
	  { { 0x10000, UINT64_MAX - 0x100, 0x1000, 0 },
	    { 0x10000, 0x1000, 0x1000, 0 } },
	  2, AMI_MEM_OK, UINT64_MAX, 1, 1 },
	{ "no physical address",
	  { { UINT64_MAX, 0x1000, 0x1000, 0 },
	    { 0x10000, 0x1000, 0x1000, 0x5000 } },
	  2, AMI_MEM_OK, UINT64_MAX, 0, 0x5000 },
};

static void shapes_of_segments(void **state)
{
	uint8_t page[AMI_PAGE_SIZE];
	struct elf_facts elf;
	struct ami_error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(shapes); i++) {
		int fd = elf_file(shapes[i].seg, shapes[i].count, 0x20000);

		assert_int_equal(elf_facts_read(fd, "f", &elf, &err), 0);
		if (elf_read_page(&elf, fd, 0x10, page) != shapes[i].mem ||
		    elf_valid(&elf, 0x10) != shapes[i].valid)
			fail_msg("%s", shapes[i].what);
		if (shapes[i].mem == AMI_MEM_OK)
			assert_int_equal(page[shapes[i].at],
					 byte_at(shapes[i].data));
		elf_facts_free(&elf);
		close(fd);
	}
}

static void cut_off(void **state)
{
	int fd = elf_file(filtered, COUNT(filtered), 0x4000);
	uint8_t page[AMI_PAGE_SIZE];
	uint64_t size;

	(void)state;
	for (size = DATA + 0x4000 - 1; size > DATA; size -= 1021) {
		struct elf_facts elf;
		struct ami_error err;
		enum ami_mem mem;

		assert_int_equal(ftruncate(fd, size), 0);
		assert_int_equal(elf_facts_read(fd, "f", &elf, &err), 0);
		assert_true(elf.truncated);
		mem = elf_read_page(&elf, fd, 0x30, page);
		if (size < DATA + 0x3000 + AMI_GRANULE) {
			assert_int_equal(mem, AMI_MEM_ERROR);
		} else {
			assert_int_equal(mem, AMI_MEM_OK);
			assert_int_equal(elf_valid(&elf, 0x30), (1ull <<
					 (size - DATA - 0x3000) / 64) - 1);
		}
		assert_int_equal(elf_read_page(&elf, fd, 0x3, page),
				 AMI_MEM_FILTERED);
		elf_facts_free(&elf);
	}
	close(fd);
}

static const struct {
	uint64_t offset, size, value;
	enum ami_status status;
} lies[] = {
	{ EI_CLASS, 1, ELFCLASS32, AMI_ERR_DATA },
	{ EI_DATA, 1, ELFDATA2MSB, AMI_ERR_DATA },
	{ offsetof(Elf64_Ehdr, e_machine), 2, EM_AARCH64, AMI_ERR_DATA },
	{ offsetof(Elf64_Ehdr, e_type), 2, ET_EXEC, AMI_ERR_INPUT },
	{ offsetof(Elf64_Ehdr, e_phentsize), 2, 0, AMI_ERR_INPUT },
	{ offsetof(Elf64_Ehdr, e_phentsize), 2, 32, AMI_ERR_INPUT },
	{ offsetof(Elf64_Ehdr, e_phoff), 8, UINT64_MAX, AMI_ERR_INPUT },
	{ offsetof(Elf64_Ehdr, e_phoff), 8, UINT64_MAX - 55, AMI_ERR_INPUT },
	{ offsetof(Elf64_Ehdr, e_phoff), 8, DATA + 0x4000, AMI_ERR_INPUT },
	{ offsetof(Elf64_Ehdr, e_phnum), 2, 0xfffe, AMI_ERR_INPUT },
	/* the number is in a section header, which is not there */
	{ offsetof(Elf64_Ehdr, e_phnum), 2, PN_XNUM, AMI_OK },
	{ offsetof(Elf64_Ehdr, e_phnum), 2, 0, AMI_OK },
};

static void lies_are_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(lies); i++) {
		int fd = elf_file(filtered, COUNT(filtered), 0x4000);
		struct ami_error err = { .status = AMI_OK };
		struct elf_facts elf;
		int ret;

		assert_true(ami_file_write_at(fd, &lies[i].value, lies[i].size,
					  lies[i].offset));
		ret = elf_facts_read(fd, "vmcore", &elf, &err);
		if (err.status != lies[i].status)
			fail_msg("lie %zu: %s", i, err.text);
		assert_int_equal(ret, lies[i].status ? -1 : 0);
		assert_true(!ret || strstr(err.text, "vmcore"));
		assert_int_equal(elf.ram.count, 0);
		elf_facts_free(&elf);
		close(fd);
	}
}

/* 65535 program headers and more: section 0 tells how many. */
static void many_headers(void **state)
{
	Elf64_Shdr section = { .sh_info = COUNT(filtered) };
	uint16_t xnum = PN_XNUM, entry = sizeof(section);
	uint64_t offset = DATA - sizeof(section);
	struct elf_facts elf;
	struct ami_error err;
	int fd = elf_file(filtered, COUNT(filtered), 0x4000);

	(void)state;
	assert_true(ami_file_write_at(fd, &xnum, 2,
				  offsetof(Elf64_Ehdr, e_phnum)));
	assert_true(ami_file_write_at(fd, &entry, 2,
				  offsetof(Elf64_Ehdr, e_shentsize)));
	assert_true(ami_file_write_at(fd, &offset, 8,
				  offsetof(Elf64_Ehdr, e_shoff)));
	assert_true(ami_file_write_at(fd, &section, sizeof(section), offset));
	assert_int_equal(elf_facts_read(fd, "f", &elf, &err), 0);
	assert_int_equal(elf.ram.count, 3);
	elf_facts_free(&elf);
	section.sh_info = UINT32_MAX;
	assert_true(ami_file_write_at(fd, &section, sizeof(section), offset));
	assert_int_equal(elf_facts_read(fd, "f", &elf, &err), -1);
	elf_facts_free(&elf);
	close(fd);
}

static void ram_is_merged(void **state)
{
	static const struct segment seg[] = {
		{ 0x5000, 0, 0x1000, 0 }, { 0x1000, 0, 0x1000, 0 },
		{ 0x2000, 0, 0x800, 0 }, { 0x2800, 0, 0x801, 0 },
		{ 0x10000, 0, 0x4000, 0 }, { 0x11000, 0, 0x1000, 0 },
		{ 0x7fff, 0, 2, 0 },
	};
	static const struct ami_range want[] = {
		{ 1, 3 }, { 5, 1 }, { 7, 2 }, { 0x10, 4 },
	};
	int fd = elf_file(seg, COUNT(seg), 0);
	struct elf_facts elf;
	struct ami_error err;

	(void)state;
	assert_int_equal(elf_facts_read(fd, "f", &elf, &err), 0);
	assert_int_equal(elf.ram.count, COUNT(want));
	assert_memory_equal(elf.ram.range, want, sizeof(want));
	elf_facts_free(&elf);
	close(fd);
}

/* The notes with VMCOREINFO are kept, wherever they come. */
static void notes(void **state)
{
	static const uint32_t info[] = {
		11, 4, 0, 0x4f434d56, 0x4e494552, 0x4f46, 0x31313131,
	};
	static const uint32_t other[] = { 4, 0, 1, 0x41414141 };
	static const struct {
		const void *bytes;
		uint64_t size, claim;
	} segs[] = {
		{ other, sizeof(other), sizeof(other) },
		{ info, sizeof(info), sizeof(info) },
		{ other, sizeof(other), sizeof(other) },
		{ other, sizeof(other), UINT64_MAX },
		{ other, sizeof(other), 1 << 20 },
	};
	/* the first stays; the others become notes */
	static const struct segment blank[1 + COUNT(segs)] = {
		{ 0x1000, 0x1000, 0x1000, 0 },
	};
	int fd = elf_file(blank, COUNT(blank), 0x4000);
	struct elf_facts elf;
	struct ami_error err;
	size_t i, size;

	(void)state;
	for (i = 0; i < COUNT(segs); i++) {
		Elf64_Phdr ph = {
			.p_type = PT_NOTE, .p_filesz = segs[i].claim,
			.p_offset = 0x8000 + 0x100 * i,
		};

		assert_true(ami_file_write_at(fd, &ph, sizeof(ph),
					  sizeof(Elf64_Ehdr) +
					  (1 + i) * sizeof(ph)));
		assert_true(ami_file_write_at(fd, segs[i].bytes, segs[i].size,
					  ph.p_offset));
	}
	assert_int_equal(elf_facts_read(fd, "f", &elf, &err), 0);
	assert_int_equal(elf.notes_size, sizeof(info));
	assert_non_null(kdump_note_find(elf.notes, elf.notes_size,
					"VMCOREINFO", 0, &size));
	elf_facts_free(&elf);
	close(fd);
}

/* All name one hole: what is read of them is no more than one may have. */
static void one_hole_as_notes(void **state)
{
	static const struct segment blank[400] = {
		{ 0x1000, 0x1000, 0x1000, 0 },
	};
	int fd = elf_file(blank, COUNT(blank), 0x10000);
	struct elf_facts elf;
	struct ami_error err;
	size_t i;

	(void)state;
	assert_int_equal(ftruncate(fd, 0x10000 + (16 << 20)), 0);
	for (i = 1; i < COUNT(blank); i++) {
		const Elf64_Phdr ph = {
			.p_type = PT_NOTE, .p_filesz = 16 << 20,
			.p_offset = 0x10000,
		};

		assert_true(ami_file_write_at(fd, &ph, sizeof(ph),
					  sizeof(Elf64_Ehdr) +
					  i * sizeof(ph)));
	}
	assert_int_equal(elf_facts_read(fd, "f", &elf, &err), 0);
	assert_int_equal(elf.notes_read, KDUMP_MAX_NOTES);
	elf_facts_free(&elf);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filtered_is_not_zero),
		cmocka_unit_test(shapes_of_segments),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(lies_are_refused),
		cmocka_unit_test(many_headers),
		cmocka_unit_test(ram_is_merged),
		cmocka_unit_test(notes),
		cmocka_unit_test(one_hole_as_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
