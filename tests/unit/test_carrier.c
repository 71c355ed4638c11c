// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Marks go into a finished dump, or into a finished stream, in place. Whenever
 * the machine dies, the dump is the old one or the new one: to our reader, and
 * to libkdumpfile.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <endian.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <libkdumpfile/kdumpfile.h>

#include <cmocka.h>

#include "carrier.h"
#include "deliver.h"
#include <amdiommu/fileio.h>
#include "image.h"
#include <dump/kdumphdr.h>
#include "marks.h"

#define PFN		0x10u
#define CONTENT		"whole page"
#define SECTOR		512u
#define MAX_WRITES	8u
#define MAX_SECTORS	12u	/* at the mercy of the disk, all at once */

static const char text[] =
	"OSRELEASE=6.1.0-test\nNUMBER(phys_base)=-4096\nCRASHTIME=1700000000\n"
	"PAGESIZE=4096\n";

/**
 * struct dump - a dump file, and the writes that mark it
 * @plain: as it was
 */
struct dump {
	char dir[32], path[64], torn[64];
	uint8_t *plain;
	size_t size;
	uint8_t *marks;
	size_t len;
	struct carrier_plan plan;
};

static void make_kdump(struct dump *d)
{
	struct image *img = image_new(0x100);
	struct ami_dump *dump;
	struct ami_error err;
	char buf[16];

	image_vmcoreinfo(img, text);
	image_write(img, (uint64_t)PFN << AMI_PAGE_SHIFT, CONTENT,
		    sizeof(CONTENT));
	dump = image_dump(img);
	assert_int_equal(ami_dump_record(dump), 0);
	ami_dump_read(dump, (uint64_t)PFN << AMI_PAGE_SHIFT, buf, sizeof(buf));
	assert_int_equal(ami_extract_write(dump, d->path, NULL, &err), 0);
	ami_dump_close(dump);
	image_free(img);
}

static void make_marks(struct dump *d)
{
	const char *name = d->path;
	struct ami_error err;
	struct ami_dump *dump = ami_dump_open(&name, 1, &err);
	struct ami_marks *m = calloc(1, sizeof(*m));

	assert_non_null(dump);
	ami_dump_identify(dump, &m->id);
	assert_int_equal(ami_marks_write(m, &d->marks, &d->len, &err), 0);
	ami_marks_free(m);
	ami_dump_close(dump);
}

static void load(const char *path, uint8_t **bytes, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	*size = ami_file_size(fd);
	*bytes = malloc(*size);
	assert_true(ami_file_read_at(fd, *bytes, *size, 0));
	close(fd);
}

static int setup(void **state)
{
	struct dump *d = calloc(1, sizeof(*d));
	struct ami_error err;
	int fd;

	strcpy(d->dir, "/tmp/carrier.XXXXXX");
	assert_non_null(mkdtemp(d->dir));
	snprintf(d->path, sizeof(d->path), "%s/dump", d->dir);
	snprintf(d->torn, sizeof(d->torn), "%s/torn", d->dir);
	make_kdump(d);
	make_marks(d);
	load(d->path, &d->plain, &d->size);
	fd = open(d->path, O_RDONLY | O_CLOEXEC);
	if (carrier_plan(fd, d->size, d->marks, d->len, &d->plan, &err))
		fail_msg("%s", err.text);
	close(fd);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct dump *d = *state;

	unlink(d->path);
	unlink(d->torn);
	rmdir(d->dir);
	carrier_plan_free(&d->plan);
	free(d->plain);
	free(d->marks);
	free(d);
	return 0;
}

/* --- two readers ------------------------------------------------------------------ */

static bool our_reader(const char *path)
{
	struct ami_error err = { .status = AMI_OK };
	struct ami_dump *dump = ami_dump_open(&path, 1, &err);
	enum ami_marks_from from;
	char buf[sizeof(CONTENT)], release[32];
	struct ami_marks *m;

	if (!dump)
		fail_msg("%s", err.text);
	assert_int_equal(ami_dump_read(dump, (uint64_t)PFN << AMI_PAGE_SHIFT,
				       buf, sizeof(buf)), AMI_MEM_OK);
	assert_string_equal(buf, CONTENT);
	assert_true(ami_vmcoreinfo_get(dump, "OSRELEASE", release,
				       sizeof(release)));
	assert_string_equal(release, "6.1.0-test");
	m = ami_marks_find(dump, NULL, &from, &err);
	assert_int_equal(err.status, AMI_OK);
	if (m)
		assert_int_equal(from, AMI_MARKS_NOTE);
	ami_marks_free(m);
	ami_dump_close(dump);
	return m;
}

