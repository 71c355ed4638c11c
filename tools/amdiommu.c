// SPDX-License-Identifier: GPL-2.0-or-later
/* The stand-alone command: AMD IOMMU state from a vmcore. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

static const struct option long_options[] = {
#define AMI_OPTION(key, name, arg, ...) \
	{ name, sizeof(arg) > 1, NULL, key },
#include <amdiommu/commands.def>
	{ NULL, 0, NULL, 0 },
};

int tool_usage_error(const char *fmt, ...)
{
	char text[sizeof(((struct ami_error *)NULL)->text)];
	struct ami_error err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ami_error_set(&err, AMI_ERR_USAGE, "%s", text);
	return tool_fail(&err);
}

/*
 * In place of getopt()'s messages, as words of a command line may be file
 * names.
 */
static int bad_option(int c, const char *word)
{
	const char *help = "'amdiommu --help' lists the options";
	bool is_long = !strncmp(word, "--", 2);

	if (c == ':')
		return tool_usage_error("option '%s' needs an argument; %s", word,
					help);
	if (is_long && optopt)
		return tool_usage_error("option '%s' takes no argument; %s", word,
					help);
	if (is_long)
		return tool_usage_error("there is no option '%s', or it can mean several; %s",
					word, help);
	return tool_usage_error("there is no option '-%c'; %s", optopt, help);
}

static int parse_jobs(struct options *o, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || n < 1 || n > 1024)
		return tool_usage_error("-j takes a number from 1 to 1024, not '%s'",
					text);
	o->jobs = n;
	return 0;
}

static bool take_flag(struct options *o, int c)
{
	struct ami_request *r = &o->request;
	struct {
		int option;
		bool *flag;
	} flags[] = {
		{ 'f', &o->force }, { 'J', &r->json }, { 'p', &r->pages },
		{ 'v', &r->verbose }, { 'a', &r->all }, { 'N', &r->no_identity },
		{ 'b', &r->bug }, { 'S', &o->strict }, { 's', &o->deep },
		{ 'L', &o->low_memory }, { 'h', &o->help }, { 'O', &r->owners },
	};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].option == c) {
			*flags[i].flag = true;
			return true;
		}
	return false;
}

static bool take_choice(struct ami_request *r, int c)
{
	switch (c) {
	case 'x':
	case 'd':
		r->radix = c == 'x' ? AMI_RADIX_HEX : AMI_RADIX_DEC;
		return true;
	case 't':
	case 'k':
		r->row = c == 't' ? AMI_ROW_TABLE : AMI_ROW_CSV;
		return true;
	default:
		return false;
	}
}

static bool take_name(struct options *o, int c, const char *arg)
{
	struct {
		int option;
		const char **name;
	} names[] = {
		{ 'w', &o->request.owner }, { 'c', &o->request.class },
		{ 'r', &o->request.range }, { 'l', &o->vmlinux },
		{ 'i', &o->vmcoreinfo }, { 'H', &o->html },
		{ 'm', &o->marks }, { 'o', &o->output },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].option == c) {
			*names[i].name = arg;
			o->request.html |= c == 'H';
			return true;
		}
	return false;
}

static int take_device(struct options *o, const char *arg)
{
	o->request.has_bdf = ami_bdf_parse(arg, &o->request.bdf);
	if (!o->request.has_bdf)
		return tool_usage_error("--device takes a BDF such as 00:04.0, not '%s'",
					arg);
	return -1;
}

/* Returns -1 to go on, else an exit code. */
static int take_option(struct options *o, int c, const char *word)
{
	if (c != '?' && c != ':')
		o->given[c] = true;
	if (take_flag(o, c) || take_choice(&o->request, c) ||
	    take_name(o, c, optarg))
		return -1;
	switch (c) {
	case 'D':
		return take_device(o, optarg);
	case 'j':
		return parse_jobs(o, optarg) ? tool_exit_code(AMI_ERR_USAGE) : -1;
	case 'V':
		puts("amdiommu " AMI_VERSION);
		return 0;
	default:
		return bad_option(c, word);
	}
}

