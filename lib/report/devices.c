// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices: who they are, and what their DMA goes through. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

/* 80 columns with the longest DTE state, "inconsistent". */
#define DEVICE_NAME	"%-12s  %-9s  %-*s"
#define DEVICE_REST	"  %-11s %6s  %8s  %s\n"
#define DRIVER_COLUMNS	11u
#define DTE_COLUMNS	12u

static void identity_json(struct view *v, const struct ami_device *d)
{
	char bdf[AMI_BDF_TEXT];

	json_string(&v->j, "bdf", ami_bdf_text(d->bdf, bdf));
	json_string(&v->j, "name", d->name);
	if (d->driver[0])
		json_string(&v->j, "driver", d->driver);
	else
		json_null(&v->j, "driver");
	if (d->is_pci) {
		json_format(&v->j, "id", "%04x:%04x", d->vendor, d->device);
		json_format(&v->j, "class", "%06x", d->class);
	}
	if (d->alias.devid != d->bdf.devid)
		json_string(&v->j, "alias", ami_bdf_text(d->alias, bdf));
	else
		json_null(&v->j, "alias");
	json_bool(&v->j, "bus_master", d->busmaster);
	json_bool(&v->j, "ats", d->ats);
	json_known(&v->j, "group", d->group >= 0, d->group);
}

static void dte_json(struct view *v, const struct ami_device *d)
{
	struct amdvi_value value[AMDVI_VALUES_MAX];
	char text[160];
	int i;

	json_string(&v->j, "dte_state", ami_seen_name(d->dte_seen));
	if (d->dte_mem != AMI_MEM_OK) {
		json_null(&v->j, "dte");
		return;
	}
	json_array_line(&v->j, "dte");
	for (i = 0; i < 4; i++)
		json_hex(&v->j, NULL, d->dte.raw[i]);
	json_close_array(&v->j);
	amdvi_dte_describe(&d->dte, text, sizeof(text));
	json_string(&v->j, "dte_text", text);
	if (d->disagreement[0])
		json_string(&v->j, "disagreement", d->disagreement);
	if (v->r->verbose)
		report_values_json(v, "dte_fields", d->bdf.segment, value,
				   amdvi_dte_values(&d->dte, value,
						    AMDVI_VALUES_MAX));
}

static void reach_json(struct view *v, const struct ami_device *d)
{
	struct ami_reach reach = ami_device_reach(v->a->exposures, d);

	json_object_line(&v->j, "writable");
	json_known(&v->j, "pages", !reach.all_ram, reach.pages);
	json_bool(&v->j, "all_ram", reach.all_ram);
	json_bool(&v->j, "complete", !reach.more);
	json_close_object(&v->j);
}

static void device_json(struct view *v, const struct ami_device *d)
{
	const struct ami_state *s = v->a->state;
	const struct ami_domain *dom = d->domain >= 0 ?
				       &s->domains[d->domain] : NULL;

	json_object(&v->j, NULL);
	identity_json(v, d);
	json_known(&v->j, "iommu", d->iommu >= 0,
		   d->iommu >= 0 ? s->iommus[d->iommu].index : 0);
	json_known(&v->j, "domain", dom && dom->id_known, dom ? dom->id : 0);
	json_string(&v->j, "translation", ami_translation_name(d->translation));
	if (d->bypass != AMI_BYPASS_NO)
		json_string(&v->j, "bypass", ami_bypass_name(d->bypass));
	else
		json_null(&v->j, "bypass");
	report_device_policy_json(v, d);
	reach_json(v, d);
	dte_json(v, d);
	json_close_object(&v->j);
}

static bool device_shown(const struct view *v, const struct ami_device *d)
{
	return !v->r->has_bdf || !memcmp(&v->r->bdf, &d->bdf, sizeof(d->bdf));
}

void report_devices_json(struct view *v)
{
	const struct ami_state *s = v->a->state;
	size_t i;

	json_array(&v->j, "devices");
	for (i = 0; i < s->nr_devices; i++)
		if (device_shown(v, &s->devices[i]))
			device_json(v, &s->devices[i]);
	json_close_array(&v->j);
}

