// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <amdiommu/fileio.h>
#include <amdiommu/marks.h>

#include "deliver.h"
#include "marking.h"

/*
 * Marks reach the disk before the headers that point to them. Disks are slow.
 */
#define DISK_PATIENCE	10u
#define SIDECAR_SECONDS	10u	/* at least; without marks there is a reason */
#define INCOMPLETE	"-incomplete"
#define COPY_BYTES	8192u	/* on the stack, which may be small */

/* A container, mapped; NULL: not possible. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

static bool map_bytes(int fd, struct bytes *b)
{
	void *at;

	b->len = ami_file_size(fd);
	at = mmap(NULL, b->len, PROT_READ, MAP_SHARED, fd, 0);
	b->data = at;
	return at != MAP_FAILED;
}

static void unmap_bytes(const struct bytes *b)
{
	munmap((void *)b->data, b->len);
}

/* --- a dump file -------------------------------------------------------------- */

static int run_guarded(void *limits,
		       int (*fn)(void *arg, struct ami_error *err), void *arg,
		       struct ami_error *err)
{
	return guard_run(limits, fn, arg, err);
}

static struct guard_limits for_disks(const struct guard_limits *limits)
{
	return (struct guard_limits){
		.memory = limits->memory, .large_files = true,
		.seconds = limits->seconds * DISK_PATIENCE,
	};
}

int deliver_file(const char *path, int marks,
		 const struct guard_limits *limits, struct ami_error *err)
{
	struct guard_limits l = for_disks(limits);
	const struct ami_marks_runner runner = { run_guarded, &l };
	struct bytes b;
	int ret;

	if (!map_bytes(marks, &b))
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	ret = ami_marks_to_dump(path, b.data, b.len, &runner, NULL, err);
	unmap_bytes(&b);
	return ret;
}

/* --- a stream ----------------------------------------------------------------- */

static bool copy_all(int from, int to)
{
	uint8_t buf[COPY_BYTES];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(from, buf, sizeof(buf), at)) > 0) {
		if (!stream_write(to, buf, n))
			return false;
		at += n;
	}
	return !n;
}

struct addition {
	int marks, head, out;
	uint64_t size;
};

static int make_records(void *ctx, struct ami_error *err)
{
	const struct addition *a = ctx;

	return marking_records(a->head, a->size, a->marks, a->out, err);
}

/* A memfd with the records for @s. -1: @err has the reason. */
static int records_for(const struct stream *s, int marks,
		       const struct guard_limits *limits,
		       struct ami_error *err)
{
	struct addition a = {
		.marks = marks, .head = s->head, .size = s->size,
		.out = guard_fd(memfd_create("amdiommu-records", MFD_CLOEXEC)),
	};

	if (marks < 0)
		;
	else if (s->head < 0 || s->odd)
		ami_error_set(err, AMI_ERR_OUTPUT,
			      "the flattened stream is not understood");
	else if (a.out < 0)
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	else if (!guard_run(limits, make_records, &a, err))
		return a.out;
	if (a.out >= 0)
		close(a.out);
	return -1;
}

int deliver_stream(struct stream *s, int marks,
		   const struct guard_limits *limits, struct ami_error *err)
{
	int records = records_for(s, marks, limits, err);
	uint8_t mark[STREAM_RECORD];

	if (records >= 0 && !copy_all(records, s->out))
		s->lost = true;
	stream_end_mark(mark);
	if (s->lost || !stream_write(s->out, mark, sizeof(mark))) {
		s->lost = true;
		ami_error_set(err, AMI_ERR_OUTPUT,
			      "the stream's reader went away");
	}
	if (records >= 0)
		close(records);
	return records >= 0 && !s->lost ? 0 : -1;
}

/* A power cut may leave one of two sectors written. */
#define SECTOR	512u

/*
 * Records and a new end mark go after the old end mark, which still ends the
 * stream. Then one write of 16 bytes turns the old one into the first record's
 * head.
 */
