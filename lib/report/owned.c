// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `pages --owners`: each page that a device could write, whose it is, and through
 * which IOVA. Neighbours that differ in nothing are one row.
 */
#include <inttypes.h>
#include <string.h>

#include "asked.h"

#define NEVER	"never-buffer"

/** struct owned_row - pages in a row, with one owner */
struct owned_row {
	uint64_t pfn, pages, iova;
	bool has_iova;
	enum ami_owner owner;
};

struct owned {
	struct view *v;
	const struct ami_exposure *e;
	uint64_t first, last;		/* page frames that are wanted */
	struct owned_row row;
	uint64_t shown;
};

static void show_row(struct owned *o)
{
	struct view *v = o->v;
	struct owned_row *r = &o->row;
	char who[AMI_REQUESTER_TEXT], n[24], iova[24] = "-";

	if (!r->pages)
		return;
	o->shown++;
	ami_requester_text(o->e->requester, who);
	if (v->r->json) {
		json_object_line(&v->j, NULL);
		json_number(&v->j, "pfn", r->pfn);
		json_number(&v->j, "pages", r->pages);
		json_string(&v->j, "owner", ami_owner_name(r->owner));
		json_bool(&v->j, "never_buffer",
			  ami_owner_never_buffer(r->owner));
		json_string(&v->j, "requester", who);
		json_string(&v->j, "class", ami_class_name(o->e->class));
		json_string(&v->j, "certainty",
			    ami_certainty_name(o->e->certainty));
		if (r->has_iova)
			json_hex(&v->j, "iova", r->iova);
		else
			json_null(&v->j, "iova");
		json_close_object(&v->j);
	} else {
		if (r->has_iova)
			snprintf(iova, sizeof(iova), "%#" PRIx64, r->iova);
		fprintf(v->out, "%#12" PRIx64 "  %6s  %-16s  %-12s  %-11s  %s\n",
			r->pfn, report_number_text(v, r->pages, n),
			ami_owner_name(r->owner), who,
			ami_class_name(o->e->class), iova);
	}
	r->pages = 0;
}

static bool is_wanted(const struct owned *o, enum ami_owner owner)
{
	const char *asked = o->v->r->owner;

	return !asked || report_owner_is(asked, owner) ||
	       (!strcmp(asked, NEVER) && ami_owner_never_buffer(owner));
}

static void add_page(struct owned *o, uint64_t pfn, bool has_iova,
		     uint64_t iova)
{
	struct owned_row *r = &o->row;
	enum ami_owner owner = ami_owner_of(o->v->a->exposures->owners, pfn);

	if (!is_wanted(o, owner))
		return;
	if (r->pages && r->owner == owner && r->pfn + r->pages == pfn &&
	    r->has_iova == has_iova &&
	    (!has_iova || r->iova + (r->pages << AMI_PAGE_SHIFT) == iova)) {
		r->pages++;
		return;
	}
	show_row(o);
	*r = (struct owned_row){ pfn, 1, iova, has_iova, owner };
}

/* @iova: of the first page; the others follow */
static bool add_pages(struct owned *o, uint64_t pfn, uint64_t count,
		      bool has_iova, uint64_t iova)
{
	uint64_t end = pfn + count, at = pfn < o->first ? o->first : pfn;

	if (end > o->last + 1)
		end = o->last + 1;
	for (; at < end; at++) {
		if (!view_goes_on(o->v))
			return false;
		if (ami_dump_ram(o->v->a->dump, at))
			add_page(o, at, has_iova,
				 iova + ((at - pfn) << AMI_PAGE_SHIFT));
	}
	return true;
}

static bool add_mapping(void *ctx, const struct ami_mapping *m)
{
	struct owned *o = ctx;

	return !m->write ||
	       add_pages(o, m->phys >> AMI_PAGE_SHIFT,
			 m->size >> AMI_PAGE_SHIFT, true, m->iova);
}

static bool add_range(void *ctx, uint64_t first, uint64_t count)
{
	struct owned *o = ctx;

	return add_pages(o, first, count, o->e->class == AMI_CLASS_PASSTHROUGH,
			 first << AMI_PAGE_SHIFT);
}

static bool add_route(void *ctx, const struct ami_route *route)
{
	static const struct ami_walk_ops ops = { .mapping = add_mapping };
	struct owned *o = ctx;
	struct ami_walk_stats stats = { .interrupted = false };

	if (!route->identity)
		ami_walk(o->v->a->dump, &route->table, &ops, o, &stats);
	return !stats.interrupted || route->identity;
}

