// SPDX-License-Identifier: GPL-2.0-or-later
/* Two dumps of one machine: which devices, exposures and findings are new. */
#include <inttypes.h>
#include <string.h>

#include <amdiommu/display.h>

#include "view.h"

/** struct pair - the two analyses; @v[0] also has the output */
struct pair {
	struct view v[2];
	uint64_t shown;
};

static void dump_json(struct view *out, const char *key, const struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;

	json_object_line(&out->j, key);
	json_string(&out->j, "path", ami_dump_info(v->a->dump)->path);
	json_string(&out->j, "release", ami_kernel_release(v->a->kernel));
	json_string(&out->j, "verdict", ami_verdict_name(ex->verdict));
	json_string(&out->j, "coverage", ami_covered_name(ex->covered));
	json_close_object(&out->j);
}

static void dump_text(struct view *out, char which, const struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	char when[32];

	fprintf(out->out, "%c        ", which);
	report_wrapped(out, 9, 9, "%s: Linux %s%s%s, %s, coverage %s",
		       ami_dump_info(v->a->dump)->path,
		       ami_kernel_release(v->a->kernel),
		       report_crash_time(v, when) ? ", crashed " : "",
		       report_crash_time(v, when) ? when : "",
		       ami_verdict_name(ex->verdict),
		       ami_covered_name(ex->covered));
}

static void head_text(struct pair *p, const char *head)
{
	if (!p->shown++)
		fprintf(p->v[0].out, "%s\n", head);
}

static bool same_device(const struct ami_device *a, const struct ami_device *b)
{
	return a->translation == b->translation && a->dte_seen == b->dte_seen &&
	       !strcmp(a->driver, b->driver);
}

static const char *driver_text(const struct ami_device *d)
{
	return d->driver[0] ? d->driver : "no driver";
}

static void device_json(struct view *out, const char *key,
			const struct ami_device *d)
{
	if (!d) {
		json_null(&out->j, key);
		return;
	}
	json_object(&out->j, key);
	json_text(&out->j, "driver", d->driver[0] ? d->driver : NULL);
	json_string(&out->j, "translation",
		    ami_translation_name(d->translation));
	json_string(&out->j, "dte_state", ami_seen_name(d->dte_seen));
	json_close_object(&out->j);
}

/* NULL: it is not in that dump. */
static void show_device(struct pair *p, const struct ami_device *a,
			const struct ami_device *b)
{
	const char *change = !a ? "new" : !b ? "gone" : "changed";
	struct view *v = &p->v[0];
	char bdf[AMI_BDF_TEXT];

	ami_bdf_text(a ? a->bdf : b->bdf, bdf);
	if (v->r->json) {
		json_object_line(&v->j, NULL);
		json_string(&v->j, "change", change);
		json_string(&v->j, "bdf", bdf);
		device_json(v, "a", a);
		device_json(v, "b", b);
		json_close_object(&v->j);
		return;
	}
	head_text(p, "DEVICES");
	fprintf(v->out, "  %-8s %-12s  ", change, bdf);
	if (a && b)
		report_wrapped(v, 25, 25, "%s, %s, DTE %s -> %s, %s, DTE %s",
			       driver_text(a),
			       ami_translation_name(a->translation),
			       ami_seen_name(a->dte_seen), driver_text(b),
			       ami_translation_name(b->translation),
			       ami_seen_name(b->dte_seen));
	else
		report_wrapped(v, 25, 25, "%s, %s", driver_text(a ? a : b),
			       ami_translation_name((a ? a : b)->translation));
}

static void compare_devices(struct pair *p)
{
	const struct ami_state *a = p->v[0].a->state, *b = p->v[1].a->state;
	const struct ami_device *other;
	size_t i;

	for (i = 0; i < a->nr_devices; i++) {
		other = ami_state_device(b, a->devices[i].bdf);
		if (!other || !same_device(&a->devices[i], other))
			show_device(p, &a->devices[i], other);
	}
	for (i = 0; i < b->nr_devices; i++)
		if (!ami_state_device(a, b->devices[i].bdf))
			show_device(p, NULL, &b->devices[i]);
}

/* Pages of one requester and class; false: it has no such exposure. */
static bool pages_of(const struct view *v, struct ami_requester r,
		     enum ami_class class, uint64_t *pages)
{
	const struct ami_exposures *ex = v->a->exposures;
	char mine[AMI_REQUESTER_TEXT], other[AMI_REQUESTER_TEXT];
	bool any = false;
	size_t i;

	*pages = 0;
	ami_requester_text(r, mine);
	for (i = 0; i < ex->count; i++) {
		const struct ami_exposure *e = &ex->list[i];

		if (e->class != class ||
		    strcmp(mine, ami_requester_text(e->requester, other)))
			continue;
		any = true;
		*pages += e->all_ram ? ami_dump_ram_pages(v->a->dump) :
				       e->count;
	}
	return any;
}

static bool met_exposure(const struct ami_exposures *ex, size_t n)
{
	char mine[AMI_REQUESTER_TEXT], other[AMI_REQUESTER_TEXT];
	size_t i;

	ami_requester_text(ex->list[n].requester, mine);
	for (i = 0; i < n; i++)
		if (ex->list[i].class == ex->list[n].class &&
		    !strcmp(mine, ami_requester_text(ex->list[i].requester,
						     other)))
			return true;
	return false;
}

/* Where the state could not be rebuilt, no page is known to be safe. */
static bool is_known(const struct view *v)
{
	return v->a->exposures->verdict != AMI_VERDICT_UNKNOWN;
}

