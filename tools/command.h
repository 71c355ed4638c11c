/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to tools/: what the parts of the command share. */
#ifndef AMI_TOOL_COMMAND_H
#define AMI_TOOL_COMMAND_H

#include <amdiommu/newfile.h>
#include <amdiommu/progress.h>
#include <amdiommu/report.h>

struct options {
	struct ami_request request;
	const char *command;
	const char *vmlinux;
	const char *vmcoreinfo;
	const char *html;	/* file for the report */
	const char *output;	/* mark: file to write; NULL: the dump */
	const char *marks;	/* file with marks; NULL: find them */
	bool help, force;
	bool deep;		/* all struct pages, for page pools */
	bool low_memory;	/* page sets in a temporary file */
	bool strict;		/* check: partial coverage counts, too */
	unsigned int jobs;	/* 0: one for each CPU */
	char *const *operand;
	int operands;
	int parts;	/* operands that are parts of a dump */
	bool given[128];	/* by the keys of the options */
	struct ami_progress progress;
};

/**
 * struct command - a row of <amdiommu/commands.def>
 * @options: keys of its options; @own: help on them
 * @run: NULL: it shows a view
 */
struct command {
	const char *name, *args, *options, *summary, *more, *own, *example;
	int (*run)(struct options *o);
};

extern const struct command tool_commands[];
extern const size_t tool_nr_commands;

/** struct option_row - an option; @of: the commands that take it, or "" */
struct option_row {
	char key;
	const char *name, *arg, *of, *summary;
};

extern const struct option_row tool_option_rows[];
extern const size_t tool_nr_options;

/** tool_find_command() - the command of that name; NULL: none */
const struct command *tool_find_command(const char *name);

/** tool_misplaced() - an exit code if an option would be ignored, else 0 */
int tool_misplaced(const struct options *o, const struct command *c);

/** tool_open_dump() - open and analyse; NULL with @err filled */
struct ami_analysis *tool_open_dump(struct options *o, char *const *paths,
				    int parts, bool record, struct ami_error *err);

#define INPUTS	(AMI_DUMP_PARTS + 2)	/* and vmlinux, marks */

/** struct output - rules for a file to write; tool_output_rules() fills it */
struct output {
	struct ami_newfile_rules rules;
	const char *input[INPUTS];
};

/**
 * tool_output_rules() - never replace what is read, nor files of others
 * @is_ours: NULL: the file must be new
 */
const struct ami_newfile_rules *
tool_output_rules(struct output *out, const struct options *o, const char *what,
		  bool (*is_ours)(const uint8_t *head, size_t len));

/** tool_say_done() - one line on stdout: what was changed */
void tool_say_done(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** tool_say_written() - one line on stdout: @what was written to @path */
void tool_say_written(const char *what, const char *path);

/** tool_exit_code() - of the command that fails with @status */
int tool_exit_code(enum ami_status status);

/** tool_check_code() - of check: 0 fine, 1 suspect, 2 corrupt, 3 unknown */
int tool_check_code(enum ami_verdict verdict);

/** tool_error_text() - the failure, and the option that would help */
char *tool_error_text(const struct ami_error *err, char *buf, size_t size);

#define TOOL_ERROR	640u	/* room for it */

/** tool_fail() - report @err on stderr; returns the exit code */
int tool_fail(const struct ami_error *err);

/** tool_usage_error() - tool_fail() for an impossible command line */
int tool_usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** tool_check() - the command of that name, over many dumps at once */
int tool_check(struct options *o);

/* The commands of these names that show no view. */
#define AMI_TOOL(view, name, ...) int tool_##name(struct options *o);
#include <amdiommu/commands.def>

/** tool_help_on() - help on one command; false: there is no such command */
bool tool_help_on(const char *command, FILE *out);
void tool_help_overview(FILE *out);

/**
 * tool_help_on_finding() - what a finding means; false: there is no such
 * finding
 */
bool tool_help_on_finding(const char *name, FILE *out);
void tool_help_findings(FILE *out);

/** tool_take_vmcoreinfo() - make the dump use the VMCOREINFO of a file */
int tool_take_vmcoreinfo(struct ami_dump *dump, const char *path,
			 struct ami_error *err);

#endif
