// SPDX-License-Identifier: GPL-2.0-or-later
/* amdiommu compare A B: what is new in the second dump. */
#include "command.h"

int tool_compare(struct options *o)
{
	struct ami_error err = { .status = AMI_OK };
	struct ami_analysis *a, *b;
	int ret = -1;

	if (o->operands != 2)
		return tool_usage_error("compare takes two dumps: amdiommu compare A B");
	o->request.iommu = -1;
	o->parts = 1;
	a = tool_open_dump(o, o->operand, 1, false, &err);
	b = a ? tool_open_dump(o, o->operand + 1, 1, false, &err) : NULL;
	if (b)
		ret = ami_compare(a, b, &o->request, stdout, &err);
	ami_progress_end(&o->progress);
	ami_analysis_free(b);
	ami_analysis_free(a);
	return ret ? tool_fail(&err) : 0;
}
