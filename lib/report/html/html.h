/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The HTML report: one file that needs nothing else. Private to
 * lib/report/html. Only html_text() writes what comes from the dump. Sizes are
 * bounded, however large the machine is.
 */
#ifndef AMI_HTML_H
#define AMI_HTML_H

#include "../view.h"

#define HTML_DEVICES	1000u	/* rows of the table of devices */
#define HTML_LANES	24u	/* devices with a lane of their own */
#define HTML_DOMAINS	32u	/* domains with a map of IOVAs */
#define HTML_IOMMUS	16u
#define HTML_BUCKETS	2048u	/* for each lane with too many runs */
#define HTML_RUNS	1024u	/* page frame runs that a lane shows exactly */

/** struct html_page - the report being written; @ranked: what matters first */
struct html_page {
	struct view *v;
	FILE *out;
	struct ami_ranked *ranked;
	size_t nr_ranked;
};

/** struct html_lane - one strip of a map: where on an axis, and how much */
struct html_lane {
	uint64_t first, span;		/* of the axis */
	uint64_t total;
	size_t nr_runs;			/* above HTML_RUNS: only buckets count */
	struct ami_range run[HTML_RUNS];
	uint64_t bucket[HTML_BUCKETS];
};

extern const char html_style[], html_style_end[];
extern const char html_script[], html_script_end[];

/** html_text() - text with all of HTML's special characters escaped */
void html_text(struct html_page *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** html_raw() - markup; no text of a dump */
void html_raw(struct html_page *p, const char *markup);

/** html_cell() - a table cell; @number aligns right */
void html_cell(struct html_page *p, bool number, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** html_section() - open a section with its heading */
void html_section(struct html_page *p, const char *id, const char *title,
		  const char *lead);

/** html_where() - link to the object of a finding */
void html_where(struct html_page *p, const char *where);

struct html_lane *html_lane_new(uint64_t first, uint64_t span);
void html_lane_add(struct html_lane *lane, uint64_t first, uint64_t count,
		   uint64_t weight);

/** html_lane_svg() - the strip, and its data for the script */
void html_lane_svg(struct html_page *p, const struct html_lane *lane,
		   const char *css, const char *name, const char *detail);

/** html_map_open() - frame of a map; @unit: "pfn" or "iova" */
void html_map_open(struct html_page *p, const char *unit, uint64_t first,
		   uint64_t span, const char *label);
void html_map_close(struct html_page *p);

/* The sections. */
void html_machine(struct html_page *p);
void html_memory(struct html_page *p);
void html_devices(struct html_page *p);
void html_diagram(struct html_page *p);
void html_domains(struct html_page *p);
void html_rings(struct html_page *p);
void html_overwritten(struct html_page *p);
void html_owners(struct html_page *p);
void html_findings(struct html_page *p);
void html_pages(struct html_page *p);
void html_events(struct html_page *p);

#endif