static void libkdumpfile(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	kdump_ctx_t *ctx = kdump_new();
	char buf[sizeof(CONTENT)];
	size_t len = sizeof(buf);
	const char *release;

	assert_int_equal(kdump_open_fd(ctx, fd), KDUMP_OK);
	assert_int_equal(kdump_read(ctx, KDUMP_MACHPHYSADDR,
				    (uint64_t)PFN << AMI_PAGE_SHIFT, buf,
				    &len), KDUMP_OK);
	assert_string_equal(buf, CONTENT);
	assert_int_equal(kdump_get_string_attr(
		ctx, "linux.vmcoreinfo.lines.OSRELEASE", &release), KDUMP_OK);
	assert_string_equal(release, "6.1.0-test");
	kdump_free(ctx);
	close(fd);
}

/* --- the disk --------------------------------------------------------------------- */

/**
 * struct tape - what was written to the file @fd, in order
 * @synced: how many writes there were when this one was known to be on the disk
 */
static struct tape {
	int fd;
	size_t count;
	struct {
		uint64_t offset;
		size_t len, synced;
		uint8_t *data;
	} write[MAX_WRITES];
} tape = { .fd = -1 };

static void record(int fd, const void *buf, ssize_t len, off_t offset,
		   bool synced)
{
	size_t i = tape.count;

	if (fd != tape.fd || len <= 0)
		return;
	assert_true(i < MAX_WRITES);
	tape.write[i].offset = offset;
	tape.write[i].len = len;
	tape.write[i].synced = synced ? i + 1 : SIZE_MAX;
	tape.write[i].data = malloc(len);
	memcpy(tape.write[i].data, buf, len);
	tape.count++;
}

/*
 * A disk that hangs: the write of the headers comes after the one who asked for
 * it was to be killed. Another process stands in for one that cannot be.
 */
static off_t hanging;	/* where it is to write then */

/** struct late - shared by the processes: the write was asked for, may be done */
static volatile struct late {
	bool has_begun, may_end;
} *late;

static void write_late(int fd, const void *buf, size_t len, off_t offset)
{
	int i;

	if (!fork()) {
		late->has_begun = true;
		/* For a minute, should the test itself have ended. */
		for (i = 0; i < 60000 && !late->may_end; i++)
			usleep(1000);
		_exit(syscall(SYS_pwrite64, fd, buf, len, offset) < 0);
	}
	pause();
}

/* Not before there is something that goes on. */
int kill(pid_t pid, int number)
{
	while (hanging && !late->has_begun)
		usleep(1000);
	return syscall(SYS_kill, pid, number);
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t offset)
{
	ssize_t n;

	if (hanging && offset == hanging)
		write_late(fd, buf, len, offset);
	n = syscall(SYS_pwrite64, fd, buf, len, offset);

	record(fd, buf, n, offset, false);
	return n;
}

/* A disk that is full after so many synced writes; -1: never. */
static int full_after = -1;

/* Only these bytes are then on the disk, not what was written before. */
ssize_t pwritev2(int fd, const struct iovec *piece, int count, off_t offset,
		 int flags)
{
	ssize_t n;

	assert_int_equal(count, 1);
	if (!full_after) {
		errno = ENOSPC;
		return -1;
	}
	full_after -= full_after > 0;
	n = syscall(SYS_pwrite64, fd, piece->iov_base, piece->iov_len, offset);
	record(fd, piece->iov_base, n, offset, flags & RWF_DSYNC);
	return n;
}

int fdatasync(int fd)
{
	size_t i;

	for (i = 0; i < tape.count && fd == tape.fd; i++)
		if (tape.write[i].synced == SIZE_MAX)
			tape.write[i].synced = tape.count;
	return 0;
}

static void tape_start(int fd)
{
	tape.fd = fd;
	tape.count = 0;
}

static void tape_free(void)
{
	while (tape.count)
		free(tape.write[--tape.count].data);
	tape.fd = -1;
}

/*
 * Puts write @i onto the disk, where @luck has a bit for each of its sectors
 * from *@sector on. Returns where the file then ends at least.
 */
static uint64_t land(uint8_t *disk, size_t i, bool synced, unsigned int luck,
		     unsigned int *sector)
{
	uint64_t at = tape.write[i].offset, end = at + tape.write[i].len;
	uint64_t reached = 0, next;

	for (; at < end; at = next) {
		next = (at / SECTOR + 1) * SECTOR;
		if (next > end)
			next = end;
		if (!synced && !(luck >> (*sector)++ & 1))
			continue;
		memcpy(disk + at,
		       tape.write[i].data + (at - tape.write[i].offset),
		       next - at);
		reached = next;
	}
	return reached;
}

