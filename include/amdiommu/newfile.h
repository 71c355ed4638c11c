/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_NEWFILE_H
#define AMDIOMMU_NEWFILE_H

#include <amdiommu/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * A file that a user asked for. It gets its name when it is complete; until
 * then it has another name in the same folder. A file that has the name already
 * is replaced only if amdiommu made it, and never if amdiommu reads from it.
 */

#define AMI_NEWFILE_HEAD	1024u	/* bytes that a file is recognised by */

/**
 * struct ami_newfile_rules - what may be replaced
 * @what: what is written, for messages: "marks"
 * @is_ours: does a file that begins with @head hold what amdiommu writes? NULL:
 *	no file does
 * @advice: what to do if something else has the name
 * @force: replace any regular file, or symbolic link
 * @input: names of the files that are read; they are never replaced
 * @inputs: number of names in @input
 * @mode: mode for open()
 */
struct ami_newfile_rules {
	const char *what, *advice;
	bool (*is_ours)(const uint8_t *head, size_t len);
	bool force;
	const char *const *input;
	size_t inputs;
	mode_t mode;
};

/**
 * struct ami_newfile - a file on its way to its name
 * @fd: descriptor to write to
 * @path: its name when it is complete
 * @temp: its name until then
 * @replaces: a file has the name already
 * @old: that file
 */
struct ami_newfile {
	int fd;
	char *path, *temp;
	bool replaces;
	struct stat old;
};

/**
 * ami_newfile_begin() - check the name, and open a file to write to
 * @rules: NULL: the name must be free
 *
 * Opens nothing whose opening could hang or have an effect. Returns -1 with
 * @err filled on failure. After success, end with ami_newfile_finish() or
 * ami_newfile_drop().
 */
int ami_newfile_begin(struct ami_newfile *f, const char *path,
		      const struct ami_newfile_rules *rules,
		      struct ami_error *err)
	AMI_MUST_CHECK;

/**
 * ami_newfile_finish() - sync the complete file, then give it its name
 *
 * On failure the new file is gone, and the old one still has the name. Returns
 * -1 with @err filled then.
 */
int ami_newfile_finish(struct ami_newfile *f, struct ami_error *err)
	AMI_MUST_CHECK;

/** ami_newfile_drop() - delete the unfinished file. */
void ami_newfile_drop(struct ami_newfile *f);

/**
 * ami_newfile_remove() - delete @path, if it is a regular file and @is_ours
 *
 * Any other file stays. Reports no errors.
 */
void ami_newfile_remove(const char *path,
			bool (*is_ours)(const uint8_t *head, size_t len));

#endif
