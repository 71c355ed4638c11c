// SPDX-License-Identifier: GPL-2.0-or-later
/* What one IOVA of a device translates to, step by step, on each route. */
#include <inttypes.h>

#include "view.h"

static void step_meaning(const struct ami_step *s, char *buf, size_t size)
{
	if (s->mem != AMI_MEM_OK) {
		snprintf(buf, size, "%s", ami_mem_text(s->mem));
		return;
	}
	switch (s->pte.kind) {
	case AMDVI_PTE_NONE:
		snprintf(buf, size, "not present");
		break;
	case AMDVI_PTE_BAD:
		snprintf(buf, size, "reserved encoding");
		break;
	case AMDVI_PTE_TABLE:
		snprintf(buf, size, "table, level %u, %s", s->pte.next_level,
			 report_map_access(s->pte.ir, s->pte.iw));
		break;
	case AMDVI_PTE_PAGE:
		snprintf(buf, size, "page, 2^%u bytes, %s", s->pte.size_log2,
			 report_map_access(s->pte.ir, s->pte.iw));
		break;
	}
}

static void steps_json(struct view *v, const struct ami_step *step, size_t n)
{
	char meaning[64];
	size_t i;

	json_array(&v->j, "steps");
	for (i = 0; i < n; i++) {
		json_object_line(&v->j, NULL);
		json_number(&v->j, "level", step[i].level);
		json_hex(&v->j, "table", step[i].table);
		json_number(&v->j, "index", step[i].index);
		if (step[i].mem == AMI_MEM_OK)
			json_hex(&v->j, "entry", step[i].raw);
		else
			json_null(&v->j, "entry");
		step_meaning(&step[i], meaning, sizeof(meaning));
		json_string(&v->j, "meaning", meaning);
		json_close_object(&v->j);
	}
	json_close_array(&v->j);
}

static void steps_text(struct view *v, const struct ami_step *step, size_t n)
{
	char meaning[64];
	size_t i;

	fprintf(v->out, "LEVEL  %14s  INDEX  %18s  MEANING\n", "TABLE",
		"ENTRY");
	for (i = 0; i < n; i++) {
		step_meaning(&step[i], meaning, sizeof(meaning));
		fprintf(v->out, "%5u  %#14" PRIx64 "  %5u  %#18" PRIx64
			"  %s\n", step[i].level, step[i].table, step[i].index,
			step[i].mem == AMI_MEM_OK ? step[i].raw : 0, meaning);
	}
}

/**
 * struct way - an IOVA on one route
 * @steps: through its table; none if there is no table, or it has too few bits
 */
struct way {
	struct ami_route route;
	struct ami_step step[AMI_MAX_STEPS];
	size_t steps;
	struct ami_mapping map;
	bool mapped;
};

static void follow_route(const struct view *v, struct way *w)
{
	w->mapped = w->route.identity;
	w->map = (struct ami_mapping){
		.phys = v->r->address & ~ami_kernel_sme(v->a->kernel), .read = true, .write = true,
	};
	if (!w->route.identity)
		w->steps = ami_translate(v->a->dump, &w->route.table,
					 v->r->address, w->step, &w->map,
					 &w->mapped);
}

static void way_json(struct view *v, const struct ami_device *d,
		     const struct way *w)
{
	steps_json(v, w->step, w->steps);
	if (w->mapped)
		json_hex(&v->j, "phys", w->map.phys);
	else
		json_null(&v->j, "phys");
	json_bool(&v->j, "read", w->mapped && w->map.read && d->may_read);
	json_bool(&v->j, "write", w->mapped && w->map.write && d->may_write);
}

/* Where no table can be followed, no address is "not mapped". */
static bool is_known(const struct ami_device *d)
{
	return d->translation != AMI_TRANSLATION_UNKNOWN &&
	       !ami_device_elsewhere(d);
}

static void way_text(struct view *v, const struct ami_device *d,
		     const struct way *w)
{
	if (w->route.nested)
		fprintf(v->out, "NESTED: taken as a guest physical address\n");
	if (w->steps)
		steps_text(v, w->step, w->steps);
	else
		fprintf(v->out, "%s\n", w->route.identity ||
			w->route.table.format == AMI_FORMAT_NONE ?
			report_map_no_table(d) :
			"the IOVA has more bits than its table translates");
	if (w->mapped)
		fprintf(v->out, "PHYSICAL %#" PRIx64 "  %s\n", w->map.phys,
			report_map_access(w->map.read && d->may_read,
					  w->map.write && d->may_write));
	else if (w->steps || is_known(d))
		fprintf(v->out, "NOT MAPPED\n");
}

#define MAX_WAYS	8u

struct ways {
	const struct view *v;
	struct way list[MAX_WAYS];
	size_t count;
};

static bool keep_way(void *ctx, const struct ami_route *route)
{
	struct ways *ways = ctx;
	struct way *w;

	if (ways->count == MAX_WAYS)
		return false;
	w = &ways->list[ways->count++];
	*w = (struct way){ .route = *route };
	follow_route(ways->v, w);
	return true;
}

/* In JSON, the first way has no array; others are in one. */
static void ways_json(struct view *v, const struct ami_device *d,
		      const struct ways *ways)
{
	size_t i;

	way_json(v, d, &ways->list[0]);
	json_array(&v->j, "by_driver");
	for (i = 1; i < ways->count; i++) {
		json_object_line(&v->j, NULL);
		way_json(v, d, &ways->list[i]);
		json_close_object(&v->j);
	}
	json_close_array(&v->j);
}

static void ways_text(struct view *v, const struct ami_device *d,
		      const struct ways *ways)
{
	size_t i;

	for (i = 0; i < ways->count || !i; i++) {
		if (i)
			fprintf(v->out, "By the driver's state, which the DTE contradicts:\n");
		way_text(v, d, &ways->list[i]);
	}
}

int view_translate(struct view *v)
{
	const struct ami_device *d = report_asked_device(v);
	struct ways ways = { .v = v };
	char bdf[AMI_BDF_TEXT], dte[160] = "not in the dump";

	ami_device_untagged(v->a->state, d, keep_way, &ways);
	ami_bdf_text(d->bdf, bdf);
	if (d->dte_seen == AMI_SEEN_NONE)
		snprintf(dte, sizeof(dte), "none: no AMD IOMMU was at work");
	if (d->dte_mem == AMI_MEM_OK)
		amdvi_dte_describe(&d->dte, dte, sizeof(dte));
	if (v->r->json) {
		json_string(&v->j, "bdf", bdf);
		json_hex(&v->j, "iova", v->r->address);
		json_string(&v->j, "dte_text", dte);
		ways_json(v, d, &ways);
	} else {
		fprintf(v->out, "%s  IOVA %#" PRIx64 "\nDTE: ", bdf,
			v->r->address);
		report_wrapped(v, 5, 5, "%s", dte);
		if (d->bypass != AMI_BYPASS_NO)
			report_wrapped(v, 0, 0, "Its table does not bound it (%s).",
				       ami_bypass_text(d->bypass));
		ways_text(v, d, &ways);
	}
	report_stale_at(v, d, v->r->address, ways.list[0].mapped);
	report_lost_at(v, d, v->r->address);
	report_history_at(v, d, v->r->address);
	return 0;
}