static bool append_bytes(int fd, uint64_t end, const uint8_t *all, size_t len)
{
	size_t first = STREAM_RECORD;

	if (ami_file_write_synced(fd, all + first, len - first, end + first) &&
	    ami_file_write_at(fd, all, first, end))
		return true;
	/* Bytes after an end mark are harmless, but better removed. */
	return ftruncate(fd, end + first) && false;
}

static int append_records(int fd, uint64_t end, int records,
			  struct ami_error *err)
{
	uint64_t size = ami_file_size(records);
	uint8_t *all = malloc(size + STREAM_RECORD);
	bool ok = all && size >= STREAM_RECORD &&
		  ami_file_read_at(records, all, size, 0);

	if (ok) {
		stream_end_mark(all + size);
		ok = append_bytes(fd, end, all, size + STREAM_RECORD);
	}
	free(all);
	return ok ? 0 : ami_error_set(err, AMI_ERR_OUTPUT,
				      "the stream's file cannot be extended");
}

int deliver_flattened(int fd, int marks, const struct guard_limits *limits,
		      struct ami_error *err)
{
	struct stream s = {
		.in = fd, .out = -1,
		.head = guard_fd(memfd_create("amdiommu-head", MFD_CLOEXEC)),
	};
	int records = -1, ret = -1;

	stream_scan(&s);
	if (!s.ended)
		ami_error_set(err, AMI_ERR_OUTPUT,
			      "the flattened stream has no end mark");
	else if (s.passed % SECTOR > SECTOR - STREAM_RECORD)
		ami_error_set(err, AMI_ERR_OUTPUT,
			      "the end of the flattened stream lies across two sectors of the disk");
	else
		records = records_for(&s, marks, limits, err);
	if (records >= 0) {
		ret = append_records(fd, s.passed, records, err);
		close(records);
	}
	if (s.head >= 0)
		close(s.head);
	return ret;
}

/** struct in_file - a stream in the file that @file has open */
struct in_file {
	int file, marks;
	uint64_t size;
	const struct guard_limits *limits;
};

static int open_again(int fd, struct ami_error *err)
{
	char path[32];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (again < 0)
		ami_error_set(err, AMI_ERR_OUTPUT,
			      "stdout cannot be read back: %s",
			      strerror(errno));
	return again;
}

static int add_to_stream(void *ctx, struct ami_error *err)
{
	const struct in_file *f = ctx;
	int fd = open_again(f->file, err), ret = -1;

	if (fd < 0)
		return -1;
	ret = deliver_flattened(fd, f->marks, f->limits, err);
	close(fd);
	return ret;
}

/*
 * Like settle_note(): the old end mark still ends the stream, or does no
 * longer.
 */
static int settle_stream(void *ctx, struct ami_error *err)
{
	const struct in_file *f = ctx;
	uint8_t mark[STREAM_RECORD], now[STREAM_RECORD];
	int fd = open_again(f->file, err), ret = -1;

	if (fd < 0)
		return -1;
	stream_end_mark(mark);
	if (ami_file_read_at(fd, now, sizeof(now), f->size - sizeof(now)) &&
	    memcmp(now, mark, sizeof(now)))
		ret = 0;
	else if (ftruncate(fd, f->size))
		ami_error_set(err, AMI_ERR_OUTPUT,
			      "the stream has unused bytes at its end: %s",
			      strerror(errno));
	close(fd);
	return ret;
}

int deliver_stdout(int marks, const struct guard_limits *limits,
		   struct ami_error *err)
{
	struct guard_limits l = for_disks(limits);
	struct in_file f = {
		.file = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1),
		.marks = marks, .limits = limits,
	};
	struct ami_error why;
	int ret;

	f.size = ami_file_size(f.file);
	if (f.file < 0 || f.size < STREAM_HEADER + STREAM_RECORD) {
		ret = ami_error_set(err, AMI_ERR_OUTPUT,
				    "the stream on stdout has no end mark");
	} else {
		ret = guard_run(&l, add_to_stream, &f, err);
		if (ret == -1)
			ret = guard_run(&l, settle_stream, &f, &why);
	}
	if (f.file >= 0)
		close(f.file);
	return ret;
}

