// SPDX-License-Identifier: GPL-2.0-or-later
/* The bug report's end: the lines of the log that matter. */
#include <ctype.h>
#include <string.h>

#include "bug.h"

#define MAX_LINES	20u

/* Faults and what the kernel died of; drivers only where they complain. */
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

/* @last: of @times lines with the same text */
static void log_line(struct view *v, const struct ami_line *line,
		     const struct ami_line *last, size_t times)
{
	char text[256], more[64] = "";

	snprintf(text, sizeof(text), "%.*s", (int)strcspn(line->text, "\n"),
		 line->text);
	hide_macs(text);
	if (times > 1)
		snprintf(more, sizeof(more), " (%zu times, last at %.6f)",
			 times, last->ts_nsec / 1e9);
	fputs("  ", v->out);
	wrapped(v, 2, 4, "[%.6f] %s%s", line->ts_nsec / 1e9, text, more);
}

static bool same_text(const struct ami_line *a, const struct ami_line *b)
{
	return weight(a) == weight(b) && !strcmp(a->text, b->text);
}

/* Lines that repeat an older one are told with that one. */
static bool repeats(const struct ami_dmesg *d, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (same_text(&d->list[k], &d->list[i]))
			return true;
	return false;
}

static void line_and_repeats(struct view *v, size_t i)
{
	const struct ami_dmesg *d = v->a->dmesg;
	size_t k, last = i, times = 1;

	for (k = i + 1; k < d->count; k++)
		if (same_text(&d->list[k], &d->list[i])) {
			last = k;
			times++;
		}
	log_line(v, &d->list[i], &d->list[last], times);
}

/* The newest of the weightiest, in the order of the log. */
void bug_log(struct view *v)
{
	const struct ami_dmesg *d = v->a->dmesg;
	bool chosen[AMI_MAX_LINES] = { false };
	size_t i, n = 0, total = 0;
	unsigned int w;
	char state[96];

	dmesg_state_text(v, state, sizeof(state));
	fprintf(v->out, "\nKernel log: %s\n", state);
	for (w = 2; w >= 1; w--)
		for (i = d->count; i-- > 0;) {
			if (weight(&d->list[i]) != w || repeats(d, i))
				continue;
			total++;
			chosen[i] = n < MAX_LINES;
			n += chosen[i];
		}
	for (i = 0; i < d->count; i++)
		if (chosen[i])
			line_and_repeats(v, i);
	if (n < total)
		fprintf(v->out, "  (%zu more relevant lines left out)\n",
			total - n);
}
