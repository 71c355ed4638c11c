// SPDX-License-Identifier: GPL-2.0-or-later
/* One line for a dump: for people, for scripts, for tables of many dumps. */
#include <string.h>

#include <amdiommu/display.h>

#include "identity.h"
#include "view.h"

#define COLUMNS_OF	8u

/** struct check_row - what tables show of a dump; "" where it is not known */
struct check_row {
	const char *column[COLUMNS_OF];
};

static const char *const heads[COLUMNS_OF] = {
	"path", "host", "release", "time", "verdict", "coverage", "reason",
	"panic",
};

/*
 * A field of CSV (RFC 4180). Spreadsheets take some beginnings for a formula, and
 * the text comes from a dump.
 */
static void put_field(FILE *out, const char *text)
{
	char shown[512];
	const char *c;

	ami_display(text, shown, sizeof(shown));
	putc('"', out);
	if (*shown && strchr("=+-@\t", *shown))
		putc('\'', out);
	for (c = shown; *c; c++) {
		if (*c == '"')
			putc('"', out);
		putc(*c, out);
	}
	putc('"', out);
}

static void put_csv(FILE *out, const struct check_row *row)
{
	size_t i;

	for (i = 0; i < COLUMNS_OF; i++) {
		if (i)
			putc(',', out);
		put_field(out, row->column[i]);
	}
	fputs("\n", out);
}

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static void put_table(FILE *out, const struct check_row *row)
{
	char shown[512], panic[41], host[17];

	fprintf(out, "%-8s %-8s %-20s %-16s %-22s %-22s %-40s %s\n",
		row->column[4], or_dash(row->column[5]),
		or_dash(row->column[3]),
		or_dash(ami_display(row->column[1], host, sizeof(host))),
		or_dash(row->column[2]), or_dash(row->column[6]),
		or_dash(ami_display(row->column[7], panic, sizeof(panic))),
		ami_display(row->column[0], shown, sizeof(shown)));
}

static void put_row(FILE *out, enum ami_row form, const struct check_row *row)
{
	if (form == AMI_ROW_CSV)
		put_csv(out, row);
	else
		put_table(out, row);
}

void ami_check_head(enum ami_row form, FILE *out)
{
	size_t i;

	if (form == AMI_ROW_CSV) {
		for (i = 0; i < COLUMNS_OF; i++)
			fprintf(out, "%s%s", i ? "," : "", heads[i]);
		fputs("\n", out);
	} else if (form == AMI_ROW_TABLE) {
		put_table(out, &(struct check_row){ {
			"PATH", "HOST", "RELEASE", "TIME", "VERDICT",
			"COVERAGE", "REASON", "PANIC" } });
	}
}

void ami_check_failed_row(enum ami_row form, const char *path, const char *why,
			  FILE *out)
{
	put_row(out, form, &(struct check_row){ {
		path, "", "", "", "error", "", "error", why } });
}

static void check_row(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	struct identity id;
	char when[32] = "";

	report_identify(v, &id);
	if (!report_crash_time(v, when))
		when[0] = '\0';
	put_row(v->out, v->r->row, &(struct check_row){ {
		ami_dump_info(v->a->dump)->path, id.no_host ? "" : id.host,
		ami_kernel_release(v->a->kernel), when,
		ami_verdict_name(ex->verdict), ami_covered_name(ex->covered),
		ex->reasons.count ? ex->reasons.list[0].code : "",
		id.no_panic ? "" : id.panic } });
}

int view_check(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;

	if (v->r->json) {
		report_dump_json(v);
		report_verdict_json(v);
		report_coverage_json(v);
		report_findings_json(v);
		report_marks_brief_json(v);
		return 0;
	}
	if (v->r->row) {
		check_row(v);
		return 0;
	}
	report_path_text(v);
	fprintf(v->out, ": %s, coverage %s", ami_verdict_name(ex->verdict),
		ami_covered_name(ex->covered));
	if (ex->reasons.count)
		fprintf(v->out, ": %s", ex->reasons.list[0].text);
	putc('\n', v->out);
	return 0;
}
