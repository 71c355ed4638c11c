// SPDX-License-Identifier: GPL-2.0-or-later
/* The parts of the makedumpfile filter: command line, stream, decisions, watch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <endian.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmdline.h"
#include "decide.h"
#include "guard.h"
#include "host.h"
#include "spare.h"
#include "stream.h"
#include "watch.h"

/* --- command line ---------------------------------------------------------------- */

static const struct line {
	const char *words;
	enum job_kind kind;
	const char *input, *output;
	int parts;
} lines[] = {
	{ "vmcore dump", JOB_FILE, "vmcore", "dump", 0 },
	{ "-c -d 31 vmcore dump", JOB_FILE, "vmcore", "dump", 0 },
	{ "-d 31 vmcore dump -l", JOB_FILE, "vmcore", "dump", 0 },
	{ "-cd31 vmcore dump", JOB_FILE, "vmcore", "dump", 0 },
	{ "-E -x vmlinux vmcore dump", JOB_FILE, "vmcore", "dump", 0 },
	{ "--num-threads 4 vmcore dump", JOB_FILE, "vmcore", "dump", 0 },
	{ "--num-threads=4 -z vmcore dump", JOB_FILE, "vmcore", "dump", 0 },
	{ "--message-level 7 --config f -i x vmcore dump", JOB_FILE, "vmcore",
	  "dump", 0 },
	{ "--cyclic-buffer 8 --eppic m --work-dir /tmp --splitblock-size 1 vmcore dump",
	  JOB_FILE, "vmcore", "dump", 0 },
	{ "-b 4 -L 1G --non-mmap --show-stats vmcore dump", JOB_FILE, "vmcore",
	  "dump", 0 },
	{ "--extension a.so --extension=b.so vmcore dump", JOB_FILE, "vmcore",
	  "dump", 0 },
	{ "--vtop ffff vmcore dump", JOB_FILE, "vmcore", "dump", 0 },
	{ "-- -F dump", JOB_FILE, "-F", "dump", 0 },
	{ "-F vmcore", JOB_STREAM, "vmcore", NULL, 0 },
	{ "-F -c -d 31 vmcore", JOB_STREAM, "vmcore", NULL, 0 },
	{ "-c -d 31 vmcore -F", JOB_STREAM, "vmcore", NULL, 0 },
	{ "-cF -d31 vmcore", JOB_STREAM, "vmcore", NULL, 0 },
	{ "--split vmcore a b c", JOB_SPLIT, "vmcore", NULL, 3 },
	{ "--split -d 1 vmcore a b", JOB_SPLIT, "vmcore", NULL, 2 },
	{ "--reas a b dump", JOB_REASSEMBLE, NULL, "dump", 2 },
	{ "", JOB_OTHER, NULL, NULL, 0 },
	{ "vmcore", JOB_OTHER, NULL, NULL, 0 },
	{ "vmcore dump more", JOB_OTHER, NULL, NULL, 0 },
	{ "-F vmcore dump", JOB_OTHER, NULL, NULL, 0 },
	{ "-F --split vmcore a b", JOB_OTHER, NULL, NULL, 0 },
	{ "-d vmcore dump", JOB_OTHER, NULL, NULL, 0 },
	{ "-R dump", JOB_OTHER, NULL, NULL, 0 },
	{ "-v", JOB_OTHER, NULL, NULL, 0 },
	{ "-h vmcore dump", JOB_OTHER, NULL, NULL, 0 },
	{ "--help vmcore dump", JOB_OTHER, NULL, NULL, 0 },
	{ "--dump-dmesg vmcore log", JOB_OTHER, NULL, NULL, 0 },
	{ "--dump-dmesg --partial-dmesg vmcore log", JOB_OTHER, NULL, NULL, 0 },
	{ "--mem-usage vmcore", JOB_OTHER, NULL, NULL, 0 },
	{ "--check-params vmcore dump", JOB_OTHER, NULL, NULL, 0 },
	{ "--dry-run vmcore dump", JOB_OTHER, NULL, NULL, 0 },
	{ "--diskset=a --diskset=b dump", JOB_OTHER, NULL, NULL, 0 },
	{ "-g info -x vmlinux", JOB_OTHER, NULL, NULL, 0 },
	{ "-X --xen-syms x vmcore dump", JOB_OTHER, NULL, NULL, 0 },
	{ "--no-such vmcore dump", JOB_OTHER, NULL, NULL, 0 },
	{ "--s vmcore dump", JOB_OTHER, NULL, NULL, 0 },	/* ambiguous */
	{ "-q vmcore dump", JOB_OTHER, NULL, NULL, 0 },
};

