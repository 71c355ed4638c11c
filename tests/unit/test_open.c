// SPDX-License-Identifier: GPL-2.0-or-later
/* What users name instead of a dump, and parts that do not fit together. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <amdiommu/fileio.h>
#include <amdiommu/headers.h>
#include "image.h"
#include <dump/kdumphdr.h>

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define RAM_PAGES	0x400u

struct place {
	char dir[32];
	char path[3][64];
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	size_t i;

	strcpy(p->dir, "/tmp/open.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	for (i = 0; i < COUNT(p->path); i++)
		snprintf(p->path[i], sizeof(p->path[i]), "%s/%zu", p->dir, i);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	size_t i;

	for (i = 0; i < COUNT(p->path); i++)
		unlink(p->path[i]);
	assert_int_equal(rmdir(p->dir), 0);
	free(p);
	return 0;
}

static void put(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_true(ami_file_write_at(fd, bytes, size, 0));
	close(fd);
}

static void refused(const char *const *paths, size_t count,
		    enum ami_status status, const char *words)
{
	struct ami_error err = { .status = AMI_OK };

	assert_null(ami_dump_open(paths, count, &err));
	if (err.status != status || !strstr(err.text, words))
		fail_msg("%d: %s, not %s", err.status, err.text, words);
}

static void not_dumps(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *words;
	} files[] = {
		{ "", 0, "is empty" },
		{ "K", 1, "is not a dump" },
		{ "#!/bin/sh\n", 10, "is not a dump" },
		{ "\x1f\x8b\x08\x00", 4, "gzip -d" },
		{ "\xfd" "7zXZ\x00", 6, "xz -d" },
		{ "\x28\xb5\x2f\xfd\x24", 5, "zstd -d" },
		{ "BZh91AY", 7, "bzip2 -d" },
		{ "\x7f" "ELF", 4, "ends within its header" },
		{ "KDUMP   ", 8, "ends within its header" },
		{ "makedumpfile\0\0\0\0", 16, "ends within its headers" },
		{ "\x04\x22\x4d\x18", 4, "lz4 -dc FILE" },
		{ "\x89LZO\0\r\n\x1a\n", 9, "lzop -dc FILE" },
		{ "ProblemType: KernelCrash\n", 25, "apport-unpack FILE" },
		{ "LibvirtQemudSave", 16, "virsh dump --memory-only" },
		{ "LibvirtQemudPart", 16, "virsh dump --memory-only" },
		{ "QEVM\0\0\0\3", 8, "dump-guest-memory" },
		{ "QFI\xfb\0\0\0\3", 8, "-loadvm SNAPSHOT" },
		{ "\xd2\xbe\xd2\xbe", 4, "vmss2core -N6 FILE" },
		{ "\xd0\xbe\xd2\xbe", 4, "vmss2core -N6 FILE" },
		{ "EMiL\1\0\0\0", 8, "LiME" },
		{ "AVML\2\0\0\0", 8, "AVML" },
		{ "Xen saved domain, xl format\n", 28, "hypervisor" },
		{ "\xed\xeb\x0f\xf0", 4, "hypervisor" },
		{ "DISKDUMP", 8, "diskdump" },
		{ "\xed\x23\x8f\x61\x73\x01\x19\xa8", 8, "LKCD" },
		{ "\xa8\x19\x01\x73\x61\x8f\x23\xfd", 8, "s390" },
		{ "PAGEDU64", 8, "Windows" },
		{ "MDMP\x93\xa7", 6, "minidump" },
		{ "[    0.000000] Linux version 6.1.0\n", 35, "kernel log" },
	};
	struct place *p = *state;
	const char *path = p->path[0];
	size_t i;

	for (i = 0; i < COUNT(files); i++) {
		put(path, files[i].bytes, files[i].size);
		refused(&path, 1, AMI_ERR_INPUT, files[i].words);
	}
}

static void deeper_magic(void **state)
{
	struct place *p = *state;
	const char *path = p->path[0];
	char head[1024] = "";

	memcpy(head + 0x202, "HdrS", 4);
	put(path, head, sizeof(head));
	refused(&path, 1, AMI_ERR_INPUT, "bzImage");
	memcpy(head + 257, "ustar", 5);
	put(path, head, sizeof(head));
	refused(&path, 1, AMI_ERR_INPUT, "tar xf FILE");
}

/* None of these may make us wait. */
static void not_files(void **state)
{
	struct place *p = *state;
	const char *path[] = {
		p->path[0], p->dir, "/dev/zero", p->path[1], "",
	};
	static const char *const words[] = {
		"is not a file", "is a directory", "is not a file",
		"No such file", "No such file",
	};
	size_t i;

	assert_int_equal(mkfifo(p->path[0], 0600), 0);
	for (i = 0; i < COUNT(path); i++)
		refused(&path[i], 1, AMI_ERR_INPUT, words[i]);
}

