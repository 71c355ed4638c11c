// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <amdiommu/report.h>

/*
 * The page frames that the state comes from are part of it. Not those of
 * symbols and types: they lie in the kernel image, which has an owner, and
 * where kallsyms must be searched for, all kinds of pages are looked at.
 */
static void read_state(struct ami_analysis *a, struct ami_error *err)
{
	struct ami_pfnset *rests_on = ami_pfnset_new();

	ami_dump_doing(a->dump, "IOMMU state");
	ami_dump_note_reads(a->dump, rests_on);
	a->state = ami_state_read(a->kernel, err);
	ami_dump_note_reads(a->dump, NULL);
	if (!a->state) {
		ami_pfnset_free(rests_on);
		return;
	}
	a->state->rests_on = rests_on;
	a->state->marks = a->marks;
	a->state->spill = a->spill.fd < 0 ? NULL : &a->spill;
	if (a->marks && a->marks->unproved)
		ami_finding_add(&a->state->findings, AMI_FIND_MARKS_UNPROVED,
				ami_marks_from_name(a->marks_from),
				"These marks are used because --marks names them; nothing proves that they are of this crash.");
	if (a->marks_error.status)
		ami_finding_add(&a->state->findings, AMI_FIND_MARKS_REFUSED,
				ami_marks_from_name(a->marks_from),
				"The marks that came with the dump are not used: %s.",
				a->marks_error.text);
}

static void take_marks(struct ami_analysis *a, const char *file)
{
	a->marks = ami_marks_find(a->dump, file, &a->marks_from,
				  &a->marks_error);
	if (a->marks)
		ami_marks_serve(a->marks, a->dump);
}

/* What fails on a file that breaks off fails because of that. */
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

struct ami_analysis *ami_analyse(struct ami_dump *dump,
				 const struct ami_layout_source *source,
				 struct ami_error *err)
{
	return ami_analyse_with(dump, source, NULL, err);
}

/* What was to be found may lie behind what took all the work. */
static void blame_limit(struct ami_dump *dump, struct ami_error *err)
{
	const struct ami_budget *b = ami_dump_budget(dump);
	size_t used = err ? strlen(err->text) : 0;

	if (err && err->status == AMI_ERR_DATA && b->nr_cut)
		snprintf(err->text + used, sizeof(err->text) - used,
			 " (reading %s ended at the work limit: it is damaged)",
			 b->cut[0]);
}

static int analyse(struct ami_analysis *a,
		   const struct ami_layout_source *source,
		   struct ami_error *err)
{
	ami_dump_run(a->dump);
	ami_dump_doing(a->dump, "kernel symbols and types");
	a->kernel = ami_kernel_open(a->dump, source, err);
	if (a->kernel)
		read_state(a, err);
	ami_dump_doing(a->dump, "incidents");
	if (a->state)
		a->incidents = ami_incidents_read(a->state, err);
	if (a->incidents)
		a->dmesg = a->incidents->dmesg;
	if (a->incidents)
		a->exposures = ami_exposures_find(a->state, err);
	if (!a->exposures) {
		blame_truncation(a->dump, err);
		blame_limit(a->dump, err);
		return -1;
	}
	ami_name_limits(a->state);
	a->work = *ami_dump_budget(a->dump);
	ami_findings_sort(&a->state->findings);
	return 0;
}

struct ami_analysis *ami_analyse_small(struct ami_dump *dump,
				       const struct ami_layout_source *source,
				       const char *file, const char *folder,
				       struct ami_error *err)
{
	struct ami_analysis *a = calloc(1, sizeof(*a));
	int ret = 0;

	if (!a) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		ami_dump_close(dump);
		return NULL;
	}
	a->dump = dump;
	a->spill.fd = -1;
	if (folder && ami_spill_open(&a->spill, folder))
		ret = ami_error_set(err, AMI_ERR_OUTPUT,
				    "no temporary file in %s: %s; name another folder (TMPDIR)",
				    folder, strerror(errno));
	if (!ret)
		take_marks(a, file);
	if (ret || analyse(a, source, err)) {
		ami_analysis_free(a);
		return NULL;
	}
	return a;
}

struct ami_analysis *ami_analyse_with(struct ami_dump *dump,
				      const struct ami_layout_source *source,
				      const char *file, struct ami_error *err)
{
	return ami_analyse_small(dump, source, file, NULL, err);
}

void ami_analysis_free(struct ami_analysis *a)
{
	if (!a)
		return;
	ami_exposures_free(a->exposures);
	ami_incidents_free(a->incidents);
	ami_state_free(a->state);
	ami_kernel_close(a->kernel);
	ami_dump_close(a->dump);
	ami_marks_free(a->marks);
	ami_spill_close(&a->spill);
	free(a);
}

int ami_check_code(enum ami_verdict verdict)
{
	switch (verdict) {
	case AMI_VERDICT_TRUSTED:
	case AMI_VERDICT_EXPOSED:
		return 0;
	case AMI_VERDICT_SUSPECT:
		return 1;
	case AMI_VERDICT_CORRUPT:
		return 2;
	case AMI_VERDICT_UNKNOWN:
		break;
	}
	return 3;
}
