/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What exposures mean: findings on them, the verdict, what matters first. */
#ifndef AMI_ROOM_VERDICT_H
#define AMI_ROOM_VERDICT_H

#include <exposure/exposure.h>

/**
 * ami_judge() - run the finders over the exposures, then judge the dump
 *
 * Findings go to the state's; verdict and reasons into @ex. Returns -1 with
 * @err filled when memory runs out or the user interrupts.
 */
int ami_judge(struct ami_exposures *ex, struct ami_error *err);

/** enum ami_concern - why a device is shown before others */
enum ami_concern {
	AMI_CONCERN_NONE,
	AMI_CONCERN_ANOMALY,	/* its DTE is not what it should be */
	AMI_CONCERN_EXPOSED,	/* not active, yet pages are writable */
	AMI_CONCERN_ACTIVE,
};

enum ami_concern ami_device_concern(const struct ami_exposures *ex,
				    const struct ami_device *d);

/**
 * struct ami_reach - what a device could write, in any class
 * @pages: that can be named, each counted once
 * @more: and pages that cannot be named
 */
struct ami_reach {
	uint64_t pages;
	bool all_ram, more;
};

struct ami_reach ami_device_reach(const struct ami_exposures *ex,
				  const struct ami_device *d);

/**
 * struct ami_ranked - a device and what puts it before others
 * @suspect: could write what is never a buffer, and the verdict says so
 * @anomalous: DTE not intact
 */
struct ami_ranked {
	const struct ami_device *d;
	struct ami_reach reach;
	enum ami_concern concern;
	bool suspect, anomalous;
};

/**
 * ami_rank_devices() - all devices of the state, what matters most first
 *
 * Active ones, then those that could write, then odd ones. The caller frees the
 * list; NULL when out of memory.
 */
struct ami_ranked *ami_rank_devices(const struct ami_exposures *ex);

#endif
