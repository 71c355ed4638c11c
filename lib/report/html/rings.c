// SPDX-License-Identifier: GPL-2.0-or-later
/* Command rings as circles, and the events that the IOMMUs logged. */
#include <inttypes.h>

#include "html.h"

#define LISTED	64u	/* unproven commands, events of each IOMMU */

/*
 * Entry 0 is at the top, and the ring runs clockwise. An arc is a dash of a
 * circle whose pathLength is the number of entries.
 */
static void arc(struct html_page *p, const char *css, uint32_t first,
		uint32_t count, const char *title)
{
	fprintf(p->out, "<circle class=\"arc %s\" cx=\"110\" cy=\"110\" "
		"r=\"86\" pathLength=\"%u\" stroke-dasharray=\"%u %u\" "
		"stroke-dashoffset=\"-%u\" transform=\"rotate(-90 110 110)\">"
		"<title>%s, %u from entry %u on</title></circle>\n",
		css, AMI_RING_ENTRIES, count, AMI_RING_ENTRIES - count, first,
		title, count, first);
}

static void circle(struct html_page *p, const struct ami_iommu *u)
{
	const struct ami_ring *ring = &u->ring;
	uint32_t i, first = 0;
	const char *name;
	char css[32];

	fprintf(p->out, "<svg class=\"ring\" viewBox=\"0 0 220 220\" "
		"role=\"img\"><title>Command ring of iommu%u</title>\n",
		u->index);
	for (i = 1; i <= AMI_RING_ENTRIES; i++) {
		if (i < AMI_RING_ENTRIES && ring->state[i] == ring->state[first])
			continue;
		name = ami_entry_state_name(ring->state[first]);
		snprintf(css, sizeof(css), "e-%s", name);
		arc(p, css, first, i - first, name);
		first = i;
	}
	if (ring->tail_known)
		arc(p, "tail", ring->tail, 2, "tail");
	fprintf(p->out, "<text x=\"110\" y=\"106\" class=\"big\">%u</text>"
		"<text x=\"110\" y=\"126\">%s</text></svg>\n",
		ring->outstanding ? ring->outstanding : AMI_RING_ENTRIES,
		report_never_executed(u) ? "not executed" :
		ring->outstanding ? "not proven" : "entries");
}

static void states(struct html_page *p, const struct ami_iommu *u)
{
	const struct ami_ring *ring = &u->ring;
	char words[256];
	int s;

	html_raw(p, "<ul class=\"states\">\n");
	for (s = 0; s < AMI_ENTRY_STATES; s++)
		if (ring->count[s])
			fprintf(p->out, "<li><i class=\"key e-%s\"></i>%u %s</li>\n",
				ami_entry_state_name(s), ring->count[s],
				ami_entry_state_name(s));
	if (ring->tail_known)
		fprintf(p->out, "<li><i class=\"key tail\"></i>tail at entry %u</li>\n",
			ring->tail);
	if (ring->issued_known && ring->semaphore_known)
		fprintf(p->out, "<li>completion wait: issued %" PRIu64
			", completed %" PRIu64 "</li>\n", ring->last_issued,
			ring->semaphore);
	if (report_registers_words(p->v->a->state, u, words, sizeof(words)))
		fprintf(p->out, "<li>registers at the crash: %s</li>\n", words);
	html_raw(p, "</ul>\n<p>");
	html_raw(p, report_never_executed(u) ?
		 "Commands were never executed." : ring->outstanding ?
		 "Commands are not proven done." :
		 ring->blind ?
		 "Commands may be outstanding in entries that are lost." :
		 "Every command that was issued is proven done.");
	html_raw(p, "</p>\n");
}

