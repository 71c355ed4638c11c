/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_VERDICT_H
#define AMDIOMMU_VERDICT_H

/** enum ami_verdict - the one word on a dump (docs/verdict.md) */
enum ami_verdict {
	AMI_VERDICT_TRUSTED,
	AMI_VERDICT_EXPOSED,
	AMI_VERDICT_SUSPECT,
	AMI_VERDICT_CORRUPT,
	AMI_VERDICT_UNKNOWN,
};

/** ami_verdict_name() - "trusted", "exposed", ... */
const char *ami_verdict_name(enum ami_verdict v);

/**
 * enum ami_covered - can every page that active devices could have written be
 * named? Or was the driver's state of each device that no table bounds read to
 * its end?
 */
enum ami_covered {
	AMI_COVERED_COMPLETE,
	AMI_COVERED_PARTIAL,
};

/** ami_covered_name() - "complete", "partial" */
const char *ami_covered_name(enum ami_covered c);

#endif
