// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * No view reads what ami_analysis_read_all() has not read: what an extract
 * holds follows from the readers, and each command has on it what it wants.
 *
 * usage: test_reads DUMP...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <amdiommu/report.h>
#include <analysis/analysis.h>

static unsigned int passed, failed;

static size_t granules(const struct ami_analysis *a)
{
	size_t count = 0, i, n = 0;
	struct ami_granules *page = ami_dump_recorded(a->dump, &count);

	for (i = 0; i < count; i++)
		n += __builtin_popcountll(page[i].mask);
	free(page);
	return n;
}

/* Renders, and fails if that read anything new. */
static void show(const struct ami_analysis *a, const struct ami_request *r)
{
	struct ami_error err = { .status = AMI_OK };
	FILE *sink = fopen("/dev/null", "w");
	size_t before = granules(a), after;
	char bdf[AMI_BDF_TEXT] = "";

	if (r->has_bdf)
		ami_bdf_text(r->bdf, bdf);
	if (!sink || (ami_render(a, r, sink, &err) &&
		      err.status != AMI_ERR_USAGE)) {
		printf("%s %s: %s\n", ami_views[r->view].name, bdf, err.text);
		failed++;
	}
	if (sink)
		fclose(sink);
	after = granules(a);
	if (before && after == before)
		passed++;
	else if (++failed)
		printf("%s %s%s: read %zu pieces of 64 bytes that ami_analysis_read_all() did not\n",
		       ami_views[r->view].name, bdf, r->json ? " --json" : "",
		       after - before);
}

static void show_forms(const struct ami_analysis *a, struct ami_request r)
{
	r.verbose = true;
	show(a, &r);
	r.json = true;
	show(a, &r);
}

static void show_device(const struct ami_analysis *a, struct ami_bdf bdf)
{
	static const enum ami_view views[] = {
		AMI_VIEW_DEVICES, AMI_VIEW_MAP, AMI_VIEW_TRANSLATE,
		AMI_VIEW_IRQ, AMI_VIEW_PAGES, AMI_VIEW_TRANSFERS,
	};
	size_t i;

	for (i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		show_forms(a, (struct ami_request){
			.view = views[i], .iommu = -1, .has_bdf = true,
			.bdf = bdf, .address = 0xfff00000,
		});
}

static void show_all(const struct ami_analysis *a)
{
	struct ami_request r = { .iommu = -1 };
	size_t i;

	for (r.view = 0; r.view < AMI_VIEWS; r.view++)
		if (!ami_views[r.view].min_args)
			show_forms(a, r);
	r.view = AMI_VIEW_REPORT;
	r.bug = true;
	show(a, &r);
	for (i = 0; i < a->state->nr_devices; i++)
		show_device(a, a->state->devices[i].bdf);
}

static void test_dump(const char *path)
{
	const struct ami_analyse_options options = { .record = true };
	struct ami_error err = { .status = AMI_OK };
	struct ami_dump *dump = ami_dump_open(&path, 1, &err);
	struct ami_analysis *a = NULL;

	if (dump)
		a = ami_analyse(dump, &ami_layout_btf, &options, &err);
	if (a && !ami_analysis_read_all(a, &err)) {
		show_all(a);
	} else {
		printf("%s: %s\n", path, err.text);
		failed++;
	}
	ami_analysis_free(a);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		test_dump(argv[i]);
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
