/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_MARKS_H
#define AMDIOMMU_MARKS_H

#include <amdiommu/newfile.h>
#include <amdiommu/pfnset.h>

/*
 * Marks say which pages of a dump may have changed since the panic, in a
 * container that travels with the dump. They also carry pages that are missing
 * from the dump or were saved too late. docs/marks-format.md has the bytes.
 */

#define AMI_MARKS_SUFFIX	".amdiommu"	/* of the sidecar, after DUMP */

struct ami_marks;

/**
 * struct ami_observation - pages that changed between two readings
 * @set: the pages that changed, an index into ami_marks.sets
 * @first, @second: begin and end of each reading, nanoseconds since 1970
 * @watched: number of pages that were compared
 * @beyond: number of marked pages that were not, for want of room
 */
struct ami_observation {
	int set;
	uint64_t first[2], second[2];
	uint64_t watched, beyond;
};

/** ami_marks_free() - free @marks, which may be NULL */
void ami_marks_free(struct ami_marks *marks);

/**
 * ami_marks_observe() - add pages whose content changed
 * @o: copied, with the number of the new set
 *
 * @pages is copied. Returns -1 when out of memory.
 */
int ami_marks_observe(struct ami_marks *marks, const struct ami_pfnset *pages,
		      const struct ami_observation *o);

/** ami_marks_write() - make the container; the caller frees *@bytes. */
int ami_marks_write(const struct ami_marks *marks, uint8_t **bytes,
		    size_t *len, struct ami_error *err)
	AMI_MUST_CHECK;

/**
 * ami_marks_parse() - read a container, or what `dev -v` of crash extracted
 *
 * Looks only at @bytes, which are not trusted and not kept. What follows the
 * container is ignored. Returns NULL with @err filled on failure; status
 * AMI_ERR_INPUT means that these are not marks at all.
 */
struct ami_marks *ami_marks_parse(const uint8_t *bytes, size_t len,
				  struct ami_error *err)
	AMI_MUST_CHECK;

/** ami_marks_read() - read marks of any dump from a file of their own */
struct ami_marks *ami_marks_read(const char *path, struct ami_error *err)
	AMI_MUST_CHECK;

/* How DUMP.amdiommu begins where the filter could not make marks. */
#define AMI_MARKS_NONE_MADE	"amdiommu: no marks: "

/** ami_marks_is_file() - does a file that begins with @head hold marks, or the
 * reason why there are none? */
bool ami_marks_is_file(const uint8_t *head, size_t len);

/**
 * struct ami_marks_runner - runs code that writes to a dump, and may die in it
 * @run: calls @fn, perhaps in another process. Returns what @fn returns; -1 if
 *	@fn did not end by itself; anything else while @fn may still write
 */
struct ami_marks_runner {
	int (*run)(void *ctx, int (*fn)(void *arg, struct ami_error *err),
		   void *arg, struct ami_error *err);
	void *ctx;
};

/** struct ami_marks_note - bytes of a dump @before and @after it got a note */
struct ami_marks_note {
	uint64_t before, after;
};

/**
 * ami_marks_to_dump() - put @bytes as a note into a kdump-compressed dump
 * @runner: NULL: in this process
 * @note: set to the sizes; may be NULL
 *
 * Changes the file in place and replaces older marks. If this is cut off at any
 * point, the file is as readable as before. On failure it is byte for byte what
 * it was. Returns what @runner returns, with @err filled unless that is 0;
 * status AMI_ERR_DATA means that the file cannot take a note.
 */
int ami_marks_to_dump(const char *path, const uint8_t *bytes, size_t len,
		      const struct ami_marks_runner *runner,
		      struct ami_marks_note *note, struct ami_error *err)
	AMI_MUST_CHECK;

/**
 * struct ami_marks_target - a kdump-compressed dump that is to carry marks
 * @fd: of it, or of as much of its beginning as holds headers and notes
 * @size: of the dump
 */
struct ami_marks_target {
	int fd;
	uint64_t size;
};

/**
 * ami_marks_patch() - what to write into @dump so that it carries @bytes
 * @put: called for each piece, in the order in which they must reach the disk;
 *	false: it cannot be written
 *
 * Writes nothing itself. Returns -1 with @err filled on failure; status
 * AMI_ERR_DATA means that the file cannot take a note.
 */
int ami_marks_patch(const struct ami_marks_target *dump, const uint8_t *bytes,
		    size_t len,
		    bool (*put)(void *ctx, uint64_t offset, const void *data,
				size_t len),
		    void *ctx, struct ami_error *err)
	AMI_MUST_CHECK;

/** ami_marks_clock() - nanoseconds since 1970, when pages are read */
uint64_t ami_marks_clock(void);

/**
 * ami_marks_to_file() - write @bytes to a file of their own, completely or not
 * at all
 *
 * Returns -1 with @err filled on failure.
 */
int ami_marks_to_file(const char *path, const uint8_t *bytes, size_t len,
		      const struct ami_newfile_rules *rules,
		      struct ami_error *err)
	AMI_MUST_CHECK;

#endif
