// SPDX-License-Identifier: GPL-2.0-or-later
/* Protection domains and the tables behind them. */
#include <inttypes.h>

#include "view.h"

const char *report_domain_format(const struct ami_domain *d)
{
	if (d->table.format != AMI_FORMAT_NONE)
		return ami_format_name(d->table.format);
	return d->kind == AMI_DOMAIN_IDENTITY ? "identity" : "none";
}

static void domain_devices_json(struct view *v, size_t domain)
{
	const struct ami_state *s = v->a->state;
	char bdf[AMI_BDF_TEXT];
	int i = s->domains[domain].first_device;

	json_array_line(&v->j, "devices");
	for (; i >= 0; i = s->devices[i].next_in_domain)
		json_string(&v->j, NULL,
			    ami_bdf_text(s->devices[i].bdf, bdf));
	json_close_array(&v->j);
}

static void domain_json(struct view *v, size_t i)
{
	const struct ami_domain *d = &v->a->state->domains[i];
	const struct ami_tree *t = ami_tree_of(v->a->exposures, &d->table);

	json_object(&v->j, NULL);
	json_known(&v->j, "id", d->id_known, d->id);
	json_string(&v->j, "type", ami_domain_kind_name(d->kind));
	json_string(&v->j, "format", report_domain_format(d));
	json_number(&v->j, "levels", d->table.levels);
	if (d->table.format != AMI_FORMAT_NONE)
		json_hex(&v->j, "root", d->table.root);
	else
		json_null(&v->j, "root");
	json_known(&v->j, "mapped_pages", t, t ? t->mapped : 0);
	json_known(&v->j, "writable_pages", t,
		   t ? ami_pfnset_count(t->writable) : 0);
	json_known(&v->j, "table_pages", t, t ? t->stats.table_pages : 0);
	json_bool(&v->j, "complete", d->readable && !d->overwritten &&
		  !d->nr_lost &&
		  (t ? !t->nr_holes : d->table.format == AMI_FORMAT_NONE));
	domain_devices_json(v, i);
	json_close_object(&v->j);
}

void report_domains_json(struct view *v)
{
	size_t i;

	json_array(&v->j, "domains");
	for (i = 0; i < v->a->state->nr_domains; i++)
		domain_json(v, i);
	json_close_array(&v->j);
}

static void domain_text(struct view *v, size_t i)
{
	const struct ami_state *s = v->a->state;
	const struct ami_domain *d = &s->domains[i];
	const struct ami_tree *t = ami_tree_of(v->a->exposures, &d->table);
	char mapped[24] = "-", writable[24] = "-", id[24] = "?", root[24] = "-";
	char bdf[AMI_BDF_TEXT];
	int k = d->first_device;

	if (t) {
		report_number_text(v, t->mapped, mapped);
		report_number_text(v, ami_pfnset_count(t->writable), writable);
	}
	if (d->table.format != AMI_FORMAT_NONE)
		snprintf(root, sizeof(root), "%#" PRIx64, d->table.root);
	if (d->id_known)
		report_number_text(v, d->id, id);
	fprintf(v->out, "%6s  %-9s  %-8s  %6u  %14s  %10s  %10s\n", id,
		ami_domain_kind_name(d->kind),
		report_domain_format(d), d->table.levels, root, mapped, writable);
	for (; k >= 0; k = s->devices[k].next_in_domain)
		fprintf(v->out, "        %s  %s\n",
			ami_bdf_text(s->devices[k].bdf, bdf),
			s->devices[k].driver[0] ? s->devices[k].driver : "-");
}

int view_domains(struct view *v)
{
	size_t i;

	if (v->r->json) {
		report_domains_json(v);
		return 0;
	}
	fprintf(v->out, "%6s  %-9s  %-8s  %6s  %14s  %10s  %10s\n", "DOMAIN",
		"TYPE", "FORMAT", "LEVELS", "ROOT", "MAPPED", "WRITABLE");
	for (i = 0; i < v->a->state->nr_domains; i++)
		domain_text(v, i);
	return 0;
}