static int parse_options(struct options *o, int argc, char **argv)
{
	int c, code;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":xdvahVj:", long_options,
				NULL)) != -1) {
		code = take_option(o, c, argv[optind - 1]);
		if (code >= 0)
			return code;
	}
	if (optind < argc)
		o->command = argv[optind++];
	o->operand = argv + optind;
	o->operands = argc - optind;
	return -1;
}

static int find_view(const char *name)
{
	int i;

	for (i = 0; i < AMI_VIEWS; i++)
		if (!strcmp(name, ami_views[i].name))
			return i;
	return -1;
}

/* Not /tmp, which is often in memory itself. */
static const char *temporary_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder && *folder ? folder : "/var/tmp";
}

/* With several dumps, progress is the number of dumps that are done. */
static bool one_of_many(const struct options *o)
{
	return o->request.view == AMI_VIEW_CHECK && o->operands > 1;
}

/* All parts of a split dump are named. */
static int count_parts(const struct options *o)
{
	int n = 1;

	if (!o->operands || !ami_dump_is_part(o->operand[0]))
		return o->operands > 0;
	while (n < o->operands && n < AMI_DUMP_PARTS &&
	       ami_dump_is_part(o->operand[n]))
		n++;
	return n;
}

/* Overwritten pages are not searched for where they make no difference. */
static enum ami_look look_for(enum ami_view view)
{
	switch (view) {
	case AMI_VIEW_SCAN:
		return AMI_LOOK_ALL;
	case AMI_VIEW_DEVICES:
	case AMI_VIEW_DOMAINS:
	case AMI_VIEW_MAP:
	case AMI_VIEW_TRANSLATE:
	case AMI_VIEW_RING:
	case AMI_VIEW_LOG:
	case AMI_VIEW_IRQ:
	case AMI_VIEW_FLUSHQ:
	case AMI_VIEW_PAGES:
	case AMI_VIEW_TRANSFERS:
	case AMI_VIEW_DMESG:
		return AMI_LOOK_NONE;
	default:
		return AMI_LOOK_SMALL;
	}
}

struct ami_analysis *tool_open_dump(struct options *o, char *const *paths,
				    int parts, bool record, struct ami_error *err)
{
	const struct ami_analyse_options options = {
		.marks = o->marks, .record = record, .deep = o->deep,
		.folder = o->low_memory ? temporary_folder() : NULL,
		.look = look_for(o->request.view),
	};
	struct ami_layout_source source = ami_layout_btf;
	struct ami_analysis *a;
	struct ami_dump *dump;

	if (o->marks && access(o->marks, R_OK)) {
		ami_error_set(err, AMI_ERR_INPUT, "cannot open %s: %s",
			      o->marks, strerror(errno));
		return NULL;
	}
	dump = ami_dump_open((const char *const *)paths, parts, err);
	if (!dump)
		return NULL;
	if (o->vmcoreinfo && tool_take_vmcoreinfo(dump, o->vmcoreinfo, err)) {
		ami_dump_close(dump);
		return NULL;
	}
	if (o->vmlinux)
		source = ami_layout_vmlinux(o->vmlinux);
	if (!one_of_many(o))
		ami_progress_begin(&o->progress, dump, stderr);
	a = ami_analyse(dump, &source, &options, err);
	if (!a || !o->html)
		ami_progress_end(&o->progress);
	return a;
}

static bool wants_color(void)
{
	const char *no = getenv("NO_COLOR");

	return ami_terminal(stdout) && !(no && *no);
}

static int render_page(const struct options *o, const struct ami_analysis *a,
		       struct ami_error *err)
{
	struct ami_newfile file;
	struct output rules;
	FILE *out = NULL;
	int ret = -1, fd;

