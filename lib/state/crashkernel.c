// SPDX-License-Identifier: GPL-2.0-or-later
/* The capture kernel's memory: what is there need not be of the dumped kernel. */
#include "state.h"

bool ami_in_crashkernel(const struct ami_state *s, uint64_t pfn)
{
	int i;

	for (i = 0; i < 2; i++)
		if (pfn - s->crashkernel[i].first < s->crashkernel[i].count)
			return true;
	return false;
}

bool state_of_capture_kernel(const struct ami_state *s, uint64_t pfn)
{
	int i;

	for (i = 0; i < AMI_CRASH_CMA; i++)
		if (pfn - s->crash_cma[i].first < s->crash_cma[i].count)
			return true;
	return ami_in_crashkernel(s, pfn);
}

static void set_range(struct ami_range *range, uint64_t start, uint64_t end)
{
	if (!start || end <= start)
		return;
	range->first = start >> AMI_PAGE_SHIFT;
	range->count = ((end + 1) >> AMI_PAGE_SHIFT) - range->first;
}

/* crashkernel=SIZE,cma: programs use it, and later the capture kernel. */
static void read_crash_cma(struct ami_state *s)
{
	uint64_t at = ami_symbol(s->kernel, AMI_SYM_crashk_cma_ranges);
	uint64_t count, range[2];	/* struct range: start, end */
	int i;

	if (!state_fetch_late(s, AMI_SYM_crashk_cma_cnt, &count) || !at)
		return;
	for (i = 0; i < AMI_CRASH_CMA && count--; i++) {
		if (ami_read(s->kernel, at, range, sizeof(range)) ==
		    AMI_MEM_OK)
			set_range(&s->crash_cma[i], range[0], range[1]);
		at += sizeof(range);
	}
}

void state_read_crashkernel(struct ami_state *s)
{
	static const enum ami_symbol res[2] = {
		AMI_SYM_crashk_res, AMI_SYM_crashk_low_res,
	};
	uint64_t start, end, at;
	int i;

	for (i = 0; i < 2; i++) {
		at = ami_symbol(s->kernel, res[i]);
		if (at &&
		    state_fetch_vital(s, "crashkernel", at, AMI_F_resource_start,
				      &start) &&
		    state_fetch_vital(s, "crashkernel", at, AMI_F_resource_end,
				      &end))
			set_range(&s->crashkernel[i], start, end);
		else if (at || ami_symbol_unread(s->kernel, res[i]))
			s->crashkernel_unread = true;
	}
	read_crash_cma(s);
}
