// SPDX-License-Identifier: GPL-2.0-or-later
/* The HTML report, top down: the verdict, and then what it rests on. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <amdvi/features.h>

#include "html.h"

static const char *const meaning[] = {
	[AMI_VERDICT_TRUSTED] = "No device could write RAM: trust the dump.",
	[AMI_VERDICT_EXPOSED] =
		"Trust the dump, except the pages that devices could write.",
	[AMI_VERDICT_SUSPECT] =
		"No healthy machine of this configuration shows this.",
	[AMI_VERDICT_CORRUPT] =
		"Memory contradicts itself: do not draw conclusions from it.",
	[AMI_VERDICT_UNKNOWN] =
		"The dump does not hold the facts that would decide.",
};

/* This shows that a page is ours. */
#define HTML_GENERATOR	"<meta name=\"generator\" content=\"amdiommu "

bool ami_html_is_file(const uint8_t *head, size_t len)
{
	return memmem(head, len, HTML_GENERATOR, strlen(HTML_GENERATOR));
}

static void head(struct html_page *p)
{
	html_raw(p, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		 "<meta charset=\"utf-8\">\n" HTML_GENERATOR
		 AMI_VERSION "\">\n<meta name=\"viewport\" "
		 "content=\"width=device-width, initial-scale=1\">\n"
		 "<meta http-equiv=\"Content-Security-Policy\" content=\""
		 "default-src 'none'; style-src 'unsafe-inline'; "
		 "script-src 'unsafe-inline'; img-src data:\">\n"
		 "<link rel=\"icon\" href=\"data:,\">\n<title>");
	html_text(p, "amdiommu: %s, %s",
		  ami_verdict_name(p->v->a->exposures->verdict),
		  ami_dump_info(p->v->a->dump)->path);
	html_raw(p, "</title>\n<style>\n");
	fwrite(html_style, 1, html_style_end - html_style, p->out);
	html_raw(p, "</style>\n</head>\n<body>\n");
}

static const char *const covered[] = {
	[AMI_COVERED_COMPLETE] =
		"Every page that active devices could have written is named, or all that their drivers had asked them to write was read.",
	[AMI_COVERED_PARTIAL] =
		"Devices may have written pages that are not named here.",
};

static void reasons_list(struct html_page *p, const char *class,
			 const struct ami_reasons *reasons)
{
	size_t i;

	if (!reasons->count)
		return;
	fprintf(p->out, "<ol class=\"%s\">\n", class);
	for (i = 0; i < reasons->count; i++) {
		html_raw(p, "<li>");
		html_text(p, "%s", reasons->list[i].text);
		html_raw(p, "</li>\n");
	}
	html_raw(p, "</ol>\n");
}

static void verdict(struct html_page *p)
{
	const struct ami_exposures *ex = p->v->a->exposures;
	const char *name = ami_verdict_name(ex->verdict);

	fprintf(p->out, "<header class=\"verdict v-%s\">\n<p class=\"kicker\">"
		"amdiommu report</p>\n<h1 id=\"verdict\">%s</h1>\n"
		"<p class=\"meaning\">%s</p>\n", name, name,
		meaning[ex->verdict]);
	reasons_list(p, "reasons", &ex->reasons);
	fprintf(p->out, "<p id=\"coverage\" class=\"c-%s\">Coverage: "
		"<strong>%s</strong>. %s</p>\n", ami_covered_name(ex->covered),
		ami_covered_name(ex->covered), covered[ex->covered]);
	reasons_list(p, "gaps", &ex->gaps);
	html_raw(p, "</header>\n<nav aria-label=\"Sections\">"
		 "<a href=\"#machine\">Machine</a> "
		 "<a href=\"#memory\">Memory</a> "
		 "<a href=\"#devices\">Devices</a> "
		 "<a href=\"#paths\">Paths</a> "
		 "<a href=\"#domains\">Domains</a> "
		 "<a href=\"#rings\">Command rings</a> "
		 "<a href=\"#owners\">Owners</a> ");
	if (p->v->a->contents && p->v->a->contents->count)
		html_raw(p, "<a href=\"#overwritten\">Overwritten</a> ");
	html_raw(p,
		 "<a href=\"#findings\">Findings</a> "
		 "<a href=\"#events\">Faults</a> "
		 "<a href=\"#legend\">Legend</a></nav>\n<main>\n");
}