static void show_exposure(struct pair *p, const struct ami_exposure *e,
			  uint64_t a, uint64_t b)
{
	struct view *v = &p->v[0];
	char who[AMI_REQUESTER_TEXT], x[24], y[24];
	bool known[2] = { is_known(&p->v[0]), is_known(&p->v[1]) };

	ami_requester_text(e->requester, who);
	if (v->r->json) {
		json_object_line(&v->j, NULL);
		json_string(&v->j, "requester", who);
		json_string(&v->j, "class", ami_class_name(e->class));
		json_number(&v->j, "pages_a", a);
		json_number(&v->j, "pages_b", b);
		json_bool(&v->j, "known_a", known[0]);
		json_bool(&v->j, "known_b", known[1]);
		json_close_object(&v->j);
		return;
	}
	head_text(p, "EXPOSED PAGES");
	fprintf(v->out, "  %-8s %-12s  %-11s  %s%s -> %s%s\n",
		(!a && !known[0]) || (!b && !known[1]) ? "unknown" :
		!a ? "new" : !b ? "gone" : "changed", who,
		ami_class_name(e->class), report_number_text(v, a, x),
		known[0] ? "" : "+?", report_number_text(v, b, y),
		known[1] ? "" : "+?");
}

static void compare_exposures(struct pair *p)
{
	const struct ami_exposures *ex;
	uint64_t a, b;
	bool in_a, in_b;
	size_t i;
	int side;

	for (side = 0; side < 2; side++) {
		ex = p->v[side].a->exposures;
		for (i = 0; i < ex->count && view_goes_on(&p->v[side]); i++) {
			const struct ami_exposure *e = &ex->list[i];

			in_a = pages_of(&p->v[0], e->requester, e->class, &a);
			in_b = pages_of(&p->v[1], e->requester, e->class, &b);
			if (a == b || met_exposure(ex, i) || (side && in_a))
				continue;
			if (in_a || in_b)
				show_exposure(p, e, a, b);
		}
	}
}

static bool has_finding(const struct view *v, const struct ami_finding *one)
{
	const struct ami_findings *f = v->a->state->findings;
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->list[i].code == one->code &&
		    !strcmp(f->list[i].where, one->where))
			return true;
	return false;
}

static void show_finding(struct pair *p, const struct view *of,
			 const struct ami_finding *one, const char *change)
{
	struct view *v = &p->v[0];
	char print[REPORT_FINGERPRINT];

	report_fingerprint(of->a->state, one, print);
	if (v->r->json) {
		json_object_line(&v->j, NULL);
		json_string(&v->j, "change", change);
		json_string(&v->j, "severity", ami_severity_name(one->severity));
		json_string(&v->j, "code", ami_finding_class(one->code)->name);
		json_string(&v->j, "where", one->where);
		json_string(&v->j, "fingerprint", print);
		json_string(&v->j, "text", one->text);
		json_close_object(&v->j);
		return;
	}
	head_text(p, "FINDINGS");
	fprintf(v->out, "  %-8s %s  ", change,
		ami_finding_class(one->code)->name);
	report_wrapped(v, 13 + strlen(ami_finding_class(one->code)->name), 11,
		       "%s: %s", one->where, one->text);
}

static void compare_findings(struct pair *p)
{
	int side;
	size_t i;

	for (side = 0; side < 2; side++) {
		const struct view *here = &p->v[side], *there = &p->v[!side];
		const struct ami_findings *f = here->a->state->findings;

		for (i = 0; i < f->count && view_goes_on(&p->v[side]); i++)
			if (!has_finding(there, &f->list[i]))
				show_finding(p, here, &f->list[i],
					     side ? "new" : "gone");
	}
}

static void compare_json(struct pair *p)
{
	struct view *v = &p->v[0];

	json_start(&v->j, v->out);
	json_object(&v->j, NULL);
	json_string(&v->j, "schema", AMI_SCHEMA);
	json_string(&v->j, "view", "compare");
	dump_json(v, "a", v);
	dump_json(v, "b", &p->v[1]);
	json_array(&v->j, "devices");
	compare_devices(p);
	json_close_array(&v->j);
	json_array(&v->j, "exposures");
	compare_exposures(p);
	json_close_array(&v->j);
	json_array(&v->j, "findings");
	compare_findings(p);
	json_close_array(&v->j);
	json_close_object(&v->j);
	json_end(&v->j);
}

static void compare_text(struct pair *p)
{
	uint64_t all = 0;

	dump_text(&p->v[0], 'A', &p->v[0]);
	dump_text(&p->v[0], 'B', &p->v[1]);
	compare_devices(p);
	all += p->shown;
	p->shown = 0;
	compare_exposures(p);
	all += p->shown;
	p->shown = 0;
	compare_findings(p);
	if (!(all + p->shown))
		fprintf(p->v[0].out, "No device, exposure or finding differs.\n");
}

int ami_compare(const struct ami_analysis *a, const struct ami_analysis *b,
		const struct ami_request *r, FILE *out, struct ami_error *err)
{
	struct pair p = { .v = {
		{ .a = a, .r = r, .out = out, .err = err },
		{ .a = b, .r = r, .out = out, .err = err },
	} };

	ami_dump_run(a->dump);
	ami_dump_run(b->dump);
	if (r->json)
		compare_json(&p);
	else
		compare_text(&p);
	if (fflush(out) || ferror(out))
		return ami_error_set(err, AMI_ERR_OUTPUT,
				     "the output cannot be written");
	return 0;
}