static void unproven(struct html_page *p, const struct ami_iommu *u)
{
	const struct ami_ring *ring = &u->ring;
	struct amdvi_value value[AMDVI_VALUES_MAX];
	char operands[256];
	uint32_t i, n = ring->outstanding;

	if (!n)
		return;
	html_raw(p, "<details><summary>Commands not proven done</summary>"
		 "<table><thead><tr><th class=\"n\">entry</th><th>command</th>"
		 "<th>operands</th></tr></thead><tbody>\n");
	for (i = 0; i < n && i < LISTED; i++) {
		uint32_t at = (ring->oldest + i) % AMI_RING_ENTRIES;
		const struct amdvi_command *c = &ring->entry[at];

		report_values_text(p->v, u->bdf.segment, value,
				   amdvi_command_values(c, value, AMDVI_VALUES_MAX),
				   operands, sizeof(operands));
		html_raw(p, "<tr>");
		html_cell(p, true, "%u", at);
		html_cell(p, false, "%s", amdvi_command_name(c->opcode));
		html_cell(p, false, "%s", operands);
		html_raw(p, "</tr>\n");
	}
	html_raw(p, "</tbody></table></details>\n");
}

void html_rings(struct html_page *p)
{
	const struct ami_state *s = p->v->a->state;
	char bdf[AMI_BDF_TEXT];
	size_t i;

	html_section(p, "rings", "Command rings",
		     "Entry 0 is at the top, the ring runs clockwise; an "
		     "invalidation that is not done leaves old translations.");
	html_raw(p, "<div class=\"rings\">\n");
	for (i = 0; i < s->nr_iommus && i < HTML_IOMMUS; i++) {
		const struct ami_iommu *u = &s->iommus[i];

		fprintf(p->out, "<article id=\"iommu%u\"><h3>iommu%u <small>%s"
			"</small></h3>\n", u->index, u->index,
			ami_bdf_text(u->bdf, bdf));
		circle(p, u);
		html_raw(p, "<div>");
		states(p, u);
		unproven(p, u);
		html_raw(p, "</div></article>\n");
	}
	html_raw(p, "</div>\n</section>\n");
}

static void incident(struct html_page *p, const struct ami_incident *in)
{
	const struct ami_state *s = p->v->a->state;
	char where[AMI_BDF_TEXT], witnesses[64], text[256] = "";

	ami_incident_witnesses(in, witnesses, sizeof(witnesses));
	if (in->kept && in->list[0].event.code)
		amdvi_event_describe(&in->list[0].event, in->has_device ?
				     in->bdf.segment : 0, text, sizeof(text));
	html_raw(p, "<tr>");
	html_cell(p, false, "%s", ami_incident_where(s, in, where));
	html_cell(p, false, "%s", ami_incident_text(in->kind));
	html_cell(p, true, "%" PRIu64, ami_incident_times(in));
	html_cell(p, true, "%" PRIu64, in->suppressed);
	if (in->witnesses & 1u << AMI_WITNESS_KERNEL_LOG)
		html_cell(p, false, "%.6f to %.6f s", in->first_nsec / 1e9,
			  in->last_nsec / 1e9);
	else
		html_cell(p, false, "not known");
	html_cell(p, false, "%s", witnesses);
	html_cell(p, false, "%s%s%s", text, *text && in->settled ? "; " : "",
		  in->settled ? "settled by what the ring shows" : "");
	html_raw(p, "</tr>\n");
}

void html_events(struct html_page *p)
{
	const struct ami_incidents *list = p->v->a->incidents;
	size_t i;

	html_section(p, "events", "Incidents",
		     "What had happened to the hardware and the driver, from "
		     "event logs, the kernel's log and the command rings. The "
		     "driver leaves page faults in the event log: they may be "
		     "old.");
	if (!list->count) {
		html_raw(p, "<p>None is known.</p>\n</section>\n");
		return;
	}
	html_raw(p, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		 "aria-label=\"Incidents\"><table class=\"sort filter\"><thead><tr>"
		 "<th>where</th><th>what</th><th class=\"n\">times</th>"
		 "<th class=\"n\">not printed</th><th>when</th>"
		 "<th>known from</th><th>the first</th></tr></thead><tbody>\n");
	for (i = 0; i < list->count && i < LISTED; i++)
		incident(p, &list->list[i]);
	fprintf(p->out, "</tbody></table></div>\n<p class=\"note\">%zu incident%s; "
		"at most %u are shown.</p>\n</section>\n", list->count,
		list->count == 1 ? "" : "s", LISTED);
}
