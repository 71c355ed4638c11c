// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis.h"

/*
 * The page frames that the state comes from belong to it. Those of symbols and
 * types do not: they lie in the kernel image, which has an owner. And where
 * kallsyms must be searched for, all kinds of pages are read.
 */
static void read_state(struct ami_analysis *a, struct ami_error *err)
{
	ami_dump_doing(a->dump, "IOMMU state");
	a->state_pages = ami_pfnset_new();
	ami_dump_note_reads(a->dump, a->state_pages);
	a->state = ami_state_read(a->kernel, &a->findings, err);
	ami_dump_note_reads(a->dump, NULL);
}

static void read_evidence(struct ami_analysis *a, struct ami_error *err)
{
	ami_dump_doing(a->dump, "evidence");
	a->evidence_pages = ami_pfnset_new();
	ami_dump_note_reads(a->dump, a->evidence_pages);
	a->evidence = ami_evidence_find(a->state, a->deep, err);
	ami_dump_note_reads(a->dump, NULL);
}

static void find_exposures(struct ami_analysis *a, struct ami_error *err)
{
	struct ami_basis on = {
		.state = a->state, .evidence = a->evidence, .marks = a->marks,
		.spill = a->spill.fd < 0 ? NULL : &a->spill,
		.state_pages = a->state_pages,
		.evidence_pages = a->evidence_pages,
	};

	a->exposures = ami_exposures_find(&on, err);
}

static void report_marks(struct ami_analysis *a)
{
	if (a->marks && a->marks->unproved)
		ami_finding_add(&a->findings, AMI_FIND_MARKS_UNPROVED,
				ami_marks_from_name(a->marks_from),
				"These marks are used because their file was named; nothing proves that they belong to this crash.");
	if (a->marks_error.status)
		ami_finding_add_with(&a->findings, AMI_FIND_MARKS_REFUSED,
				ami_marks_from_name(a->marks_from),
				AMI_FACTS(
					AMI_NAMES(CAUSE, a->marks_error.text)),
				"The marks that came with the dump are not used: %s.",
				a->marks_error.text);
}

int ami_analysis_state(struct ami_analysis *a, struct ami_error *err)
{
	read_state(a, err);
	if (!a->state)
		return -1;
	report_marks(a);
	ami_dump_doing(a->dump, "incidents");
	a->incidents = ami_incidents_read(a->state, err);
	if (!a->incidents)
		return -1;
	a->dmesg = a->incidents->dmesg;
	analysis_check_commands(a->state);
	return 0;
}

static int find_contents(struct ami_analysis *a, struct ami_error *err)
{
	a->contents = ami_contents_find(a->exposures, a->look == AMI_LOOK_ALL,
					err);
	if (!a->contents)
		return -1;
	a->exposures->found = a->contents;
	return 0;
}

int ami_analysis_judge(struct ami_analysis *a, struct ami_error *err)
{
	read_evidence(a, err);
	if (!a->evidence)
		return -1;
	analysis_check_evidence(a->state, a->evidence);
	find_exposures(a, err);
	if (!a->exposures)
		return -1;
	analysis_check_ram(a->state, a->exposures);
	if (a->look != AMI_LOOK_NONE && find_contents(a, err))
		return -1;
	ami_name_limits(a->state);
	if (ami_judge(a->exposures, err))
		return -1;
	/* Finders may have reached the limit, too. */
	ami_name_limits(a->state);
	return 0;
}

static void take_marks(struct ami_analysis *a, const char *file)
{
	a->marks = ami_marks_find(a->dump, file, &a->marks_from,
				  &a->marks_error);
	if (a->marks)
		ami_marks_serve(a->marks, a->dump);
}

/* If the file is truncated, say so in any data error. */
static void blame_truncation(const struct ami_dump *dump,
			     struct ami_error *err)
{
	const char *cut = ami_dump_cut(dump);
	size_t used = err ? strlen(err->text) : 0;

	if (err && err->status == AMI_ERR_DATA && cut &&
	    !strstr(err->text, cut))
		snprintf(err->text + used, sizeof(err->text) - used,
			 " (the file is %s; copy the dump again)", cut);
}

/* What is missing may lie after what used up the budget. */
static void blame_limit(struct ami_dump *dump, struct ami_error *err)
{
	const struct ami_budget *b = ami_dump_budget(dump);
	size_t used = err ? strlen(err->text) : 0;

	if (err && err->status == AMI_ERR_DATA && b->nr_cut)
		snprintf(err->text + used, sizeof(err->text) - used,
			 " (reading %s ended at the work limit: it is damaged)",
			 b->cut[0]);
}

static int run_rooms(struct ami_analysis *a,
		     const struct ami_layout_source *source,
		     struct ami_error *err)
{
	ami_dump_run(a->dump);
	ami_dump_doing(a->dump, "kernel symbols and types");
	a->kernel = ami_kernel_open(a->dump, source, err);
	if (!a->kernel || ami_analysis_state(a, err) ||
	    ami_analysis_judge(a, err)) {
		blame_truncation(a->dump, err);
		blame_limit(a->dump, err);
		return -1;
	}
	a->work = *ami_dump_budget(a->dump);
	ami_findings_sort(&a->findings);
	return 0;
}

static int open_spill(struct ami_analysis *a, const char *folder,
		      struct ami_error *err)
{
	if (!ami_spill_open(&a->spill, folder))
		return 0;
	ami_error_set(err, AMI_ERR_OUTPUT, "no temporary file in %s: %s",
		      folder, strerror(errno));
	return ami_error_advise(err, AMI_ADVICE_FOLDER);
}

static int start(struct ami_analysis *a,
		 const struct ami_analyse_options *options,
		 struct ami_error *err)
{
	if (options->folder && open_spill(a, options->folder, err))
		return -1;
	if (options->record && ami_dump_record(a->dump))
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	a->deep = options->deep;
	a->look = options->look;
	take_marks(a, options->marks);
	return 0;
}

struct ami_analysis *ami_analyse(struct ami_dump *dump,
				 const struct ami_layout_source *source,
				 const struct ami_analyse_options *options,
				 struct ami_error *err)
{
	static const struct ami_analyse_options none = { .marks = NULL };
	struct ami_analysis *a = calloc(1, sizeof(*a));

	if (!a) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		ami_dump_close(dump);
		return NULL;
	}
	a->dump = dump;
	a->spill.fd = -1;
	if (start(a, options ? options : &none, err) ||
	    run_rooms(a, source, err)) {
		ami_analysis_free(a);
		return NULL;
	}
	return a;
}

void ami_analysis_free(struct ami_analysis *a)
{
	if (!a)
		return;
	ami_contents_free(a->contents);
	ami_exposures_free(a->exposures);
	ami_evidence_free(a->evidence);
	ami_pfnset_free(a->evidence_pages);
	ami_pfnset_free(a->state_pages);
	ami_incidents_free(a->incidents);
	ami_state_free(a->state);
	ami_findings_free(&a->findings);
	ami_kernel_close(a->kernel);
	ami_dump_close(a->dump);
	ami_marks_free(a->marks);
	ami_spill_close(&a->spill);
	free(a);
}
