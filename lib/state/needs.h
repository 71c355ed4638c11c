/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of a kernel's structures that the readers need. */
#ifndef AMI_STATE_NEEDS_H
#define AMI_STATE_NEEDS_H

#include "state.h"

/** enum need_part - what is unreadable if one of its members is missing */
enum need_part {
	NEED_OTHER,	/* each member stands alone */
	NEED_SEGMENTS,
	NEED_UNITY,
	NEED_DEV_DATA,
	NEED_GCR3,
	NEED_TABLE,
	NEED_FLUSHQ,
	NEED_IOVA,
	NEED_PCI,
	NEED_DEVICES,	/* of the driver core, each for itself */
};

/** state_misses_member() - is a member missing that all of @part needs? */
bool state_misses_member(const struct ami_state *s, enum need_part part);

/** state_check_needs() - report each member that is missing */
void state_check_needs(struct ami_state *s);

/** state_report_doubts() - report each structure whose layout is uncertain */
void state_report_doubts(struct ami_state *s);

#endif
