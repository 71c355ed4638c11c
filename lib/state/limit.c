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
			 "Reading stopped before the end: it took more work than the pages of this file can justify (damaged counts, structures that lead to each other). The rest is left out.");
	}
	s->limits_named = i;
}
