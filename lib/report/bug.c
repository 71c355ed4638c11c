// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The report as text for a mail or a bug tracker: what a kernel developer asks
 * for first. No user data, and short: counts where lists would be long.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include <amdiommu/features.h>
#include <amdiommu/identity.h>

#include "view.h"

/* Together less than 200 lines. */
#define MAX_IOMMUS	4u
#define MAX_DEVICES	16u
#define MAX_FINDINGS	10u
#define MAX_EVENTS	8u
#define MAX_LINES	20u

/*
 * Parameters that tell how DMA was set up, and nothing about the user. All
 * others are only counted: root=, hostnames, keys and addresses stay away.
 */
static const char *const harmless[] = {
	"amd_iommu", "amd_iommu_dump", "amd_iommu_intr", "crashkernel",
	"debug_pagealloc", "disable_mtrr_cleanup", "init_on_alloc",
	"init_on_free", "intel_iommu", "intremap", "iommu", "iommu.forcedac",
	"iommu.passthrough", "iommu.strict", "irqpoll", "ivrs_acpihid",
	"ivrs_hpet", "ivrs_ioapic", "kasan", "kfence.sample_interval", "maxcpus",
	"mem_encrypt", "nokaslr", "no_x2apic", "nox2apic", "nr_cpus",
	"page_owner", "page_poison", "panic", "pci", "pcie_aspm",
	"reset_devices", "slab_debug", "slub_debug", "swiotlb",
};

static bool is_harmless(const char *word)
{
	size_t i, len = strcspn(word, "=");

	if (strlen(word) > 64 || strpbrk(word, "\"'/"))
		return false;
	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (strlen(harmless[i]) == len &&
		    !memcmp(harmless[i], word, len))
			return true;
	return false;
}