static void how_many_files(void **state)
{
	const char *many[65] = { "x" };

	(void)state;
	refused(many, 0, AMI_ERR_USAGE, "1 to 64 files");
	refused(many, COUNT(many), AMI_ERR_USAGE, "1 to 64 files");
}

static void put_elf(const char *path, uint64_t paddr)
{
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr load;
		uint8_t page[AMI_PAGE_SIZE];
	} elf = {
		.head = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				     ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_CORE, .e_machine = EM_X86_64,
			.e_phoff = sizeof(elf.head), .e_phnum = 1,
			.e_phentsize = sizeof(elf.load),
		},
		.load = {
			.p_type = PT_LOAD, .p_paddr = paddr,
			.p_offset = offsetof(typeof(elf), page),
			.p_filesz = AMI_PAGE_SIZE,
			.p_memsz = 3 * AMI_PAGE_SIZE,
		},
		.page = "the page",
	};

	put(path, &elf, sizeof(elf));
}

/* What tells that an ELF file is not the memory of a Linux x86-64 machine. */
static void other_elfs(void **state)
{
	static const struct {
		uint8_t class, data;
		uint16_t type, machine, sections;
		const char *words;
	} files[] = {
		{ ELFCLASS64, ELFDATA2LSB, ET_CORE, EM_AARCH64, 0, "arm64" },
		{ ELFCLASS64, ELFDATA2LSB, ET_CORE, EM_PPC64, 0, "ppc64" },
		{ ELFCLASS64, ELFDATA2MSB, ET_CORE, EM_S390 << 8, 0, "s390" },
		{ ELFCLASS32, ELFDATA2LSB, ET_CORE, EM_386, 0, "32-bit x86" },
		{ ELFCLASS32, ELFDATA2LSB, ET_CORE, EM_X86_64, 0,
		  "32-bit ELF headers" },
		{ ELFCLASS64, ELFDATA2LSB, ET_CORE, 9999, 0,
		  "another architecture; AMD" },
		{ ELFCLASS64, ELFDATA2LSB, ET_EXEC, EM_X86_64, 30,
		  "a program, not a dump" },
		{ ELFCLASS64, ELFDATA2LSB, ET_CORE, EM_X86_64, 7, "Xen" },
	};
	struct place *p = *state;
	const char *path = p->path[0];
	size_t i;

	for (i = 0; i < COUNT(files); i++) {
		Elf64_Ehdr head = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				     files[i].class, files[i].data },
			.e_type = files[i].type, .e_machine = files[i].machine,
			.e_shnum = files[i].sections,
		};
		bool known = files[i].machine == EM_X86_64 &&
			     files[i].class == ELFCLASS64;

		put(path, &head, sizeof(head));
		refused(&path, 1, known ? AMI_ERR_INPUT : AMI_ERR_DATA,
			files[i].words);
	}
}

static void put_elf_with_note(const char *path, const char *name,
			      uint32_t type)
{
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr note;
		uint32_t sizes[3];
		char name[16], text[4];
	} elf = {
		.head = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				     ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_CORE, .e_machine = EM_X86_64,
			.e_phoff = sizeof(elf.head), .e_phnum = 1,
			.e_phentsize = sizeof(elf.note),
		},
		.note = { .p_type = PT_NOTE,
			  .p_offset = offsetof(typeof(elf), sizes) },
		.sizes = { strlen(name) + 1, 4, type },
	};
	size_t named = (strlen(name) + 4) & ~3ull;

	strcpy(elf.name, name);
	elf.note.p_filesz = sizeof(elf.sizes) + named + 4;
	put(path, &elf, sizeof(elf));
}

