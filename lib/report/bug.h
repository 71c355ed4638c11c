/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the bug report: its larger parts. */
#ifndef AMI_BUG_H
#define AMI_BUG_H

#include "view.h"

/** report_bug_kernel() - which kernel, on which machine, booted how */
void report_bug_kernel(struct view *v);

/**
 * report_bug_log() - what the kernel logged of DMA, IOMMUs and its end; -1:
 * v->err
 */
int report_bug_log(struct view *v);

#endif
