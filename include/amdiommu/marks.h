/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_MARKS_H
#define AMDIOMMU_MARKS_H

#include <amdiommu/exposure.h>

/*
 * Marks: which pages of a dump may differ from the panic, in a container that
 * travels with the dump, and the pages that the dump would lack.
 */
struct ami_marks;

#define AMI_MARKS_SUFFIX	".amdiommu"	/* of the sidecar, after DUMP */

/**
 * ami_marks_build() - marks from a finished analysis
 *
 * Copies what it needs: @ex may be freed before the result. The dump's
 * identity is taken from its VMCOREINFO. NULL with @err filled on failure.
 */
struct ami_marks *ami_marks_build(const struct ami_exposures *ex,
				  struct ami_error *err);
void ami_marks_free(struct ami_marks *marks);

/** ami_marks_failed() - empty marks of @dump that carry why there are none. */
struct ami_marks *ami_marks_failed(const struct ami_dump *dump,
				   const char *reason, struct ami_error *err);

/**
 * ami_marks_save_page() - carry the content of one page frame
 * @page: AMI_PAGE_SIZE bytes, copied
 * @time: when it was read, nanoseconds since 1970
 *
 * A page saved twice keeps its earlier content. -1: no memory, or too many.
 */
int ami_marks_save_page(struct ami_marks *marks, uint64_t pfn,
			const uint8_t *page, uint64_t time);

/**
 * ami_marks_observed() - pages whose content changed between two readings
 * @first, @second: when they were read, nanoseconds since 1970
 *
 * @pages is copied; may be called again for other times. -1: no memory.
 */
int ami_marks_observed(struct ami_marks *marks, const struct ami_pfnset *pages,
		       uint64_t first, uint64_t second);

/** ami_marks_pages() - union of all marked page frames, to hash in `watch`;
 * the caller frees it. NULL: no memory. */
struct ami_pfnset *ami_marks_pages(const struct ami_marks *marks);

/** ami_marks_write() - the container; *@bytes is malloc'ed, the caller's. */
int ami_marks_write(const struct ami_marks *marks, uint8_t **bytes,
		    size_t *len, struct ami_error *err);

/**
 * ami_marks_parse() - read a container, or what `dev -v` of crash extracted
 *
 * Pure: looks at nothing but @bytes, which are not trusted and not kept.
 */
struct ami_marks *ami_marks_parse(const uint8_t *bytes, size_t len,
				  struct ami_error *err);

/** ami_marks_binds() - are these marks of this dump? Otherwise @err shows
 * both identities. */
bool ami_marks_binds(const struct ami_marks *marks,
		     const struct ami_dump *dump, struct ami_error *err);

/*
 * Carriers. Each takes the container as ami_marks_write() made it; each
 * returns 0, or -1 with @err filled and the dump as readable as before.
 */

/** ami_marks_to_sidecar() - a file that appears complete or not at all. */
int ami_marks_to_sidecar(const char *path, const uint8_t *bytes, size_t len,
			 struct ami_error *err);

/** ami_marks_to_dump() - a note in a finished kdump or ELF file, in place. */
int ami_marks_to_dump(const char *path, const uint8_t *bytes, size_t len,
		      struct ami_error *err);

/**
 * struct ami_marks_stream - adds marks to a flattened stream that passes by
 *
 * Feed the stream in chunks of any size. @out is called with what is to be
 * written, 0 or -1 back. What is no flattened stream passes unchanged.
 */
struct ami_marks_stream;
typedef int (*ami_marks_out)(void *ctx, const uint8_t *bytes, size_t len);

struct ami_marks_stream *ami_marks_stream_new(ami_marks_out out, void *ctx);

/** ami_marks_stream_set() - the marks; any time before the end record comes.
 * @bytes is copied. Without this call the stream passes unchanged. */
int ami_marks_stream_set(struct ami_marks_stream *s, const uint8_t *bytes,
			 size_t len);
/** ami_marks_stream_feed() - -1 only when @out failed. */
int ami_marks_stream_feed(struct ami_marks_stream *s, const uint8_t *chunk,
			  size_t len);
/** ami_marks_stream_end() - no more input; @added tells if marks went in. */
int ami_marks_stream_end(struct ami_marks_stream *s, bool *added);
void ami_marks_stream_free(struct ami_marks_stream *s);

#endif
