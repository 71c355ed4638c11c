// SPDX-License-Identifier: GPL-2.0-or-later
/* RAM that the file does not list: who could write there? */
#include <inttypes.h>
#include <stdio.h>

#include "verdict.h"

#define DOUBT	"The kernel's records of RAM cannot be read. Memory that the file does not list (added after the capture kernel was loaded) is unknown."

/* What devices map outside the known RAM may be RAM, too. */
static void doubt_ram(struct ami_exposures *ex)
{
	bool outside = ami_exposures_outside(ex);

	ami_finding_add(ex->state->findings, AMI_FIND_RAM_UNKNOWN, "memory", outside ?
		 DOUBT " Devices could write page frames outside the listed RAM, which may be such memory." :
		 DOUBT);
}

static int report_unlisted(struct ami_exposures *ex)
{
	const struct ami_pfnset *unlisted = ex->state->unlisted;
	struct ami_pfnset *all = ami_exposures_pages(ex), *here = NULL;
	char first[64] = "";
	uint64_t count, reached;

	if (all)
		here = ami_pfnset_and(all, unlisted);
	ami_pfnset_free(all);
	if (!here)
		return -1;
	count = ami_pfnset_count(here);
	reached = count ? ami_pfnset_first(here) : 0;
	if (count)
		snprintf(first, sizeof(first), ", the first at %#" PRIx64,
			 reached << AMI_PAGE_SHIFT);
	ami_finding_add_with(ex->state->findings, AMI_FIND_RAM_NOT_LISTED, "memory",
		 AMI_FACTS(
			 AMI_SAYS(OF, ami_pfnset_count(unlisted)),
			 AMI_SAYS(FROM,
				  ami_pfnset_first(unlisted) << AMI_PAGE_SHIFT),
			 AMI_SAYS(PAGES, count),
			 AMI_SAYS_IF(count, PHYS, reached << AMI_PAGE_SHIFT)),
		 "%" PRIu64 " pages of RAM, from %#" PRIx64 " on, are in the kernel's records but not in the file's headers, like memory that was added after the capture kernel was loaded. Their content is not in the dump. Devices could write %" PRIu64 " of them that can be named%s.",
		 ami_pfnset_count(unlisted),
		 ami_pfnset_first(unlisted) << AMI_PAGE_SHIFT, count, first);
	ami_pfnset_free(here);
	return 0;
}

int verdict_find_unlisted(struct ami_exposures *ex)
{
	if (ex->state->ram_unknown)
		doubt_ram(ex);
	return ex->state->unlisted ? report_unlisted(ex) : 0;
}
