// SPDX-License-Identifier: GPL-2.0-or-later
/* The whole picture: verdict first, then what it rests on. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <amdvi/features.h>

#include "identity.h"
#include "view.h"

bool report_crash_time(const struct view *v, char buf[32])
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

static bool one_range(void *ctx, uint64_t first, uint64_t count)
{
	json_pair(ctx, first, count);
	return true;
}

static void unlisted_json(struct view *v)
{
	json_array_line(&v->j, "unlisted_pfns");
	if (v->a->state->unlisted)
		ami_pfnset_ranges(v->a->state->unlisted, one_range, &v->j);
	json_close_array(&v->j);
}

void report_dump_json(struct view *v)
{
	const struct ami_dump_info *info = ami_dump_info(v->a->dump);
	char when[32];

	json_object(&v->j, "dump");
	json_string(&v->j, "path", info->path);
	json_string(&v->j, "format", info->format);
	json_string(&v->j, "compression", info->compression);
	json_bool(&v->j, "flattened", info->flattened);
	json_string(&v->j, "release", ami_kernel_release(v->a->kernel));
	if (report_crash_time(v, when))
		json_string(&v->j, "crash_time", when);
	else
		json_null(&v->j, "crash_time");
	if (v->a->state->crash == AMI_CRASH_UNKNOWN)
		json_null(&v->j, "crashed");
	else
		json_bool(&v->j, "crashed",
			  v->a->state->crash == AMI_CRASH_YES);
	json_bool(&v->j, "incomplete", info->incomplete);
	json_bool(&v->j, "truncated", info->truncated);
	json_known(&v->j, "dump_level", info->dump_level >= 0,
		   info->dump_level);
	json_number(&v->j, "max_pfn", info->max_pfn);
	unlisted_json(v);
	json_string(&v->j, "types", ami_kernel_source(v->a->kernel));
	report_identity_json(v);
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
	report_registers_json(v, iommu);
	report_ring_json(v, iommu);
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

void report_all_json(struct view *v)
{
	const struct ami_state *s = v->a->state;
	size_t i;

	report_dump_json(v);
	capture_json(v);
	report_recording_json(v);
	report_policy_json(v);
	json_array(&v->j, "iommus");
	for (i = 0; i < s->nr_iommus; i++)
		iommu_json(v, &s->iommus[i]);
	json_close_array(&v->j);
	segments_json(v);
	report_devices_json(v);
	report_domains_json(v);
	report_exposures_json(v);
	report_owners_json(v);
	report_overwritten_json(v);
	report_findings_json(v);
	report_incidents_json(v);
	report_dmesg_json(v);
	report_marks_json(v);
	report_verdict_json(v);
	report_coverage_json(v);
}

static void dump_text(struct view *v)
{
	const struct ami_dump_info *info = ami_dump_info(v->a->dump);
	char when[32] = "at an unknown time", size[48];
	bool alive = v->a->state->crash == AMI_CRASH_NO;

	report_crash_time(v, when);
	fputs("DUMP     ", v->out);
	report_path_text(v);
	fprintf(v->out, "\n         %s%s%s%s%s, RAM %s\n", info->format,
		*info->compression ? " " : "", info->compression,
		info->flattened ? ", flattened" : "",
		info->incomplete ? ", INCOMPLETE" : info->truncated ?
		", TRUNCATED" : "",
		report_pages_text(v, ami_dump_ram_pages(v->a->dump), size));
	fputs("         ", v->out);
	report_wrapped(v, 9, 9, "Linux %s, %s%s, types from %s",
		       ami_kernel_release(v->a->kernel),
		       alive ? "had not crashed" : "crashed ", alive ? "" : when,
		       ami_kernel_source(v->a->kernel));
	report_identity_text(v);
}

/* If a capture kernel reused the log, its own entries are named as such. */
static void events_count(const struct view *v, const struct ami_log *log,
			 char buf[96])
{
	size_t i, theirs = 0;
	char all[24], n[24], of[64] = "";

	for (i = 0; i < log->count; i++)
		theirs += log->list[i].seen == AMI_SEEN_OVERWRITTEN;
	if (theirs)
		snprintf(of, sizeof(of), ", %s of them the capture kernel's",
			 report_number_text(v, theirs, n));
	snprintf(buf, 96, "%s logged event%s%s",
		 report_number_text(v, log->count, all), log->count == 1 ? "" : "s",
		 of);
}

