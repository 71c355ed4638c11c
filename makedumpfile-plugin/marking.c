// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include <amdiommu/report.h>

#include "decide.h"
#include "marking.h"

static int write_marks(const struct ami_analysis *a, int marks,
		       struct ami_error *err)
{
	(void)a;
	(void)marks;
	return ami_error_set(err, AMI_ERR_OUTPUT, "marks are not written yet");
}

/* Look at all that a view of the dump will look at: those pages are needed. */
static int read_for_views(const struct ami_analysis *a, struct ami_error *err)
{
	struct ami_request r = { .iommu = -1, .verbose = true };
	FILE *sink = fopen("/dev/null", "we");
	int ret = 0;

	if (!sink)
		return ami_error_set(err, AMI_ERR_OUTPUT,
				     "/dev/null cannot be opened");
	for (r.view = 0; r.view < AMI_VIEWS && !ret; r.view++)
		if (!ami_views[r.view].min_args)
			ret = ami_render(a, &r, sink, err);
	fclose(sink);
	return ret;
}

/* Pages that were read so far; NULL when out of memory. */
static struct ami_pfnset *pages_read(const struct ami_analysis *a)
{
	struct ami_pfnset *set = ami_pfnset_new();
	struct ami_granules *page;
	size_t count = 0, i;

	page = ami_dump_recorded(a->dump, &count);
	for (i = 0; set && i < count; i++)
		ami_pfnset_add(set, page[i].pfn, 1);
	if (!page) {
		ami_pfnset_free(set);
		set = NULL;
	}
	free(page);
	return set;
}

static int write_decisions(const struct marking *m,
			   const struct ami_analysis *a, struct ami_error *err)
{
	struct ami_pfnset *read;
	int ret;

	if (read_for_views(a, err))
		return -1;
	read = pages_read(a);
	if (!read)
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	ret = decide_write(a, read, m->decisions, err);
	ami_pfnset_free(read);
	return ret;
}

int marking_make(const struct marking *m, struct ami_error *err)
{
	struct ami_layout_source source = ami_layout_btf;
	struct ami_dump *dump = m->open(m->input, err);
	struct ami_analysis *a;
	int ret;

	if (!dump)
		return -1;
	if (m->decisions >= 0 && ami_dump_record(dump)) {
		ami_dump_close(dump);
		return ami_error_set(err, AMI_ERR_MEMORY, "out of memory");
	}
	a = ami_analyse(dump, &source, err);
	if (!a)
		return -1;
	ret = write_marks(a, m->marks, err);
	if (!ret && m->decisions >= 0)
		ret = write_decisions(m, a, err);
	ami_analysis_free(a);
	return ret;
}

int marking_observe(const char *input, int marks, int hashes, int out,
		    struct ami_error *err)
{
	(void)input, (void)marks, (void)hashes, (void)out;
	return ami_error_set(err, AMI_ERR_OUTPUT, "not yet");
}

int marking_add(const char *dump, int marks, struct ami_error *err)
{
	(void)dump, (void)marks;
	return ami_error_set(err, AMI_ERR_OUTPUT, "not yet");
}

int marking_records(int head, uint64_t size, int marks, int out,
		    struct ami_error *err)
{
	(void)head, (void)size, (void)marks, (void)out;
	return ami_error_set(err, AMI_ERR_OUTPUT, "not yet");
}
