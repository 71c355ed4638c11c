// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Strips of a map. A lane keeps its runs while they are few, and always the
 * counts of equal buckets. Pages are never listed one by one.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "html.h"

#define WIDTH	1024u	/* of the drawing */
#define HEIGHT	20u

struct html_lane *html_lane_new(uint64_t first, uint64_t span)
{
	struct html_lane *lane = calloc(1, sizeof(*lane));

	if (lane) {
		lane->first = first;
		lane->span = span ? span : 1;
	}
	return lane;
}

/* Where bucket @i of @n begins, from the start of the axis. */
static uint64_t first_pfn(const struct html_lane *lane, uint64_t i, uint64_t n)
{
	return lane->span / n * i + lane->span % n * i / n;
}

static uint64_t bucket_of(const struct html_lane *lane, uint64_t at)
{
	uint64_t i = (unsigned __int128)at * HTML_BUCKETS / lane->span;

	while (i + 1 < HTML_BUCKETS && first_pfn(lane, i + 1, HTML_BUCKETS) <= at)
		i++;
	while (i && first_pfn(lane, i, HTML_BUCKETS) > at)
		i--;
	return i;
}

void html_lane_add(struct html_lane *lane, uint64_t first, uint64_t count,
		   uint64_t weight)
{
	uint64_t at, end, i;

	if (first < lane->first || first - lane->first >= lane->span || !count)
		return;
	at = first - lane->first;
	if (count > lane->span - at)
		count = lane->span - at;
	end = at + count;
	lane->total += count * weight;
	if (weight > 1)
		lane->nr_runs = HTML_RUNS;
	if (lane->nr_runs < HTML_RUNS)
		lane->run[lane->nr_runs] = (struct ami_range){ at, count };
	lane->nr_runs++;
	for (i = bucket_of(lane, at); at < end && i < HTML_BUCKETS; i++) {
		uint64_t next = i + 1 < HTML_BUCKETS ?
				first_pfn(lane, i + 1, HTML_BUCKETS) : lane->span;

		if (next > end)
			next = end;
		lane->bucket[i] += (next - at) * weight;
		at = next;
	}
}

/* The height shows how much of a column is covered. Any coverage shows. */
static void path(struct html_page *p, const struct html_lane *lane)
{
	const unsigned int per = HTML_BUCKETS / WIDTH;
	unsigned int x, last = 0, from = 0;

	for (x = 0; x <= WIDTH; x++) {
		uint64_t sum = 0, room = 0;
		unsigned int h = 0, k;

		for (k = 0; x < WIDTH && k < per; k++)
			sum += lane->bucket[x * per + k];
		if (x < WIDTH)
			room = first_pfn(lane, x + 1, WIDTH) -
			       first_pfn(lane, x, WIDTH);
		if (sum)
			h = sum >= room ? HEIGHT :
			    12 + sum * (HEIGHT - 12) / room;
		if (h == last && x < WIDTH)
			continue;
		if (last)
			fprintf(p->out, "M%u %uh%uv%uh-%uz", from,
				HEIGHT - last, x - from, last, x - from);
		from = x;
		last = h;
	}
}

/* [start, length, pages] from the start of the axis. */
static void data(struct html_page *p, const struct html_lane *lane)
{
	const char *comma = "";
	size_t i;

	fputs("[", p->out);
	for (i = 0; lane->nr_runs <= HTML_RUNS && i < lane->nr_runs; i++) {
		fprintf(p->out, "%s%" PRIu64 ",%" PRIu64 ",%" PRIu64, comma,
			lane->run[i].first, lane->run[i].count,
			lane->run[i].count);
		comma = ",";
	}
	for (i = 0; lane->nr_runs > HTML_RUNS && i < HTML_BUCKETS; i++) {
		uint64_t at = first_pfn(lane, i, HTML_BUCKETS);

		if (!lane->bucket[i])
			continue;
		fprintf(p->out, "%s%" PRIu64 ",%" PRIu64 ",%" PRIu64, comma, at,
			first_pfn(lane, i + 1, HTML_BUCKETS) - at, lane->bucket[i]);
		comma = ",";
	}
	fputs("]", p->out);
}

void html_lane_svg(struct html_page *p, const struct html_lane *lane,
		   const char *css, const char *name, const char *detail)
{
	char size[48];

	report_pages_text(p->v, lane->total, size);
	fputs("<div class=\"lane\"><div class=\"label\"><b>", p->out);
	html_text(p, "%s", name);
	fputs("</b> <small>", p->out);
	html_text(p, "%s%s%s", detail, *detail ? ", " : "", size);
	fprintf(p->out, "</small></div><svg class=\"strip %s\" role=\"img\" "
		"viewBox=\"0 0 %u %u\" preserveAspectRatio=\"none\" "
		"aria-label=\"", css, WIDTH, HEIGHT);
	html_text(p, "%s: %s", name, size);
	fputs("\" data-exact=\"", p->out);
	fprintf(p->out, "%d\"><path d=\"", lane->nr_runs <= HTML_RUNS);
	path(p, lane);
	fputs("\"/></svg><script type=\"application/json\">", p->out);
	data(p, lane);
	fputs("</script></div>\n", p->out);
}

static void tick(struct html_page *p, uint64_t value)
{
	fprintf(p->out, "<span>%#" PRIx64 "</span>", value << AMI_PAGE_SHIFT);
}

void html_map_open(struct html_page *p, const char *unit, uint64_t first,
		   uint64_t span, const char *label)
{
	int i;

	fprintf(p->out, "<div class=\"map\" data-unit=\"%s\" data-first=\"%"
		PRIu64 "\" data-span=\"%" PRIu64
		"\" role=\"group\" aria-label=\"", unit, first, span);
	html_text(p, "%s", label);
	fputs("\">\n<div class=\"axis\"><div class=\"label\">", p->out);
	fputs(*unit == 'p' ? "physical address" : "IOVA", p->out);
	fputs("</div><div class=\"ticks\">", p->out);
	for (i = 0; i <= 4; i++)
		tick(p, first + span / 4 * i + span % 4 * i / 4);
	fputs("</div></div>\n", p->out);
}

void html_map_close(struct html_page *p)
{
	fputs("</div>\n", p->out);
}
