// SPDX-License-Identifier: GPL-2.0-or-later
/* Help, as a whole and on each command with an example. */
#include <string.h>

#include "command.h"

/**
 * struct topic - what `amdiommu help COMMAND` says beyond its synopsis
 * @more: sentences, lines of at most 79 characters
 * @options: of its own
 * @example: command lines
 */
struct topic {
	const char *name;
	const char *more;
	const char *options;
	const char *example;
};

static const struct topic topics[] = {
	{ "report",
	  "Verdict with its reasons first, then the dump, the IOMMUs, the devices that\n"
	  "matter (active, exposed or with an entry that is not as it should be), whose\n"
	  "the exposed pages are, and findings, most severe first.\n",
	  "  --bug   as text for a mail or a bug tracker: no user data, under 200 lines\n"
	  "  --html FILE  as one page with maps of memory (docs/html-report.md)\n"
	  "  -v      all devices, reasons and findings\n"
	  "  --json, --pages\n",
	  "  amdiommu report vmcore\n"
	  "  amdiommu report --bug vmcore > bug.txt\n" },
	{ "check",
	  "One line for each dump, in the order given. The exit code is that of the worst:\n"
	  "0 trusted or exposed, 1 suspect, 2 corrupt, 3 unknown, 64 and above errors.\n",
	  "  -j N    so many dumps at once; without it one for each CPU\n"
	  "  --json  one JSON object a line\n",
	  "  amdiommu check vmcore || echo 'do not trust it blindly'\n"
	  "  amdiommu check --json crash/*/vmcore | jq -r '.verdict.value'\n" },
	{ "devices",
	  "With BDF: the device table entry field by field, and how it compares with the\n"
	  "driver's books.\n", "",
	  "  amdiommu devices vmcore\n"
	  "  amdiommu devices vmcore 00:04.0\n" },
	{ "domains", "", "", "  amdiommu domains vmcore\n" },
	{ "map", "", "", "  amdiommu map vmcore 0000:00:04.0\n" },
	{ "translate", "IOVA is hexadecimal.\n", "",
	  "  amdiommu translate vmcore 00:04.0 fffa7123\n" },
	{ "who",
	  "ADDRESS is a hexadecimal physical address or a kernel virtual address. Also\n"
	  "tells whose the page was.\n", "",
	  "  amdiommu who vmcore 2698123\n"
	  "  amdiommu who vmcore ff2ff086c2698123\n" },
	{ "ring", "", "  -v      all 512 entries, not only the newest\n",
	  "  amdiommu ring vmcore iommu0\n" },
	{ "log", "", "", "  amdiommu log vmcore\n" },
	{ "irq", "", "", "  amdiommu irq vmcore 00:04.0\n" },
	{ "flushq", "", "", "  amdiommu flushq vmcore\n" },
	{ "pages", "", "", "  amdiommu pages vmcore 00:04.0\n" },
	{ "transfers",
	  "Requests not completed, buffers handed out, rings. With BDF: of this device.\n",
	  "  -v      each piece of memory, not only the first four\n",
	  "  amdiommu transfers vmcore 00:04.0\n" },
	{ "dmesg",
	  "The kernel's own log, from the dump. With BDF: what concerns this device.\n",
	  "  --all   all lines of the log\n",
	  "  amdiommu dmesg vmcore\n"
	  "  amdiommu dmesg vmcore 00:04.0\n" },
	{ "mark",
	  "Analyses a dump and adds the result to it: as a note in place, in a\n"
	  "kdump-compressed file; else in DUMP.amdiommu. Marks that the dump has are\n"
	  "renewed; what was observed and saved when it was written stays.\n",
	  "  --output FILE   write only FILE\n"
	  "  --force         replace a file that amdiommu did not make\n",
	  "  amdiommu mark vmcore\n"
	  "  amdiommu mark --output marks vmcore\n" },
	{ "extract",
	  "OUT must be new. It gets what the analysis reads, a few MB: kernel symbols\n"
	  "and types, IOMMU structures and tables, drivers' rings. It gets no memory and\n"
	  "no names of processes, no files, no network data, no log and no command line\n"
	  "(docs/extract.md). All commands work on it.\n",
	  "  --force   replace a file that has the name OUT\n",
	  "  amdiommu extract vmcore small\n"
	  "  amdiommu report small\n" },
};

