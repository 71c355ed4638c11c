/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The container as bytes (docs/marks-format.md). Private to lib/marks. */
#ifndef AMI_MARKS_PRIVATE_H
#define AMI_MARKS_PRIVATE_H

#include <amdiommu/pfnset.h>
#include <common/vec.h>
#include <marks/marks.h>

#include "bytes.h"

#define MARKS_MAGIC	"AMIMARKS"
#define MARKS_VERSION	1u
#define MARKS_HEADER	32u	/* magic, version, sections, size, 0, crc */
#define SECTION_HEADER	16u	/* type, crc, length */
#define NO_SET		UINT32_MAX

/* What readers take; what was built has no more. */
#define MARKS_MAX_SETS		32768u
#define MARKS_MAX_OBSERVED	1024u
#define MARKS_MAX_LIST		(1u << 20)
#define MARKS_MAX_FINDINGS	4096u

/* In this order. Readers skip unknown types. */
enum section {
	SECTION_IDENTITY = 1,
	SECTION_ORIGIN = 2,
	SECTION_PAGES = 3,	/* one for each set */
	SECTION_EXPOSURES = 4,
	SECTION_VERDICT = 5,
	SECTION_FINDINGS = 6,
	SECTION_OBSERVED = 7,
	SECTION_SAVED = 8,
	SECTION_COVERAGE = 9,
};

#define MARK_IS_IOMMU	1u
#define MARK_ALL_RAM	2u
#define MARK_INCOMPLETE	4u
#define ORIGIN_CAPTURE	1u

/** marks_crc32c() - CRC-32C (Castagnoli), continued from @crc; 0 to start */
uint32_t marks_crc32c(uint32_t crc, const void *data, size_t len);

/** marks_runs_write() - a set of page frames, as in docs/marks-format.md */
void marks_runs_write(struct out *o, const struct ami_pfnset *set);

/** marks_runs_read() - add to @set; false unless it is runs and nothing else */
bool marks_runs_read(struct ami_pfnset *set, const uint8_t *bytes, size_t len);

/* A page frame in zlib's format. -1: not exactly one page, or no memory. */
int marks_saved_unpack(const struct ami_saved *saved, uint8_t *page);

/**
 * marks_add_set() - add a new empty set, which is then the last one
 *
 * VEC_FULL: marks hold no more sets than MARKS_MAX_SETS.
 */
enum vec_room marks_add_set(struct ami_marks *marks);

/**
 * marks_add_shared_set() - the same for the set of an exposure, which others have
 *
 * It leaves room for what is observed later.
 */
enum vec_room marks_add_shared_set(struct ami_marks *marks,
				   struct ami_pfnset *set);

#endif
