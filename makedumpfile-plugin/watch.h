/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hashes pages now and again later. What differs was written meanwhile. */
#ifndef AMI_WATCH_H
#define AMI_WATCH_H

#include <amdiommu/dump.h>
#include <amdiommu/pfnset.h>

#define WATCH_PAGES_DEFAULT	(UINT64_C(1) << 20)	/* 4 GiB, 8 MiB of hashes */

/**
 * struct watch_times - when pages were read, CLOCK_REALTIME in nanoseconds
 * @pages: how many were hashed
 * @beyond: how many were not, because there was no room
 */
struct watch_times {
	uint64_t first_begin, first_end;
	uint64_t second_begin, second_end;
	uint64_t pages, beyond;
};

/** watch_hash() - first reading, kept in @fd: 8 bytes for each page */
int watch_hash(struct ami_dump *dump, const struct ami_pfnset *pages, int fd,
	       struct ami_error *err);

/**
 * watch_compare() - second reading
 * @changed: gets the pages that differ; pages that are unreadable in one of
 * 	the readings are left out
 */
int watch_compare(struct ami_dump *dump, int fd, struct ami_pfnset *changed,
		  struct watch_times *times, struct ami_error *err);

#endif
