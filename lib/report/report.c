// SPDX-License-Identifier: GPL-2.0-or-later
/* The whole picture: verdict first, then what it rests on. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <amdiommu/features.h>

#include "view.h"

bool crash_time(const struct view *v, char buf[32])
{
	uint64_t seconds;
	struct tm tm;
	time_t t;

	if (!ami_vmcoreinfo_number(v->a->dump, "CRASHTIME", 10, &seconds) ||
	    seconds > INT32_MAX * 4ull)
		return false;
	t = seconds;
	return gmtime_r(&t, &tm) && strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void dump_json(struct view *v)
{
	const struct ami_dump_info *info = ami_dump_info(v->a->dump);
	char when[32];

	json_object(&v->j, "dump");
	json_string(&v->j, "path", info->path);
	json_string(&v->j, "format", info->format);
	json_string(&v->j, "compression", info->compression);
	json_bool(&v->j, "flattened", info->flattened);
	json_string(&v->j, "release", ami_kernel_release(v->a->kernel));
	if (crash_time(v, when))
		json_string(&v->j, "crash_time", when);
	else
		json_null(&v->j, "crash_time");
	json_bool(&v->j, "incomplete", info->incomplete);
	json_bool(&v->j, "truncated", info->truncated);
	json_known(&v->j, "dump_level", info->dump_level >= 0,
		   info->dump_level);
	json_number(&v->j, "max_pfn", info->max_pfn);
	json_string(&v->j, "types", ami_kernel_source(v->a->kernel));
	json_close_object(&v->j);
}

static const char *capture_name(enum ami_capture capture)
{
	static const char *const name[] = { "unknown", "none", "reuse" };

	return name[capture];
}

static void capture_json(struct view *v)
{
	const struct ami_state *s = v->a->state;
	int i;

	json_object(&v->j, "capture");
	json_null(&v->j, "release");
	json_string(&v->j, "mode", capture_name(s->capture));
	json_array_line(&v->j, "crashkernel_pfns");
	for (i = 0; i < 2; i++)
		if (s->crashkernel[i].count)
			json_pair(&v->j, s->crashkernel[i].first,
				  s->crashkernel[i].count);
	json_close_array(&v->j);
	json_close_object(&v->j);
}

static void log_json(struct view *v, const char *key,
		     const struct ami_log *log)
{
	if (!log->va) {
		json_null(&v->j, key);
		return;
	}
	json_object_line(&v->j, key);
	json_hex(&v->j, "phys", log->phys);
	json_number(&v->j, "entries", log->entries);
	json_number(&v->j, "not_zero", log->count);
	json_number(&v->j, "unread_pages", log->unread_pages);
	json_close_object(&v->j);
}

static void iommu_json(struct view *v, const struct ami_iommu *iommu)
{
	char bdf[AMI_BDF_TEXT], features[512];

	json_object(&v->j, NULL);
	json_number(&v->j, "index", iommu->index);
	json_string(&v->j, "bdf", ami_bdf_text(iommu->bdf, bdf));
	json_hex(&v->j, "mmio", iommu->mmio_phys);
	json_hex(&v->j, "features", iommu->features);
	json_hex(&v->j, "features2", iommu->features2);
	amdvi_features_describe(iommu->features, iommu->features2, features,
				sizeof(features));
	json_string(&v->j, "features_text", features);
	ring_json(v, iommu);
	log_json(v, "event_log", &iommu->log[AMI_LOG_EVENT]);
	log_json(v, "ppr_log", &iommu->log[AMI_LOG_PPR]);
	log_json(v, "ga_log", &iommu->log[AMI_LOG_GA]);
	json_close_object(&v->j);
}

static void unity_json(struct view *v, const struct ami_unity *u)
{
	char bdf[AMI_BDF_TEXT];

	json_object_line(&v->j, NULL);
	json_string(&v->j, "first", ami_bdf_text(u->first, bdf));
	json_string(&v->j, "last", ami_bdf_text(
		(struct ami_bdf){ u->first.segment, u->last }, bdf));
	json_hex(&v->j, "start", u->start);
	json_hex(&v->j, "end", u->end);
	json_bool(&v->j, "read", u->read);
	json_bool(&v->j, "write", u->write);
	json_close_object(&v->j);
}

static void segments_json(struct view *v)
{
	const struct ami_state *s = v->a->state;
	size_t i, k;

	json_array(&v->j, "segments");
	for (i = 0; i < s->nr_segments; i++) {
		const struct ami_segment *seg = &s->segments[i];

		json_object(&v->j, NULL);
		json_number(&v->j, "id", seg->id);
		json_number(&v->j, "last_devid", seg->last_bdf);
		json_hex(&v->j, "device_table", seg->dev_table_phys);
		json_number(&v->j, "device_table_size", seg->dev_table_size);
		json_array(&v->j, "unity_maps");
		for (k = 0; k < seg->nr_unity; k++)
			unity_json(v, &seg->unity[k]);
		json_close_array(&v->j);
		json_close_object(&v->j);
	}
	json_close_array(&v->j);
}

void findings_json(struct view *v)
{
	const struct ami_findings *f = &v->a->state->findings;
	size_t i;

	json_array(&v->j, "findings");
	for (i = 0; i < f->count; i++) {
		json_object(&v->j, NULL);
		json_string(&v->j, "severity",
			    ami_severity_name(f->list[i].severity));
		json_string(&v->j, "code", f->list[i].code);
		json_string(&v->j, "where", f->list[i].where);
		json_string(&v->j, "text", f->list[i].text);
		json_close_object(&v->j);
	}
	json_close_array(&v->j);
}

void verdict_json(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	size_t i;

	json_object(&v->j, "verdict");
	json_string(&v->j, "value", ami_verdict_name(ex->verdict));
	json_array(&v->j, "reasons");
	for (i = 0; i < ex->nr_reasons; i++)
		json_string(&v->j, NULL, ex->reason[i]);
	json_close_array(&v->j);
	json_close_object(&v->j);
}

static void report_json(struct view *v)
{
	const struct ami_state *s = v->a->state;
	size_t i;

	dump_json(v);
	capture_json(v);
	json_array(&v->j, "iommus");
	for (i = 0; i < s->nr_iommus; i++)
		iommu_json(v, &s->iommus[i]);
	json_close_array(&v->j);
	segments_json(v);
	devices_json(v);
	domains_json(v);
	exposures_json(v);
	owners_json(v);
	findings_json(v);
	verdict_json(v);
}

static const char *color_of(const struct view *v, enum ami_verdict verdict)
{
	if (!v->r->color)
		return "";
	switch (verdict) {
	case AMI_VERDICT_TRUSTED:
		return "\033[1;32m";
	case AMI_VERDICT_EXPOSED:
	case AMI_VERDICT_SUSPECT:
		return "\033[1;33m";
	default:
		return "\033[1;31m";
	}
}

void verdict_text(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	size_t i;

	fprintf(v->out, "VERDICT  %s%s%s\n", color_of(v, ex->verdict),
		ami_verdict_name(ex->verdict), v->r->color ? "\033[0m" : "");
	for (i = 0; i < ex->nr_reasons; i++) {
		fputs("         ", v->out);
		wrapped(v, 9, 9, "%s", ex->reason[i]);
	}
}

static void dump_text(struct view *v)
{
	const struct ami_dump_info *info = ami_dump_info(v->a->dump);
	char when[32] = "at an unknown time", size[48];

	crash_time(v, when);
	fprintf(v->out, "DUMP     %s\n", info->path);
	fprintf(v->out, "         %s%s%s%s%s, RAM %s\n", info->format,
		*info->compression ? " " : "", info->compression,
		info->flattened ? ", flattened" : "",
		info->incomplete ? ", INCOMPLETE" : info->truncated ?
		", TRUNCATED" : "",
		pages_text(v, ami_dump_ram_pages(v->a->dump), size));
	fprintf(v->out, "         Linux %s, crashed %s, types from %s\n",
		ami_kernel_release(v->a->kernel), when,
		ami_kernel_source(v->a->kernel));
}

static void iommu_text(struct view *v, const struct ami_iommu *iommu)
{
	const struct ami_ring *ring = &iommu->ring;
	char bdf[AMI_BDF_TEXT], features[512], n[24];

	fprintf(v->out, "IOMMU    iommu%u  %s  ", iommu->index,
		ami_bdf_text(iommu->bdf, bdf));
	if (ring->outstanding)
		fprintf(v->out, "%s commands not proven done",
			number_text(v, ring->outstanding, n));
	else
		fputs(ring->blind ? "commands lost" : "all commands done",
		      v->out);
	fprintf(v->out, ", %s logged events\n",
		number_text(v, iommu->log[AMI_LOG_EVENT].count, n));
	amdvi_features_describe(iommu->features, iommu->features2, features,
				sizeof(features));
	fputs("         ", v->out);
	wrapped(v, 9, 9, "features: %s", features);
}

void findings_text(struct view *v, enum ami_severity least)
{
	const struct ami_findings *f = &v->a->state->findings;
	size_t i, hidden = 0;

	for (i = 0; i < f->count; i++) {
		const struct ami_finding *one = &f->list[i];

		if (one->severity < least) {
			hidden++;
			continue;
		}
		fprintf(v->out, "  %-8s %s  %s\n",
			ami_severity_name(one->severity), one->where,
			one->code);
		fputs("           ", v->out);
		wrapped(v, 11, 11, "%s", one->text);
	}
	for (i = 0; i < f->codes; i++)
		if (f->seen[i].count > AMI_FINDINGS_PER_CODE)
			fprintf(v->out, "  ... and %zu more of %s\n",
				f->seen[i].count - AMI_FINDINGS_PER_CODE,
				f->seen[i].code);
	if (!f->count)
		fputs("  none\n", v->out);
	else if (hidden)
		fprintf(v->out, "  (%zu of severity info; -v shows them)\n",
			hidden);
}

static void hardware_text(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	char who[AMI_REQUESTER_TEXT], size[48];
	size_t i;

	for (i = 0; i < ex->count; i++)
		if (ex->list[i].class == AMI_CLASS_HARDWARE)
			fprintf(v->out, "%-12s  writes %s itself (semaphore, logs)\n",
				ami_requester_text(ex->list[i].requester, who),
				pages_text(v, ex->list[i].count, size));
}

static void report_text(struct view *v)
{
	const struct ami_state *s = v->a->state;
	size_t i;

	verdict_text(v);
	putc('\n', v->out);
	dump_text(v);
	if (s->capture == AMI_CAPTURE_REUSE)
		fputs("CAPTURE  the capture kernel wrote into the dead kernel's IOMMU structures\n",
		      v->out);
	for (i = 0; i < s->nr_iommus; i++)
		iommu_text(v, &s->iommus[i]);
	fputs("\nDEVICES  pages each could write at the panic\n", v->out);
	devices_text(v);
	hardware_text(v);
	fputs("\nOWNERS   whose those pages are\n", v->out);
	owners_text(v);
	fputs("\nFINDINGS\n", v->out);
	findings_text(v, v->r->verbose ? AMI_INFO : AMI_WARNING);
}

int report_view(struct view *v)
{
	if (v->r->html)
		return html_report(v);
	if (v->r->json)
		report_json(v);
	else
		report_text(v);
	return 0;
}

int check_view(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;

	if (v->r->json) {
		dump_json(v);
		verdict_json(v);
		return 0;
	}
	fprintf(v->out, "%s: %s", ami_dump_info(v->a->dump)->path,
		ami_verdict_name(ex->verdict));
	if (ex->nr_reasons)
		fprintf(v->out, ": %s", ex->reason[0]);
	putc('\n', v->out);
	return 0;
}
