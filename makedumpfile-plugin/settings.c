// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "settings.h"
#include "watch.h"

#define OWN		"--amdiommu-"
#define PREFIX		"AMDIOMMU_"
#define SAY		"makedumpfile-amdiommu: "
#define WATCH_PAGES_MAX	(UINT64_C(1) << 30)

enum kind { SWITCH, NUMBER, TEXT };

static const struct setting {
	const char *option;	/* the variable is the same in capitals */
	enum kind kind;
	uint64_t usual, least, most;
	const char *meaning;
} settings[] = {
	{ "off", SWITCH, 0, 0, 0, "only makedumpfile" },
	{ "time", NUMBER, GUARD_SECONDS_DEFAULT, 0, GUARD_SECONDS_MAX,
	  "seconds for the analysis" },
	{ "memory", NUMBER, GUARD_MEMORY_DEFAULT, 0, GUARD_MEMORY_MAX,
	  "MiB for the analysis" },
	{ "watch", SWITCH, 0, 0, 0,
	  "read marked pages again when makedumpfile is done" },
	{ "watch-pages", NUMBER, WATCH_PAGES_DEFAULT, 1, WATCH_PAGES_MAX,
	  "pages to watch at most" },
	{ "makedumpfile", TEXT, 0, 0, 0, "the makedumpfile to run" },
	{ "sidecar", TEXT, 0, 0, 0, "name of the sidecar, without .amdiommu" },
	{ "exclude", TEXT, 0, 0, 0,
	  "extension: owners whose marked pages are dropped" },
};

#define SETTINGS	(sizeof(settings) / sizeof(settings[0]))

/* "watch-pages" is AMDIOMMU_WATCH_PAGES. */
static void variable_of(const struct setting *s, char name[64])
{
	size_t at = strlen(strcpy(name, PREFIX)), i;

	for (i = 0; s->option[i]; i++)
		name[at++] = s->option[i] == '-' ? '_' :
			     toupper((unsigned char)s->option[i]);
	name[at] = '\0';
}

static bool number_ok(const struct setting *s, const char *text, uint64_t *n)
{
	char *end;

	if (!isdigit((unsigned char)*text) || strlen(text) > 18)
		return false;
	*n = strtoull(text, &end, 10);
	return !*end && *n >= s->least && *n <= s->most;
}

/* An empty variable counts as unset. */
static bool value_ok(const struct setting *s, const char *text)
{
	uint64_t n;

	if (s->kind == SWITCH)
		return !strcmp(text, "0") || !strcmp(text, "1") || !*text;
	return s->kind == TEXT || !*text || number_ok(s, text, &n);
}

static const struct setting *find_option(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < SETTINGS; i++)
		if (strlen(settings[i].option) == len &&
		    !strncmp(settings[i].option, name, len))
			return &settings[i];
	return NULL;
}

static void take_option(const char *word)
{
	const char *name = word + strlen(OWN);
	size_t len = strcspn(name, "=");
	const struct setting *s = find_option(name, len);
	const char *value = name[len] ? name + len + 1 : NULL;
	char variable[64];

	if (!s)
		fprintf(stderr, SAY "%s is unknown and ignored; --amdiommu-help lists the options\n",
			word);
	else if (s->kind != SWITCH && (!value || !*value))
		fprintf(stderr, SAY "%s has no value and is ignored\n", word);
	else if (!value_ok(s, value ? value : "1"))
		fprintf(stderr, s->kind == SWITCH ?
			SAY "%s is ignored: its value is neither 0 nor 1\n" :
			SAY "%s is ignored: its value is not a number from %" PRIu64 " to %" PRIu64 "\n",
			word, s->least, s->most);
	else {
		variable_of(s, variable);
		setenv(variable, value ? value : "1", 1);
	}
}

int settings_take(int argc, char **argv, enum settings_wish *wish)
{
	int i, left = 0;

	*wish = SETTINGS_RUN;
	for (i = 0; i < argc; i++)
		if (!i || strncmp(argv[i], OWN, strlen(OWN)))
			argv[left++] = argv[i];
		else if (!strcmp(argv[i], OWN "help"))
			*wish = SETTINGS_HELP;
		else if (!strcmp(argv[i], OWN "version"))
			*wish = SETTINGS_VERSION;
		else
			take_option(argv[i]);
	argv[left] = NULL;
	/* A dump is more important than help. */
	if (*wish != SETTINGS_RUN && left > 1) {
		fprintf(stderr, SAY "%s is ignored: it must be the only option\n",
			*wish == SETTINGS_HELP ? OWN "help" : OWN "version");
		*wish = SETTINGS_RUN;
	}
	return left;
}

void settings_check(void)
{
	char variable[64];
	const char *text;
	size_t i;

	for (i = 0; i < SETTINGS; i++) {
		variable_of(&settings[i], variable);
		text = getenv(variable);
		if (!text || value_ok(&settings[i], text))
			continue;
		if (settings[i].kind == SWITCH)
			fprintf(stderr, SAY "%s=%s is neither 0 nor 1: 1 is used\n",
				variable, text);
		else
			fprintf(stderr, SAY "%s=%s is not a number from %" PRIu64 " to %" PRIu64 ": %" PRIu64 " is used\n",
				variable, text, settings[i].least,
				settings[i].most, settings[i].usual);
	}
}

void settings_help(void)
{
	static const char *const value[] = { "", "=N", "=NAME" };
	char left[64], variable[64];
	size_t i;

	puts("Usage: makedumpfile-amdiommu [OPTION...] ARGUMENTS OF MAKEDUMPFILE\n\n"
	     "Runs makedumpfile and adds to its dump which pages devices could have\n"
	     "written. Options, and the variables that do the same:\n");
	for (i = 0; i < SETTINGS; i++) {
		snprintf(left, sizeof(left), OWN "%s%s", settings[i].option,
			 value[settings[i].kind]);
		variable_of(&settings[i], variable);
		printf("  %-28s %s\n  %28s %s\n", left, variable, "",
		       settings[i].meaning);
	}
	puts("  " OWN "help\n  " OWN "version\n\n"
	     "More: makedumpfile-amdiommu(8), docs/kdump.md");
}

static const struct setting *find_variable(const char *variable)
{
	char name[64];
	size_t i;

	for (i = 0; i < SETTINGS; i++) {
		variable_of(&settings[i], name);
		if (!strcmp(name, variable))
			return &settings[i];
	}
	return NULL;
}

bool settings_on(const char *variable)
{
	const char *text = getenv(variable);

	return text && *text && strcmp(text, "0");
}

uint64_t settings_number(const char *variable)
{
	const struct setting *s = find_variable(variable);
	const char *text = getenv(variable);
	uint64_t n;

	if (!s)
		return 0;
	return text && number_ok(s, text, &n) ? n : s->usual;
}
