// SPDX-License-Identifier: GPL-2.0-or-later
/* An extract: what goes in, what stays out, what comes back. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libkdumpfile/kdumpfile.h>

#include <cmocka.h>

#include <amdiommu/fileio.h>
#include "image.h"
#include <dump/kdumphdr.h>

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define PAGE(pfn)	((uint64_t)(pfn) << AMI_PAGE_SHIFT)
#define RAM_PAGES	0x9000u		/* a bitmap of two blocks */
#define SECRET		"user data, not to leave the machine"

enum { WHOLE = 0x10, PARTLY = 0x12, ZERO = 0x20, ZERO2 = 0x8fff,
       HIDDEN = 0x30, HOLE = 0x31, NOISE = 0x8001 };

struct place {
	char dir[32], path[64], again[64];
	struct image *img;
};

static const char text[] =
	"OSRELEASE=6.1.0-test\nNUMBER(phys_base)=-4096\nCRASHTIME=1700000000\n"
	"PAGESIZE=4096\n";

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	unsigned int i;

	strcpy(p->dir, "/tmp/extract.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/one", p->dir);
	snprintf(p->again, sizeof(p->again), "%s/two", p->dir);
	p->img = image_new(RAM_PAGES);
	image_vmcoreinfo(p->img, text);
	image_write(p->img, PAGE(WHOLE) + 100, "whole page", 10);
	image_write(p->img, PAGE(WHOLE) + 4086, "nextname", 8);
	image_write(p->img, PAGE(PARTLY), "header", 6);
	image_write(p->img, PAGE(PARTLY) + 192, "kept", 4);
	image_write(p->img, PAGE(PARTLY) + 256, SECRET, sizeof(SECRET));
	srandom(1);
	for (i = 0; i < AMI_PAGE_SIZE; i += 4)
		image_write32(p->img, PAGE(NOISE) + i, random() * 2654435761u);
	image_hide(p->img, HIDDEN, AMI_MEM_FILTERED);
	image_hide(p->img, HOLE, AMI_MEM_ABSENT);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	unlink(p->path);
	unlink(p->again);
	assert_int_equal(rmdir(p->dir), 0);	/* nothing else was left */
	image_free(p->img);
	free(p);
	return 0;
}

/* As an analysis does: whole pages and pieces. */
static void analyse(struct ami_dump *dump)
{
	uint8_t buf[AMI_PAGE_SIZE];

	assert_int_equal(ami_dump_record(dump), 0);
	assert_int_equal(ami_dump_read(dump, PAGE(WHOLE), buf, 4096),
			 AMI_MEM_OK);
	assert_int_equal(ami_dump_read(dump, PAGE(PARTLY), buf, 6),
			 AMI_MEM_OK);
	assert_int_equal(ami_dump_read(dump, PAGE(PARTLY) + 192, buf, 4),
			 AMI_MEM_OK);
	assert_int_equal(ami_dump_read(dump, PAGE(ZERO), buf, 4096),
			 AMI_MEM_OK);
	assert_int_equal(ami_dump_read(dump, PAGE(ZERO2), buf, 4096),
			 AMI_MEM_OK);
	assert_int_equal(ami_dump_read(dump, PAGE(NOISE), buf, 4096),
			 AMI_MEM_OK);
	assert_int_equal(ami_dump_read(dump, PAGE(HIDDEN), buf, 64),
			 AMI_MEM_FILTERED);
	assert_int_equal(ami_dump_read(dump, PAGE(HOLE + 1), buf, 4096),
			 AMI_MEM_OK);
	ami_dump_withhold(dump, PAGE(WHOLE) + 4090, 12);
	ami_dump_withhold(dump, PAGE(NOISE), 0);
}

static void extract(struct ami_dump *dump, const char *path)
{
	struct ami_error err = { .status = AMI_OK };

	analyse(dump);
	if (ami_extract_write(dump, path, NULL, &err))
		fail_msg("%s", err.text);
	assert_int_equal(err.status, AMI_OK);
	ami_dump_close(dump);
}

