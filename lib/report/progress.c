// SPDX-License-Identifier: GPL-2.0-or-later
/* A progress line for long analyses. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <amdiommu/progress.h>

/* Most analyses are done before this. */
#define PATIENCE_NS	700000000l
#define EVERY_NS	200000000l

static struct timespec later(struct timespec t, long ns)
{
	t.tv_nsec += ns;
	if (t.tv_nsec >= 1000000000l) {
		t.tv_nsec -= 1000000000l;
		t.tv_sec++;
	}
	return t;
}

static bool before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec :
					a->tv_nsec < b->tv_nsec;
}

/* "1234567" as "1 234 567" */
static void grouped(uint64_t n, char text[32])
{
	char plain[24];
	size_t len, i, to = 0;

	len = snprintf(plain, sizeof(plain), "%" PRIu64, n);
	for (i = 0; i < len; i++) {
		if (i && !((len - i) % 3))
			text[to++] = ' ';
		text[to++] = plain[i];
	}
	text[to] = '\0';
}

static void draw_progress(void *ctx, const char *doing, uint64_t pages)
{
	struct ami_progress *p = ctx;
	struct timespec now;
	char count[32];

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (!p->to || before(&now, &p->next))
		return;
	grouped(pages, count);
	fprintf(p->to, "\r\033[K%s: %s pages read (Ctrl-C ends it)", doing,
		count);
	fflush(p->to);
	p->next = later(now, EVERY_NS);
	p->shown = true;
}

bool ami_terminal(FILE *to)
{
	const char *term = getenv("TERM");

	return isatty(fileno(to)) && term && strcmp(term, "dumb");
}

void ami_progress_begin(struct ami_progress *p, struct ami_dump *dump,
			FILE *to)
{
	memset(p, 0, sizeof(*p));
	if (!ami_terminal(to))
		return;
	p->to = to;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &p->next);
	p->next = later(p->next, PATIENCE_NS);
	ami_dump_watch(dump, draw_progress, p);
}

void ami_progress_end(struct ami_progress *p)
{
	if (p->shown) {
		fputs("\r\033[K", p->to);
		fflush(p->to);
	}
	p->to = NULL;
	p->shown = false;
}
