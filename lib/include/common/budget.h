/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_BUDGET_H
#define AMDIOMMU_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What work costs, in units. One unit is a word of eight bytes that is read
 * from the file or looked at as an entry of a table. The other costs take about
 * as long as that number of units.
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
 * @limit: units for all phases; follows from the pages that the file holds
 * @used: units used so far
 * @until: value of @used at which the present phase ends. Each phase may use
 *	half of what is left, so that damage which one reader falls for does not
 *	blind the others
 * @over: the present phase has ended and reads nothing any more
 * @phase: name of the present phase
 * @cut: names of phases that ended this way
 * @nr_cut: their number, which may be larger than the room in @cut
 */
struct ami_budget {
	uint64_t limit, used, until;
	bool over;
	const char *phase;
	const char *cut[AMI_BUDGET_CUTS];
	size_t nr_cut;
};

/** ami_budget_run() - begin a run over a file that holds @pages page frames */
void ami_budget_run(struct ami_budget *b, uint64_t pages);

/** ami_budget_phase() - begin the next phase of the run; keeps @name */
void ami_budget_phase(struct ami_budget *b, const char *name);

/** ami_budget_end() - end a phase that has used up its part. Returns false. */
bool ami_budget_end(struct ami_budget *b);

/** ami_budget_spend() - count work. Returns false when the phase must stop. */
static inline bool ami_budget_spend(struct ami_budget *b, uint64_t units)
{
	if (b->over)
		return false;
	b->used += units;
	return b->used <= b->until || ami_budget_end(b);
}

#endif
