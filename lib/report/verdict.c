// SPDX-License-Identifier: GPL-2.0-or-later
/* The two answers: the verdict on the machine, and coverage of the report. */
#include <inttypes.h>

#include "view.h"

static void reason_devices_json(struct view *v, const struct ami_reason *r)
{
	char bdf[AMI_BDF_TEXT];
	size_t i;

	json_array_line(&v->j, "devices");
	for (i = 0; i < r->nr_devices; i++)
		json_string(&v->j, NULL, ami_bdf_text(r->devices[i], bdf));
	json_close_array(&v->j);
	json_array_line(&v->j, "drivers");
	for (i = 0; i < r->nr_devices; i++) {
		const struct ami_device *d =
			ami_state_device(v->a->state, r->devices[i]);

		json_text(&v->j, NULL, d && d->driver[0] ? d->driver : NULL);
	}
	json_close_array(&v->j);
}

static void reasons_json(struct view *v, const struct ami_reasons *reasons)
{
	size_t i;

	json_array(&v->j, "reasons");
	for (i = 0; i < reasons->count; i++) {
		const struct ami_reason *r = &reasons->list[i];

		json_object(&v->j, NULL);
		json_string(&v->j, "code", r->code);
		json_string(&v->j, "kind", ami_finding_kind_name(r->kind));
		json_text(&v->j, "where", r->where);
		json_string(&v->j, "text", r->text);
		reason_devices_json(v, r);
		report_facts_json(v, &r->facts);
		json_close_object(&v->j);
	}
	json_close_array(&v->j);
	json_number(&v->j, "reasons_left_out", reasons->dropped);
}

void report_verdict_json(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;

	json_object(&v->j, "verdict");
	json_string(&v->j, "value", ami_verdict_name(ex->verdict));
	reasons_json(v, &ex->reasons);
	json_close_object(&v->j);
}

static void uncovered_json(struct view *v, const struct ami_uncovered *u)
{
	char who[AMI_REQUESTER_TEXT];

	json_object_line(&v->j, NULL);
	json_string(&v->j, "requester", ami_requester_text(u->requester, who));
	json_string(&v->j, "code", ami_reason_name(u->why));
	json_bool(&v->j, "all_memory", u->all_ram);
	json_known(&v->j, "at_most", u->bounded, u->pages);
	json_close_object(&v->j);
}

void report_coverage_json(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	size_t i;

	json_object(&v->j, "coverage");
	json_string(&v->j, "value", ami_covered_name(ex->covered));
	reasons_json(v, &ex->gaps);
	json_array(&v->j, "unnamed");
	for (i = 0; i < ex->nr_uncovered; i++)
		uncovered_json(v, &ex->uncovered[i]);
	json_close_array(&v->j);
	json_close_object(&v->j);
}

static const char *verdict_color(enum ami_verdict verdict)
{
	switch (verdict) {
	case AMI_VERDICT_TRUSTED:
		return COLOR_GOOD;
	case AMI_VERDICT_EXPOSED:
	case AMI_VERDICT_SUSPECT:
		return COLOR_WARNING;
	default:
		return COLOR_BAD;
	}
}

static void reasons_text(struct view *v, const struct ami_reasons *reasons)
{
	size_t i, n = reasons->count, all = n + reasons->dropped;
	char hint[32];

	if (n > REASONS_SHOWN && !v->r->verbose)
		n = REASONS_SHOWN;
	for (i = 0; i < n; i++) {
		fputs("         - ", v->out);
		report_wrapped(v, 11, 11, "%s", reasons->list[i].text);
	}
	if (n < all)
		fprintf(v->out, "         - and %zu more reason%s%s\n", all - n,
			all - n == 1 ? "" : "s",
			report_hint(" (", n < reasons->count ? v->r->longer :
					  NULL, ")", hint));
}

void report_verdict_text(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;

	fputs("VERDICT  ", v->out);
	report_colored(v, verdict_color(ex->verdict),
		       ami_verdict_name(ex->verdict));
	putc('\n', v->out);
	reasons_text(v, &ex->reasons);
}

void report_coverage_text(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;

	fputs("COVERAGE ", v->out);
	report_colored(v, ex->covered == AMI_COVERED_COMPLETE ? COLOR_GOOD :
		       COLOR_WARNING, ami_covered_name(ex->covered));
	putc('\n', v->out);
	reasons_text(v, &ex->gaps);
}
