/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMI_READMEM_DUMP_H
#define AMI_READMEM_DUMP_H

#include <amdiommu/dump.h>

/**
 * readmem_dump_open() - the vmcore that makedumpfile has open
 *
 * Memory comes through makedumpfile's readmem(), what is RAM from the headers
 * of @input. NULL with @err filled for formats that do not tell.
 */
struct ami_dump *readmem_dump_open(const char *input, struct ami_error *err);

#endif
