// SPDX-License-Identifier: GPL-2.0-or-later
/* Classes, verdicts and requesters in words. */
#include <stdio.h>

#include "exposure.h"

const char *ami_class_name(enum ami_class c)
{
	static const char *const name[] = {
		"mapped", "passthrough", "stale", "posted", "inflight",
		"hardware", "observed",
	};

	return name[c];
}

const char *ami_covered_name(enum ami_covered c)
{
	return c == AMI_COVERED_COMPLETE ? "complete" : "partial";
}

const char *ami_verdict_name(enum ami_verdict v)
{
	static const char *const name[] = {
		"trusted", "exposed", "suspect", "corrupt", "unknown",
	};

	return name[v];
}

char *ami_requester_text(struct ami_requester r, char buf[AMI_REQUESTER_TEXT])
{
	if (!r.is_iommu)
		return ami_bdf_text(r.bdf, buf);
	snprintf(buf, AMI_REQUESTER_TEXT, "iommu%u", r.index);
	return buf;
}