static int split_words(const char *text, char *copy, char **words)
{
	int n = 1;
	char *word;

	words[0] = "makedumpfile";
	strcpy(copy, text);
	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		words[n++] = word;
	words[n] = NULL;
	return n;
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void test_cmdline(void **unused)
{
	char copy[256], *words[32];
	struct job job;
	size_t i;
	int n;

	(void)unused;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct line *l = &lines[i];

		n = split_words(l->words, copy, words);
		job_parse(&job, n, words);
		if (job.kind != l->kind || !same(job.input, l->input) ||
		    !same(job.output, l->output) || job.parts != l->parts)
			fail_msg("\"%s\": kind %d, input %s, output %s, %d parts",
				 l->words, job.kind, job.input, job.output,
				 job.parts);
		job_free(&job);
	}
}

/* --- room for the analysis ------------------------------------------------------- */

static void test_spare(void **unused)
{
	char path[64], *words[] = { "makedumpfile", "vmcore", "/a/b/dump" };
	struct job job;
	int null = open("/dev/null", O_WRONLY), out = dup(STDOUT_FILENO);

	(void)unused;
	job_parse(&job, 3, words);
	spare_folder(&job, path, sizeof(path));
	assert_string_equal(path, "/a/b");
	spare_folder(&job, path, 8);	/* no room for the name */
	assert_true(strlen(path) < 8);
	job_free(&job);
	words[2] = "dump";
	job_parse(&job, 3, words);
	spare_folder(&job, path, sizeof(path));
	assert_string_equal(path, ".");
	job_free(&job);
	words[1] = "-F";
	job_parse(&job, 3, words);
	setenv("TMPDIR", "/x", 1);
	fflush(stdout);
	dup2(null, STDOUT_FILENO);	/* no file: as a pipe */
	spare_folder(&job, path, sizeof(path));
	dup2(out, STDOUT_FILENO);
	assert_string_equal(path, "/x");
	unsetenv("TMPDIR");
	job_free(&job);
	close(null);
	close(out);
	assert_false(spare_usable(""));
	assert_false(spare_usable("/no/such/folder"));
	assert_false(spare_usable("/proc"));
}

/* --- stream ---------------------------------------------------------------------- */

struct bytes {
	uint8_t data[20000];
	size_t len;
};

