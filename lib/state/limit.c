// SPDX-License-Identifier: GPL-2.0-or-later
/* What a reader left out because the work budget was used up. */
#include "state.h"

void ami_name_limits(struct ami_state *s)
{
	const struct ami_budget *b =
		ami_dump_budget(ami_kernel_dump(s->kernel));
	size_t i;

	for (i = s->limits_named; i < b->nr_cut; i++) {
		s->incomplete = true;
		ami_finding_add(s->findings, AMI_FIND_WORK_LIMIT,
			 i < AMI_BUDGET_CUTS ? b->cut[i] : "analysis",
			 "Reading this ended before all was read: it took more work than anything does that the pages in this file can describe (damaged counts, structures that lead to each other). What was not come to is left out.");
	}
	s->limits_named = i;
}
