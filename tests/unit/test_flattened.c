// SPDX-License-Identifier: GPL-2.0-or-later
/* makedumpfile -F streams put in order, good ones and broken ones. */
#include <endian.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include <amdiommu/fileio.h>
#include "flattened.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HEADER 4096u

struct stream {
	uint8_t bytes[HEADER + 4096];
	size_t size;
};

static void start(struct stream *s)
{
	memset(s, 0, sizeof(*s));
	strcpy((char *)s->bytes, "makedumpfile");
	s->bytes[23] = 1;	/* type and version, big endian */
	s->bytes[31] = 1;
	s->size = HEADER;
}

static void add(struct stream *s, int64_t offset, int64_t size,
		const char *data)
{
	uint64_t head[2] = { htobe64(offset), htobe64(size) };

	memcpy(s->bytes + s->size, head, sizeof(head));
	s->size += sizeof(head);
	memcpy(s->bytes + s->size, data, strlen(data));
	s->size += strlen(data);
}

static int file_of(const struct stream *s, size_t size)
{
	int fd = memfd_create("stream", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, s->bytes, size), size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Unpacks the first @size bytes; returns the length of the result. */
static size_t unpack(const struct stream *s, size_t size, bool *cut,
		     char *out, size_t room)
{
	struct ami_error err = { .status = AMI_OK };
	int fd = file_of(s, size), ordered;
	size_t len;

	assert_true(flattened_is(fd));
	ordered = flattened_unpack(fd, "stream", cut, &err);
	assert_true(ordered >= 0);
	assert_int_equal(err.status, AMI_OK);
	len = ami_file_size(ordered);
	assert_true(len < room);
	memset(out, 0, room);
	assert_true(ami_file_read_at(ordered, out, len, 0));
	close(ordered);
	close(fd);
	return len;
}

static void good(struct stream *s)
{
	start(s);
	add(s, 6, 5, "world");
	add(s, 0, 6, "hello ");
	add(s, 3, 0, "");
	add(s, 6, 1, "W");	/* written again, as dump headers are */
	add(s, 12, 1, "!");
	add(s, -1, -1, "");
}

static void in_order(void **state)
{
	struct stream s;
	char out[64];
	bool cut;

	(void)state;
	good(&s);
	assert_int_equal(unpack(&s, s.size, &cut, out, sizeof(out)), 13);
	assert_memory_equal(out, "hello World\0!", 13);
	assert_false(cut);
	/* what follows the end mark is not of the dump */
	add(&s, 0, 6, "HELLO ");
	assert_int_equal(unpack(&s, s.size, &cut, out, sizeof(out)), 13);
	assert_memory_equal(out, "hello World\0!", 13);
	assert_false(cut);
}

static void cut_anywhere(void **state)
{
	struct stream s;
	char out[64];
	size_t size, len;
	bool cut;

	(void)state;
	good(&s);
	for (size = 16; size < s.size; size++) {
		cut = false;
		len = unpack(&s, size, &cut, out, sizeof(out));
		assert_true(cut);
		if (size < HEADER + 16 + 5)
			assert_int_equal(len, 0);
		else if (size < HEADER + 16 + 5 + 16 + 6)
			assert_memory_equal(out, "\0\0\0\0\0\0world", len);
	}
}

static const struct {
	int64_t offset, size;
} broken[] = {
	{ -2, 1 },
	{ INT64_MIN, 1 },
	{ -1, 1 },
	{ 0, -1 },
	{ 5, INT64_MIN },
	{ 0, INT64_MAX },
	{ INT64_MAX, 1 },
	{ INT64_MAX, INT64_MAX },
	{ INT64_C(1) << 52, 1 },
	{ 1, INT64_C(1) << 52 },
	{ 0, 1 << 20 },		/* more than the stream has */
};

/* What came before a record that makes no sense is kept. */
static void broken_records(void **state)
{
	struct stream s;
	char out[64];
	size_t i;
	bool cut;

	(void)state;
	for (i = 0; i < COUNT(broken); i++) {
		start(&s);
		add(&s, 0, 4, "kept");
		add(&s, broken[i].offset, broken[i].size, "lost");
		add(&s, -1, -1, "");
		cut = false;
		assert_int_equal(unpack(&s, s.size, &cut, out, sizeof(out)),
				 4);
		assert_memory_equal(out, "kept", 4);
		assert_true(cut);
	}
}

/* An offset beyond what a file can have is damage, not a lack of room. */
static void beyond_any_file(void **state)
{
	struct rlimit before, small;
	struct stream s;
	char out[64];
	bool cut = false;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	start(&s);
	add(&s, 0, 4, "kept");
	add(&s, 1 << 20, 4, "lost");
	small = before;
	small.rlim_cur = 1 << 16;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(unpack(&s, s.size, &cut, out, sizeof(out)), 4);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_true(cut);
}

static void signature(void **state)
{
	struct stream s;
	int fd;

	(void)state;
	start(&s);
	fd = file_of(&s, 15);
	assert_false(flattened_is(fd));
	close(fd);
	s.bytes[12] = 'x';
	fd = file_of(&s, HEADER);
	assert_false(flattened_is(fd));
	close(fd);
}

static void no_place(void **state)
{
	struct ami_error err = { .status = AMI_OK };
	struct stream s;
	bool cut;
	int fd;

	(void)state;
	good(&s);
	fd = file_of(&s, s.size);
	setenv("TMPDIR", "/nonexistent", 1);
	assert_int_equal(flattened_unpack(fd, "stream", &cut, &err), -1);
	unsetenv("TMPDIR");
	assert_int_equal(err.status, AMI_ERR_OUTPUT);
	assert_non_null(strstr(err.text, "set TMPDIR"));
	close(fd);
}

/* A byte here and there takes a block of the ordered file each. */
static void scattered(void **state)
{
	const uint64_t step = 1 << 20, records = 40000;
	int fd = memfd_create("stream", MFD_CLOEXEC), ordered;
	struct ami_error err = { .status = AMI_OK };
	struct stream s;
	uint64_t i, head[2];
	uint8_t *bytes = malloc(records * 17), *to = bytes;
	bool cut;

	(void)state;
	start(&s);
	assert_true(fd >= 0 && bytes);
	for (i = 0; i < records; i++) {
		head[0] = htobe64(i * step);
		head[1] = htobe64(1);
		memcpy(to, head, sizeof(head));
		to[sizeof(head)] = 'x';
		to += sizeof(head) + 1;
	}
	assert_int_equal(write(fd, s.bytes, s.size), s.size);
	assert_int_equal(write(fd, bytes, to - bytes), to - bytes);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	ordered = flattened_unpack(fd, "stream", &cut, &err);
	assert_true(ordered >= 0);
	assert_true(cut);
	assert_true(ami_file_size(ordered) < records / 2 * step);
	close(ordered);
	close(fd);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scattered),
		cmocka_unit_test(in_order),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(broken_records),
		cmocka_unit_test(beyond_any_file),
		cmocka_unit_test(signature),
		cmocka_unit_test(no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