/* --- the sidecar --------------------------------------------------------------- */

struct beside {
	char path[PATH_MAX];
	const struct deliver_beside *what;
};

/* kdump-utils later renames "vmcore-incomplete" to "vmcore". */
static bool sidecar_name(const char *dump, char *path, size_t size)
{
	size_t len = strlen(dump), cut = strlen(INCOMPLETE);

	if (len > cut && !strcmp(dump + len - cut, INCOMPLETE))
		len -= cut;
	return snprintf(path, size, "%.*s" AMI_MARKS_SUFFIX, (int)len, dump) <
	       (int)size;
}

static int put_sidecar(const struct beside *b, const void *bytes, size_t len,
		       struct ami_error *err)
{
	const char *const input[] = { b->what->input, b->what->dump };
	const struct ami_newfile_rules rules = {
		.what = "marks", .is_ours = ami_marks_is_file,
		.advice = "AMDIOMMU_SIDECAR can give the marks another name",
		.input = input, .inputs = sizeof(input) / sizeof(input[0]),
		.mode = 0600,
	};

	return ami_marks_to_file(b->path, bytes, len, &rules, err);
}

/* There is no place beside a dump on a raw disk or to /dev/null. */
static bool has_beside(const struct deliver_beside *what)
{
	struct stat st;

	return what->named || (!stat(what->dump, &st) && S_ISREG(st.st_mode));
}

static int write_sidecar(void *ctx, struct ami_error *err)
{
	const struct beside *b = ctx;
	char reason[sizeof(err->text) + sizeof(AMI_MARKS_NONE_MADE) + 1];
	struct bytes marks;

	if (!has_beside(b->what))
		return 0;
	if (b->what->reason)
		return put_sidecar(b, reason, snprintf(reason, sizeof(reason),
				   AMI_MARKS_NONE_MADE "%s\n",
				   b->what->reason), err);
	if (!map_bytes(b->what->marks, &marks))
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	return put_sidecar(b, marks.data, marks.len, err);
}

static struct guard_limits for_sidecar(const struct guard_limits *limits)
{
	struct guard_limits l = for_disks(limits);

	if (l.seconds < SIDECAR_SECONDS)
		l.seconds = SIDECAR_SECONDS;
	return l;
}

int deliver_beside(const struct deliver_beside *what,
		   const struct guard_limits *limits, struct ami_error *err)
{
	struct guard_limits l = for_sidecar(limits);
	struct beside b = { .what = what };

	if (!sidecar_name(what->dump, b.path, sizeof(b.path)))
		return ami_error_set(err, AMI_ERR_OUTPUT, "path too long");
	return guard_run(&l, write_sidecar, &b, err);
}

static int remove_sidecar(void *path, struct ami_error *err)
{
	(void)err;
	ami_newfile_remove(path, ami_marks_is_file);
	return 0;
}

void deliver_no_sidecar(const char *dump, const struct guard_limits *limits)
{
	struct guard_limits l = for_sidecar(limits);
	char path[PATH_MAX];
	struct ami_error err;

	if (sidecar_name(dump, path, sizeof(path)))
		guard_run(&l, remove_sidecar, path, &err);
}

struct taking {
	char path[PATH_MAX];
	int out;
};

static int take_sidecar(void *ctx, struct ami_error *err)
{
	const struct taking *t = ctx;

	return marking_take(t->path, t->out, err);
}

int deliver_from_sidecar(const char *dump, const struct guard_limits *limits,
			 struct ami_error *err)
{
	struct taking t = {
		.out = guard_fd(memfd_create("amdiommu-marks", MFD_CLOEXEC)),
	};

	if (t.out < 0)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	if (!sidecar_name(dump, t.path, sizeof(t.path)))
		ami_error_set(err, AMI_ERR_INPUT, "path too long");
	else if (!guard_run(limits, take_sidecar, &t, err))
		return t.out;
	close(t.out);
	return -1;
}