static void put(struct bytes *b, const void *data, size_t len)
{
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void put_record(struct bytes *b, int64_t offset, int64_t size)
{
	uint64_t field[2] = { htobe64(offset), htobe64(size) };

	put(b, field, sizeof(field));
}

static void put_start(struct bytes *b)
{
	b->len = STREAM_HEADER;
	memset(b->data, 0, STREAM_HEADER);
	strcpy((char *)b->data, "makedumpfile");
}

/*
 * Feeds @b in pieces of @piece bytes; what comes out is in @out. Every other
 * time to a file that takes no spliced bytes.
 */
static struct stream pass(const struct bytes *b, size_t piece,
			  struct bytes *out, int head)
{
	struct stream s = { .head = head };
	int in[2], to = memfd_create("out", 0);
	size_t at, n;
	pid_t pid;

	assert_int_equal(pipe(in), 0);
	pid = fork();
	if (!pid) {
		for (at = 0; at < b->len; at += n) {
			n = b->len - at < piece ? b->len - at : piece;
			if (write(in[1], b->data + at, n) != (ssize_t)n)
				_exit(1);
		}
		_exit(0);
	}
	close(in[1]);
	if (piece % 2)
		fcntl(to, F_SETFL, O_APPEND);
	s.in = in[0];
	s.out = to;
	stream_pass(&s);
	close(in[0]);
	waitpid(pid, NULL, 0);
	out->len = pread(to, out->data, sizeof(out->data), 0);
	close(to);
	return s;
}

static const size_t pieces[] = { 1, 3, 15, 16, 17, 100, 4095, 4096, 4097, 20000 };
#define PIECES	(sizeof(pieces) / sizeof(pieces[0]))

static struct stream scan(const struct bytes *b, int head)
{
	struct stream s = { .out = -1, .head = head };

	s.in = memfd_create("stream", 0);
	assert_int_equal(write(s.in, b->data, b->len), b->len);
	stream_scan(&s);
	close(s.in);
	return s;
}

static void test_stream(void **unused)
{
	struct bytes b, out;
	char head[32] = "";
	struct stream s;
	size_t i;
	int fd;

	(void)unused;
	put_start(&b);
	put_record(&b, 0, 5);
	put(&b, "AAAAA", 5);
	put_record(&b, 10, 4);
	put(&b, "BBBB", 4);
	put_record(&b, 3, 4);		/* written again, as headers are */
	put(&b, "CCCC", 4);
	put_record(&b, 7, 0);
	put_record(&b, STREAM_HEAD_MAX - 2, 3000);	/* head, and beyond */
	put(&b, b.data, 3000);
	put_record(&b, STREAM_HEAD_MAX + 4000, 2000);
	put(&b, b.data + 3000, 2000);
	put_record(&b, -1, -1);
	for (i = 0; i < PIECES; i++) {
		fd = memfd_create("head", 0);
		s = pass(&b, pieces[i], &out, fd);
		assert_true(s.ended);
		assert_false(s.odd);
		assert_int_equal(s.size, STREAM_HEAD_MAX + 6000);
		assert_int_equal(s.passed, b.len - STREAM_RECORD);
		assert_int_equal(out.len, b.len - STREAM_RECORD);
		assert_memory_equal(out.data, b.data, out.len);
		assert_int_equal(lseek(fd, 0, SEEK_END), STREAM_HEAD_MAX);
		assert_int_equal(pread(fd, head, 14, 0), 14);
		assert_memory_equal(head, "AAACCCC\0\0\0BBBB", 14);
		close(fd);
	}
	fd = memfd_create("head", 0);
	s = scan(&b, fd);
	assert_true(s.ended);
	assert_int_equal(s.size, STREAM_HEAD_MAX + 6000);
	assert_int_equal(s.passed, b.len - STREAM_RECORD);
	assert_int_equal(lseek(fd, 0, SEEK_END), STREAM_HEAD_MAX);
	assert_int_equal(pread(fd, head, 14, 0), 14);
	assert_memory_equal(head, "AAACCCC\0\0\0BBBB", 14);
	close(fd);
}

/* Whatever it is, it comes out as it came in. */
static void same_bytes(const struct bytes *b)
{
	struct bytes out;
	struct stream s;
	size_t i;

	s = scan(b, -1);
	assert_false(s.ended);
	for (i = 0; i < PIECES; i++) {
		s = pass(b, pieces[i], &out, -1);
		assert_false(s.ended);
		assert_int_equal(out.len, b->len);
		assert_memory_equal(out.data, b->data, out.len);
	}
}

static void test_odd_streams(void **unused)
{
	static const int64_t bad[][2] = {
		{ -2, 4 }, { 4, -2 }, { INT64_MAX, 4 }, { -1, 4 },
	};
	struct bytes b = { .len = 0 };
	size_t i;

	(void)unused;
	same_bytes(&b);
	put(&b, "no stream", 9);
	same_bytes(&b);
	b.len = 6000;
	memset(b.data, 0xff, b.len);
	same_bytes(&b);
	put_start(&b);
	same_bytes(&b);
	put_record(&b, 0, 100);		/* breaks off */
	put(&b, "AAAA", 4);
	same_bytes(&b);
	put_start(&b);
	put_record(&b, -1, -1);		/* goes on behind its end */
	put(&b, "more", 4);
	same_bytes(&b);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_start(&b);
		put_record(&b, bad[i][0], bad[i][1]);
		put(&b, "AAAA", 4);
		put_record(&b, -1, -1);
		same_bytes(&b);
	}
}

/* --- decisions ------------------------------------------------------------------- */

static int decisions_file(const uint64_t *words, size_t n)
{
	int fd = memfd_create("decisions", 0);

	assert_int_equal(write(fd, words, n * 8), n * 8);
	return fd;
}

