// SPDX-License-Identifier: GPL-2.0-or-later
/* What came with the dump: marks, pages seen changing, saved pages. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "view.h"

#define NS	UINT64_C(1000000000)

static const char *time_text(uint64_t ns, char buf[40])
{
	time_t t = ns / NS;
	struct tm tm;
	size_t n = 0;

	if (gmtime_r(&t, &tm))
		n = strftime(buf, 24, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, 40 - n, ".%03uZ", (unsigned int)(ns / 1000000 % 1000));
	return buf;
}

struct saved_count {
	uint64_t used, missing, differs;
};

static struct saved_count count_saved(const struct ami_marks *m)
{
	struct saved_count n = { 0, 0, 0 };
	size_t i;

	for (i = 0; i < m->nr_saved; i++) {
		n.used += m->saved[i].served;
		n.missing += m->saved[i].missing;
		n.differs += m->saved[i].differs;
	}
	return n;
}

static bool agrees(const struct ami_exposures *ex)
{
	const struct ami_marks *m = ex->on.marks;

	/* The rules of versions without coverage were others. */
	return !ex->marks_only && !ex->marks_without &&
	       (!m->has_coverage || (ex->verdict == m->verdict &&
				     ex->covered == m->covered));
}

static uint64_t pages_of_class(const struct ami_marks *m, int class)
{
	struct ami_pfnset *all = ami_marks_pages(m, class);
	uint64_t pages = all ? ami_pfnset_count(all) : 0;

	ami_pfnset_free(all);
	return pages;
}

/* --- JSON ----------------------------------------------------------------------- */

static bool write_pair(void *ctx, uint64_t first, uint64_t count)
{
	struct view *v = ctx;

	json_pair(&v->j, first, count);
	return view_goes_on(v);
}

/* Only RAM is listed, as a damaged container could name any number of pages. */
static void pfns_json(struct view *v, const struct ami_pfnset *set)
{
	const struct ami_dump_info *info = ami_dump_info(v->a->dump);
	struct ami_pfnset *ram = ami_pfnset_new(), *both = NULL;
	size_t i;

	for (i = 0; ram && i < info->nr_ram; i++)
		ami_pfnset_add(ram, info->ram[i].first, info->ram[i].count);
	if (ram && ami_budget_spend(ami_dump_budget(v->a->dump),
				    AMI_COST_BLOCK *
				    (ami_pfnset_blocks(ram) +
				     ami_pfnset_blocks(set))))
		both = ami_pfnset_and(set, ram);
	json_array_line(&v->j, "pfns");
	if (both)
		ami_pfnset_ranges(both, write_pair, v);
	json_close_array(&v->j);
	ami_pfnset_free(ram);
	ami_pfnset_free(both);
}

static void mark_json(struct view *v, const struct ami_marks *m,
		      const struct ami_mark *mark)
{
	char who[AMI_REQUESTER_TEXT];

	json_object(&v->j, NULL);
	json_string(&v->j, "requester",
		    ami_requester_text(mark->requester, who));
	json_string(&v->j, "class", ami_class_name(mark->class));
	json_string(&v->j, "certainty", ami_certainty_name(mark->certainty));
	json_number(&v->j, "pages", mark->count);
	json_bool(&v->j, "all_ram", mark->all_ram);
	json_bool(&v->j, "complete", mark->complete);
	if (mark->set >= 0)
		pfns_json(v, m->sets[mark->set]);
	json_close_object(&v->j);
}

static void times_json(struct view *v, const char *key, const uint64_t at[2])
{
	char text[40];

	json_array_line(&v->j, key);
	json_string(&v->j, NULL, time_text(at[0], text));
	json_string(&v->j, NULL, time_text(at[1], text));
	json_close_array(&v->j);
}

static void observed_json(struct view *v, const struct ami_marks *m)
{
	size_t i;

	json_array(&v->j, "observed");
	for (i = 0; i < m->nr_observed; i++) {
		const struct ami_observation *o = &m->observed[i];

		json_object(&v->j, NULL);
		times_json(v, "first", o->first);
		times_json(v, "second", o->second);
		json_number(&v->j, "watched", o->watched);
		json_number(&v->j, "beyond", o->beyond);
		json_number(&v->j, "pages",
			    ami_pfnset_count(m->sets[o->set]));
		if (v->r->pages)
			pfns_json(v, m->sets[o->set]);
		json_close_object(&v->j);
	}
	json_close_array(&v->j);
}

static void saved_json(struct view *v, const struct ami_marks *m)
{
	struct saved_count n = count_saved(m);

	json_object_line(&v->j, "saved");
	json_number(&v->j, "pages", m->nr_saved);
	json_number(&v->j, "used", n.used);
	json_number(&v->j, "missing_in_dump", n.missing);
	json_number(&v->j, "different_in_dump", n.differs);
	json_close_object(&v->j);
}

static void agreement_json(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;

	json_object_line(&v->j, "agreement");
	json_bool(&v->j, "agrees", agrees(ex));
	json_number(&v->j, "both", ex->marks_common);
	json_number(&v->j, "only_marks", ex->marks_only);
	json_number(&v->j, "only_dump", ex->marks_without);
	json_close_object(&v->j);
}

/* Null: marks of an older version. */
static void coverage_json(struct view *v, const struct ami_marks *m)
{
	if (m->has_coverage)
		json_string(&v->j, "coverage", ami_covered_name(m->covered));
	else
		json_null(&v->j, "coverage");
}

