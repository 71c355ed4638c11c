// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The report as text for a mail or a bug tracker: what a kernel developer asks
 * for first. No user data, and short: counts in place of long lists.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <amdvi/features.h>

#include "bug.h"

/* Fewer than 200 lines in all. */
#define MOST_LINES	198u
#define MAX_IOMMUS	4u
#define MAX_DEVICES	16u
#define MAX_FINDINGS	10u
#define MAX_INCIDENTS	8u
#define MAX_EVENTS	8u

static void dump_text(struct view *v)
{
	const struct ami_dump_info *info = ami_dump_info(v->a->dump);
	char size[48], marks[320];

	fprintf(v->out, "Dump:         %s%s%s, RAM %s, types from %s%s\n",
		info->format, *info->compression ? " " : "",
		info->compression,
		report_pages_text(v, ami_dump_ram_pages(v->a->dump), size),
		ami_kernel_source(v->a->kernel),
		info->incomplete || info->truncated ? ", NOT COMPLETE" : "");
	if (v->a->state->capture == AMI_CAPTURE_REUSE)
		fputs("Capture:      the capture kernel wrote into the dead kernel's IOMMU\n"
		      "              structures\n", v->out);
	report_marks_summary(v, marks, sizeof(marks));
	if (*marks) {
		fputs("Marks:        ", v->out);
		report_wrapped(v, 14, 14, "%s", marks);
	}
}

static void reasons_part(struct view *v, const struct ami_reasons *reasons)
{
	size_t i, all = reasons->count + reasons->dropped;

	for (i = 0; i < reasons->count && i < REASONS_SHOWN; i++) {
		fputs("            - ", v->out);
		report_wrapped(v, 14, 14, "%s", reasons->list[i].text);
	}
	if (all > REASONS_SHOWN)
		fprintf(v->out, "            - and %zu more reasons\n",
			all - REASONS_SHOWN);
}

static void verdict_part(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;

	fprintf(v->out, "Verdict:      %s\n", ami_verdict_name(ex->verdict));
	reasons_part(v, &ex->reasons);
	fprintf(v->out, "Coverage:     %s\n", ami_covered_name(ex->covered));
	reasons_part(v, &ex->gaps);
}

static void ring_line(struct view *v, const struct ami_iommu *iommu)
{
	const struct ami_ring *ring = &iommu->ring;
	char sync[96] = "";

	if (ring->issued_known && ring->semaphore_known)
		snprintf(sync, sizeof(sync),
			 "; completion wait issued %" PRIu64 ", completed %"
			 PRIu64, ring->last_issued, ring->semaphore);
	fputs("    ", v->out);
	if (ring->outstanding)
		report_wrapped(v, 4, 6, "ring: %u command%s %s from entry %u on%s",
			       ring->outstanding, ring->outstanding == 1 ? "" : "s",
			       report_never_executed(iommu) ? "never executed" :
			       "not proven done", ring->oldest, sync);
	else
		report_wrapped(v, 4, 6, "ring: %s%s", ring->blind ?
			       "commands may be outstanding in entries that are lost" :
			       "every issued command is proven done", sync);
}

static void iommus_part(struct view *v)
{
	const struct ami_state *s = v->a->state;
	char bdf[AMI_BDF_TEXT], features[512];
	size_t i;

	fprintf(v->out, "\nIOMMUs: %zu%s\n", s->nr_iommus,
		s->snp ? ", SNP" : "");
	if (s->guard != AMI_GUARD_AMD) {
		report_guard_words(v, features, sizeof(features));
		fputs("  ", v->out);
		report_wrapped(v, 2, 4, "%s", features);
	}
	if (report_policy_words(v, features, sizeof(features))) {
		fputs("  ", v->out);
		report_wrapped(v, 2, 4, "devices: %s", features);
	}
	for (i = 0; i < s->nr_iommus && i < MAX_IOMMUS; i++) {
		const struct ami_iommu *iommu = &s->iommus[i];

		amdvi_features_describe(iommu->features, iommu->features2,
					features, sizeof(features));
		fputs("  ", v->out);
		report_wrapped(v, 2, 4, "iommu%u %s: EFR %#" PRIx64 ", EFR2 %#" PRIx64
			       " (%s)", iommu->index, ami_bdf_text(iommu->bdf, bdf),
			       iommu->features, iommu->features2, features);
		ring_line(v, iommu);
		if (report_registers_words(s, iommu, features,
					   sizeof(features))) {
			fputs("    ", v->out);
			report_wrapped(v, 4, 6, "registers at the crash: %s",
				       features);
		}
	}
	if (i < s->nr_iommus)
		fprintf(v->out, "  and %zu more\n", s->nr_iommus - i);
}

