// SPDX-License-Identifier: GPL-2.0-or-later
/* The pages that devices could write, one by one up to a limit, with owners. */
#include <inttypes.h>

#include "html.h"

#define MAX_ROWS	2000u

/** struct page_rows - neighbours with one owner are a row */
struct page_rows {
	struct html_page *p;
	const struct ami_exposure *e;
	uint64_t first, pages;
	enum ami_owner owner;
	unsigned int rows;
	bool more;
};

static void put_row(struct page_rows *r)
{
	char who[AMI_REQUESTER_TEXT];

	if (!r->pages)
		return;
	if (r->rows == MAX_ROWS) {
		r->more = true;
		return;
	}
	r->rows++;
	fprintf(r->p->out, "<tr data-first=\"%" PRIu64 "\" data-pages=\"%"
		PRIu64 "\">", r->first, r->pages);
	html_cell(r->p, true, "0x%" PRIx64, r->first << AMI_PAGE_SHIFT);
	html_cell(r->p, true, "%" PRIu64, r->pages);
	html_cell(r->p, false, "%s%s", ami_owner_name(r->owner),
		  ami_owner_never_buffer(r->owner) ? " (never a buffer)" : "");
	html_cell(r->p, false, "%s", ami_requester_text(r->e->requester, who));
	html_cell(r->p, false, "%s", ami_class_name(r->e->class));
	html_raw(r->p, "</tr>\n");
	r->pages = 0;
}

static bool add_range(void *ctx, uint64_t first, uint64_t count)
{
	struct page_rows *r = ctx;
	enum ami_owner owner;

	for (; count--; first++) {
		if (r->more || !view_goes_on(r->p->v))
			return false;
		owner = ami_owner_of(r->p->v->a->exposures->owners, first);
		if (r->pages && r->first + r->pages == first &&
		    r->owner == owner) {
			r->pages++;
			continue;
		}
		put_row(r);
		r->first = first;
		r->pages = 1;
		r->owner = owner;
	}
	return true;
}

static void list_rows(struct page_rows *r)
{
	const struct ami_exposures *ex = r->p->v->a->exposures;
	size_t i;

	for (i = 0; i < ex->count && !r->more; i++) {
		r->e = &ex->list[i];
		if (r->e->all_ram || !r->e->pages)
			continue;
		ami_pfnset_ranges(r->e->pages, add_range, r);
		put_row(r);
	}
}

/* Are all pages named that any device could have written? */
static bool names_all(const struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	size_t i;

	if (v->a->state->incomplete || v->a->state->unlisted ||
	    ami_dump_cut(v->a->dump) || ex->nr_uncovered)
		return false;
	for (i = 0; i < ex->count; i++)
		if (ex->list[i].all_ram || !ex->list[i].complete)
			return false;
	return ex->covered == AMI_COVERED_COMPLETE;
}

void html_pages(struct html_page *p)
{
	struct page_rows r = { .p = p };
	bool whole = names_all(p->v);

	html_section(p, "pages", "Pages that devices could write",
		     "Neighbours with one owner are a row.");
	html_raw(p, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		 "aria-label=\"Exposed pages\">\n<table class=\"filter\">\n"
		 "<thead><tr><th>Physical</th><th>Pages</th><th>Owner</th>"
		 "<th>Device</th><th>Class</th></tr></thead>\n<tbody>\n");
	list_rows(&r);
	fprintf(p->out, "</tbody></table></div>\n<p id=\"pages-note\" "
		"data-whole=\"%s\">", !r.more && whole ? "yes" : "no");
	html_text(p, "%s", r.more ?
		  "More rows are left out: amdiommu pages --owners lists all." :
		  whole ? "These are all." :
		  "Devices may have written pages that are not listed here.");
	html_raw(p, "</p>\n</section>\n");
}
