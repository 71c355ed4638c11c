// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <common/vec.h>

#include "withheld.h"

void dump_withheld_add_span(struct ami_withheld *w, uint64_t paddr, uint64_t len)
{
	if (vec_push(w->span, w->nr_spans, SIZE_MAX,
		     (struct withheld_span){ paddr, len }))
		w->failed = true;
}

/* Each kind of finding is listed up to a limit that is far below this one. */
#define MAX_CONTENTS	65536u

void dump_withheld_add_content(struct ami_withheld *w, const struct ami_content *c)
{
	if (vec_push(w->content, w->nr_contents, MAX_CONTENTS, *c) ==
	    VEC_NO_MEMORY)
		w->failed = true;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_address(const void *a, const void *b)
{
	const struct withheld_span *x = a, *y = b;

	return compare(x->paddr, y->paddr);
}

int dump_content_by_page(const void *a, const void *b)
{
	const struct ami_content *x = a, *y = b;
	int order = compare(x->pfn, y->pfn);

	if (!order)
		order = compare(x->phys, y->phys);
	return order ? order : compare(x->kind, y->kind);
}

void dump_withheld_sort(struct ami_withheld *w)
{
	size_t i, n = 0;

	if (w->nr_spans)
		qsort(w->span, w->nr_spans, sizeof(*w->span), by_address);
	if (!w->nr_contents)
		return;
	qsort(w->content, w->nr_contents, sizeof(*w->content),
	      dump_content_by_page);
	for (i = 1; i < w->nr_contents; i++)
		if (dump_content_by_page(&w->content[n], &w->content[i]))
			w->content[++n] = w->content[i];
	w->nr_contents = n + 1;
}

static size_t first_span(const struct ami_withheld *w, uint64_t paddr)
{
	size_t low = 0, high = w->nr_spans;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->span[mid].paddr < paddr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void dump_withheld_blank(const struct ami_withheld *w, uint64_t pfn, uint8_t *page)
{
	uint64_t start = pfn << AMI_PAGE_SHIFT, end = start + AMI_PAGE_SIZE;
	size_t i;

	for (i = first_span(w, start); i < w->nr_spans; i++) {
		const struct withheld_span *s = &w->span[i];

		if (s->paddr >= end)
			break;
		memset(page + (s->paddr - start), 0, s->len);
	}
}

void dump_withheld_free(struct ami_withheld *w)
{
	free(w->span);
	free(w->content);
	free(w->lines);
}
