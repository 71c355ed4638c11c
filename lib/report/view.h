/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to lib/report: what the views share. */
#ifndef AMI_VIEW_H
#define AMI_VIEW_H

#include <amdiommu/report.h>
#include <analysis/analysis.h>

#include "json.h"

#define COLUMNS	80
#define MAIL_COLUMNS	75
#define REASONS_SHOWN	3u
#define AMI_SCHEMA	"amdiommu-report/2"

/* Words that rd shows at once: 8 MiB of memory. */
#define AMI_RD_WORDS	(1u << 20)

/** struct view - one rendering in progress */
struct view {
	const struct ami_analysis *a;
	const struct ami_request *r;
	FILE *out;
	struct json j;
	struct ami_error *err;
	unsigned int columns;	/* width of text; 0: COLUMNS */
	unsigned int driver;	/* width of driver names; 0: unknown yet */
	bool shown;		/* of a view that fails: the output is whole */
};

/** view_goes_on() - after a line of a long list: should another follow? */
static inline bool view_goes_on(struct view *v)
{
	return !ferror(v->out) &&
	       ami_budget_spend(ami_dump_budget(v->a->dump), AMI_COST_READ);
}

/*
 * Each view prints text and JSON of the same facts. Returns -1 with v->err
 * filled.
 */
#define AMI_COMMAND(up, name, ...) int view_##name(struct view *v);
#include <amdiommu/commands.def>

/** report_all_text(), report_all_json() - the report in the two plain forms */
int report_all_text(struct view *v);
void report_all_json(struct view *v);

/** report_bug_text() - the report as text for a mail or a bug tracker */
int report_bug_text(struct view *v);

/** html_report() - the report as one HTML file; -1: out of memory */
int html_report(struct view *v);

/* Parts that the report shares with other views. */
void report_dump_json(struct view *v);
void report_devices_json(struct view *v);
void report_domains_json(struct view *v);
void report_exposures_json(struct view *v);
void report_owners_json(struct view *v);
void report_owners_text(struct view *v);
/** report_overwritten_...() - pages with what their owners did not put there */
void report_overwritten_json(struct view *v);
void report_overwritten_text(struct view *v);
/** report_overwriting_...() - the same pages, neighbours together */
void report_overwriting_json(struct view *v);
void report_overwriting_text(struct view *v);
/** report_culprit_json() - into the open object */
void report_culprit_json(struct view *v, const struct ami_culprit *c);
/** report_overwritten_who() - what of that is known of one page */
void report_overwritten_who(struct view *v, uint64_t paddr);
void report_ring_json(struct view *v, const struct ami_iommu *iommu);

/** report_registers_json(), report_registers_text() - of one IOMMU, as recorded */
void report_registers_json(struct view *v, const struct ami_iommu *iommu);
void report_registers_text(struct view *v, const struct ami_iommu *iommu);

/** report_registers_words() - the same in one line; false: there is no record */
bool report_registers_words(const struct ami_state *s,
			    const struct ami_iommu *iommu, char *buf,
			    size_t size);

/** report_never_executed() - is that known of all commands outstanding? */
bool report_never_executed(const struct ami_iommu *iommu);

/** report_recording_json() - who recorded them, and when */
void report_recording_json(struct view *v);
void report_dmesg_json(struct view *v);
/** report_incidents_text(), report_incidents_json() - all that had happened */
void report_incidents_text(struct view *v);
void report_incidents_json(struct view *v);
/** report_incident_line() - one incident, in words */
void report_incident_line(struct view *v, const struct ami_incident *in);
void report_marks_json(struct view *v);
void report_marks_text(struct view *v);
/**
 * report_marks_brief_json() - what a pipeline asks first; null without marks
 */
void report_marks_brief_json(struct view *v);
/** report_transfers_at() - transfers to this byte, or to its page */
void report_transfers_at(struct view *v, uint64_t paddr);
/** report_transfer_touches() - any of the @size bytes from @paddr on? */
bool report_transfer_touches(const struct ami_transfer *t, uint64_t paddr,
			     uint64_t size);
/** report_marks_summary() - where marks came from and when; "": none */
void report_marks_summary(const struct view *v, char *buf, size_t size);
/** report_dmesg_state_text() - the log in words, or why there is none */
void report_dmesg_state_text(const struct view *v, char *buf, size_t size);

/** report_guard_words() - what was there in place of AMD IOMMUs */
void report_guard_words(const struct view *v, char *buf, size_t size);
/** report_guard_text() - the same as a line of the report; none with AMD IOMMUs */
void report_guard_text(struct view *v);

/** report_policy_words() - the default for devices; false: not known */
bool report_policy_words(const struct view *v, char *buf, size_t size);
/** report_policy_text() - the same as a line of the report */
void report_policy_text(struct view *v);
void report_policy_json(struct view *v);
/** report_device_policy_json(), report_device_policy_text() - of one device */
void report_device_policy_json(struct view *v, const struct ami_device *d);
void report_device_policy_text(struct view *v, const struct ami_device *d);