static void device_line(struct view *v, const struct ami_ranked *r)
{
	const struct ami_device *d = r->d;
	char bdf[AMI_BDF_TEXT], text[40];

	fputs("  ", v->out);
	report_wrapped(v, 2, 4, "%s %04x:%04x %s: %s%s%s%s, writable %s%s, DTE %s%s%s",
		       ami_bdf_text(d->bdf, bdf), d->vendor, d->device,
		       d->driver[0] ? d->driver : "(no driver)",
		       ami_translation_name(d->translation),
		       d->bypass != AMI_BYPASS_NO ? " (" : "",
		       d->bypass != AMI_BYPASS_NO ? ami_bypass_text(d->bypass) : "",
		       d->bypass != AMI_BYPASS_NO ? ")" : "",
		       report_reach_text(v, &r->reach, text),
		       r->reach.all_ram ? "" : " pages",
		       ami_seen_name(d->dte_seen), d->disagreement[0] ? ": " : "",
		       d->disagreement);
}

static int devices_part(struct view *v)
{
	const struct ami_state *s = v->a->state;
	struct ami_ranked *list = report_ranked_devices(v);
	size_t i, matter = 0;

	if (!list)
		return -1;
	while (matter < s->nr_devices && list[matter].concern != AMI_CONCERN_NONE)
		matter++;
	fprintf(v->out, "\nDevices: %zu, of those active, exposed or anomalous: %zu\n",
		s->nr_devices, matter);
	for (i = 0; i < matter && i < MAX_DEVICES; i++)
		device_line(v, &list[i]);
	if (i < matter)
		fprintf(v->out, "  and %zu more\n", matter - i);
	free(list);
	return 0;
}

static void exposed_part(struct view *v)
{
	size_t all = report_count_untranslated(v);
	char line[512];
	int class;

	fputs("\nPages that could be written, by class and owner\n", v->out);
	for (class = 0; class < AMI_CLASSES; class++) {
		report_owner_counts(v, class, line, sizeof(line));
		if (!line[0])
			continue;
		fprintf(v->out, "  %-11s ", ami_class_name(class));
		report_wrapped(v, 14, 14, "%s", line);
	}
	if (all)
		fprintf(v->out, "  passthrough all RAM, to %zu device%s\n", all,
			all == 1 ? "" : "s");
}

/* What lies there is never shown, nor whom frames were for. */
static void overwritten_part(struct view *v)
{
	if (!v->a->contents || !v->a->contents->count)
		return;
	fputs("\nOverwritten pages\n", v->out);
	report_overwritten_text(v);
}

/* One finding of each code. The codes and their numbers say the rest. */
static void findings_part(struct view *v)
{
	const struct ami_findings *f = v->a->state->findings;
	size_t i, k, shown = 0;

	fputs("\nFindings\n", v->out);
	for (i = 0; i < f->count; i++) {
		const struct ami_finding *one = &f->list[i];
		size_t total = ami_findings_total(f, one->code);

		for (k = 0; k < i && f->list[k].code != one->code; k++)
			;
		if (k < i)
			continue;
		fprintf(v->out, "  %s %s", ami_severity_name(one->severity),
			ami_finding_class(one->code)->name);
		if (total > 1)
			fprintf(v->out, " (%zu times)", total);
		if (one->severity == AMI_INFO || shown >= MAX_FINDINGS) {
			putc('\n', v->out);
			continue;
		}
		shown++;
		fputs("\n    ", v->out);
		report_wrapped(v, 4, 4, "%s: %s", one->where, one->text);
	}
	if (!f->count)
		fputs("  none\n", v->out);
}