/* @before: the one shown before. Equal features are not repeated. */
static void iommu_text(struct view *v, const struct ami_iommu *iommu,
		       const struct ami_iommu *before)
{
	const struct ami_ring *ring = &iommu->ring;
	char bdf[AMI_BDF_TEXT], features[512], n[24], done[64], events[96];

	fprintf(v->out, "IOMMU    iommu%u  %s  ", iommu->index,
		ami_bdf_text(iommu->bdf, bdf));
	if (report_never_executed(iommu))
		snprintf(done, sizeof(done), "%s command%s never executed",
			 report_number_text(v, ring->outstanding, n),
			 ring->outstanding == 1 ? "" : "s");
	else if (ring->outstanding)
		snprintf(done, sizeof(done), "%s command%s not proven done",
			 report_number_text(v, ring->outstanding, n),
			 ring->outstanding == 1 ? "" : "s");
	else
		snprintf(done, sizeof(done), "%s", ring->blind ?
			 "commands lost" : "all commands done");
	events_count(v, &iommu->log[AMI_LOG_EVENT], events);
	report_wrapped(v, 31, 9, "%s, %s", done, events);
	report_registers_text(v, iommu);
	if (before && before->features == iommu->features &&
	    before->features2 == iommu->features2)
		return;
	amdvi_features_describe(iommu->features, iommu->features2, features,
				sizeof(features));
	fputs("         ", v->out);
	report_wrapped(v, 9, 9, "features: %s", features);
}

static void hardware_text(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	char who[AMI_REQUESTER_TEXT], count[32], size[48];
	size_t i, n = 0;
	uint64_t pages = 0;

	for (i = 0; i < ex->count; i++) {
		if (ex->list[i].class != AMI_CLASS_HARDWARE)
			continue;
		pages += ex->list[i].count;
		if (!n++)
			ami_requester_text(ex->list[i].requester, who);
	}
	if (n == 1)
		fprintf(v->out, "%-12s  writes %s itself (semaphore, logs)\n",
			who, report_pages_text(v, pages, size));
	if (n < 2)
		return;
	snprintf(count, sizeof(count), "%zu IOMMUs", n);
	fprintf(v->out, "%-12s  write %s themselves (semaphores, logs)\n",
		count, report_pages_text(v, pages, size));
}

/* What the kernel itself logged before it died. */
static void log_text(struct view *v)
{
	const struct ami_dmesg *d = v->a->dmesg;
	uint64_t faults = d->kinds[AMI_LINE_FAULT];
	char state[160], trouble[64] = "";

	report_dmesg_state_text(v, state, sizeof(state));
	if (d->mem == AMI_MEM_OK && faults)
		snprintf(trouble, sizeof(trouble), ", %" PRIu64
			 " of them report%s IOMMU trouble", faults,
			 faults == 1 ? "s" : "");
	else if (d->mem == AMI_MEM_OK)
		snprintf(trouble, sizeof(trouble),
			 ", none reports IOMMU trouble");
	fputs("LOG      ", v->out);
	report_wrapped(v, 9, 9, "%s%s", state, trouble);
}

static void heading(struct view *v, const char *name, const char *what)
{
	putc('\n', v->out);
	report_colored(v, COLOR_BOLD, name);
	if (*what)
		fprintf(v->out, "%*s %s", (int)(8 - strlen(name)), "", what);
	putc('\n', v->out);
}

int report_all_text(struct view *v)
{
	const struct ami_state *s = v->a->state;
	char what[64];
	size_t i;

	report_verdict_text(v);
	report_coverage_text(v);
	putc('\n', v->out);
	report_guard_text(v);
	dump_text(v);
	if (s->capture == AMI_CAPTURE_REUSE)
		fputs("CAPTURE  the capture kernel wrote into the dead kernel's IOMMU structures\n",
		      v->out);
	for (i = 0; i < s->nr_iommus; i++)
		iommu_text(v, &s->iommus[i], i ? &s->iommus[i - 1] : NULL);
	report_policy_text(v);
	log_text(v);
	report_marks_text(v);
	snprintf(what, sizeof(what), "pages each could write %s",
		 ami_moment(s));
	heading(v, "DEVICES", what);
	if (report_devices_that_matter(v))
		return -1;
	hardware_text(v);
	heading(v, "OWNERS", "who owns those pages, by class");
	report_owners_text(v);
	if (v->a->contents && v->a->contents->count) {
		heading(v, "OVERWRITTEN", "pages that hold what their owners did not write");
		report_overwritten_text(v);
	}
	if (v->a->incidents->count) {
		heading(v, "INCIDENTS", "what had happened before the dump");
		report_incidents_text(v);
	}
	heading(v, "FINDINGS", "");
	report_findings_text(v, v->r->verbose ? AMI_INFO : AMI_WARNING);
	return 0;
}