static bool shows_exposure(const struct owned *o)
{
	const struct ami_request *r = o->v->r;
	struct ami_requester who = o->e->requester;

	if (r->class && strcmp(r->class, ami_class_name(o->e->class)))
		return false;
	return !r->has_bdf || (!who.is_iommu &&
			       who.bdf.segment == r->bdf.segment &&
			       who.bdf.devid == r->bdf.devid);
}

/* All memory is not listed, unless a part of it is asked for. */
static void list_all_ram(struct owned *o)
{
	const struct ami_dump_info *info = ami_dump_info(o->v->a->dump);
	size_t i;

	for (i = 0; o->v->r->range && i < info->nr_ram; i++)
		if (!add_range(o, info->ram[i].first, info->ram[i].count))
			return;
}

static void list_exposure(struct owned *o)
{
	const struct ami_device *d = o->e->requester.is_iommu ? NULL :
		ami_state_device(o->v->a->state, o->e->requester.bdf);

	if (!shows_exposure(o))
		return;
	if (o->e->all_ram)
		list_all_ram(o);
	else if (o->e->class == AMI_CLASS_MAPPED && d)
		ami_device_routes(o->v->a->state, d, add_route, o);
	else if (o->e->pages)
		ami_pfnset_ranges(o->e->pages, add_range, o);
	show_row(o);
}

/* Rows cannot name these: all memory, and pages that cannot be named. */
static void list_unnamed(struct owned *o)
{
	const struct ami_exposures *ex = o->v->a->exposures;
	struct view *v = o->v;
	char who[AMI_REQUESTER_TEXT];
	size_t i;

	if (v->r->json)
		json_array(&v->j, "not_listed");
	for (i = 0; i < ex->count; i++) {
		o->e = &ex->list[i];
		if (!shows_exposure(o) || (o->e->complete && !o->e->all_ram))
			continue;
		ami_requester_text(o->e->requester, who);
		if (v->r->json) {
			json_object_line(&v->j, NULL);
			json_string(&v->j, "requester", who);
			json_string(&v->j, "class",
				    ami_class_name(o->e->class));
			json_bool(&v->j, "all_memory", o->e->all_ram);
			json_close_object(&v->j);
		} else {
			fprintf(v->out, "%12s  %6s  %-16s  %-12s  %-11s\n",
				o->e->all_ram ? "all memory" : "and more", "-",
				"-", who, ami_class_name(o->e->class));
		}
	}
	if (v->r->json)
		json_close_array(&v->j);
}

static int read_filters(struct owned *o)
{
	const struct ami_request *r = o->v->r;
	struct asking asking = { .v = o->v };
	struct asked q;
	int class, ret = 0;

	o->last = UINT64_MAX >> AMI_PAGE_SHIFT;
	for (class = 0; r->class && class < AMI_CLASSES; class++)
		if (!strcmp(r->class, ami_class_name(class)))
			break;
	if (r->class && class == AMI_CLASSES)
		return ami_error_set(o->v->err, AMI_ERR_USAGE,
				     "there is no class '%s'; there are mapped, passthrough, stale, posted, inflight, hardware, observed",
				     r->class);
	if (r->owner && strcmp(r->owner, NEVER) && !report_owner_exists(r->owner))
		return ami_error_set(o->v->err, AMI_ERR_USAGE,
				     "no page has the owner '%s'; there are page-table, stack, kernel-objects, and more in the report's OWNERS, and " NEVER " for all that no correct driver hands out",
				     r->owner);
	if (!r->range)
		return 0;
	ret = answer_asked(&asking, r->range, &q, o->v->err);
	answer_asking_end(&asking);
	if (!ret && q.kind != ASKED_PHYSICAL)
		return ami_error_set(o->v->err, AMI_ERR_USAGE,
				     "--range takes physical addresses (A-B, A+LEN) or page frames (pfn:A-B)");
	o->first = q.start >> AMI_PAGE_SHIFT;
	o->last = q.last >> AMI_PAGE_SHIFT;
	return ret;
}

int report_owned_pages(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	struct owned o = { .v = v };
	size_t i;

	if (read_filters(&o))
		return -1;
	if (v->r->json)
		json_array(&v->j, "owned");
	else
		fprintf(v->out, "%12s  %6s  %-16s  %-12s  %-11s  %s\n",
			"PAGE FRAME", "PAGES", "OWNER", "DEVICE", "CLASS",
			"IOVA");
	for (i = 0; i < ex->count; i++) {
		o.e = &ex->list[i];
		list_exposure(&o);
	}
	if (v->r->json)
		json_close_array(&v->j);
	list_unnamed(&o);
	if (!v->r->json && !o.shown)
		fprintf(v->out, "(no page is listed)\n");
	return 0;
}
