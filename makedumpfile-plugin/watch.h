/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages hashed now and again later: what differs was written meanwhile. */
#ifndef AMI_WATCH_H
#define AMI_WATCH_H

#include <amdiommu/dump.h>
#include <amdiommu/pfnset.h>

#define WATCH_PAGES_DEFAULT	(UINT64_C(1) << 20)	/* 4 GiB, 8 MiB of hashes */

/**
 * struct watch_times - when pages were read, CLOCK_REALTIME in nanoseconds
 * @pages: how many were hashed
 * @beyond: how many were not: more than there is room for
 */
struct watch_times {
	uint64_t first_begin, first_end;
	uint64_t second_begin, second_end;
	uint64_t pages, beyond;
};

/** watch_hash() - first reading, kept in @fd: 8 bytes a page. */
int watch_hash(struct ami_dump *dump, const struct ami_pfnset *pages, int fd,
	       struct ami_error *err);

/**
 * watch_compare() - second reading
 * @changed: gets the pages that differ; one that cannot be read in both
 *	readings is not among them
 */
int watch_compare(struct ami_dump *dump, int fd, struct ami_pfnset *changed,
		  struct watch_times *times, struct ami_error *err);

#endif
