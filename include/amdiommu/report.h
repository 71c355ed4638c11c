/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_REPORT_H
#define AMDIOMMU_REPORT_H

#include <stdio.h>

#include <amdiommu/analysis.h>
#include <amdiommu/bdf.h>

/** enum ami_view - the commands with a view: <amdiommu/commands.def> */
enum ami_view {
#define AMI_COMMAND(view, ...) AMI_VIEW_##view,
#include <amdiommu/commands.def>
	AMI_VIEWS
};

/**
 * struct ami_view_info - a command as both front ends offer it
 * @letter: option that selects it in crash
 * @args: synopsis of its arguments, "" if it takes none
 * @options: keys of the options that it takes
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

/** enum ami_row - check: the form of its line */
enum ami_row { AMI_ROW_NONE, AMI_ROW_TABLE, AMI_ROW_CSV };

/**
 * struct ami_request - what to show, and how
 * @bdf: device asked for, if @has_bdf
 * @owner: scan, pages: only pages of this owner; NULL: all
 * @owners, @class, @range: pages: with owners; of this class; in this range
 * @row: check: its line is one of a table
 * @iommu: index of the IOMMU asked for, -1 for all
 * @address: IOVA (translate), or a physical address (who, without @words)
 * @words, @nr_words: what who is asked for, as it was typed
 * @count: rd: words; 0: not said
 * @in: where who reads more of these if a word is "-"; NULL: nowhere
 * @pages: JSON: list page frames, not only counts
 * @html: the report as an HTML file, instead of text or JSON
 * @verbose: text: everything, not only what matters
 * @bug: report: as text for a bug report, without user data
 * @all: dmesg: all lines of the log
 * @no_identity: leave out host name and panic text
 * @longer, @whole: how a user asks for @verbose and @all here ("-v"), for hints
 *	where something is left out; NULL: no hint
 */
struct ami_request {
	enum ami_view view;
	bool json, pages, verbose, color, bug, html, all, no_identity;
	enum ami_radix radix;
	bool has_bdf;
	struct ami_bdf bdf;
	const char *owner, *class, *range;
	bool owners;
	enum ami_row row;
	int iommu;
	uint64_t address;
	char *const *words;
	int nr_words;
	uint64_t count;
	FILE *in;
	const char *longer, *whole;
};

/**
 * ami_request_args() - fill in a view's own arguments
 *
 * @argc and @argv hold only those. Returns -1 with @err filled if they make no
 * sense.
 */
int ami_request_args(struct ami_request *r, int argc, char *const *argv,
		     struct ami_error *err)
	AMI_MUST_CHECK;

/** ami_request_options() - -1 with @err filled if an option has no effect. */
int ami_request_options(const struct ami_request *r, struct ami_error *err)
	AMI_MUST_CHECK;

/** ami_html_is_file() - does a file that begins with @head hold our report? */
bool ami_html_is_file(const uint8_t *head, size_t len);

/**
 * ami_render() - write a view to @out
 *
 * Returns -1 with @err filled if the view cannot be shown (no such device) or
 * @out cannot be written.
 */
int ami_render(const struct ami_analysis *a, const struct ami_request *r,
	       FILE *out, struct ami_error *err)
	AMI_MUST_CHECK;

/** ami_check_head() - names of the columns, if lines are those of a table */
void ami_check_head(enum ami_row form, FILE *out);

/** ami_check_failed_row() - the line of a dump that failed, in a table */
void ami_check_failed_row(enum ami_row form, const char *path, const char *why,
			  FILE *out);

/** ami_compare() - what is new in @b; r->json chooses the form */
int ami_compare(const struct ami_analysis *a, const struct ami_analysis *b,
		const struct ami_request *r, FILE *out, struct ami_error *err)
	AMI_MUST_CHECK;

/** ami_check_failed() - write the `check --json` line of a failed dump */
void ami_check_failed(const char *path, const char *why, int exit_code,
		      FILE *out);

#endif
