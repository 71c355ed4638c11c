/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the readers of Intel's 40 and 100 gigabit cards. */
#ifndef AMI_INTEL_ADMIN_H
#define AMI_INTEL_ADMIN_H

#include "reading.h"

/** enum admin_of - whose structures; the drivers have the same ones by other names */
enum admin_of { ADMIN_I40E, ADMIN_IAVF, ADMIN_ICE };

/** evidence_admin_memory() - add memory that was allocated for the device, up to @max */
bool evidence_admin_memory(struct reading *r, enum admin_of of, uint64_t va,
			   uint64_t max);

/** evidence_admin_queue() - an admin queue, or one of the same kind: @name */
bool evidence_admin_queue(struct reading *r, enum admin_of of, uint64_t queue,
			  const char *name);

/** evidence_iavf_admin() - the admin queue of a struct iavf_adapter */
bool evidence_iavf_admin(struct reading *r);

#endif
