// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "candidates.h"

#define NAME		"makedumpfile"
#define USUAL_FOLDERS	"/usr/sbin:/usr/bin:/sbin:/bin"
/* Files that makedumpfile-amdiommu started, for one that they start. */
#define LED_HERE	"AMDIOMMU_LED_HERE"
#define PIECE		65536u
#define PROGRAM_MAX	(64u << 20)	/* bytes that are searched */

/* Each build of this program has it, and no makedumpfile does. */
static const char mark[] = "makedumpfile-amdiommu runs makedumpfile, never itself";

static bool has_mark(int fd)
{
	static char piece[PIECE + sizeof(mark)];
	size_t keep = 0, have;
	off_t at = 0;
	ssize_t n;

	/* The end of each piece stays in front of the next. */
	while (at < PROGRAM_MAX && (n = pread(fd, piece + keep, PIECE, at)) > 0) {
		have = keep + n;
		if (memmem(piece, have, mark, sizeof(mark)))
			return true;
		keep = have < sizeof(mark) ? have : sizeof(mark) - 1;
		memmove(piece, piece + have - keep, keep);
		at += n;
	}
	return false;
}

/* A copy, a link, another version: they would start each other for ever. */
static bool is_wrapper(const char *path, const struct stat *st)
{
	struct stat self;
	bool found;
	int fd;

	if (!stat("/proc/self/exe", &self) && self.st_dev == st->st_dev &&
	    self.st_ino == st->st_ino)
		return true;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	found = has_mark(fd);
	close(fd);
	return found;
}

static void describe(const struct stat *st, char *text, size_t size)
{
	snprintf(text, size, "%llx:%llx,", (unsigned long long)st->st_dev,
		 (unsigned long long)st->st_ino);
}

static bool led_here(const struct stat *st)
{
	const char *list = getenv(LED_HERE);
	char text[64];

	describe(st, text, sizeof(text));
	return list && strstr(list, text);
}

static bool is_listed(const struct candidates *c, const struct stat *st)
{
	struct stat other;
	size_t i;

	for (i = 0; i < c->count; i++)
		if (!stat(c->path[i], &other) && other.st_dev == st->st_dev &&
		    other.st_ino == st->st_ino)
			return true;
	return false;
}

static bool add_candidate(struct candidates *c, const char *path)
{
	struct stat st;

	if (c->count == CANDIDATES_MAX || stat(path, &st) ||
	    !S_ISREG(st.st_mode) || access(path, X_OK) || led_here(&st) ||
	    is_listed(c, &st) || is_wrapper(path, &st))
		return false;
	c->path[c->count] = strdup(path);
	c->count += c->path[c->count] != NULL;
	return true;
}

static void add_folders(struct candidates *c, const char *folders)
{
	char path[PATH_MAX];

	while (folders && *folders) {
		size_t len = strcspn(folders, ":");
		int n = snprintf(path, sizeof(path), "%.*s/" NAME, (int)len,
				 folders);

		if (len && n > 0 && (size_t)n < sizeof(path))
			add_candidate(c, path);
		folders += len;
		folders += *folders == ':';
	}
}

void candidates_find(struct candidates *c)
{
	const char *set = getenv("AMDIOMMU_MAKEDUMPFILE");

	memset(c, 0, sizeof(*c));
	c->nested = getenv(LED_HERE) != NULL;
	if (set && *set && !add_candidate(c, set) && !c->nested)
		fprintf(stderr, "makedumpfile-amdiommu: AMDIOMMU_MAKEDUMPFILE=%s is not a program that can stand in for makedumpfile; looking for another one\n",
			set);
	add_folders(c, getenv("PATH"));
	add_folders(c, USUAL_FOLDERS);
}

void candidates_free(struct candidates *c)
{
	while (c->count)
		free(c->path[--c->count]);
}

/* A script of that name may come back to us: do not start it again. */
static void keep_path(const char *path)
{
	const char *before = getenv(LED_HERE);
	char text[64], *all;
	struct stat st;

	if (stat(path, &st) || led_here(&st))
		return;
	describe(&st, text, sizeof(text));
	if (asprintf(&all, "%s%s", before ? before : "", text) < 0)
		return;
	setenv(LED_HERE, all, 1);
	free(all);
}

void candidates_become(const char *path, char *const *argv)
{
	keep_path(path);
	execv(path, argv);
}