static struct ami_dump *open_dump(const char *path)
{
	struct ami_error err;
	struct ami_dump *dump = ami_dump_open(&path, 1, &err);

	if (!dump)
		fail_msg("%s", err.text);
	return dump;
}

static void comes_back(void **state)
{
	static const struct {
		uint64_t paddr;
		size_t len;
		enum ami_mem mem;
		const char *bytes;
	} reads[] = {
		{ PAGE(WHOLE) + 100, 10, AMI_MEM_OK, "whole page" },
		{ PAGE(WHOLE), 4096, AMI_MEM_OK, NULL },
		{ PAGE(PARTLY), 6, AMI_MEM_OK, "header" },
		{ PAGE(PARTLY) + 192, 4, AMI_MEM_OK, "kept" },
		{ PAGE(PARTLY), 65, AMI_MEM_FILTERED, NULL },
		{ PAGE(PARTLY) + 256, 1, AMI_MEM_FILTERED, NULL },
		{ PAGE(PARTLY), 4096, AMI_MEM_FILTERED, NULL },
		{ PAGE(ZERO), 4096, AMI_MEM_OK, "" },
		{ PAGE(ZERO2), 4096, AMI_MEM_OK, "" },
		{ PAGE(WHOLE) + 4086, 10, AMI_MEM_OK, "next" },
		/* asked for, but in no dump; and the zeros behind them */
		{ PAGE(HIDDEN), 1, AMI_MEM_FILTERED, NULL },
		{ PAGE(HOLE), 1, AMI_MEM_FILTERED, NULL },
		{ PAGE(HOLE + 1), 4096, AMI_MEM_OK, "" },
		/* never looked at */
		{ PAGE(1), 8, AMI_MEM_FILTERED, NULL },
		{ PAGE(RAM_PAGES - 2), 8, AMI_MEM_FILTERED, NULL },
		{ PAGE(RAM_PAGES), 8, AMI_MEM_ABSENT, NULL },
		{ 1ull << 52, 8, AMI_MEM_ABSENT, NULL },
	};
	struct place *p = *state;
	struct ami_dump *dump;
	char buf[AMI_PAGE_SIZE];
	size_t i;

	extract(image_dump(p->img), p->path);
	dump = open_dump(p->path);
	for (i = 0; i < COUNT(reads); i++) {
		if (ami_dump_read(dump, reads[i].paddr, buf, reads[i].len) !=
		    reads[i].mem)
			fail_msg("read %zu", i);
		if (reads[i].bytes)
			assert_memory_equal(buf, reads[i].bytes,
					    strlen(reads[i].bytes) ?: 1);
	}
	/* withheld */
	assert_int_equal(ami_dump_read(dump, PAGE(WHOLE) + 4090, buf, 6),
			 AMI_MEM_OK);
	assert_memory_equal(buf, "\0\0\0\0\0", 6);
	ami_dump_close(dump);
}

static void noise_comes_back(void **state)
{
	struct place *p = *state;
	struct ami_dump *from = image_dump(p->img), *dump;
	uint8_t a[AMI_PAGE_SIZE], b[AMI_PAGE_SIZE];

	assert_int_equal(ami_dump_read(from, PAGE(NOISE), a, sizeof(a)), 0);
	extract(from, p->path);
	dump = open_dump(p->path);
	assert_int_equal(ami_dump_read(dump, PAGE(NOISE), b, sizeof(b)), 0);
	assert_memory_equal(a, b, sizeof(a));
	ami_dump_close(dump);
}

