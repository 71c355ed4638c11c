// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bound on a run's work. Damaged structures may lead in circles. They may
 * also multiply two counts that are each possible. A healthy machine needs
 * pages of the dump to describe what it has, so the number of pages bounds the
 * work.
 */
#include <string.h>

#include <common/budget.h>

#define MAX_PAGES	(UINT64_C(1) << 40)

void ami_budget_run(struct ami_budget *b, uint64_t pages)
{
	if (pages > MAX_PAGES)
		pages = MAX_PAGES;
	memset(b, 0, sizeof(*b));
	b->limit = AMI_BUDGET_BASE + pages * AMI_BUDGET_PAGE;
	ami_budget_phase(b, "dump");
}

void ami_budget_phase(struct ami_budget *b, const char *name)
{
	uint64_t left = b->limit > b->used ? b->limit - b->used : 0;

	b->phase = name;
	b->until = b->used + left / 2;
	b->over = false;
}

bool ami_budget_end(struct ami_budget *b)
{
	b->over = true;
	b->used = b->until;
	if (b->nr_cut < AMI_BUDGET_CUTS)
		b->cut[b->nr_cut] = b->phase;
	b->nr_cut++;
	return false;
}
