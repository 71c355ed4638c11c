// SPDX-License-Identifier: GPL-2.0-or-later
#include <amdiommu/report.h>

#include "marking.h"

static int write_marks(const struct ami_analysis *a, int marks,
		       struct ami_error *err)
{
	(void)a;
	(void)marks;
	return ami_error_set(err, AMI_ERR_OUTPUT, "marks are not written yet");
}

int marking_make(const struct marking *m, struct ami_error *err)
{
	struct ami_layout_source source = ami_layout_btf;
	struct ami_dump *dump = m->open(m->input, err);
	struct ami_analysis *a;
	int ret;

	if (!dump)
		return -1;
	a = ami_analyse(dump, &source, err);
	if (!a)
		return -1;
	ret = write_marks(a, m->marks, err);
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
