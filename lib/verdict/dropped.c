// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A filter must keep the kernel's own structures. makedumpfile up to 1.7.8 does
 * not with newer kernels, because it does not understand their page flags and
 * compound pages (seen with 6.8, 6.18, 7.2 and 7.3).
 */
#include "verdict.h"

/* Whichever room could not read it: state, evidence, owners. */
static bool anything_missing(const struct ami_findings *f)
{
	int code;

	for (code = 0; code < AMI_NR_FINDINGS; code++)
		if (code != AMI_FIND_INCIDENTS_UNREAD &&	/* of an old extract */
		    ami_finding_class(code)->kind == AMI_KIND_MISSING &&
		    ami_findings_total(f, code))
			return true;
	return false;
}

/* Structures are read as bytes, page tables as pages. */
static bool left_out(const struct ami_state *s)
{
	return ami_dump_left_out(ami_kernel_dump(s->kernel)) ||
	       ami_findings_total(s->findings, AMI_FIND_TABLE_UNREAD);
}

int verdict_find_dropped(struct ami_exposures *ex)
{
	struct ami_dump *dump = ami_kernel_dump(ex->state->kernel);
	int level = ami_dump_info(dump)->dump_level;

	/*
	 * If the file was cut, or the memory is in no header, that is the
	 * cause.
	 */
	if (ami_dump_cut_reads(dump) || ex->state->unlisted)
		return 0;
	if (level > 1 && left_out(ex->state) &&
	    anything_missing(ex->state->findings))
		ami_finding_add_with(ex->state->findings,
				AMI_FIND_KERNEL_PAGES_DROPPED, "dump",
				AMI_FACTS(AMI_SAYS(DUMP_LEVEL, level)),
				"The dump was filtered (-d %d) and does not hold pages of the kernel's own structures: the makedumpfile that wrote it does not understand this kernel (releases up to 1.7.8 drop tail pages of compound pages of recent kernels). A newer makedumpfile, or -d 0, keeps them.",
				level);
	return 0;
}