static void says_what_it_is(void **state)
{
	struct place *p = *state;
	const struct ami_dump_info *info;
	struct kdump_facts facts;
	struct ami_error err;
	struct ami_dump *dump;
	struct stat st;
	int fd;

	extract(image_dump(p->img), p->path);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	dump = open_dump(p->path);
	info = ami_dump_info(dump);
	assert_string_equal(info->format, "extract");
	assert_string_equal(info->compression, "zlib");
	assert_string_equal(ami_dump_vmcoreinfo(dump), text);
	assert_int_equal(info->max_pfn, RAM_PAGES);
	assert_int_equal(ami_dump_ram_pages(dump), RAM_PAGES);
	assert_false(info->incomplete || info->truncated || info->flattened);
	assert_int_equal(info->dump_level, 0);	/* unknown is not "all" */
	ami_dump_close(dump);
	fd = open(p->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(kdump_facts_read(fd, "f", &facts, &err), 0);
	assert_string_equal(facts.header.utsname[2], "6.1.0-test");
	assert_string_equal(facts.header.utsname[4], "x86_64");
	assert_int_equal(facts.header.header_version, 6);
	assert_int_equal(facts.header.timestamp[0], 1700000000);
	assert_int_equal(facts.sub.phys_base, -4096ull);
	assert_int_equal(facts.sub.size_vmcoreinfo, strlen(text));
	kdump_facts_free(&facts);
	close(fd);
}

static void copy_file(const char *path, uint8_t **bytes, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*size = ami_file_size(fd);
	*bytes = malloc(*size);
	assert_true(*size && *bytes);
	assert_true(ami_file_read_at(fd, *bytes, *size, 0));
	close(fd);
}

static void twice_is_the_same(void **state)
{
	struct place *p = *state;
	uint8_t *one, *two;
	size_t size1, size2;

	extract(image_dump(p->img), p->path);
	extract(open_dump(p->path), p->again);
	copy_file(p->path, &one, &size1);
	copy_file(p->again, &two, &size2);
	assert_int_equal(size1, size2);
	assert_memory_equal(one, two, size1);
	free(one);
	free(two);
}

/* The bytes themselves, as any other program reads them. */
static void nothing_leaks(void **state)
{
	struct place *p = *state;
	uint8_t page[AMI_PAGE_SIZE], want[AMI_PAGE_SIZE] = "header";
	size_t len = sizeof(page);
	kdump_ctx_t *ctx;
	int fd;

	extract(image_dump(p->img), p->path);
	memcpy(want + 192, "kept", 4);
	fd = open(p->path, O_RDONLY | O_CLOEXEC);
	ctx = kdump_new();
	assert_int_equal(kdump_open_fd(ctx, fd), KDUMP_OK);
	assert_int_equal(kdump_read(ctx, KDUMP_MACHPHYSADDR, PAGE(PARTLY),
				    page, &len), KDUMP_OK);
	assert_memory_equal(page, want, sizeof(page));
	kdump_free(ctx);
	close(fd);
}

static void zero_pages_share(void **state)
{
	/* in the order of the page frames: WHOLE, PARTLY, ZERO, HOLE + 1,
	 * NOISE, ZERO2 */
	struct place *p = *state;
	struct kdump_page_desc desc[6];
	struct kdump_facts facts;
	struct ami_error err;
	int fd;

	extract(image_dump(p->img), p->path);
	fd = open(p->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(kdump_facts_read(fd, "f", &facts, &err), 0);
	assert_true(ami_file_read_at(fd, desc, sizeof(desc), facts.bitmap +
				 2 * facts.bitmap_size));
	assert_memory_equal(&desc[2], &desc[3], sizeof(desc[2]));
	assert_memory_equal(&desc[2], &desc[5], sizeof(desc[2]));
	assert_int_not_equal(desc[1].offset, desc[2].offset);
	assert_int_equal(desc[0].flags, KDUMP_COMPRESSED_ZLIB);
	assert_true(desc[0].size < AMI_PAGE_SIZE);
	/* stored, because it does not shrink */
	assert_int_equal(desc[4].flags, 0);
	assert_int_equal(desc[4].size, AMI_PAGE_SIZE);
	assert_int_equal(facts.size, desc[4].offset + desc[4].size);
	kdump_facts_free(&facts);
	close(fd);
}

static void no_extract(struct ami_dump *dump, const char *path,
		       enum ami_status status, const char *word)
{
	struct ami_error err = { .status = AMI_OK };

	assert_int_equal(ami_extract_write(dump, path, NULL, &err), -1);
	assert_int_equal(err.status, status);
	if (!strstr(err.text, word))
		fail_msg("%s", err.text);
}

static void existing_files_stay(void **state)
{
	struct place *p = *state;
	struct ami_dump *dump = image_dump(p->img);
	char link[96], buf[8] = "";
	int fd = open(p->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, "vmcore", 6), 6);
	close(fd);
	snprintf(link, sizeof(link), "%s/link", p->dir);
	assert_int_equal(symlink("/dev/null", link), 0);
	analyse(dump);
	no_extract(dump, p->path, AMI_ERR_OUTPUT, "exists already");
	no_extract(dump, link, AMI_ERR_OUTPUT, "exists already");
	no_extract(dump, p->dir, AMI_ERR_OUTPUT, "is a directory");
	no_extract(dump, "/nonexistent/x", AMI_ERR_OUTPUT, "No such file");
	ami_dump_close(dump);
	fd = open(p->path, O_RDONLY | O_CLOEXEC);
	assert_true(ami_file_read_at(fd, buf, 6, 0));
	assert_string_equal(buf, "vmcore");
	assert_int_equal(ami_file_size(fd), 6);
	close(fd);
	unlink(link);
}

static void nothing_to_extract(void **state)
{
	struct place *p = *state;
	uint8_t page[64];
	struct ami_dump *dump = image_dump(p->img);

	no_extract(dump, p->path, AMI_ERR_MEMORY, "list of pages");
	assert_int_equal(ami_dump_record(dump), 0);
	no_extract(dump, p->path, AMI_ERR_DATA, "nothing was read");
	assert_int_equal(ami_dump_read(dump, PAGE(HIDDEN), page, 64),
			 AMI_MEM_FILTERED);
	no_extract(dump, p->path, AMI_ERR_DATA, "nothing was read");
	ami_dump_close(dump);
}

/* A host in which reading stops working after a while. */
struct host {
	struct ami_dump *machine;
	int left;		/* reads until something happens */
	bool interrupts;
	bool vmcoreinfo;
};

static enum ami_mem host_read(void *ctx, uint64_t pfn, uint8_t *page)
{
	struct host *host = ctx;

	if (host->left-- <= 0 && !host->interrupts)
		return AMI_MEM_ERROR;
	return ami_dump_read(host->machine, PAGE(pfn), page, AMI_PAGE_SIZE);
}

static bool host_interrupted(void *ctx)
{
	struct host *host = ctx;

	return host->interrupts && host->left <= 0;
}

static const char *host_vmcoreinfo(void *ctx)
{
	return ((struct host *)ctx)->vmcoreinfo ? text : NULL;
}

static struct ami_dump *host_dump(struct host *host)
{
	static const struct ami_dump_ops ops = {
		.read_page = host_read, .interrupted = host_interrupted,
		.vmcoreinfo = host_vmcoreinfo,
	};
	static const struct ami_range ram = { 0, RAM_PAGES };
	static const struct ami_dump_info info = {
		.path = "host", .ram = &ram, .nr_ram = 1, .dump_level = 31,
	};

	return ami_dump_new(&ops, host, &info);
}

/* Fewer pages fit into the cache than are read: each is read again. */
static void read_many(struct ami_dump *dump)
{
	static uint8_t buf[600 * AMI_PAGE_SIZE];

	assert_int_equal(ami_dump_record(dump), 0);
	assert_int_equal(ami_dump_read(dump, 0x1000 * AMI_PAGE_SIZE, buf,
				       sizeof(buf)), AMI_MEM_OK);
}

static void failures_leave_nothing(void **state)
{
	static const struct {
		int reads;	/* 600 of the analysis, 600, 600 to write */
		bool interrupts;
		bool vmcoreinfo;
		enum ami_status status;
		const char *word;
	} cases[] = {
		{ 700, true, true, AMI_ERR_INTERRUPTED, "interrupted" },
		{ 1300, true, true, AMI_ERR_INTERRUPTED, "interrupted" },
		{ 1300, false, true, AMI_ERR_INPUT, "changed" },
		{ 600, false, true, AMI_ERR_DATA, "nothing was read" },
		{ 5000, false, false, AMI_ERR_DATA, "VMCOREINFO" },
	};
	struct place *p = *state;
	struct ami_dump *machine = image_dump(p->img);
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct host host = { machine, cases[i].reads,
				     cases[i].interrupts,
				     cases[i].vmcoreinfo };
		struct ami_dump *dump = host_dump(&host);

		read_many(dump);
		no_extract(dump, p->path, cases[i].status, cases[i].word);
		assert_int_equal(access(p->path, F_OK), -1);
		ami_dump_close(dump);
	}
	ami_dump_close(machine);
}