struct ami_ranked *report_ranked_devices(struct view *v)
{
	struct ami_ranked *list = ami_rank_devices(v->a->exposures);

	if (!list)
		ami_error_set(v->err, AMI_ERR_MEMORY, "out of memory");
	return list;
}

char *report_reach_text(const struct view *v, const struct ami_reach *reach, char buf[40])
{
	char count[24];

	snprintf(buf, 40, "%s%s", reach->all_ram ? "all RAM" :
		 report_number_text(v, reach->pages, count), reach->more ? "+?" : "");
	return buf;
}

/* Names of drivers get the columns that the states of the DTEs leave. */
static unsigned int driver_columns(struct view *v)
{
	const struct ami_state *s = v->a->state;
	size_t i, name = DRIVER_COLUMNS, dte = 0, length;

	for (i = 0; i < s->nr_devices && !v->driver; i++) {
		length = strlen(s->devices[i].driver);
		name = length > name ? length : name;
		length = strlen(ami_seen_name(s->devices[i].dte_seen));
		dte = length > dte ? length : dte;
	}
	if (!v->driver && name > DRIVER_COLUMNS + DTE_COLUMNS - dte)
		name = DRIVER_COLUMNS + DTE_COLUMNS - dte;
	if (!v->driver)
		v->driver = name;
	return v->driver;
}

/* A name that does not fit gets its own line. Cut, it would be useless. */
static void name_text(struct view *v, const char *bdf, const char *id,
		      const char *driver)
{
	unsigned int width = driver_columns(v);

	fprintf(v->out, DEVICE_NAME, bdf, id, (int)width, driver);
	if (strlen(driver) > width)
		fprintf(v->out, "\n" DEVICE_NAME, "", "", (int)width, "");
}

static void device_line(struct view *v, const struct ami_device *d,
			const struct ami_reach *reach)
{
	const struct ami_state *s = v->a->state;
	char bdf[AMI_BDF_TEXT], domain[24] = "-", text[40], id[12] = "-";

	if (d->domain >= 0 && !s->domains[d->domain].id_known)
		snprintf(domain, sizeof(domain), "?");
	else if (d->domain >= 0)
		report_number_text(v, s->domains[d->domain].id, domain);
	if (d->is_pci)
		snprintf(id, sizeof(id), "%04x:%04x", d->vendor, d->device);
	name_text(v, ami_bdf_text(d->bdf, bdf), id,
		  d->driver[0] ? d->driver : "-");
	fprintf(v->out, DEVICE_REST, ami_translation_name(d->translation),
		domain, report_reach_text(v, reach, text),
		ami_seen_name(d->dte_seen));
}

static void columns_text(struct view *v)
{
	name_text(v, "DEVICE", "ID", "DRIVER");
	fprintf(v->out, DEVICE_REST, "TRANSLATION", "DOMAIN", "WRITABLE",
		"DTE");
}

/* A table that one can still read. -v shows all. */
#define MANY	40u

/* Returns how many there are, shown or not. */
static size_t group_text(struct view *v, const struct ami_ranked *list,
			 enum ami_concern concern, const char *title)
{
	size_t i, n = 0;
	char hint[32];

	for (i = 0; i < v->a->state->nr_devices; i++) {
		if (list[i].concern != concern)
			continue;
		if (!n && title)
			fprintf(v->out, "%s\n", title);
		if (n++ < MANY || v->r->verbose)
			device_line(v, list[i].d, &list[i].reach);
	}
	if (n > MANY && !v->r->verbose)
		fprintf(v->out, "... and %zu more%s\n", n - MANY,
			report_hint(" (", v->r->longer, ")", hint));
	return n;
}

int report_devices_that_matter(struct view *v)
{
	struct ami_ranked *list = report_ranked_devices(v);
	size_t rest, n;
	char hint[32];

	if (!list)
		return -1;
	columns_text(v);
	n = group_text(v, list, AMI_CONCERN_ACTIVE, NULL);
	n += group_text(v, list, AMI_CONCERN_EXPOSED,
			"not active, but could write if they were:");
	n += group_text(v, list, AMI_CONCERN_ANOMALY,
			"not active, but their DTE is not as it should be:");
	rest = v->a->state->nr_devices - n;
	if (rest && v->r->verbose)
		group_text(v, list, AMI_CONCERN_NONE,
			   "not active, could write nothing:");
	else if (rest)
		fprintf(v->out, "(%zu %sdevice%s not active and could write nothing%s)\n",
			rest, n ? "more " : "", rest == 1 ? " is" : "s are",
			report_hint("; ", v->r->longer, "", hint));
	free(list);
	return 0;
}

