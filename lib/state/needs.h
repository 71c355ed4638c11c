/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which members of a kernel's structures the readers cannot do without. */
#ifndef AMI_STATE_NEEDS_H
#define AMI_STATE_NEEDS_H

#include "state.h"

/** enum need_part - what cannot be read at all when one of its members lacks */
enum need_part {
	NEED_OTHER,	/* each member for itself */
	NEED_SEGMENTS,
	NEED_UNITY,
	NEED_DEV_DATA,
	NEED_GCR3,
	NEED_TABLE,
	NEED_FLUSHQ,
	NEED_IOVA,
	NEED_PCI,
};

/** state_misses_member() - does this kernel lack a member that all of @part rests on? */
bool state_misses_member(const struct ami_state *s, enum need_part part);

/** state_check_needs() - a finding for each member that is missing */
void state_check_needs(struct ami_state *s);

/** state_report_doubts() - a finding for each structure that cannot be placed */
void state_report_doubts(struct ami_state *s);

#endif
