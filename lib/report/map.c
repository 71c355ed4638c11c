// SPDX-License-Identifier: GPL-2.0-or-later
/* What a device's IOVAs translate to: all of them. */
#include <inttypes.h>

#include "view.h"

const char *report_map_access(bool read, bool write)
{
	return read ? write ? "rw" : "r-" : write ? "-w" : "--";
}

const char *report_map_no_table(const struct ami_device *d)
{
	switch (d->translation) {
	case AMI_TRANSLATION_PASSTHROUGH:
		return "pass-through: every IOVA is the physical address";
	case AMI_TRANSLATION_NONE:
		return "not translated: every IOVA is the physical address";
	case AMI_TRANSLATION_BLOCKED:
		return "blocked: no IOVA translates";
	case AMI_TRANSLATION_UNKNOWN:
		return "unknown: neither its DTE nor its domain can be read";
	case AMI_TRANSLATION_OTHER:
		return "unknown: another IOMMU's tables are not read";
	case AMI_TRANSLATION_PAGING:
		break;
	}
	return "its page table cannot be read";
}

struct listing {
	struct view *v;
	const struct ami_device *d;
	uint32_t pasid;
	bool has_pasid, by_driver;
	uint64_t runs;
	unsigned int tables;
};

static bool list_run(void *ctx, const struct ami_mapping *m)
{
	struct listing *l = ctx;
	struct view *v = l->v;
	bool read = m->read && l->d->may_read;
	bool write = m->write && l->d->may_write;

	l->runs++;
	if (!v->r->json) {
		fprintf(v->out, "%#18" PRIx64 "  %#18" PRIx64 "  %#12" PRIx64
			"  %s\n", m->iova, m->phys, m->size,
			report_map_access(read, write));
		return !ferror(v->out);
	}
	json_object_line(&v->j, NULL);
	json_hex(&v->j, "iova", m->iova);
	json_hex(&v->j, "phys", m->phys);
	json_hex(&v->j, "size", m->size);
	json_bool(&v->j, "read", read);
	json_bool(&v->j, "write", write);
	if (l->has_pasid)
		json_number(&v->j, "pasid", l->pasid);
	if (l->by_driver)
		json_bool(&v->j, "by_driver", true);
	json_close_object(&v->j);
	return !ferror(v->out);
}

static bool list_table(struct listing *l, const struct ami_table *table)
{
	static const struct ami_walk_ops ops = { .mapping = list_run };
	struct view *v = l->v;
	struct ami_walk_stats stats;
	char count[24];

	if (!v->r->json && l->has_pasid)
		fprintf(v->out, "PASID %u\n", l->pasid);
	ami_walk(v->a->dump, table, &ops, l, &stats);
	if (!v->r->json && stats.problem[AMI_WALK_MISSING].count)
		fprintf(v->out, "(%s page-table pages cannot be read: more may be mapped)\n",
			report_number_text(v, stats.problem[AMI_WALK_MISSING].count,
					   count));
	return !stats.interrupted && !ferror(v->out);
}

/* A route that the DTE does not name gets a line of its own. */
static bool list_route(void *ctx, const struct ami_route *route)
{
	struct listing *l = ctx;
	struct view *v = l->v;

	if (route->identity)
		return true;
	l->pasid = route->pasid;
	l->has_pasid = route->has_pasid;
	l->by_driver = route->by_driver &&
		       l->d->dte_seen == AMI_SEEN_INCONSISTENT;
	if (!v->r->json && l->by_driver)
		fprintf(v->out, "by the driver's state, which the DTE contradicts:\n");
	l->tables++;
	return list_table(l, &route->table);
}

static bool is_listed(void *ctx, const struct ami_route *route)
{
	bool *any = ctx;

	*any |= !route->identity;
	return !*any;
}

static bool has_tables(const struct view *v, const struct ami_device *d)
{
	bool any = false;

	ami_device_routes(v->a->state, d, is_listed, &any);
	return any || d->table.format != AMI_FORMAT_NONE;
}

/* With nested translation, the host table takes the guest tables' results. */
static bool takes_guest_addresses(const struct ami_device *d)
{
	return ami_believes_dte(d) && amdvi_dte_nested(&d->dte);
}

int view_map(struct view *v)
{
	const struct ami_device *d = report_asked_device(v);
	struct listing l = { .v = v, .d = d };
	char bdf[AMI_BDF_TEXT];

	if (v->r->json) {
		json_string(&v->j, "bdf", ami_bdf_text(d->bdf, bdf));
		json_string(&v->j, "translation",
			    ami_translation_name(d->translation));
		if (d->bypass != AMI_BYPASS_NO)
			json_string(&v->j, "bypass", ami_bypass_name(d->bypass));
		else
			json_null(&v->j, "bypass");
		json_bool(&v->j, "nested", takes_guest_addresses(d));
		json_array(&v->j, "ranges");
	} else if (!has_tables(v, d)) {
		fprintf(v->out, "%s: %s\n", ami_bdf_text(d->bdf, bdf),
			report_map_no_table(d));
		return 0;
	} else {
		if (d->bypass != AMI_BYPASS_NO)
			report_wrapped(v, 0, 0, "Its table does not bound it (%s).",
				       ami_bypass_text(d->bypass));
		fprintf(v->out, "%18s  %18s  %12s  %s\n",
			takes_guest_addresses(d) ? "GUEST PHYSICAL" : "IOVA",
			"PHYSICAL", "SIZE", "ACCESS");
	}
	ami_device_routes(v->a->state, d, list_route, &l);
	/* A table that the device bypasses is shown all the same. */
	if (!l.tables && d->table.format != AMI_FORMAT_NONE)
		list_table(&l, &d->table);
	if (v->r->json)
		json_close_array(&v->j);
	else if (!l.runs)
		fprintf(v->out, "(nothing is mapped)\n");
	report_stale_list(v, d);
	report_lost_list(v, d);
	return 0;
}
