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

#include "carrier.h"
#include "deliver.h"
#include "fileio.h"
#include "marking.h"

/* Marks reach the disk before the headers that point to them: disks are slow. */
#define DISK_PATIENCE	10u
#define INCOMPLETE	"-incomplete"
#define COPY_BYTES	65536u

struct addition {
	const char *path;
	int marks, head, out;
	uint64_t size;
};

static int add_to_file(void *ctx, struct ami_error *err)
{
	const struct addition *a = ctx;

	return marking_add(a->path, a->marks, err);
}

static int make_records(void *ctx, struct ami_error *err)
{
	const struct addition *a = ctx;

	return marking_records(a->head, a->size, a->marks, a->out, err);
}

/* --- a dump file -------------------------------------------------------------- */

struct original {
	int fd;
	off_t size;
	uint64_t notes;		/* where they are */
};

static bool remember(struct original *o, const char *path)
{
	struct stat st;

	o->fd = open(path, O_RDWR | O_CLOEXEC);
	if (o->fd < 0 || fstat(o->fd, &st) || !S_ISREG(st.st_mode))
		return false;
	o->size = st.st_size;
	if (!carrier_notes_at(o->fd, &o->notes))
		o->notes = UINT64_MAX;	/* it will be refused */
	return true;
}

/*
 * What is added becomes part of the dump by one write to its headers. Before
 * that write it is cut off again; after it, it stays: false.
 */
static bool undone(struct original *o)
{
	uint64_t notes;

	if (carrier_notes_at(o->fd, &notes) && notes != o->notes)
		return false;
	if (ftruncate(o->fd, o->size))
		errno = 0;	/* what stays is inert */
	return true;
}

/* Nothing is undone while the child may still come to write. */
static int add_or_undo(struct original *o, const struct guard_limits *limits,
		       struct addition *a, struct ami_error *err)
{
	int ret = guard_run(limits, add_to_file, a, err);

	return ret == -1 && !undone(o) ? 0 : ret;
}

int deliver_file(const char *path, int marks,
		 const struct guard_limits *limits, struct ami_error *err)
{
	struct guard_limits l = {
		.memory = limits->memory, .large_files = true,
		.seconds = limits->seconds * DISK_PATIENCE,
	};
	struct addition a = { .path = path, .marks = marks };
	struct original o;
	int ret = -1;

	if (!remember(&o, path))
		ami_error_set(err, AMI_ERR_OUTPUT,
			      "%s is no regular file that can be changed",
			      path);
	else
		ret = add_or_undo(&o, &l, &a, err);
	if (o.fd >= 0)
		close(o.fd);
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

/* A memfd with the records for @s; -1: @err has the reason, or had it. */
static int records_for(const struct stream *s, int marks,
		       const struct guard_limits *limits,
		       struct ami_error *err)
{
	struct addition a = {
		.marks = marks, .head = s->head, .size = s->size,
		.out = memfd_create("amdiommu-records", MFD_CLOEXEC),
	};

	if (marks < 0)
		;
	else if (s->head < 0 || s->odd)
		ami_error_set(err, AMI_ERR_DATA,
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
 * Records and a new end mark go behind the old end mark, which still ends the
 * stream. Then one write of 16 bytes turns it into the first record's head.
 */
static bool append(int fd, uint64_t end, const uint8_t *all, size_t len)
{
	size_t first = STREAM_RECORD;

	if (file_write_synced(fd, all + first, len - first, end + first) &&
	    file_write_at(fd, all, first, end))
		return true;
	/* What lies behind an end mark is inert; gone is better. */
	return ftruncate(fd, end + first) && false;
}

static int append_records(int fd, uint64_t end, int records,
			  struct ami_error *err)
{
	uint64_t size = file_size(records);
	uint8_t *all = malloc(size + STREAM_RECORD);
	bool ok = all && size >= STREAM_RECORD &&
		  file_read_at(records, all, size, 0);

	if (ok) {
		stream_end_mark(all + size);
		ok = append(fd, end, all, size + STREAM_RECORD);
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
		.head = memfd_create("amdiommu-head", MFD_CLOEXEC),
	};
	int records = -1, ret = -1;

	stream_scan(&s);
	if (!s.ended)
		ami_error_set(err, AMI_ERR_DATA,
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

/* --- the sidecar --------------------------------------------------------------- */

static bool fill(int fd, int marks, const char *reason)
{
	if (!reason)
		return copy_all(marks, fd);
	return dprintf(fd, "amdiommu: no marks: %s\n", reason) > 0;
}

/* "vmcore-incomplete" will be called "vmcore" when kdump-utils is done. */
static bool sidecar_name(const char *dump, char *path, size_t size)
{
	size_t len = strlen(dump), cut = strlen(INCOMPLETE);

	if (len > cut && !strcmp(dump + len - cut, INCOMPLETE))
		len -= cut;
	return snprintf(path, size, "%.*s" SIDECAR_SUFFIX, (int)len, dump) <
	       (int)size;
}

void deliver_no_sidecar(const char *dump)
{
	char path[PATH_MAX];

	if (sidecar_name(dump, path, sizeof(path)))
		unlink(path);
}

int deliver_sidecar(const char *dump, int marks, const char *reason,
		    struct ami_error *err)
{
	char path[PATH_MAX], fresh[PATH_MAX + 8];
	bool ok;
	int fd;

	if (!sidecar_name(dump, path, sizeof(path)))
		return ami_error_set(err, AMI_ERR_OUTPUT, "path too long");
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return ami_error_set(err, AMI_ERR_OUTPUT, "%s: %s", fresh,
				     strerror(errno));
	ok = fill(fd, marks, reason) && !fsync(fd);
	ok = !close(fd) && ok && !rename(fresh, path);
	if (ok)
		return 0;
	ami_error_set(err, AMI_ERR_OUTPUT, "%s cannot be written: %s", path,
		      strerror(errno));
	unlink(fresh);
	return -1;
}
