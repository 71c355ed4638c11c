/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef AMDIOMMU_FINDING_H
#define AMDIOMMU_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include <amdiommu/fact.h>

/**
 * enum ami_severity - how much a finding matters
 *
 * INFO: worth knowing. WARNING: the analysis is incomplete or something is
 * unusual. ERROR: memory contradicts itself, or the state can't be believed.
 */
enum ami_severity { AMI_INFO, AMI_WARNING, AMI_ERROR };

/**
 * enum ami_finding_effect - what a finding does to the verdict
 *
 * NONE: nothing by itself; what it means for pages is in the exposures.
 * GAP: the dump is not `trusted`, even if no device is known to reach memory,
 * because what is unknown may reach it. UNKNOWN: what was not read may show what
 * no healthy machine shows, so that the dump is not `exposed` either. SUSPECT: no
 * healthy machine shows it, so that the dump is `suspect`. CORRUPT: the dump is
 * `corrupt`.
 */
enum ami_finding_effect {
	AMI_EFFECT_NONE,
	AMI_EFFECT_GAP,
	AMI_EFFECT_UNKNOWN,
	AMI_EFFECT_SUSPECT,
	AMI_EFFECT_CORRUPT
};

/**
 * enum ami_finding_covers - what a finding does to coverage
 *
 * ALL: nothing by itself; exposures and devices show what cannot be named. PART:
 * there may be pages, or devices, that nothing names.
 */
enum ami_finding_covers { AMI_COVERS_ALL, AMI_COVERS_PART };

/**
 * enum ami_finding_kind - what a finding is about
 *
 * CONFIGURATION: how this machine or kernel is set up; healthy ones have it,
 * too. FINDING: something that happened. MISSING: the dump does not hold it.
 * DAMAGE: memory holds what no correct kernel writes.
 */
enum ami_finding_kind {
	AMI_KIND_CONFIGURATION,
	AMI_KIND_FINDING,
	AMI_KIND_MISSING,
	AMI_KIND_DAMAGE
};

/** enum ami_finding_code - every finding there is: <amdiommu/findings.def> */
enum ami_finding_code {
#define AMI_FINDING(code, ...) AMI_FIND_##code,
#include <amdiommu/findings.def>
#undef AMI_FINDING
	AMI_NR_FINDINGS
};

/**
 * struct ami_finding_class - what holds for all findings of a code
 * @name: stable name, such as "dte-root-outside-ram"
 * @meaning: what was seen, in one line
 * @advice: what to do, in one line
 */
struct ami_finding_class {
	const char *name;
	enum ami_severity severity;
	enum ami_finding_effect effect;
	enum ami_finding_covers covers;
	enum ami_finding_kind kind;
	const char *meaning, *advice;
};

/**
 * struct ami_finding - one anomaly or limit
 * @severity: that of its class, or INFO where it does not matter here
 * @where: what it is about: "0000:00:02.0", "iommu0", "domain 5"
 * @text: one sentence
 * @facts: what the sentence says, and what @where names, as fields
 */
struct ami_finding {
	enum ami_severity severity;
	enum ami_finding_code code;
	char *where;
	char *text;
	struct ami_facts facts;
};

/*
 * A damaged dump can produce the same finding a million times. The first
 * AMI_FINDINGS_PER_CODE of each code are kept, the rest are only counted.
 */
#define AMI_FINDINGS_PER_CODE	20u

/**
 * struct ami_findings - what was found so far; zeroed is empty
 * @total: how often each code was found, kept or not
 * @noted: how often of those it does not matter: see ami_finding_note()
 * @lost: number of findings that were lost because memory ran out
 */
struct ami_findings {
	struct ami_finding *list;
	size_t count;
	size_t total[AMI_NR_FINDINGS], noted[AMI_NR_FINDINGS];
	size_t lost;
};

/** ami_findings_free() - free all findings; @f is then empty */
void ami_findings_free(struct ami_findings *f);

/**
 * ami_finding_add_with() - report a finding, with the severity of its class
 * @facts: AMI_FACTS(): each number, address, name and device that stands in the
 *	sentence. What @where names (a BDF, "iommu0", "domain 5") is added
 */
void ami_finding_add_with(struct ami_findings *f, enum ami_finding_code code,
			  const char *where, const struct ami_fact *facts,
			  const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/**
 * ami_finding_note_with() - the same with the severity INFO, where it does not
 * matter: it then has no effect on verdict and coverage
 */
void ami_finding_note_with(struct ami_findings *f, enum ami_finding_code code,
			   const char *where, const struct ami_fact *facts,
			   const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/** ami_finding_add() - report a finding whose sentence says only @where. */
void ami_finding_add(struct ami_findings *f, enum ami_finding_code code,
		     const char *where, const char *text);

/** ami_finding_note() - the same with the severity INFO */
void ami_finding_note(struct ami_findings *f, enum ami_finding_code code,
		      const char *where, const char *text);

/** ami_findings_full() - would another one of this code only be counted? */
bool ami_findings_full(const struct ami_findings *f,
		       enum ami_finding_code code);

/** ami_findings_total() - how often @code was found, kept or not. */
size_t ami_findings_total(const struct ami_findings *f,
			  enum ami_finding_code code);

/** ami_findings_worst() - highest severity so far; AMI_INFO if empty. */
enum ami_severity ami_findings_worst(const struct ami_findings *f);

/** ami_findings_effective() - how often @code was found and matters */
size_t ami_findings_effective(const struct ami_findings *f,
			      enum ami_finding_code code);

/** ami_findings_have() - is there a finding that has this effect? */
bool ami_findings_have(const struct ami_findings *f,
		       enum ami_finding_effect effect);

/** ami_findings_sort() - put the most severe first, else keep the order. */
void ami_findings_sort(struct ami_findings *f);

/** ami_finding_class() - the row of @code in the table */
const struct ami_finding_class *ami_finding_class(enum ami_finding_code code);

/** ami_finding_code() - the code of that name; AMI_NR_FINDINGS if unknown. */
enum ami_finding_code ami_finding_code(const char *name);

/** Names for programs: "warning"; "gap"; "all"; "missing". */
const char *ami_severity_name(enum ami_severity severity);
const char *ami_finding_effect_name(enum ami_finding_effect effect);
const char *ami_finding_covers_name(enum ami_finding_covers covers);
const char *ami_finding_kind_name(enum ami_finding_kind kind);

#endif
