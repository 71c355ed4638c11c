// SPDX-License-Identifier: GPL-2.0-or-later
/* Text into HTML: the only way from the dump into the page. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <amdiommu/display.h>

#include "html.h"

static void escape(FILE *out, const char *s)
{
	char shown[AMI_DISPLAY_CHAR];

	while (*s) {
		uint32_t c = ami_utf8_next(&s);

		if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'')
			fprintf(out, "&#%u;", c);
		else
			fwrite(shown, 1, ami_display_char(c, shown), out);
	}
}

static void format(struct html_page *p, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		return;
	escape(p->out, text);
	free(text);
}

void html_text(struct html_page *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format(p, fmt, ap);
	va_end(ap);
}

void html_raw(struct html_page *p, const char *markup)
{
	fputs(markup, p->out);
}

void html_cell(struct html_page *p, bool number, const char *fmt, ...)
{
	va_list ap;

	html_raw(p, number ? "<td class=\"n\">" : "<td>");
	va_start(ap, fmt);
	format(p, fmt, ap);
	va_end(ap);
	html_raw(p, "</td>");
}

void html_section(struct html_page *p, const char *id, const char *title,
		  const char *lead)
{
	fprintf(p->out, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n"
		"<h2 id=\"h-%s\">%s</h2>\n", id, id, id, title);
	if (*lead)
		fprintf(p->out, "<p class=\"lead\">%s</p>\n", lead);
}

void html_where(struct html_page *p, const char *where)
{
	struct ami_bdf bdf;
	char text[AMI_BDF_TEXT];
	unsigned int n;
	size_t i;

	html_raw(p, "<a href=\"#");
	if (ami_bdf_parse(where, &bdf)) {
		for (i = 0; i < p->nr_ranked && i < HTML_DEVICES; i++)
			if (!memcmp(&p->ranked[i].d->bdf, &bdf, sizeof(bdf)))
				break;
		html_text(p, i < p->nr_ranked && i < HTML_DEVICES ? "d-%s" :
			  "devices", ami_bdf_text(bdf, text));
	} else if (sscanf(where, "iommu%u", &n) == 1) {
		html_raw(p, "rings");
	} else if (!strncmp(where, "domain", 6)) {
		html_raw(p, "domains");
	} else {
		html_raw(p, "machine");
	}
	html_raw(p, "\">");
	html_text(p, "%s", where);
	html_raw(p, "</a>");
}
