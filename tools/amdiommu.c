// SPDX-License-Identifier: GPL-2.0-or-later
/* The stand-alone command: AMD IOMMU state from a vmcore. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <amdiommu/report.h>

#define MAX_DUMPS	1024

struct options {
	struct ami_request request;
	const char *command;
	const char *vmlinux;
	const char *html;
	bool help;
	char *const *operand;
	int operands;
};

static void print_usage(FILE *out)
{
	int i;

	fputs("Usage: amdiommu COMMAND DUMP [ARGUMENT...] [OPTION...]\n\n"
	      "Shows from a vmcore what the AMD IOMMUs were doing at the panic and which\n"
	      "pages devices could write. DUMP: ELF or kdump-compressed, also flattened.\n\n"
	      "Commands:\n", out);
	for (i = 0; i < AMI_VIEWS; i++)
		fprintf(out, "  %-9s %-9s %s\n", ami_views[i].name,
			ami_views[i].args, ami_views[i].summary);
	fputs("  extract   OUT       write a small dump with only what the analysis reads\n\n"
	      "Options:\n"
	      "  --vmlinux FILE    symbols and types from FILE instead of the dump itself\n"
	      "  --json            the same facts as JSON (docs/json.md)\n"
	      "  --html FILE       report: as one HTML file (docs/html-report.md)\n"
	      "  --pages           with --json: list page frames, not only counts\n"
	      "  -x, -d            numbers in hexadecimal, decimal\n"
	      "  -v, --verbose     everything, not only what matters\n"
	      "  -h, --help        this text; after a command, help on it\n"
	      "  -V, --version     version\n\n"
	      "Exit codes: 0 done (check: trusted or exposed), check: 1 suspect, 2 corrupt,\n"
	      "3 unknown; 64 usage, 65 nothing to analyse in the dump, 66 unreadable input.\n\n"
	      "Examples:\n"
	      "  amdiommu report vmcore\n"
	      "  amdiommu who vmcore 0x12345678\n"
	      "  amdiommu check vmcore || echo \"do not trust it blindly\"\n", out);
}

static const struct option long_options[] = {
	{ "vmlinux", required_argument, NULL, 'l' },
	{ "html", required_argument, NULL, 'H' },
	{ "json", no_argument, NULL, 'j' },
	{ "pages", no_argument, NULL, 'p' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static int fail(const struct ami_error *err)
{
	fprintf(stderr, "amdiommu: %s\n", err->text);
	return err->status;
}

/* Returns -1 to go on, else an exit code. */
static int parse_options(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "xdvhV", long_options,
				NULL)) != -1) {
		switch (c) {
		case 'l':
			o->vmlinux = optarg;
			break;
		case 'H':
			o->html = optarg;
			o->request.html = true;
			break;
		case 'j':
			o->request.json = true;
			break;
		case 'p':
			o->request.pages = true;
			break;
		case 'x':
			o->request.radix = AMI_RADIX_HEX;
			break;
		case 'd':
			o->request.radix = AMI_RADIX_DEC;
			break;
		case 'v':
			o->request.verbose = true;
			break;
		case 'h':
			o->help = true;
			break;
		case 'V':
			puts("amdiommu " AMI_VERSION);
			return 0;
		default:
			fputs("Try 'amdiommu --help'.\n", stderr);
			return AMI_ERR_USAGE;
		}
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

static struct ami_analysis *open_dump(const struct options *o,
				      const char *path, bool record,
				      struct ami_error *err)
{
	struct ami_layout_source source = ami_layout_btf;
	struct ami_dump *dump = ami_dump_open(&path, 1, err);

	if (!dump)
		return NULL;
	if (record && ami_dump_record(dump)) {
		ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
		ami_dump_close(dump);
		return NULL;
	}
	if (o->vmlinux)
		source = ami_layout_vmlinux(o->vmlinux);
	return ami_analyse(dump, &source, err);
}

static bool wants_color(void)
{
	const char *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no && *no);
}

/* To standard output, or to the file asked for. */
static int render(const struct options *o, const struct ami_analysis *a,
		  struct ami_error *err)
{
	FILE *out = stdout;
	int ret;

	if (o->html)
		out = fopen(o->html, "w");
	if (!out) {
		ami_error_set(err, AMI_ERR_OUTPUT, "%s cannot be written",
			      o->html);
		return -1;
	}
	ret = ami_render(a, &o->request, out, err);
	if (o->html && fclose(out) && !ret) {
		ami_error_set(err, AMI_ERR_OUTPUT, "%s cannot be written",
			      o->html);
		ret = -1;
	}
	return ret;
}

