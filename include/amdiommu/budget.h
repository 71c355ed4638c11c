/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_BUDGET_H
#define AMDIOMMU_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What work costs, in units. One is a word of eight bytes that is read from
 * the file or looked at as an entry of a table; the others are as many as take
 * about as long.
 */
enum ami_cost {
	AMI_COST_ENTRY = 1,
	AMI_COST_READ = 8,	/* a structure or entry, by its address */
	AMI_COST_SET = 32,	/* a run of page frames put into a set */
	AMI_COST_PAGE = 512,	/* a page frame taken from the file */
	AMI_COST_BLOCK = 1024,	/* a block of a set gone through, or changed */
};

#define AMI_BUDGET_BASE		(64ull << 20)	/* of the smallest dump */
#define AMI_BUDGET_PAGE		8192u		/* for each page it holds */
#define AMI_BUDGET_CUTS		16u

/**
 * struct ami_budget - the work that a run may do
 * @limit: of all phases, in units: follows from the pages that the file holds
 * @used: so far
 * @until: where the present phase ends: each may use half of what is left, so
 *	that damage which one reader falls for does not blind the others
 * @over: the present phase has come there: it reads nothing any more
 * @phase: its name
 * @cut: phases that came there; @nr_cut: how many, those not kept included
 */
struct ami_budget {
	uint64_t limit, used, until;
	bool over;
	const char *phase;
	const char *cut[AMI_BUDGET_CUTS];
	size_t nr_cut;
};

/** ami_budget_run() - a run begins, over a file that holds @pages */
void ami_budget_run(struct ami_budget *b, uint64_t pages);

/** ami_budget_phase() - what the run does next; @name is not copied */
void ami_budget_phase(struct ami_budget *b, const char *name);

/** ami_budget_end() - the phase has used up its part. Returns false. */
bool ami_budget_end(struct ami_budget *b);

/** ami_budget_spend() - account for work; false: stop at once. */
static inline bool ami_budget_spend(struct ami_budget *b, uint64_t units)
{
	if (b->over)
		return false;
	b->used += units;
	return b->used <= b->until || ami_budget_end(b);
}

#endif