static void other_cores(void **state)
{
	static const struct {
		const char *name;
		uint32_t type;
		enum ami_status status;
		const char *words;
	} notes[] = {
		{ "CORE", NT_AUXV, AMI_ERR_INPUT, "core dump of a process" },
		{ "CORE", NT_FILE, AMI_ERR_INPUT, "core dump of a process" },
		{ "CORE", NT_TASKSTRUCT, AMI_ERR_INPUT, "/proc/kcore" },
		{ "VMCOREINFO_XEN", 0, AMI_ERR_DATA, "xen-syms" },
		{ "CORE", NT_PRSTATUS, AMI_ERR_INPUT, "holds no memory" },
	};
	struct place *p = *state;
	const char *path = p->path[0];
	size_t i;

	for (i = 0; i < COUNT(notes); i++) {
		put_elf_with_note(path, notes[i].name, notes[i].type);
		refused(&path, 1, notes[i].status, notes[i].words);
	}
}

static void elf_dump(void **state)
{
	struct place *p = *state;
	const char *path[] = { p->path[0], p->path[0] };
	struct ami_error err;
	struct ami_dump *dump;
	char buf[9];

	put_elf(path[0], 0x5000);
	dump = ami_dump_open(path, 1, &err);
	assert_non_null(dump);
	assert_string_equal(ami_dump_info(dump)->format, "elf");
	assert_int_equal(ami_dump_info(dump)->max_pfn, 8);
	assert_int_equal(ami_dump_info(dump)->dump_level, -1);
	assert_null(ami_dump_vmcoreinfo(dump));
	assert_int_equal(ami_dump_read(dump, 0x5000, buf, 9), AMI_MEM_OK);
	assert_string_equal(buf, "the page");
	assert_int_equal(ami_dump_read(dump, 0x5ff8, buf, 9),
			 AMI_MEM_FILTERED);
	assert_int_equal(ami_dump_read(dump, 0x8000, buf, 9), AMI_MEM_ABSENT);
	ami_dump_close(dump);
	refused(path, 2, AMI_ERR_USAGE, "can be split");
	put_elf(path[0], UINT64_MAX);
	refused(path, 1, AMI_ERR_INPUT, "no memory with physical addresses");
}

/* A kdump file of page frames 0x10 .. 0x2f, each with its number. */
static void put_kdump(const char *path)
{
	struct image *img = image_new(RAM_PAGES);
	struct ami_dump *dump = image_dump(img);
	uint8_t page[AMI_PAGE_SIZE];
	uint64_t pfn;

	assert_int_equal(ami_dump_record(dump), 0);
	for (pfn = 0x10; pfn < 0x30; pfn++) {
		image_write64(img, pfn << AMI_PAGE_SHIFT, pfn);
		assert_int_equal(ami_dump_read(dump, pfn << AMI_PAGE_SHIFT,
					       page, sizeof(page)),
				 AMI_MEM_OK);
	}
	unlink(path);
	assert_int_equal(ami_extract_write(dump, path, NULL, NULL), 0);
	ami_dump_close(dump);
	image_free(img);
}

