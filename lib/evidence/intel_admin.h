/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the readers of Intel's 40 and 100 gigabit cards. */
#ifndef AMI_INTEL_ADMIN_H
#define AMI_INTEL_ADMIN_H

#include "reading.h"

/** intel_iavf_admin() - the admin queue of a struct iavf_adapter */
bool intel_iavf_admin(struct reading *r);

#endif
