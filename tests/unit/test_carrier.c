// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Marks go into a finished dump in place. Whenever the machine dies, the dump
 * is the old one or the new one: to our reader, and to libkdumpfile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>
#include <libkdumpfile/kdumpfile.h>

#include <cmocka.h>

#include "carrier.h"
#include "fileio.h"
#include "image.h"
#include "kdumphdr.h"
#include "marks.h"

#define PFN		0x10u
#define CONTENT		"whole page"
#define SECTOR		512u

static const char text[] =
	"OSRELEASE=6.1.0-test\nNUMBER(phys_base)=-4096\nCRASHTIME=1700000000\n"
	"PAGESIZE=4096\n";

/**
 * struct dump - a kdump-compressed file, and the two writes that mark it
 * @plain: as it was
 */
struct dump {
	char dir[32], path[64], torn[64];
	uint8_t *plain;
	size_t size;
	uint8_t *marks;
	size_t len;
	struct carrier_patch patch[2];
};

static void make_file(struct dump *d)
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
	assert_int_equal(ami_extract_write(dump, d->path, &err), 0);
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
	*size = file_size(fd);
	*bytes = malloc(*size);
	assert_true(file_read_at(fd, *bytes, *size, 0));
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
	make_file(d);
	make_marks(d);
	load(d->path, &d->plain, &d->size);
	fd = open(d->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(carrier_patches(fd, d->size, d->marks, d->len,
					 d->patch, &err), 0);
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
	free(d->patch[0].data);
	free(d->patch[1].data);
	free(d->plain);
	free(d->marks);
	free(d);
	return 0;
}

/* --- two readers ------------------------------------------------------------------ */

static void our_reader(const char *path, bool marked)
{
	struct ami_error err = { AMI_OK, "" };
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
	assert_int_equal(!!m, marked);
	if (m)
		assert_int_equal(from, AMI_MARKS_NOTE);
	ami_marks_free(m);
	ami_dump_close(dump);
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

/* The file after @appended bytes of the first write, @header: and the second */
static void torn(const struct dump *d, size_t appended, bool zeros, bool header)
{
	int fd = open(d->torn, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	uint8_t *data = malloc(d->patch[0].len);

	memcpy(data, d->patch[0].data, d->patch[0].len);
	if (zeros)	/* the file was extended before the data came */
		memset(data, 0, d->patch[0].len);
	assert_true(fd >= 0 && file_write_at(fd, d->plain, d->size, 0));
	assert_true(file_write_at(fd, data, appended, d->patch[0].offset));
	if (header)
		assert_true(file_write_at(fd, d->patch[1].data, d->patch[1].len,
					  d->patch[1].offset));
	close(fd);
	free(data);
	our_reader(d->torn, header);
	libkdumpfile(d->torn);
}

/* --- tests ------------------------------------------------------------------------ */

static void cut_anywhere(void **state)
{
	const struct dump *d = *state;
	size_t n;

	/* One sector: disks write it or not. */
	assert_int_equal(d->patch[1].offset / SECTOR,
			 (d->patch[1].offset + d->patch[1].len - 1) / SECTOR);
	assert_true(d->patch[0].offset >= d->size);
	for (n = 0; n <= d->patch[0].len; n += n % 64 == 63 ? 2 : 7)
		torn(d, n, n % 2, false);
	torn(d, d->patch[0].len, false, false);
	torn(d, d->patch[0].len, true, false);
	torn(d, d->patch[0].len, false, true);
}

static void renewed(void **state)
{
	const struct dump *d = *state;
	struct ami_error err;
	size_t len;
	struct kdump_facts facts;
	int fd, i;

	for (i = 0; i < 3; i++)
		assert_int_equal(ami_marks_to_dump(d->path, d->marks, d->len,
						   &err), 0);
	our_reader(d->path, true);
	libkdumpfile(d->path);
	fd = open(d->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(kdump_facts_read(fd, "f", &facts, &err), 0);
	/* There is one, and it is last. */
	assert_true(carrier_note(facts.notes, facts.notes_size, &len) + len ==
		    (uint8_t *)facts.notes + facts.notes_size);
	assert_int_equal(facts.notes_size, d->patch[0].len);
	kdump_facts_free(&facts);
	close(fd);
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
	assert_int_equal(ami_marks_to_sidecar(path, d->marks, d->len, &err),
			 0);
	m = ami_marks_find(dump, NULL, &from, &err);
	assert_non_null(m);
	assert_int_equal(from, AMI_MARKS_SIDECAR);
	ami_marks_free(m);
	assert_int_equal(ami_marks_to_sidecar(path, (const uint8_t *)
		"amdiommu: no marks: no time\033[1m\n", 32, &err), 0);
	assert_null(ami_marks_find(dump, NULL, &from, &err));
	assert_string_equal(err.text, "the filter could not make any: no time");
	assert_int_equal(ami_marks_to_sidecar(path, d->marks, d->len - 1,
					      &err), 0);
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
	assert_int_equal(ami_marks_to_sidecar(d->path, (const uint8_t *)
					      "\177ELF and more", 13, &err), 0);
	assert_int_equal(ami_marks_to_dump(d->path, d->marks, d->len, &err),
			 -1);
	assert_int_equal(err.status, AMI_ERR_DATA);
	load(d->path, &bytes, &size);
	assert_int_equal(size, 13);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cut_anywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(renewed, setup, teardown),
		cmocka_unit_test_setup_teardown(sidecar, setup, teardown),
		cmocka_unit_test_setup_teardown(not_a_dump, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