static void found_json(struct view *v, const struct ami_marks *m)
{
	char text[40];
	size_t i;

	json_string(&v->j, "made", time_text(m->made, text));
	json_string(&v->j, "kernel", m->kernel);
	json_string(&v->j, "tool", m->tool);
	json_bool(&v->j, "in_capture_kernel", m->in_capture);
	json_string(&v->j, "verdict", ami_verdict_name(m->verdict));
	coverage_json(v, m);
	json_number(&v->j, "findings", m->nr_findings);
	json_object_line(&v->j, "class_pages");
	for (i = 0; i < AMI_CLASS_OBSERVED; i++)
		json_number(&v->j, ami_class_name(i), pages_of_class(m, i));
	json_close_object(&v->j);
	observed_json(v, m);
	saved_json(v, m);
	agreement_json(v);
	if (!v->r->pages)
		return;
	json_array(&v->j, "exposures");
	for (i = 0; i < m->count; i++)
		mark_json(v, m, &m->list[i]);
	json_close_array(&v->j);
}

/*
 * Opens the object if there are marks. What follows needs marks that are used.
 */
static bool origin_json(struct view *v)
{
	const struct ami_analysis *a = v->a;

	if (!a->marks && !a->marks_error.status) {
		json_null(&v->j, "marks");
		return false;
	}
	json_object(&v->j, "marks");
	json_string(&v->j, "from", ami_marks_from_name(a->marks_from));
	if (a->marks)
		json_null(&v->j, "refused");
	else
		json_string(&v->j, "refused", a->marks_error.text);
	return true;
}

void report_marks_brief_json(struct view *v)
{
	const struct ami_pfnset *observed = v->a->exposures->observed;
	const struct ami_marks *m = v->a->marks;
	char text[40];

	if (!origin_json(v))
		return;
	if (m) {
		json_string(&v->j, "made", time_text(m->made, text));
		json_string(&v->j, "verdict", ami_verdict_name(m->verdict));
		coverage_json(v, m);
		json_number(&v->j, "observed_pages",
			    observed ? ami_pfnset_count(observed) : 0);
	}
	json_close_object(&v->j);
}

void report_marks_json(struct view *v)
{
	const struct ami_analysis *a = v->a;

	if (!origin_json(v))
		return;
	if (a->marks)
		found_json(v, a->marks);
	json_close_object(&v->j);
}

/* --- text ----------------------------------------------------------------------- */

static void observed_text(struct view *v, const struct ami_marks *m)
{
	char from[40], to[40], n[24], watched[24];
	size_t i;

	for (i = 0; i < m->nr_observed; i++) {
		const struct ami_observation *o = &m->observed[i];

		fputs("         ", v->out);
		report_wrapped(v, 9, 9, "watched: %s of %s pages changed between %s and %s",
			       report_number_text(v, ami_pfnset_count(m->sets[o->set]), n),
			       report_number_text(v, o->watched, watched),
			       time_text(o->first[0], from),
			       time_text(o->second[1], to));
	}
}

static void saved_text(struct view *v, const struct ami_marks *m)
{
	struct saved_count n = count_saved(m);
	char used[24], missing[24], differs[24];

	if (!m->nr_saved)
		return;
	fputs("         ", v->out);
	report_wrapped(v, 9, 9, "saved pages used: %s, of which %s are not in the dump and %s differ there",
		       report_number_text(v, n.used, used), report_number_text(v, n.missing, missing),
		       report_number_text(v, n.differs, differs));
}

static void agreement_text(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	char only[24], ours[24];

	fputs("         ", v->out);
	if (agrees(ex))
		fputs("the analysis of this dump agrees with them\n", v->out);
	else
		report_wrapped(v, 9, 9, "the analysis of this dump differs: %s pages only in the marks, %s only in the dump; their verdict was %s%s%s",
			       report_number_text(v, ex->marks_only, only),
			       report_number_text(v, ex->marks_without, ours),
			       ami_verdict_name(ex->on.marks->verdict),
			       ex->on.marks->has_coverage ? ", coverage " : "",
			       ex->on.marks->has_coverage ?
			       ami_covered_name(ex->on.marks->covered) : "");
}

static void classes_text(struct view *v, const struct ami_marks *m)
{
	char list[160] = "", n[24];
	size_t i, used = 0;

	for (i = 0; i < AMI_CLASS_OBSERVED; i++) {
		uint64_t pages = pages_of_class(m, i);

		if (pages)
			used += snprintf(list + used, sizeof(list) - used,
					 "%s%s %s", used ? ", " : "",
					 report_number_text(v, pages, n),
					 ami_class_name(i));
	}
	fputs("         ", v->out);
	report_wrapped(v, 9, 9, "pages: %s", used ? list : "none");
}

void report_marks_summary(const struct view *v, char *buf, size_t size)
{
	const struct ami_analysis *a = v->a;
	const struct ami_marks *m = a->marks;
	const char *from = ami_marks_from_name(a->marks_from);
	char text[40];

	*buf = '\0';
	if (m)
		snprintf(buf, size, "%s, made %s under Linux %s%s", from,
			 time_text(m->made, text), m->kernel,
			 m->in_capture ? " by the filter" : "");
	else if (a->marks_error.status)
		snprintf(buf, size, "%s, not used: %s", from,
			 a->marks_error.text);
}

void report_marks_text(struct view *v)
{
	const struct ami_marks *m = v->a->marks;
	char summary[640];

	report_marks_summary(v, summary, sizeof(summary));
	if (!*summary)
		return;
	fputs("MARKS    ", v->out);
	report_wrapped(v, 9, 9, "%s", summary);
	if (!m)
		return;
	classes_text(v, m);
	observed_text(v, m);
	saved_text(v, m);
	agreement_text(v);
}
