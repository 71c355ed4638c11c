/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which makedumpfile to start, and which next if that one does not start. */
#ifndef AMI_CANDIDATES_H
#define AMI_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>

#define CANDIDATES_MAX	64u

/**
 * struct candidates - programs in the order in which they are tried
 * @nested: a makedumpfile-amdiommu started us, and does the work
 */
struct candidates {
	char *path[CANDIDATES_MAX];
	size_t count;
	bool nested;
};

/**
 * candidates_find() - $AMDIOMMU_MAKEDUMPFILE, those on PATH, the usual ones
 *
 * Only regular executable files, each once. None that is this program, a
 * copy or another build of it, and none that led here.
 */
void candidates_find(struct candidates *c);
void candidates_free(struct candidates *c);

/** candidates_become() - exec @path; returns only on failure, with errno set */
void candidates_become(const char *path, char *const *argv);

#endif
