// SPDX-License-Identifier: GPL-2.0-or-later
/* The bug report's end: the lines of the log that matter. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bug.h"
#include "identity.h"

#define MAX_LINES	20u
#define MAX_CRASH	30u

/*
 * Faults and the cause of death. Lines of drivers only if they report trouble.
 */
static unsigned int weight(const struct ami_line *line)
{
	switch (line->kind) {
	case AMI_LINE_FAULT:
	case AMI_LINE_CRASH:
		return 2;
	case AMI_LINE_IOMMU:
	case AMI_LINE_DMA:
		return line->level <= 4 || strstr(line->text, "AMD-Vi") ||
		       strstr(line->text, "iommu: ") ? 1 : 0;
	case AMI_LINE_DEVICE:
		return line->level <= 4 ? 1 : 0;
	default:
		return 0;
	}
}

/* Hardware addresses of network cards: xx:xx:xx:xx:xx:xx */
static void hide_macs(char *text)
{
	for (; *text; text++) {
		size_t i;

		for (i = 0; i < 17; i++)
			if (i % 3 == 2 ? text[i] != ':' :
			    !isxdigit((unsigned char)text[i]))
				break;
		if (i < 17)
			continue;
		for (i = 0; i < 17; i++)
			if (i % 3 != 2)
				text[i] = 'x';
	}
}

/* Lines that repeat, shown once: how many, from when to when. */
struct group {
	size_t first, last, times;
};

static void log_line(struct view *v, const struct group *g)
{
	const struct ami_line *line = &v->a->dmesg->list[g->first];
	const struct ami_line *last = &v->a->dmesg->list[g->last];
	char text[256], meaning[256], more[64] = "";
	const char *shown = report_line_text(v, line);

	if (!shown)
		shown = "(left out)";
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(shown, "\n"), shown);
	hide_macs(text);
	if (g->times > 1)
		snprintf(more, sizeof(more), " (%zu times, last at %.6f)",
			 g->times, last->ts_nsec / 1e9);
	fputs("  ", v->out);
	report_wrapped(v, 2, 4, "[%.6f] %s%s", line->ts_nsec / 1e9, text, more);
	ami_line_meaning(v->a->state, line, meaning, sizeof(meaning));
	if (*meaning) {
		fputs("    = ", v->out);
		report_wrapped(v, 6, 6, "%s", meaning);
	}
}

/* Equal except for numbers: addresses, tags, times. */
static bool same_words(const char *a, const char *b)
{
	for (;; a++, b++) {
		if (isxdigit((unsigned char)*a) &&
		    isxdigit((unsigned char)*b)) {
			while (isxdigit((unsigned char)a[1]))
				a++;
			while (isxdigit((unsigned char)b[1]))
				b++;
			continue;
		}
		if (*a != *b)
			return false;
		if (!*a)
			return true;
	}
}

static bool same_story(const struct ami_line *a, const struct ami_line *b)
{
	if (a->kind != b->kind || a->device != b->device ||
	    a->incident != b->incident || a->subject != b->subject)
		return false;
	if (a->incident != AMI_INCIDENT_NONE)
		return true;
	return a->kind == AMI_LINE_DEVICE ? same_words(a->text, b->text) :
	       !strcmp(a->text, b->text);
}

static size_t make_groups(const struct ami_dmesg *d, struct group *g)
{
	size_t i, k, n = 0;

	for (i = 0; i < d->count; i++) {
		if (!weight(&d->list[i]))
			continue;
		for (k = 0; k < n; k++)
			if (same_story(&d->list[g[k].first], &d->list[i]))
				break;
		if (k == n)
			g[n++] = (struct group){ i, i, 0 };
		g[k].last = i;
		g[k].times++;
	}
	return n;
}

/*
 * The cause of death: its beginning and its end. It has a share of lines of its
 * own, so that nothing pushes it out.
 */
static void choose_crash(const struct ami_dmesg *d, const struct group *g,
			 size_t n, bool *chosen)
{
	size_t i, left = MAX_CRASH;

	for (i = 0; i < n && left > MAX_CRASH / 2; i++)
		if (d->list[g[i].first].kind == AMI_LINE_CRASH) {
			chosen[i] = true;
			left--;
		}
	for (i = n; i-- > 0 && left;)
		if (d->list[g[i].first].kind == AMI_LINE_CRASH && !chosen[i]) {
			chosen[i] = true;
			left--;
		}
}

/* The newest among the most important ones. */
static void choose_others(const struct ami_dmesg *d, const struct group *g,
			  size_t n, bool *chosen)
{
	size_t i, left = MAX_LINES;
	unsigned int w;

	for (w = 2; w >= 1; w--)
		for (i = n; i-- > 0 && left;)
			if (d->list[g[i].first].kind != AMI_LINE_CRASH &&
			    weight(&d->list[g[i].first]) == w) {
				chosen[i] = true;
				left--;
			}
}

int report_bug_log(struct view *v)
{
	const struct ami_dmesg *d = v->a->dmesg;
	struct group *g = calloc(AMI_MAX_LINES, sizeof(*g));
	bool *chosen = calloc(AMI_MAX_LINES, sizeof(*chosen));
	size_t i, n = g && chosen ? make_groups(d, g) : 0, hidden = n;
	char state[160];

	report_dmesg_state_text(v, state, sizeof(state));
	fputs("\nKernel log: ", v->out);
	report_wrapped(v, 12, 2, "%s", state);
	if (n) {
		choose_crash(d, g, n, chosen);
		choose_others(d, g, n, chosen);
	}
	/* In the order of the log. */
	for (i = 0; i < n; i++)
		if (chosen[i]) {
			log_line(v, &g[i]);
			hidden--;
		}
	if (hidden)
		fprintf(v->out, "  (%zu more relevant line%s left out)\n",
			hidden, hidden == 1 ? "" : "s");
	n = g && chosen;
	free(g);
	free(chosen);
	return n ? 0 : ami_error_set(v->err, AMI_ERR_MEMORY, "out of memory");
}