/**
 * struct cut - a power cut during write number @during, or after the last
 * @luck: which sectors reached the disk among those that need not have
 * @extended: the file has its new size, whatever became of the content
 */
struct cut {
	size_t during;
	unsigned int luck;
	bool extended;
};

/* The file at @path after @c; returns how many sectors were left to luck. */
static unsigned int after_cut(const char *path, const uint8_t *plain,
			      uint64_t size, const struct cut *c)
{
	uint64_t room = size, most = size, end;
	unsigned int sector = 0;
	uint8_t *disk;
	size_t i;
	int fd;

	for (i = 0; i < tape.count; i++) {
		end = tape.write[i].offset + tape.write[i].len;
		room = end > room ? end : room;
	}
	disk = calloc(1, room);
	memcpy(disk, plain, size);
	for (i = 0; i < tape.count && i <= c->during; i++) {
		end = land(disk, i, tape.write[i].synced <= c->during, c->luck,
			   &sector);
		most = end > most ? end : most;
	}
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0 &&
		    ami_file_write_at(fd, disk, c->extended ? room : most, 0));
	close(fd);
	free(disk);
	return sector;
}

/* Any sectors may be missing that nobody waited for, in any combination. */
static void cut_everywhere(const char *path, const uint8_t *plain,
			   uint64_t size, bool (*check)(const char *path))
{
	struct cut c = { .during = 0 };
	bool seen[2] = { false, false };
	unsigned int sectors;

	for (c.during = 0; c.during <= tape.count; c.during++) {
		c.luck = 0;
		do {
			c.extended = false;
			sectors = after_cut(path, plain, size, &c);
			seen[check(path)] = true;
			c.extended = true;
			after_cut(path, plain, size, &c);
			seen[check(path)] = true;
			assert_true(sectors <= MAX_SECTORS);
		} while (++c.luck < 1u << sectors);
	}
	assert_true(seen[false] && seen[true]);
}

static bool both_readers(const char *path)
{
	libkdumpfile(path);
	return our_reader(path);
}

/* --- tests ------------------------------------------------------------------------ */

static void cut_file(void **state)
{
	const struct dump *d = *state;
	const struct carrier_plan *plan = &d->plan;
	const struct carrier_patch *last = &plan->head;
	int fd = open(d->path, O_RDWR | O_CLOEXEC);

	/* One sector: disks write it or not. */
	assert_int_equal(last->offset / SECTOR,
			 (last->offset + last->len - 1) / SECTOR);
	tape_start(fd);
	assert_true(carrier_apply(fd, plan));
	assert_int_equal(tape.count, 2);
	cut_everywhere(d->torn, d->plain, d->size, both_readers);
	tape_free();
	close(fd);
}

/* The headers lead to VMCOREINFO, and say that the notes end in it or before. */
static void shorten_notes(int fd, const struct dump *d, uint64_t size)
{
	const uint8_t *found = memmem(d->plain, d->size, text, strlen(text));
	struct kdump_sub_header sub;

	assert_non_null(found);
	assert_true(ami_file_write_at(fd, d->plain, d->size, 0));
	assert_true(ami_file_read_at(fd, &sub, sizeof(sub), KDUMP_BLOCK));
	sub.offset_vmcoreinfo = found - d->plain;
	sub.size_vmcoreinfo = strlen(text);
	sub.size_note = size;
	assert_true(ami_file_write_at(fd, &sub, sizeof(sub), KDUMP_BLOCK));
}

/* The dump opens, has the marks, and its headers lead to VMCOREINFO. */
static void check_marked(int fd, const struct dump *d)
{
	const char *name = d->path;
	char found[sizeof(text)] = "";
	struct kdump_sub_header sub;
	const struct ami_dump_info *info;
	struct ami_error err;
	struct ami_dump *dump = ami_dump_open(&name, 1, &err);
	size_t len;

	if (!dump)
		fail_msg("%s", err.text);
	info = ami_dump_info(dump);
	assert_non_null(carrier_note(info->notes, info->notes_size, &len));
	ami_dump_close(dump);
	assert_true(ami_file_read_at(fd, &sub, sizeof(sub), KDUMP_BLOCK));
	assert_true(ami_file_read_at(fd, found, strlen(text),
				     sub.offset_vmcoreinfo));
	assert_string_equal(found, text);
}