void report_devices_text(struct view *v)
{
	const struct ami_state *s = v->a->state;
	size_t i;

	columns_text(v);
	for (i = 0; i < s->nr_devices; i++) {
		struct ami_reach reach;

		if (!device_shown(v, &s->devices[i]))
			continue;
		reach = ami_device_reach(v->a->exposures, &s->devices[i]);
		device_line(v, &s->devices[i], &reach);
	}
}

static void fields_text(struct view *v, const struct ami_device *d)
{
	struct amdvi_value value[AMDVI_VALUES_MAX];
	size_t i, n = amdvi_dte_values(&d->dte, value, AMDVI_VALUES_MAX);

	for (i = 0; i < n; i++)
		if (value[i].value || v->r->verbose)
			fprintf(v->out, "    %-14s %#" PRIx64 "\n",
				value[i].name, value[i].value);
}

/* How the DTE and the driver's state compare. The disagreement follows. */
static const char *agreement(const struct view *v, const struct ami_device *d)
{
	if (d->disagreement[0])
		return "disagrees: ";
	if (d->domain < 0)
		return "has no domain for it";
	if (!v->a->state->domains[d->domain].readable)
		return "cannot be compared: its domain cannot be read";
	return "agrees";
}

/* One device in full. */
static void device_text(struct view *v, const struct ami_device *d)
{
	char bdf[AMI_BDF_TEXT], text[160];

	if (d->name[0] && strcmp(d->name, ami_bdf_text(d->bdf, bdf)))
		fprintf(v->out, "  %-12s %s\n", "name", d->name);
	fprintf(v->out, "  %-12s %s\n", "bus master",
		!d->busmaster_known ? "unknown" : d->busmaster ? "enabled" :
		"disabled");
	fprintf(v->out, "  %-12s %s\n", "ATS", d->ats ? "enabled" : "disabled");
	if (d->alias.devid != d->bdf.devid)
		fprintf(v->out, "  %-12s %s\n", "alias",
			ami_bdf_text(d->alias, bdf));
	if (d->group >= 0)
		fprintf(v->out, "  %-12s %d\n", "IOMMU group", d->group);
	report_device_policy_text(v, d);
	if (d->bypass != AMI_BYPASS_NO) {
		fprintf(v->out, "  %-12s ", "not bounded");
		report_wrapped(v, 15, 15, "%s", ami_bypass_text(d->bypass));
	}
	if (d->dte_seen == AMI_SEEN_NONE) {
		fprintf(v->out, "  %-12s none: no AMD IOMMU was at work\n", "DTE");
		return;
	}
	if (d->dte_mem != AMI_MEM_OK) {
		fprintf(v->out, "  %-12s %s\n", "DTE", ami_mem_text(d->dte_mem));
		return;
	}
	fprintf(v->out, "  %-12s %016" PRIx64 " %016" PRIx64 "\n", "DTE",
		d->dte.raw[0], d->dte.raw[1]);
	fprintf(v->out, "  %-12s %016" PRIx64 " %016" PRIx64 "\n", "",
		d->dte.raw[2], d->dte.raw[3]);
	amdvi_dte_describe(&d->dte, text, sizeof(text));
	fprintf(v->out, "  %-12s ", "");
	report_wrapped(v, 15, 15, "%s", text);
	fprintf(v->out, "  %-12s ", "driver");
	report_wrapped(v, 15, 15, "%s%s", agreement(v, d), d->disagreement);
	fields_text(v, d);
}

int view_devices(struct view *v)
{
	if (v->r->json) {
		report_devices_json(v);
		return 0;
	}
	report_devices_text(v);
	if (v->r->has_bdf)
		device_text(v, report_asked_device(v));
	return 0;
}
