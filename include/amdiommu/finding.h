/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_FINDING_H
#define AMDIOMMU_FINDING_H

#include <stdbool.h>
#include <stddef.h>

/**
 * enum ami_severity - how much a finding matters
 *
 * INFO: worth knowing. WARNING: the analysis is incomplete or something is
 * unusual. ERROR: memory contradicts itself, or the state can't be believed.
 */
enum ami_severity { AMI_INFO, AMI_WARNING, AMI_ERROR };

/**
 * struct ami_finding - one anomaly or limit
 * @code: stable name, such as "dte-root-outside-ram"; a string constant
 * @where: what it is about: "0000:00:02.0", "iommu0", "domain 5"
 * @text: one sentence
 */
struct ami_finding {
	enum ami_severity severity;
	const char *code;
	char *where;
	char *text;
};

/*
 * A damaged dump can produce the same finding a million times over: of each
 * code the first AMI_FINDINGS_PER_CODE are kept, the rest only counted.
 */
#define AMI_FINDINGS_PER_CODE	20u
#define AMI_FINDING_CODES	128u

struct ami_findings {
	struct ami_finding *list;
	size_t count, room;
	struct {
		const char *code;
		size_t count;
	} seen[AMI_FINDING_CODES];
	size_t codes;
	size_t lost;	/* not even counted by code: out of memory */
};

void ami_findings_free(struct ami_findings *f);

/** ami_find() - report one; @code must be a string constant. */
void ami_find(struct ami_findings *f, enum ami_severity severity,
	      const char *code, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/** ami_findings_full() - would one more of this code only be counted? */
bool ami_findings_full(const struct ami_findings *f, const char *code);

/** ami_findings_total() - how often @code was reported, kept or not. */
size_t ami_findings_total(const struct ami_findings *f, const char *code);

/** ami_findings_worst() - highest severity so far; AMI_INFO when none. */
enum ami_severity ami_findings_worst(const struct ami_findings *f);

/** ami_findings_sort() - most severe first, then in order of discovery. */
void ami_findings_sort(struct ami_findings *f);

const char *ami_severity_name(enum ami_severity severity);

#endif
