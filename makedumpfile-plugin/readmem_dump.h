/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMI_READMEM_DUMP_H
#define AMI_READMEM_DUMP_H

#include <amdiommu/dump.h>

/**
 * readmem_dump_open() - the vmcore that makedumpfile has open
 *
 * Memory comes through makedumpfile's readmem(). The headers of @input say
 * what is RAM. NULL with @err filled for formats that do not say.
 */
struct ami_dump *readmem_dump_open(const char *input, struct ami_error *err);

#endif
