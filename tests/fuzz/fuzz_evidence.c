// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What drivers had handed to their devices (rings of network interfaces, NVMe
 * queues, virtqueues, block requests), with values of any width written into
 * the pages that this was read from in a real extract (AMDIOMMU_FUZZ_DUMP).
 */
#include <stdio.h>
#include <stdlib.h>

#include "hostile.h"
#include "overlay.h"

#define MAX_EDITS	32
#define WORK		2000000u	/* page frames read for one report */

struct change {
	uint16_t page, offset;
	uint8_t width, pad[3];
	uint64_t value;
};

static struct overlay *dump;
static uint64_t *pfns;
static size_t count;

static bool take(void *ctx, uint64_t first, uint64_t n)
{
	(void)ctx;
	for (; n; n--, first++)
		if (overlay_intact(dump, first))
			pfns[count++] = first;
	return true;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *path = getenv("AMDIOMMU_FUZZ_DUMP");
	struct ami_analysis *a = NULL;
	struct ami_error err;

	(void)argc;
	(void)argv;
	dump = path ? overlay_new(path, &err) : NULL;
	if (dump && overlay_remember_layout(dump))
		a = overlay_analyse(dump, &err);
	if (a && a->evidence_pages) {
		pfns = calloc(overlay_pages(dump), sizeof(*pfns));
		must(pfns);
		ami_pfnset_ranges(a->evidence_pages, take, NULL);
	}
	ami_analysis_free(a);
	if (!count) {
		fputs("AMDIOMMU_FUZZ_DUMP must name an extract with evidence\n",
		      stderr);
		exit(64);
	}
	overlay_limit(dump, WORK);
	return 0;
}

static void apply(const struct change *c)
{
	size_t width = 1u << (c->width & 3);
	uint64_t at = c->offset % AMI_PAGE_SIZE & ~(width - 1);

	overlay_poke(dump, (pfns[c->page % count] << AMI_PAGE_SHIFT) + at,
		     &c->value, width);
}

static void check(const struct ami_evidence *ev)
{
	size_t i, n, spans = 0;

	must(ev->count <= AMI_MAX_TRANSFERS && ev->nr_spans <= AMI_MAX_SPANS);
	for (i = 0; i < ev->count; i++) {
		const struct ami_transfer *t = &ev->list[i];
		uint64_t bytes = 0;

		must(t->bytes || t->unnamed);
		for (n = 0; n < t->nr_spans; n++) {
			must(t->spans[n].len);
			must(t->spans[n].len - 1 <=
			     UINT64_MAX - t->spans[n].phys);
			bytes += t->spans[n].len;
		}
		must(t->more || bytes == t->bytes);
		spans += t->nr_spans;
	}
	must(spans == ev->nr_spans);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ami_findings findings = { .list = NULL };
	struct ami_error err;
	struct ami_evidence *ev = NULL;
	struct ami_state *s = NULL;
	struct ami_kernel *k;
	struct ami_dump *opened;
	struct change c;
	int n;

	overlay_reset(dump);
	for (n = 0; n < MAX_EDITS && size; n++) {
		hostile_take(&data, &size, &c, sizeof(c));
		apply(&c);
	}
	k = overlay_kernel(dump, &err);
	if (!k)
		return 0;
	opened = ami_kernel_dump(k);
	s = ami_state_read(k, &findings, &err);
	if (s)
		ev = ami_evidence_find(s, true, &err);
	must(overlay_reads(dump) <= WORK);
	if (ev)
		check(ev);
	ami_evidence_free(ev);
	ami_state_free(s);
	ami_findings_free(&findings);
	ami_kernel_close(k);
	ami_dump_close(opened);
	return 0;
}
