/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_NEWFILE_H
#define AMDIOMMU_NEWFILE_H

#include <amdiommu/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * A file that is written for someone. It gets its name when it is complete; until
 * then it has another one beside it. What has that name already is replaced only
 * if we made it, and never if it is what we read from.
 */

#define AMI_NEWFILE_HEAD	1024u	/* bytes that a file is recognised by */

/**
 * struct ami_newfile_rules - what may be replaced
 * @what: is written, for messages: "marks"
 * @is_ours: does a file that begins so hold what we write? NULL: none does
 * @advice: what to do where something else has the name
 * @force: replace any regular file, or symbolic link
 * @input, @inputs: names of the files that are read, never replaced
 * @mode: for open()
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
 * @fd: to write to
 * @temp: its name meanwhile
 * @replaces, @old: what has the name now
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
 * Opens nothing that could hang or act by being opened. Returns -1 with @err
 * filled; else it is for ami_newfile_finish() or ami_newfile_drop().
 */
int ami_newfile_begin(struct ami_newfile *f, const char *path,
		      const struct ami_newfile_rules *rules,
		      struct ami_error *err);

/**
 * ami_newfile_finish() - it is complete: on the disk, then under its name
 *
 * On failure nothing of it remains, and what had the name still has it.
 */
int ami_newfile_finish(struct ami_newfile *f, struct ami_error *err);

/** ami_newfile_drop() - it is not wanted any more; nothing of it remains. */
void ami_newfile_drop(struct ami_newfile *f);

/**
 * ami_newfile_remove() - delete @path, if it is a regular file of ours
 *
 * Silent: what is not ours stays.
 */
void ami_newfile_remove(const char *path,
			bool (*is_ours)(const uint8_t *head, size_t len));

#endif