static int show(struct options *o)
{
	struct ami_request *r = &o->request;
	struct ami_error err = { AMI_OK, "" };
	struct ami_analysis *a;
	int ret;

	if (o->html && (r->view != AMI_VIEW_REPORT || r->json)) {
		ami_error_set(&err, AMI_ERR_USAGE,
			      "--html is for report, without --json");
		return fail(&err);
	}
	if (!o->operands) {
		ami_error_set(&err, AMI_ERR_USAGE,
			      "which dump? amdiommu %s DUMP %s", o->command,
			      ami_views[r->view].args);
		return fail(&err);
	}
	if (ami_request_args(r, o->operands - 1, o->operand + 1, &err))
		return fail(&err);
	r->color = wants_color();
	a = open_dump(o, o->operand[0], false, &err);
	if (!a)
		return fail(&err);
	ret = render(o, a, &err) ? fail(&err) : 0;
	ami_analysis_free(a);
	return ret;
}

static int check_one(struct options *o, const char *path)
{
	struct ami_error err = { AMI_OK, "" };
	struct ami_analysis *a = open_dump(o, path, false, &err);
	int code;

	if (!a) {
		fail(&err);
		return err.status == AMI_ERR_DATA ?
		       ami_check_code(AMI_VERDICT_UNKNOWN) : (int)err.status;
	}
	code = ami_check_code(a->exposures->verdict);
	if (ami_render(a, &o->request, stdout, &err))
		code = fail(&err);
	ami_analysis_free(a);
	return code;
}

/* Several dumps: the worst code wins. */
static int check(struct options *o)
{
	int i, worst = 0;

	o->request.iommu = -1;
	if (!o->operands) {
		fputs("amdiommu: which dump? amdiommu check DUMP...\n", stderr);
		return AMI_ERR_USAGE;
	}
	for (i = 0; i < o->operands; i++) {
		int code = check_one(o, o->operand[i]);

		if (code > worst)
			worst = code;
	}
	return worst;
}

/* Look at everything any view looks at, so that the extract serves them all. */
static int read_everything(const struct ami_analysis *a, FILE *sink,
			   struct ami_error *err)
{
	struct ami_request r = { .iommu = -1, .verbose = true };

	for (r.view = 0; r.view < AMI_VIEWS; r.view++)
		if (!ami_views[r.view].min_args &&
		    ami_render(a, &r, sink, err))
			return -1;
	return 0;
}

static int extract(struct options *o)
{
	struct ami_error err = { AMI_OK, "" };
	struct ami_analysis *a;
	FILE *sink;
	int ret = -1;

	if (o->operands != 2) {
		fputs("amdiommu: extract takes two files: amdiommu extract DUMP OUT\n",
		      stderr);
		return AMI_ERR_USAGE;
	}
	a = open_dump(o, o->operand[0], true, &err);
	if (!a)
		return fail(&err);
	sink = fopen("/dev/null", "w");
	if (!sink)
		ami_error_set(&err, AMI_ERR_OUTPUT, "/dev/null cannot be opened");
	else if (!read_everything(a, sink, &err))
		ret = ami_extract_write(a->dump, o->operand[1], &err);
	if (sink)
		fclose(sink);
	ami_analysis_free(a);
	return ret ? fail(&err) : 0;
}

static int command_help(int view)
{
	const struct ami_view_info *info = &ami_views[view];

	printf("Usage: amdiommu %s DUMP %s\n\n%s\n", info->name, info->args,
	       info->summary);
	puts("Options: --json, --pages, --vmlinux FILE, -x, -d, -v; see amdiommu --help.");
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = { .request.iommu = -1 };
	int code = parse_options(&o, argc, argv), view;

	if (code >= 0)
		return code;
	if (!o.command) {
		print_usage(o.help ? stdout : stderr);
		return o.help ? 0 : AMI_ERR_USAGE;
	}
	if (!strcmp(o.command, "extract") && !o.help)
		return extract(&o);
	view = find_view(o.command);
	if (view < 0 && strcmp(o.command, "extract")) {
		fprintf(stderr, "amdiommu: '%s' is no command; 'amdiommu --help' lists them\n",
			o.command);
		return AMI_ERR_USAGE;
	}
	if (o.help && view >= 0)
		return command_help(view);
	if (o.help) {
		print_usage(stdout);
		return 0;
	}
	o.request.view = view;
	return view == AMI_VIEW_CHECK ? check(&o) : show(&o);
}
