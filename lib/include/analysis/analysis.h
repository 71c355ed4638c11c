/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rooms found, for views. */
#ifndef AMI_ROOM_ANALYSIS_H
#define AMI_ROOM_ANALYSIS_H

#include <amdiommu/analysis.h>
#include <content/content.h>
#include <incidents/dmesg.h>
#include <incidents/incident.h>
#include <marks/marks.h>
#include <verdict/verdict.h>

/**
 * struct ami_analysis - everything known about one dump
 * @findings: of all rooms
 * @state_pages, @evidence_pages: page frames that both were read from
 * @marks: the marks that came with the dump; NULL if there are no usable ones
 * @marks_error: why marks are not used; status AMI_OK if there are no marks
 * @deep: options.deep
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
	struct ami_contents *contents;
	const struct ami_dmesg *dmesg;	/* of the incidents */
	struct ami_marks *marks;
	enum ami_marks_from marks_from;
	struct ami_error marks_error;
	struct ami_pfnset *state_pages, *evidence_pages;
	struct ami_spill spill;		/* with a folder for it */
	struct ami_budget work;
	bool deep;
	enum ami_look look;
};

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