/* Its part with the page frames [@first, @end), of which @skip come before. */
static void put_part(const char *path, uint64_t first, uint64_t end,
		     unsigned int skip)
{
	struct kdump_page_desc desc[0x20];
	struct kdump_facts facts;
	uint64_t bounds[] = { first, end }, offset;
	int32_t split = 1;
	int fd;

	put_kdump(path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(kdump_facts_read(fd, "f", &facts, NULL), 0);
	offset = facts.bitmap + 2 * facts.bitmap_size;
	assert_true(ami_file_read_at(fd, desc, sizeof(desc), offset));
	assert_true(ami_file_write_at(fd, desc + skip, sizeof(desc) -
				  skip * sizeof(*desc), offset));
	offset = facts.header.block_size;
	assert_true(ami_file_write_at(fd, &split, 4, offset +
				  offsetof(struct kdump_sub_header, split)));
	assert_true(ami_file_write_at(fd, bounds, 16, offset +
				  offsetof(struct kdump_sub_header,
					   start_pfn_64)));
	kdump_facts_free(&facts);
	close(fd);
}

static void split_dump(void **state)
{
	struct place *p = *state;
	const char *whole[] = { p->path[1], p->path[0] };
	struct ami_error err;
	struct ami_dump *dump;
	uint64_t pfn, value;
	size_t n;

	put_part(p->path[0], 0, 0x18, 0);
	put_part(p->path[1], 0x18, RAM_PAGES, 8);
	for (n = 1; n <= 2; n++) {
		dump = ami_dump_open(whole, n, &err);
		assert_non_null(dump);
		assert_int_equal(ami_dump_info(dump)->incomplete, n == 1);
		assert_int_equal(ami_dump_ram_pages(dump), RAM_PAGES);
		for (pfn = 0x10; pfn < 0x30; pfn++) {
			enum ami_mem mem = ami_dump_read(dump, pfn <<
						AMI_PAGE_SHIFT, &value, 8);

			assert_int_equal(mem, n == 1 && pfn < 0x18 ?
					      AMI_MEM_ERROR : AMI_MEM_OK);
			if (mem == AMI_MEM_OK)
				assert_int_equal(value, pfn);
		}
		ami_dump_close(dump);
	}
}

static struct ami_headers *headers_of(const char *path, struct ami_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct ami_headers *h = ami_headers_read(fd, "f", err);

	close(fd);
	return h;
}

/* The same headers for hosts that read pages themselves. */
static void headers_for_hosts(void **state)
{
	struct place *p = *state;
	struct ami_headers *h;
	struct ami_error err;

	put_kdump(p->path[0]);
	h = headers_of(p->path[0], &err);
	assert_non_null(h);
	assert_string_equal(ami_headers_info(h)->format, "kdump");
	assert_int_equal(ami_headers_info(h)->max_pfn, RAM_PAGES);
	assert_true(ami_headers_ram(h, 0x10));
	assert_false(ami_headers_ram(h, RAM_PAGES));
	assert_true(ami_headers_valid(h, 0x10) == UINT64_MAX);
	assert_non_null(ami_headers_vmcoreinfo(h));
	assert_true(ami_headers_extract(h));	/* as it was written */
	ami_headers_free(h);

	put_elf(p->path[0], 0x3000);
	h = headers_of(p->path[0], &err);
	assert_non_null(h);
	assert_string_equal(ami_headers_info(h)->format, "elf");
	assert_true(ami_headers_ram(h, 3));
	assert_false(ami_headers_ram(h, 0x100000));
	assert_true(ami_headers_valid(h, 3) == UINT64_MAX);
	assert_null(ami_headers_vmcoreinfo(h));
	assert_false(ami_headers_extract(h));
	ami_headers_free(h);

	assert_null(headers_of("/dev/null", &err));
	assert_int_equal(err.status, AMI_ERR_DATA);
	assert_non_null(strstr(err.text, "neither"));
}

static void parts_of_nothing(void **state)
{
	struct place *p = *state;
	const char *paths[] = { p->path[0], p->path[1] };

	put_kdump(p->path[0]);
	put_kdump(p->path[1]);
	refused(paths, 2, AMI_ERR_USAGE, "not parts of one split dump");
	put_part(p->path[0], 0, 0x18, 0);
	refused(paths, 2, AMI_ERR_USAGE, "not parts of one split dump");
	put_part(p->path[1], 0x17, RAM_PAGES, 7);
	refused(paths, 2, AMI_ERR_USAGE, "name each part once");
	paths[1] = paths[0];
	refused(paths, 2, AMI_ERR_USAGE, "name each part once");
	paths[1] = p->path[1];
	put_elf(p->path[1], 0);
	refused(paths, 2, AMI_ERR_USAGE, "can be split");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(not_dumps),
		TEST(deeper_magic),
		TEST(not_files),
		TEST(other_elfs),
		TEST(other_cores),
		TEST(how_many_files),
		TEST(elf_dump),
		TEST(split_dump),
		TEST(headers_for_hosts),
		TEST(parts_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