	tool_output_rules(&rules, o, "report", ami_html_is_file);
	rules.rules.mode = 0666;
	ami_dump_doing(ami_analysis_dump(a), "page for the browser");
	if (ami_newfile_begin(&file, o->html, &rules.rules, err))
		return -1;
	fd = dup(file.fd);
	if (fd >= 0)
		out = fdopen(fd, "w");
	if (out)
		ret = ami_render(a, &o->request, out, err);
	if ((!out || fclose(out)) && (!out || !ret))
		ret = ami_error_set(err, AMI_ERR_OUTPUT,
				    "%s cannot be written: %s", o->html,
				    strerror(errno));
	if (ret)
		ami_newfile_drop(&file);	/* half a page is useless */
	else
		ret = ami_newfile_finish(&file, err);
	if (!ret)
		tool_say_written("the report", o->html);
	return ret;
}

static int show_view(struct options *o)
{
	struct ami_request *r = &o->request;
	struct ami_error err = { .status = AMI_OK };
	struct ami_analysis *a;
	int ret;

	if (!o->operands) {
		const char *args = ami_views[r->view].args;

		ami_error_set(&err, AMI_ERR_USAGE,
			      "which dump? amdiommu %s DUMP%s%s", o->command,
			      *args ? " " : "", args);
		return tool_fail(&err);
	}
	r->in = stdin;
	if (ami_request_args(r, o->operands - o->parts, o->operand + o->parts,
			     &err))
		return tool_fail(&err);
	r->color = wants_color();
	a = tool_open_dump(o, o->operand, o->parts, false, &err);
	if (!a)
		return tool_fail(&err);
	ret = o->html && strcmp(o->html, "-") ? render_page(o, a, &err) :
	      ami_render(a, r, stdout, &err);
	ami_progress_end(&o->progress);
	if (ret)
		ret = tool_fail(&err);
	ami_analysis_free(a);
	return ret;
}

int tool_extract(struct options *o)
{
	struct ami_error err = { .status = AMI_OK };
	struct ami_analysis *a;
	struct output out;
	const char *path;
	int ret = -1;

	if (o->operands != o->parts + 1)
		return tool_usage_error("extract takes two files: amdiommu extract DUMP OUT");
	path = o->operand[o->parts];
	a = tool_open_dump(o, o->operand, o->parts, true, &err);
	if (!a)
		return tool_fail(&err);
	if (!ami_analysis_read_all(a, &err))
		ret = ami_extract_write(ami_analysis_dump(a), path,
					tool_output_rules(&out, o, "extract", NULL),
					&err);
	if (!ret)
		tool_say_written("the extract", path);
	ami_analysis_free(a);
	return ret ? tool_fail(&err) : 0;
}

/* A bare file name: suggest `report`. */
static int no_command(const char *word)
{
	if (access(word, F_OK))
		return tool_usage_error("'%s' is not a command; 'amdiommu --help' lists them",
					word);
	return tool_usage_error("'%s' is a file, not a command; amdiommu report %s",
				word, word);
}

static int help(const char *command)
{
	if (!command) {
		tool_help_overview(stdout);
		return 0;
	}
	if (!strcmp(command, "findings")) {
		tool_help_findings(stdout);
		return 0;
	}
	if (tool_help_on(command, stdout) || tool_help_on_finding(command, stdout))
		return 0;
	return no_command(command);
}

int main(int argc, char **argv)
{
	struct options o = {
		.request = { .iommu = -1, .longer = "-v", .whole = "--all" },
	};
	int code = parse_options(&o, argc, argv);
	const struct command *command;
	struct ami_error err;

	if (code >= 0)
		return code;
	if (o.command && !strcmp(o.command, "help"))
		return help(o.operands ? o.operand[0] : NULL);
	if (o.help)
		return help(o.command);
	if (!o.command) {
		tool_help_overview(stderr);
		return tool_exit_code(AMI_ERR_USAGE);
	}
	command = tool_find_command(o.command);
	if (!command)
		return help(o.command);
	if (tool_misplaced(&o, command))
		return tool_exit_code(AMI_ERR_USAGE);
	o.parts = count_parts(&o);
	if (command->run)
		return command->run(&o);
	o.request.view = find_view(o.command);
	if (ami_request_options(&o.request, &err))
		return tool_fail(&err);
	return o.request.view == AMI_VIEW_CHECK ? tool_check(&o) : show_view(&o);
}
