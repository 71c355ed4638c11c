// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <amdiommu/newfile.h>

#define TRIES	100u	/* names to try while others exist */

/* Somebody may have put a FIFO or a device there. Opening must not block. */
static int open_to_look(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW |
		    O_NOCTTY);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Compares inodes: a link to an input is an input. */
static bool is_input(const char *path, const struct ami_newfile_rules *rules)
{
	struct stat st, in;
	size_t i;

	if (stat(path, &st))
		return false;
	for (i = 0; i < rules->inputs; i++)
		if (rules->input[i] && !stat(rules->input[i], &in) &&
		    same_file(&st, &in))
			return true;
	return false;
}

static bool is_ours(const char *path, const struct stat *st,
		    bool (*check)(const uint8_t *head, size_t len))
{
	uint8_t head[AMI_NEWFILE_HEAD];
	struct stat now;
	ssize_t n = -1;
	int fd;

	if (!check || !S_ISREG(st->st_mode))
		return false;
	fd = open_to_look(path);
	if (fd < 0)
		return false;
	if (!fstat(fd, &now) && same_file(&now, st))
		n = pread(fd, head, sizeof(head), 0);
	close(fd);
	return n > 0 && check(head, n);
}

static const char *kind_of(mode_t mode)
{
	return S_ISDIR(mode) ? "directory" : S_ISFIFO(mode) ? "FIFO" :
	       S_ISSOCK(mode) ? "socket" : "device";
}

/* May this name be replaced? */
static int check_name(struct ami_newfile *f,
		      const struct ami_newfile_rules *rules,
		      struct ami_error *err)
{
	mode_t mode;

	if (lstat(f->path, &f->old))
		return errno == ENOENT ? 0 :
		       ami_error_set(err, AMI_ERR_OUTPUT,
				     "%s cannot be written: %s", f->path,
				     strerror(errno));
	f->replaces = true;
	mode = f->old.st_mode;
	if (!S_ISREG(mode) && !S_ISLNK(mode))
		return ami_error_set(err, AMI_ERR_OUTPUT,
				     "%s is a %s; name a regular file for the %s",
				     f->path, kind_of(mode), rules->what);
	if (is_input(f->path, rules))
		return ami_error_set(err, AMI_ERR_OUTPUT,
				     "%s is a file that is read from; it is never replaced",
				     f->path);
	if (rules->force || is_ours(f->path, &f->old, rules->is_ours))
		return 0;
	return ami_error_set(err, AMI_ERR_OUTPUT,
			     "%s exists already%s; %s", f->path,
			     rules->is_ours ? " and was not made by amdiommu" :
			     "", rules->advice);
}

/* Like mkstemp(), but with the mode that is wanted. */
static int open_temp(struct ami_newfile *f, mode_t mode)
{
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		if (asprintf(&f->temp, "%s.%lx-%u.new", f->path,
			     (unsigned long)getpid(), i) < 0) {
			f->temp = NULL;
			return -1;
		}
		f->fd = open(f->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
			     O_NOFOLLOW, mode);
		if (f->fd >= 0)
			return 0;
		free(f->temp);
		f->temp = NULL;
		if (errno != EEXIST)
			break;
	}
	return -1;
}

int ami_newfile_begin(struct ami_newfile *f, const char *path,
		      const struct ami_newfile_rules *rules,
		      struct ami_error *err)
{
	static const struct ami_newfile_rules only_new = {
		.what = "file", .advice = "give another name", .mode = 0600,
	};

	*f = (struct ami_newfile){ .fd = -1, .path = strdup(path) };
	if (!rules)
		rules = &only_new;
	if (!f->path)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	if (!check_name(f, rules, err)) {
		if (!open_temp(f, rules->mode))
			return 0;
		ami_error_set(err, AMI_ERR_OUTPUT,
			      "cannot create %s: %s; choose a place that can be written",
			      path, strerror(errno));
	}
	ami_newfile_drop(f);
	return -1;
}

void ami_newfile_drop(struct ami_newfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->temp)
		unlink(f->temp);
	free(f->temp);
	free(f->path);
	*f = (struct ami_newfile){ .fd = -1 };
}

/* Only if nothing has the name. Not all file systems can do it in one step. */
static bool take_free_name(const struct ami_newfile *f)
{
	struct stat st;

	if (!renameat2(AT_FDCWD, f->temp, AT_FDCWD, f->path, RENAME_NOREPLACE))
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	if (!lstat(f->path, &st)) {
		errno = EEXIST;
		return false;
	}
	return !rename(f->temp, f->path);
}

static bool take_name(const struct ami_newfile *f)
{
	struct stat now;

	if (!f->replaces)
		return take_free_name(f);
	/* If the file is not the one that was looked at, it is not ours. */
	if (!lstat(f->path, &now) && !same_file(&now, &f->old)) {
		errno = EEXIST;
		return false;
	}
	return !rename(f->temp, f->path);
}

int ami_newfile_finish(struct ami_newfile *f, struct ami_error *err)
{
	int ret = 0;

	if (fsync(f->fd) || !take_name(f)) {
		ret = ami_error_set(err, AMI_ERR_OUTPUT,
				    "%s cannot be written: %s", f->path,
				    strerror(errno));
	} else {
		free(f->temp);
		f->temp = NULL;
	}
	ami_newfile_drop(f);
	return ret;
}

void ami_newfile_remove(const char *path,
			bool (*check)(const uint8_t *head, size_t len))
{
	struct stat st;

	if (!lstat(path, &st) && is_ours(path, &st, check))
		unlink(path);
}
