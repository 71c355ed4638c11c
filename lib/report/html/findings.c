// SPDX-License-Identifier: GPL-2.0-or-later
/* Findings, each linked to its place; owners of exposed pages by class. */
#include <inttypes.h>

#include "html.h"

void html_owners(struct html_page *p)
{
	const struct ami_exposures *ex = p->v->a->exposures;
	int class, owner;

	html_section(p, "owners", "Owners",
		     "Owners of the pages that devices could write, by class; "
		     "each page counts once in a class.");
	html_raw(p, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		 "aria-label=\"Owners\"><table class=\"sort\"><thead><tr>"
		 "<th>owner</th><th>class</th><th class=\"n\">pages</th>"
		 "<th>ever a buffer?</th></tr></thead><tbody>\n");
	for (owner = 0; owner < AMI_OWNERS; owner++)
		for (class = 0; class < AMI_CLASSES; class++) {
			uint64_t n = ex->class_owners[class][owner];

			if (!n)
				continue;
			fprintf(p->out, "<tr><td>%s</td><td>%s</td>"
				"<td class=\"n\">%" PRIu64 "</td><td>%s</td></tr>\n",
				ami_owner_name(owner), ami_class_name(class), n,
				owner == AMI_OWNER_UNKNOWN ? "not known" :
				ami_owner_never_buffer(owner) ? "never" :
				"can be");
		}
	html_raw(p, "</tbody></table></div>\n</section>\n");
}

void html_findings(struct html_page *p)
{
	const struct ami_findings *f = p->v->a->state->findings;
	size_t i;

	html_section(p, "findings", "Findings", "");
	if (!f->count)
		html_raw(p, "<p>None.</p>\n");
	html_raw(p, "<ul class=\"findings\">\n");
	for (i = 0; i < f->count; i++) {
		const struct ami_finding *one = &f->list[i];
		const char *severity = ami_severity_name(one->severity);

		fprintf(p->out, "<li class=\"finding s-%s\"><span class=\"sev\">%s"
			"</span> ", severity, severity);
		html_where(p, one->where);
		html_raw(p, " <code>");
		html_text(p, "%s", ami_finding_class(one->code)->name);
		html_raw(p, "</code><p>");
		html_text(p, "%s", one->text);
		html_raw(p, "</p></li>\n");
	}
	html_raw(p, "</ul>\n");
	for (i = 0; i < AMI_NR_FINDINGS; i++)
		if (f->total[i] > AMI_FINDINGS_PER_CODE)
			fprintf(p->out, "<p class=\"note\">and %zu more of %s</p>\n",
				f->total[i] - AMI_FINDINGS_PER_CODE,
				ami_finding_class(i)->name);
	html_raw(p, "</section>\n");
}
