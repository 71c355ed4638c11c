/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages stay in the dump and which go, for the extension's callback. */
#ifndef AMI_DECIDE_H
#define AMI_DECIDE_H

#include <amdiommu/analysis.h>

/**
 * decide_write() - decide, in the guarded child
 * @read: pages that the analysis read: they stay
 *
 * Marked pages whose owner is named in $AMDIOMMU_EXCLUDE go (names as in
 * ami_owner_name(), with '-' for spaces: "anonymous,coherent-dma"), unless
 * the analysis read them.
 */
int decide_write(const struct ami_analysis *a, const struct ami_pfnset *read,
		 int fd, struct ami_error *err);

/**
 * struct decisions - as written by decide_write()
 * @keep, @drop: ascending, without overlaps
 */
struct decisions {
	const struct ami_range *keep, *drop;
	size_t keeps, drops;
};

/** decide_load() - map them; false: @fd holds nothing valid */
bool decide_load(int fd, struct decisions *d);

/** decide() - PG_INCLUDE, PG_EXCLUDE or PG_UNDECID; no side effects */
int decide(const struct decisions *d, uint64_t pfn);

#endif