static void notes_that_end_early(void **state)
{
	const struct dump *d = *state;
	struct carrier_plan plan;
	struct ami_error err;
	uint64_t size;

	for (size = 4; size < strlen(text); size += 4) {
		int fd = open(d->path, O_RDWR | O_TRUNC | O_CLOEXEC);

		shorten_notes(fd, d, size);
		assert_int_equal(carrier_plan(fd, d->size, d->marks, d->len,
					      &plan, &err), 0);
		assert_true(carrier_apply(fd, &plan));
		check_marked(fd, d);
		carrier_plan_free(&plan);
		close(fd);
	}
}

static void put_record(int fd, uint64_t *at, uint64_t offset, const void *data,
		       uint64_t len)
{
	uint64_t head[2] = { htobe64(offset), htobe64(len) };

	assert_true(ami_file_write_at(fd, head, sizeof(head), *at));
	if (data)
		assert_true(ami_file_write_at(fd, data, len, *at + sizeof(head)));
	*at += sizeof(head) + (data ? len : 0);
}

/* The dump as a flattened stream in @torn. */
static int flattened(const struct dump *d)
{
	char header[STREAM_HEADER] = "makedumpfile";
	uint64_t at = sizeof(header), one = htobe64(1);
	int fd = open(d->torn, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	memcpy(header + 16, &one, sizeof(one));
	memcpy(header + 24, &one, sizeof(one));
	assert_true(fd >= 0 && ami_file_write_at(fd, header, sizeof(header), 0));
	put_record(fd, &at, 0, d->plain, d->size);
	put_record(fd, &at, UINT64_MAX, NULL, UINT64_MAX);
	return fd;
}

static void cut_stream(void **state)
{
	const struct dump *d = *state;
	struct guard_limits limits = { .memory = 1u << 30, .seconds = 60 };
	struct ami_error err;
	int fd = flattened(d), marks = open(d->path, O_RDWR | O_CLOEXEC);
	uint8_t *plain;
	size_t size;

	load(d->torn, &plain, &size);
	assert_int_equal(ftruncate(marks, 0), 0);
	assert_true(ami_file_write_at(marks, d->marks, d->len, 0));
	tape_start(fd);
	if (deliver_flattened(fd, marks, &limits, &err))
		fail_msg("%s", err.text);
	assert_int_equal(tape.count, 2);
	cut_everywhere(d->torn, plain, size, our_reader);
	tape_free();
	free(plain);
	close(marks);
	close(fd);
}

/* Then no single write can turn the end mark into a record. */
static void end_across_sectors(void **state)
{
	const struct dump *d = *state;
	struct guard_limits limits = { .memory = 1u << 30, .seconds = 60 };
	struct ami_error err;
	int fd = flattened(d), marks = open(d->path, O_RDWR | O_CLOEXEC);
	uint64_t at = ami_file_size(fd) - STREAM_RECORD, pad;
	uint8_t zeros[1024] = { 0 }, *before, *after;
	size_t size, size_after;

	pad = 504 + 1024 - at % 512 - STREAM_RECORD;
	put_record(fd, &at, d->size, zeros, pad % 512);
	assert_int_equal(at % 512, 504);
	put_record(fd, &at, UINT64_MAX, NULL, UINT64_MAX);
	load(d->torn, &before, &size);
	assert_int_equal(deliver_flattened(fd, marks, &limits, &err), -1);
	assert_non_null(strstr(err.text, "two sectors"));
	load(d->torn, &after, &size_after);
	assert_int_equal(size_after, size);
	assert_memory_equal(before, after, size);
	free(before);
	free(after);
	close(marks);
	close(fd);
}

/* What the late write points to must still be there. */
static void late_write(void **state)
{
	const struct dump *d = *state;
	struct guard_limits limits = { .memory = 1u << 30, .seconds = 0 };
	struct ami_error err;
	int marks = open(d->torn, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int i;

	assert_true(ami_file_write_at(marks, d->marks, d->len, 0));
	late = mmap(NULL, sizeof(*late), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(late, MAP_FAILED);
	hanging = d->plan.head.offset;
	assert_int_not_equal(deliver_file(d->path, marks, &limits, &err), 0);
	hanging = 0;
	assert_non_null(strstr(err.text, "stuck"));
	assert_false(both_readers(d->path));
	late->may_end = true;
	for (i = 0; i < 600 && !our_reader(d->path); i++)
		usleep(100000);
	assert_true(both_readers(d->path));
	munmap((void *)late, sizeof(*late));
	close(marks);
}

/* The dump is never harmed, whatever of it there was room for. */
static void full_disk(void **state)
{
	const struct dump *d = *state;
	struct guard_limits limits = { .memory = 1u << 30, .seconds = 60 };
	struct ami_error err;
	int marks = open(d->torn, O_RDWR | O_CREAT | O_CLOEXEC, 0600), n;
	bool marked = false;
	uint8_t *bytes;
	size_t size, n_bytes;

	assert_true(ami_file_write_at(marks, d->marks, d->len, 0));
	for (n = 0; !marked; n++) {
		assert_true(n < 2);
		full_after = n;
		marked = !deliver_file(d->path, marks, &limits, &err);
		full_after = -1;
		assert_int_equal(both_readers(d->path), marked);
		load(d->path, &bytes, &size);
		/* nothing stays that the dump does not need */
		if (!n)
			assert_memory_equal(bytes, d->plain, d->size);
		if (!n)
			assert_int_equal(size, d->size);
		free(bytes);
	}
	assert_true(n > 1);
	/* The command leaves nothing either. */
	full_after = 0;
	assert_int_equal(ami_marks_to_dump(d->path, d->marks, d->len, NULL,
					   NULL, &err),
			 -1);
	full_after = -1;
	load(d->path, &bytes, &n_bytes);
	assert_int_equal(n_bytes, size);
	free(bytes);
	close(marks);
}

static void renewed(void **state)
{
	const struct dump *d = *state;
	const char *name = d->path;
	struct ami_error err;
	struct ami_dump *dump;
	const struct ami_dump_info *info;
	const uint8_t *note;
	size_t len, left;
	int i;

	for (i = 0; i < 3; i++) {
		assert_int_equal(ami_marks_to_dump(d->path, d->marks, d->len,
						   NULL, NULL, &err), 0);
		assert_true(both_readers(d->path));
	}
	dump = ami_dump_open(&name, 1, &err);
	info = ami_dump_info(dump);
	note = carrier_note(info->notes, info->notes_size, &len);
	left = (uint8_t *)info->notes + info->notes_size - note - len;
	assert_null(carrier_note(note + len, left, &len));
	assert_int_equal(info->notes_size,
			 d->plan.notes.len);
	ami_dump_close(dump);
}

static int beside(const char *path, const void *bytes, size_t len,
		  struct ami_error *err)
{
	static const struct ami_newfile_rules rules = {
		.what = "marks", .advice = "give another name",
		.is_ours = ami_marks_is_file, .mode = 0600,
	};

	return ami_marks_to_file(path, bytes, len, &rules, err);
}

static void sidecar(void **state)
{
	const struct dump *d = *state;
	const char *name = d->path;
	struct ami_error err;
	enum ami_marks_from from;
	struct ami_dump *dump = ami_dump_open(&name, 1, &err);
	struct ami_marks *m;
	char path[96];

	snprintf(path, sizeof(path), "%s" AMI_MARKS_SUFFIX, d->path);
	assert_int_equal(beside(path, d->marks, d->len, &err), 0);
	m = ami_marks_find(dump, NULL, &from, &err);
	assert_non_null(m);
	assert_int_equal(from, AMI_MARKS_SIDECAR);
	ami_marks_free(m);
	assert_int_equal(beside(path, "amdiommu: no marks: no time\033[1m\n",
				32, &err), 0);
	assert_null(ami_marks_find(dump, NULL, &from, &err));
	assert_string_equal(err.text, "the filter could not make any: no time");
	assert_int_equal(beside(path, d->marks, d->len - 1, &err), 0);
	assert_null(ami_marks_find(dump, NULL, &from, &err));
	assert_int_equal(err.status, AMI_ERR_DATA);
	ami_dump_close(dump);
	unlink(path);
}

static void not_a_dump(void **state)
{
	const struct dump *d = *state;
	struct ami_error err;
	uint8_t *bytes;
	size_t size;

	unlink(d->path);
	assert_int_equal(beside(d->path, "\177ELF and more", 13, &err), 0);
	assert_int_equal(ami_marks_to_dump(d->path, d->marks, d->len, NULL,
					   NULL, &err),
			 -1);
	assert_int_equal(err.status, AMI_ERR_DATA);
	load(d->path, &bytes, &size);
	assert_int_equal(size, 13);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cut_file, setup, teardown),
		cmocka_unit_test_setup_teardown(notes_that_end_early, setup,
						teardown),
		cmocka_unit_test_setup_teardown(full_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(cut_stream, setup, teardown),
		cmocka_unit_test_setup_teardown(end_across_sectors, setup,
						teardown),
		cmocka_unit_test_setup_teardown(late_write, setup, teardown),
		cmocka_unit_test_setup_teardown(renewed, setup, teardown),
		cmocka_unit_test_setup_teardown(sidecar, setup, teardown),
		cmocka_unit_test_setup_teardown(not_a_dump, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
