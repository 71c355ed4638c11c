// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands that show something: their arguments, and their dispatch. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

const struct ami_view_info ami_views[AMI_VIEWS] = {
#define AMI_COMMAND(view, name, letter, args, least, most, options, ...) \
	[AMI_VIEW_##view] = { #name, letter[0], args, least, most, options },
#include <amdiommu/commands.def>
};

static int (*const view_fn[AMI_VIEWS])(struct view *v) = {
#define AMI_COMMAND(view, name, ...) [AMI_VIEW_##view] = view_##name,
#include <amdiommu/commands.def>
};

static int parse_address(struct ami_request *r, const char *text,
			 struct ami_error *err)
{
	char *end;

	errno = 0;
	r->address = strtoull(text, &end, 16);
	if (errno || end == text || *end || *text == '-')
		return ami_error_set(err, AMI_ERR_USAGE,
				     "'%s' is not an address; write it in hexadecimal, with or without 0x",
				     text);
	return 0;
}

static int parse_bdf(struct ami_request *r, const char *text,
		     struct ami_error *err)
{
	if (r->has_bdf)
		return ami_error_set(err, AMI_ERR_USAGE,
				     "two devices are given, by --device and as '%s'; give one",
				     text);
	if (!ami_bdf_parse(text, &r->bdf))
		return ami_error_set(err, AMI_ERR_USAGE,
				     "'%s' is not a PCI address; write it like 0000:03:00.0 or 03:00.0",
				     text);
	r->has_bdf = true;
	return 0;
}

static int parse_iommu(struct ami_request *r, const char *text,
		       struct ami_error *err)
{
	const char *number = strncmp(text, "iommu", 5) ? text : text + 5;
	char *end;
	long n;

	errno = 0;
	n = strtol(number, &end, 10);
	if (errno || end == number || *end || n < 0 || n > 4096)
		return ami_error_set(err, AMI_ERR_USAGE,
				     "'%s' is not an IOMMU; write it like iommu0 or 0",
				     text);
	r->iommu = n;
	return 0;
}

/* The rest is understood when the dump is known. */
static int parse_word(struct ami_request *r, const char *text,
		      struct ami_error *err)
{
	r->nr_words++;
	if (*text && (strcmp(text, "-") || r->in))
		return 0;
	return ami_error_set(err, AMI_ERR_USAGE, *text ?
			     "there is no standard input to read here" :
			     "an empty word is not an address");
}

static int parse_count(struct ami_request *r, const char *text,
		       struct ami_error *err)
{
	char *end;

	errno = 0;
	r->count = strtoull(text, &end, strncmp(text, "0x", 2) ? 10 : 16);
	if (errno || end == text || *end || *text == '-' || !r->count ||
	    r->count > AMI_RD_WORDS)
		return ami_error_set(err, AMI_ERR_USAGE,
				     "'%s' is not a number of words; write it in decimal, or with 0x, up to %u",
				     text, AMI_RD_WORDS);
	return 0;
}

/* What the arguments in a synopsis are. */
static const struct {
	const char *name;
	int (*parse)(struct ami_request *r, const char *text,
		     struct ami_error *err);
} arguments[] = {
	{ "BDF", parse_bdf },
	{ "IOMMU", parse_iommu },
	{ "IOVA", parse_address },
	{ "ADDRESS...", parse_word },
	{ "ADDRESS", parse_word },
	{ "COUNT", parse_count },
};

/* @args: the synopsis from this argument on; it moves past the argument */
static int parse_argument(struct ami_request *r, const char **args,
			  const char *text, struct ami_error *err)
{
	const char *name = *args + strspn(*args, "[ ");
	size_t len = strcspn(name, "] "), i;

	/* "..." repeats the last one. */
	if (len < 3 || memcmp(name + len - 3, "...", 3))
		*args = name + len;
	for (i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++)
		if (strlen(arguments[i].name) == len &&
		    !memcmp(arguments[i].name, name, len))
			return arguments[i].parse(r, text, err);
	return ami_error_set(err, AMI_ERR_USAGE, "'%s' means nothing", text);
}

int ami_request_args(struct ami_request *r, int argc, char *const *argv,
		     struct ami_error *err)
{
	const struct ami_view_info *view = &ami_views[r->view];
	const char *args = view->args;
	int i;

	r->iommu = -1;
	if ((unsigned int)argc < view->min_args ||
	    (unsigned int)argc > view->max_args)
		return ami_error_set(err, AMI_ERR_USAGE,
				     "%s takes %s%s, but %d argument%s given",
				     view->name, *view->args ? "" : "no argument",
				     view->args, argc, argc == 1 ? " was" :
				     "s were");
	r->words = argv;
	for (i = 0; i < argc; i++)
		if (parse_argument(r, &args, argv[i], err))
			return -1;
	return 0;
}

static bool heeds(const struct ami_request *r, char key)
{
	return strchr(ami_views[r->view].options, key);
}

int ami_request_options(const struct ami_request *r, struct ami_error *err)
{
	const char *name = ami_views[r->view].name;
	const char *what = NULL;

	if (r->bug && !heeds(r, 'b'))
		what = "a bug report";
	else if (r->html && !heeds(r, 'H'))
		what = "an HTML page";
	else if (r->all && !heeds(r, 'a'))
		what = "the whole log";
	else if (r->no_identity && !heeds(r, 'N'))
		what = "leaving out the identity";
	else if (r->pages && !heeds(r, 'p'))
		what = "page frames";
	else if ((r->owners && !heeds(r, 'O')) || (r->class && !heeds(r, 'c')) ||
		 (r->range && !heeds(r, 'r')))
		what = "a list of owners";
	else if (r->row && !heeds(r, 't'))
		what = "a table";
	else if (r->owner && !heeds(r, 'w'))
		what = "an owner";
	else if (r->verbose && !heeds(r, 'v'))
		what = "a longer form";
	if (what)
		return ami_error_set(err, AMI_ERR_USAGE, "%s has no option for %s",
				     name, what);
	if (r->pages && !r->json)
		return ami_error_set(err, AMI_ERR_USAGE,
				     "page frames are listed in JSON only");
	if (r->bug + r->html + r->json > 1 ||
	    (r->verbose && (r->bug || r->html)))
		return ami_error_set(err, AMI_ERR_USAGE,
				     "choose one form of the report: JSON, bug report, HTML page or text, of which only JSON and text have a longer form");
	return 0;
}

static int known_iommu(struct view *v)
{
	const struct ami_state *s = v->a->state;
	size_t i;

	if (v->r->iommu < 0)
		return 0;
	for (i = 0; i < s->nr_iommus; i++)
		if (s->iommus[i].index == (uint32_t)v->r->iommu)
			return 0;
	return ami_error_set(v->err, AMI_ERR_USAGE,
			     "there is no iommu%d in this dump; `report` lists the IOMMUs",
			     v->r->iommu);
}

/* check prints one line for each dump. */
static void begin_json(struct json *j, enum ami_view view, FILE *out)
{
	json_start(j, out);
	if (view == AMI_VIEW_CHECK)
		json_object_line(j, NULL);
	else
		json_object(j, NULL);
	json_string(j, "schema", AMI_SCHEMA);
	json_string(j, "view", ami_views[view].name);
}

void ami_check_failed(const char *path, const char *why, int exit_code,
		      FILE *out)
{
	struct json j;

	begin_json(&j, AMI_VIEW_CHECK, out);
	json_string(&j, "path", path);
	json_string(&j, "error", why);
	json_number(&j, "exit_code", exit_code);
	json_object(&j, "verdict");
	json_string(&j, "value", ami_verdict_name(AMI_VERDICT_UNKNOWN));
	json_array(&j, "reasons");
	json_object_line(&j, NULL);
	json_string(&j, "code", ami_reason_name(AMI_REASON_ERROR));
	json_string(&j, "kind", ami_finding_kind_name(
			    ami_reason_kind(AMI_REASON_ERROR)));
	json_null(&j, "where");
	json_string(&j, "text", why);
	json_array_line(&j, "devices");
	json_close_array(&j);
	json_array_line(&j, "drivers");
	json_close_array(&j);
	json_close_object(&j);
	json_close_array(&j);
	json_number(&j, "reasons_left_out", 0);
	json_close_object(&j);
	json_close_object(&j);
	json_end(&j);
}

/* Findings say what the analysis left out. */
static void name_limit(struct view *v)
{
	if (v->r->json)
		json_bool(&v->j, "cut_short", true);
	else if (!v->r->html)
		report_wrapped(v, 0, 0, "Work limit: this is not all. It takes more work than the pages of the file can justify.");
}

/* What such a command lists exists only where AMD IOMMUs were at work. */
static bool needs_iommu(enum ami_view view)
{
	return view == AMI_VIEW_RING || view == AMI_VIEW_LOG ||
	       view == AMI_VIEW_IRQ || view == AMI_VIEW_DOMAINS ||
	       view == AMI_VIEW_FLUSHQ;
}

static int show_view(struct view *v)
{
	char text[256];

	if (v->r->json || v->a->state->guard == AMI_GUARD_AMD ||
	    !needs_iommu(v->r->view))
		return view_fn[v->r->view](v);
	report_guard_words(v, text, sizeof(text));
	report_wrapped(v, 0, 0, "There was %s.", text);
	return 0;
}

int ami_render(const struct ami_analysis *a, const struct ami_request *r,
	       FILE *out, struct ami_error *err)
{
	struct view v = { .a = a, .r = r, .out = out, .err = err };
	int failed;

	if ((r->has_bdf && !report_asked_device(&v)) || known_iommu(&v))
		return -1;
	ami_dump_run(a->dump);
	ami_dump_doing(a->dump, ami_views[r->view].name);
	if (r->json)
		begin_json(&v.j, r->view, out);
	failed = show_view(&v);
	if (failed && !v.shown)
		return -1;
	if (ami_dump_budget(a->dump)->nr_cut)
		name_limit(&v);
	if (r->json) {
		json_close_object(&v.j);
		json_end(&v.j);
	}
	if (fflush(out) || ferror(out))
		return ami_error_set(err, AMI_ERR_OUTPUT,
				     "the output cannot be written: %s",
				     strerror(errno));
	if (a->spill.failed) {
		ami_error_set(err, AMI_ERR_OUTPUT,
			      "pages are missing from what is shown: the temporary file of page sets cannot be read");
		return ami_error_advise(err, AMI_ADVICE_FOLDER);
	}
	return failed;
}