static void test_decisions(void **unused)
{
	static const uint64_t good[] = { 2, 1, 10, 2, 20, 1, 11, 5 };
	static const struct { uint64_t pfn; int what; } ask[] = {
		{ 0, PG_UNDECID }, { 9, PG_UNDECID }, { 10, PG_INCLUDE },
		{ 11, PG_INCLUDE }, { 12, PG_EXCLUDE }, { 15, PG_EXCLUDE },
		{ 16, PG_UNDECID }, { 20, PG_INCLUDE }, { 21, PG_UNDECID },
		{ UINT64_MAX, PG_UNDECID },
	};
	static const uint64_t bad[][6] = {
		{ 3, 0, 10, 2, 20, 1 }, { 0, UINT64_MAX, 1, 1, 2, 1 },
		{ UINT64_MAX, 2, 1, 1, 2, 1 }, { 2, 0, 20, 1, 10, 1 },
		{ 2, 0, 10, 0, 20, 1 }, { 1, 0, 10, UINT64_MAX, 0, 0 },
		{ 2, 0, 10, 5, 12, 1 },
	};
	struct decisions d = { NULL };
	size_t i;
	int fd;

	(void)unused;
	assert_int_equal(decide(&d, 10), PG_UNDECID);
	fd = decisions_file(good, 8);
	assert_true(decide_load(fd, &d));
	close(fd);
	for (i = 0; i < sizeof(ask) / sizeof(ask[0]); i++)
		assert_int_equal(decide(&d, ask[i].pfn), ask[i].what);
	munmap((char *)d.keep - 2 * sizeof(uint64_t), sizeof(good));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fd = decisions_file(bad[i], 6);
		assert_false(decide_load(fd, &d));
		assert_int_equal(decide(&d, 10), PG_UNDECID);
		close(fd);
	}
	fd = decisions_file(good, 1);
	assert_false(decide_load(fd, &d));
	close(fd);
}

/* --- watch ----------------------------------------------------------------------- */

#define PAGES	200u

struct memory {
	uint8_t byte[PAGES];
	bool gone[PAGES];
};

static enum ami_mem read_page(void *ctx, uint64_t pfn, uint8_t *page)
{
	const struct memory *m = ctx;

	if (pfn >= PAGES)
		return AMI_MEM_ABSENT;
	memset(page, m->byte[pfn], AMI_PAGE_SIZE);
	return m->gone[pfn] ? AMI_MEM_ERROR : AMI_MEM_OK;
}

static struct ami_dump *open_memory(struct memory *m)
{
	static const struct ami_dump_ops ops = { .read_page = read_page };
	static const struct ami_range ram = { 0, PAGES };
	const struct ami_dump_info info = {
		.path = "memory", .format = "elf", .compression = "",
		.max_pfn = PAGES, .ram = &ram, .nr_ram = 1,
	};

	return ami_dump_new(&ops, m, &info);
}

/* A machine, pages of it, a file for their hashes. */
struct bench {
	struct memory m;
	struct ami_dump *dump;
	struct ami_pfnset *pages, *found;
	struct watch_times t;
	struct ami_error err;
	int fd;
};

static struct bench *bench_new(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->dump = open_memory(&b->m);
	b->pages = ami_pfnset_new();
	b->found = ami_pfnset_new();
	b->fd = memfd_create("hashes", 0);
	return b;
}

/* Without what the dump's cache has. */
static void bench_reopen(struct bench *b)
{
	ami_dump_close(b->dump);
	b->dump = open_memory(&b->m);
}

static int bench_compare(struct bench *b)
{
	return watch_compare(b->dump, b->fd, b->found, &b->t, &b->err);
}

static void bench_free(struct bench *b)
{
	ami_dump_close(b->dump);
	ami_pfnset_free(b->pages);
	ami_pfnset_free(b->found);
	close(b->fd);
	free(b);
}

