/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/verdict. */
#ifndef AMI_VERDICT_PRIVATE_H
#define AMI_VERDICT_PRIVATE_H

#include <verdict/verdict.h>

/*
 * Finders: each adds findings and returns -1 if memory runs out. A new one is a
 * file of its own and a line in verdict.c.
 */
int verdict_find_unlisted(struct ami_exposures *ex);
int verdict_find_owners(struct ami_exposures *ex);
int verdict_find_overwritten(struct ami_exposures *ex);
int verdict_find_differing(struct ami_exposures *ex);
int verdict_find_faults(struct ami_exposures *ex);
int verdict_find_taint(struct ami_exposures *ex);
int verdict_find_dropped(struct ami_exposures *ex);

/**
 * verdict_check_content() - does the content of pages contradict their owners?
 * @pages: of @e; those outside @free are of slabs
 */
void verdict_check_content(struct ami_exposures *ex,
			   const struct ami_exposure *e,
			   const struct ami_pfnset *pages,
			   const struct ami_pfnset *free);

/** verdict_was_given() - did somebody give its pages to the device? */
bool verdict_was_given(const struct ami_exposure *e);

/**
 * struct verdict_devices - devices of which a reason says the same
 * @names: of the first few, with their drivers
 */
struct verdict_devices {
	struct ami_bdf *list;
	size_t count;
	char names[128];
	bool failed;
};

void verdict_name_device(struct verdict_devices *d, const struct ami_state *s,
			 struct ami_bdf bdf);
/** verdict_more_devices() - ", ..." after the names, or "" */
const char *verdict_more_devices(const struct verdict_devices *d);
void verdict_free_devices(struct verdict_devices *d);

/** verdict_because() - add a reason of <amdiommu/reasons.def>; -1: no memory */
#define verdict_because(reasons, code, d, facts, ...)			\
	((d)->failed ? -1 :						\
	 ami_reasons_add(reasons, ami_reason_name(AMI_REASON_##code),	\
			 ami_reason_kind(AMI_REASON_##code), (d)->list,	\
			 (d)->count, facts, __VA_ARGS__))

/** verdict_no_devices - for reasons that are about none */
extern const struct verdict_devices verdict_no_devices;

/**
 * verdict_because_of() - one reason for each code of finding with an effect
 *
 * Sets @found if there is one. Returns -1 when out of memory.
 */
int verdict_because_of(struct ami_exposures *ex, struct ami_reasons *to,
		       bool (*wanted)(const struct ami_exposures *ex,
				      enum ami_finding_code code),
		       bool *found);

/** verdict_only_by_ats() - to a device that its table bounds unless it lies? */
bool verdict_only_by_ats(const struct ami_exposures *ex,
			 const struct ami_exposure *e);

/** verdict_judge_reach() - `exposed` or `trusted`, where nothing is worse */
int verdict_judge_reach(struct ami_exposures *ex);

/** verdict_because_reach() - what devices could write, beside what is worse */
int verdict_because_reach(struct ami_exposures *ex);

/** verdict_judge_coverage() - can all pages be named? */
int verdict_judge_coverage(struct ami_exposures *ex);

#endif
