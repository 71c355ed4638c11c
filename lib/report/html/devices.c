// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of devices, and the paths of their writes. */
#include <inttypes.h>
#include <string.h>

#include "html.h"

#define BOXES	14u	/* devices in the diagram */
#define STEP	46u
#define WIDEST	236u	/* box */

static void domain_name(const struct html_page *p, const struct ami_device *d,
			char buf[24])
{
	const struct ami_state *s = p->v->a->state;

	if (d->domain < 0)
		strcpy(buf, "-");
	else if (!s->domains[d->domain].id_known)
		strcpy(buf, "?");
	else
		snprintf(buf, 24, "%u", s->domains[d->domain].id);
}

static void classes(struct html_page *p, const struct ami_device *d)
{
	const struct ami_exposure *e = NULL;
	bool seen[AMI_CLASSES] = { false };

	html_raw(p, "<td>");
	while ((e = ami_exposure_next(p->v->a->exposures, d->bdf, e))) {
		if (seen[e->class] ||
		    (!e->count && !e->all_ram && e->complete))
			continue;
		seen[e->class] = true;
		fprintf(p->out, "<span class=\"tag %s\">%s</span> ",
			ami_class_name(e->class), ami_class_name(e->class));
	}
	html_raw(p, "</td>");
}

static void device_row(struct html_page *p, const struct ami_ranked *r)
{
	const struct ami_device *d = r->d;
	char bdf[AMI_BDF_TEXT], text[40];

	ami_bdf_text(d->bdf, bdf);
	fprintf(p->out, "<tr id=\"d-%s\"%s><th scope=\"row\">%s</th>", bdf,
		r->anomalous ? " class=\"odd\"" : "", bdf);
	html_cell(p, false, "%s", d->driver[0] ? d->driver : "-");
	fprintf(p->out, "<td class=\"n\" data-v=\"%" PRIu64 "\">%s</td>",
		r->reach.all_ram ? UINT64_MAX >> 12 : r->reach.pages,
		report_reach_text(p->v, &r->reach, text));
	classes(p, d);
	html_raw(p, "<td>");
	html_text(p, "%s", ami_translation_name(d->translation));
	if (d->bypass != AMI_BYPASS_NO) {
		html_raw(p, "<br><small>");
		html_text(p, "%s", ami_bypass_text(d->bypass));
		html_raw(p, "</small>");
	}
	html_raw(p, "</td>");
	domain_name(p, d, text);
	html_cell(p, true, "%s", text);
	if (d->is_pci)
		html_cell(p, false, "%04x:%04x", d->vendor, d->device);
	else
		html_cell(p, false, "-");
	fprintf(p->out, "<td>%s", ami_seen_name(d->dte_seen));
	if (d->disagreement[0]) {
		html_raw(p, "<br><small>");
		html_text(p, "%s", d->disagreement);
		html_raw(p, "</small>");
	}
	html_raw(p, "</td></tr>\n");
}

void html_devices(struct html_page *p)
{
	char what[128];
	size_t i;

	snprintf(what, sizeof(what),
		 "Pages that each device could write %s. Active devices come first, anomalous ones at the top.",
		 ami_moment(p->v->a->state));
	html_section(p, "devices", "Devices", what);
	html_raw(p, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		 "aria-label=\"Devices\"><table class=\"sort filter\"><thead><tr>"
		 "<th scope=\"col\">device</th><th scope=\"col\">driver</th>"
		 "<th scope=\"col\" class=\"n\">writable</th>"
		 "<th scope=\"col\">classes</th>"
		 "<th scope=\"col\">translation</th>"
		 "<th scope=\"col\" class=\"n\">domain</th>"
		 "<th scope=\"col\">ID</th><th scope=\"col\">DTE</th></tr></thead><tbody>\n");
	for (i = 0; i < p->nr_ranked && i < HTML_DEVICES; i++)
		device_row(p, &p->ranked[i]);
	html_raw(p, "</tbody></table></div>\n");
	if (p->nr_ranked > HTML_DEVICES)
		fprintf(p->out, "<p class=\"note\">%zu more devices are not "
			"shown; <code>amdiommu devices</code> lists all.</p>\n",
			p->nr_ranked - HTML_DEVICES);
	html_raw(p, "</section>\n");
}