#define TOPICS	(sizeof(topics) / sizeof(topics[0]))

static const char extract_summary[] =
	"write a small dump with only what the analysis reads";

static const char mark_summary[] =
	"add to a dump which pages may differ from the panic";

void help_overview(FILE *out)
{
	int i;

	fputs("Usage: amdiommu COMMAND DUMP [ARGUMENT...] [OPTION...]\n\n"
	      "Shows from a vmcore what the AMD IOMMUs were doing at the panic and which\n"
	      "pages devices could write. DUMP: ELF or kdump-compressed, also flattened.\n\n"
	      "Commands:\n", out);
	for (i = 0; i < AMI_VIEWS; i++)
		fprintf(out, "  %-9s %-9s %s\n", ami_views[i].name,
			ami_views[i].args, ami_views[i].summary);
	fprintf(out, "  %-9s %-9s %s\n", "extract", "OUT", extract_summary);
	fprintf(out, "  %-9s %-9s %s\n", "mark", "", mark_summary);
	fputs("\nOptions:\n"
	      "  --vmlinux FILE    symbols and types from FILE instead of the dump itself\n"
	      "  --marks FILE      marks from FILE, such as dev -v of crash extracts\n"
      "  --low-memory      sets of pages in a file in $TMPDIR or /var/tmp\n"
	      "  --json            the same facts as JSON (docs/json.md)\n"
	      "  --pages           with --json: list page frames, not only counts\n"
	      "  --bug             report: as text for a bug report, without user data\n"
	      "  --html FILE       report: as one HTML file\n"
	      "  --force           mark, extract, --html: replace files of others\n"
	      "  -j, --jobs N      check: so many dumps at once (one for each CPU)\n"
	      "  -a, --all         dmesg: all lines of the log\n"
	      "  -x, -d            numbers in hexadecimal, decimal\n"
	      "  -v, --verbose     everything, not only what matters\n"
	      "  -h, --help        this text; after a command, help on it\n"
	      "  -V, --version     version\n\n"
	      "Of a dump that makedumpfile --split wrote, DUMP is all its parts, one after\n"
	      "the other; check takes whole dumps only.\n\n"
	      "Exit codes: 0 done (check: trusted or exposed), check: 1 suspect, 2 corrupt,\n"
	      "3 unknown; 64 usage, 65 nothing to analyse in the dump, 66 unreadable input.\n\n"
	      "'amdiommu help COMMAND' tells more, with examples that work on a copy of\n"
	      "the sample dump; 'amdiommu help CODE' explains a finding. To begin with:\n"
	      "  amdiommu report vmcore\n"
	      "  amdiommu who vmcore 2698123\n", out);
}

/* Synopsis and summary; false when there is no such command. */
static bool synopsis(const char *command, FILE *out)
{
	int i;

	if (!strcmp(command, "mark")) {
		fprintf(out, "Usage: amdiommu mark DUMP\n\n%s\n",
			mark_summary);
		return true;
	}
	if (!strcmp(command, "extract")) {
		fprintf(out, "Usage: amdiommu extract DUMP OUT\n\n%s\n",
			extract_summary);
		return true;
	}
	for (i = 0; i < AMI_VIEWS; i++) {
		if (strcmp(command, ami_views[i].name))
			continue;
		fprintf(out, "Usage: amdiommu %s DUMP%s%s%s [OPTION...]\n\n%s\n",
			command, i == AMI_VIEW_CHECK ? "..." : "",
			*ami_views[i].args ? " " : "", ami_views[i].args,
			ami_views[i].summary);
		return true;
	}
	return false;
}

bool help_on(const char *command, FILE *out)
{
	size_t i;

	if (!synopsis(command, out))
		return false;
	for (i = 0; i < TOPICS; i++) {
		if (strcmp(command, topics[i].name))
			continue;
		if (*topics[i].more)
			fprintf(out, "\n%s", topics[i].more);
		if (*topics[i].options)
			fprintf(out, "\nOptions:\n%s", topics[i].options);
		fprintf(out, "\nExamples:\n%s", topics[i].example);
	}
	fputs("\nOptions of all commands: amdiommu --help\n", out);
	return true;
}
