/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What exposures mean: findings on them, the verdict, what matters first. */
#ifndef AMI_ROOM_VERDICT_H
#define AMI_ROOM_VERDICT_H

#include <content/content.h>

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

/** enum ami_proof - what names a device as the one that overwrote a page */
enum ami_proof {
	AMI_PROOF_BOTH,		/* it could write there, and the content is its */
	AMI_PROOF_CONTENT,	/* the content is; how it got there is gone */
	AMI_PROOF_PATH,		/* it could write there; others cannot */
	AMI_PROOF_TOLD,		/* it was told to; others could as well */
	AMI_PROOF_NONE,		/* several could, or none that is known */
};

/** ami_proof_name() - "path and content", "content", "path", "told", "none" */
const char *ami_proof_name(enum ami_proof proof);

/**
 * struct ami_culprit - the device that overwrote a page
 * @device: unless @proof is NONE
 * @class, @iova: of its way there, with BOTH and PATH
 * @able: number of devices that could write there at the panic
 */
struct ami_culprit {
	enum ami_proof proof;
	struct ami_bdf device;
	enum ami_class class;
	bool has_iova;
	uint64_t iova;
	size_t able;
};

/** ami_culprit_find() - what is known of who overwrote @page */
void ami_culprit_find(const struct ami_exposures *ex,
		      const struct ami_overwritten *page,
		      struct ami_culprit *culprit);

/** ami_culprit_of_event() - the same for pages next to each other */
void ami_culprit_of_event(const struct ami_exposures *ex,
			  const struct ami_overwriting *event,
			  struct ami_culprit *culprit);

#endif
