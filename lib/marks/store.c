// SPDX-License-Identifier: GPL-2.0-or-later
/* Puts marks into a finished dump, or beside it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <amdiommu/fileio.h>
#include "carrier.h"
#include "marks.h"

/**
 * struct adding - a dump that gets a note, in memory that processes share
 * @begun: the fields below are known: something may have been written
 * @notes: where the dump's notes were
 */
struct adding {
	const char *path;
	const uint8_t *bytes;
	size_t len;
	bool begun;
	dev_t dev;
	ino_t ino;
	uint64_t size, notes, after;
};

static int open_dump(const struct adding *a, struct stat *st,
		     struct ami_error *err)
{
	int fd = open(a->path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		ami_error_set(err, AMI_ERR_OUTPUT,
			      "%s cannot be opened for writing: %s", a->path,
			      strerror(errno));
	} else if (fstat(fd, st) || !S_ISREG(st->st_mode)) {
		ami_error_set(err, AMI_ERR_OUTPUT,
			      "%s is not a regular file that can be changed",
			      a->path);
		close(fd);
		fd = -1;
	}
	return fd;
}

static int write_note(struct adding *a, int fd, struct ami_error *err)
{
	struct carrier_plan plan;
	int ret;

	if (carrier_plan(fd, a->size, a->bytes, a->len, &plan, err))
		return -1;
	a->after = plan.notes.offset + plan.notes.len;
	a->begun = true;
	ret = carrier_apply(fd, &plan) ? 0 :
	      ami_error_set(err, AMI_ERR_OUTPUT, "%s cannot be written: %s",
			    a->path, strerror(errno));
	carrier_plan_free(&plan);
	return ret;
}

static int put_note(void *arg, struct ami_error *err)
{
	struct adding *a = arg;
	struct stat st;
	int fd = open_dump(a, &st, err), ret;

	if (fd < 0)
		return -1;
	a->dev = st.st_dev;
	a->ino = st.st_ino;
	a->size = st.st_size;
	if (!carrier_notes_at(fd, &a->notes))
		a->notes = UINT64_MAX;	/* it is refused later */
	ret = write_note(a, fd, err);
	close(fd);
	return ret;
}

/*
 * One write to the sub-header makes appended notes part of the dump. Before
 * that write they are cut off again. After it they stay, and count: 0.
 */
static int settle_note(void *arg, struct ami_error *err)
{
	struct adding *a = arg;
	struct stat st;
	int fd = open_dump(a, &st, err), ret = -1;
	uint64_t notes;

	if (fd < 0)
		return -1;
	if (st.st_dev != a->dev || st.st_ino != a->ino)
		ami_error_set(err, AMI_ERR_OUTPUT, "%s was replaced by another file",
			      a->path);
	else if (carrier_notes_at(fd, &notes) && notes != a->notes)
		ret = 0;
	else if (ftruncate(fd, a->size))
		ami_error_set(err, AMI_ERR_OUTPUT,
			      "%s has unused bytes at its end: %s", a->path,
			      strerror(errno));
	close(fd);
	return ret;
}

static int run_here(void *ctx, int (*fn)(void *arg, struct ami_error *err),
		    void *arg, struct ami_error *err)
{
	(void)ctx;
	return fn(arg, err);
}

int ami_marks_to_dump(const char *path, const uint8_t *bytes, size_t len,
		      const struct ami_marks_runner *runner,
		      struct ami_marks_note *note, struct ami_error *err)
{
	static const struct ami_marks_runner here = { run_here, NULL };
	struct adding *a = mmap(NULL, sizeof(*a), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct ami_error why;
	int ret;

	if (a == MAP_FAILED)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	if (!runner)
		runner = &here;
	*a = (struct adding){ .path = path, .bytes = bytes, .len = len };
	ret = runner->run(runner->ctx, put_note, a, err);
	/* Undo nothing while a process may still come to write. */
	if (ret == -1 && a->begun)
		ret = runner->run(runner->ctx, settle_note, a, &why);
	if (note)
		*note = (struct ami_marks_note){ a->size, a->after };
	munmap(a, sizeof(*a));
	return ret;
}

bool ami_marks_is_file(const uint8_t *head, size_t len)
{
	size_t magic = strlen(MARKS_MAGIC), none = strlen(AMI_MARKS_NONE_MADE);

	return (len >= magic && !memcmp(head, MARKS_MAGIC, magic)) ||
	       (len >= none && !memcmp(head, AMI_MARKS_NONE_MADE, none));
}

int ami_marks_to_file(const char *path, const uint8_t *bytes, size_t len,
		      const struct ami_newfile_rules *rules,
		      struct ami_error *err)
{
	struct ami_newfile file;

	if (ami_newfile_begin(&file, path, rules, err))
		return -1;
	if (ami_file_write_at(file.fd, bytes, len, 0))
		return ami_newfile_finish(&file, err);
	ami_error_set(err, AMI_ERR_OUTPUT, "%s cannot be written: %s", path,
		      strerror(errno));
	ami_newfile_drop(&file);
	return -1;
}

int ami_marks_patch(const struct ami_marks_target *dump, const uint8_t *bytes,
		    size_t len,
		    bool (*put)(void *ctx, uint64_t offset, const void *data,
				size_t len),
		    void *ctx, struct ami_error *err)
{
	struct carrier_plan p;
	bool ok;

	if (carrier_plan(dump->fd, dump->size, bytes, len, &p, err))
		return -1;
	ok = put(ctx, p.notes.offset, p.notes.data, p.notes.len) &&
	     put(ctx, p.head.offset, p.head.data, p.head.len);
	carrier_plan_free(&p);
	return ok ? 0 : ami_error_set(err, AMI_ERR_MEMORY,
				      "no room for the records");
}
