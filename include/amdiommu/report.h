/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_REPORT_H
#define AMDIOMMU_REPORT_H

#include <stdio.h>

#include <amdiommu/dmesg.h>
#include <amdiommu/exposure.h>
#include <amdiommu/marks.h>

/**
 * struct ami_analysis - everything known about one dump
 * @marks: that came with the dump, NULL: none, or none that can be used
 * @marks_error: why not; status AMI_OK: there are none
 * @work: that the analysis took, of what it might have taken
 */
struct ami_analysis {
	struct ami_dump *dump;
	struct ami_kernel *kernel;
	struct ami_state *state;
	struct ami_incidents *incidents;
	struct ami_exposures *exposures;
	const struct ami_dmesg *dmesg;	/* of the incidents */
	struct ami_marks *marks;
	enum ami_marks_from marks_from;
	struct ami_error marks_error;
	struct ami_spill spill;		/* with ami_analyse_small() */
	struct ami_budget work;
};

/**
 * ami_analyse() - run the whole analysis over an open dump
 *
 * Takes over @dump, also on failure. Returns NULL with @err filled when there
 * is nothing to report on.
 */
struct ami_analysis *ami_analyse(struct ami_dump *dump,
				 const struct ami_layout_source *source,
				 struct ami_error *err);

/** ami_analyse_with() - the same with marks from @file; NULL: look for them */
struct ami_analysis *ami_analyse_with(struct ami_dump *dump,
				      const struct ami_layout_source *source,
				      const char *file, struct ami_error *err);

/**
 * ami_analyse_small() - the same where memory is short
 * @folder: where a temporary file can grow: on a disk, not in memory
 *
 * Sets of mapped pages go there once they are complete; nothing is left out.
 * Marks that are built from the analysis must not outlive it.
 */
struct ami_analysis *ami_analyse_small(struct ami_dump *dump,
				       const struct ami_layout_source *source,
				       const char *file, const char *folder,
				       struct ami_error *err);
void ami_analysis_free(struct ami_analysis *a);

/** enum ami_view - the commands that show something: <amdiommu/commands.def> */
enum ami_view {
#define AMI_COMMAND(view, ...) AMI_VIEW_##view,
#include <amdiommu/commands.def>
	AMI_VIEWS
};

/**
 * struct ami_view_info - a command as both front ends offer it
 * @letter: that chooses it in crash
 * @args: synopsis of its arguments, "" when it has none
 * @options: keys of those that it heeds
 */
struct ami_view_info {
	const char *name;
	char letter;
	const char *args;
	unsigned int min_args, max_args;
	const char *options;
};

extern const struct ami_view_info ami_views[AMI_VIEWS];

enum ami_radix { AMI_RADIX_DEFAULT, AMI_RADIX_DEC, AMI_RADIX_HEX };

/**
 * struct ami_request - what to show, and how
 * @bdf: device asked for, if @has_bdf
 * @iommu: index of the IOMMU asked for, -1 for all
 * @address: IOVA (translate) or physical or kernel virtual address (who)
 * @pages: JSON: list page frames, not only counts
 * @html: the report as an HTML file, instead of text or JSON
 * @verbose: text: everything, not only what matters
 * @bug: report: as text for a bug report, without user data
 * @all: dmesg: all lines of the log
 */
struct ami_request {
	enum ami_view view;
	bool json, pages, verbose, color, bug, html, all;
	enum ami_radix radix;
	bool has_bdf;
	struct ami_bdf bdf;
	int iommu;
	uint64_t address;
};

/**
 * ami_request_args() - fill in a view's own arguments
 *
 * @argc and @argv hold only those. Returns -1 with @err filled when they make
 * no sense.
 */
int ami_request_args(struct ami_request *r, int argc, char *const *argv,
		     struct ami_error *err);

/** ami_request_options() - -1 with @err filled where one would be ignored. */
int ami_request_options(const struct ami_request *r, struct ami_error *err);

/** ami_html_is_file() - does a file that begins so hold a report of ours? */
bool ami_html_is_file(const uint8_t *head, size_t len);

/**
 * ami_render() - write a view to @out
 *
 * Returns -1 with @err filled when the view cannot be shown (no such device)
 * or @out could not be written.
 */
int ami_render(const struct ami_analysis *a, const struct ami_request *r,
	       FILE *out, struct ami_error *err);

/** ami_check_failed() - the line of `check --json` for a dump without result */
void ami_check_failed(const char *path, const char *why, int exit_code,
		      FILE *out);

/** ami_check_code() - exit code of `check`: 0, 1 suspect, 2 corrupt, 3. */
int ami_check_code(enum ami_verdict verdict);

#endif