static void fact(struct html_page *p, const char *name, const char *value)
{
	fprintf(p->out, "<div><dt>%s</dt><dd>", name);
	html_text(p, "%s", value);
	html_raw(p, "</dd></div>\n");
}

static bool same_features(const struct ami_iommu *a, const struct ami_iommu *b)
{
	return a->features == b->features && a->features2 == b->features2;
}

/* IOMMUs with the same features share one row. */
static void iommu_fact(struct html_page *p, const struct ami_iommu *iommu,
		       size_t n)
{
	char bdf[AMI_BDF_TEXT], text[512];
	size_t i, shown = 0, same = 0;

	html_raw(p, "<div class=\"wide\"><dt>IOMMU</dt><dd>");
	for (i = 0; i < n; i++) {
		if (!same_features(&iommu[i], iommu))
			continue;
		if (same++ < HTML_IOMMUS) {
			html_text(p, "%siommu%u at %s", shown ? ", " : "",
				  iommu[i].index,
				  ami_bdf_text(iommu[i].bdf, bdf));
			shown++;
		}
	}
	if (same > shown)
		fprintf(p->out, " and %zu more", same - shown);
	amdvi_features_describe(iommu->features, iommu->features2, text,
				sizeof(text));
	html_text(p, ". Features: %s", text);
	html_raw(p, "</dd></div>\n");
}

static void iommu_facts(struct html_page *p)
{
	const struct ami_state *s = p->v->a->state;
	size_t i, k, kinds = 0;

	for (i = 0; i < s->nr_iommus && kinds < HTML_IOMMUS; i++) {
		for (k = 0; k < i; k++)
			if (same_features(&s->iommus[k], &s->iommus[i]))
				break;
		if (k < i)
			continue;
		kinds++;
		iommu_fact(p, &s->iommus[i], s->nr_iommus - i);
	}
}

void html_machine(struct html_page *p)
{
	const struct ami_dump_info *info = ami_dump_info(p->v->a->dump);
	const struct ami_state *s = p->v->a->state;
	char text[640], size[48];

	html_section(p, "machine", "Machine and capture", "");
	html_raw(p, "<dl class=\"facts\">\n");
	fact(p, "Dump", info->path);
	snprintf(text, sizeof(text), "%s%s%s%s%s", info->format,
		 *info->compression ? ", " : "", info->compression,
		 info->flattened ? ", flattened" : "", info->incomplete ?
		 ", INCOMPLETE" : info->truncated ? ", TRUNCATED" : "");
	fact(p, "Format", text);
	fact(p, "Kernel", ami_kernel_release(p->v->a->kernel));
	if (!report_crash_time(p->v, text))
		strcpy(text, s->crash == AMI_CRASH_NO ? "no" : "unknown");
	fact(p, "Crashed", text);
	fact(p, "RAM", report_pages_text(p->v, ami_dump_ram_pages(p->v->a->dump),
					 size));
	fact(p, "Types from", ami_kernel_source(p->v->a->kernel));
	fact(p, "Capture kernel", s->capture == AMI_CAPTURE_REUSE ?
	     "wrote into the dead kernel's IOMMU structures" :
	     s->capture == AMI_CAPTURE_NONE ? "no sign of one" : "unknown");
	report_marks_summary(p->v, text, sizeof(text));
	fact(p, "Marks", *text ? text : "none came with the dump");
	if (s->guard != AMI_GUARD_AMD) {
		report_guard_words(p->v, text, sizeof(text));
		fact(p, "IOMMU", text);
	}
	if (report_policy_words(p->v, text, sizeof(text)))
		fact(p, "Devices", text);
	iommu_facts(p);
	html_raw(p, "</dl>\n</section>\n");
}

