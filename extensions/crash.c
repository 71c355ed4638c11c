// SPDX-License-Identifier: GPL-2.0-or-later
/* crash> amdiommu: the views of the stand-alone command, inside crash(8). */
#include <defs.h>
#include <dlfcn.h>
#include <getopt.h>
#include <link.h>
#include <signal.h>

#include <amdiommu/progress.h>
#include <amdiommu/report.h>

#include "crash.h"

/*
 * What outlives a command. The analysis is kept: the dump does not change, and
 * on a large machine the analysis takes time.
 */
static struct ami_analysis *analysis;
static struct ami_progress progress;
static FILE *output;
static sigset_t signals_before;
static bool blocked;

/* The letters of the views, and the options that all of them take. */
static const char short_options[] =
#define AMI_COMMAND(view, name, letter, ...) letter
#include <amdiommu/commands.def>
	"abjNPvxd";

/* Without letters: those choose views. */
enum { OWNER = 256, DEVICE, OWNERS, CLASS, RANGE };

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "pages", no_argument, NULL, 'P' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "all", no_argument, NULL, 'a' },
	{ "bug", no_argument, NULL, 'b' },
	{ "owner", required_argument, NULL, OWNER },
	{ "device", required_argument, NULL, DEVICE },
	{ "owners", no_argument, NULL, OWNERS },
	{ "class", required_argument, NULL, CLASS },
	{ "range", required_argument, NULL, RANGE },
	{ "no-identity", no_argument, NULL, 'N' },
	{ NULL, 0, NULL, 0 },
};

bool crash_sigint_pending(void)
{
	sigset_t pending;

	return !sigpending(&pending) && sigismember(&pending, SIGINT) == 1;
}

static void block_sigint(void)
{
	sigset_t sigint;

	sigemptyset(&sigint);
	sigaddset(&sigint, SIGINT);
	sigprocmask(SIG_BLOCK, &sigint, &signals_before);
	blocked = true;
}

/* After a Ctrl-C in between, crash jumps to its prompt from here. */
static void unblock_sigint(void)
{
	if (!blocked)
		return;
	blocked = false;
	sigprocmask(SIG_SETMASK, &signals_before, NULL);
}

/* crash calls this before the next prompt, however the command ended. */
static void clean_up(void *unused)
{
	(void)unused;
	pc->cmd_cleanup = NULL;
	if (output)
		fclose(output);
	output = NULL;
	unblock_sigint();
}

static int find_view(const char *name, int flag)
{
	int i;

	for (i = 0; i < AMI_VIEWS; i++)
		if (name ? !strcmp(name, ami_views[i].name) :
			   flag == ami_views[i].letter)
			return i;
	return -1;
}

/* Never returns: crash goes back to its prompt. */
static void usage(const char *why)
{
	if (why)
		error(INFO, "%s\n", why);
	cmd_usage(pc->curcmd, SYNOPSIS);
}

static int parse_options(struct ami_request *r)
{
	int c, view = -1, flags = 0;

	while ((c = getopt_long(argcnt, args, short_options, long_options,
				NULL)) != EOF) {
		switch (c) {
		case 'j':
			r->json = true;
			break;
		case 'P':
			r->pages = true;
			break;
		case 'v':
			r->verbose = true;
			break;
		case 'N':
			r->no_identity = true;
			break;
		case 'b':
			r->bug = true;
			break;
		case OWNER:
			r->owner = optarg;
			break;
		case OWNERS:
			r->owners = true;
			break;
		case CLASS:
			r->class = optarg;
			break;
		case RANGE:
			r->range = optarg;
			break;
		case DEVICE:
			r->has_bdf = ami_bdf_parse(optarg, &r->bdf);
			if (!r->has_bdf)
				usage("--device takes a BDF such as 00:04.0");
			break;
		case 'a':
			r->all = true;
			break;
		case 'x':
			r->radix = AMI_RADIX_HEX;
			break;
		case 'd':
			r->radix = AMI_RADIX_DEC;
			break;
		default:
			view = find_view(NULL, c);
			flags++;
			if (view < 0)
				usage(NULL);
			break;
		}
	}
	if (flags > 1)
		usage("only one of the options that choose a view can be used");
	return view;
}

/* The library knows the kernel's symbols, and crash those of modules. */
static void replace_module_symbols(void)
{
	static char address[MAXARGS][24];
	int i;

	for (i = optind; i < argcnt; i++) {
		if (hexadecimal(args[i], 0) || kernel_symbol_exists(args[i]) ||
		    !symbol_exists(args[i]))
			continue;
		snprintf(address[i], sizeof(address[i]), "virt:%lx",
			 symbol_value(args[i]));
		args[i] = address[i];
	}
}

