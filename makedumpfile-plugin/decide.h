/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which pages stay in the dump and which go, for the extension's callback. */
#ifndef AMI_DECIDE_H
#define AMI_DECIDE_H

#include <amdiommu/report.h>

/**
 * decide_write() - settle it, in the guarded child
 * @read: pages that the analysis read: they stay
 *
 * Marked pages whose owner is named in $AMDIOMMU_EXCLUDE go (as
 * ami_owner_name() has it, with '-' for spaces: "anonymous,coherent-dma"),
 * unless they were read.
 */
int decide_write(const struct ami_analysis *a, const struct ami_pfnset *read,
		 int fd, struct ami_error *err);

/**
 * struct decisions - as settled
 * @keep, @drop: ascending, disjoint
 */
struct decisions {
	const struct ami_range *keep, *drop;
	size_t keeps, drops;
};

/** decide_load() - map them; false when @fd holds nothing that makes sense. */
bool decide_load(int fd, struct decisions *d);

/** decide() - PG_INCLUDE, PG_EXCLUDE or PG_UNDECID. No side effects. */
int decide(const struct decisions *d, uint64_t pfn);

#endif