/* What the kernel passes to init stands behind "--". */
static void command_line_text(struct view *v)
{
	char line[AMI_COMMAND_LINE], kept[AMI_COMMAND_LINE] = "";
	enum ami_mem mem = ami_command_line(v->a->kernel, line);
	char *word, *rest;
	size_t others = 0, used = 0;
	bool init = false;

	fputs("Command line: ", v->out);
	if (mem != AMI_MEM_OK) {
		fputs("(not in this dump)\n", v->out);
		return;
	}
	for (word = strtok_r(line, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		init |= !strcmp(word, "--");
		if (init || !is_harmless(word))
			others++;
		else
			used += snprintf(kept + used, sizeof(kept) - used,
					 "%s ", word);
	}
	wrapped(v, 14, 14, "%s(and %zu other parameters, left out)", kept,
		others);
}

static void kernel_text(struct view *v)
{
	char build[256] = "", taint[64], when[32] = "at an unknown time";
	enum ami_mem mem = ami_kernel_build(v->a->kernel, build, sizeof(build));
	const struct ami_dmesg *d = v->a->dmesg;

	fprintf(v->out, "Kernel:       %s\n              ",
		ami_kernel_release(v->a->kernel));
	wrapped(v, 14, 14, "%s", mem == AMI_MEM_OK ? build :
		"(its banner is not in the dump)");
	mem = ami_kernel_taint(v->a->kernel, taint, sizeof(taint));
	fprintf(v->out, "Tainted:      %s\n", mem != AMI_MEM_OK ?
		"unknown" : *taint ? taint : "no");
	if (d->hardware[0]) {
		fputs("Hardware:     ", v->out);
		wrapped(v, 14, 14, "%s", d->hardware);
	}
	command_line_text(v);
	crash_time(v, when);
	fprintf(v->out, "Crashed:      %s", when);
	if (d->any)
		fprintf(v->out, ", %.0f s after boot", d->last_nsec / 1e9);
	putc('\n', v->out);
}

static void dump_text(struct view *v)
{
	const struct ami_dump_info *info = ami_dump_info(v->a->dump);
	char size[48];

	fprintf(v->out, "Dump:         %s%s%s, RAM %s, types from %s%s\n",
		info->format, *info->compression ? " " : "",
		info->compression,
		pages_text(v, ami_dump_ram_pages(v->a->dump), size),
		ami_kernel_source(v->a->kernel),
		info->incomplete || info->truncated ? ", NOT COMPLETE" : "");
	if (v->a->state->capture == AMI_CAPTURE_REUSE)
		fputs("Capture:      the capture kernel wrote into the dead kernel's IOMMU\n"
		      "              structures\n", v->out);
}

static void verdict_part(struct view *v)
{
	const struct ami_exposures *ex = v->a->exposures;
	size_t i;

	fprintf(v->out, "Verdict:      %s\n", ami_verdict_name(ex->verdict));
	for (i = 0; i < ex->nr_reasons && i < REASONS_SHOWN; i++) {
		fputs("            - ", v->out);
		wrapped(v, 14, 14, "%s", ex->reason[i]);
	}
	if (ex->nr_reasons > REASONS_SHOWN)
		fprintf(v->out, "            - and %zu more reasons\n",
			ex->nr_reasons - REASONS_SHOWN);
}

static void ring_line(struct view *v, const struct ami_ring *ring)
{
	char sync[96] = "";

	if (ring->issued_known && ring->semaphore_known)
		snprintf(sync, sizeof(sync),
			 "; completion wait issued %" PRIu64 ", completed %"
			 PRIu64, ring->last_issued, ring->semaphore);
	fputs("    ", v->out);
	if (ring->outstanding)
		wrapped(v, 4, 6, "ring: %u commands not proven done from entry %u on%s",
			ring->outstanding, ring->oldest, sync);
	else
		wrapped(v, 4, 6, "ring: %s%s", ring->blind ?
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
	for (i = 0; i < s->nr_iommus && i < MAX_IOMMUS; i++) {
		const struct ami_iommu *iommu = &s->iommus[i];

		amdvi_features_describe(iommu->features, iommu->features2,
					features, sizeof(features));
		fputs("  ", v->out);
		wrapped(v, 2, 4, "iommu%u %s: EFR %#" PRIx64 ", EFR2 %#" PRIx64
			" (%s)", iommu->index, ami_bdf_text(iommu->bdf, bdf),
			iommu->features, iommu->features2, features);
		ring_line(v, &iommu->ring);
	}
	if (i < s->nr_iommus)
		fprintf(v->out, "  and %zu more\n", s->nr_iommus - i);
}

static void device_line(struct view *v, const struct ami_device *d)
{
	char bdf[AMI_BDF_TEXT], reach[40];

	reach_text(v, d, reach, sizeof(reach));
	fputs("  ", v->out);
	wrapped(v, 2, 4, "%s %04x:%04x %s: %s, writable %s%s, DTE %s%s%s",
		ami_bdf_text(d->bdf, bdf), d->vendor, d->device,
		d->driver[0] ? d->driver : "(no driver)",
		ami_translation_name(d->translation), reach,
		isdigit((unsigned char)*reach) ? " pages" : "",
		ami_seen_name(d->dte_seen), d->disagreement[0] ? ": " : "",
		d->disagreement);
}

static void devices_part(struct view *v)
{
	const struct ami_state *s = v->a->state;
	size_t i, shown = 0, matter = 0;

	for (i = 0; i < s->nr_devices; i++)
		matter += device_concern(v, &s->devices[i]) != CONCERN_NONE;
	fprintf(v->out, "\nDevices: %zu, of those active, exposed or anomalous: %zu\n",
		s->nr_devices, matter);
	for (i = 0; i < s->nr_devices && shown < MAX_DEVICES; i++)
		if (device_concern(v, &s->devices[i]) != CONCERN_NONE) {
			device_line(v, &s->devices[i]);
			shown++;
		}
	if (shown < matter)
		fprintf(v->out, "  and %zu more\n", matter - shown);
}

static void exposed_part(struct view *v)
{
	size_t all = untranslated(v);
	char line[512];
	int class;

	fputs("\nPages that could be written, by class and owner\n", v->out);
	for (class = 0; class < AMI_CLASSES; class++) {
		owner_counts(v, class, line, sizeof(line));
		if (!line[0])
			continue;
		fprintf(v->out, "  %-11s ", ami_class_name(class));
		wrapped(v, 14, 14, "%s", line);
	}
	if (all)
		fprintf(v->out, "  passthrough all RAM, to %zu device%s\n", all,
			all == 1 ? "" : "s");
}

/* One finding of each code; the codes and their numbers tell the rest. */
static void findings_part(struct view *v)
{
	const struct ami_findings *f = &v->a->state->findings;
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
			one->code);
		if (total > 1)
			fprintf(v->out, " (%zu times)", total);
		if (one->severity == AMI_INFO || shown >= MAX_FINDINGS) {
			putc('\n', v->out);
			continue;
		}
		shown++;
		fputs("\n    ", v->out);
		wrapped(v, 4, 4, "%s: %s", one->where, one->text);
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
			amdvi_event_describe(
				&s->iommus[i].log[AMI_LOG_EVENT].list[k].event,
				text, sizeof(text));
			fputs("  ", v->out);
			wrapped(v, 2, 4, "iommu%u: %s", s->iommus[i].index,
				text);
		}
	if (shown < total)
		fprintf(v->out, "  and %zu more\n", total - shown);
}