static void parse_command(struct ami_request *r)
{
	struct ami_error err = { .status = AMI_OK };
	int view;

	r->radix = pc->output_radix == 16 ? AMI_RADIX_HEX : AMI_RADIX_DEC;
	view = parse_options(r);
	if (view < 0 && optind < argcnt) {
		view = find_view(args[optind], 0);
		if (view < 0)
			usage("there is no such view");
		optind++;
	}
	r->view = view < 0 ? AMI_VIEW_REPORT : view;
	if (ami_request_options(r, &err))
		usage(err.text);
	if (r->view == AMI_VIEW_WHO || r->view == AMI_VIEW_RD)
		replace_module_symbols();
	if (ami_request_args(r, argcnt - optind, args + optind, &err))
		usage(err.text);
}

static int copy_layout(void *ctx, struct ami_kernel *kernel,
		       struct ami_layout *layout, struct ami_error *err)
{
	(void)kernel;
	(void)err;
	*layout = *(const struct ami_layout *)ctx;
	return 0;
}

static struct ami_analysis *analyse_with(const struct ami_layout_source *source,
					 struct ami_error *err)
{
	struct ami_dump *dump = crash_dump_open(err);
	struct ami_analysis *made;

	if (!dump)
		return NULL;
	ami_progress_begin(&progress, dump, stderr);
	made = ami_analyse(dump, source, NULL, err);
	ami_progress_end(&progress);
	return made;
}

/*
 * Types come from the dump itself, at once. gdb takes seconds and a hundred MB, and
 * is asked where the dump has none, or not those of the kernel that crash has.
 */
static struct ami_analysis *analyse_session(struct ami_error *err)
{
	struct ami_layout_source source = ami_layout_btf;
	struct ami_analysis *made;

	source.symbols = crash_symbols;
	made = analyse_with(&source, err);
	if (made || err->status != AMI_ERR_DATA)
		return made;
	source.name = "crash";
	source.resolve = copy_layout;
	source.ctx = (void *)crash_layout(err);
	return source.ctx ? analyse_with(&source, err) : NULL;
}

static int render(const struct ami_request *r, struct ami_error *err)
{
	if (!analysis)
		analysis = analyse_session(err);
	if (!analysis)
		return -1;
	output = tmpfile();
	if (!output)
		return ami_error_set(err, AMI_ERR_OUTPUT,
				     "no temporary file can be made: %s",
				     strerror(errno));
	return ami_render(analysis, r, output, err);
}

/* Nothing is at stake any more: Ctrl-C may jump from here. */
static void copy_output(void)
{
	char line[BUFSIZE];

	rewind(output);
	while (fgets(line, sizeof(line), output) && fputs(line, fp) >= 0 &&
	       !received_SIGINT())
		;
}

static void show_request(const struct ami_request *r)
{
	struct ami_error err = { .status = AMI_OK };
	int ret;

	pc->cmd_cleanup_arg = NULL;
	pc->cmd_cleanup = clean_up;
	block_sigint();
	ret = render(r, &err);
	if (!ret && !crash_sigint_pending()) {
		unblock_sigint();
		copy_output();
	}
	clean_up(NULL);
	if (ret)
		error(INFO, "%s\n", err.text);
}

static void cmd_amdiommu(void)
{
	struct ami_request request = {
		.iommu = -1, .longer = "-v", .whole = "-a",
	};

	parse_command(&request);
	if (ACTIVE())
		error(INFO, "the IOMMU of a running system changes while it is read; see /sys/kernel/debug/iommu/amd, or use this command on a dump\n");
	else
		show_request(&request);
}

static struct command_table_entry commands[] = {
	{ "amdiommu", cmd_amdiommu, crash_help, 0 },
	{ NULL, NULL, NULL, 0 },
};

/*
 * Headers of another source tree may have the same version. crash's symbol
 * table says how large its structure really is.
 */
static bool same_structures(void)
{
	const ElfW(Sym) *symbol;
	void *entry = NULL;
	Dl_info info;

	if (!dladdr1(pc, &info, &entry, RTLD_DL_SYMENT))
		return true;
	symbol = entry;
	return !symbol || info.dli_saddr != pc ||
	       symbol->st_size == sizeof(*pc);
}

/*
 * crash checks nothing at load time, and its structures change between versions
 * and machine types. Until they are known to be the right ones, touch only what
 * is the same everywhere: build_version, fp, pc (not what it points to) and
 * machine_type().
 */
static bool right_crash(void)
{
	bool same_version = !strcmp(build_version, CRASH_BUILT_FOR);

	if (!machine_type("X86_64")) {
		fprintf(fp, "amdiommu: AMD IOMMUs exist on x86-64 only\n");
		return false;
	}
	if (same_version && same_structures())
		return true;
	fprintf(fp, "amdiommu: built for %s " CRASH_BUILT_FOR ", this is crash %s: build the extension against the headers of this crash\n",
		same_version ? "another crash" : "crash", build_version);
	return false;
}

static void __attribute__((constructor)) load(void)
{
	if (right_crash())
		register_extension(commands);
}

static void __attribute__((destructor)) unload(void)
{
	ami_analysis_free(analysis);
}
