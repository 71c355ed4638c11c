// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands and options of <amdiommu/commands.def> on the command line. */
#include <string.h>

#include "command.h"

/* Options that every command takes. */
#define COMMON	"limLhVs"

const struct command tool_commands[] = {
#define AMI_COMMAND(view, name, letter, args, least, most, options, summary, \
		    more, own, example) \
	{ #name, args, options, summary, more, own, example, NULL },
#define AMI_TOOL(view, name, letter, args, least, most, options, summary, \
		 more, own, example) \
	{ #name, args, options, summary, more, own, example, tool_##name },
#include <amdiommu/commands.def>
};

const size_t tool_nr_commands = sizeof(tool_commands) / sizeof(tool_commands[0]);

const struct option_row tool_option_rows[] = {
#define AMI_OPTION(key, name, arg, of, summary) \
	{ key, name, arg, of, summary },
#include <amdiommu/commands.def>
};

const size_t tool_nr_options = sizeof(tool_option_rows) / sizeof(tool_option_rows[0]);

const struct command *tool_find_command(const char *name)
{
	size_t i;

	for (i = 0; i < tool_nr_commands; i++)
		if (!strcmp(name, tool_commands[i].name))
			return &tool_commands[i];
	return NULL;
}

/* -x and -d are one choice. */
static bool takes(const struct command *c, char key)
{
	return strchr(COMMON, key) ||
	       strchr(c->options, key == 'd' ? 'x' : key);
}

int tool_misplaced(const struct options *o, const struct command *c)
{
	size_t i;

	for (i = 0; i < tool_nr_options; i++)
		if (o->given[(int)tool_option_rows[i].key] &&
		    !takes(c, tool_option_rows[i].key))
			return tool_usage_error("%s has no option --%s; 'amdiommu help %s' lists them",
						c->name, tool_option_rows[i].name,
						c->name);
	if (o->given['t'] + o->given['k'] + o->request.json > 1 &&
	    !strcmp(c->name, "check"))
		return tool_usage_error("choose --table, --csv or --json");
	if (o->given['x'] && o->given['d'])
		return tool_usage_error("choose -x or -d");
	if ((o->given['x'] || o->given['d']) &&
	    (o->request.json || o->request.html))
		return tool_usage_error("-x and -d are for text: in JSON and HTML numbers have one form");
	if (o->force && !strcmp(c->name, "report") && !o->html)
		return tool_usage_error("--force goes with --html: report writes nothing else");
	return 0;
}
