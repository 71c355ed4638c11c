/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole analysis: the rooms in their order, and what they found. */
#ifndef AMDIOMMU_ANALYSIS_H
#define AMDIOMMU_ANALYSIS_H

#include <incidents/dmesg.h>
#include <incidents/incident.h>
#include <amdiommu/marks.h>
#include <verdict/verdict.h>

/**
 * struct ami_analysis - everything known about one dump
 * @findings: of all rooms
 * @state_pages, @evidence_pages: page frames that both were read from
 * @marks: the marks that came with the dump; NULL if there are no usable ones
 * @marks_error: why marks are not used; status AMI_OK if there are no marks
 * @work: the budget, and what the analysis used of it
 */
struct ami_analysis {
	struct ami_dump *dump;
	struct ami_kernel *kernel;
	struct ami_findings findings;
	struct ami_state *state;
	struct ami_incidents *incidents;
	struct ami_evidence *evidence;
	struct ami_exposures *exposures;
	const struct ami_dmesg *dmesg;	/* of the incidents */
	struct ami_marks *marks;
	enum ami_marks_from marks_from;
	struct ami_error marks_error;
	struct ami_pfnset *state_pages, *evidence_pages;
	struct ami_spill spill;		/* with a folder for it */
	struct ami_budget work;
};

/**
 * struct ami_analyse_options - how to analyse; zeroed is the default
 * @marks: file to read marks from; NULL: search for them
 * @folder: where memory is short: folder for a temporary file, on a disk and
 *	not in memory. Sets of mapped pages move there once they are complete.
 *	The result is the same. Marks that are built from the analysis must not
 *	outlive it. NULL: all stays in memory
 * @record: record what is read, for ami_extract_write()
 */
struct ami_analyse_options {
	const char *marks, *folder;
	bool record;
};

/**
 * ami_analyse() - run the whole analysis over an open dump
 * @options: NULL: the default
 *
 * Takes over @dump, also on failure. Returns NULL with @err filled if there is
 * nothing to report on. The caller frees the result with ami_analysis_free().
 */
struct ami_analysis *ami_analyse(struct ami_dump *dump,
				 const struct ami_layout_source *source,
				 const struct ami_analyse_options *options,
				 struct ami_error *err);
/** ami_analysis_free() - also closes the dump */
void ami_analysis_free(struct ami_analysis *a);

/**
 * ami_analysis_state() - the first half: state and incidents
 * @a: with dump and kernel
 */
int ami_analysis_state(struct ami_analysis *a, struct ami_error *err);

/**
 * ami_analysis_judge() - the second half: evidence, exposures, verdict
 * @a: with state and incidents
 */
int ami_analysis_judge(struct ami_analysis *a, struct ami_error *err);

#endif
