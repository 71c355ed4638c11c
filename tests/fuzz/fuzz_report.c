// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The whole report over a real extract (AMDIOMMU_FUZZ_DUMP) with the damage
 * that the input describes: words at places in the pages that are in the dump.
 */
#include <stdio.h>
#include <stdlib.h>

#include "hostile.h"
#include "jsonlint.h"
#include "overlay.h"

#define MAX_EDITS	32
#define WORK		2000000u	/* page frames read for one report */

enum edit { EDIT_WORD, EDIT_HIDE, EDIT_ZERO, EDIT_COPY, EDITS };

struct change {
	uint16_t page, offset;
	uint8_t edit, from;
	uint16_t other;
	uint64_t value;
};

static struct overlay *dump;

/* Places of the pages, those of symbols and types, which are many, last. */
static size_t *place;
static size_t places, few;

static bool sort_places(void)
{
	size_t i, last;

	places = last = overlay_pages(dump);
	place = malloc(places * sizeof(*place));
	for (i = 0; place && i < places; i++)
		if (ami_pfnset_has(overlay_layout_pages(dump),
				   overlay_pfn(dump, i)))
			place[--last] = i;
		else
			place[few++] = i;
	return place;
}

/* One page in 256 that is hit is of symbols or types: those take long. */
static uint64_t pfn_of(unsigned int number)
{
	return overlay_pfn(dump, place[number % (number >> 8 ? few : places)]);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *path = getenv("AMDIOMMU_FUZZ_DUMP");
	struct ami_error err;

	(void)argc;
	(void)argv;
	dump = path ? overlay_new(path, &err) : NULL;
	if (!dump || !overlay_remember_layout(dump) ||
	    !sort_places()) {
		fputs("AMDIOMMU_FUZZ_DUMP must name an extract\n", stderr);
		exit(64);
	}
	overlay_limit(dump, WORK);
	return 0;
}

static void apply(const struct change *c)
{
	static const uint8_t zeros[AMI_PAGE_SIZE];
	uint64_t pfn = pfn_of(c->page);

	switch ((enum edit)(c->edit % EDITS)) {
	case EDIT_WORD:
		overlay_poke64(dump, (pfn << AMI_PAGE_SHIFT) +
			       c->offset % (AMI_PAGE_SIZE / 8) * 8, c->value);
		break;
	case EDIT_HIDE:
		overlay_hide(dump, pfn, AMI_MEM_FILTERED);
		break;
	case EDIT_ZERO:
		overlay_replace(dump, pfn, zeros);
		break;
	default:
		overlay_replace(dump, pfn,
				overlay_intact(dump, pfn_of(c->other)));
	}
}

static void show(const struct ami_analysis *a, enum ami_view view, bool json)
{
	struct ami_request r = {
		.view = view, .json = json, .pages = true, .verbose = true,
		.iommu = -1, .address = 0x12345678,
	};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (a->state->nr_devices) {
		r.bdf = a->state->devices[a->state->nr_devices - 1].bdf;
		r.has_bdf = ami_views[view].min_args && view != AMI_VIEW_WHO;
	}
	must(out);
	if (!ami_render(a, &r, out, NULL)) {
		must(!fclose(out));
		must(!json || jsonlint(text));
	} else {
		fclose(out);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ami_analysis *a;
	struct change c;
	uint8_t view = 0;
	int n;

	hostile_take(&data, &size, &view, sizeof(view));
	overlay_reset(dump);
	for (n = 0; n < MAX_EDITS && size; n++) {
		hostile_take(&data, &size, &c, sizeof(c));
		apply(&c);
	}
	a = overlay_analyse(dump, NULL);
	must(overlay_reads(dump) <= WORK);
	if (a) {
		show(a, AMI_VIEW_REPORT, true);
		show(a, view % AMI_VIEWS, view & 0x80);
	}
	ami_analysis_free(a);
	return 0;
}
