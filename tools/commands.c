// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands and options of <amdiommu/commands.def>, as the command line has them. */
#include <string.h>

#include "command.h"

/* Options that every command takes. */
#define COMMON	"limLhV"

const struct command commands[] = {
#define AMI_COMMAND(view, name, letter, args, least, most, options, summary, \
		    more, own, example) \
	{ #name, args, options, summary, more, own, example, NULL },
#define AMI_TOOL(view, name, letter, args, least, most, options, summary, \
		 more, own, example) \
	{ #name, args, options, summary, more, own, example, name },
#include <amdiommu/commands.def>
};

const size_t nr_commands = sizeof(commands) / sizeof(commands[0]);

const struct option_row option_rows[] = {
#define AMI_OPTION(key, name, arg, of, summary) \
	{ key, name, arg, of, summary },
#include <amdiommu/commands.def>
};

const size_t nr_options = sizeof(option_rows) / sizeof(option_rows[0]);

const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < nr_commands; i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

/* -x and -d are one choice. */
static bool takes(const struct command *c, char key)
{
	return strchr(COMMON, key) ||
	       strchr(c->options, key == 'd' ? 'x' : key);
}

int misplaced(const struct options *o, const struct command *c)
{
	size_t i;

	for (i = 0; i < nr_options; i++)
		if (o->given[(int)option_rows[i].key] &&
		    !takes(c, option_rows[i].key))
			return usage_error("%s has no option --%s; 'amdiommu help %s' lists them",
					   c->name, option_rows[i].name,
					   c->name);
	if (o->given['x'] && o->given['d'])
		return usage_error("choose -x or -d");
	if ((o->given['x'] || o->given['d']) &&
	    (o->request.json || o->request.html))
		return usage_error("-x and -d are for text: in JSON and HTML numbers have one form");
	if (o->force && !strcmp(c->name, "report") && !o->html)
		return usage_error("--force goes with --html: report writes nothing else");
	return 0;
}
