/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is what a report says of a damaged dump right? */
#ifndef JUDGE_H
#define JUDGE_H

#include "overlay.h"

enum outcome {
	NO_CHANGE,		/* the same answers, findings and pages */
	OTHER_PAGES,		/* other pages, none fewer; no new finding */
	FEWER_PAGES,		/* pages are gone without a finding */
	NEW_FINDING,		/* the same verdict and coverage */
	WORSE,			/* verdict or coverage, and neither better */
	BETTER_FOUND,		/* better verdict or coverage, with a finding that says why */
	REFUSED,		/* no report, but a reason */
	/* from here on: failures */
	FALSE_TRUST,		/* better verdict or coverage without a finding */
	HIDDEN,			/* a device's reach, or what is not known of it, is
				 * gone without a finding */
	BAD_JSON,
	TOO_MUCH_WORK,
	TOO_MUCH_MEMORY,
	NO_REASON,		/* neither report nor reason */
	CRASHED,
	OUTCOMES
};

extern const char *const outcome_name[OUTCOMES];

#define FIRST_FAILURE	FALSE_TRUST

/** struct facts - what the report on the intact dump says */
struct facts {
	enum ami_verdict verdict;
	enum ami_covered covered;
	struct ami_pfnset *pages;	/* that devices could write */
	uint64_t sum;			/* of all exposures */
	struct ami_findings findings;	/* borrowed from @analysis */
	struct ami_analysis *analysis;
};

/** facts_of() - takes over @a; aborts without memory */
struct facts facts_of(struct ami_analysis *a);
void facts_free(struct facts *f);

/**
 * outcome_of() - @a may be NULL: then @err must say why; frees @a
 * @tables_hit: an I/O page table was damaged: which pages it mapped nothing
 *	else tells
 */
enum outcome outcome_of(const struct facts *intact, struct ami_analysis *a,
			const struct ami_error *err, enum ami_view also,
			bool tables_hit);

#endif
