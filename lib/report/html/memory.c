// SPDX-License-Identifier: GPL-2.0-or-later
/* The map of physical memory, with one lane for each question. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"

/* Owners of up to this many pages are looked up. Above, of one in several. */
#define LOOK_UP	(1u << 18)

static bool add_run(void *ctx, uint64_t first, uint64_t count)
{
	html_lane_add(ctx, first, count, 1);
	return true;
}

static void lane_of(struct html_page *p, const struct ami_pfnset *set,
		    const char *css, const char *name, const char *detail)
{
	struct html_lane *lane;

	lane = html_lane_new(0, ami_dump_info(p->v->a->dump)->max_pfn);
	if (!lane)
		return;
	ami_pfnset_ranges(set, add_run, lane);
	if (lane->total)
		html_lane_svg(p, lane, css, name, detail);
	free(lane);
}

static void take(struct html_page *p, struct ami_pfnbatch *batch,
		 const struct ami_exposure *e)
{
	const struct ami_dump_info *info = ami_dump_info(p->v->a->dump);
	size_t i;

	if (e->all_ram)
		for (i = 0; i < info->nr_ram; i++)
			ami_pfnset_add(batch->set, info->ram[i].first,
				       info->ram[i].count);
	else if (e->pages)
		ami_pfnbatch_join(batch, e->pages);
}

static void ram_lanes(struct html_page *p)
{
	const struct ami_dump_info *info = ami_dump_info(p->v->a->dump);
	const struct ami_state *s = p->v->a->state;
	struct ami_pfnset *set = ami_pfnset_new();
	size_t i;

	for (i = 0; i < info->nr_ram; i++)
		ami_pfnset_add(set, info->ram[i].first, info->ram[i].count);
	lane_of(p, set, "ram", "RAM", "");
	ami_pfnset_free(set);
	set = ami_pfnset_new();
	for (i = 0; i < 2; i++)
		ami_pfnset_add(set, s->crashkernel[i].first,
			       s->crashkernel[i].count);
	lane_of(p, set, "crashkernel", "crashkernel", "reserved");
	ami_pfnset_free(set);
}

static void class_lanes(struct html_page *p, struct ami_pfnset *all)
{
	const struct ami_exposures *ex = p->v->a->exposures;
	size_t i;
	int c;

	html_raw(p, "<h3>Exposed, by class</h3>\n");
	for (c = 0; c < AMI_CLASSES; c++) {
		struct ami_pfnbatch batch = { .set = ami_pfnset_new() };

		if (!batch.set)
			continue;
		for (i = 0; i < ex->count; i++)
			if ((int)ex->list[i].class == c)
				take(p, &batch, &ex->list[i]);
		ami_pfnbatch_flush(&batch);
		lane_of(p, batch.set, ami_class_name(c), ami_class_name(c),
			"");
		ami_pfnset_union(all, batch.set);
		ami_pfnset_free(batch.set);
	}
}

static void device_lanes(struct html_page *p)
{
	const struct ami_exposure *e;
	char bdf[AMI_BDF_TEXT];
	size_t i, n = 0;

	html_raw(p, "<h3>Exposed, by device <small>each page "
		 "counts once</small></h3>\n");
	for (i = 0; i < p->nr_ranked && n < HTML_LANES; i++) {
		const struct ami_device *d = p->ranked[i].d;
		struct ami_pfnbatch batch = { .set = NULL };

		if (!p->ranked[i].reach.pages &&
		    !p->ranked[i].reach.all_ram)
			continue;
		n++;
		batch.set = ami_pfnset_new();
		if (!batch.set)
			continue;
		for (e = NULL; (e = ami_exposure_next(p->v->a->exposures,
						      d->bdf, e));)
			take(p, &batch, e);
		ami_pfnbatch_flush(&batch);
		lane_of(p, batch.set, "device", ami_bdf_text(d->bdf, bdf),
			d->driver);
		ami_pfnset_free(batch.set);
	}
	if (n == HTML_LANES)
		html_raw(p, "<p class=\"note\">Only the first of them; the table of "
			 "devices has more.</p>\n");
}

struct look_up {
	struct html_page *p;
	struct html_lane *lane[AMI_OWNERS];
	uint64_t stride, next;
	uint64_t max_pfn;
};

static bool look_up(void *ctx, uint64_t first, uint64_t count)
{
	struct look_up *l = ctx;
	uint64_t i;

	for (i = l->next; i < count; i += l->stride) {
		enum ami_owner owner;

		owner = ami_owner_of(l->p->v->a->exposures->owners, first + i);
		if (!l->lane[owner])
			l->lane[owner] = html_lane_new(0, l->max_pfn);
		if (l->lane[owner])
			html_lane_add(l->lane[owner], first + i, 1, l->stride);
	}
	l->next = i - count;
	return !ami_dump_interrupted(l->p->v->a->dump);
}

static void owner_lanes(struct html_page *p, const struct ami_pfnset *all)
{
	uint64_t pages = ami_pfnset_count(all);
	struct look_up l = { .p = p, .stride = pages / LOOK_UP + 1,
		.max_pfn = ami_dump_info(p->v->a->dump)->max_pfn };
	int owner;

	ami_pfnset_ranges(all, look_up, &l);
	fputs("<h3>Owners of exposed pages</h3>\n", p->out);
	if (l.stride > 1)
		fprintf(p->out, "<p class=\"note\">Estimated: one page in %"
			PRIu64 " was looked up.</p>\n", l.stride);
	for (owner = 0; owner < AMI_OWNERS; owner++) {
		if (!l.lane[owner])
			continue;
		html_lane_svg(p, l.lane[owner], ami_owner_never_buffer(owner) ?
			      "never" : "owner", ami_owner_name(owner),
			      ami_owner_never_buffer(owner) ?
			      "never a buffer" : "");
		free(l.lane[owner]);
	}
}

void html_memory(struct html_page *p)
{
	struct ami_pfnset *all = ami_pfnset_new();
	char what[160];

	snprintf(what, sizeof(what),
		 "Where devices could write %s. Each strip is the whole address space from left to right.",
		 ami_moment(p->v->a->state));
	html_section(p, "memory", "Physical memory", what);
	html_map_open(p, "pfn", 0, ami_dump_info(p->v->a->dump)->max_pfn,
		      "Map of physical memory");
	ram_lanes(p);
	class_lanes(p, all);
	device_lanes(p);
	owner_lanes(p, all);
	html_map_close(p);
	html_raw(p, "</section>\n");
	ami_pfnset_free(all);
}
