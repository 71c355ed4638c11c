/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an analysis read: page frame -> granule mask. Private to lib/dump. */
#ifndef AMI_DUMP_RECORD_H
#define AMI_DUMP_RECORD_H

#include <dump/dump.h>

struct ami_record {
	struct ami_granules *slots;	/* open addressing; mask 0 = free */
	size_t nr_slots;		/* power of two */
	size_t used;
	bool overflow;			/* memory ran out: the record is partial */
};

/** ami_granule_mask() - granules that [@offset, @offset + @len) touches */
uint64_t ami_granule_mask(size_t offset, size_t len);

int ami_record_init(struct ami_record *rec);
void ami_record_free(struct ami_record *rec);
void ami_record_add(struct ami_record *rec, uint64_t pfn, uint64_t mask);
uint64_t ami_record_mask(const struct ami_record *rec, uint64_t pfn);
struct ami_granules *ami_record_sorted(const struct ami_record *rec,
				       size_t *count);

#endif
