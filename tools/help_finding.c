// SPDX-License-Identifier: GPL-2.0-or-later
/* Help on findings: their table, in words. */
#include <string.h>

#include <amdiommu/finding.h>

#include "command.h"

static const char *const severity_text[] = {
	[AMI_INFO] = "info: worth knowing, shown with -v",
	[AMI_WARNING] = "warning: something is unusual or missing",
	[AMI_ERROR] = "error: memory contradicts itself",
};

static const char *const effect_text[] = {
	[AMI_EFFECT_NONE] = "none by itself",
	[AMI_EFFECT_GAP] = "the dump is not trusted: unknown instead",
	[AMI_EFFECT_UNKNOWN] = "the dump is unknown, if nothing worse is known",
	[AMI_EFFECT_SUSPECT] = "the dump is suspect",
	[AMI_EFFECT_CORRUPT] = "the dump is corrupt",
};

static const char *const covers_text[] = {
	[AMI_COVERS_ALL] = "none by itself",
	[AMI_COVERS_PART] = "partial: there may be pages that nothing names",
};

static const char *const kind_text[] = {
	[AMI_KIND_CONFIGURATION] = "how this machine or kernel is set up",
	[AMI_KIND_FINDING] = "something that happened",
	[AMI_KIND_MISSING] = "not in the dump, or not readable",
	[AMI_KIND_DAMAGE] = "memory holds what no correct kernel writes",
};

#define COLUMNS	79

/* One or two sentences, broken between words. */
static void print_wrapped(FILE *out, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column && column + 1 + word > COLUMNS)
			column = fprintf(out, "\n") - 1;
		column += fprintf(out, "%s%.*s", column ? " " : "", (int)word,
				  text);
		text += word + strspn(text + word, " ");
	}
	putc('\n', out);
}

bool tool_help_on_finding(const char *name, FILE *out)
{
	enum ami_finding_code code = ami_finding_code(name);
	const struct ami_finding_class *class;

	if (code == AMI_NR_FINDINGS)
		return false;
	class = ami_finding_class(code);
	fprintf(out, "Finding %s\n\n", class->name);
	print_wrapped(out, class->meaning);
	print_wrapped(out, class->advice);
	fprintf(out, "\nseverity  %s\nkind      %s\nverdict   %s\ncoverage  %s\n",
		severity_text[class->severity], kind_text[class->kind],
		effect_text[class->effect], covers_text[class->covers]);
	return true;
}

void tool_help_findings(FILE *out)
{
	unsigned int code;

	fputs("Findings that a report can have; 'amdiommu help CODE' explains one:\n\n",
	      out);
	for (code = 0; code < AMI_NR_FINDINGS; code++) {
		const struct ami_finding_class *c = ami_finding_class(code);

		fprintf(out, "  %-8s %-14s %s\n",
			ami_severity_name(c->severity),
			ami_finding_kind_name(c->kind), c->name);
	}
}