/* Faults and what the kernel died of; drivers only where they complain. */
static unsigned int weight(const struct ami_line *line)
{
	switch (line->kind) {
	case AMI_LINE_FAULT:
	case AMI_LINE_CRASH:
		return 2;
	case AMI_LINE_IOMMU:
	case AMI_LINE_DMA:
		return line->level <= 4 || strstr(line->text, "AMD-Vi") ||
		       strstr(line->text, "iommu: ") ? 1 : 0;
	case AMI_LINE_DEVICE:
		return line->level <= 4 ? 1 : 0;
	default:
		return 0;
	}
}

/* Hardware addresses of network cards: xx:xx:xx:xx:xx:xx */
static void hide_macs(char *text)
{
	for (; *text; text++) {
		size_t i;

		for (i = 0; i < 17; i++)
			if (i % 3 == 2 ? text[i] != ':' :
			    !isxdigit((unsigned char)text[i]))
				break;
		for (; i == 17 && i--; )
			if (i % 3 != 2)
				text[i] = 'x';
	}
}

/* @last: of @times lines with the same text */
static void log_line(struct view *v, const struct ami_line *line,
		     const struct ami_line *last, size_t times)
{
	char text[256], more[64] = "";

	snprintf(text, sizeof(text), "%.*s", (int)strcspn(line->text, "\n"),
		 line->text);
	hide_macs(text);
	if (times > 1)
		snprintf(more, sizeof(more), " (%zu times, last at %.6f)",
			 times, last->ts_nsec / 1e9);
	fputs("  ", v->out);
	wrapped(v, 2, 4, "[%.6f] %s%s", line->ts_nsec / 1e9, text, more);
}

static bool same_text(const struct ami_line *a, const struct ami_line *b)
{
	return weight(a) == weight(b) && !strcmp(a->text, b->text);
}

/* Lines that repeat an older one are told with that one. */
static bool repeats(const struct ami_dmesg *d, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (same_text(&d->list[k], &d->list[i]))
			return true;
	return false;
}

static void line_and_repeats(struct view *v, size_t i)
{
	const struct ami_dmesg *d = v->a->dmesg;
	size_t k, last = i, times = 1;

	for (k = i + 1; k < d->count; k++)
		if (same_text(&d->list[k], &d->list[i])) {
			last = k;
			times++;
		}
	log_line(v, &d->list[i], &d->list[last], times);
}

/* The newest of the weightiest, in the order of the log. */
static void log_part(struct view *v)
{
	const struct ami_dmesg *d = v->a->dmesg;
	bool chosen[AMI_MAX_LINES] = { false };
	size_t i, n = 0, total = 0;
	unsigned int w;
	char state[96];

	dmesg_state_text(v, state, sizeof(state));
	fprintf(v->out, "\nKernel log: %s\n", state);
	for (w = 2; w >= 1; w--)
		for (i = d->count; i-- > 0;) {
			if (weight(&d->list[i]) != w || repeats(d, i))
				continue;
			total++;
			chosen[i] = n < MAX_LINES;
			n += chosen[i];
		}
	for (i = 0; i < d->count; i++)
		if (chosen[i])
			line_and_repeats(v, i);
	if (n < total)
		fprintf(v->out, "  (%zu more relevant lines left out)\n",
			total - n);
}

void bug_text(struct view *v)
{
	v->columns = MAIL_COLUMNS;
	fputs("AMD IOMMU state at a panic, by amdiommu " AMI_VERSION "\n\n",
	      v->out);
	verdict_part(v);
	putc('\n', v->out);
	kernel_text(v);
	dump_text(v);
	iommus_part(v);
	devices_part(v);
	exposed_part(v);
	findings_part(v);
	events_part(v);
	log_part(v);
}