static void events_part(struct view *v)
{
	const struct ami_state *s = v->a->state;
	size_t i, k, total = 0, shown = 0;
	char text[256];

	for (i = 0; i < s->nr_iommus; i++)
		total += s->iommus[i].log[AMI_LOG_EVENT].count;
	fprintf(v->out, "\nEvents in the IOMMUs' logs: %zu\n", total);
	for (i = 0; i < s->nr_iommus; i++)
		for (k = 0; k < s->iommus[i].log[AMI_LOG_EVENT].count &&
		     shown < MAX_EVENTS; k++, shown++) {
			report_event_text(&s->iommus[i],
					  &s->iommus[i].log[AMI_LOG_EVENT].list[k],
					  text, sizeof(text));
			fputs("  ", v->out);
			report_wrapped(v, 2, 4, "iommu%u: %s", s->iommus[i].index,
				       text);
		}
	if (shown < total)
		fprintf(v->out, "  and %zu more\n", total - shown);
}

static void incidents_part(struct view *v)
{
	const struct ami_incidents *list = v->a->incidents;
	size_t i;

	fprintf(v->out, "\nIncidents: %zu\n", list->count);
	for (i = 0; i < list->count && i < MAX_INCIDENTS; i++) {
		fputs("  ", v->out);
		report_incident_line(v, &list->list[i]);
	}
	if (i < list->count)
		fprintf(v->out, "  and %zu more\n", list->count - i);
}

static int all_parts(struct view *v)
{
	fprintf(v->out, "AMD IOMMU state %s, by amdiommu " AMI_VERSION "\n\n",
		ami_moment(v->a->state));
	verdict_part(v);
	putc('\n', v->out);
	report_bug_kernel(v);
	dump_text(v);
	iommus_part(v);
	if (devices_part(v))
		return -1;
	exposed_part(v);
	overwritten_part(v);
	findings_part(v);
	incidents_part(v);
	events_part(v);
	return 0;
}

static unsigned int lines_of(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* The parts are short, but a damaged dump may make many of them long. */
static void copy_lines(FILE *out, const char *text, unsigned int most)
{
	unsigned int lines;

	for (lines = 0; *text && lines < most; lines++) {
		size_t len = strcspn(text, "\n") + 1;

		fwrite(text, 1, len, out);
		text += len;
	}
	if (*text)
		fputs("(cut here; 'amdiommu report -v' shows all)\n", out);
}

static char *render_part(struct view *v, int (*part)(struct view *v))
{
	FILE *out = v->out;
	char *text = NULL;
	size_t size;
	int ret = -1;

	v->out = open_memstream(&text, &size);
	if (v->out) {
		ret = part(v);
		if (fclose(v->out))
			ret = ami_error_set(v->err, AMI_ERR_MEMORY,
					    "out of memory");
	} else {
		ami_error_set(v->err, AMI_ERR_MEMORY, "out of memory");
	}
	v->out = out;
	if (!ret)
		return text;
	free(text);
	return NULL;
}

/* The log is never cut: its end says why the kernel died. */
int report_bug_text(struct view *v)
{
	char *text, *log;
	unsigned int lines;

	v->columns = MAIL_COLUMNS;
	text = render_part(v, all_parts);
	log = text ? render_part(v, report_bug_log) : NULL;
	if (log) {
		lines = lines_of(log);
		copy_lines(v->out, text, lines < MOST_LINES / 2 ?
			   MOST_LINES - 1 - lines : MOST_LINES / 2);
		copy_lines(v->out, log, MOST_LINES / 2);
	}
	free(text);
	free(log);
	return log ? 0 : -1;
}
