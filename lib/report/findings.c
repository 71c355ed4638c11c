// SPDX-License-Identifier: GPL-2.0-or-later
/* Findings, and the fields beside their sentences. */
#include <stdlib.h>
#include <string.h>

#include "view.h"

static void list_json(struct view *v, const char *key, const char *text)
{
	char *words = strdup(text), *at = words, *word;

	json_array_line(&v->j, key);
	while (words && (word = strsep(&at, ", ")))
		if (*word)
			json_string(&v->j, NULL, word);
	json_close_array(&v->j);
	free(words);
}

static void fact_json(struct view *v, const struct ami_fact *fact)
{
	const struct ami_fact_class *class = ami_fact_class(fact->key);

	switch (class->form) {
	case AMI_FACT_NUMBER:
		json_number(&v->j, class->name, fact->value);
		break;
	case AMI_FACT_HEX:
		json_hex(&v->j, class->name, fact->value);
		break;
	case AMI_FACT_TEXT:
		json_string(&v->j, class->name, fact->text);
		break;
	case AMI_FACT_LIST:
		list_json(v, class->name, fact->text);
		break;
	}
}

void report_facts_json(struct view *v, const struct ami_facts *facts)
{
	size_t i;

	for (i = 0; i < facts->count; i++)
		fact_json(v, &facts->list[i]);
}

void report_finding_json(struct view *v, const struct ami_finding *one)
{
	const struct ami_finding_class *class = ami_finding_class(one->code);
	char print[REPORT_FINGERPRINT];

	json_object(&v->j, NULL);
	json_string(&v->j, "severity", ami_severity_name(one->severity));
	json_string(&v->j, "code", class->name);
	json_string(&v->j, "kind", ami_finding_kind_name(class->kind));
	json_string(&v->j, "where", one->where);
	json_string(&v->j, "text", one->text);
	json_string(&v->j, "fingerprint",
		    report_fingerprint(v->a->state, one, print));
	report_facts_json(v, &one->facts);
	json_close_object(&v->j);
}

void report_findings_json(struct view *v)
{
	const struct ami_findings *f = v->a->state->findings;
	size_t i;

	json_array(&v->j, "findings");
	for (i = 0; i < f->count; i++)
		report_finding_json(v, &f->list[i]);
	json_close_array(&v->j);
	json_object(&v->j, "finding_totals");
	for (i = 0; i < AMI_NR_FINDINGS; i++)
		if (f->total[i])
			json_number(&v->j, ami_finding_class(i)->name,
				    f->total[i]);
	json_close_object(&v->j);
}

static void finding_text(struct view *v, const struct ami_finding *one)
{
	static const char *const color[] = {
		[AMI_INFO] = "", [AMI_WARNING] = COLOR_WARNING,
		[AMI_ERROR] = COLOR_BAD,
	};
	const char *name = ami_severity_name(one->severity);

	fputs("  ", v->out);
	report_colored(v, color[one->severity], name);
	fprintf(v->out, "%*s %s  %s\n", (int)(8 - strlen(name)), "",
		one->where, ami_finding_class(one->code)->name);
	fputs("           ", v->out);
	report_wrapped(v, 11, 11, "%s", one->text);
}

/* Findings of one code are shown for the first few devices. */
#define ALIKE	3u

static size_t alike_before(const struct ami_findings *f, size_t i)
{
	size_t k, n = 0;

	for (k = 0; k < i; k++)
		n += f->list[k].code == f->list[i].code;
	return n;
}

/* After the last finding that is shown of a code: how many were left out. */
static void more_alike(struct view *v, const struct ami_finding *one,
		       size_t shown)
{
	size_t total = ami_findings_total(v->a->state->findings, one->code);
	const char *longer = v->r->verbose ? NULL : v->r->longer;
	char hint[32];

	if (total > shown)
		fprintf(v->out, "           ... and %zu more of %s%s\n",
			total - shown, ami_finding_class(one->code)->name,
			report_hint(" (", longer, ")", hint));
}

void report_findings_text(struct view *v, enum ami_severity least)
{
	const struct ami_findings *f = v->a->state->findings;
	size_t most = v->r->verbose ? AMI_FINDINGS_PER_CODE : ALIKE;
	size_t i, hidden = 0;
	char hint[32];

	for (i = 0; i < f->count; i++) {
		size_t before = alike_before(f, i);

		if (f->list[i].severity < least) {
			hidden++;
			continue;
		}
		if (before < most)
			finding_text(v, &f->list[i]);
		if (before + 1 == most)
			more_alike(v, &f->list[i], most);
	}
	if (hidden == f->count)
		fputs("  none\n", v->out);
	if (hidden)
		fprintf(v->out, "  (%zu for information%s)\n", hidden,
			report_hint("; ", v->r->longer, "", hint));
}