static const char *const class_story[AMI_CLASSES] = {
	[AMI_CLASS_MAPPED] = "a writable translation was in force",
	[AMI_CLASS_PASSTHROUGH] = "untranslated: every address, or some",
	[AMI_CLASS_STALE] = "translation removed, but not proven flushed",
	[AMI_CLASS_POSTED] = "handed to the device to fill when data comes",
	[AMI_CLASS_INFLIGHT] = "a transfer issued and not completed",
	[AMI_CLASS_HARDWARE] = "the IOMMU writes here itself",
	[AMI_CLASS_OBSERVED] = "changed while the dump was saved",
};

static void legend(struct html_page *p)
{
	int c;

	html_section(p, "legend", "Legend", "");
	html_raw(p, "<dl class=\"legend\">\n");
	for (c = 0; c < AMI_CLASSES; c++)
		fprintf(p->out, "<div><dt><i class=\"key %s\"></i>%s</dt>"
			"<dd>%s</dd></div>\n", ami_class_name(c),
			ami_class_name(c), class_story[c]);
	html_raw(p, "<div><dt>height of a bar</dt><dd>how much of that stretch "
		 "is covered; the lowest bar may be a single page</dd></div>\n"
		 "<div><dt>certainty</dt><dd>proven: the dump shows it; weaker "
		 "words where something is missing</dd></div>\n"
		 "<div><dt>+?</dt><dd>more pages exist that the dump does not "
		 "name</dd></div>\n"
		 "<div><dt>page</dt><dd>4 KiB; BDF: segment:bus:device.function"
		 "</dd></div>\n</dl>\n</section>\n");
}

/* Each page once, whoever could write it. UINT64_MAX: no memory. */
static uint64_t pages_of_class(const struct ami_exposures *ex, int class)
{
	struct ami_pfnbatch all = { .set = ami_pfnset_new() };
	uint64_t pages = UINT64_MAX;
	size_t i;

	if (!all.set)
		return pages;
	for (i = 0; i < ex->count; i++)
		if ((int)ex->list[i].class == class && ex->list[i].pages)
			ami_pfnbatch_join(&all, ex->list[i].pages);
	ami_pfnbatch_flush(&all);
	if (!ami_pfnset_failed(all.set))
		pages = ami_pfnset_count(all.set);
	ami_pfnset_free(all.set);
	return pages;
}

/* The same facts for programs, and to check this page. */
static void facts(struct html_page *p)
{
	struct view *v = p->v;
	uint64_t pages;
	int c;

	html_raw(p, "<script type=\"application/json\" id=\"facts\">\n");
	json_start(&v->j, p->out);
	json_object(&v->j, NULL);
	json_string(&v->j, "schema", AMI_SCHEMA);
	json_string(&v->j, "view", "html");
	report_dump_json(v);
	report_verdict_json(v);
	report_coverage_json(v);
	report_findings_json(v);
	json_number(&v->j, "devices", v->a->state->nr_devices);
	json_number(&v->j, "domains", v->a->state->nr_domains);
	json_object(&v->j, "exposed_pages");
	for (c = 0; c < AMI_CLASSES; c++) {
		pages = pages_of_class(v->a->exposures, c);
		json_known(&v->j, ami_class_name(c), pages != UINT64_MAX,
			   pages);
	}
	json_close_object(&v->j);
	json_close_object(&v->j);
	json_end(&v->j);
	html_raw(p, "</script>\n");
}

int html_report(struct view *v)
{
	struct html_page p = { .v = v, .out = v->out };

	p.ranked = report_ranked_devices(v);
	if (!p.ranked)
		return -1;
	p.nr_ranked = v->a->state->nr_devices;
	head(&p);
	verdict(&p);
	html_machine(&p);
	html_memory(&p);
	html_devices(&p);
	html_diagram(&p);
	html_domains(&p);
	html_rings(&p);
	html_owners(&p);
	html_pages(&p);
	html_overwritten(&p);
	html_findings(&p);
	html_events(&p);
	legend(&p);
	html_raw(&p, "</main>\n<footer>amdiommu " AMI_VERSION
		 ". This file is complete in itself.</footer>\n");
	facts(&p);
	html_raw(&p, "<script>\n");
	fwrite(html_script, 1, html_script_end - html_script, p.out);
	html_raw(&p, "</script>\n</body>\n</html>\n");
	free(p.ranked);
	return 0;
}