/* Thickness grows with the order of magnitude. */
static unsigned int width(const struct ami_ranked *r)
{
	unsigned int w = 2;
	uint64_t n;

	if (r->reach.all_ram)
		return 14;
	for (n = r->reach.pages; n && w < 14; n /= 4)
		w++;
	return w;
}

/* The widest box has room for 28 characters. */
static void box(struct html_page *p, unsigned int x, unsigned int y,
		unsigned int wide, const char *one, const char *two)
{
	fprintf(p->out, "<rect class=\"box\" x=\"%u\" y=\"%u\" width=\"%u\" "
		"height=\"38\" rx=\"6\"/><text x=\"%u\" y=\"%u\">", x, y, wide,
		x + 12, y + 16);
	html_text(p, "%.28s", one);
	fprintf(p->out, "</text><text class=\"dim\" x=\"%u\" y=\"%u\">",
		x + 12, y + 31);
	html_text(p, "%.28s", two);
	html_raw(p, "</text>\n");
}

static void link_to(struct html_page *p, unsigned int x, unsigned int y,
		    unsigned int to, unsigned int w)
{
	fprintf(p->out, "<path class=\"link\" d=\"M%u %uC%u %u %u %u %u %u\" "
		"stroke-width=\"%u\"/>\n", x, y, x + 70, y, x + 70, to,
		x + 140, to, w);
}

static void path_of(struct html_page *p, const struct ami_ranked *r,
		    unsigned int y, unsigned int domain_y, bool first)
{
	char bdf[AMI_BDF_TEXT], id[24], text[48], pages[48];
	const struct ami_device *d = r->d;

	link_to(p, 200, y + 19, domain_y + 19, width(r));
	link_to(p, 540, domain_y + 19, y + 19, width(r));
	box(p, 0, y, 200, ami_bdf_text(d->bdf, bdf),
	    d->driver[0] ? d->driver : "no driver");
	report_reach_text(p->v, &r->reach, text);
	report_pages_text(p->v, r->reach.pages, pages);
	box(p, 680, y, WIDEST, r->reach.all_ram ? text : pages, r->reach.more ?
	    "and some without a name" : "writable");
	if (!first)
		return;
	domain_name(p, d, id);
	snprintf(text, sizeof(text), d->domain < 0 ? "no domain" : "domain %s%s",
		 id, d->bypass == AMI_BYPASS_VIRTIO ? ", not used" : "");
	box(p, 340, domain_y, 200, text, d->domain < 0 ?
	    ami_translation_name(d->translation) :
	    report_domain_format(&p->v->a->state->domains[d->domain]));
}

void html_diagram(struct html_page *p)
{
	const struct ami_ranked *shown[BOXES];
	size_t i, k, n = 0, hidden = 0;

	for (i = 0; i < p->nr_ranked; i++) {
		const struct ami_reach *reach = &p->ranked[i].reach;

		if (!reach->pages && !reach->all_ram && !reach->more)
			continue;
		if (n < BOXES)
			shown[n++] = &p->ranked[i];
		else
			hidden++;
	}
	html_section(p, "paths", "Device → domain → memory",
		     "The paths along which devices could write RAM; thicker "
		     "means more pages.");
	fprintf(p->out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		"aria-label=\"Diagram of paths\"><svg class=\"paths\" "
		"viewBox=\"-1 -1 %u %zu\" role=\"img\"><title>Devices, their "
		"domains, and how many pages they could write</title>\n",
		680 + WIDEST + 2, n * STEP + 2);
	for (i = 0; i < n; i++) {
		for (k = 0; k < i; k++)
			if (shown[i]->d->domain >= 0 &&
			    shown[k]->d->domain == shown[i]->d->domain)
				break;
		path_of(p, shown[i], i * STEP, k * STEP, k == i);
	}
	html_raw(p, "</svg></div>\n");
	if (!n)
		html_raw(p, p->v->a->exposures->verdict == AMI_VERDICT_TRUSTED ?
			 "<p>No device could write RAM.</p>\n" :
			 "<p>No device is known to reach RAM.</p>\n");
	if (hidden)
		fprintf(p->out, "<p class=\"note\">%zu more devices could "
			"write, too.</p>\n", hidden);
	html_raw(p, "</section>\n");
}
