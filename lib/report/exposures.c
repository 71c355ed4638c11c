// SPDX-License-Identifier: GPL-2.0-or-later
/* Exposures: counts for the report, page frames on request. */
#include <inttypes.h>
#include <string.h>

#include "view.h"

static bool write_range(void *ctx, uint64_t first, uint64_t count)
{
	struct view *v = ctx;

	json_pair(&v->j, first, count);
	return view_goes_on(v);
}

static void pfns_json(struct view *v, const struct ami_exposure *e)
{
	const struct ami_dump_info *info = ami_dump_info(v->a->dump);
	size_t i;

	json_array_line(&v->j, "pfns");
	if (e->all_ram)
		for (i = 0; i < info->nr_ram; i++)
			json_pair(&v->j, info->ram[i].first,
				  info->ram[i].count);
	else if (e->pages)
		ami_pfnset_ranges(e->pages, write_range, v);
	json_close_array(&v->j);
}

static void iovas_json(struct view *v, const struct ami_exposure *e)
{
	size_t i;

	json_array_line(&v->j, "iovas");
	for (i = 0; i < e->nr_iovas; i++) {
		uint64_t first = e->iovas[i].first >> AMI_PAGE_SHIFT;
		uint64_t last = e->iovas[i].last >> AMI_PAGE_SHIFT;

		json_pair(&v->j, first, last - first + 1);
	}
	json_close_array(&v->j);
}

static bool exposure_shown(const struct view *v, const struct ami_exposure *e)
{
	if (!v->r->has_bdf)
		return true;
	return !e->requester.is_iommu &&
	       !memcmp(&e->requester.bdf, &v->r->bdf, sizeof(v->r->bdf));
}

void report_exposures_json(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	char who[AMI_REQUESTER_TEXT];
	size_t i;

	json_array(&v->j, "exposures");
	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (!exposure_shown(v, e))
			continue;
		json_object(&v->j, NULL);
		json_string(&v->j, "requester",
			    ami_requester_text(e->requester, who));
		json_string(&v->j, "class", ami_class_name(e->class));
		json_string(&v->j, "certainty",
			    ami_certainty_name(e->certainty));
		json_number(&v->j, "pages", e->count);
		if (e->outside)
			json_number(&v->j, "pages_outside_ram", e->outside);
		json_bool(&v->j, "complete", e->complete);
		if (v->r->pages)
			pfns_json(v, e);
		if (!e->complete)
			iovas_json(v, e);
		json_close_object(&v->j);
	}
	json_close_array(&v->j);
}

static bool range_text(void *ctx, uint64_t first, uint64_t count)
{
	struct view *v = ctx;
	char n[24];

	fprintf(v->out, "    %#12" PRIx64 "  %#14" PRIx64 "  %8s\n", first,
		first << AMI_PAGE_SHIFT, report_number_text(v, count, n));
	return view_goes_on(v);
}

static void exposure_text(struct view *v, const struct ami_exposure *e)
{
	const struct ami_dump_info *info = ami_dump_info(v->a->dump);
	char who[AMI_REQUESTER_TEXT], size[48];
	size_t i;

	fprintf(v->out, "%s  %s, %s: %s%s\n",
		ami_requester_text(e->requester, who),
		ami_class_name(e->class), ami_certainty_name(e->certainty),
		report_pages_text(v, e->count, size),
		e->complete ? "" : ", and more that cannot be named");
	if (e->all_ram)
		for (i = 0; i < info->nr_ram; i++)
			range_text(v, info->ram[i].first, info->ram[i].count);
	else if (e->pages)
		ami_pfnset_ranges(e->pages, range_text, v);
	for (i = 0; i < e->nr_iovas; i++)
		fprintf(v->out, "    through IOVA %#" PRIx64 " to %#" PRIx64
			"\n", e->iovas[i].first, e->iovas[i].last);
}

int view_pages(struct view *v)
{
	struct ami_request with_pages = *v->r;
	const struct ami_exposures *ex = v->a->exposures;
	size_t i;

	if (v->r->owners || v->r->owner || v->r->class || v->r->range)
		return report_owned_pages(v);
	if (v->r->json) {
		with_pages.pages = true;
		v->r = &with_pages;
		report_exposures_json(v);
		return 0;
	}
	fprintf(v->out, "    %12s  %14s  %8s\n", "PAGE FRAME", "PHYSICAL",
		"PAGES");
	for (i = 0; i < ex->count; i++)
		if (exposure_shown(v, &ex->list[i]) &&
		    (ex->list[i].count || !ex->list[i].complete))
			exposure_text(v, &ex->list[i]);
	return 0;
}
