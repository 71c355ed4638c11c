/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's log of a machine, in the form of its shape. */
#ifndef KLOG_H
#define KLOG_H

#include "machine.h"

/** struct klog - a log with room for all that tests write; it never wraps */
struct klog {
	struct machine *m;
	uint64_t prb, descs, infos, data;
	uint64_t next_seq;	/* the variable, with the log before 5.10 */
	uint64_t id, seq, pos;
};

/** klog_start() - an empty log; @first: number of the first line in it */
void klog_start(struct klog *l, struct machine *m, uint64_t first);

/** klog_add() - a line of the kernel, or of user space (@facility not 0) */
void klog_add(struct klog *l, unsigned int level, unsigned int facility,
	      const char *device, const char *text);

/** klog_say() - a warning of the kernel that names no device */
void klog_say(struct klog *l, const char *text);

#endif
