// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages that hold what their owners did not write, those next to each other together. */
#include <inttypes.h>

#include "html.h"

#define MOST_EVENTS	256u	/* rows */

static void owners_cell(struct html_page *p, const struct ami_overwriting *e)
{
	const struct ami_overwritten *page =
		&p->v->a->contents->list[e->first];
	size_t of[AMI_OWNERS] = { 0 }, i, n = 0;

	for (i = 0; i < e->count; i++)
		of[page[i].owner]++;
	html_raw(p, "<td>");
	for (i = 0; i < AMI_OWNERS; i++)
		if (of[i])
			html_text(p, "%s%zu %s", n++ ? ", " : "", of[i],
				  ami_owner_name(i));
	html_raw(p, "</td>");
}

static void signs_cell(struct html_page *p, const struct ami_overwriting *e)
{
	uint32_t i, n = 0;

	html_raw(p, "<td>");
	for (i = 0; i < AMI_SIGNS; i++)
		if (e->pages[i])
			html_text(p, "%s%s (%zu)", n++ ? ", " : "",
				  ami_sign_text(1u << i), e->pages[i]);
	html_raw(p, "</td>");
}

static void event_row(struct html_page *p, const struct ami_overwriting *e)
{
	const struct ami_overwritten *page =
		&p->v->a->contents->list[e->first];
	struct ami_culprit c;
	char bdf[AMI_BDF_TEXT];

	ami_culprit_of_event(p->v->a->exposures, e, &c);
	html_raw(p, "<tr>");
	html_cell(p, true, "%#" PRIx64, page->phys);
	html_cell(p, true, "%zu", e->count);
	owners_cell(p, e);
	signs_cell(p, e);
	html_raw(p, "<td>");
	if (c.proof == AMI_PROOF_NONE)
		html_raw(p, "none is named");
	else
		html_where(p, ami_bdf_text(c.device, bdf));
	html_raw(p, "</td>");
	html_cell(p, false, "%s", ami_proof_name(c.proof));
	html_raw(p, "</tr>\n");
}

void html_overwritten(struct html_page *p)
{
	const struct ami_contents *c = p->v->a->contents;
	size_t i;

	if (!c || !c->count)
		return;
	html_section(p, "overwritten", "Overwritten pages",
		     "Pages that hold what their owners did not write. Those "
		     "next to each other are one row.");
	html_raw(p, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		 "aria-label=\"Overwritten pages\"><table class=\"sort\"><thead>"
		 "<tr><th class=\"n\">first address</th><th class=\"n\">pages</th>"
		 "<th>owners</th><th>what shows it</th><th>device</th>"
		 "<th>proof</th></tr></thead><tbody>\n");
	for (i = 0; i < c->nr_events && i < MOST_EVENTS; i++)
		event_row(p, &c->events[i]);
	html_raw(p, "</tbody></table></div>\n");
	if (c->nr_events > MOST_EVENTS)
		fprintf(p->out, "<p class=\"note\">and %zu more events</p>\n",
			c->nr_events - MOST_EVENTS);
	html_raw(p, "</section>\n");
}