void report_verdict_json(struct view *v);
void report_verdict_text(struct view *v);
void report_coverage_json(struct view *v);
void report_coverage_text(struct view *v);
/** report_facts_json() - into the open object */
void report_facts_json(struct view *v, const struct ami_facts *facts);
void report_devices_text(struct view *v);

/**
 * report_devices_that_matter() - active ones first, others counted; -1: v->err
 */
int report_devices_that_matter(struct view *v);
#define REPORT_FINGERPRINT	17u
/** report_fingerprint() - the same for the same trouble elsewhere; returns @buf */
char *report_fingerprint(const struct ami_state *s, const struct ami_finding *f,
			 char buf[REPORT_FINGERPRINT]);
/** report_owner_exists(), report_owner_is() - names as people type them */
bool report_owner_exists(const char *asked);
bool report_owner_is(const char *asked, enum ami_owner owner);
/** report_owned_pages() - pages with owners and IOVAs; -1: v->err is filled */
int report_owned_pages(struct view *v);
/** report_finding_json() - one of them, an object without key */
void report_finding_json(struct view *v, const struct ami_finding *one);
void report_findings_json(struct view *v);
void report_findings_text(struct view *v, enum ami_severity least);

/**
 * report_hint() - how the user gets more, between @before and @after
 * @how: of the request; NULL: there is no way, and the hint is ""
 */
char *report_hint(const char *before, const char *how, const char *after,
		  char buf[32]);

/** report_crash_time() - time of the panic, UTC; false: unknown */
bool report_crash_time(const struct view *v, char buf[32]);

/** report_reach_text() - "124", "124+?", "all RAM" */
char *report_reach_text(const struct view *v, const struct ami_reach *reach, char buf[40]);

/**
 * report_ranked_devices() - like ami_rank_devices(); NULL with v->err filled
 */
struct ami_ranked *report_ranked_devices(struct view *v);

/** report_count_untranslated() - how many devices reach all RAM */
size_t report_count_untranslated(const struct view *v);

/** report_owner_counts() - "51 coherent DMA, 256 anonymous"; "": none */
void report_owner_counts(const struct view *v, enum ami_class class, char *buf,
			 size_t size);

/** report_wrapped() - text in v->columns; later lines start at @indent */
void report_wrapped(struct view *v, unsigned int at, unsigned int indent,
		    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/** report_path_text() - the dump's path, on this line */
void report_path_text(const struct view *v);

#define COLOR_BOLD	"1"
#define COLOR_GOOD	"1;32"
#define COLOR_WARNING	"1;33"
#define COLOR_BAD	"1;31"

/** report_colored() - @text, in colour if colour is wanted */
void report_colored(struct view *v, const char *color, const char *text);

/** report_number_text() - a count in the chosen radix; returns @buf */
char *report_number_text(const struct view *v, uint64_t value, char buf[24]);

/** report_values_json() - decoded operands as an object */
void report_values_json(struct view *v, const char *key, uint16_t segment,
			const struct amdvi_value *value, size_t count);

/**
 * report_values_text() - decoded operands as "name value, ..."; flags if set
 */
void report_values_text(struct view *v, uint16_t segment,
			const struct amdvi_value *value, size_t count, char *buf,
			size_t size);

/** report_pages_text() - "431 pages (1.7 MiB)"; returns @buf */
char *report_pages_text(const struct view *v, uint64_t pages, char buf[48]);

/** report_map_access(), report_map_no_table() - "rw"; why there is no table */
const char *report_map_access(bool read, bool write);
const char *report_map_no_table(const struct ami_device *d);

/**
 * report_stale_at() - may the device use an old translation of an IOVA, and why
 */
void report_stale_at(struct view *v, const struct ami_device *d, uint64_t iova,
		     bool mapped);

/** report_history_at() - what the rings still show of an IOVA */
void report_history_at(struct view *v, const struct ami_device *d,
		       uint64_t iova);

/** report_stale_list() - all such IOVAs of a device */
void report_stale_list(struct view *v, const struct ami_device *d);

/** report_lost_at() - is the IOVA one whose mapping was overwritten? */
void report_lost_at(struct view *v, const struct ami_device *d, uint64_t iova);

/** report_lost_list() - all such IOVAs of a device */
void report_lost_list(struct view *v, const struct ami_device *d);

/**
 * report_asked_device() - the device of the request; NULL with v->err filled
 */
const struct ami_device *report_asked_device(struct view *v);

/** report_domain_format() - "v1", "v2", "identity", ... */
const char *report_domain_format(const struct ami_domain *d);

/**
 * report_event_state() - of an event log entry: "intact", "overwritten" (by a
 * capture kernel), or "undecided"
 */
const char *report_event_state(const struct ami_log_entry *e);

/** report_event_text() - an event log entry in a sentence, and its state */
void report_event_text(const struct ami_iommu *iommu, const struct ami_log_entry *e,
		       char *buf, size_t size);

/** report_ring_runs_json() - [[index, count], ...] of entries in @state */
void report_ring_runs_json(struct view *v, const char *key,
			   const struct ami_ring *ring, enum ami_entry_state state);

#endif
