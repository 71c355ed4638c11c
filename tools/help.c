// SPDX-License-Identifier: GPL-2.0-or-later
/* Help: an overview, and each command with an example. */
#include <string.h>

#include "command.h"

/* Options that have a short form. */
#define SHORT	"jaxdvhV"

/* "  -j, --jobs N      check: analyse ..." */
static void option_line(const struct option_row *row, FILE *out)
{
	char text[40];
	bool brief = strchr(SHORT, row->key);

	snprintf(text, sizeof(text), "%s%c%s--%s %s", brief ? "-" : "",
		 brief ? row->key : ' ', brief ? ", " : "", row->name,
		 row->arg);
	fprintf(out, "  %-18s %s%s%s\n", brief ? text : text + 1,
		row->of, *row->of ? ": " : "", row->summary);
}

void tool_help_overview(FILE *out)
{
	size_t i;

	fputs("Usage: amdiommu COMMAND DUMP [ARGUMENT...] [OPTION...]\n\n"
	      "Shows from a vmcore what the AMD IOMMUs were doing at the panic and which\n"
	      "pages devices could write. DUMP: ELF or kdump-compressed, also flattened.\n\n"
	      "Commands:\n", out);
	for (i = 0; i < tool_nr_commands; i++)
		fprintf(out, "  %-9s %-9s %s\n", tool_commands[i].name,
			tool_commands[i].args, tool_commands[i].summary);
	fputs("\nOptions:\n", out);
	for (i = 0; i < tool_nr_options; i++)
		option_line(&tool_option_rows[i], out);
	fputs("\nIf makedumpfile --split wrote the dump, DUMP is all its parts, one after the\n"
	      "other. check takes only whole dumps.\n\n"
	      "Exit codes: 0 done (check: trusted or exposed); check: 1 suspect, 2 corrupt,\n"
	      "3 unknown; 64 usage, 65 nothing to analyse in the dump, 66 unreadable input.\n\n"
	      "'amdiommu help COMMAND' explains a command, with examples that work on a copy\n"
	      "of the sample dump. 'amdiommu help CODE' explains a finding. To begin with:\n"
	      "  amdiommu report vmcore\n"
	      "  amdiommu who vmcore 2698123\n", out);
}

bool tool_help_on(const char *name, FILE *out)
{
	const struct command *c = tool_find_command(name);

	if (!c)
		return false;
	fprintf(out, "Usage: amdiommu %s DUMP%s%s%s [OPTION...]\n\n%s\n",
		c->name, strcmp(c->name, "check") ? "" : "...",
		*c->args ? " " : "", c->args, c->summary);
	if (*c->more)
		fprintf(out, "\n%s", c->more);
	if (*c->own)
		fprintf(out, "\nOptions:\n%s", c->own);
	fprintf(out, "\nExamples:\n%s", c->example);
	fputs("\nOptions of all commands: amdiommu --help\n", out);
	return true;
}