static void no_room(void **state)
{
	struct place *p = *state;
	struct ami_dump *dump = image_dump(p->img);
	struct rlimit old, small;

	analyse(dump);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 28 << 10;	/* headers and bitmaps, not the pages */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	no_extract(dump, p->path, AMI_ERR_OUTPUT, "nothing of it remains");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(access(p->path, F_OK), -1);
	no_extract(dump, "/proc/extract", AMI_ERR_OUTPUT, "cannot create");
	ami_dump_close(dump);
}

/* The last page, which is NOISE, goes missing on the way. */
static void damage_is_passed_on(void **state)
{
	struct place *p = *state;
	struct ami_dump *machine = image_dump(p->img), *dump;
	struct host host = { machine, 5000, false, true };
	uint8_t page[AMI_PAGE_SIZE];
	struct stat st;
	uint64_t pfn;

	extract(host_dump(&host), p->path);
	ami_dump_close(machine);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(truncate(p->path, st.st_size - 1), 0);
	dump = open_dump(p->path);
	assert_true(ami_dump_info(dump)->truncated);
	assert_false(ami_dump_info(dump)->incomplete);
	assert_int_equal(ami_dump_info(dump)->dump_level, 31);
	assert_int_equal(ami_dump_read(dump, PAGE(NOISE), page, sizeof(page)),
			 AMI_MEM_ERROR);
	assert_int_equal(ami_dump_record(dump), 0);
	for (pfn = 0; pfn < RAM_PAGES; pfn++)
		ami_dump_read(dump, PAGE(pfn), page, sizeof(page));
	assert_int_equal(ami_extract_write(dump, p->again, NULL, NULL), 0);
	ami_dump_close(dump);
	dump = open_dump(p->again);
	assert_true(ami_dump_info(dump)->incomplete);
	assert_false(ami_dump_info(dump)->truncated);
	assert_int_equal(ami_dump_info(dump)->dump_level, 31);
	assert_int_equal(ami_dump_read(dump, PAGE(WHOLE), page, sizeof(page)),
			 AMI_MEM_OK);
	assert_int_equal(ami_dump_read(dump, PAGE(NOISE), page, sizeof(page)),
			 AMI_MEM_FILTERED);
	ami_dump_close(dump);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(comes_back),
		TEST(noise_comes_back),
		TEST(says_what_it_is),
		TEST(twice_is_the_same),
		TEST(nothing_leaks),
		TEST(zero_pages_share),
		TEST(existing_files_stay),
		TEST(nothing_to_extract),
		TEST(failures_leave_nothing),
		TEST(no_room),
		TEST(damage_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
