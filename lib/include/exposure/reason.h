/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a verdict, or a coverage, is what it is. */
#ifndef AMDIOMMU_REASON_H
#define AMDIOMMU_REASON_H

#include <amdiommu/fact.h>
#include <amdiommu/finding.h>
#include <state/state.h>

/** enum ami_reason_code - <amdiommu/reasons.def> */
enum ami_reason_code {
#define AMI_REASON(code, ...) AMI_REASON_##code,
#include <amdiommu/reasons.def>
#undef AMI_REASON
	AMI_NR_REASONS
};

/** ami_reason_name() - "untranslated", ...; ami_reason_kind() - its kind */
const char *ami_reason_name(enum ami_reason_code code);
enum ami_finding_kind ami_reason_kind(enum ami_reason_code code);

/**
 * struct ami_reason - one of them
 * @code: of the reason, or of the finding that it rests on; constant
 * @text: one sentence or a part of one
 * @where: of the finding that it rests on, NULL: it rests on none
 * @facts: what the sentence says, as fields
 * @devices: all devices that it is about
 */
struct ami_reason {
	const char *code;
	enum ami_finding_kind kind;
	char *text, *where;
	struct ami_facts facts;
	struct ami_bdf *devices;
	size_t nr_devices;
};

#define AMI_MAX_REASONS	8

/**
 * struct ami_reasons - strongest first; zeroed is empty
 * @dropped: number of those that found no room
 */
struct ami_reasons {
	struct ami_reason list[AMI_MAX_REASONS];
	size_t count, dropped;
};

/**
 * ami_reasons_add() - add a reason with a copy of @facts, a list up to
 * AMI_FACT_END, and of @devices
 * @code: constant text
 *
 * Returns -1 when out of memory.
 */
int ami_reasons_add(struct ami_reasons *r, const char *code,
		    enum ami_finding_kind kind, const struct ami_bdf *devices,
		    size_t nr_devices, const struct ami_fact *facts,
		    const char *fmt, ...)
	__attribute__((format(printf, 7, 8)));

/** ami_reason_place() - keep a copy of @where; -1: no memory */
int ami_reason_place(struct ami_reason *reason, const char *where);

/** ami_reasons_free() - @r is then empty */
void ami_reasons_free(struct ami_reasons *r);

#endif