static void test_watch(void **unused)
{
	struct bench *b = bench_new();
	struct memory *m = &b->m;

	(void)unused;
	ami_pfnset_add(b->pages, 2, 3);
	ami_pfnset_add(b->pages, 20, 150);
	ami_pfnset_add(b->pages, 190, 1);
	m->gone[30] = m->gone[31] = true;
	assert_int_equal(watch_hash(b->dump, b->pages, b->fd, &b->err), 0);
	m->byte[3] = m->byte[100] = m->byte[169] = 1;
	m->byte[10] = m->byte[170] = 1;		/* not watched */
	m->byte[30] = m->byte[40] = 1;		/* unreadable once */
	m->gone[30] = false;
	m->gone[40] = true;
	bench_reopen(b);
	assert_int_equal(bench_compare(b), 0);
	assert_int_equal(ami_pfnset_count(b->found), 3);
	assert_true(ami_pfnset_has(b->found, 3) &&
		    ami_pfnset_has(b->found, 100) &&
		    ami_pfnset_has(b->found, 169));
	assert_int_equal(b->t.pages, 154);
	assert_int_equal(b->t.beyond, 0);
	assert_true(b->t.first_begin && b->t.first_begin <= b->t.first_end &&
		    b->t.first_end <= b->t.second_begin &&
		    b->t.second_begin <= b->t.second_end);
	bench_free(b);
}

static void test_watch_is_bounded(void **unused)
{
	struct bench *b = bench_new();

	(void)unused;
	setenv("AMDIOMMU_WATCH_PAGES", "100", 1);
	ami_pfnset_add(b->pages, 0, 90);
	ami_pfnset_add(b->pages, 100, 90);
	assert_int_equal(watch_hash(b->dump, b->pages, b->fd, &b->err), 0);
	b->m.byte[109] = b->m.byte[110] = 1;
	bench_reopen(b);
	assert_int_equal(bench_compare(b), 0);
	assert_int_equal(ami_pfnset_count(b->found), 1);
	assert_int_equal(b->t.pages, 100);
	assert_int_equal(b->t.beyond, 80);
	assert_int_equal(ftruncate(b->fd, 100), 0);
	assert_int_equal(bench_compare(b), -1);
	unsetenv("AMDIOMMU_WATCH_PAGES");
	bench_free(b);
}

/* --- guard ----------------------------------------------------------------------- */

static int fine(void *ctx, struct ami_error *err)
{
	(void)err;
	*(int *)ctx = 7;	/* in the child: nobody sees it */
	return 0;
}

static int refuses(void *ctx, struct ami_error *err)
{
	(void)ctx;
	return ami_error_set(err, AMI_ERR_DATA, "for a reason");
}

static int aborts(void *ctx, struct ami_error *err)
{
	(void)ctx, (void)err;
	abort();
}

static int sleeps(void *ctx, struct ami_error *err)
{
	(void)ctx, (void)err;
	pause();
	return 0;
}

/*
 * Another process stands in for a child that the kernel does not let go; @ctx:
 * a pipe that is closed when it may.
 */
static int outlives(void *ctx, struct ami_error *err)
{
	int *release = ctx;
	char byte;

	(void)err;
	close(release[1]);
	if (!fork())
		_exit(read(release[0], &byte, 1) != 0);
	pause();
	return 0;
}

static void test_guard(void **unused)
{
	struct guard_limits l = { .memory = UINT64_C(1) << 45, .seconds = 20 };
	struct ami_error err;
	int value = 3, release[2];

	(void)unused;
	assert_int_equal(guard_run(&l, fine, &value, &err), 0);
	assert_int_equal(value, 3);
	assert_int_equal(guard_run(&l, refuses, NULL, &err), -1);
	assert_string_equal(err.text, "for a reason");
	assert_int_equal(guard_run(&l, aborts, NULL, &err), -1);
	assert_non_null(strstr(err.text, "signal 6"));
	l.seconds = 0;
	assert_int_equal(guard_run(&l, sleeps, NULL, &err), -1);
	assert_non_null(strstr(err.text, "no result after 0 s"));
	l.seconds = 1;
	assert_int_equal(pipe(release), 0);
	assert_int_equal(guard_run(&l, outlives, release, &err), GUARD_STUCK);
	assert_non_null(strstr(err.text, "stuck in the kernel"));
	close(release[0]);
	close(release[1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmdline),
		cmocka_unit_test(test_spare),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_odd_streams),
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_watch_is_bounded),
		cmocka_unit_test(test_guard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
