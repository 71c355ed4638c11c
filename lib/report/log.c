// SPDX-License-Identifier: GPL-2.0-or-later
/* Event, PPR and GA logs. */
#include <inttypes.h>

#include "view.h"

static size_t entry_values(enum ami_log_kind kind,
			   const struct ami_log_entry *e,
			   struct amdvi_value *value)
{
	switch (kind) {
	case AMI_LOG_EVENT:
		return amdvi_event_values(&e->event, value, AMDVI_VALUES_MAX);
	case AMI_LOG_PPR:
		return amdvi_ppr_values(&e->ppr, value, AMDVI_VALUES_MAX);
	default:
		return amdvi_ga_values(&e->ga, value, AMDVI_VALUES_MAX);
	}
}

static const char *const log_key[AMI_LOGS] = {
	[AMI_LOG_EVENT] = "event_log", [AMI_LOG_PPR] = "ppr_log",
	[AMI_LOG_GA] = "ga_log",
};

const char *report_event_state(const struct ami_log_entry *e)
{
	return e->seen == AMI_SEEN_INCONSISTENT ? "undecided" :
	       ami_seen_name(e->seen);
}

void report_event_text(const struct ami_iommu *iommu, const struct ami_log_entry *e,
		       char *buf, size_t size)
{
	int used = 0;

	if (e->seen != AMI_SEEN_INTACT)
		used = snprintf(buf, size, "%s: ", report_event_state(e));
	if (used >= 0 && (size_t)used < size)
		amdvi_event_describe(&e->event, iommu->bdf.segment, buf + used,
				     size - used);
}

static void entry_json(struct view *v, const struct ami_iommu *iommu,
		       enum ami_log_kind kind, const struct ami_log_entry *e)
{
	struct amdvi_value value[AMDVI_VALUES_MAX];
	char text[256];
	int i;

	json_object_line(&v->j, NULL);
	json_number(&v->j, "index", e->index);
	if (kind == AMI_LOG_EVENT) {
		json_array_line(&v->j, "words");
		for (i = 0; i < 4; i++)
			json_hex(&v->j, NULL, e->event.w[i]);
		json_close_array(&v->j);
		json_string(&v->j, "state", report_event_state(e));
		json_string(&v->j, "name", amdvi_event_name(e->event.code));
		amdvi_event_describe(&e->event, iommu->bdf.segment, text,
				     sizeof(text));
		json_string(&v->j, "text", text);
	}
	report_values_json(v, "fields", iommu->bdf.segment, value,
			   entry_values(kind, e, value));
	json_close_object(&v->j);
}

static void log_json(struct view *v, const struct ami_iommu *iommu,
		     enum ami_log_kind kind)
{
	const struct ami_log *log = &iommu->log[kind];
	size_t i;

	if (!log->va) {
		json_null(&v->j, log_key[kind]);
		return;
	}
	json_object(&v->j, log_key[kind]);
	json_hex(&v->j, "phys", log->phys);
	json_number(&v->j, "entries", log->entries);
	json_number(&v->j, "unread_pages", log->unread_pages);
	json_array(&v->j, "list");
	for (i = 0; i < log->count; i++)
		entry_json(v, iommu, kind, &log->list[i]);
	json_close_array(&v->j);
	json_close_object(&v->j);
}

static void entry_text(struct view *v, const struct ami_iommu *iommu,
		       enum ami_log_kind kind, const struct ami_log_entry *e)
{
	struct amdvi_value value[AMDVI_VALUES_MAX];
	char text[256], index[24];

	fprintf(v->out, "%7s  ", report_number_text(v, e->index, index));
	if (kind == AMI_LOG_EVENT)
		report_event_text(iommu, e, text, sizeof(text));
	else
		report_values_text(v, iommu->bdf.segment, value,
				   entry_values(kind, e, value), text, sizeof(text));
	report_wrapped(v, 9, 9, "%s", text);
}

static void log_text(struct view *v, const struct ami_iommu *iommu,
		     enum ami_log_kind kind)
{
	const struct ami_log *log = &iommu->log[kind];
	char n[24];
	size_t i;

	fprintf(v->out, "iommu%u  %s log: ", iommu->index,
		ami_log_name(kind));
	if (!log->va) {
		fputs("not in use\n", v->out);
		return;
	}
	fprintf(v->out, "%s entries at %#" PRIx64 ", ",
		report_number_text(v, log->entries, n), log->phys);
	fprintf(v->out, "%s not zero", report_number_text(v, log->count, n));
	if (log->unread_pages)
		fprintf(v->out, ", %u page%s not readable", log->unread_pages,
			log->unread_pages == 1 ? "" : "s");
	fputs(log->recorded ? ", as recorded at the crash\n" : "\n", v->out);
	for (i = 0; i < log->count; i++)
		entry_text(v, iommu, kind, &log->list[i]);
}

static void all_logs(struct view *v, const struct ami_iommu *iommu)
{
	int kind;

	if (v->r->json) {
		json_object(&v->j, NULL);
		json_number(&v->j, "index", iommu->index);
	}
	for (kind = 0; kind < AMI_LOGS; kind++) {
		if (v->r->json)
			log_json(v, iommu, kind);
		else
			log_text(v, iommu, kind);
	}
	if (v->r->json)
		json_close_object(&v->j);
}

int view_log(struct view *v)
{
	const struct ami_state *s = v->a->state;
	size_t i;

	if (v->r->json)
		json_array(&v->j, "logs");
	for (i = 0; i < s->nr_iommus; i++)
		if (v->r->iommu < 0 ||
		    s->iommus[i].index == (uint32_t)v->r->iommu)
			all_logs(v, &s->iommus[i]);
	if (v->r->json)
		json_close_array(&v->j);
	else
		report_wrapped(v, 0, 0, "(The driver clears what it has handled, except page faults, which may be old.)");
	return 0;
}
