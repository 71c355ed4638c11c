// SPDX-License-Identifier: GPL-2.0-or-later
/* Protection domains, and where in their IOVA space something is mapped. */
#include <inttypes.h>
#include <stdlib.h>

#include "html.h"

/**
 * struct space - one walk: the extent first, then the content
 * @stale: addresses that devices may still use
 */
struct space {
	uint64_t first, last;		/* in pages */
	struct html_lane *write, *read, *old;
	struct ami_iova_range *stale;
	size_t nr_stale;
};

static void widen(struct space *s, uint64_t first, uint64_t last)
{
	if (first < s->first)
		s->first = first;
	if (last > s->last)
		s->last = last;
}

static bool extent(void *ctx, const struct ami_mapping *m)
{
	widen(ctx, m->iova >> AMI_PAGE_SHIFT,
	      (m->iova + m->size - 1) >> AMI_PAGE_SHIFT);
	return true;
}

static bool place_mapping(void *ctx, const struct ami_mapping *m)
{
	struct space *s = ctx;

	html_lane_add(m->write ? s->write : s->read, m->iova >> AMI_PAGE_SHIFT,
		      m->size >> AMI_PAGE_SHIFT, 1);
	return true;
}

/* "All addresses" would leave no room for what is mapped. */
static bool endless(const struct ami_iova_range *r)
{
	return r->last == UINT64_MAX;
}

/* If a range begins before the axis, take only the part on it. */
static void place_stale(struct space *s)
{
	size_t i;

	for (i = 0; i < s->nr_stale; i++) {
		uint64_t first = s->stale[i].first >> AMI_PAGE_SHIFT;
		uint64_t last = s->stale[i].last >> AMI_PAGE_SHIFT;

		if (first < s->first)
			first = s->first;
		if (last > s->last)
			last = s->last;
		if (first <= last)
			html_lane_add(s->old, first, last - first + 1, 1);
	}
}

static void lanes(struct html_page *p, const struct ami_domain *d,
		  struct space *s, const char *label)
{
	static const struct ami_walk_ops fill = { .mapping = place_mapping };
	struct ami_walk_stats stats;

	ami_walk(p->v->a->dump, &d->table, &fill, s, &stats);
	place_stale(s);
	html_map_open(p, "iova", s->first, s->last - s->first + 1, label);
	html_lane_svg(p, s->write, "mapped", "writable", "");
	if (s->read->total)
		html_lane_svg(p, s->read, "readonly", "read only", "");
	if (s->old->total)
		html_lane_svg(p, s->old, "stale", "stale", "not proven flushed");
	html_map_close(p);
}

static void map(struct html_page *p, const struct ami_domain *d,
		const char *label)
{
	static const struct ami_walk_ops measure = { .mapping = extent };
	struct space s = { .first = UINT64_MAX };
	struct ami_walk_stats stats;
	size_t i;

	s.stale = ami_stale_iovas(p->v->a->exposures, d, &s.nr_stale);
	ami_walk(p->v->a->dump, &d->table, &measure, &s, &stats);
	for (i = 0; i < s.nr_stale; i++)
		if (!endless(&s.stale[i]))
			widen(&s, s.stale[i].first >> AMI_PAGE_SHIFT,
			      s.stale[i].last >> AMI_PAGE_SHIFT);
	if (s.first <= s.last) {
		s.write = html_lane_new(s.first, s.last - s.first + 1);
		s.read = html_lane_new(s.first, s.last - s.first + 1);
		s.old = html_lane_new(s.first, s.last - s.first + 1);
		if (s.write && s.read && s.old)
			lanes(p, d, &s, label);
	} else {
		html_raw(p, s.nr_stale ?
			 "<p class=\"note\">nothing is mapped; any address may be stale</p>\n" :
			 "<p class=\"note\">nothing is mapped</p>\n");
	}
	free(s.write);
	free(s.read);
	free(s.old);
	free(s.stale);
}

static void members(struct html_page *p, const struct ami_domain *d)
{
	const struct ami_state *s = p->v->a->state;
	char bdf[AMI_BDF_TEXT];
	int i = d->first_device, n;

	for (n = 0; i >= 0 && n < 8; i = s->devices[i].next_in_domain, n++)
		html_text(p, " %s", ami_bdf_text(s->devices[i].bdf, bdf));
	if (i >= 0)
		fprintf(p->out, " and %zu more", d->nr_devices - n);
}

static void domain(struct html_page *p, const struct ami_domain *d)
{
	const struct ami_tree *t = ami_tree_of(p->v->a->exposures, &d->table);
	char label[48] = "domain ?", pages[48];

	if (d->id_known)
		snprintf(label, sizeof(label), "domain %u", d->id);
	html_raw(p, "<article class=\"domain\"><h3>");
	html_text(p, "%s", label);
	html_raw(p, " <small>");
	html_text(p, "%s, %s", ami_domain_kind_name(d->kind), report_domain_format(d));
	members(p, d);
	html_raw(p, "</small></h3>\n");
	if (t)
		map(p, d, label);
	else
		html_raw(p, "<p class=\"note\">no table to show</p>\n");
	if (t && t->nr_holes)
		fprintf(p->out, "<p class=\"note\">%zu stretches are behind "
			"page tables that cannot be read.</p>\n", t->nr_holes);
	if (d->flushq.pending) {
		html_raw(p, "<p class=\"note\">");
		html_text(p, "In its flush queue: %s range%s, unmapped and not proven flushed.",
			  report_number_text(p->v, d->flushq.pending, pages),
			  d->flushq.pending == 1 ? "" : "s");
		html_raw(p, "</p>\n");
	}
	html_raw(p, "</article>\n");
}

/* Those with something mapped, in the order of their devices. */
void html_domains(struct html_page *p)
{
	const struct ami_state *s = p->v->a->state;
	bool *done = calloc(s->nr_domains + 1, sizeof(*done));
	size_t i, n = 0, empty = 0;

	html_section(p, "domains", "IOVA space per domain",
		     "From the lowest to the highest IOVA that is mapped, or "
		     "that was mapped and is not proven flushed.");
	for (i = 0; done && i < p->nr_ranked && n < HTML_DOMAINS; i++) {
		int at = p->ranked[i].d->domain;

		if (at < 0 || done[at])
			continue;
		done[at] = true;
		n++;
		domain(p, &s->domains[at]);
	}
	empty = s->nr_domains - n;
	if (empty)
		fprintf(p->out, "<p class=\"note\">%zu more domains are not "
			"drawn; <code>amdiommu domains</code> lists all.</p>\n",
			empty);
	html_raw(p, "</section>\n");
	free(done);
}
